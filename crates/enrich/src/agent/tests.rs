#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use afsa_model::Exclusion;

use super::Agents;

static AGENTS: LazyLock<Agents> = LazyLock::new(|| Agents::shipped().expect("the tables are fit"));

#[test]
fn agents_are_told_as_figures_show_them() {
    let check = |agent: &str, expect: [&str; 7]| {
        let info = AGENTS.read(agent);
        let found = [
            &info.browser,
            &info.browser_version,
            &info.os,
            &info.os_version,
            &info.device,
            &info.device_brand,
            &info.device_model,
        ];
        assert_eq!(
            found.map(|text| text.as_deref().unwrap_or("")),
            expect,
            "{agent}"
        );
    };
    check(
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
        ["Chrome", "131", "Windows", "10", "desktop", "", ""],
    );
    check(
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4.1 Safari/605.1.15",
        [
            "Safari", "17.4", "Mac OS X", "10.15", "desktop", "Apple", "Mac",
        ],
    );
    check(
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1",
        [
            "Mobile Safari",
            "17.4",
            "iOS",
            "17.4",
            "smartphone",
            "Apple",
            "iPhone",
        ],
    );
    check(
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
        [
            "Chrome Mobile",
            "131",
            "Android",
            "10",
            "smartphone",
            "",
            "",
        ],
    );
    check(
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
        ["Chrome", "131", "Android", "10", "tablet", "", ""],
    );
    check(
        "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1",
        [
            "Mobile Safari",
            "16.6",
            "iOS",
            "16.6",
            "tablet",
            "Apple",
            "iPad",
        ],
    );
    check(
        "Mozilla/5.0 (PlayStation; PlayStation 5/2.26) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.0 Safari/605.1.15",
        ["Safari", "13", "", "", "console", "Sony", "PlayStation 5"],
    );
    check("", [""; 7]);
}

#[test]
fn types_of_machines_are_told() {
    let check = |agent: &str, expect: &str| {
        assert_eq!(
            AGENTS.read(agent).device.as_deref(),
            Some(expect),
            "{agent}"
        );
    };
    check(
        "Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) 76.0.3809.146/6.0 TV Safari/537.36",
        "tv",
    );
    check(
        "Mozilla/5.0 (Linux; Android 9; AFTMM Build/PS7633; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/102.0.5005.125 Mobile Safari/537.36",
        "tv",
    );
    check(
        "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/79.0.3945.79 Safari/537.36",
        "tv",
    );
    check(
        "Mozilla/5.0 (Linux; Android 11; SAMSUNG SM-R890) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/17.0 Chrome/96.0.4664.104 Mobile Safari/537.36",
        "wearable",
    );
    check(
        "Mozilla/5.0 (Nintendo Switch; WifiWebAuthApplet) AppleWebKit/606.4 (KHTML, like Gecko) NF/6.0.1.15.4 NintendoBrowser/5.1.0.20393",
        "console",
    );
    check(
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/48.0.2564.82 Safari/537.36 Edge/20.02",
        "console",
    );
    check(
        "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0; Tablet PC 2.0)",
        "desktop",
    );
    check(
        "Mozilla/5.0 (Android 13; Tablet; rv:109.0) Gecko/115.0 Firefox/115.0",
        "tablet",
    );
    check(
        "Mozilla/5.0 (Android 13; Mobile; rv:109.0) Gecko/115.0 Firefox/115.0",
        "smartphone",
    );
    check(
        "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
        "desktop",
    );
    check(
        "Opera/9.80 (J2ME/MIDP; Opera Mini/4.2.14912/870; U; id) Presto/2.4.15",
        "smartphone",
    );
    check(
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "other",
    );
    check("something of its own", "other");
}

#[test]
fn robots_and_monitors_are_told() {
    let check = |agent: &str, expect: Option<Exclusion>| {
        assert_eq!(AGENTS.read(agent).exclusion, expect, "{agent:?}");
    };
    for agent in [
        "",
        " ",
        "-",
        "curl/8.5.0",
        "python-requests/2.31.0",
        "Go-http-client/1.1",
        "Java/17.0.1",
        "Wget/1.21",
        "okhttp/4.12.0",
        "axios/1.6.2",
        "GuzzleHttp/7",
        "node",
        "undici",
        "Ruby",
        "Python/3.11 aiohttp/3.9",
        "PostmanRuntime/7.36.0",
        "ApacheBench/2.3",
        "Lavf/60.3.100",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0.0.0 Safari/537.36",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (compatible; NeverHeardOfBot/1.0; +https://example.com/bot)",
        "mycrawler",
        "a-spider/2",
        "GPTBot",
        "bot",
        "AnyBot_2",
    ] {
        check(agent, Some(Exclusion::Robot));
    }
    for agent in [
        "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
        "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)",
        "Mozilla/5.0 (Linux; Android 11; moto g power) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Mobile Safari/537.36 Chrome-Lighthouse",
        "kube-probe/1.27",
        "Blackbox Exporter/0.24.0",
        "check_http/v2.3.1 (nagios-plugins 2.3.1)",
    ] {
        check(agent, Some(Exclusion::Monitor));
    }
    for agent in [
        "Mozilla/5.0 (Linux; Android 9; CUBOT X19 Build/PPR1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/90.0 Mobile Safari/537.36",
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "Opera/9.80 (J2ME/MIDP; Opera Mini/4.2.14912/870; U; id) Presto/2.4.15",
    ] {
        check(agent, None);
    }
}

#[test]
fn hostile_agents_are_read_in_peace() {
    for agent in ["\0", "é", "💥", "(((((", "%s%n", "Mozilla/5.0 ("] {
        for times in [1, 100, 100_000] {
            AGENTS.read(&agent.repeat(times));
        }
    }
}

#[test]
fn every_crawler_of_the_list_is_found() {
    let Some(list) = module_file("crawler-user-agents/crawler-user-agents.json") else {
        return;
    };
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    let instances = list.as_array().unwrap().iter().flat_map(|entry| {
        let instances = entry["instances"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        instances.iter().map(|instance| instance.as_str().unwrap())
    });
    let mut missed = Vec::new();
    let mut count = 0;
    for instance in instances {
        count += 1;
        // See `NOT_ROBOTS`.
        if AGENTS.read(instance).exclusion.is_none() && !instance.ends_with("MetaIAB Facebook") {
            missed.push(instance);
        }
    }
    assert!(count > 2_000, "{count}");
    assert!(
        missed.is_empty(),
        "{} of {count} missed: {missed:#?}",
        missed.len()
    );
}

#[test]
fn people_are_no_robots_and_hold_what_they_hold() {
    let Some(list) = module_file("user-agents/dist/user-agents.json") else {
        return;
    };
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    let list = list.as_array().unwrap();
    let (mut robots, mut other_machines) = (Vec::new(), Vec::new());
    for entry in list {
        let agent = entry["userAgent"].as_str().unwrap();
        let info = AGENTS.read(agent);
        if info.exclusion.is_some() {
            robots.push(agent);
        }
        let expect = match entry["deviceCategory"].as_str().unwrap() {
            "mobile" => "smartphone",
            category => category,
        };
        if info.device.as_deref() != Some(expect) {
            other_machines.push((expect, info.device, agent));
        }
    }
    robots.sort();
    robots.dedup();
    assert!(list.len() >= 10_000);
    assert!(robots.is_empty(), "{robots:#?}");
    // The list's own guess is made of the same text, with other rules at the edges.
    let share = other_machines.len() as f64 / list.len() as f64;
    assert!(share < 0.01, "{share}: {other_machines:#?}");
}

#[test]
fn browsers_pass_the_cases_of_uap_core() {
    let files = [
        "tests/test_ua.yaml",
        "test_resources/firefox_user_agent_strings.yaml",
        "test_resources/opera_mini_user_agent_strings.yaml",
        "test_resources/podcasting_user_agent_strings.yaml",
        "test_resources/pgts_browser_list.yaml",
    ];
    check_cases(&files, 14_000, |case| {
        let found = AGENTS.rules.ua.extract(&case.agent);
        let found = found.unwrap_or_default();
        let family = if found.family.is_empty() {
            "Other"
        } else {
            &found.family
        };
        let expect = ["family", "major", "minor", "patch"].map(|key| case.get(key));
        let found = [Some(family), found.major, found.minor, found.patch];
        (format!("{found:?}"), format!("{expect:?}"))
    });
}

#[test]
fn systems_pass_the_cases_of_uap_core() {
    let files = [
        "tests/test_os.yaml",
        "test_resources/additional_os_tests.yaml",
    ];
    check_cases(&files, 450, |case| {
        let found = AGENTS.rules.os.extract(&case.agent);
        let found = found.unwrap_or_default();
        let family = if found.os.is_empty() {
            "Other"
        } else {
            &found.os
        };
        let expect = ["family", "major", "minor", "patch", "patch_minor"].map(|key| case.get(key));
        let versions = [&found.major, &found.minor, &found.patch, &found.patch_minor];
        let [major, minor, patch, patch_minor] = versions.map(|version| version.as_deref());
        let found = [Some(family), major, minor, patch, patch_minor];
        (format!("{found:?}"), format!("{expect:?}"))
    });
}

#[test]
fn devices_pass_the_cases_of_uap_core() {
    check_cases(&["tests/test_device.yaml"], 16_000, |case| {
        let found = AGENTS.rules.dev.extract(&case.agent);
        let found = found.unwrap_or_default();
        let family = if found.device.is_empty() {
            "Other"
        } else {
            &found.device
        };
        let expect = ["family", "brand", "model"].map(|key| case.get(key));
        let found = [Some(family), found.brand.as_deref(), found.model.as_deref()];
        (format!("{found:?}"), format!("{expect:?}"))
    });
}

/// One of uap-core's own cases.
struct Case {
    agent: String,
    fields: Vec<(String, String)>,
}

impl Case {
    fn get(&self, key: &str) -> Option<&str> {
        let field = self.fields.iter().find(|(name, _)| name == key)?;
        Some(&*field.1).filter(|value| !value.is_empty())
    }
}

fn check_cases(files: &[&str], at_least: usize, run: impl Fn(&Case) -> (String, String)) {
    let Some(folder) = uap_core() else { return };
    let mut count = 0;
    let mut failed = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        for case in cases(&text) {
            count += 1;
            let (found, expect) = run(&case);
            if found != expect {
                failed.push(format!(
                    "{}\n  found  {found}\n  expect {expect}",
                    case.agent
                ));
            }
        }
    }
    assert!(count >= at_least, "only {count} cases were read");
    assert!(
        failed.is_empty(),
        "{} failed:\n{}",
        failed.len(),
        failed.join("\n")
    );
}

/// Reads the one shape of YAML that the cases are written in: a list of maps of plain values.
fn cases(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with('#') {
            continue;
        }
        let field = line.strip_prefix("- ").unwrap_or(line);
        let Some((key, value)) = field.split_once(':') else {
            continue;
        };
        let value = plain(value.trim());
        if key == "user_agent_string" {
            cases.push(Case {
                agent: value,
                fields: Vec::new(),
            });
        } else if let Some(case) = cases.last_mut() {
            case.fields.push((key.to_owned(), value));
        }
    }
    cases
}

fn plain(value: &str) -> String {
    if let Some(quoted) = value.strip_prefix('\'') {
        return quoted.rsplit_once('\'').unwrap().0.replace("''", "'");
    }
    if let Some(quoted) = value.strip_prefix('"') {
        return quoted
            .rsplit_once('"')
            .unwrap()
            .0
            .replace("\\\"", "\"")
            .replace("\\\\", "\\");
    }
    let value = value.split(" #").next().unwrap_or("").trim();
    if value == "null" {
        String::new()
    } else {
        value.to_owned()
    }
}

/// The folder of uap-core in the sources of the crate that interprets its rules.
fn uap_core() -> Option<PathBuf> {
    let output = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    if !output.status.success() {
        eprintln!("SKIPPED: {}", String::from_utf8_lossy(&output.stderr));
        return None;
    }
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages
        .iter()
        .find(|package| package["name"] == "ua-parser")
        .unwrap();
    let manifest = Path::new(package["manifest_path"].as_str().unwrap());
    Some(manifest.parent().unwrap().join("uap-core"))
}

/// A file of the npm packages at the root of the workspace.
fn module_file(path: &str) -> Option<String> {
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../node_modules");
    match std::fs::read_to_string(modules.join(path)) {
        Ok(text) => Some(text),
        Err(error) => {
            eprintln!("SKIPPED: node_modules/{path}: {error}; run `npm install` first");
            None
        }
    }
}
