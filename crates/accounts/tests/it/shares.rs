use afsa_accounts::people::{CreatedShare, OpenedShare, ShareChange, ShareOpening};
use afsa_accounts::{Account, Accounts, Actor, Credential, Error, Refusal, Scope, Scopes};
use afsa_model::{HOUR, MINUTE, Timestamp};

use crate::{NOW, acting, draft, with_account};

fn share(accounts: &Accounts, account: &Account, password: Option<&str>) -> CreatedShare {
    let draft = ShareChange {
        name: Some("Agency".into()),
        password: Some(password.map(str::to_owned)),
        expires_at: Some(Some(NOW.plus(24 * HOUR))),
    };
    acting(accounts)
        .create_share(account.id, &draft, [1; 32], [2; 32])
        .unwrap()
}

fn open(accounts: &Accounts, key: &str, password: Option<&str>, at: Timestamp) -> ShareOpening {
    // Random enough for no two moments to have the same.
    let mut random = [3; 32];
    random[..8].copy_from_slice(&at.0.to_le_bytes());
    accounts.open_share(key, password, at, random).unwrap()
}

fn opened(opening: ShareOpening) -> OpenedShare {
    match opening {
        ShareOpening::Opened(opened) => opened,
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
fn a_share_opens_the_figures_of_its_account_for_an_hour() {
    let (accounts, account) = with_account();
    let created = share(&accounts, &account, None);
    assert!(created.text.starts_with("afsa_sh_"));
    assert!(!created.share.has_password);
    let token = opened(open(&accounts, &created.text, Some("ignored"), NOW));
    assert!(token.token.starts_with("afsa_st_"));
    assert_eq!(token.account, account.id);
    let principal = accounts
        .authenticate(&token.token, NOW.plus(HOUR - 1))
        .unwrap();
    assert_eq!(principal.account, account.id);
    assert_eq!(principal.credential, Credential::Share(created.share.id));
    assert_eq!(principal.scopes, Scopes::from([Scope::StatsRead]));
    let late = accounts.authenticate(&token.token, NOW.plus(HOUR));
    assert_eq!(refusal(late), Refusal::Expired);
    // The key itself is no credential, nor is anything like a token.
    for text in [&*created.text, "afsa_st_", "afsa_st_nonsense"] {
        assert_eq!(
            refusal(accounts.authenticate(text, NOW)),
            Refusal::Unknown,
            "{text}"
        );
    }
    let kept = accounts.share(account.id, created.share.id).unwrap();
    assert_eq!(kept.last_used, Some(NOW));
}

#[test]
fn what_opens_nothing() {
    let (accounts, account) = with_account();
    let created = share(&accounts, &account, None);
    let try_open = |key: &str, at: Timestamp| accounts.open_share(key, None, at, [3; 32]);
    for key in [
        "",
        "afsa_sh_",
        "afsa_sh_nonsense",
        "1-nonsense",
        &"x".repeat(100_000),
    ] {
        assert_eq!(refusal(try_open(key, NOW)), Refusal::Unknown);
    }
    let token = opened(open(
        &accounts,
        &created.text,
        None,
        NOW.plus(24 * HOUR - 1),
    ));
    let end = NOW.plus(24 * HOUR);
    assert_eq!(refusal(try_open(&created.text, end)), Refusal::Expired);
    assert_eq!(
        refusal(accounts.authenticate(&token.token, end)),
        Refusal::Expired
    );
    let revoked = acting(&accounts).revoke_share(account.id, created.share.id);
    assert_eq!(revoked.unwrap().revoked_at, Some(NOW));
    assert_eq!(refusal(try_open(&created.text, NOW)), Refusal::Revoked);
    assert_eq!(
        refusal(accounts.authenticate(&token.token, NOW)),
        Refusal::Unknown
    );
}

#[test]
fn a_password_is_asked_for_and_guesses_are_bounded() {
    let (accounts, account) = with_account();
    let created = share(&accounts, &account, Some("open sesame"));
    let try_open = |password: Option<&str>, later: i64| {
        open(&accounts, &created.text, password, NOW.plus(later))
    };
    assert_eq!(try_open(None, 0), ShareOpening::NeedsPassword);
    opened(try_open(Some("open sesame"), 0));
    for number in 0..10 {
        let guess = format!("guess {number}");
        assert_eq!(try_open(Some(&guess), number), ShareOpening::WrongPassword);
    }
    assert_eq!(try_open(Some("open sesame"), 20), ShareOpening::Locked);
    assert_eq!(
        try_open(Some("open sesame"), 15 * MINUTE - 1),
        ShareOpening::Locked
    );
    opened(try_open(Some("open sesame"), 15 * MINUTE));
    // Whoever knows it may come as often as he likes.
    for later in 1..15 {
        opened(try_open(Some("open sesame"), 15 * MINUTE + later));
    }
}

#[test]
fn a_crowd_of_guesses_gets_no_further() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = Accounts::open(&folder.path().join("accounts.sqlite")).unwrap();
    let account = acting(&accounts).create_account(&draft("First")).unwrap();
    let created = share(&accounts, &account, Some("open sesame"));
    let looked_at = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..6)
            .map(|_| {
                let (accounts, key) = (&accounts, &created.text);
                scope.spawn(move || {
                    let guess = || open(accounts, key, Some("wrong guess"), NOW);
                    (0..4)
                        .filter(|_| guess() == ShareOpening::WrongPassword)
                        .count()
                })
            })
            .collect();
        runs.into_iter()
            .map(|run| run.join().unwrap())
            .sum::<usize>()
    });
    assert_eq!(looked_at, 10);
}

#[test]
fn what_is_changed_counts_at_once() {
    let (accounts, account) = with_account();
    let created = share(&accounts, &account, Some("open sesame"));
    let id = created.share.id;
    let token = opened(open(&accounts, &created.text, Some("open sesame"), NOW));
    let update =
        |change: ShareChange| acting(&accounts).update_share(account.id, id, &change, [5; 32]);
    let renamed = ShareChange {
        name: Some(" Another ".into()),
        ..ShareChange::default()
    };
    assert_eq!(update(renamed).unwrap().name, "Another");
    assert!(accounts.authenticate(&token.token, NOW).is_ok());
    let another = ShareChange {
        password: Some(Some("open barley".into())),
        ..ShareChange::default()
    };
    assert!(update(another).unwrap().has_password);
    assert_eq!(
        refusal(accounts.authenticate(&token.token, NOW)),
        Refusal::Unknown
    );
    assert_eq!(
        open(&accounts, &created.text, Some("open sesame"), NOW),
        ShareOpening::WrongPassword
    );
    let freed = ShareChange {
        password: Some(None),
        expires_at: Some(None),
        ..ShareChange::default()
    };
    let freed = update(freed).unwrap();
    assert!(!freed.has_password && freed.expires_at.is_none());
    opened(open(&accounts, &created.text, None, NOW.plus(48 * HOUR)));
    let faulty = ShareChange {
        name: Some(String::new()),
        password: Some(Some("short".into())),
        expires_at: Some(Some(NOW)),
    };
    let Err(Error::Invalid(faults)) = update(faulty) else {
        panic!("accepted");
    };
    let told: Vec<_> = faults.iter().map(|it| (it.field, it.error)).collect();
    assert_eq!(
        told,
        [
            ("name", "missing"),
            ("password", "too_short"),
            ("expires_at", "out_of_range")
        ]
    );
}

#[test]
fn shares_belong_to_their_account() {
    let (accounts, account) = with_account();
    let other = acting(&accounts).create_account(&draft("Other")).unwrap();
    let id = share(&accounts, &account, None).share.id;
    let is_missing = |outcome: Result<_, Error>| matches!(outcome, Err(Error::NotFound { .. }));
    assert!(is_missing(accounts.share(other.id, id)));
    assert!(is_missing(acting(&accounts).revoke_share(other.id, id)));
    let change = ShareChange::default();
    assert!(is_missing(
        acting(&accounts).update_share(other.id, id, &change, [5; 32])
    ));
    assert_eq!(accounts.shares(other.id).unwrap(), []);
    assert_eq!(accounts.shares(account.id).unwrap().len(), 1);
    let by_share = accounts.acting(Actor::Share(id), NOW);
    assert!(matches!(
        by_share.revoke_share(account.id, id),
        Err(Error::NotAllowed)
    ));
}
