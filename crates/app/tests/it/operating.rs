//! What whoever operates a server does and sees: settings, damage, a folder that can't be written.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::program::Program;

const HIT: &str = r#""type":"pageview","location":"https://shop.example.com/""#;

fn every_file(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(every_file(&path));
        } else {
            files.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
    files.sort();
    files
}

/// Imports visits of many visitors, so that there are segments.
fn import_history(program: &Program, account: &str) {
    let path = program.folder().join("history.ndjson");
    let mut file = std::fs::File::create(&path).unwrap();
    for number in 0..2_000 {
        let (day, minute) = (1 + number % 28, number % 60);
        writeln!(
            file,
            "{{{HIT},\"visitor_id\":\"v{number}\",\"event_id\":\"e{number}\",\
             \"timestamp\":\"2026-01-{day:02}T10:{minute:02}:00Z\"}}"
        )
        .unwrap();
    }
    drop(file);
    let printed = program.say(&["import", path.to_str().unwrap(), "--account", account]);
    assert!(printed.contains("2,000 hits taken"), "{printed}");
}

#[test]
fn settings_changed_by_a_command_reach_the_running_server() {
    let program = Program::new();
    let (account, key) = program.account(&[]);
    let server = program.serve();
    // Two page views of a visitor, 50 minutes apart: a visit or two, as the settings say.
    let visits_of = |visitor: &str| {
        let now = std::time::SystemTime::now();
        let seconds = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let hit = |ago: u64| {
            json!({
                "type": "pageview", "visitor_id": visitor, "timestamp": rfc3339(seconds - ago),
                "location": format!("https://shop.example.com/{visitor}"),
            })
        };
        let hits = json!({"hits": [hit(50 * 60), hit(0)]});
        let (status, receipt) = server.request(&key, "POST", "/v1/collect", Some(&hits));
        assert_eq!(
            (status, &receipt["accepted"]),
            (200, &json!(2)),
            "{receipt}"
        );
        let question = json!({
            "metrics": ["visits"], "period": "7d", "include": ["today", "totals"],
            "filters": ["is", "page", [format!("/{visitor}")]],
        });
        let (status, answer) = server.request(&key, "POST", "/v1/stats/query", Some(&question));
        assert_eq!(status, 200, "{answer}");
        answer["totals"]["visits"].as_u64().unwrap()
    };
    assert_eq!(visits_of("before"), 2);
    program.say(&["accounts", "update", &account, "--visit-timeout", "60"]);
    let changed = Instant::now();
    for number in 0.. {
        if visits_of(&format!("after{number}")) == 1 {
            break;
        }
        let waited = changed.elapsed();
        assert!(waited < Duration::from_secs(20), "it never heard of it");
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

/// Seconds since 1970 as RFC 3339.
fn rfc3339(seconds: u64) -> String {
    let output = std::process::Command::new("date")
        .args(["-u", "-d", &format!("@{seconds}"), "+%Y-%m-%dT%H:%M:%SZ"])
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn verify_reads_a_folder_and_writes_nothing() {
    let program = Program::new();
    let (account, key) = program.account(&[]);
    import_history(&program, &account);
    let server = program.serve();
    let told = program.run(&["verify"]);
    assert!(!told.status.success(), "the server moves files about");
    let told = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(told.contains("in use by another process"), "{told}");
    let hits = json!({"hits": [{"type": "pageview", "visitor_id": "v", "location": "https://shop.example.com/"}]});
    assert_eq!(
        server.request(&key, "POST", "/v1/collect", Some(&hits)).0,
        200
    );
    // What a kill leaves: journals that were not written back.
    server.kill();
    let before = every_file(&program.data());
    let printed = program.say(&["verify"]);
    assert!(
        printed.contains("accounts.sqlite, imports.sqlite"),
        "{printed}"
    );
    assert!(
        printed.contains("everything is as it was written"),
        "{printed}"
    );
    assert!(every_file(&program.data()) == before, "it wrote something");
}

#[test]
fn damage_is_named_shown_and_served_around() {
    let program = Program::new();
    let (account, key) = program.account(&[]);
    import_history(&program, &account);
    let flip = |path: &Path, at: usize| {
        let mut bytes = std::fs::read(path).unwrap();
        bytes[at] ^= 0xff;
        std::fs::write(path, bytes).unwrap();
    };
    let check = |name: &str| {
        let output = program.run(&["verify"]);
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!output.status.success(), "{name}: {told}");
        assert!(told.contains(name), "{name}: {told}");
    };
    for name in ["accounts.sqlite", "imports.sqlite"] {
        let path = program.data().join(name);
        let page = std::fs::metadata(&path).unwrap().len() as usize - 4_096;
        flip(&path, page);
        check(name);
        flip(&path, page);
    }
    let sound = program.say(&["verify"]);
    assert!(sound.contains("everything is as it was written"), "{sound}");
    let segments = every_file(&program.data().join("store/segments"));
    let (path, bytes) = segments
        .iter()
        .max_by_key(|(_, bytes)| bytes.len())
        .unwrap();
    flip(path, bytes.len() / 2);
    check(path.file_name().unwrap().to_str().unwrap());
    let server = program.serve();
    let (_, metrics) = server.request("", "GET", "/metrics", None);
    let metrics = metrics.as_str().unwrap();
    assert!(
        metrics.contains("\nafsa_damaged_files 0\n"),
        "nothing was read yet: {metrics}"
    );
    assert_eq!(server.get("", "/health/ready")["status"], "ok");
    let answer = server.get(&key, "/v1/stats/query?metrics=visits,pageviews&period=all");
    assert_ne!(answer["meta"]["warnings"], json!([]), "{answer}");
    let (_, metrics) = server.request("", "GET", "/metrics", None);
    let metrics = metrics.as_str().unwrap();
    assert!(metrics.contains("\nafsa_damaged_files 1\n"), "{metrics}");
    let ready = server.get("", "/health/ready");
    assert_eq!(ready["status"], "degraded");
    let note = ready["notes"][0].as_str().unwrap();
    assert!(note.starts_with("1 stored files are damaged"), "{note}");
}

#[test]
fn an_interrupted_import_leaves_nothing_and_says_how_to_go_on() {
    let program = Program::new();
    let (account, _) = program.account(&[]);
    std::fs::write(program.folder().join("later.ndjson"), "").unwrap();
    let mut child = program
        .command(&["import", "-", "later.ndjson", "--account", &account])
        .current_dir(program.folder())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let line = |number: usize| {
        format!(
            "{{{HIT},\"visitor_id\":\"v{number}\",\"event_id\":\"e{number}\",\
             \"timestamp\":\"2026-01-01T10:00:00Z\"}}\n"
        )
    };
    // More than any buffer between: once it is written, the program is reading.
    for number in 0..20_000 {
        input.write_all(line(number).as_bytes()).unwrap();
    }
    let asked = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(asked.unwrap().success());
    // It goes on reading until it has heard the signal, and no further.
    let goes_on = (20_000..).all(|number| input.write_all(line(number).as_bytes()).is_ok());
    assert!(!goes_on);
    drop(input);
    let status = child.wait().unwrap();
    let mut told = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut told).unwrap();
    assert_eq!(status.code(), Some(130), "{told}");
    assert!(told.contains("nothing of - is kept"), "{told}");
    assert!(told.contains("import again: - later.ndjson"), "{told}");
    let listed = program.say(&["import", "--list", "--account", &account]);
    assert!(listed.contains("1  failed"), "{listed}");
    let path = program.folder().join("anew.ndjson");
    std::fs::write(&path, line(0) + &line(1)).unwrap();
    let anew = program.say(&["import", path.to_str().unwrap(), "--account", &account]);
    assert!(anew.contains("2 hits taken, 0 duplicates"), "{anew}");
    program.say(&["verify"]);
}
