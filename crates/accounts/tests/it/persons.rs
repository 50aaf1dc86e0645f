//! Persons, passwords, sessions and links, as whoever signs in meets them.

use afsa_accounts::people::{NewPerson, NewSession, Person, PersonChange, Purpose, SignIn};
use afsa_accounts::{Accounts, Actor, Error, Refusal};
use afsa_model::{DAY, HOUR, Timestamp};

use crate::{NOW, acting};

pub const PASSWORD: &str = "correct horse";

pub fn new(email: &str) -> NewPerson {
    NewPerson {
        email: email.into(),
        name: "Somebody".into(),
        language: "en".into(),
    }
}

/// The operator, with a password.
pub fn with_operator() -> (Accounts, Person) {
    let accounts = Accounts::in_memory().unwrap();
    let operator = set_up(&accounts, "operator@example.com").unwrap();
    (accounts, operator)
}

fn set_up(accounts: &Accounts, email: &str) -> Result<Person, Error> {
    let token = accounts.setup_token([9; 32], NOW).unwrap();
    accounts.set_up(&token, &new(email), PASSWORD, [1; 32], NOW)
}

pub fn sign_up(accounts: &Accounts, email: &str) -> Person {
    accounts
        .sign_up(&new(email), PASSWORD, [2; 32], NOW)
        .unwrap()
}

pub fn signed_in(accounts: &Accounts, email: &str, secret: u8) -> NewSession {
    let outcome = accounts.sign_in(email, PASSWORD, "Browser", [secret; 32], NOW);
    match outcome.unwrap() {
        SignIn::SignedIn(session) => session,
        other => panic!("{other:?}"),
    }
}

fn refusal<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Refusal {
    match outcome {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_first_owns_the_installation_and_comes_by_its_link() {
    let accounts = Accounts::in_memory().unwrap();
    assert!(!accounts.has_people().unwrap());
    let early = accounts.sign_up(&new("early@example.com"), PASSWORD, [2; 32], NOW);
    assert!(matches!(early, Err(Error::NotSetUp)));
    let old = accounts.setup_token([8; 32], NOW).unwrap();
    let operator = set_up(&accounts, " Operator@Example.com ").unwrap();
    assert!(operator.is_operator && operator.has_password);
    assert_eq!(operator.confirmed_at, Some(NOW));
    assert_eq!(operator.email, "Operator@Example.com");
    let again = accounts.set_up(&old, &new("b@example.com"), PASSWORD, [1; 32], NOW);
    assert_eq!(refusal(again), Refusal::Unknown);
    // Even with a link that was made since there is no second operator.
    assert!(matches!(
        set_up(&accounts, "second@example.com"),
        Err(Error::NotAllowed)
    ));
    let person = sign_up(&accounts, "ada@example.com");
    assert!(!person.is_operator && person.confirmed_at.is_none());
    assert_eq!(accounts.persons().unwrap(), [operator, person]);
}

#[test]
fn setting_up_twice_at_once_makes_one_operator() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.sqlite");
    let first = Accounts::open(&path).unwrap();
    let second = Accounts::open(&path).unwrap();
    let token = first.setup_token([9; 32], NOW).unwrap();
    let outcomes = std::thread::scope(|scope| {
        let run = |accounts: &'static str, opened| {
            let token = &token;
            scope.spawn(move || {
                let opened: &Accounts = opened;
                opened.set_up(token, &new(accounts), PASSWORD, [1; 32], NOW)
            })
        };
        [run("a@example.com", &first), run("b@example.com", &second)].map(|it| it.join().unwrap())
    });
    assert_eq!(
        outcomes.iter().filter(|it| it.is_ok()).count(),
        1,
        "{outcomes:?}"
    );
    assert_eq!(first.persons().unwrap().len(), 1);
}

#[test]
fn an_email_is_somebodys_however_it_is_written() {
    let (accounts, _) = with_operator();
    let ada = sign_up(&accounts, "Ada@Example.com");
    for email in ["ada@example.com", " ADA@EXAMPLE.COM "] {
        let taken = accounts.sign_up(&new(email), PASSWORD, [2; 32], NOW);
        assert!(matches!(taken, Err(Error::NameTaken { .. })), "{email}");
        let found = accounts.person_by_email(email).unwrap();
        assert_eq!(found, Some(ada.clone()), "{email}");
    }
    assert_eq!(accounts.person_by_email("bob@example.com").unwrap(), None);
}

#[test]
fn what_no_person_can_be() {
    let check = |email: &str, expect: Option<&str>| {
        let faults = new(email).faults();
        assert_eq!(faults.first().map(|it| it.error), expect, "{email:?}");
    };
    check("ada@example.com", None);
    check("o'hara+shop@mail.example.com", None);
    check("root@localhost", None);
    check("åsa@exämple.com", None);
    check("", Some("missing"));
    check("ada", Some("malformed"));
    check("@example.com", Some("malformed"));
    check("ada@", Some("malformed"));
    check("ada@example..com", Some("malformed"));
    check("a@b@example.com", Some("malformed"));
    check("ada@example.com\r\nBcc: all@example.com", Some("malformed"));
    check("ada lovelace@example.com", Some("malformed"));
    check("<ada@example.com>", Some("malformed"));
    check("ada,bob@example.com", Some("malformed"));
    check("ada\u{200b}@example.com", Some("malformed"));
    check("\u{202e}ada@example.com", Some("malformed"));
    check(
        &format!("{}@example.com", "a".repeat(65)),
        Some("malformed"),
    );
    check(&format!("a@{}.com", "b".repeat(260)), Some("too_long"));
    let person = NewPerson {
        email: "ada@example.com".into(),
        name: " ".into(),
        language: "de".into(),
    };
    let told: Vec<_> = person
        .faults()
        .iter()
        .map(|it| (it.field, it.error))
        .collect();
    assert_eq!(told, [("name", "missing"), ("language", "unknown_value")]);
    let (accounts, _) = with_operator();
    let weak = accounts.sign_up(&new("ada@example.com"), "ADA@example.com", [2; 32], NOW);
    assert!(matches!(weak, Err(Error::Invalid(faults)) if faults[0].field == "password"));
}

#[test]
fn signing_in_tells_nothing_of_who_is_there() {
    let (accounts, _) = with_operator();
    let disabled = sign_up(&accounts, "disabled@example.com");
    acting(&accounts).disable_person(disabled.id).unwrap();
    acting(&accounts)
        .create_person(&new("no-password@example.com"))
        .unwrap();
    let check = |email: &str, password: &str| {
        let outcome = accounts.sign_in(email, password, "", [5; 32], NOW).unwrap();
        assert_eq!(outcome, SignIn::Refused, "{email}");
    };
    check("operator@example.com", "another horse");
    check("operator@example.com", "");
    check("nobody@example.com", PASSWORD);
    check("disabled@example.com", PASSWORD);
    check("no-password@example.com", "");
    check("", "");
    check("x' OR '1'='1", PASSWORD);
    acting(&accounts).enable_person(disabled.id).unwrap();
    signed_in(&accounts, "DISABLED@example.com", 6);
}

#[test]
fn sessions_live_until_they_are_idle_or_old() {
    let (accounts, operator) = with_operator();
    let session = signed_in(&accounts, "operator@example.com", 5);
    let at = |later: i64| accounts.session(&session.text, NOW.plus(later));
    assert!(session.text.starts_with("afsa_se_"));
    assert_eq!(at(0).unwrap().person, operator.id);
    // Seen every six days, it lives, but for no more than thirty.
    for days in [6, 12, 18, 24] {
        assert_eq!(at(days * DAY).unwrap().last_seen, NOW.plus(days * DAY));
    }
    at(30 * DAY - 1).unwrap();
    assert_eq!(refusal(at(30 * DAY)), Refusal::Expired);
    // Idle for seven days.
    let other = signed_in(&accounts, "operator@example.com", 6);
    let later = NOW.plus(7 * DAY);
    assert_eq!(
        refusal(accounts.session(&other.text, later)),
        Refusal::Expired
    );
    for text in ["", "afsa_se_", "1-nonsense", &"x".repeat(100_000)] {
        assert_eq!(refusal(accounts.session(text, NOW)), Refusal::Unknown);
    }
    let old = accounts.sessions(operator.id, NOW.plus(7 * DAY)).unwrap();
    assert_eq!(old.len(), 1, "{old:?}");
}

#[test]
fn when_a_session_was_seen_is_written_later() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.sqlite");
    let accounts = Accounts::open(&path).unwrap();
    set_up(&accounts, "operator@example.com").unwrap();
    let session = signed_in(&accounts, "operator@example.com", 5);
    let seen = NOW.plus(3 * DAY);
    accounts.session(&session.text, seen).unwrap();
    accounts.write_notes(seen).unwrap();
    let reopened = Accounts::open(&path).unwrap();
    let later = reopened.session(&session.text, NOW.plus(9 * DAY));
    assert!(later.is_ok(), "it was seen six days before: {later:?}");
}

#[test]
fn sessions_are_ended_one_by_one_and_all_but_one() {
    let (accounts, operator) = with_operator();
    let sessions: Vec<NewSession> = (0..4)
        .map(|number| signed_in(&accounts, "operator@example.com", number))
        .collect();
    let is_alive = |number: usize| accounts.session(&sessions[number].text, NOW).is_ok();
    accounts
        .end_session(operator.id, sessions[0].session.id)
        .unwrap();
    // Another's is not his to end.
    let ada = sign_up(&accounts, "ada@example.com");
    accounts
        .end_session(ada.id, sessions[1].session.id)
        .unwrap();
    assert_eq!([0, 1, 2, 3].map(is_alive), [false, true, true, true]);
    let kept = sessions[2].session.id;
    assert_eq!(accounts.end_other_sessions(operator.id, kept).unwrap(), 2);
    assert_eq!([0, 1, 2, 3].map(is_alive), [false, false, true, false]);
    let labels = accounts.sessions(operator.id, NOW).unwrap();
    assert_eq!(
        labels.iter().map(|it| &*it.agent).collect::<Vec<_>>(),
        ["Browser"]
    );
}

#[test]
fn a_person_has_no_endless_sessions_and_agents_no_endless_names() {
    let (accounts, operator) = with_operator();
    for number in 0..101_u8 {
        let agent = format!("{number}\n{}", "x".repeat(10_000));
        let at = NOW.plus(i64::from(number));
        accounts
            .sign_in("operator@example.com", PASSWORD, &agent, [number; 32], at)
            .unwrap();
    }
    let sessions = accounts.sessions(operator.id, NOW.plus(200)).unwrap();
    assert_eq!(sessions.len(), 100);
    assert!(
        sessions[0].agent.starts_with("1xxx"),
        "{}",
        sessions[0].agent
    );
    assert_eq!(sessions[0].agent.len(), 200);
}

#[test]
fn another_password_ends_every_session() {
    let (accounts, operator) = with_operator();
    let before = signed_in(&accounts, "operator@example.com", 5);
    let link = accounts.request_reset("operator@example.com", [7; 32], NOW);
    let (_, link) = link.unwrap().unwrap();
    let change = |old: &str, new: &str| {
        let (salt, secret) = ([3; 32], [6; 32]);
        accounts.change_password(operator.id, old, new, "Browser", salt, secret, NOW)
    };
    assert!(matches!(change(PASSWORD, "short"), Err(Error::Invalid(_))));
    assert_eq!(change("wrong horse", "another horse").unwrap(), None);
    assert!(accounts.session(&before.text, NOW).is_ok());
    let after = change(PASSWORD, "another horse").unwrap().unwrap();
    assert_eq!(
        refusal(accounts.session(&before.text, NOW)),
        Refusal::Unknown
    );
    assert!(accounts.session(&after.text, NOW).is_ok());
    assert_eq!(
        refusal(accounts.token(&link, Purpose::Reset, NOW)),
        Refusal::Unknown
    );
    assert!(accounts.is_password(operator.id, "another horse").unwrap());
    assert!(!accounts.is_password(operator.id, PASSWORD).unwrap());
    assert!(!accounts.is_password(999, PASSWORD).unwrap());
}

#[test]
fn a_password_is_reset_once_by_the_newest_link() {
    let (accounts, _) = with_operator();
    let ada = sign_up(&accounts, "ada@example.com");
    let session = signed_in(&accounts, "ada@example.com", 5);
    let request = |email: &str, secret: u8| {
        let asked = accounts.request_reset(email, [secret; 32], NOW).unwrap();
        asked.map(|(person, link)| (person.id, link))
    };
    assert_eq!(request("nobody@example.com", 6), None);
    let (_, old) = request("ada@example.com", 7).unwrap();
    let (person, link) = request("ADA@example.com", 8).unwrap();
    assert_eq!(person, ada.id);
    let reset = |link: &str, password: &str, later: i64| {
        accounts.reset_password(link, password, [3; 32], NOW.plus(later))
    };
    assert_eq!(refusal(reset(&old, "another horse", 0)), Refusal::Unknown);
    assert_eq!(
        refusal(reset(&link, "another horse", HOUR)),
        Refusal::Expired
    );
    assert!(matches!(
        reset(&link, "ada@example.com", 0),
        Err(Error::Invalid(_))
    ));
    let reset_person = reset(&link, "another horse", HOUR - 1).unwrap();
    // Who got the mail has shown that it is his.
    assert_eq!(reset_person.confirmed_at, Some(NOW.plus(HOUR - 1)));
    assert_eq!(refusal(reset(&link, "third horse", 0)), Refusal::Unknown);
    assert_eq!(
        refusal(accounts.session(&session.text, NOW)),
        Refusal::Unknown
    );
    let outcome = accounts.sign_in("ada@example.com", "another horse", "", [9; 32], NOW);
    assert!(matches!(outcome.unwrap(), SignIn::SignedIn(_)));
    acting(&accounts).disable_person(ada.id).unwrap();
    assert_eq!(request("ada@example.com", 10), None);
}

#[test]
fn a_link_used_by_two_at_once_is_used_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.sqlite");
    let accounts = Accounts::open(&path).unwrap();
    set_up(&accounts, "operator@example.com").unwrap();
    let link = accounts.request_reset("operator@example.com", [7; 32], NOW);
    let (_, link) = link.unwrap().unwrap();
    let successes = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..8)
            .map(|number| {
                let (path, link) = (&path, &link);
                scope.spawn(move || {
                    let accounts = Accounts::open(path).unwrap();
                    let password = format!("another horse {number}");
                    let reset = accounts.reset_password(link, &password, [3; 32], NOW);
                    reset.is_ok()
                })
            })
            .collect();
        runs.into_iter()
            .filter_map(|run| run.join().ok())
            .filter(|ok| *ok)
            .count()
    });
    assert_eq!(successes, 1);
}

#[test]
fn an_email_is_confirmed_by_whoever_signed_up_with_it() {
    let (accounts, operator) = with_operator();
    let ada = sign_up(&accounts, "ada@example.com");
    let as_person = |id: i64, at: Timestamp| accounts.acting(Actor::Person(id), at);
    let link = as_person(ada.id, NOW)
        .request_confirmation(ada.id, [7; 32])
        .unwrap();
    let confirm =
        |person: i64, later: i64| as_person(person, NOW.plus(later)).confirm_email(person, &link);
    assert_eq!(refusal(confirm(operator.id, 0)), Refusal::Unknown);
    assert_eq!(refusal(confirm(ada.id, 3 * DAY)), Refusal::Expired);
    assert_eq!(confirm(ada.id, 9).unwrap().confirmed_at, Some(NOW.plus(9)));
    assert_eq!(refusal(confirm(ada.id, 9)), Refusal::Unknown);
    // A link for one thing is none for another.
    let link = as_person(ada.id, NOW)
        .request_confirmation(ada.id, [8; 32])
        .unwrap();
    let reset = accounts.reset_password(&link, "another horse", [3; 32], NOW);
    assert_eq!(refusal(reset), Refusal::Unknown);
}

#[test]
fn an_email_is_changed_by_a_link_to_the_new_one() {
    let (accounts, _) = with_operator();
    let ada = sign_up(&accounts, "ada@example.com");
    let bob = sign_up(&accounts, "bob@example.com");
    let ada_acts = accounts.acting(Actor::Person(ada.id), NOW);
    let bob_acts = accounts.acting(Actor::Person(bob.id), NOW);
    let taken = ada_acts.request_email_change(ada.id, "BOB@example.com", [7; 32]);
    assert_eq!(taken.unwrap(), None);
    let link = ada_acts
        .request_email_change(ada.id, "countess@example.com", [8; 32])
        .unwrap()
        .unwrap();
    assert_eq!(
        refusal(bob_acts.change_email(bob.id, &link)),
        Refusal::Unknown
    );
    let old_reset = accounts.request_reset("ada@example.com", [9; 32], NOW);
    let (_, old_reset) = old_reset.unwrap().unwrap();
    let changed = ada_acts.change_email(ada.id, &link).unwrap();
    assert_eq!(changed.email, "countess@example.com");
    assert_eq!(changed.confirmed_at, Some(NOW));
    // What was sent to the old one counts no more.
    let reset = accounts.reset_password(&old_reset, "another horse", [3; 32], NOW);
    assert_eq!(refusal(reset), Refusal::Unknown);
    // Somebody takes the e-mail before the link is used.
    let link = bob_acts
        .request_email_change(bob.id, "wanted@example.com", [10; 32])
        .unwrap()
        .unwrap();
    sign_up(&accounts, "wanted@example.com");
    let late = bob_acts.change_email(bob.id, &link);
    assert!(matches!(late, Err(Error::NameTaken { .. })));
}

#[test]
fn people_change_themselves_and_the_operator_anybody() {
    let (accounts, operator) = with_operator();
    let ada = sign_up(&accounts, "ada@example.com");
    let bob = sign_up(&accounts, "bob@example.com");
    let french = PersonChange {
        language: Some("fr".into()),
        ..PersonChange::default()
    };
    let change = |actor: Actor| accounts.acting(actor, NOW).change_person(ada.id, &french);
    assert!(matches!(
        change(Actor::Person(bob.id)),
        Err(Error::NotAllowed)
    ));
    assert!(matches!(change(Actor::Key(1)), Err(Error::NotAllowed)));
    assert_eq!(change(Actor::Person(ada.id)).unwrap().language, "fr");
    assert!(change(Actor::Person(operator.id)).is_ok());
    let by_bob = accounts.acting(Actor::Person(bob.id), NOW);
    assert!(matches!(
        by_bob.disable_person(ada.id),
        Err(Error::NotAllowed)
    ));
    assert!(matches!(
        by_bob.create_person(&new("c@example.com")),
        Err(Error::NotAllowed)
    ));
    let by_operator = accounts.acting(Actor::Person(operator.id), NOW);
    assert!(matches!(
        by_operator.disable_person(operator.id),
        Err(Error::NotAllowed)
    ));
    let session = signed_in(&accounts, "ada@example.com", 5);
    assert!(
        by_operator
            .disable_person(ada.id)
            .unwrap()
            .disabled_at
            .is_some()
    );
    assert_eq!(
        refusal(accounts.session(&session.text, NOW)),
        Refusal::Unknown
    );
    assert!(matches!(
        by_operator.disable_person(999),
        Err(Error::NotFound { .. })
    ));
}

#[test]
fn whom_the_operator_made_chooses_his_password() {
    let (accounts, operator) = with_operator();
    let by_operator = accounts.acting(Actor::Person(operator.id), NOW);
    let ada = by_operator.create_person(&new("ada@example.com")).unwrap();
    assert!(!ada.has_password);
    let link = by_operator
        .invite_to_choose_password(ada.id, Purpose::Welcome, [7; 32])
        .unwrap();
    let later = NOW.plus(6 * DAY);
    let welcome = accounts.token(&link, Purpose::Welcome, later).unwrap();
    assert_eq!(welcome.person, Some(ada.id));
    let chosen = accounts.reset_password(&link, PASSWORD, [3; 32], later);
    assert!(chosen.unwrap().has_password);
    signed_in(&accounts, "ada@example.com", 5);
    for purpose in [Purpose::Setup, Purpose::Confirm, Purpose::ChangeEmail] {
        let other = by_operator.invite_to_choose_password(ada.id, purpose, [8; 32]);
        assert!(matches!(other, Err(Error::NotAllowed)), "{purpose:?}");
    }
}

#[test]
fn no_secret_stands_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.sqlite");
    let accounts = Accounts::open(&path).unwrap();
    set_up(&accounts, "operator@example.com").unwrap();
    let session = signed_in(&accounts, "operator@example.com", 5);
    let link = accounts.request_reset("operator@example.com", [7; 32], NOW);
    let (_, link) = link.unwrap().unwrap();
    let copy = folder.path().join("copy.sqlite");
    accounts.back_up(&copy).unwrap();
    let bytes = std::fs::read(&copy).unwrap();
    let holds = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    assert!(holds(b"operator@example.com"));
    for secret in [PASSWORD, &session.text[8..], &link[8..]] {
        assert!(!holds(secret.as_bytes()), "{secret}");
    }
    assert!(!holds(&[5; 32]) && !holds(&[7; 32]));
}

#[test]
fn nobody_learns_by_time_whose_email_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = Accounts::open(&folder.path().join("accounts.sqlite")).unwrap();
    let operator = set_up(&accounts, "operator@example.com").unwrap();
    let other = sign_up(&accounts, "other@example.com");
    // A write has to reach the disk, which is what takes time.
    let writes = |step: &dyn Fn()| {
        let before = accounts.version().unwrap();
        step();
        accounts.version().unwrap() != before
    };
    for email in ["other@example.com", "new@example.com"] {
        assert!(
            writes(&|| drop(accounts.sign_up(&new(email), PASSWORD, [7; 32], NOW))),
            "{email}"
        );
    }
    for email in ["other@example.com", "nobody@example.com"] {
        assert!(
            writes(&|| drop(accounts.request_reset(email, [8; 32], NOW).unwrap())),
            "{email}"
        );
    }
    let himself = accounts.acting(Actor::Person(other.id), NOW);
    for email in [operator.email.as_str(), "free@example.com"] {
        let wish = || {
            drop(
                himself
                    .request_email_change(other.id, email, [9; 32])
                    .unwrap(),
            )
        };
        assert!(writes(&wish), "{email}");
    }
}
