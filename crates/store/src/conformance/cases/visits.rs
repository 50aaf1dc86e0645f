//! Where visits begin and end, and what is said of them.

use afsa_model::{
    Decimal, Engagement, Exclusion, HOUR, HitKind, MINUTE, ProductAction, TimingOrException,
    ZoneOffsets,
};

use super::{Case, ask, case, minute};
use crate::conformance::draft::{Draft, product};
use crate::{Dimension::*, Measure::*, Question, Traffic};

fn timing(minute: i64, number: u64) -> Draft {
    let timing = TimingOrException {
        value: Some(Decimal::ONE),
        ..TimingOrException::default()
    };
    Draft::new(minute, number, HitKind::Timing(Box::new(timing)))
}

pub(super) fn cases() -> Vec<Case> {
    let view = Draft::page_view;
    vec![
        case("nothing at all", []).expect(ask(&[Visits, Visitors, Revenue], &[]), &[]),
        case(
            "a gap of exactly the timeout continues",
            [
                view(0, 1, "/"),
                view(30, 1, "/"),
                view(0, 2, "/"),
                view(30, 2, "/").later(1),
            ],
        )
        .expect(
            ask(&[Visits, Visitors, Bounces, VisitDuration], &[]),
            &[(&[], &[3, 2, 2, i128::from(30 * MINUTE)])],
        ),
        case(
            "another campaign begins a visit, none and the same don't",
            [
                view(0, 1, "/"),
                view(1, 1, "/").campaign("a"),
                view(2, 1, "/").campaign("a"),
                view(3, 1, "/"),
                view(4, 1, "/").campaign("b"),
            ],
        )
        .expect(
            ask(&[Visits, PageViews, Visitors], &[Campaign]),
            &[
                (&["∅"], &[1, 1, 1]),
                (&["a"], &[1, 3, 1]),
                (&["b"], &[1, 1, 1]),
            ],
        )
        .expect(ask(&[Visits, Visitors], &[]), &[(&[], &[3, 1])]),
        case(
            "midnight doesn't end a visit",
            [view(-5, 1, "/"), view(5, 1, "/")],
        )
        .expect(ask(&[Visits], &[DayOfWeek]), &[(&["#7"], &[1])])
        .expect(
            ask(&[PageViews], &[DayOfWeek]),
            &[(&["#7"], &[1]), (&["#1"], &[1])],
        ),
        case(
            "a visit lasts 24 hours at most",
            (0..=6)
                .map(|part| view(part * 240, 1, "/"))
                .chain([view(1_441, 1, "/")]),
        )
        .settings(|settings| settings.visit_timeout = 4 * HOUR)
        .expect(
            ask(&[Visits, Bounces, PageViews], &[]),
            &[(&[], &[2, 1, 8])],
        ),
        case(
            "timing and engagement prolong a visit and open none",
            [
                Draft::event(0, 1, "c", "a"),
                timing(20, 1),
                view(45, 1, "/"),
                timing(0, 2),
                view(10, 2, "/"),
            ],
        )
        .expect(
            ask(&[Visits, VisitDuration], &[]),
            &[(&[], &[2, i128::from(45 * MINUTE)])],
        )
        .expect(ask(&[Visits], &[]).within(5, 15), &[(&[], &[1])]),
        case(
            "a refund and a server's purchase prolong nothing",
            [
                view(0, 1, "/"),
                Draft::purchase(20, 1, "o", vec![]),
                Draft::refund(21, 1, "o"),
                view(40, 1, "/"),
            ],
        )
        .expect(
            ask(&[Visits, VisitDuration, OrderedVisits], &[]),
            &[(&[], &[2, 0, 1])],
        ),
        case(
            "a bounce has one interactive hit, no cart change, no order",
            [
                view(0, 1, "/"),
                view(0, 2, "/"),
                Draft::event(1, 2, "c", "a"),
                view(0, 3, "/"),
                Draft::event(1, 3, "c", "a").hit(|hit| {
                    if let HitKind::Event(event) = &mut hit.kind {
                        event.non_interaction = true;
                    }
                }),
                view(0, 4, "/"),
                Draft::products(1, 4, ProductAction::Add, &["Ball"]),
                view(0, 5, "/"),
                Draft::purchase(1, 5, "o5", vec![product("Ball", "1", "1")]),
                view(0, 6, "/"),
                Draft::purchase(1, 6, "o6", vec![])
                    .order(|order| order.state = Some(afsa_model::OrderState::Cancelled)),
            ],
        )
        .expect(ask(&[Visits, Bounces], &[]), &[(&[], &[6, 3])]),
        case(
            "time on page is what was told, else until the next page view",
            [
                view(0, 1, "/a"),
                Draft::engagement(1, 1, 10, 50).at("/a"),
                Draft::engagement(1, 1, 5, 80).at("/a"),
                view(2, 1, "/b"),
                view(5, 1, "/c"),
                Draft::new(
                    6,
                    1,
                    HitKind::Engagement(Engagement {
                        visible: None,
                        scroll_depth: Some(0),
                    }),
                ),
            ],
        )
        .expect(
            ask(
                &[
                    TimeOnPage,
                    TimeOnPageKnown,
                    ScrollDepth,
                    ScrollDepthKnown,
                    PageViews,
                ],
                &[Page],
            ),
            &[
                (&["/a"], &[15_000, 1, 80, 1, 1]),
                (&["/b"], &[180_000, 1, 0, 0, 1]),
                (&["/c"], &[0, 0, 0, 1, 1]),
            ],
        ),
        case(
            "a visit belongs to its start, the rest to its own moment",
            [
                view(0, 1, "/a"),
                view(10, 1, "/b"),
                Draft::event(11, 1, "c", "a"),
            ],
        )
        .expect(
            ask(
                &[
                    Visits,
                    Visitors,
                    Entries,
                    Exits,
                    UniquePageViews,
                    PageViews,
                    Events,
                ],
                &[],
            )
            .within(5, 60),
            &[(&[], &[0, 0, 0, 0, 0, 1, 1])],
        )
        .expect(
            ask(&[Visits, Exits, PageViews], &[Page]).within(0, 5),
            &[(&["/a"], &[1, 0, 1]), (&["/b"], &[1, 1, 0])],
        ),
        case(
            "visits are numbered for ever, whatever the period",
            [
                view(0, 1, "/"),
                view(100, 1, "/"),
                view(200, 1, "/"),
                view(100, 2, "/"),
            ],
        )
        .expect(
            ask(&[Visits, Visitors, NewVisitors], &[VisitorType]).within(50, 300),
            &[(&["new"], &[1, 1, 1]), (&["returning"], &[2, 1, 0])],
        )
        .expect(
            ask(&[Visits], &[VisitNumber]),
            &[(&["#1"], &[2]), (&["#2"], &[1]), (&["#3"], &[1])],
        ),
        case(
            "a late hit renumbers",
            [view(100, 1, "/"), view(50, 1, "/"), view(0, 1, "/")],
        )
        .expect(
            ask(&[Visits], &[VisitNumber]).within(100, 101),
            &[(&["#3"], &[1])],
        ),
        case(
            "days since the last visit are whole, from start to start, of visits of the same kind",
            [
                view(0, 1, "/"),
                view(10, 1, "/"),
                view(24 * 60, 1, "/").later(-1),
                view(24 * 60 + 50, 1, "/").excluded(Exclusion::Robot),
                view(2 * 24 * 60, 1, "/").later(-1),
                view(7 * 24 * 60, 1, "/"),
                view(5, 2, "/"),
            ],
        )
        .expect(
            ask(&[Visits, Visitors], &[DaysSinceLastVisit]),
            &[
                (&["∅"], &[2, 2]),
                (&["#0"], &[1, 1]),
                (&["#1"], &[1, 1]),
                (&["#5"], &[1, 1]),
            ],
        )
        .expect(
            ask(&[Visits], &[DaysSinceLastVisit]).within(2 * 24 * 60, 8 * 24 * 60),
            &[(&["#5"], &[1])],
        )
        .expect(
            Question {
                traffic: Traffic::Excluded,
                ..ask(&[Visits], &[DaysSinceLastVisit])
            },
            &[(&["∅"], &[1])],
        ),
        case(
            "a late hit and an import change how long ago the last visit was",
            [
                view(10 * 24 * 60, 1, "/"),
                view(7 * 24 * 60, 1, "/"),
                view(3 * 24 * 60, 1, "/"),
            ],
        )
        .imported([view(5 * 24 * 60, 1, "/"), view(1, 2, "/")])
        .expect(
            ask(&[Visits], &[DaysSinceLastVisit]),
            &[(&["∅"], &[2]), (&["#2"], &[2]), (&["#3"], &[1])],
        ),
        case(
            "excluded visits are told apart and numbered apart",
            [
                view(0, 1, "/").excluded(Exclusion::Robot),
                view(100, 1, "/"),
                view(101, 1, "/").excluded(Exclusion::OwnPeople),
            ],
        )
        .expect(
            ask(&[Visits, NewVisitors, PageViews], &[]),
            &[(&[], &[1, 1, 1])],
        )
        .expect(
            Question {
                traffic: Traffic::Excluded,
                ..ask(&[Visits, PageViews], &[VisitNumber])
            },
            &[(&["#1"], &[1, 1]), (&["#2"], &[1, 1])],
        ),
        case(
            "visitors are distinct in every group and never summed",
            [
                view(0, 1, "/a"),
                view(61, 1, "/b"),
                view(0, 2, "/a"),
                view(62, 2, "/a"),
            ],
        )
        .expect(ask(&[Visitors, Visits], &[]), &[(&[], &[2, 4])])
        .expect(
            ask(&[Visitors, Visits], &[Page]),
            &[(&["/a"], &[2, 3]), (&["/b"], &[1, 1])],
        )
        .expect(
            Question {
                time_axes: vec![[minute(0), minute(60)].into()],
                ..ask(&[Visitors], &[Time(0)])
            }
            .within(0, 120),
            &[(&["#0"], &[2]), (&["#1"], &[2])],
        ),
        case("hours and weekdays are the zone's", [view(30, 1, "/")]).expect(
            Question {
                zone: ZoneOffsets([(minute(-60), -3_600), (minute(60), 7_200)].into()),
                ..ask(&[Visits], &[HourOfDay, DayOfWeek])
            },
            &[(&["#23", "#7"], &[1])],
        ),
        case(
            "values of the client are of the first hit that tells, the user of the last",
            [
                view(0, 1, "/").user("u1"),
                view(1, 1, "/").country("FR").user("u2"),
                view(2, 1, "/").country("DE"),
            ],
        )
        .expect(
            ask(&[Visits, PageViews], &[Country, UserId]),
            &[(&["FR", "u2"], &[1, 3])],
        ),
        case(
            "an event id counts once, the first to come",
            [
                view(0, 1, "/a").event_key(9),
                view(0, 1, "/b").event_key(9),
                view(0, 1, "/c").event_key(8),
            ],
        )
        .expect(
            ask(&[PageViews], &[Page]),
            &[(&["/a"], &[1]), (&["/c"], &[1])],
        ),
        case(
            "hits of one instant keep the order in which they came",
            [view(0, 1, "/z"), view(0, 1, "/m"), view(0, 1, "/a")],
        )
        .expect(
            ask(&[Visits], &[EntryPage, ExitPage]),
            &[(&["/z", "/a"], &[1])],
        )
        .expect(
            ask(&[Entries, Exits], &[Page]),
            &[(&["/z"], &[1, 0]), (&["/a"], &[0, 1])],
        ),
    ]
}
