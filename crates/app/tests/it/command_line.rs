//! Sub-commands, configuration and their errors.

use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::program::{Program, Server};

#[test]
fn settings_come_from_flags_then_environment_then_file() {
    let program = Program::new();
    let file = program.folder().join("afsa.toml");
    std::fs::write(
        &file,
        "listen = '127.0.0.1:1001'\nmemory_megabytes = 101\nlog_level = 'warn'\n",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let printed = program
        .command(&[
            "serve",
            "--print-config",
            "--config",
            file,
            "--memory-megabytes",
            "103",
        ])
        .env("AFSA_LISTEN", "127.0.0.1:1002")
        .env("AFSA_MEMORY_MEGABYTES", "102")
        .output()
        .unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    assert!(printed.contains("listen = \"127.0.0.1:1002\""), "{printed}");
    assert!(printed.contains("memory_megabytes = 103"), "{printed}");
    assert!(printed.contains("log_level = \"warn\""), "{printed}");
}

#[test]
fn wrong_values_are_named() {
    let program = Program::new();
    let check = |arguments: &[&str], expect: &str| {
        let output = program.run(arguments);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{arguments:?}");
        assert!(told.contains(expect), "{arguments:?}: {told}");
    };
    check(&["serve", "--listen", "nowhere"], "--listen");
    check(&["serve", "--memory-megabytes", "1"], "memory_megabytes");
    check(&["serve", "--config", "missing.toml"], "missing.toml");
    check(
        &[
            "accounts",
            "create",
            "--name",
            "x",
            "--url",
            "y",
            "--timezone",
            "Moon/Base",
        ],
        "timezone",
    );
    check(
        &[
            "accounts",
            "create",
            "--name",
            "x",
            "--url",
            "https://x.example.com",
            "--currency",
            "XX",
        ],
        "currency",
    );
    check(&["accounts", "show", "9"], "no account 00000009");
    check(
        &["keys", "create", "--account", "9", "--name", "x"],
        "00000009",
    );
    check(
        &["keys", "create", "--account", "0", "--name", "x"],
        "eight digits",
    );
    check(
        &[
            "keys",
            "create",
            "--account",
            "1",
            "--name",
            "x",
            "--scopes",
            "stats:rule",
        ],
        "\"stats:rule\" is no scope; known are account:read, account:write, stats:read",
    );
    check(
        &["import", "missing.ndjson", "--account", "1"],
        "missing.ndjson isn't there",
    );
    check(&["import", "--account", "1"], "FILES");
    check(&["serve", "--log-level", "zz"], "log_level");
    check(&["nonsense"], "nonsense");
}

#[test]
fn an_import_tells_what_it_took_and_can_be_undone() {
    let program = Program::new();
    let (account, _) = program.account(&[]);
    let path = program.folder().join("hits.ndjson");
    let mut file = std::fs::File::create(&path).unwrap();
    for number in 0..10 {
        writeln!(file, r#"{{"type":"pageview","event_id":"{}","timestamp":"2024-03-01T10:00:00Z","visitor_id":"v","location":"https://shop.example.com/"}}"#, number % 8).unwrap();
    }
    writeln!(file, r#"{{"type":"pageview","timestamp":"soon"}}"#).unwrap();
    writeln!(file, "not json").unwrap();
    drop(file);
    let path = path.to_str().unwrap();
    let printed = program.say(&["import", path, "--account", &account]);
    assert!(
        printed.contains("12 lines read, 8 hits taken, 2 duplicates, 2 rejected"),
        "{printed}"
    );
    assert!(printed.contains("first in line 11"), "{printed}");

    let again = program.say(&["import", path, "--account", &account]);
    assert!(again.contains("0 hits taken, 10 duplicates"), "{again}");

    let undone = program.say(&["import", "--undo", "1", "--account", &account]);
    assert!(undone.contains("import 1 is undone"), "{undone}");
    let listed = program.say(&["import", "--list", "--account", &account]);
    assert!(listed.contains("1  undone"), "{listed}");

    let anew = program.say(&["import", path, "--account", &account]);
    assert!(
        anew.contains("8 hits taken, 2 duplicates"),
        "its event ids are free again: {anew}"
    );
    assert!(
        program
            .say(&["verify"])
            .contains("everything is as it was written")
    );
}

#[test]
fn a_folder_is_opened_once() {
    let program = Program::new();
    let (account, _) = program.account(&[]);
    let server = program.serve();
    let output = program.run(&["import", "--list", "--account", &account]);
    assert!(!output.status.success());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("is in use by another process"), "{told}");
    drop(server);
}

/// Where its lines go is no business of a server's: whoever pipes it into a pager that is closed
/// has a server still.
#[test]
fn it_serves_though_nobody_takes_what_it_prints() {
    let program = Program::new();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = free.local_addr().unwrap().to_string();
    drop(free);
    let full = std::fs::File::options().write(true).open("/dev/full");
    let mut command = program.command(&["serve", "--listen", &listen]);
    let child = command.stdout(full.unwrap()).stderr(Stdio::null()).spawn();
    let server = Server {
        child: child.unwrap(),
        address: format!("http://{listen}"),
    };
    let started = Instant::now();
    while server.try_request("", "GET", "/v1", None).is_err() {
        assert!(started.elapsed() < Duration::from_secs(20), "no answer");
        std::thread::park_timeout(Duration::from_millis(5));
    }
    assert!(server.stop().success());
}

#[test]
fn it_stops_when_asked() {
    let program = Program::new();
    program.account(&[]);
    let server = program.serve();
    assert!(server.stop().success());
}
