//! What visits are said to be.

use std::sync::Arc;

use afsa_model::{Client, Cut, Hit, MINUTE, ProductAction, Visit, text};
use afsa_visits::{Rules, cut};

use crate::hits::{engagement, event, page_view, product, tagged};

fn only_visit(mut hits: Vec<Hit>) -> Visit {
    for (sequence, hit) in hits.iter_mut().enumerate() {
        hit.sequence = sequence as u64;
    }
    let Cut { mut visits, loose } = cut(
        hits,
        Rules {
            visit_timeout: 30 * MINUTE,
        },
    );
    assert_eq!((visits.len(), loose.len()), (1, 0));
    visits.remove(0)
}

#[test]
fn bounces() {
    let check = |hits, expect| assert_eq!(only_visit(hits).is_bounce, expect);
    check(vec![page_view(0, "/")], true);
    check(vec![page_view(0, "/"), event(1, true)], true);
    check(vec![page_view(0, "/"), event(1, false)], false);
    check(vec![event(0, false)], true);
    check(vec![event(0, true)], false);
    check(vec![page_view(0, "/"), page_view(0, "/")], false);
    check(
        vec![page_view(0, "/"), product(1, ProductAction::Detail)],
        true,
    );
    check(
        vec![page_view(0, "/"), product(1, ProductAction::Add)],
        false,
    );
    check(
        vec![page_view(0, "/"), product(1, ProductAction::Remove)],
        false,
    );
}

#[test]
fn time_and_depth_of_page_views() {
    let check = |hits, expect: &[(Option<i64>, Option<u8>)]| {
        let visit = only_visit(hits);
        let measures: Vec<_> = visit
            .page_views
            .iter()
            .map(|view| (view.time_on_page, view.scroll_depth))
            .collect();
        assert_eq!(measures, expect);
    };
    check(vec![page_view(0, "/a")], &[(None, None)]);
    check(
        vec![page_view(0, "/a"), page_view(700, "/b")],
        &[(Some(700), None), (None, None)],
    );
    // Engagement is added up, and goes before the time until the next page view.
    let told_twice = vec![
        page_view(0, "/a"),
        engagement(10, "/a", Some(10), Some(40)),
        engagement(30, "/a", Some(20), Some(30)),
        page_view(900, "/b"),
    ];
    check(told_twice, &[(Some(30), Some(40)), (None, None)]);
    // It goes to the latest page view at its location, also after another page was opened.
    let told_late = vec![
        page_view(0, "/a"),
        page_view(100, "/b"),
        engagement(110, "/a", Some(5), None),
        engagement(120, "/c", Some(7), None),
        engagement(130, "", Some(9), Some(100)),
    ];
    check(told_late, &[(Some(5), None), (Some(9), Some(100))]);
}

#[test]
fn pages_origin_and_people() {
    let mut hits = vec![
        event(0, false),
        tagged(1, "first", ""),
        page_view(2, "/exit"),
    ];
    hits[0].user = text("u1");
    hits[2].role = text("customer");
    let visit = only_visit(hits);
    assert_eq!(visit.origin.campaign_source, text("first"));
    assert_eq!(
        (visit.entry_page, visit.exit_page),
        (text("/"), text("/exit"))
    );
    assert_eq!((visit.user, visit.role), (text("u1"), text("customer")));
}

#[test]
fn each_client_field_is_of_the_first_hit_that_tells() {
    let mut hits = vec![page_view(0, "/"), page_view(1, "/"), page_view(2, "/")];
    let client = |country: &str, screen: &str| {
        Arc::new(Client {
            country: text(country),
            screen: text(screen),
            ..Client::default()
        })
    };
    hits[0].client = client("FR", "");
    hits[1].client = client("BE", "1x1");
    hits[2].client = client("BE", "2x2");
    assert_eq!(*only_visit(hits).client, *client("FR", "1x1"));
}
