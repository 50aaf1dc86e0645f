//! Orders: which count, when, where and with how much.

use afsa_model::{HOUR, OrderState, Product, text};

use super::{Case, ONE, ask, case, hit, is};
use crate::Dimension::{self, Country, Coupon, Currency, OrderId, Page, ProductSku};
use crate::Measure::*;
use crate::conformance::draft::{Draft, product};

pub(super) fn cases() -> Vec<Case> {
    let view = Draft::page_view;
    let bare = |minute: i64, number: u64, id: &str| Draft::purchase(minute, number, id, vec![]);
    vec![
        case(
            "two frisbees and five balls",
            [Draft::purchase(
                0,
                1,
                "o",
                vec![product("Frisbee", "3", "2"), product("Ball", "1.5", "5")],
            )
            .at("/thanks")],
        )
        .expect(
            ask(
                &[Orders, Units, ProductsSold, Revenue, ProductRevenue, Visits],
                &[],
            ),
            &[(&[], &[1, 7 * ONE, 2, 27 * ONE / 2, 27 * ONE / 2, 1])],
        ),
        case(
            "one product in two rows is one product sold",
            [Draft::purchase(
                0,
                1,
                "o",
                vec![
                    Product {
                        variant: text("red"),
                        ..product("Ball", "1", "1")
                    },
                    Product {
                        variant: text("blue"),
                        ..product("Ball", "1", "1")
                    },
                ],
            )],
        )
        .expect(ask(&[ProductsSold, Units], &[]), &[(&[], &[1, 2 * ONE])])
        .expect(
            ask(&[ProductsSold], &[Dimension::Variant]),
            &[(&["blue"], &[1]), (&["red"], &[1])],
        ),
        case(
            "a missing quantity is 1, a missing price 0, a missing total the rows'",
            [Draft::purchase(
                0,
                1,
                "o",
                vec![
                    Product {
                        quantity: None,
                        ..product("Ball", "2.25", "")
                    },
                    Product {
                        price: None,
                        ..product("Frisbee", "", "4")
                    },
                ],
            )],
        )
        .expect(
            ask(&[Revenue, Units], &[]),
            &[(&[], &[9 * ONE / 4, 5 * ONE])],
        ),
        case(
            "the earliest purchase of an id counts, its rows alone",
            [
                Draft::purchase(50, 1, "o", vec![product("Ball", "9", "9")])
                    .revenue("99")
                    .at("/t"),
                Draft::purchase(0, 1, "o", vec![product("Frisbee", "1", "1")])
                    .revenue("10")
                    .at("/t"),
            ],
        )
        .expect(
            ask(&[Orders, Revenue, Units, OrderedVisits, Visits], &[]),
            &[(&[], &[1, 10 * ONE, ONE, 1, 2])],
        )
        .expect(ask(&[Units], &[ProductSku]), &[(&["Frisbee"], &[ONE])]),
        case(
            "a repeated purchase prolongs the visit",
            [
                view(0, 1, "/"),
                bare(20, 1, "o").at("/t"),
                bare(40, 1, "o").at("/t"),
                view(65, 1, "/"),
            ],
        )
        .expect(ask(&[Visits, Orders], &[]), &[(&[], &[1, 1])]),
        case(
            "an order without a location belongs to the latest visit within the window",
            [
                view(0, 1, "/").country("FR"),
                bare(24 * 60, 1, "just in time"),
                view(0, 2, "/").country("DE"),
                bare(24 * 60, 2, "too late").later(1),
                bare(-1, 1, "too early"),
            ],
        )
        .expect(
            ask(&[Orders], &[Country, OrderId]),
            &[
                (&["FR", "just in time"], &[1]),
                (&["∅", "too late"], &[1]),
                (&["∅", "too early"], &[1]),
            ],
        )
        .expect(ask(&[OrderedVisits], &[Country]), &[(&["FR"], &[1])]),
        case(
            "the open visit goes before the window",
            [view(0, 1, "/"), bare(20, 1, "o")],
        )
        .settings(|settings| settings.order_window = 0)
        .expect(ask(&[OrderedVisits], &[]), &[(&[], &[1])]),
        case(
            "the window is the account's",
            [view(0, 1, "/"), bare(60, 1, "a"), bare(61, 1, "b")],
        )
        .settings(|settings| settings.order_window = HOUR)
        .expect(ask(&[Orders], &[Page]), &[(&["/"], &[1]), (&["∅"], &[1])]),
        case(
            "a cancelled order is in no figure, but can be asked for",
            [
                view(0, 1, "/a"),
                Draft::purchase(1, 1, "o", vec![product("Ball", "1", "1")]).revenue("5"),
                Draft::order_status(90, 1, "o", OrderState::Cancelled),
                view(0, 2, "/a"),
                bare(1, 2, "p").order(|order| order.state = Some(OrderState::Pending)),
            ],
        )
        .expect(
            ask(
                &[Orders, Revenue, Units, OrderedVisits, Bounces, Visits],
                &[],
            ),
            &[(&[], &[1, 0, 0, 1, 1, 2])],
        )
        .expect(
            ask(&[Orders, Visits], &[Dimension::OrderState]),
            &[(&["cancelled"], &[0, 1]), (&["pending"], &[1, 1])],
        )
        .expect(
            ask(&[Visits, Orders], &[]).only(is(Dimension::OrderState, &["cancelled"])),
            &[(&[], &[1, 0])],
        )
        .expect(
            ask(&[Visits, PageViews], &[]).only(hit(is(Dimension::OrderState, &["cancelled"]))),
            &[(&[], &[1, 0])],
        ),
        case(
            "the state is the latest told, also if it was told before the purchase came",
            [
                Draft::order_status(10, 1, "o", OrderState::Cancelled),
                bare(0, 1, "o"),
                Draft::order_status(20, 1, "o", OrderState::Completed),
            ],
        )
        .expect(
            ask(&[Orders], &[Dimension::OrderState]),
            &[(&["completed"], &[1])],
        ),
        case(
            "revenue by product is the whole orders', product revenue the rows'",
            [
                Draft::purchase(
                    0,
                    1,
                    "o1",
                    vec![product("Ball", "10", "2"), product("Frisbee", "5", "1")],
                )
                .revenue("30"),
                Draft::purchase(1, 1, "o2", vec![product("Ball", "10", "1")]).revenue("12"),
            ],
        )
        .expect(
            ask(&[Revenue, ProductRevenue, Orders], &[ProductSku]),
            &[
                (&["Ball"], &[42 * ONE, 30 * ONE, 2]),
                (&["Frisbee"], &[30 * ONE, 5 * ONE, 1]),
            ],
        )
        .expect(
            ask(&[Revenue, ProductRevenue], &[]),
            &[(&[], &[42 * ONE, 35 * ONE])],
        ),
        case(
            "revenue by page is of the visits that viewed it",
            [
                view(0, 1, "/a"),
                view(1, 1, "/b"),
                bare(2, 1, "o").revenue("10").at("/thanks"),
            ],
        )
        .expect(
            ask(&[Revenue, OrderedVisits], &[Page]),
            &[(&["/a"], &[10 * ONE, 1]), (&["/b"], &[10 * ONE, 1])],
        ),
        case(
            "money without a rate is left out, the order is not",
            [
                Draft::purchase(0, 1, "o", vec![product("Ball", "3", "2")])
                    .order(|order| order.currency = text("USD")),
                Draft::purchase(0, 1, "p", vec![product("Ball", "3", "2")])
                    .order(|order| order.currency = text("EUR")),
            ],
        )
        .expect(
            ask(&[Orders, Revenue, Units, ProductRevenue], &[Currency]),
            &[
                (&["USD"], &[1, 0, 2 * ONE, 0]),
                (&["EUR"], &[1, 6 * ONE, 2 * ONE, 6 * ONE]),
            ],
        ),
        case(
            "an order has its own coupon and its rows', a row its own, else the order's",
            [
                Draft::purchase(
                    0,
                    1,
                    "o",
                    vec![
                        Product {
                            coupon: text("TEN"),
                            ..product("Ball", "1", "2")
                        },
                        product("Frisbee", "1", "3"),
                    ],
                )
                .order(|order| order.coupon = text("VIP")),
                bare(0, 1, "p"),
            ],
        )
        .expect(
            ask(&[Orders, Units], &[Coupon]),
            &[
                (&["TEN"], &[1, 2 * ONE]),
                (&["VIP"], &[1, 3 * ONE]),
                (&["∅"], &[1, 0]),
            ],
        )
        .expect(
            ask(&[Orders], &[]).only(is(Coupon, &["TEN"])),
            &[(&[], &[1])],
        ),
        case(
            "orders belong to their own moment",
            [view(0, 1, "/"), bare(10, 1, "o").revenue("4")],
        )
        .expect(
            ask(&[Orders, Revenue, OrderedVisits, Visits], &[]).within(5, 20),
            &[(&[], &[1, 4 * ONE, 0, 0])],
        )
        .expect(
            ask(&[Orders, Revenue, OrderedVisits, Visits], &[]).within(0, 5),
            &[(&[], &[0, 0, 1, 1])],
        ),
    ]
}
