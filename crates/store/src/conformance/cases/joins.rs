//! Any metric with any dimension: what meets where.

use super::{Case, ask, case};
use crate::Dimension::{
    Country, Custom, EventAction, EventCategory, HourOfDay, Page, PageTitle, ProductSku,
};
use crate::Measure::*;
use crate::conformance::draft::{Draft, product};

pub(super) fn cases() -> Vec<Case> {
    let view = Draft::page_view;
    vec![
        case(
            "visits by page are those that viewed it, once each; null where none did",
            [
                view(0, 1, "/a"),
                view(1, 1, "/b"),
                view(2, 1, "/a"),
                Draft::event(0, 2, "c", "a").at("/a"),
            ],
        )
        .expect(
            ask(&[Visits, UniquePageViews], &[Page]),
            &[(&["/a"], &[1, 1]), (&["/b"], &[1, 1]), (&["∅"], &[1, 0])],
        )
        .expect(ask(&[UniquePageViews], &[]), &[(&[], &[1])]),
        case(
            "null counts only where nothing else is set, but a thing's own null is its own",
            [
                view(0, 1, "/a").titled("A"),
                view(1, 1, "/b"),
                view(0, 2, "/b"),
            ],
        )
        .expect(
            ask(&[Visits, PageViews], &[PageTitle]),
            &[(&["A"], &[1, 1]), (&["∅"], &[1, 2])],
        )
        .expect(
            ask(&[Visits], &[Page, PageTitle]),
            &[(&["/a", "A"], &[1]), (&["/b", "∅"], &[2])],
        ),
        case(
            "dimensions of one kind meet in one thing, of two kinds in the visit",
            [
                view(0, 1, "/a"),
                view(1, 1, "/b"),
                Draft::event(2, 1, "video", "play"),
                Draft::event(3, 1, "form", "send"),
                Draft::products(4, 1, afsa_model::ProductAction::Detail, &["Ball"]),
            ],
        )
        .expect(
            ask(&[Visits], &[EventCategory, EventAction]),
            &[(&["form", "send"], &[1]), (&["video", "play"], &[1])],
        )
        .expect(
            ask(&[Visits], &[EventCategory, ProductSku]),
            &[(&["form", "Ball"], &[1]), (&["video", "Ball"], &[1])],
        )
        .expect(
            ask(&[DetailViews], &[Page, ProductSku]),
            &[(&["/a", "Ball"], &[1]), (&["/b", "Ball"], &[1])],
        ),
        case(
            "with an event dimension beside, page and dimension meet in the event",
            [
                view(0, 1, "/a").custom(1, "of the view"),
                view(1, 1, "/b"),
                Draft::event(2, 1, "video", "play")
                    .at("/a")
                    .custom(1, "of the event"),
            ],
        )
        .expect(
            ask(&[Visits, PageViews], &[Page, EventCategory]),
            &[(&["/a", "video"], &[1, 1]), (&["/b", "video"], &[0, 1])],
        )
        .expect(
            ask(&[Visits, Events], &[Custom(1), EventCategory]),
            &[(&["of the event", "video"], &[1, 1])],
        ),
        case(
            "a dimension of the site's own is joined by any hit, beside a page by page views",
            [
                view(0, 1, "/a"),
                Draft::event(1, 1, "c", "a").custom(1, "x"),
            ],
        )
        .expect(
            ask(&[Visits, PageViews, Events], &[Custom(1)]),
            &[(&["x"], &[1, 0, 1]), (&["∅"], &[0, 1, 0])],
        )
        .expect(ask(&[Visits], &[Page, Custom(1)]), &[(&["/a", "∅"], &[1])]),
        case(
            "events go by what they carry themselves",
            [
                view(0, 1, "/a"),
                Draft::event(1, 1, "c", "a").at("/b"),
                Draft::event(2, 1, "c", "b"),
            ],
        )
        .expect(ask(&[Events], &[Page]), &[(&["/b"], &[1]), (&["∅"], &[1])]),
        case(
            "time is the counted thing's own",
            [
                view(50, 1, "/a"),
                view(70, 1, "/b"),
                Draft::purchase(130, 1, "o", vec![]),
            ],
        )
        .expect(
            ask(&[Visits, PageViews, Orders], &[HourOfDay]),
            &[
                (&["#0"], &[1, 1, 0]),
                (&["#1"], &[0, 1, 0]),
                (&["#2"], &[0, 0, 1]),
            ],
        ),
        case(
            "things of no visit stand alone",
            [
                view(0, 0, "/a").country("FR").custom(1, "x"),
                Draft::event(0, 0, "c", "a"),
                Draft::purchase(0, 0, "o", vec![product("Ball", "2", "1")]).at("/a"),
            ],
        )
        .expect(
            ask(&[Visits, Visitors, PageViews, Events, Orders, Entries], &[]),
            &[(&[], &[0, 0, 1, 1, 1, 0])],
        )
        .expect(
            ask(&[PageViews, Events, Orders], &[Page, Country]),
            &[(&["/a", "∅"], &[1, 0, 0]), (&["∅", "∅"], &[0, 1, 1])],
        )
        .expect(
            ask(&[Orders, PageViews], &[EventCategory]),
            &[(&["∅"], &[1, 1])],
        ),
    ]
}
