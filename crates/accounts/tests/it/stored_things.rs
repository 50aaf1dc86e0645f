use afsa_accounts::{Error, GoalChange, SegmentChange};
use afsa_model::AccountId;

use crate::{NOW, draft, with_account};

fn sign_up() -> GoalChange {
    GoalChange {
        name: Some("Sign-up".into()),
        matches: Some(r#"["is","page",["/thanks"]]"#.into()),
        value: Some(Some("2.5".parse().unwrap())),
        once_per_visit: Some(true),
    }
}

#[test]
fn goals_live_and_die() {
    let (accounts, account) = with_account();
    let goal = accounts.create_goal(account.id, &sign_up(), NOW).unwrap();
    assert_eq!(accounts.goal(account.id, goal.id).unwrap(), goal);
    assert_eq!(accounts.goals(account.id).unwrap(), vec![goal.clone()]);
    let change = GoalChange {
        value: Some(None),
        ..GoalChange::default()
    };
    let changed = accounts.update_goal(account.id, goal.id, &change).unwrap();
    assert_eq!((changed.value, &changed.name), (None, &goal.name));
    assert_eq!(accounts.goal(account.id, goal.id).unwrap(), changed);
    accounts.delete_goal(account.id, goal.id).unwrap();
    assert!(matches!(
        accounts.delete_goal(account.id, goal.id),
        Err(Error::NotFound { .. })
    ));
    assert_eq!(accounts.goals(account.id).unwrap(), []);
}

#[test]
fn names_are_taken_once_an_account() {
    let (accounts, account) = with_account();
    let other = accounts.create_account(&draft("Other"), NOW).unwrap();
    accounts.create_goal(account.id, &sign_up(), NOW).unwrap();
    assert!(matches!(
        accounts.create_goal(account.id, &sign_up(), NOW),
        Err(Error::NameTaken { kind: "goal", .. })
    ));
    accounts.create_goal(other.id, &sign_up(), NOW).unwrap();
    let second = GoalChange {
        name: Some("Second".into()),
        ..sign_up()
    };
    let second = accounts.create_goal(account.id, &second, NOW).unwrap();
    assert!(matches!(
        accounts.update_goal(account.id, second.id, &sign_up()),
        Err(Error::NameTaken { .. })
    ));
}

#[test]
fn segments_live_and_die() {
    let (accounts, account) = with_account();
    let french = SegmentChange {
        name: Some("French".into()),
        filters: Some(r#"["is","country",["FR"]]"#.into()),
    };
    let segment = accounts.create_segment(account.id, &french, NOW).unwrap();
    assert!(matches!(
        accounts.create_segment(account.id, &french, NOW),
        Err(Error::NameTaken {
            kind: "segment",
            ..
        })
    ));
    let change = SegmentChange {
        name: Some("From France".into()),
        filters: None,
    };
    let changed = accounts
        .update_segment(account.id, segment.id, &change)
        .unwrap();
    assert_eq!(changed.filters, segment.filters);
    assert_eq!(
        accounts.segments(account.id).unwrap(),
        vec![changed.clone()]
    );
    assert_eq!(accounts.segment(account.id, segment.id).unwrap(), changed);
    accounts.delete_segment(account.id, segment.id).unwrap();
    assert!(matches!(
        accounts.segment(account.id, segment.id),
        Err(Error::NotFound { .. })
    ));
}

#[test]
fn nothing_is_reached_from_another_account() {
    let (accounts, account) = with_account();
    let other = accounts.create_account(&draft("Other"), NOW).unwrap();
    let goal = accounts.create_goal(account.id, &sign_up(), NOW).unwrap();
    assert!(accounts.goal(other.id, goal.id).is_err());
    assert!(accounts.update_goal(other.id, goal.id, &sign_up()).is_err());
    assert!(accounts.delete_goal(other.id, goal.id).is_err());
    assert!(matches!(
        accounts.create_goal(AccountId(99), &sign_up(), NOW),
        Err(Error::NoSuchAccount(_))
    ));
    assert_eq!(accounts.goal(account.id, goal.id).unwrap(), goal);
}

#[test]
fn what_is_needed_is_named() {
    let (accounts, account) = with_account();
    let Err(Error::Invalid(faults)) = accounts.create_goal(account.id, &GoalChange::default(), NOW)
    else {
        panic!("accepted");
    };
    assert_eq!(
        faults.iter().map(|fault| fault.field).collect::<Vec<_>>(),
        ["name", "match"]
    );
}
