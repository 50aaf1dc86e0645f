//! Goals and conversions.

use super::{Case, ask, case, hit, is};
use crate::Dimension::{self, Country, EventCategory, Page, ProductSku};
use crate::Measure::*;
use crate::conformance::draft::{Draft, product};
use crate::{Filter, Goal, Question};

fn goal(name: &str, filter: Filter, once_per_visit: bool) -> Goal {
    Goal {
        name: name.into(),
        filter,
        once_per_visit,
    }
}

pub(super) fn cases() -> Vec<Case> {
    let view = Draft::page_view;
    let with = |goals: Vec<Goal>, question: Question| Question { goals, ..question };
    let seen = || vec![goal("seen", is(Page, &["/a"]), false)];
    let once = || vec![goal("seen", is(Page, &["/a"]), true)];
    let two = || {
        vec![
            goal("seen", is(Page, &["/a"]), false),
            goal("any", Filter::And(vec![]), true),
        ]
    };
    let twice = || {
        [
            view(0, 1, "/a"),
            view(1, 1, "/a"),
            view(2, 1, "/b"),
            view(0, 2, "/b"),
        ]
    };
    vec![
        case("every match counts, or the first of a visit", twice())
            .expect(
                with(seen(), ask(&[Conversions, ConvertedVisits], &[])),
                &[(&[], &[2, 1])],
            )
            .expect(
                with(once(), ask(&[Conversions, ConvertedVisits], &[])),
                &[(&[], &[1, 1])],
            )
            .expect(
                with(
                    once(),
                    ask(&[Conversions, ConvertedVisits], &[]).within(1, 9),
                ),
                &[],
            )
            .expect(with(vec![], ask(&[Conversions, ConvertedVisits], &[])), &[]),
        case(
            "a hit that meets two goals is one conversion, listed under both",
            twice(),
        )
        .expect(
            with(two(), ask(&[Conversions, ConvertedVisits], &[])),
            &[(&[], &[3, 2])],
        )
        .expect(
            with(
                two(),
                ask(&[Conversions, ConvertedVisits, Visits], &[Dimension::Goal]),
            ),
            &[(&["seen"], &[2, 1, 1]), (&["any"], &[2, 2, 2])],
        ),
        case(
            "a goal matches events, orders or page views, as it speaks",
            [
                view(0, 1, "/a").country("FR"),
                Draft::event(1, 1, "video", "play").at("/a"),
                Draft::purchase(2, 1, "o", vec![product("Ball", "1", "1")]).at("/a"),
            ],
        )
        .expect(
            with(
                vec![
                    goal("view", is(Page, &["/a"]), false),
                    goal(
                        "event",
                        Filter::And(vec![is(Page, &["/a"]), is(EventCategory, &["video"])]),
                        false,
                    ),
                    goal(
                        "order",
                        Filter::And(vec![is(Page, &["/a"]), is(ProductSku, &["Ball"])]),
                        false,
                    ),
                    goal(
                        "never",
                        Filter::And(vec![
                            is(EventCategory, &["video"]),
                            is(ProductSku, &["Ball"]),
                        ]),
                        false,
                    ),
                ],
                ask(&[Conversions], &[Dimension::Goal, Country]),
            ),
            &[
                (&["view", "FR"], &[1]),
                (&["event", "FR"], &[1]),
                (&["order", "FR"], &[1]),
            ],
        ),
        case("visits can be filtered by the goals they met", twice())
            .expect(
                with(
                    seen(),
                    ask(&[Visits, PageViews], &[]).only(is(Dimension::Goal, &["seen"])),
                ),
                &[(&[], &[1, 3])],
            )
            .expect(
                with(
                    seen(),
                    ask(&[Visits, PageViews], &[]).only(hit(is(Dimension::Goal, &["seen"]))),
                ),
                &[(&[], &[1, 2])],
            ),
        case(
            "the first match is the visit's, whatever a filter takes out",
            [view(0, 1, "/a").titled("A"), view(1, 1, "/a").titled("B")],
        )
        .expect(
            with(
                once(),
                ask(&[Conversions, PageViews], &[]).only(hit(is(Dimension::PageTitle, &["B"]))),
            ),
            &[(&[], &[0, 1])],
        ),
    ]
}
