//! What filters choose.

use afsa_model::ProductAction;

use super::{Case, ask, case, changed, hit, is, is_not};
use crate::Dimension::{
    Country, Custom, DaysSinceLastVisit, HourOfDay, Page, ProductSku, VisitNumber,
};
use crate::Filter::{And, Not, Or, VisitorHas};
use crate::Measure::*;
use crate::conformance::draft::{Draft, product};
use crate::{Dimension, Filter, Test};

fn number(dimension: Dimension, test: Test) -> Filter {
    changed(is(dimension, &[]), |condition| condition.test = test)
}

fn text(dimension: Dimension, test: fn(Vec<std::sync::Arc<str>>) -> Test, value: &str) -> Filter {
    changed(is(dimension, &[]), |condition| {
        condition.test = test(vec![value.into()])
    })
}

fn ignoring_case(filter: Filter) -> Filter {
    changed(filter, |condition| condition.case_sensitive = false)
}

pub(super) fn cases() -> Vec<Case> {
    let view = Draft::page_view;
    let two_visits = || [view(0, 1, "/a"), view(1, 1, "/b"), view(0, 2, "/b")];
    let page_is_set = || number(Page, Test::IsSet);
    vec![
        case("a condition holds if the visit has one such", two_visits())
            .expect(
                ask(&[Visits, PageViews], &[]).only(is(Page, &["/a"])),
                &[(&[], &[1, 2])],
            )
            .expect(
                ask(&[Visits, PageViews], &[]).only(is_not(Page, &["/a"])),
                &[(&[], &[1, 1])],
            )
            .expect(
                ask(&[Visits], &[]).only(is(Page, &["/a", "/b"])),
                &[(&[], &[2])],
            )
            .expect(
                ask(&[Visits], &[]).only(And(vec![is(Page, &["/a"]), is(Page, &["/b"])])),
                &[(&[], &[1])],
            )
            .expect(ask(&[Visits], &[]).only(And(vec![])), &[(&[], &[2])])
            .expect(ask(&[Visits], &[]).only(Or(vec![])), &[])
            .expect(
                ask(&[Visits], &[]).only(Not(Box::new(Or(vec![])))),
                &[(&[], &[2])],
            ),
        case(
            "scope hit keeps the things themselves",
            [
                view(0, 1, "/a"),
                view(1, 1, "/b"),
                view(2, 1, "/a"),
                view(0, 2, "/c"),
            ],
        )
        .expect(
            ask(&[Visits, PageViews, Entries, Exits, UniquePageViews], &[])
                .only(hit(is(Page, &["/b"]))),
            &[(&[], &[1, 1, 0, 0, 1])],
        )
        .expect(
            ask(&[Visits, PageViews, Entries, Exits, UniquePageViews], &[])
                .only(hit(is_not(Page, &["/b"]))),
            &[(&[], &[2, 3, 2, 2, 2])],
        )
        .expect(
            ask(&[Visits], &[Page]).only(hit(is(Page, &["/b", "/c"]))),
            &[(&["/b"], &[1]), (&["/c"], &[1])],
        )
        .expect(
            ask(&[Visits, PageViews], &[])
                .only(And(vec![hit(is(Page, &["/b"])), is(Page, &["/a"])])),
            &[(&[], &[1, 1])],
        ),
        case(
            "a page view never meets a condition on a product, and meets its negation",
            [
                view(0, 1, "/a"),
                Draft::products(1, 1, ProductAction::Detail, &["Ball", "Frisbee"]),
                view(0, 2, "/a"),
            ],
        )
        .expect(
            ask(&[Visits, PageViews, DetailViews], &[]).only(hit(is(ProductSku, &["Ball"]))),
            &[(&[], &[1, 0, 1])],
        )
        .expect(
            ask(&[Visits, PageViews, DetailViews], &[]).only(hit(is_not(ProductSku, &["Ball"]))),
            &[(&[], &[2, 2, 1])],
        ),
        case(
            "an order is judged by its own page, its rows by themselves",
            [
                view(0, 1, "/a"),
                Draft::purchase(
                    1,
                    1,
                    "o1",
                    vec![product("Ball", "1", "2"), product("Frisbee", "1", "3")],
                )
                .at("/thanks"),
            ],
        )
        .expect(
            ask(&[Visits, PageViews, Orders, OrderedVisits], &[]).only(hit(is(Page, &["/thanks"]))),
            &[(&[], &[1, 0, 1, 1])],
        )
        .expect(
            ask(&[Visits, Orders], &[]).only(is(Page, &["/thanks"])),
            &[],
        )
        .expect(
            ask(&[Orders, Units], &[]).only(hit(is(ProductSku, &["Ball"]))),
            &[(&[], &[1, 2 * super::ONE])],
        )
        .expect(
            ask(&[Orders, Units, OrderedVisits], &[]).only(hit(is_not(ProductSku, &["Ball"]))),
            &[(&[], &[0, 3 * super::ONE, 0])],
        ),
        case(
            "a condition on any hit's dimension",
            [
                view(0, 1, "/a"),
                Draft::engagement(1, 1, 1, 1).custom(1, "x"),
                view(0, 2, "/a").custom(1, "y"),
            ],
        )
        .expect(
            ask(&[Visits, PageViews], &[]).only(is(Custom(1), &["x"])),
            &[(&[], &[1, 1])],
        )
        .expect(ask(&[Visits], &[]).only(hit(is(Custom(1), &["x"]))), &[])
        .expect(
            ask(&[Visits], &[]).only(is_not(Custom(1), &["x"])),
            &[(&[], &[1])],
        ),
        case(
            "null meets only negatives and is_not_set",
            [view(0, 1, "/a").country("FR"), view(0, 2, "/a")],
        )
        .expect(
            ask(&[Visits], &[]).only(is(Country, &["FR"])),
            &[(&[], &[1])],
        )
        .expect(
            ask(&[Visits], &[]).only(is_not(Country, &["DE"])),
            &[(&[], &[2])],
        )
        .expect(
            ask(&[Visits], &[]).only(text(Country, Test::Contains, "")),
            &[(&[], &[1])],
        )
        .expect(
            ask(&[Visits], &[]).only(number(Country, Test::IsSet)),
            &[(&[], &[1])],
        )
        .expect(
            ask(&[Visits], &[]).only(changed(number(Country, Test::IsSet), |set| {
                set.negated = true
            })),
            &[(&[], &[1])],
        ),
        case("tests of text", [view(0, 1, "/Été"), view(0, 2, "/a/b")])
            .expect(
                ask(&[Visits], &[]).only(text(Page, Test::StartsWith, "/a")),
                &[(&[], &[1])],
            )
            .expect(
                ask(&[Visits], &[]).only(text(Page, Test::EndsWith, "É")),
                &[],
            )
            .expect(
                ask(&[Visits], &[]).only(ignoring_case(text(Page, Test::EndsWith, "É"))),
                &[(&[], &[1])],
            )
            .expect(ask(&[Visits], &[]).only(is(Page, &["/été"])), &[])
            .expect(
                ask(&[Visits], &[]).only(ignoring_case(is(Page, &["/éTÉ"]))),
                &[(&[], &[1])],
            )
            .expect(
                ask(&[Visits], &[]).only(text(Page, Test::Matches, "t.$")),
                &[(&[], &[1])],
            )
            .expect(
                ask(&[Visits], &[]).only(text(Page, Test::Matches, "^A|É")),
                &[(&[], &[1])],
            )
            .expect(
                ask(&[Visits], &[]).only(ignoring_case(text(Page, Test::Matches, "^/A"))),
                &[(&[], &[1])],
            )
            .expect(
                ask(&[Visits], &[]).only(number(Page, Test::NumberIs(vec![1]))),
                &[],
            )
            .expect(ask(&[Visits], &[]).only(page_is_set()), &[(&[], &[2])]),
        case(
            "tests of numbers",
            [view(0, 1, "/"), view(60, 1, "/"), view(120, 1, "/")],
        )
        .expect(
            ask(&[Visits], &[]).only(number(
                VisitNumber,
                Test::NumberBetween {
                    least: Some(2.0),
                    most: Some(3.0),
                },
            )),
            &[(&[], &[2])],
        )
        .expect(
            ask(&[Visits], &[]).only(number(
                VisitNumber,
                Test::NumberBeyond {
                    above: Some(2.0),
                    below: None,
                },
            )),
            &[(&[], &[1])],
        )
        .expect(
            ask(&[Visits], &[]).only(number(VisitNumber, Test::NumberIs(vec![1, 3, 9]))),
            &[(&[], &[2])],
        )
        .expect(ask(&[Visits], &[]).only(is(VisitNumber, &["1"])), &[])
        .expect(
            ask(&[Visits], &[]).only(number(
                DaysSinceLastVisit,
                Test::NumberBeyond {
                    above: None,
                    below: Some(0.5),
                },
            )),
            &[(&[], &[2])],
        )
        .expect(
            ask(&[Visits], &[VisitNumber]).only(Filter::Not(Box::new(number(
                DaysSinceLastVisit,
                Test::NumberIs(vec![0]),
            )))),
            &[(&["#1"], &[1])],
        ),
        case(
            "scope visit takes the visit's moment, scope hit each thing's own",
            [view(50, 1, "/"), view(70, 1, "/")],
        )
        .expect(
            ask(&[Visits, PageViews], &[]).only(number(HourOfDay, Test::NumberIs(vec![0]))),
            &[(&[], &[1, 2])],
        )
        .expect(
            ask(&[Visits, PageViews], &[]).only(hit(number(HourOfDay, Test::NumberIs(vec![1])))),
            &[(&[], &[1, 1])],
        ),
        case(
            "visitor_has looks at his visits begun in the period",
            [
                view(0, 1, "/a"),
                view(100, 1, "/b"),
                view(100, 2, "/b"),
                view(300, 2, "/a"),
            ],
        )
        .expect(
            ask(&[Visits, Visitors], &[]).only(VisitorHas(Box::new(is(Page, &["/a"])))),
            &[(&[], &[4, 2])],
        )
        .expect(
            ask(&[Visits, Visitors], &[])
                .within(0, 200)
                .only(VisitorHas(Box::new(is(Page, &["/a"])))),
            &[(&[], &[2, 1])],
        )
        .expect(
            ask(&[Visits], &[])
                .within(0, 200)
                .only(Not(Box::new(VisitorHas(Box::new(hit(is(Page, &["/a"]))))))),
            &[(&[], &[1])],
        ),
        case(
            "things of no visit are judged as if alone in one",
            [view(0, 0, "/a").custom(1, "x"), view(1, 0, "/b")],
        )
        .expect(
            ask(&[PageViews], &[]).only(is(Page, &["/a"])),
            &[(&[], &[1])],
        )
        .expect(
            ask(&[PageViews], &[]).only(is_not(Page, &["/a"])),
            &[(&[], &[1])],
        )
        .expect(
            ask(&[PageViews], &[]).only(is(Custom(1), &["x"])),
            &[(&[], &[1])],
        )
        .expect(
            ask(&[PageViews], &[]).only(VisitorHas(Box::new(And(vec![])))),
            &[],
        ),
    ]
}
