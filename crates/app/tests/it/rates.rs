//! Money of orders in other currencies: the bank's rates, newer ones, and an account's own.

use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::program::{Program, Server};

const RATES: &str = "exchange-rates";

/// A purchase without products, in dollars.
fn order(id: &str, time: &str, revenue: &str) -> Value {
    json!({
        "type": "purchase",
        "timestamp": time,
        "visitor_id": id,
        "location": "https://shop.example.com/thanks",
        "order": {"id": id, "revenue": revenue, "currency": "USD"},
    })
}

fn import(program: &Program, account: &str, orders: &[Value]) {
    let file = program.folder().join("orders.ndjson");
    let lines: Vec<String> = orders.iter().map(Value::to_string).collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    let printed = program.say(&["import", file.to_str().unwrap(), "--account", account]);
    assert!(printed.contains("0 duplicates, 0 rejected"), "{printed}");
}

/// Revenue of a day in the account's zone, and the warnings.
fn revenue(server: &Server, key: &str, day: &str) -> (Value, Vec<String>) {
    let path = format!("/v1/stats/query?metrics=revenue&from={day}&to={day}");
    let answer = server.get(key, &path);
    let warnings = serde_json::from_value(answer["meta"]["warnings"].clone()).unwrap();
    (answer["data"][0]["revenue"].clone(), warnings)
}

/// Asks until the answer is this one: commands reach a running server within seconds.
fn await_revenue(server: &Server, key: &str, day: &str, expect: &str) {
    let begun = Instant::now();
    loop {
        let (found, _) = revenue(server, key, day);
        if found == expect {
            return;
        }
        let waited = begun.elapsed();
        assert!(
            waited < Duration::from_secs(20),
            "{day}: {found}, not {expect}"
        );
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

fn send(server: &Server, key: &str, method: &str, path: &str, body: &Value) -> Value {
    let (status, answer) = server.request(key, method, path, Some(body));
    assert_eq!(status, 200, "{method} {path}: {answer}");
    answer
}

#[test]
fn orders_are_told_in_the_accounts_currency() {
    let program = Program::new();
    let (account, key) = program.account(&["--currency", "EUR", "--timezone", "Asia/Tokyo"]);
    import(
        &program,
        &account,
        &[
            // A Thursday in London, a Friday in Tokyo.
            order("friday", "2024-01-04T23:30:00Z", "109.21"),
            // A Saturday.
            order("saturday", "2024-01-06T03:00:00Z", "218.42"),
            // A Sunday, and before there were euros.
            order("early", "1998-06-07T03:00:00Z", "50"),
        ],
    );
    let server = program.serve();
    let none: Vec<String> = Vec::new();
    let ask = |day: &str| revenue(&server, &key, day);
    // The euro cost 1.0953 dollars on 4 January 2024 and 1.0921 on the 5th.
    assert_eq!(ask("2024-01-05"), (json!("100.00"), none.clone()));
    assert_eq!(ask("2024-01-06"), (json!("200.00"), none.clone()));
    let (lost, warnings) = ask("1998-06-07");
    assert_eq!(lost, "0.00");
    assert!(warnings[0].contains("USD"), "{warnings:?}");
    assert!(warnings[0].contains("1999-01-04"), "{warnings:?}");
    assert!(warnings[0].contains(RATES), "{warnings:?}");

    // An own rate wins on its day and until the next that is known.
    let base = format!("/v1/accounts/{account}");
    let rates = format!("{base}/{RATES}");
    let own = json!({"rates": [
        {"date": "2024-01-05", "currency": "USD", "quote": "2.0"},
        {"date": "1998-01-01", "currency": "EUR", "quote": "0.9", "reference": "USD"},
    ]});
    send(&server, &key, "PUT", &rates, &own);
    assert_eq!(ask("2024-01-05"), (json!("54.61"), none.clone()));
    assert_eq!(ask("2024-01-06"), (json!("109.21"), none.clone()));
    assert_eq!(ask("1998-06-07"), (json!("45.00"), none.clone()));

    // Another zone, another day.
    let change = |change: Value| send(&server, &key, "PATCH", &base, &change);
    change(json!({"timezone": "Europe/London"}));
    assert_eq!(ask("2024-01-04"), (json!("99.71"), none.clone()));
    // Another currency, for all history; not every one is known.
    change(json!({"currency": "USD", "timezone": "UTC"}));
    assert_eq!(ask("2024-01-04"), (json!("109.21"), none.clone()));
    change(json!({"currency": "KWD"}));
    let (lost, warnings) = ask("2024-01-04");
    assert_eq!((lost, warnings.len()), (json!("0.000"), 1), "{warnings:?}");
    let dinars = json!({"rates": [{
        "date": "2024-01-01", "currency": "KWD", "quote": "0.3075", "reference": "USD",
    }]});
    send(&server, &key, "POST", &rates, &dinars);
    assert_eq!(ask("2024-01-04"), (json!("33.582"), none.clone()));
    change(json!({"currency": "JPY"}));
    let yen = json!({"rates": [{"date": "2024-01-04", "currency": "USD", "quote": "0.0069"}]});
    send(&server, &key, "POST", &rates, &yen);
    assert_eq!(ask("2024-01-04"), (json!("15828"), none));
    assert!(server.stop().success());
}

#[test]
fn rates_of_commands_reach_the_running_server() {
    let program = Program::new();
    let (account, key) = program.account(&["--currency", "EUR"]);
    import(
        &program,
        &account,
        &[order("friday", "2024-01-05T12:00:00Z", "109.21")],
    );
    let server = program.serve();
    let day = "2024-01-05";
    assert_eq!(revenue(&server, &key, day).0, "100.00");
    let file = program.folder().join("rates");
    let path = file.to_str().unwrap();
    let write = |text: &str| std::fs::write(&file, text).unwrap();

    write("Date,USD,JPY,\n2024-01-05,4,soon,\n2099-01-02,2.5,200,\n");
    let printed = program.say(&["rates", "update", "--file", path]);
    let expect = "3 rates of 2 currencies on 2 days, 2024-01-05 to 2099-01-02";
    assert!(printed.starts_with(expect), "{printed}");
    assert!(
        printed.contains("left out: line 2 (2024-01-05): JPY"),
        "{printed}"
    );
    await_revenue(&server, &key, day, "27.30");
    let shown = program.say(&["rates", "show", "--date", "2024-01-06", "--currency", "usd"]);
    assert_eq!(shown, "2024-01-05,USD,4\n");
    let shown = program.say(&["rates", "show"]);
    assert!(shown.contains("2099-01-02,USD,2.5\n"), "{shown}");

    // What came before stays beside what comes.
    let mut child = program
        .command(&["rates", "update", "--file", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let xml = b"<Cube><Cube time='2024-01-04'><Cube currency='USD' rate='3'/></Cube></Cube>";
    child.stdin.take().unwrap().write_all(xml).unwrap();
    assert!(child.wait().unwrap().success());
    let kept = std::fs::read_to_string(program.data().join("rates.csv")).unwrap();
    assert_eq!(
        kept,
        "date,currency,quote\n2024-01-04,USD,3\n2024-01-05,USD,4\n2099-01-02,JPY,200\n\
         2099-01-02,USD,2.5\n"
    );

    write("2024-01-05,USD,8\n");
    let own = |more: &[&str]| {
        let mut arguments = vec!["rates", "account", "--account", &account];
        arguments.extend(more);
        program.say(&arguments)
    };
    let printed = own(&["--file", path]);
    assert_eq!(printed, "1 rates are taken, each what one EUR cost\n");
    await_revenue(&server, &key, day, "13.65");
    write("2024-01-05,EUR,0.5\n");
    own(&["--file", path, "--quoted-in", "USD"]);
    await_revenue(&server, &key, day, "54.61");
    assert_eq!(own(&[]), "2024-01-05: one USD cost 0.5 EUR\n");
    assert_eq!(own(&["--clear"]), "1 rates are forgotten\n");
    await_revenue(&server, &key, day, "27.30");

    // A damaged file changes nothing, and the next start goes by the build's rates.
    std::fs::write(program.data().join("rates.csv"), "2024-01-05,USD,-4\n").unwrap();
    assert!(server.stop().success());
    let server = program.serve();
    assert_eq!(revenue(&server, &key, day).0, "100.00");
    let refused = program.run(&["rates", "show"]);
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("rates.csv: line 1: USD: \"-4\""), "{told}");
}

#[test]
fn wrong_rates_are_refused_by_name() {
    let program = Program::new();
    let (account, _) = program.account(&[]);
    let file = program.folder().join("rates");
    let path = file.to_str().unwrap();
    let check = |text: &str, arguments: &[&str], expect: &str| {
        std::fs::write(&file, text).unwrap();
        let output = program.run(&[&["rates"], arguments].concat());
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{arguments:?}");
        assert!(told.contains(expect), "{arguments:?}: {told}");
    };
    check("", &["update", "--file", path], "neither the European");
    check(
        "",
        &["update", "--file", "missing"],
        "missing can't be read",
    );
    check("", &["show", "--currency", "KWD"], "no rate of \"KWD\"");
    check("", &["show", "--date", "today"], "is no date");
    let own = ["account", "--account", &account, "--file", path];
    check("2024-01-05,USD,1\n2024-01-05,EUR,1\n", &own, "line 2: EUR");
    check("2024-01-05,USD,none\n", &own, "line 1: USD: \"none\"");
    let nobody = ["account", "--account", "99", "--file", path];
    check("", &nobody, "no account 00000099");
    assert!(!program.data().join("rates.csv").exists());
}
