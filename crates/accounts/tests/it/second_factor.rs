use afsa_accounts::people::{Code, NewSession, SecondFactor, SignIn};
use afsa_accounts::{Accounts, Actor, Error, Refusal};
use afsa_model::{MINUTE, SECOND, Timestamp};
use totp_rs::{Builder, Secret};

use crate::NOW;
use crate::persons::{PASSWORD, sign_up, with_operator};

/// What the app on a phone shows.
struct Phone(Vec<u8>);

impl Phone {
    fn code(&self, at: Timestamp) -> String {
        let totp = Builder::new()
            .with_secret(Secret::from(self.0.clone()))
            .build()
            .unwrap();
        totp.generate(u64::try_from(at.0 / SECOND).unwrap())
            .to_string()
    }
}

/// A person with a second factor, his phone and his recovery codes.
fn enrolled() -> (Accounts, i64, Phone, Vec<String>) {
    let (accounts, person) = with_operator();
    let acting = accounts.acting(Actor::Person(person.id), NOW);
    let enrolment = acting.begin_totp(person.id, [4; 32]).unwrap();
    let secret = Secret::try_from_base32(&enrolment.secret).unwrap();
    let phone = Phone(secret.as_bytes().to_vec());
    let confirmed = acting.confirm_totp(person.id, &phone.code(NOW), [5; 32]);
    let Code::Right(codes) = confirmed.unwrap() else {
        panic!("refused");
    };
    (accounts, person.id, phone, codes)
}

fn awaiting(accounts: &Accounts, at: Timestamp, secret: u8) -> NewSession {
    let outcome = accounts.sign_in("operator@example.com", PASSWORD, "Phone", [secret; 32], at);
    match outcome.unwrap() {
        SignIn::NeedsSecondFactor(session) => session,
        other => panic!("{other:?}"),
    }
}

#[test]
fn enrolment_counts_from_the_first_code_on() {
    let (accounts, person) = with_operator();
    let acting = accounts.acting(Actor::Person(person.id), NOW);
    let enrolment = acting.begin_totp(person.id, [4; 32]).unwrap();
    assert_eq!(
        enrolment.address,
        format!(
            "otpauth://totp/afsa:operator%40example.com?secret={}&issuer=afsa",
            enrolment.secret
        )
    );
    assert!(!accounts.person(person.id).unwrap().has_second_factor);
    let wrong = acting.confirm_totp(person.id, "000000", [5; 32]);
    assert_eq!(wrong.unwrap(), Code::Wrong);
    let outcome = accounts.sign_in("operator@example.com", PASSWORD, "", [6; 32], NOW);
    assert!(matches!(outcome.unwrap(), SignIn::SignedIn(_)));
    // Nobody else enrols for him, not even the command line, and not before his e-mail is known.
    let ada = sign_up(&accounts, "ada@example.com");
    for actor in [Actor::CommandLine, Actor::Person(ada.id), Actor::Key(1)] {
        let begun = accounts.acting(actor, NOW).begin_totp(person.id, [7; 32]);
        assert!(matches!(begun, Err(Error::NotAllowed)), "{actor}");
    }
    let unconfirmed = accounts.acting(Actor::Person(ada.id), NOW);
    assert!(matches!(
        unconfirmed.begin_totp(ada.id, [7; 32]),
        Err(Error::NotAllowed)
    ));
}

#[test]
fn no_code_is_right_twice() {
    let (accounts, _, phone, _) = enrolled();
    let try_code = |code: &str, at: Timestamp| {
        let session = awaiting(&accounts, at, 8);
        let outcome = accounts.tell_second_factor(&session.text, code, [9; 32], at);
        match outcome.unwrap() {
            SecondFactor::SignedIn(opened) => {
                assert!(!opened.session.awaits_second_factor);
                assert_ne!(opened.text, session.text);
                // The session that waited is gone, and the new one is for use.
                let gone = accounts.session(&session.text, at);
                assert!(matches!(gone, Err(Error::Refused(Refusal::Unknown))));
                accounts
                    .end_session(opened.session.person, opened.session.id)
                    .unwrap();
                true
            }
            SecondFactor::Wrong => {
                accounts
                    .end_session(session.session.person, session.session.id)
                    .unwrap();
                false
            }
            SecondFactor::Locked => panic!("locked"),
        }
    };
    // The code of the enrolment was used.
    assert!(!try_code(&phone.code(NOW), NOW));
    let step = 30 * SECOND;
    let next = NOW.plus(step);
    assert!(
        try_code(&phone.code(next), NOW),
        "a clock that is a step ahead"
    );
    assert!(!try_code(&phone.code(next), next), "used already");
    let later = NOW.plus(10 * step);
    assert!(
        !try_code(&phone.code(later.plus(2 * step)), later),
        "two steps ahead"
    );
    assert!(
        !try_code(&phone.code(later.plus(-2 * step)), later),
        "two steps behind"
    );
    let spaced = phone.code(later.plus(-step));
    let spaced = format!(" {} {} ", &spaced[..3], &spaced[3..]);
    assert!(try_code(&spaced, later), "a step behind, with blanks");
    assert!(
        !try_code(&phone.code(later.plus(-step)), later),
        "used already"
    );
    assert!(try_code(&phone.code(later), later));
}

#[test]
fn recovery_codes_work_once_each() {
    let (accounts, person, phone, codes) = enrolled();
    assert_eq!(codes.len(), 10);
    assert_eq!(accounts.recovery_codes_left(person).unwrap(), 10);
    let mut distinct = codes.clone();
    distinct.dedup();
    assert_eq!(distinct, codes);
    assert!(codes.iter().all(|code| code.len() == 19), "{codes:?}");
    let tell = |code: &str| {
        let session = awaiting(&accounts, NOW, 8);
        let outcome = accounts.tell_second_factor(&session.text, code, [9; 32], NOW);
        accounts.end_other_sessions(person, 0).unwrap();
        matches!(outcome.unwrap(), SecondFactor::SignedIn(_))
    };
    assert!(tell(&codes[3]));
    assert!(!tell(&codes[3]));
    assert!(tell(&codes[4].to_uppercase().replace('-', " ")));
    assert_eq!(accounts.recovery_codes_left(person).unwrap(), 8);
    let later = NOW.plus(MINUTE);
    let acting = accounts.acting(Actor::Person(person), later);
    let wrong = acting.renew_recovery_codes(person, "nonsense", [6; 32]);
    assert_eq!(wrong.unwrap(), Code::Wrong);
    let renewed = acting.renew_recovery_codes(person, &phone.code(later), [6; 32]);
    let Code::Right(renewed) = renewed.unwrap() else {
        panic!("refused");
    };
    assert!(!tell(&codes[0]) && tell(&renewed[0]));
}

#[test]
fn guesses_are_bounded_for_each_person() {
    let (accounts, person, phone, codes) = enrolled();
    let at = |later: i64| NOW.plus(MINUTE + later);
    let session = awaiting(&accounts, at(0), 8);
    let tell = |code: &str, later: i64| {
        accounts
            .tell_second_factor(&session.text, code, [9; 32], at(later))
            .unwrap()
    };
    for number in 0..10 {
        assert_eq!(tell("nonsense", number), SecondFactor::Wrong, "{number}");
    }
    // From now on neither the right code nor a recovery code is looked at, in any session.
    let right = phone.code(at(11));
    assert_eq!(tell(&right, 11), SecondFactor::Locked);
    assert_eq!(tell(&codes[0], 12), SecondFactor::Locked);
    let late = at(15 * MINUTE - 1);
    let other = awaiting(&accounts, late, 10);
    let still = accounts.tell_second_factor(&other.text, &codes[0], [9; 32], late);
    assert_eq!(still.unwrap(), SecondFactor::Locked);
    let free = at(15 * MINUTE);
    let opened = accounts.tell_second_factor(&other.text, &codes[0], [9; 32], free);
    assert!(matches!(opened.unwrap(), SecondFactor::SignedIn(_)));
    assert_eq!(accounts.recovery_codes_left(person).unwrap(), 9);
}

#[test]
fn a_crowd_of_guesses_gets_no_further() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.sqlite");
    let (accounts, person, ..) = enrolled();
    accounts.back_up(&path).unwrap();
    let accounts = Accounts::open(&path).unwrap();
    let session = awaiting(&accounts, NOW, 8);
    let wrong = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..8)
            .map(|_| {
                let (accounts, text) = (&accounts, &session.text);
                scope.spawn(move || {
                    let tell = || accounts.tell_second_factor(text, "nonsense", [9; 32], NOW);
                    (0..5)
                        .filter(|_| tell().unwrap() == SecondFactor::Wrong)
                        .count()
                })
            })
            .collect();
        runs.into_iter()
            .map(|run| run.join().unwrap())
            .sum::<usize>()
    });
    assert_eq!(wrong, 10);
    assert_eq!(accounts.recovery_codes_left(person).unwrap(), 10);
}

#[test]
fn a_session_that_awaits_is_good_for_nothing_else() {
    let (accounts, person, phone, _) = enrolled();
    let session = awaiting(&accounts, NOW, 8);
    assert!(
        accounts
            .session(&session.text, NOW)
            .unwrap()
            .awaits_second_factor
    );
    assert_eq!(accounts.sessions(person, NOW).unwrap(), []);
    let late = NOW.plus(10 * MINUTE);
    let told = accounts.tell_second_factor(&session.text, &phone.code(late), [9; 32], late);
    assert!(matches!(told, Err(Error::Refused(Refusal::Expired))));
    // One that awaits nothing cannot be told a code.
    let session = awaiting(&accounts, late, 10);
    let told = accounts.tell_second_factor(&session.text, &phone.code(late), [9; 32], late);
    let SecondFactor::SignedIn(opened) = told.unwrap() else {
        panic!("refused");
    };
    let again = accounts.tell_second_factor(&opened.text, "000000", [11; 32], late);
    assert!(matches!(again, Err(Error::Refused(Refusal::Unknown))));
}

#[test]
fn the_second_factor_ends_by_a_code_or_by_the_operator() {
    let (accounts, person, phone, _) = enrolled();
    let later = NOW.plus(MINUTE);
    let acting = accounts.acting(Actor::Person(person), later);
    assert_eq!(
        acting.disable_second_factor(person, "1").unwrap(),
        Code::Wrong
    );
    assert!(matches!(
        acting.begin_totp(person, [7; 32]),
        Err(Error::NotAllowed)
    ));
    let code = phone.code(later);
    assert_eq!(
        acting.disable_second_factor(person, &code).unwrap(),
        Code::Right(())
    );
    assert!(!accounts.person(person).unwrap().has_second_factor);
    assert_eq!(accounts.recovery_codes_left(person).unwrap(), 0);
    let (accounts, person, ..) = enrolled();
    let ada = sign_up(&accounts, "ada@example.com");
    let by_ada = accounts.acting(Actor::Person(ada.id), NOW);
    assert!(matches!(
        by_ada.remove_second_factor(person),
        Err(Error::NotAllowed)
    ));
    let by_command = accounts.acting(Actor::CommandLine, NOW);
    by_command.remove_second_factor(person).unwrap();
    assert!(!accounts.person(person).unwrap().has_second_factor);
}
