use afsa_accounts::{AccountChange, Accounts, Actor, EcommerceLevel, Error, Plan};
use afsa_model::{AccountId, HOUR, MINUTE};

use crate::{NOW, acting, draft, with_account};

#[test]
fn what_is_written_is_read_again_after_opening_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.sqlite");
    let change = AccountChange {
        timezone: Some("europe/paris".into()),
        currency: Some("jpy".into()),
        language: Some("fr-CA".into()),
        ecommerce: Some(EcommerceLevel::Basic),
        dropped_address_bytes: Some(4),
        visit_timeout_minutes: Some(240),
        order_window_hours: Some(48),
        kept_parameters: Some(vec!["id".into(), " id ".into(), "lang".into()]),
        internal_hosts: Some(vec!["pay.example.com".into(), "bücher.example".into()]),
        excluded_addresses: Some(vec!["192.0.2.0/24".into(), "2001:db8::1".into()]),
        excluded_roles: Some(vec!["editor".into()]),
        retention_months: Some(Some(25)),
        ..draft("A shop")
    };
    let created = Accounts::open(&path)
        .unwrap()
        .acting(Actor::CommandLine, NOW)
        .create_account(&change)
        .unwrap();
    let accounts = Accounts::open(&path).unwrap();
    let read = accounts.account(created.id).unwrap();
    assert_eq!(read, created);
    assert_eq!(accounts.accounts().unwrap(), [created]);
    assert_eq!(&*read.settings.timezone, "Europe/Paris");
    assert_eq!(&*read.settings.currency, "JPY");
    assert_eq!(read.settings.visit_timeout, 240 * MINUTE);
    assert_eq!(read.settings.order_window, 48 * HOUR);
    assert_eq!(read.settings.kept_parameters.len(), 2);
    assert_eq!(read.settings.retention_months, Some(25));
}

#[test]
fn a_change_leaves_the_rest_alone() {
    let (accounts, account) = with_account();
    let change = AccountChange {
        currency: Some("USD".into()),
        ..AccountChange::default()
    };
    let changed = acting(&accounts)
        .update_account(account.id, &change)
        .unwrap();
    assert_eq!(&*changed.settings.currency, "USD");
    assert_eq!(
        (&changed.name, &changed.settings.timezone),
        (&account.name, &account.settings.timezone)
    );
    let unlimited = AccountChange {
        retention_months: Some(None),
        ..AccountChange::default()
    };
    acting(&accounts)
        .update_account(account.id, &unlimited)
        .unwrap();
    assert_eq!(accounts.account(account.id).unwrap(), changed);
}

#[test]
fn a_file_is_opened_by_many_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (copied, _) = with_account();
    let check = |round: usize, is_copy: bool| {
        let path = folder.path().join(format!("{round}-{is_copy}.sqlite"));
        if is_copy {
            copied.back_up(&path).unwrap();
        }
        let opened: Vec<_> = std::thread::scope(|scope| {
            let open = |_| scope.spawn(|| Accounts::open(&path).map(drop));
            let all: Vec<_> = (0..8).map(open).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        for one in opened {
            one.unwrap_or_else(|error| panic!("round {round}, a copy: {is_copy}: {error}"));
        }
    };
    for round in 0..20 {
        check(round, true);
        check(round, false);
    }
}

#[test]
fn every_fault_is_told_at_once_and_nothing_is_changed() {
    let (accounts, account) = with_account();
    let change = AccountChange {
        name: Some("  ".into()),
        url: Some("javascript:alert(1)".into()),
        timezone: Some("Mars/Olympus".into()),
        currency: Some("EURO".into()),
        language: Some("e".into()),
        dropped_address_bytes: Some(5),
        visit_timeout_minutes: Some(4),
        order_window_hours: Some(i64::MAX),
        kept_parameters: Some(vec!["a=b".into()]),
        internal_hosts: Some(vec!["https://x.example".into()]),
        excluded_addresses: Some(vec!["192.0.2.0/33".into()]),
        excluded_roles: Some(vec!["two\nlines".into()]),
        retention_months: Some(Some(0)),
        ecommerce: None,
    };
    let Err(Error::Invalid(faults)) = acting(&accounts).update_account(account.id, &change) else {
        panic!("accepted");
    };
    let told: Vec<(&str, &str)> = faults
        .iter()
        .map(|fault| (fault.field, fault.error))
        .collect();
    assert_eq!(
        told,
        [
            ("name", "missing"),
            ("url", "malformed"),
            ("timezone", "unknown_value"),
            ("currency", "unknown_value"),
            ("language", "malformed"),
            ("privacy.dropped_address_bytes", "out_of_range"),
            ("settings.visit_timeout_minutes", "out_of_range"),
            ("settings.order_window_hours", "out_of_range"),
            ("settings.retention_months", "out_of_range"),
            ("settings.kept_parameters", "malformed"),
            ("settings.internal_hosts", "malformed"),
            ("settings.excluded_addresses", "malformed"),
            ("settings.excluded_roles", "malformed"),
        ]
    );
    assert_eq!(accounts.account(account.id).unwrap(), account);
}

#[test]
fn addresses_of_sites() {
    let (accounts, account) = with_account();
    let check = |url: &str, expect: bool| {
        let change = AccountChange {
            url: Some(url.into()),
            ..AccountChange::default()
        };
        assert_eq!(
            acting(&accounts)
                .update_account(account.id, &change)
                .is_ok(),
            expect,
            "{url:?}"
        );
    };
    check("http://127.0.0.1:8080", true);
    check("HTTPS://shop.example.com/a?b#c", true);
    check("https://[2001:db8::1]/", true);
    check("https://[2001:db8::1]:8443/", true);
    check("https://bücher.example/", true);
    check("https://", false);
    check("https:///path", false);
    check("https://user@host.example/", false);
    check("https://host.example:99999/", false);
    check("https://[nonsense]/", false);
    check("ftp://host.example/", false);
    check("host.example", false);
    check("https://host.example/a b", false);
    check(
        &format!("https://host.example/{}", "x".repeat(2_000)),
        false,
    );
}

#[test]
fn unknown_accounts_are_told() {
    let (accounts, _) = with_account();
    let nobody = AccountId(99);
    assert!(matches!(accounts.account(nobody), Err(Error::NoSuchAccount(id)) if id == nobody));
    let change = AccountChange::default();
    assert!(matches!(
        acting(&accounts).update_account(nobody, &change),
        Err(Error::NoSuchAccount(_))
    ));
    let empty = AccountChange::default();
    assert!(
        matches!(acting(&accounts).create_account(&empty), Err(Error::Invalid(faults)) if faults.len() == 2)
    );
    assert_eq!(accounts.accounts().unwrap().len(), 1);
}

#[test]
fn the_plan_is_set_apart() {
    let (accounts, account) = with_account();
    assert_eq!(account.plan.id, 4);
    let plan = Plan {
        id: 7,
        name: "Trial".into(),
        trial: true,
        start: NOW,
        end: Some(NOW.plus(1)),
    };
    acting(&accounts)
        .set_plan(account.id, plan.clone())
        .unwrap();
    assert_eq!(accounts.account(account.id).unwrap().plan, plan);
}

#[test]
fn a_newer_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.sqlite");
    drop(Accounts::open(&path).unwrap());
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute("INSERT INTO migrations VALUES (999, 'of the future')", [])
        .unwrap();
    drop(connection);
    assert!(matches!(
        Accounts::open(&path),
        Err(Error::TooNew { found: 999, .. })
    ));
}

#[test]
fn a_backup_holds_everything() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = Accounts::open(&folder.path().join("accounts.sqlite")).unwrap();
    let account = acting(&accounts).create_account(&draft("First")).unwrap();
    let copy = folder.path().join("copy.sqlite");
    accounts.back_up(&copy).unwrap();
    assert_eq!(
        Accounts::open(&copy).unwrap().accounts().unwrap(),
        [account]
    );
}
