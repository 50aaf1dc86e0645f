//! Who a hit belongs to.

use afsa_model::{AccountId, Timestamp, VisitorKey};
use afsa_visits::identity::{UserTimeline, user_key, visitor_key};

#[test]
fn keys_differ_by_account_kind_and_text() {
    let keys = [
        visitor_key(AccountId(1), "a"),
        visitor_key(AccountId(2), "a"),
        visitor_key(AccountId(1), "b"),
        user_key(AccountId(1), "a"),
    ];
    for (index, key) in keys.iter().enumerate() {
        assert!(!keys[..index].contains(key));
        assert_ne!(*key, VisitorKey::NOBODY);
    }
}

#[test]
fn a_timeline_is_the_same_in_any_order() {
    let notes = [(10, 1, 1), (20, 2, 2), (30, 3, 2), (40, 4, 1), (20, 5, 3)];
    let timeline_of = |order: &[usize]| {
        let mut timeline = UserTimeline::default();
        for index in order {
            let (time, sequence, visitor) = notes[*index];
            timeline.note(Timestamp(time), sequence, VisitorKey(visitor));
        }
        [5, 10, 19, 20, 30, 40, 50].map(|time| timeline.at(Timestamp(time)))
    };
    let expect = timeline_of(&[0, 1, 2, 3, 4]);
    assert_eq!(expect[0], None);
    assert_eq!(expect[3], Some(VisitorKey(3)));
    for order in [
        [4, 3, 2, 1, 0],
        [2, 0, 4, 1, 3],
        [3, 1, 0, 4, 2],
        [1, 4, 3, 0, 2],
    ] {
        assert_eq!(timeline_of(&order), expect, "{order:?}");
    }
}
