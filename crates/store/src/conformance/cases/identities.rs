//! Whose hits are whose.

use afsa_model::VisitorKey;

use super::{Case, ask, case};
use crate::Dimension::{Country, Page};
use crate::Identity;
use crate::Measure::*;
use crate::conformance::draft::{Draft, visitor};

/// So many that a backend that looks at some users at a time looks at others before user 17.
const MANY_USERS: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

/// A cookieless hit: keys of the days before and after the midnight of minute 0.
fn cookieless(minute: i64, page: &str) -> Draft {
    let key = |day: i64| VisitorKey((1_000 + day) as u128);
    let day = minute.div_euclid(24 * 60);
    let identity = Identity::Cookieless {
        today: key(day),
        yesterday: key(day - 1),
    };
    Draft::page_view(minute, 0, page).identity(identity)
}

fn fingerprint(minute: i64, print: u128) -> Draft {
    Draft::page_view(minute, 0, "/").identity(Identity::Fingerprint(print))
}

pub(super) fn cases() -> Vec<Case> {
    let view = Draft::page_view;
    let server = |minute: i64, id: &str| Draft::purchase(minute, 0, id, vec![]);
    vec![
        case(
            "a shop's server finds its buyer",
            [
                view(0, 1, "/a").user("17").country("FR"),
                server(10, "o").by_user("17"),
            ],
        )
        .expect(
            ask(&[Orders, OrderedVisits], &[Country]),
            &[(&["FR"], &[1, 1])],
        ),
        case(
            "also if the buyer's hit comes late",
            [
                server(10, "o").by_user("17"),
                view(0, 1, "/a").user("17").country("FR"),
            ],
        )
        .expect(
            ask(&[Orders, OrderedVisits], &[Country]),
            &[(&["FR"], &[1, 1])],
        ),
        case(
            "who wasn't known yet is one of his own",
            [
                server(-1, "o").by_user("17"),
                view(-1, 0, "/own").by_user("17"),
                view(0, 1, "/a").user("17"),
            ],
        )
        .expect(ask(&[Visits, Visitors], &[]), &[(&[], &[2, 2])])
        .expect(ask(&[Orders], &[Page]), &[(&["/own"], &[1])]),
        case(
            "it is the visitor last known as the user at the time",
            [
                view(0, 1, "/a").user("17"),
                view(10, 2, "/b").user("17"),
                view(20, 1, "/a").user("17"),
                server(5, "o1").by_user("17"),
                server(15, "o2").by_user("17"),
                server(25, "o3").by_user("17"),
                server(26, "o4").by_user("other"),
            ],
        )
        .expect(
            ask(&[Orders], &[Page]),
            &[(&["/a"], &[2]), (&["/b"], &[1]), (&["∅"], &[1])],
        ),
        case(
            "a visitor of many users keeps no order of one who was somebody else by then",
            [],
        )
        .imported(
            MANY_USERS
                .map(|user| server(-5_000, user).by_user(user))
                .into_iter()
                .chain([view(0, 1, "/a").user("17"), server(100, "o").by_user("17")]),
        )
        .imported(
            MANY_USERS
                .map(|user| view(60, 1, "/a").user(user))
                .into_iter()
                .chain([view(50, 2, "/b").user("17")]),
        )
        .expect(
            ask(&[Orders], &[Page]),
            &[(&["/b"], &[1]), (&["∅"], &[MANY_USERS.len() as i128])],
        ),
        case(
            "a change of the user doesn't begin a visit",
            [view(0, 1, "/").user("17"), view(1, 1, "/").user("18")],
        )
        .expect(ask(&[Visits, Visitors], &[]), &[(&[], &[1, 1])]),
        case(
            "a cookieless visit under way at midnight goes on under the old key",
            [
                cookieless(-20, "/"),
                cookieless(10, "/"),
                cookieless(40, "/"),
                cookieless(71, "/"),
                cookieless(100, "/"),
            ],
        )
        .expect(
            ask(&[Visits, Visitors, PageViews], &[]),
            &[(&[], &[2, 2, 5])],
        ),
        case(
            "cookieless days are told apart",
            [cookieless(-60, "/"), cookieless(60, "/")],
        )
        .expect(
            ask(&[Visits, Visitors, NewVisitors], &[]),
            &[(&[], &[2, 2, 2])],
        ),
        case(
            "one key that told a visitor is one visitor on all days",
            [
                view(-60, 1, "/"),
                view(60, 0, "/").identity(Identity::Visitor(visitor(1))),
            ],
        )
        .expect(
            ask(&[Visits, Visitors, NewVisitors], &[]),
            &[(&[], &[2, 1, 1])],
        ),
        case(
            "fingerprints are told apart by day, over midnight while a visit is under way",
            [],
        )
        .imported([
            fingerprint(-20, 5),
            fingerprint(5, 5),
            fingerprint(120, 5),
            fingerprint(240, 5),
            fingerprint(6, 6),
        ])
        .expect(ask(&[Visits, Visitors], &[]), &[(&[], &[4, 3])]),
    ]
}
