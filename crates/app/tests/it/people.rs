//! People by the command line, and what `afsa verify` says of who did what.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::program::Program;

fn told(output: &std::process::Output) -> String {
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn people_are_made_listed_and_shut_out() {
    let program = Program::new();
    assert!(program.say(&["people", "list"]).starts_with("Nobody yet."));
    let create = |email: &str| {
        let name = ["--name", "Ada Lovelace"];
        program.say(&[&["people", "create", "--email", email], &name[..]].concat())
    };
    let link = create("owner@example.com");
    let token = link
        .trim()
        .strip_prefix("http://127.0.0.1:8080/manage/reset/choose?token=afsa_ot_");
    assert_eq!(token.map(str::len), Some(43), "{link}");
    create("ada@example.com");
    assert_eq!(
        program.say(&["people", "list"]),
        "1  owner@example.com  Ada Lovelace  owns the installation, without a password, \
         e-mail not confirmed\n\
         2  ada@example.com  Ada Lovelace  without a password, e-mail not confirmed\n"
    );
    let again = program.run(&[
        "people",
        "create",
        "--email",
        "ADA@example.com",
        "--name",
        "x",
    ]);
    assert!(told(&again).contains("exists already"), "{}", told(&again));
    let wrong = program.run(&["people", "create", "--email", "nonsense", "--name", "x"]);
    assert!(
        told(&wrong).contains("must be an e-mail"),
        "{}",
        told(&wrong)
    );
    let first = program.say(&["people", "reset-password", "Ada@example.com"]);
    let second = program.say(&["people", "reset-password", "ada@example.com"]);
    assert_ne!(first, second);
    program.say(&["people", "disable", "ada@example.com"]);
    assert!(program.say(&["people", "list"]).contains("disabled"));
    program.say(&["people", "enable", "ada@example.com"]);
    assert!(!program.say(&["people", "list"]).contains("disabled"));
    let owner = program.run(&["people", "disable", "owner@example.com"]);
    assert!(told(&owner).contains("owns the installation"));
    let nobody = program.run(&["people", "disable", "nobody@example.com"]);
    assert!(told(&nobody).contains("afsa people list"));
}

#[test]
fn the_owner_begins_by_a_link_that_the_server_prints() {
    let program = Program::new();
    let greeting = || {
        let mut child = program
            .command(&["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let lines: Vec<String> = lines.map_while(Result::ok).take(6).collect();
        child.kill().unwrap();
        child.wait().unwrap();
        lines.join("\n")
    };
    let link = |greeting: &str| {
        let at = greeting.find("/manage/setup?token=afsa_ot_")?;
        greeting[at..].split_whitespace().next().map(str::to_owned)
    };
    let first = greeting();
    assert!(link(&first).is_some(), "{first}");
    assert_ne!(link(&first), link(&greeting()), "each start makes its own");
}

#[test]
fn verify_follows_who_did_what() {
    let program = Program::new();
    program.account(&[]);
    // The store is made by the first start.
    program.serve().kill();
    let printed = program.say(&["verify"]);
    assert!(printed.contains("2 entries of the audit log"), "{printed}");
    let accounts = program.data().join("accounts.sqlite");
    let connection = rusqlite::Connection::open(&accounts).unwrap();
    let renamed = connection.execute("UPDATE audit SET detail = 'nothing' WHERE number = 2", []);
    assert_eq!(renamed.unwrap(), 1);
    drop(connection);
    let output = program.run(&["verify"]);
    assert!(told(&output).contains("1 findings"), "{}", told(&output));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        printed.contains("audit log of account 00000001: entry 2 was changed"),
        "{printed}"
    );
}
