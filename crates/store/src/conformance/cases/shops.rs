//! Shops: refunds, customers, carts, converted money and names, each trap by its name.

use afsa_model::{
    DAY, Decimal, ExchangeRates, Exclusion, HitKind, OrderState, Product, ProductAction,
    QUOTE_SCALE, text,
};

use super::{Case, ONE, ask, case, hit, is};
use crate::Dimension::{
    self, BuyerType, Country, Coupon, Customer, OrderId, Page, ProductSku, PurchaseDays,
    PurchaseVisits,
};
use crate::Measure::*;
use crate::conformance::draft::{Draft, product};
use crate::{Question, Traffic};

const DAYS: i64 = 24 * 60;

fn order(minute: i64, number: u64, id: &str, revenue: &str) -> Draft {
    Draft::purchase(minute, number, id, vec![]).revenue(revenue)
}

/// A refund of an amount (none, if it is empty) and of these products.
fn refund(minute: i64, id: &str, amount: &str, products: Vec<Product>) -> Draft {
    let (amount, mut products) = (amount.parse().ok(), products);
    Draft::refund(minute, 0, id).hit(|hit| {
        if let HitKind::Refund(refund) = &mut hit.kind {
            refund.order.revenue = amount;
            refund.products.append(&mut products);
        }
    })
}

fn cart(minute: i64, number: u64, action: ProductAction, quantity: i32) -> Draft {
    Draft::products(minute, number, action, &["Ball"]).product_hit(|hit| {
        for product in &mut hit.products {
            product.quantity = Some(Decimal::from(quantity));
        }
    })
}

pub(super) fn cases() -> Vec<Case> {
    [refunds(), money(), customers(), carts(), names()].concat()
}

fn refunds() -> Vec<Case> {
    let cents = ONE / 100;
    vec![
        case(
            "a partial refund of 16.13, then a full one, of an order of 33.83 gives back 33.83",
            [
                order(0, 1, "o", "33.83"),
                refund(9, "o", "16.13", vec![]),
                refund(99, "o", "", vec![]),
            ],
        )
        .expect(
            ask(&[RefundAmount, Refunds, Revenue], &[]),
            &[(&[], &[3_383 * cents, 2, 3_383 * cents])],
        ),
        case(
            "a refund is dated on its own day and leaves revenue untouched",
            [order(0, 1, "o", "10"), refund(3 * DAYS, "o", "4", vec![])],
        )
        .expect(
            ask(&[Revenue, RefundAmount, Orders], &[]).within(0, 60),
            &[(&[], &[10 * ONE, 0, 1])],
        )
        .expect(
            ask(&[Revenue, RefundAmount, Refunds, Orders], &[]).within(3 * DAYS - 60, 4 * DAYS),
            &[(&[], &[0, 4 * ONE, 1, 0])],
        ),
        case(
            "a refund that adds nothing is none, whatever the order of arrival",
            [
                refund(9, "o", "", vec![]),
                refund(8, "o", "", vec![]),
                refund(7, "unknown", "", vec![]),
                order(0, 1, "o", "10"),
                order(0, 1, "free", "0"),
                refund(5, "free", "", vec![]),
            ],
        )
        .expect(
            ask(&[Orders, Refunds, RefundAmount], &[OrderId]),
            &[(&["o"], &[1, 1, 10 * ONE]), (&["free"], &[1, 0, 0])],
        ),
        case(
            "five orders of 20, one of them refunded, leave 80",
            (0..5)
                .map(|number| {
                    let id = format!("o{number}");
                    let bought = vec![product("Ball", "20", "1")];
                    Draft::purchase(number, 1, &id, bought).at("/thanks").country("FR")
                })
                .chain([refund(60, "o2", "", vec![])]),
        )
        .expect(
            ask(&[Orders, Revenue, RefundAmount], &[]),
            &[(&[], &[5, 100 * ONE, 20 * ONE])],
        )
        .expect(
            ask(&[Revenue, RefundAmount], &[ProductSku]),
            &[(&["Ball"], &[100 * ONE, 20 * ONE])],
        )
        .expect(
            ask(&[Revenue, RefundAmount], &[Country]),
            &[(&["FR"], &[100 * ONE, 20 * ONE])],
        )
        .expect(
            ask(&[LifetimeValue, Buyers, RepeatBuyers, NewBuyers], &[]),
            &[(&[], &[80 * ONE, 1, 1, 1])],
        ),
        case(
            "a refund belongs to its order's visit, coupon and page, and its rows to their products",
            [
                Draft::page_view(0, 1, "/a").country("FR"),
                Draft::purchase(
                    1,
                    1,
                    "o",
                    vec![product("Ball", "2", "5"), product("Kite", "30", "1")],
                )
                .at("/thanks")
                .order(|order| order.coupon = text("TEN")),
                refund(600, "o", "", vec![product("Ball", "", "2")]),
            ],
        )
        .expect(
            ask(&[RefundAmount, Refunds], &[Country, Coupon]),
            &[(&["FR", "TEN"], &[4 * ONE, 1])],
        )
        .expect(
            ask(&[RefundedUnits, ProductRefundAmount, Units], &[ProductSku]),
            &[(&["Ball"], &[2 * ONE, 4 * ONE, 5 * ONE]), (&["Kite"], &[0, 0, ONE])],
        )
        .expect(
            ask(&[RefundAmount], &[]).only(hit(is(Page, &["/thanks"]))),
            &[(&[], &[4 * ONE])],
        )
        .expect(
            ask(&[RefundAmount], &[]).only(hit(is(Page, &["/a"]))),
            &[(&[], &[0])],
        )
        .expect(
            ask(&[RefundAmount, Visits], &[]).only(is(ProductSku, &["Kite"])),
            &[(&[], &[4 * ONE, 1])],
        ),
        case(
            "a pending order counts until it is cancelled, and then nothing of it does",
            [
                Draft::page_view(0, 1, "/"),
                order(1, 1, "o", "10").order(|order| order.state = Some(OrderState::Pending)),
                refund(5, "o", "3", vec![]),
                order(2, 1, "p", "7").order(|order| order.state = Some(OrderState::Pending)),
                Draft::order_status(2 * DAYS, 1, "o", OrderState::Cancelled),
            ],
        )
        .expect(
            ask(&[Orders, Revenue, RefundAmount, CancelledOrders, Buyers], &[]),
            &[(&[], &[1, 7 * ONE, 0, 1, 1])],
        )
        .expect(
            ask(&[CancelledOrders, Orders], &[OrderId]),
            &[(&["o"], &[1, 0]), (&["p"], &[0, 1])],
        ),
        case(
            "the same thank-you page loaded three times is one order",
            (0..3).map(|minute| order(minute * 400, 1, "o", "20").at("/thanks")),
        )
        .expect(
            ask(&[Orders, Revenue, NewBuyers, Visits], &[]),
            &[(&[], &[1, 20 * ONE, 1, 3])],
        ),
    ]
}

fn money() -> Vec<Case> {
    let dollars = |draft: Draft| draft.order(|order| order.currency = text("USD"));
    let yen = |draft: Draft| draft.order(|order| order.currency = text("JPY"));
    let monday = i32::try_from(crate::conformance::draft::MONDAY.0 / DAY).unwrap_or(0);
    let mut rates = ExchangeRates::quoted_in("EUR");
    rates.note("USD", monday, 2 * QUOTE_SCALE);
    rates.note("USD", monday + 2, 4 * QUOTE_SCALE);
    let rates = std::sync::Arc::new(rates);
    let in_euros = move |settings: &mut afsa_model::AccountSettings| {
        settings.rates = rates.clone();
    };
    vec![
        case(
            "money is converted by the rate of the order's day, refunds by the order's",
            [
                dollars(order(60, 1, "a", "10")),
                dollars(order(DAYS + 60, 1, "b", "10")),
                dollars(order(2 * DAYS + 60, 1, "c", "10")),
                refund(3 * DAYS, "a", "4", vec![]),
                order(0, 1, "d", "10"),
            ],
        )
        .settings(in_euros.clone())
        .expect(
            ask(&[Revenue, RefundAmount], &[OrderId]),
            &[
                (&["a"], &[5 * ONE, 2 * ONE]),
                (&["b"], &[5 * ONE, 0]),
                (&["c"], &[5 * ONE / 2, 0]),
                (&["d"], &[10 * ONE, 0]),
            ],
        ),
        case(
            "the day of a rate is a day in the account's zone",
            [
                dollars(order(-60, 1, "a", "10")),
                dollars(order(-180, 1, "b", "10")),
            ],
        )
        .settings(in_euros.clone())
        .settings(|settings| {
            settings.zone = afsa_model::ZoneOffsets([(afsa_model::Timestamp(0), 7_200)].into());
        })
        .expect(
            ask(&[Revenue, Orders], &[OrderId]),
            &[(&["a"], &[5 * ONE, 1]), (&["b"], &[0, 1])],
        ),
        case(
            "an order without a rate counts, and none of its money does",
            [
                yen(Draft::purchase(
                    0,
                    1,
                    "o",
                    vec![product("Ball", "700", "2")],
                )),
                refund(9, "o", "", vec![]),
            ],
        )
        .settings(in_euros)
        .expect(
            ask(
                &[
                    Orders,
                    Units,
                    Revenue,
                    ProductRevenue,
                    Refunds,
                    RefundAmount,
                ],
                &[],
            ),
            &[(&[], &[1, 2 * ONE, 0, 0, 1, 0])],
        ),
        case(
            "taxes, shipping and discounts are as sent, else follow from their parts",
            [
                order(0, 1, "a", "100").order(|order| {
                    order.revenue_tax = "10".parse().ok();
                    order.shipping_tax = "1".parse().ok();
                    order.shipping = "6".parse().ok();
                    order.coupon_value = "3".parse().ok();
                }),
                order(1, 1, "b", "50").order(|order| {
                    order.tax = "8".parse().ok();
                    order.shipping_net = "4".parse().ok();
                }),
            ],
        )
        .expect(
            ask(&[Tax, Shipping, ShippingNet, Discount], &[OrderId]),
            &[
                (&["a"], &[11 * ONE, 6 * ONE, 5 * ONE, 3 * ONE]),
                (&["b"], &[8 * ONE, 4 * ONE, 4 * ONE, 0]),
            ],
        ),
    ]
}

fn customers() -> Vec<Case> {
    vec![
        case(
            "a customer is the user known by then, kept after log-out",
            [
                order(0, 1, "anonymous", "1"),
                Draft::page_view(5, 1, "/account").user("ann"),
                order(9, 1, "logged in", "2"),
                order(3 * DAYS, 1, "logged out", "4"),
                order(2 * DAYS, 2, "elsewhere", "8").user("ann"),
            ],
        )
        .expect(
            ask(&[Orders, LifetimeValue], &[Customer, BuyerType]),
            &[
                (
                    &["visitor:00000000000000010000000000000001", "new"],
                    &[1, ONE],
                ),
                (&["ann", "new"], &[1, 14 * ONE]),
                (&["ann", "repeat"], &[2, 14 * ONE]),
            ],
        )
        .expect(
            ask(&[Buyers, NewBuyers, RepeatBuyers, LifetimeValue], &[]),
            &[(&[], &[2, 2, 1, 15 * ONE])],
        )
        .expect(
            ask(&[Buyers, NewBuyers, RepeatBuyers, LifetimeValue], &[]).within(DAYS, 9 * DAYS),
            &[(&[], &[1, 0, 1, 14 * ONE])],
        ),
        case(
            "who nothing is known of is a customer of each order",
            [order(0, 0, "a", "1"), order(1, 0, "b", "2")],
        )
        .expect(
            ask(&[Buyers, NewBuyers], &[Customer]),
            &[(&["order:a"], &[1, 1]), (&["order:b"], &[1, 1])],
        ),
        case(
            "days and visits to the purchase count from the first known visit",
            [
                Draft::page_view(0, 1, "/").campaign("spring"),
                Draft::page_view(DAYS, 1, "/"),
                order(DAYS + 1, 1, "a", "1"),
                order(9 * DAYS, 1, "b", "1"),
                order(0, 2, "c", "1"),
            ],
        )
        .expect(
            ask(&[Orders], &[OrderId, PurchaseDays, PurchaseVisits]),
            &[
                (&["a", "#1", "#2"], &[1]),
                (&["b", "#9", "#2"], &[1]),
                (&["c", "∅", "∅"], &[1]),
            ],
        )
        .expect(
            ask(
                &[
                    DaysToPurchase,
                    DaysToPurchaseKnown,
                    VisitsToPurchase,
                    VisitsToPurchaseKnown,
                    DaysSinceCampaign,
                    DaysSinceCampaignKnown,
                ],
                &[],
            ),
            &[(
                &[],
                &[
                    i128::from(10 * DAY + 60_000),
                    2,
                    4,
                    2,
                    i128::from(10 * DAY + 60_000),
                    2,
                ],
            )],
        ),
        case(
            "customers of excluded traffic are customers of their own",
            [
                order(0, 1, "own", "100")
                    .user("ann")
                    .excluded(Exclusion::OwnPeople),
                order(1, 2, "a", "1").user("ann"),
            ],
        )
        .expect(
            ask(&[Buyers, NewBuyers, LifetimeValue], &[]),
            &[(&[], &[1, 1, ONE])],
        )
        .expect(
            Question {
                traffic: Traffic::Excluded,
                ..ask(&[Buyers, NewBuyers, LifetimeValue], &[])
            },
            &[(&[], &[1, 1, 100 * ONE])],
        ),
    ]
}

fn carts() -> Vec<Case> {
    use ProductAction::{Add, Checkout, Remove};
    let all = || {
        ask(
            &[
                Carts,
                AbandonedCarts,
                CheckoutVisits,
                AbandonedCheckouts,
                Visits,
            ],
            &[],
        )
    };
    vec![
        case(
            "an emptied cart is not abandoned, and a cart that was never filled is none",
            [
                cart(0, 1, Add, 2),
                cart(1, 1, Remove, 9),
                cart(0, 2, Add, 2),
                cart(1, 2, Remove, 1),
                cart(0, 3, Remove, 1),
                cart(0, 4, Add, 0),
            ],
        )
        .expect(all(), &[(&[], &[2, 1, 0, 0, 4])]),
        case(
            "an order within the window saves the cart, in whichever visit it is made",
            [
                cart(0, 1, Add, 1),
                order(24 * 60, 1, "in time", "1"),
                cart(0, 2, Add, 1),
                order(24 * 60, 2, "too late", "1").later(1),
                cart(0, 3, Add, 1),
                order(-1, 3, "before", "1"),
                cart(0, 4, Add, 1),
                order(9, 4, "cancelled", "1"),
                Draft::order_status(99, 4, "cancelled", OrderState::Cancelled),
            ],
        )
        .expect(all(), &[(&[], &[4, 3, 0, 0, 4])]),
        case(
            "an order empties the cart, and what is added after it is another",
            [
                cart(0, 1, Add, 1),
                order(1, 1, "o", "1").at("/thanks"),
                cart(2, 1, Add, 1),
                cart(0, 2, Add, 1),
                order(1, 2, "p", "1").at("/thanks"),
            ],
        )
        .expect(all(), &[(&[], &[2, 1, 0, 0, 2])]),
        case(
            "a checkout without an order of its visitor until the window's end is abandoned",
            [
                Draft::products(0, 1, Checkout, &[]),
                Draft::products(0, 2, Checkout, &[]),
                order(5, 2, "o", "1"),
                order(-5, 3, "p", "1").at("/thanks"),
                Draft::products(0, 3, Checkout, &[]),
            ],
        )
        .expect(all(), &[(&[], &[0, 0, 3, 2, 3])]),
        case(
            "robots' orders save nobody's cart",
            [
                cart(0, 1, Add, 1),
                order(1, 1, "o", "1")
                    .at("/thanks")
                    .excluded(Exclusion::Robot),
            ],
        )
        .expect(all(), &[(&[], &[1, 1, 0, 0, 1])]),
    ]
}

fn names() -> Vec<Case> {
    let named = |id: &str, name: &str| Product {
        id: text(id),
        ..product(name, "2", "1")
    };
    let bought = |minute: i64, id: &str, row: Product| Draft::purchase(minute, 1, id, vec![row]);
    let in_category = |category: &str| Product {
        category: text(category),
        ..product("Ball", "1", "1")
    };
    vec![
        case(
            "a product is shown by its latest name",
            [
                bought(50, "b", named("7", "New ball")),
                bought(0, "a", named("7", "Old ball")),
                bought(1, "c", named("7", "")),
                bought(2, "d", named("8", "")),
            ],
        )
        .expect(
            ask(
                &[Units, Orders],
                &[Dimension::ProductSku, Dimension::Product],
            ),
            &[
                (&["7", "New ball"], &[3 * ONE, 3]),
                (&["8", "8"], &[ONE, 1]),
            ],
        )
        .expect(
            ask(&[Units], &[]).only(is(Dimension::Product, &["Old ball"])),
            &[(&[], &[0])],
        )
        .expect(
            ask(&[Orders], &[])
                .only(is(Dimension::Product, &["New ball"]))
                .within(0, 1),
            &[(&[], &[1])],
        ),
        case(
            "a category's empty levels are skipped",
            [Draft::purchase(
                0,
                1,
                "o",
                vec![
                    in_category("/Toys//Balls/"),
                    in_category("//"),
                    in_category("Home"),
                ],
            )],
        )
        .expect(
            ask(
                &[Units],
                &[Dimension::CategoryLevel(1), Dimension::CategoryLevel(2)],
            ),
            &[
                (&["Toys", "Balls"], &[ONE]),
                (&["∅", "∅"], &[ONE]),
                (&["Home", "∅"], &[ONE]),
            ],
        ),
    ]
}
