//! Where visits begin and end.

use afsa_model::{DAY, Exclusion, Hit, HitKind, MINUTE, OrderFields, Purchase, VisitorKey, text};
use afsa_visits::{MOST_HITS, Rules, cut};

use crate::hits::{engagement, event, hit, page_view, tagged};

const RULES: Rules = Rules {
    visit_timeout: 30 * MINUTE,
};

/// Checks the (first, last prolonging) times of the visits and the number of loose hits.
fn check(mut hits: Vec<Hit>, visits: &[(i64, i64)], loose: usize) {
    for (sequence, hit) in hits.iter_mut().enumerate() {
        hit.sequence = sequence as u64;
    }
    let cut = cut(hits, RULES);
    let spans: Vec<(i64, i64)> = cut
        .visits
        .iter()
        .map(|visit| (visit.start.0, visit.end.0))
        .collect();
    assert_eq!(spans, visits);
    assert_eq!(cut.loose.len(), loose);
}

fn purchase(time: i64, has_location: bool) -> Hit {
    let order = OrderFields {
        id: text("A1"),
        ..OrderFields::default()
    };
    let kind = HitKind::Purchase(Box::new(Purchase {
        order,
        products: Vec::new(),
    }));
    if has_location {
        Hit {
            kind,
            ..page_view(time, "/thanks")
        }
    } else {
        hit(time, kind)
    }
}

#[test]
fn nothing_makes_nothing() {
    check(vec![], &[], 0);
}

#[test]
fn a_gap_of_exactly_the_timeout_continues() {
    let gap = 30 * MINUTE;
    check(vec![page_view(0, "/"), page_view(gap, "/")], &[(0, gap)], 0);
    check(
        vec![page_view(0, "/"), page_view(gap + 1, "/")],
        &[(0, 0), (gap + 1, gap + 1)],
        0,
    );
}

#[test]
fn exactly_a_day_continues() {
    let mut hits: Vec<Hit> = (0..=48)
        .map(|half| page_view(half * 30 * MINUTE, "/"))
        .collect();
    check(hits.clone(), &[(0, DAY)], 0);
    hits.push(page_view(DAY + 1, "/"));
    check(hits, &[(0, DAY), (DAY + 1, DAY + 1)], 0);
}

#[test]
fn a_visit_holds_ten_thousand_hits() {
    let last = MOST_HITS as i64;
    check(
        (0..=last).map(|at| page_view(at, "/")).collect(),
        &[(0, last - 1), (last, last)],
        0,
    );
}

#[test]
fn another_campaign_starts_a_visit() {
    check(vec![tagged(0, "a", ""), tagged(1, "a", "")], &[(0, 1)], 0);
    check(
        vec![tagged(0, "a", ""), tagged(1, "b", "")],
        &[(0, 0), (1, 1)],
        0,
    );
    check(
        vec![tagged(0, "a", "1"), tagged(1, "", "2")],
        &[(0, 0), (1, 1)],
        0,
    );
    // What the later hit doesn't carry is no difference.
    check(vec![tagged(0, "a", "1"), tagged(1, "a", "")], &[(0, 1)], 0);
    // A visit that began direct has no campaign, so any differs.
    check(
        vec![page_view(0, "/"), tagged(1, "a", "")],
        &[(0, 0), (1, 1)],
        0,
    );
    // Before any hit told where it came from there is nothing to differ from.
    check(vec![event(0, false), tagged(1, "a", "")], &[(0, 1)], 0);
    // Going back to the first campaign is another change.
    let there_and_back = vec![tagged(0, "a", ""), tagged(1, "b", ""), tagged(2, "a", "")];
    check(there_and_back, &[(0, 0), (1, 1), (2, 2)], 0);
}

#[test]
fn a_referrer_alone_starts_none() {
    check(
        vec![tagged(0, "a", ""), page_view(1, "/"), page_view(2, "/")],
        &[(0, 2)],
        0,
    );
}

#[test]
fn what_only_prolongs_opens_none() {
    let timing = |time| hit(time, HitKind::Timing(Box::default()));
    check(vec![engagement(0, "/", Some(1), None), timing(1)], &[], 2);
    check(
        vec![
            page_view(0, "/"),
            engagement(5, "/", Some(1), None),
            timing(9),
        ],
        &[(0, 9)],
        0,
    );
    let prolonged = vec![
        page_view(0, "/"),
        timing(29 * MINUTE),
        page_view(58 * MINUTE, "/"),
    ];
    check(prolonged, &[(0, 58 * MINUTE)], 0);
}

#[test]
fn what_comes_from_servers_neither_opens_nor_prolongs() {
    let refund = |time| hit(time, HitKind::Refund(Box::default()));
    let visitor = |time| hit(time, HitKind::Visitor(Box::default()));
    check(vec![refund(0), purchase(1, false), visitor(2)], &[], 3);
    let between = vec![
        page_view(0, "/"),
        purchase(20 * MINUTE, false),
        page_view(40 * MINUTE, "/"),
    ];
    check(between, &[(0, 0), (40 * MINUTE, 40 * MINUTE)], 1);
    let told = vec![
        page_view(0, "/"),
        visitor(20 * MINUTE),
        page_view(40 * MINUTE, "/"),
    ];
    check(told, &[(0, 0), (40 * MINUTE, 40 * MINUTE)], 0);
    check(vec![purchase(0, true), page_view(1, "/")], &[(0, 1)], 0);
}

#[test]
fn excluded_hits_are_cut_apart() {
    let own = |time| Hit {
        exclusion: Some(Exclusion::OwnPeople),
        ..page_view(time, "/")
    };
    check(
        vec![page_view(0, "/"), own(1), page_view(2, "/"), own(3)],
        &[(0, 2), (1, 3)],
        0,
    );
}

#[test]
fn nobody_has_no_visits() {
    let nobody = Hit {
        visitor: VisitorKey::NOBODY,
        ..page_view(0, "/")
    };
    check(vec![nobody], &[], 1);
}
