use afsa_accounts::Accounts;
use afsa_model::{AccountId, DAY, MINUTE, Timestamp};

use crate::{NOW, acting, draft, with_account};

const QUARTER_HOUR: i64 = 15 * MINUTE;

/// The quarter hour that the tests begin in.
fn start() -> Timestamp {
    Timestamp(NOW.0 - NOW.0.rem_euclid(QUARTER_HOUR))
}

#[test]
fn hits_count_from_the_quarter_hour_in_which_they_came() {
    let (accounts, account) = with_account();
    let other = acting(&accounts).create_account(&draft("Other")).unwrap();
    let at =
        |quarters: i64, milliseconds: i64| start().plus(quarters * QUARTER_HOUR + milliseconds);
    accounts.note_hits(account.id, at(0, 0), 1);
    accounts.note_hits(account.id, at(0, QUARTER_HOUR - 1), 20);
    accounts.note_hits(account.id, at(1, 0), 300);
    accounts.note_hits(account.id, at(-1, 5), 4_000);
    accounts.note_hits(other.id, at(0, 0), 50_000);
    let check = |from: Timestamp, to: Timestamp, expect: u64| {
        let found = accounts.hits_since(account.id, from, to).unwrap();
        assert_eq!(found, expect, "{from:?} to {to:?}");
    };
    let check_all = || {
        check(at(0, 0), at(1, 0), 21);
        check(at(0, 0), at(1, 1), 321);
        check(at(0, 1), at(2, 0), 300);
        check(at(-1, 0), at(9, 0), 4_321);
        check(at(1, 0), at(0, 0), 0);
        check(Timestamp(i64::MIN), Timestamp(i64::MAX), 4_321);
    };
    check_all();
    accounts.write_notes(NOW).unwrap();
    check_all();
    accounts.write_notes(NOW).unwrap();
    check_all();
    accounts.note_hits(account.id, at(0, 7), 1);
    check(at(0, 0), at(1, 0), 22);
    accounts.write_notes(NOW).unwrap();
    check(at(0, 0), at(1, 0), 22);
}

#[test]
fn what_was_written_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.sqlite");
    let accounts = Accounts::open(&path).unwrap();
    let account = acting(&accounts)
        .create_account(&draft("First"))
        .unwrap()
        .id;
    accounts.note_hits(account, NOW, 7);
    accounts.write_notes(NOW).unwrap();
    accounts.note_hits(account, NOW, 70);
    let hits = |accounts: &Accounts| {
        let end = NOW.plus(1);
        accounts.hits_since(account, start(), end).unwrap()
    };
    assert_eq!(hits(&accounts), 77);
    drop(accounts);
    assert_eq!(hits(&Accounts::open(&path).unwrap()), 7);
}

#[test]
fn what_is_older_than_400_days_is_forgotten() {
    let (accounts, account) = with_account();
    let all = || {
        let (first, last) = (Timestamp(i64::MIN), Timestamp(i64::MAX));
        accounts.hits_since(account.id, first, last).unwrap()
    };
    accounts.note_hits(account.id, start(), 1);
    accounts.write_notes(start()).unwrap();
    accounts.note_hits(account.id, start().plus(DAY), 20);
    accounts.write_notes(start().plus(400 * DAY)).unwrap();
    assert_eq!(all(), 21);
    accounts.note_hits(account.id, start().plus(2 * DAY), 300);
    accounts
        .write_notes(start().plus(400 * DAY + QUARTER_HOUR))
        .unwrap();
    assert_eq!(all(), 320);
}

#[test]
fn nothing_noted_is_lost_where_it_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.sqlite");
    let accounts = Accounts::open(&path).unwrap();
    let account = acting(&accounts)
        .create_account(&draft("First"))
        .unwrap()
        .id;
    let outside = rusqlite::Connection::open(&path).unwrap();
    outside
        .execute_batch("ALTER TABLE hits_taken RENAME TO hidden")
        .unwrap();
    accounts.note_hits(account, NOW, 7);
    assert!(accounts.write_notes(NOW).is_err());
    accounts.note_hits(account, NOW, 70);
    outside
        .execute_batch("ALTER TABLE hidden RENAME TO hits_taken")
        .unwrap();
    accounts.write_notes(NOW).unwrap();
    let found = accounts.hits_since(account, start(), NOW.plus(1)).unwrap();
    assert_eq!(found, 77);
}

#[test]
fn an_account_that_is_not_there_keeps_nobody_from_being_counted() {
    let (accounts, account) = with_account();
    accounts.note_hits(AccountId(99), NOW, 5);
    accounts.note_hits(account.id, NOW, 7);
    accounts.write_notes(NOW).unwrap();
    let hits = |id| accounts.hits_since(id, start(), NOW.plus(1)).unwrap();
    assert_eq!((hits(account.id), hits(AccountId(99))), (7, 0));
}

#[test]
fn readers_and_writers_at_once_count_everything_once() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = Accounts::open(&folder.path().join("accounts.sqlite")).unwrap();
    let account = acting(&accounts)
        .create_account(&draft("First"))
        .unwrap()
        .id;
    let hits = || accounts.hits_since(account, start(), NOW.plus(1)).unwrap();
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| (0..50).for_each(|_| accounts.write_notes(NOW).unwrap()));
        let mut told = 0;
        for noted in 1..=2_000 {
            accounts.note_hits(account, NOW, 1);
            if noted % 10 == 0 {
                told = hits();
                assert_eq!(told, noted);
            }
        }
        writing.join().unwrap();
        assert_eq!(hits(), told);
    });
}
