use afsa_accounts::{Accounts, Actor, Error, NewKey, Principal, Refusal, Scope, Scopes};
use afsa_model::{AccountId, Timestamp};

use crate::{NOW, acting, draft, with_account};

fn reader() -> NewKey {
    NewKey {
        name: "reader".into(),
        scopes: Scopes::from([Scope::StatsRead]),
        expires_at: None,
    }
}

fn refusal(outcome: Result<Principal, Error>) -> Option<Refusal> {
    match outcome {
        Ok(_) => None,
        Err(Error::Refused(refusal)) => Some(refusal),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_key_opens_its_account_alone() {
    let (accounts, first) = with_account();
    let second = acting(&accounts).create_account(&draft("Second")).unwrap();
    let created = acting(&accounts)
        .create_key(second.id, &reader(), [0x5a; 32])
        .unwrap();
    let (number, secret) = created.text.split_once('-').unwrap();
    assert_eq!(number, second.id.0.to_string());
    assert_eq!(secret.len(), 43);
    let principal = accounts.authenticate(&created.text, NOW).unwrap();
    assert_eq!(principal.account, second.id);
    assert!(principal.scopes.contains(Scope::StatsRead));
    assert!(!principal.scopes.contains(Scope::AccountRead));
    for wrong in [
        String::new(),
        secret.to_owned(),
        format!("{}-{secret}", first.id.0),
        format!("0{}-{secret}", second.id.0),
        format!("{} ", created.text),
        created.text.to_uppercase(),
        "x".repeat(1 << 20),
    ] {
        assert_eq!(
            refusal(accounts.authenticate(&wrong, NOW)),
            Some(Refusal::Unknown),
            "{wrong:.80}"
        );
    }
}

#[test]
fn the_text_is_nowhere_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.sqlite");
    let accounts = Accounts::open(&path).unwrap();
    let account = acting(&accounts).create_account(&draft("First")).unwrap();
    let created = acting(&accounts)
        .create_key(account.id, &reader(), [0x5a; 32])
        .unwrap();
    let secret = created.text.split_once('-').unwrap().1.as_bytes().to_vec();
    drop(accounts);
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret));
        assert!(!bytes.windows(32).any(|window| window == [0x5a; 32]));
    }
}

#[test]
fn expiry_and_revocation() {
    let (accounts, account) = with_account();
    let expiring = NewKey {
        expires_at: Some(NOW.plus(1_000)),
        ..reader()
    };
    let text = acting(&accounts)
        .create_key(account.id, &expiring, [1; 32])
        .unwrap()
        .text;
    let check = |at: Timestamp, expect| {
        assert_eq!(refusal(accounts.authenticate(&text, at)), expect, "{at:?}");
    };
    check(NOW.plus(999), None);
    check(NOW.plus(1_000), Some(Refusal::Expired));
    let created = acting(&accounts)
        .create_key(account.id, &reader(), [2; 32])
        .unwrap();
    let revoked = accounts
        .acting(Actor::CommandLine, NOW.plus(5))
        .revoke_key(account.id, created.key.id)
        .unwrap();
    assert_eq!(revoked.revoked_at, Some(NOW.plus(5)));
    assert_eq!(
        refusal(accounts.authenticate(&created.text, NOW)),
        Some(Refusal::Revoked)
    );
    let again = accounts
        .acting(Actor::CommandLine, NOW.plus(9))
        .revoke_key(account.id, created.key.id)
        .unwrap();
    assert_eq!(again, revoked);
}

#[test]
fn keys_belong_to_their_account() {
    let (accounts, account) = with_account();
    let other = acting(&accounts).create_account(&draft("Other")).unwrap();
    let key = acting(&accounts)
        .create_key(account.id, &reader(), [1; 32])
        .unwrap()
        .key;
    assert!(matches!(
        accounts.key(other.id, key.id),
        Err(Error::NotFound { .. })
    ));
    assert!(matches!(
        acting(&accounts).revoke_key(other.id, key.id),
        Err(Error::NotFound { .. })
    ));
    assert!(matches!(
        acting(&accounts).rename_key(other.id, key.id, "stolen"),
        Err(Error::NotFound { .. })
    ));
    assert_eq!(accounts.keys(other.id).unwrap(), []);
    assert_eq!(accounts.key(account.id, key.id).unwrap(), key);
    let renamed = acting(&accounts)
        .rename_key(account.id, key.id, "new name")
        .unwrap();
    assert_eq!(accounts.keys(account.id).unwrap(), [renamed]);
    assert!(matches!(
        acting(&accounts).create_key(AccountId(99), &reader(), [3; 32]),
        Err(Error::NoSuchAccount(_))
    ));
}

#[test]
fn what_no_key_can_be() {
    let (accounts, account) = with_account();
    let new = NewKey {
        name: String::new(),
        scopes: Scopes::default(),
        expires_at: Some(NOW),
    };
    let Err(Error::Invalid(faults)) = acting(&accounts).create_key(account.id, &new, [1; 32])
    else {
        panic!("accepted");
    };
    let fields: Vec<&str> = faults.iter().map(|fault| fault.field).collect();
    assert_eq!(fields, ["name", "scopes", "expires_at"]);
}

#[test]
fn the_last_use_is_seen_at_once_and_written_later() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.sqlite");
    let accounts = Accounts::open(&path).unwrap();
    let account = acting(&accounts).create_account(&draft("First")).unwrap();
    let created = acting(&accounts)
        .create_key(account.id, &reader(), [1; 32])
        .unwrap();
    accounts.authenticate(&created.text, NOW.plus(7)).unwrap();
    let last_use =
        |accounts: &Accounts| accounts.key(account.id, created.key.id).unwrap().last_used;
    assert_eq!(last_use(&accounts), Some(NOW.plus(7)));
    assert_eq!(last_use(&Accounts::open(&path).unwrap()), None);
    accounts.write_notes(NOW).unwrap();
    assert_eq!(last_use(&Accounts::open(&path).unwrap()), Some(NOW.plus(7)));
}

#[test]
fn an_account_has_so_many_keys_and_remembers_as_many_dead_ones() {
    let (accounts, account) = with_account();
    let create = |number: u32, expires_at: Option<Timestamp>, now: Timestamp| {
        let mut secret = [0; 32];
        secret[..4].copy_from_slice(&number.to_le_bytes());
        let new = NewKey {
            expires_at,
            ..reader()
        };
        accounts
            .acting(Actor::CommandLine, now)
            .create_key(account.id, &new, secret)
    };
    for number in 0..1_000 {
        create(number, Some(NOW.plus(5)), NOW).unwrap();
    }
    assert!(matches!(
        create(1_000, None, NOW),
        Err(Error::TooMany { kind: "key", .. })
    ));
    // All of them have expired by then, and one more is revoked.
    let later = NOW.plus(5);
    let revoked = create(1_001, None, later).unwrap().key.id;
    acting(&accounts).revoke_key(account.id, revoked).unwrap();
    let last = create(1_002, None, later).unwrap().key.id;
    let keys = accounts.keys(account.id).unwrap();
    assert_eq!(keys.len(), 1_001);
    assert_eq!(keys[0].id, 2, "the oldest was forgotten");
    assert_eq!(keys[999].id, revoked);
    assert_eq!(keys[1_000].id, last);
}

#[test]
fn another_process_revokes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.sqlite");
    let server = Accounts::open(&path).unwrap();
    let account = acting(&server).create_account(&draft("First")).unwrap();
    let command_line = Accounts::open(&path).unwrap();
    let created = acting(&command_line)
        .create_key(account.id, &reader(), [1; 32])
        .unwrap();
    assert!(server.authenticate(&created.text, NOW).is_ok());
    acting(&command_line)
        .revoke_key(account.id, created.key.id)
        .unwrap();
    assert_eq!(
        refusal(server.authenticate(&created.text, NOW)),
        Some(Refusal::Revoked)
    );
}

#[test]
fn scopes_survive_their_text() {
    for scope in Scope::ALL {
        assert_eq!(scope.to_string().parse(), Ok(scope));
        let others: Scopes = Scope::ALL
            .into_iter()
            .filter(|other| *other != scope)
            .collect();
        assert!(!others.contains(scope));
        assert!(Scopes::all().includes(others) && !others.includes(Scopes::all()));
        assert_eq!(others.to_string().parse(), Ok(others));
    }
    assert!("stats:read stats:everything".parse::<Scopes>().is_err());
}
