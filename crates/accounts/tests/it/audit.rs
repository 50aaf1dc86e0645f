use std::path::Path;

use afsa_accounts::people::{Action, AuditChoice, AuditState, Role, ShareChange};
use afsa_accounts::{
    AccountChange, Accounts, Actor, CheckoutStepChange, GoalChange, NewKey, OwnRateChoice, Scopes,
    SegmentChange,
};
use afsa_model::AccountId;
use proptest::prelude::*;
use rusqlite::Connection;

use crate::persons::{new, sign_up, with_operator};
use crate::{NOW, acting, draft};

fn told(accounts: &Accounts, account: Option<AccountId>) -> Vec<String> {
    let entries = accounts
        .audit(account, AuditChoice::default(), 1_000)
        .unwrap();
    let tell = |entry: &afsa_accounts::people::AuditEntry| {
        format!(
            "{} {} {}: {}",
            entry.actor, entry.action, entry.subject, entry.detail
        )
    };
    entries.iter().rev().map(tell).collect()
}

#[test]
fn whatever_is_changed_is_written_down() {
    let (accounts, operator) = with_operator();
    let ada = sign_up(&accounts, "ada@example.com");
    let acting = accounts.acting(Actor::Person(operator.id), NOW);
    let id = acting.create_account(&draft("First")).unwrap().id;
    let settings = AccountChange {
        timezone: Some("Europe/Paris".into()),
        excluded_roles: Some(vec!["editor".into()]),
        ..AccountChange::default()
    };
    acting.update_account(id, &settings).unwrap();
    // What changes nothing is not told.
    acting.update_account(id, &settings).unwrap();
    let goal = GoalChange {
        name: Some("Sign-up".into()),
        matches: Some("[]".into()),
        ..GoalChange::default()
    };
    let goal = acting.create_goal(id, &goal).unwrap().id;
    let renamed = GoalChange {
        name: Some("Sale".into()),
        ..GoalChange::default()
    };
    acting.update_goal(id, goal, &renamed).unwrap();
    acting.delete_goal(id, goal).unwrap();
    let segment = SegmentChange {
        name: Some("French".into()),
        filters: Some("[1]".into()),
    };
    let segment = acting.create_segment(id, &segment).unwrap().id;
    acting.delete_segment(id, segment).unwrap();
    let step = CheckoutStepChange {
        number: Some(3),
        label: Some("Pay".into()),
    };
    acting.create_checkout_step(id, &step).unwrap();
    acting.delete_checkout_step(id, 3).unwrap();
    acting
        .delete_own_rates(id, &OwnRateChoice::default())
        .unwrap();
    let key = NewKey {
        name: "reader".into(),
        scopes: Scopes::all(),
        expires_at: None,
    };
    let key = acting.create_key(id, &key, [7; 32]).unwrap();
    acting.revoke_key(id, key.key.id).unwrap();
    acting.revoke_key(id, key.key.id).unwrap();
    acting.add_member(id, ada.id, Role::Viewer).unwrap();
    acting.change_role(id, ada.id, Role::Editor).unwrap();
    acting.remove_member(id, ada.id).unwrap();
    let share = ShareChange {
        name: Some("Agency".into()),
        password: Some(Some("open sesame".into())),
        ..ShareChange::default()
    };
    let share = acting.create_share(id, &share, [8; 32], [9; 32]).unwrap();
    acting.revoke_share(id, share.share.id).unwrap();
    let expected = [
        "account.created account: name: First; url: https://shop.example.com/",
        "member.added person 1: owner",
        "settings.changed account: timezone: UTC → Europe/Paris; excluded_roles:  → editor",
        "goal.created goal 1: name: Sign-up; match: []; value: none; once_per_visit: false",
        "goal.changed goal 1: name: Sign-up → Sale",
        "goal.deleted goal 1: name: Sale; match: []; value: none; once_per_visit: false",
        "segment.created segment 1: name: French; filters: [1]",
        "segment.deleted segment 1: name: French; filters: [1]",
        "checkout_step.created checkout step 3: number: 3; label: Pay",
        "checkout_step.deleted checkout step 3: number: 3; label: Pay",
        "rates.changed own rates: 0 deleted",
        "key.created key 1: name: reader; scopes: account:read account:write stats:read \
         visitors:read visitors:write orders:read export:read collect:write",
        "key.revoked key 1: name: reader",
        "member.added person 2: viewer",
        "member.role_changed person 2: viewer → editor",
        "member.removed person 2: was editor",
        "share.created share 1: name: Agency; password: yes; expires_at: never",
        "share.revoked share 1: name: Agency",
    ];
    let expected: Vec<String> = expected.iter().map(|it| format!("person:1 {it}")).collect();
    assert_eq!(told(&accounts, Some(id)), expected);
    assert_eq!(
        told(&accounts, None),
        [
            "system person.created person 1: the operator",
            "system person.created person 2: ",
        ]
    );
    let all = format!("{:?}{:?}", told(&accounts, Some(id)), told(&accounts, None));
    for secret in [&*key.text, &share.text, "open sesame"] {
        assert!(!all.contains(secret), "{secret}");
    }
}

#[test]
fn what_fails_is_not_written_down() {
    let (accounts, _) = with_operator();
    let id = acting(&accounts)
        .create_account(&draft("First"))
        .unwrap()
        .id;
    let before = told(&accounts, Some(id));
    let goal = GoalChange {
        name: Some("Sign-up".into()),
        matches: Some("[]".into()),
        ..GoalChange::default()
    };
    acting(&accounts).create_goal(id, &goal).unwrap();
    acting(&accounts).create_goal(id, &goal).unwrap_err();
    let by_stranger = accounts.acting(Actor::Person(99), NOW);
    by_stranger.delete_goal(id, 1).unwrap_err();
    assert_eq!(told(&accounts, Some(id)).len(), before.len() + 1);
}

#[test]
fn pages_of_entries_and_of_one_action() {
    let (accounts, _) = with_operator();
    for number in 0..10 {
        acting(&accounts)
            .create_person(&new(&format!("person-{number}@example.com")))
            .unwrap();
        if number % 2 == 0 {
            acting(&accounts).disable_person(number + 2).unwrap();
        }
    }
    let page = |action: Option<Action>, before: Option<u64>, limit: u32| -> Vec<u64> {
        let choice = AuditChoice { action, before };
        let entries = accounts.audit(None, choice, limit).unwrap();
        entries.iter().map(|entry| entry.id).collect()
    };
    assert_eq!(page(None, None, 3), [16, 15, 14]);
    assert_eq!(page(None, Some(14), 3), [13, 12, 11]);
    assert_eq!(page(None, Some(2), 3), [1]);
    assert_eq!(page(None, Some(1), 3), [0; 0]);
    assert_eq!(page(None, Some(u64::MAX), 1), [16]);
    let disabled = Some(Action::PersonDisabled);
    assert_eq!(page(disabled, None, 2), [15, 12]);
    assert_eq!(page(disabled, Some(12), 10), [9, 6, 3]);
    assert_eq!(page(Some(Action::KeyCreated), None, 10), [0; 0]);
}

/// A file with two chains of several entries each.
fn audited(path: &Path) -> AccountId {
    let accounts = Accounts::open(path).unwrap();
    let id = acting(&accounts)
        .create_account(&draft("First"))
        .unwrap()
        .id;
    for number in 0..5 {
        let person = new(&format!("person-{number}@example.com"));
        acting(&accounts).create_person(&person).unwrap();
        let goal = GoalChange {
            name: Some(format!("Goal {number}")),
            matches: Some("[]".into()),
            ..GoalChange::default()
        };
        acting(&accounts).create_goal(id, &goal).unwrap();
    }
    for (_, state) in accounts.verify_audits().unwrap() {
        assert_eq!(state.fault, None);
    }
    id
}

fn faults(path: &Path) -> Vec<(Option<AccountId>, AuditState)> {
    let accounts = Accounts::open(path).unwrap();
    let states = accounts.verify_audits().unwrap();
    states
        .into_iter()
        .filter(|(_, state)| state.fault.is_some())
        .collect()
}

#[test]
fn the_first_broken_entry_is_named() {
    let check = |statement: &str, expect: &[(u32, u64, &str)]| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.sqlite");
        let id = audited(&path);
        assert_eq!(id, AccountId(1));
        Connection::open(&path)
            .unwrap()
            .execute_batch(statement)
            .unwrap();
        let found: Vec<(u32, u64, &str)> = faults(&path)
            .into_iter()
            .map(|(account, state)| {
                let fault = state.fault.unwrap();
                (account.map_or(0, |id| id.0), fault.entry, fault.what)
            })
            .collect();
        assert_eq!(found, expect, "{statement}");
    };
    check("SELECT 1", &[]);
    check(
        "UPDATE audit SET detail = 'nothing' WHERE chain = 1 AND number = 3",
        &[(1, 3, "was changed")],
    );
    check(
        "UPDATE audit SET actor = 'system' WHERE chain = 0 AND number = 1",
        &[(0, 1, "was changed")],
    );
    // One that is left out, in the middle and at the end.
    check(
        "DELETE FROM audit WHERE chain = 1 AND number = 4",
        &[(1, 4, "is missing")],
    );
    check(
        "DELETE FROM audit WHERE chain = 1 AND number >= 5",
        &[(1, 5, "is missing")],
    );
    check("DELETE FROM audit WHERE chain = 0", &[(0, 1, "is missing")]);
    // Left out and closed up again.
    check(
        "DELETE FROM audit WHERE chain = 1 AND number = 4;
         UPDATE audit SET number = number - 1 WHERE chain = 1 AND number > 4",
        &[(1, 4, "was changed")],
    );
    // Cut off together with the count of the head.
    check(
        "DELETE FROM audit WHERE chain = 1 AND number = 6;
         UPDATE audit_heads SET count = 5 WHERE chain = 1",
        &[(1, 5, "is not the one that the chain ended with")],
    );
    check(
        "DELETE FROM audit_heads WHERE chain = 1",
        &[(1, 6, "is not the one that the chain ended with")],
    );
    // Written in, behind the last.
    check(
        "INSERT INTO audit SELECT chain, 7, at, actor, action, subject, detail, hash
             FROM audit WHERE chain = 1 AND number = 6",
        &[(1, 7, "was changed")],
    );
    // Carried over from another chain.
    check(
        "INSERT INTO audit SELECT 7, number, at, actor, action, subject, detail, hash
             FROM audit WHERE chain = 1;
         INSERT INTO audit_heads SELECT 7, count, hash FROM audit_heads WHERE chain = 1",
        &[(7, 1, "was changed")],
    );
    check(
        "UPDATE audit SET detail = CAST(x'ff' AS TEXT) WHERE chain = 1 AND number = 2",
        &[(1, 2, "was changed")],
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn any_byte_that_is_changed_is_found(
        chain in 0_u32..2,
        number in 1_i64..=5,
        column in 0_usize..6,
        place in any::<prop::sample::Index>(),
        flipped in 1_u8..=255,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.sqlite");
        audited(&path);
        let connection = Connection::open(&path).unwrap();
        let column = ["at", "actor", "action", "subject", "detail", "hash"][column];
        let key = (chain, number);
        let select = format!("SELECT CAST({column} AS BLOB) FROM audit WHERE chain = ?1 AND number = ?2");
        let mut bytes: Vec<u8> = connection.query_row(&select, key, |row| row.get(0)).unwrap();
        if bytes.is_empty() {
            bytes.push(flipped);
        } else {
            let at = place.index(bytes.len());
            bytes[at] ^= flipped;
        }
        let update = |kind: &str| {
            let set = format!("UPDATE audit SET {column} = CAST(?3 AS {kind}) WHERE chain = ?1 AND number = ?2");
            connection.execute(&set, (chain, number, &bytes))
        };
        let before: i64 = connection
            .query_row("SELECT at FROM audit WHERE chain = ?1 AND number = ?2", key, |row| row.get(0))
            .unwrap();
        let kind = match column {
            "at" => "INTEGER",
            "hash" => "BLOB",
            _ => "TEXT",
        };
        update(kind).unwrap();
        let after: i64 = connection
            .query_row("SELECT at FROM audit WHERE chain = ?1 AND number = ?2", key, |row| row.get(0))
            .unwrap();
        // Some bytes write the same number in another way.
        prop_assume!(column != "at" || before != after);
        drop(connection);
        let found = faults(&path);
        prop_assert_eq!(found.len(), 1);
        let (account, state) = &found[0];
        prop_assert_eq!(account.map_or(0, |id| id.0), chain);
        prop_assert_eq!(state.fault.as_ref().unwrap().entry, number as u64);
    }
}

#[test]
fn entries_of_several_processes_make_one_chain() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.sqlite");
    let id = audited(&path);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let path = &path;
            scope.spawn(move || {
                let accounts = Accounts::open(path).unwrap();
                for number in 0..10 {
                    let goal = GoalChange {
                        name: Some(format!("Goal {thread}/{number}")),
                        matches: Some("[]".into()),
                        ..GoalChange::default()
                    };
                    acting(&accounts).create_goal(id, &goal).unwrap();
                }
            });
        }
    });
    let accounts = Accounts::open(&path).unwrap();
    let state = accounts.verify_audit(Some(id)).unwrap();
    assert_eq!((state.entries, state.fault), (46, None));
    let never = accounts.verify_audit(Some(AccountId(99))).unwrap();
    assert_eq!((never.entries, never.fault), (0, None));
}

#[test]
fn long_chains_are_followed_to_their_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.sqlite");
    let accounts = Accounts::in_memory().unwrap();
    let id = acting(&accounts)
        .create_account(&draft("First"))
        .unwrap()
        .id;
    let names = ["One", "Two"].map(|name| AccountChange {
        name: Some(name.into()),
        ..AccountChange::default()
    });
    for number in 1..2_500 {
        acting(&accounts)
            .update_account(id, &names[number % 2])
            .unwrap();
    }
    let whole = accounts.verify_audit(Some(id)).unwrap();
    assert_eq!((whole.entries, whole.fault), (2_500, None));
    accounts.back_up(&path).unwrap();
    let connection = Connection::open(&path).unwrap();
    // From the end to the beginning, so that each is the first of all that are broken.
    for number in [2_500_i64, 2_001, 2_000, 1_001, 1_000, 1] {
        let change = "UPDATE audit SET subject = 'x' WHERE number = ?1";
        assert_eq!(connection.execute(change, [number]).unwrap(), 1);
        let found = &faults(&path)[0].1;
        assert_eq!(
            found.fault.as_ref().unwrap().entry,
            number as u64,
            "{found:?}"
        );
    }
    connection
        .execute("DELETE FROM audit WHERE number > 1000", [])
        .unwrap();
    connection
        .execute("DELETE FROM audit WHERE number <= 1000", [])
        .unwrap();
    assert_eq!(faults(&path)[0].1.fault.as_ref().unwrap().entry, 1);
}

#[test]
fn work_goes_on_where_the_log_was_tampered_with() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.sqlite");
    let id = audited(&path);
    let connection = Connection::open(&path).unwrap();
    connection.execute("DELETE FROM audit_heads", []).unwrap();
    let accounts = Accounts::open(&path).unwrap();
    acting(&accounts).delete_goal(id, 1).unwrap();
    let entries = accounts.audit(Some(id), AuditChoice::default(), 1).unwrap();
    assert_eq!((entries[0].id, &*entries[0].action), (7, "goal.deleted"));
    let state = accounts.verify_audit(Some(id)).unwrap();
    assert_eq!(state.fault.unwrap().entry, 7);
}
