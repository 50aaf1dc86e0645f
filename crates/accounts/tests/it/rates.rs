use std::sync::Arc;

use afsa_accounts::{AccountChange, Accounts, Error, MOST_OWN_RATES, OwnRateChoice, OwnRateDraft};
use afsa_model::{AccountId, ExchangeRates, OwnRate, QUOTE_SCALE, Timestamp, ZoneOffsets};

use crate::{acting, draft, with_account};

fn own(day: i32, reference: &str, currency: &str, quote: i64) -> OwnRate {
    OwnRate {
        day,
        reference: reference.into(),
        currency: currency.into(),
        quote,
    }
}

fn all(accounts: &Accounts, account: AccountId) -> Vec<OwnRate> {
    let everything = OwnRateChoice::default();
    accounts
        .own_rates(account, &everything, MOST_OWN_RATES, 0)
        .unwrap()
        .0
}

#[test]
fn drafts_are_read_or_told_what_is_wrong() {
    let draft = |date: &str, currency: &str, quote: &str, reference: Option<&str>| OwnRateDraft {
        date: Some(date.into()),
        currency: Some(currency.into()),
        quote: Some(quote.into()),
        reference: reference.map(Into::into),
    };
    assert_eq!(
        draft("1999-01-04", " usd", "1.1789", None).rate("EUR"),
        Ok(own(10_595, "EUR", "USD", 1_178_900_000))
    );
    assert_eq!(
        draft("1999-01-04", "EUR", "0.9", Some("usd")).rate("EUR"),
        Ok(own(10_595, "USD", "EUR", 900_000_000))
    );
    let check = |draft: OwnRateDraft, expect: &[(&str, &str)]| {
        let faults = draft.rate("EUR").unwrap_err();
        let told: Vec<_> = faults.iter().map(|it| (it.field, it.error)).collect();
        assert_eq!(told, expect, "{draft:?}");
    };
    check(
        OwnRateDraft::default(),
        &[
            ("date", "missing"),
            ("currency", "missing"),
            ("quote", "missing"),
        ],
    );
    check(
        draft("2026-02-29", "DOLLAR", "-1", Some("")),
        &[
            ("date", "malformed"),
            ("currency", "malformed"),
            ("quote", "malformed"),
            ("reference", "malformed"),
        ],
    );
    check(
        draft("2026-02-28", "eur", "1", None),
        &[("reference", "contradiction")],
    );
}

#[test]
fn rates_are_kept_by_day_and_currencies() {
    let (accounts, account) = with_account();
    let other = acting(&accounts).create_account(&draft("Other")).unwrap();
    let add = |rates: &[OwnRate]| acting(&accounts).add_own_rates(account.id, rates).unwrap();
    add(&[own(5, "EUR", "USD", 2), own(4, "EUR", "USD", 1)]);
    // One rate for a day and two currencies, whichever it is quoted in.
    add(&[own(5, "USD", "EUR", 7), own(4, "KWD", "USD", 3)]);
    let kept = [
        own(4, "EUR", "USD", 1),
        own(4, "KWD", "USD", 3),
        own(5, "USD", "EUR", 7),
    ];
    assert_eq!(all(&accounts, account.id), kept);
    assert_eq!(all(&accounts, other.id), []);
    let choice = |currency: Option<&str>, from, to| OwnRateChoice {
        currency: currency.map(Into::into),
        from,
        to,
    };
    let check = |choice: OwnRateChoice, limit, offset, expect: &[OwnRate], total| {
        let found = accounts.own_rates(account.id, &choice, limit, offset);
        assert_eq!(found.unwrap(), (expect.to_vec(), total), "{choice:?}");
    };
    check(choice(None, None, None), 2, 1, &kept[1..], 3);
    check(choice(Some("eur"), None, None), 1, 0, &kept[..1], 2);
    check(choice(Some("KWD"), None, None), 9, 0, &kept[1..2], 1);
    check(choice(None, Some(5), None), 9, 0, &kept[2..], 1);
    check(choice(None, Some(3), Some(4)), 9, 0, &kept[..2], 2);
    check(choice(None, Some(5), Some(4)), 9, 0, &[], 0);
    let delete = |choice| {
        acting(&accounts)
            .delete_own_rates(account.id, &choice)
            .unwrap()
    };
    assert_eq!(delete(choice(Some("USD"), Some(5), None)), 1);
    acting(&accounts)
        .replace_own_rates(account.id, &[own(9, "EUR", "JPY", 4)])
        .unwrap();
    assert_eq!(all(&accounts, account.id), [own(9, "EUR", "JPY", 4)]);
    assert_eq!(delete(OwnRateChoice::default()), 1);
    let nobody = AccountId(99);
    assert!(matches!(
        acting(&accounts).add_own_rates(nobody, &[]),
        Err(Error::NoSuchAccount(_))
    ));
}

#[test]
fn too_many_rates_change_nothing() {
    let (accounts, account) = with_account();
    acting(&accounts)
        .add_own_rates(account.id, &[own(-1, "EUR", "USD", 1)])
        .unwrap();
    let most = i32::try_from(MOST_OWN_RATES).unwrap();
    let many: Vec<_> = (0..most).map(|day| own(day, "EUR", "USD", 2)).collect();
    assert!(matches!(
        acting(&accounts).add_own_rates(account.id, &many),
        Err(Error::TooMany { .. })
    ));
    assert_eq!(all(&accounts, account.id), [own(-1, "EUR", "USD", 1)]);
    acting(&accounts)
        .replace_own_rates(account.id, &many)
        .unwrap();
    assert_eq!(all(&accounts, account.id).len(), many.len());
}

#[test]
fn settings_are_read_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.sqlite");
    let accounts = Accounts::open(&path).unwrap();
    let mut bank = ExchangeRates::quoted_in("EUR");
    bank.note("USD", 10, 2 * QUOTE_SCALE);
    let bank = Arc::new(bank);
    let one = acting(&accounts).create_account(&draft("One")).unwrap();
    let two = acting(&accounts).create_account(&draft("Two")).unwrap();
    let settings = |id| accounts.account(id).unwrap().settings;
    assert_eq!(settings(one.id).zone, ZoneOffsets::default());
    accounts.use_rates(bank.clone());
    accounts.use_zones(|name| ZoneOffsets([(Timestamp(0), name.len() as i32)].into()));
    let in_tokyo = AccountChange {
        timezone: Some("Asia/Tokyo".into()),
        ..AccountChange::default()
    };
    let changed = acting(&accounts).update_account(one.id, &in_tokyo).unwrap();
    assert_eq!(changed, accounts.account(one.id).unwrap());
    assert_eq!(changed.settings.zone.at(Timestamp(0)), 10);
    assert_eq!(settings(two.id).zone.at(Timestamp(0)), 3);
    // Who has no own rates shares everybody's.
    for account in accounts.accounts().unwrap() {
        assert!(Arc::ptr_eq(&account.settings.rates, &bank));
    }
    let converted = |id, day| settings(id).rates.converted(100, "USD", "EUR", day);
    acting(&accounts)
        .add_own_rates(one.id, &[own(11, "EUR", "USD", 4 * QUOTE_SCALE)])
        .unwrap();
    assert_eq!(
        [converted(one.id, 10), converted(one.id, 11)],
        [Some(50), Some(25)]
    );
    assert_eq!(converted(two.id, 11), Some(50));
    // Nothing is put together anew while nothing changes.
    assert!(Arc::ptr_eq(
        &settings(one.id).rates,
        &settings(one.id).rates
    ));
    // Another process changes them.
    let elsewhere = Accounts::open(&path).unwrap();
    acting(&elsewhere)
        .add_own_rates(one.id, &[own(11, "EUR", "USD", 5 * QUOTE_SCALE)])
        .unwrap();
    assert_eq!(converted(one.id, 11), Some(20));
    let mut newer = ExchangeRates::quoted_in("EUR");
    newer.note("USD", 12, 10 * QUOTE_SCALE);
    accounts.use_rates(Arc::new(newer));
    let days = [10, 11, 12].map(|day| converted(one.id, day));
    assert_eq!(days, [None, Some(20), Some(10)]);
    acting(&accounts)
        .delete_own_rates(one.id, &OwnRateChoice::default())
        .unwrap();
    assert!(Arc::ptr_eq(
        &settings(one.id).rates,
        &settings(two.id).rates
    ));
}
