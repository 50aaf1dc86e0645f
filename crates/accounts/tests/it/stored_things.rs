use afsa_accounts::{CheckoutStepChange, Error, GoalChange, SegmentChange};
use afsa_model::AccountId;

use crate::{acting, draft, with_account};

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
    let goal = acting(&accounts)
        .create_goal(account.id, &sign_up())
        .unwrap();
    assert_eq!(accounts.goal(account.id, goal.id).unwrap(), goal);
    assert_eq!(accounts.goals(account.id).unwrap(), vec![goal.clone()]);
    let change = GoalChange {
        value: Some(None),
        ..GoalChange::default()
    };
    let changed = acting(&accounts)
        .update_goal(account.id, goal.id, &change)
        .unwrap();
    assert_eq!((changed.value, &changed.name), (None, &goal.name));
    assert_eq!(accounts.goal(account.id, goal.id).unwrap(), changed);
    acting(&accounts).delete_goal(account.id, goal.id).unwrap();
    assert!(matches!(
        acting(&accounts).delete_goal(account.id, goal.id),
        Err(Error::NotFound { .. })
    ));
    assert_eq!(accounts.goals(account.id).unwrap(), []);
}

#[test]
fn names_are_taken_once_an_account() {
    let (accounts, account) = with_account();
    let other = acting(&accounts).create_account(&draft("Other")).unwrap();
    acting(&accounts)
        .create_goal(account.id, &sign_up())
        .unwrap();
    assert!(matches!(
        acting(&accounts).create_goal(account.id, &sign_up()),
        Err(Error::NameTaken { kind: "goal", .. })
    ));
    acting(&accounts).create_goal(other.id, &sign_up()).unwrap();
    let second = GoalChange {
        name: Some("Second".into()),
        ..sign_up()
    };
    let second = acting(&accounts).create_goal(account.id, &second).unwrap();
    assert!(matches!(
        acting(&accounts).update_goal(account.id, second.id, &sign_up()),
        Err(Error::NameTaken { .. })
    ));
}

#[test]
fn an_account_has_no_endless_lists() {
    let (accounts, account) = with_account();
    let other = acting(&accounts).create_account(&draft("Other")).unwrap();
    let goal = |number: usize| GoalChange {
        name: Some(format!("Goal {number}")),
        ..sign_up()
    };
    let segment = |number: usize| SegmentChange {
        name: Some(format!("Segment {number}")),
        filters: Some("[]".into()),
    };
    for number in 0..500 {
        acting(&accounts)
            .create_goal(account.id, &goal(number))
            .unwrap();
        acting(&accounts)
            .create_segment(account.id, &segment(number))
            .unwrap();
    }
    assert!(matches!(
        acting(&accounts).create_goal(account.id, &goal(500)),
        Err(Error::TooMany { kind: "goal", .. })
    ));
    assert!(matches!(
        acting(&accounts).create_segment(account.id, &segment(500)),
        Err(Error::TooMany {
            kind: "segment",
            ..
        })
    ));
    acting(&accounts).create_goal(other.id, &goal(500)).unwrap();
    let first = accounts.goals(account.id).unwrap()[0].id;
    acting(&accounts).delete_goal(account.id, first).unwrap();
    acting(&accounts)
        .create_goal(account.id, &goal(500))
        .unwrap();
}

#[test]
fn a_filter_is_no_book() {
    let (accounts, account) = with_account();
    let check = |length: usize, expect: &[&str]| {
        let change = SegmentChange {
            name: Some(format!("{length}")),
            filters: Some("x".repeat(length)),
        };
        let faults = change.faults(true);
        let told: Vec<&str> = faults.iter().map(|fault| fault.error).collect();
        assert_eq!(told, expect, "{length}");
        let made = acting(&accounts).create_segment(account.id, &change);
        assert_eq!(made.is_ok(), expect.is_empty(), "{length}");
    };
    check(0, &["missing"]);
    check(64 << 10, &[]);
    check((64 << 10) + 1, &["too_long"]);
    assert_eq!(SegmentChange::default().faults(false), []);
    let missing = GoalChange::default().faults(true);
    let fields: Vec<&str> = missing.iter().map(|fault| fault.field).collect();
    assert_eq!(fields, ["name", "match"]);
}

#[test]
fn segments_live_and_die() {
    let (accounts, account) = with_account();
    let french = SegmentChange {
        name: Some("French".into()),
        filters: Some(r#"["is","country",["FR"]]"#.into()),
    };
    let segment = acting(&accounts)
        .create_segment(account.id, &french)
        .unwrap();
    assert!(matches!(
        acting(&accounts).create_segment(account.id, &french),
        Err(Error::NameTaken {
            kind: "segment",
            ..
        })
    ));
    let change = SegmentChange {
        name: Some("From France".into()),
        filters: None,
    };
    let changed = acting(&accounts)
        .update_segment(account.id, segment.id, &change)
        .unwrap();
    assert_eq!(changed.filters, segment.filters);
    assert_eq!(
        accounts.segments(account.id).unwrap(),
        vec![changed.clone()]
    );
    assert_eq!(accounts.segment(account.id, segment.id).unwrap(), changed);
    acting(&accounts)
        .delete_segment(account.id, segment.id)
        .unwrap();
    assert!(matches!(
        accounts.segment(account.id, segment.id),
        Err(Error::NotFound { .. })
    ));
}

#[test]
fn nothing_is_reached_from_another_account() {
    let (accounts, account) = with_account();
    let other = acting(&accounts).create_account(&draft("Other")).unwrap();
    let goal = acting(&accounts)
        .create_goal(account.id, &sign_up())
        .unwrap();
    assert!(accounts.goal(other.id, goal.id).is_err());
    assert!(
        acting(&accounts)
            .update_goal(other.id, goal.id, &sign_up())
            .is_err()
    );
    assert!(acting(&accounts).delete_goal(other.id, goal.id).is_err());
    assert!(matches!(
        acting(&accounts).create_goal(AccountId(99), &sign_up()),
        Err(Error::NoSuchAccount(_))
    ));
    assert_eq!(accounts.goal(account.id, goal.id).unwrap(), goal);
}

#[test]
fn what_is_needed_is_named() {
    let (accounts, account) = with_account();
    let Err(Error::Invalid(faults)) =
        acting(&accounts).create_goal(account.id, &GoalChange::default())
    else {
        panic!("accepted");
    };
    assert_eq!(
        faults.iter().map(|fault| fault.field).collect::<Vec<_>>(),
        ["name", "match"]
    );
}

#[test]
fn checkout_steps_have_one_name_each() {
    let (accounts, account) = with_account();
    let other = acting(&accounts).create_account(&draft("Other")).unwrap();
    let step = |number: i64, label: &str| CheckoutStepChange {
        number: Some(number),
        label: Some(label.into()),
    };
    let create =
        |draft: &CheckoutStepChange| acting(&accounts).create_checkout_step(account.id, draft);
    let payment = create(&step(3, " Payment ")).unwrap();
    let cart = create(&step(0, "Cart")).unwrap();
    assert_eq!((payment.number, &*payment.label), (3, "Payment"));
    assert_eq!(
        accounts.checkout_steps(account.id).unwrap(),
        [cart.clone(), payment.clone()]
    );
    assert!(matches!(
        create(&step(3, "Pay")),
        Err(Error::NameTaken { .. })
    ));
    acting(&accounts)
        .create_checkout_step(other.id, &step(3, "Pay"))
        .unwrap();
    let update = |number, change: &CheckoutStepChange| {
        acting(&accounts).update_checkout_step(account.id, number, change)
    };
    assert!(matches!(
        update(3, &step(0, "Pay")),
        Err(Error::NameTaken { .. })
    ));
    let renamed = CheckoutStepChange {
        label: Some("Pay".into()),
        ..CheckoutStepChange::default()
    };
    assert_eq!(update(3, &renamed).unwrap().label, "Pay");
    assert_eq!(update(3, &step(4, "Pay")).unwrap().number, 4);
    assert!(matches!(
        accounts.checkout_step(account.id, 3),
        Err(Error::NotFound { id: 3, .. })
    ));
    acting(&accounts)
        .delete_checkout_step(account.id, 4)
        .unwrap();
    assert_eq!(accounts.checkout_steps(account.id).unwrap(), [cart]);
    let faults = |change: CheckoutStepChange| -> Vec<(&str, &str)> {
        let faults = change.faults(true);
        faults.iter().map(|it| (it.field, it.error)).collect()
    };
    assert_eq!(
        faults(CheckoutStepChange::default()),
        [("number", "missing"), ("label", "missing")]
    );
    assert_eq!(
        faults(step(-1, &"x".repeat(201))),
        [("number", "out_of_range"), ("label", "too_long")]
    );
    assert!(matches!(
        create(&step(1 << 32, "Far")),
        Err(Error::Invalid(_))
    ));
}
