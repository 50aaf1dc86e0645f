//! Product rows and promotions.

use afsa_model::{Product, ProductAction, Promotion, text};

use super::{Case, ask, case, hit, is};
use crate::Dimension::{
    self, Category, CategoryLevel, CheckoutOption, CheckoutStep, ListPosition, ProductList,
    ProductSku,
};
use crate::Measure::*;
use crate::conformance::draft::{Draft, product};

pub(super) fn cases() -> Vec<Case> {
    let rows = |minute: i64, action: ProductAction, products: Vec<Product>| {
        Draft::products(minute, 1, action, &[]).product_hit(|hit| hit.products = products)
    };
    let named = |name: &str, change: fn(&mut Product)| {
        let mut named = product(name, "1", "3");
        change(&mut named);
        named
    };
    vec![
        case(
            "product rows are counted by action, whatever the quantity",
            [
                Draft::products(0, 1, ProductAction::Impression, &["Ball", "Frisbee"]),
                Draft::products(1, 1, ProductAction::Click, &["Ball"]),
                Draft::products(2, 1, ProductAction::Detail, &["Ball"]),
                rows(3, ProductAction::Add, vec![named("Ball", |_| {})]),
                Draft::products(4, 1, ProductAction::Remove, &["Ball"]),
                Draft::products(5, 1, ProductAction::Checkout, &["Frisbee"]),
            ],
        )
        .expect(
            ask(
                &[
                    Impressions,
                    Clicks,
                    DetailViews,
                    CartAdds,
                    CartRemoves,
                    Checkouts,
                ],
                &[ProductSku],
            ),
            &[
                (&["Ball"], &[1, 1, 1, 1, 1, 0]),
                (&["Frisbee"], &[1, 0, 0, 0, 0, 1]),
            ],
        )
        .expect(ask(&[Units, ProductsSold, Orders], &[]), &[]),
        case(
            "a product is shown by its name, its sku is its id, each else the other",
            [rows(
                0,
                ProductAction::Detail,
                vec![
                    named("Ball", |row| row.id = text("p1")),
                    named("Frisbee", |_| {}),
                    named("", |row| {
                        row.name = None;
                        row.id = text("p2");
                    }),
                ],
            )],
        )
        .expect(
            ask(&[DetailViews], &[ProductSku, Dimension::Product]),
            &[
                (&["p1", "Ball"], &[1]),
                (&["Frisbee", "Frisbee"], &[1]),
                (&["p2", "p2"], &[1]),
            ],
        ),
        case(
            "levels of a category skip what is empty",
            [
                rows(
                    0,
                    ProductAction::Detail,
                    vec![named("Ball", |row| {
                        row.category = text("/Toys//Balls/");
                    })],
                ),
                rows(
                    1,
                    ProductAction::Detail,
                    vec![named("Frisbee", |row| row.category = text("Toys"))],
                ),
            ],
        )
        .expect(
            ask(&[DetailViews], &[CategoryLevel(1), CategoryLevel(2)]),
            &[(&["Toys", "Balls"], &[1]), (&["Toys", "∅"], &[1])],
        )
        .expect(ask(&[Visits], &[CategoryLevel(2)]), &[(&["Balls"], &[1])])
        .expect(
            ask(&[DetailViews], &[Category]),
            &[(&["/Toys//Balls/"], &[1]), (&["Toys"], &[1])],
        ),
        case(
            "a row's list is its own, else the action's",
            [rows(
                0,
                ProductAction::Impression,
                vec![
                    named("Ball", |row| {
                        row.list = text("cross");
                        row.position = Some(4);
                    }),
                    named("Frisbee", |_| {}),
                ],
            )
            .product_hit(|hit| hit.list = text("search"))],
        )
        .expect(
            ask(&[Impressions], &[ProductList, ListPosition]),
            &[(&["cross", "#4"], &[1]), (&["search", "∅"], &[1])],
        ),
        case(
            "an action without products is joined and never counted",
            [
                Draft::products(0, 1, ProductAction::Checkout, &[]).product_hit(|hit| {
                    hit.step = Some(2);
                    hit.option = text("card");
                }),
                Draft::products(1, 1, ProductAction::Checkout, &["Ball"])
                    .product_hit(|hit| hit.step = Some(1)),
            ],
        )
        .expect(
            ask(&[Visits, Checkouts], &[CheckoutStep, CheckoutOption]),
            &[(&["#1", "∅"], &[1, 1]), (&["#2", "card"], &[1, 0])],
        )
        .expect(
            ask(&[Visits, Checkouts], &[]).only(hit(is(CheckoutOption, &["card"]))),
            &[(&[], &[1, 0])],
        ),
        case(
            "visits are joined by the products of their orders too",
            [
                Draft::page_view(0, 1, "/"),
                Draft::purchase(1, 1, "o", vec![product("Ball", "1", "1")]),
            ],
        )
        .expect(ask(&[Visits], &[ProductSku]), &[(&["Ball"], &[1])])
        .expect(
            ask(&[Visits], &[]).only(is(ProductSku, &["Ball"])),
            &[(&[], &[1])],
        ),
        case(
            "a promotion is its name, else its id",
            [
                Draft::promotion(0, 1, ProductAction::PromotionView, "Sale"),
                Draft::promotion(1, 1, ProductAction::PromotionClick, "Sale"),
                Draft::promotion(2, 1, ProductAction::PromotionView, "").product_hit(|hit| {
                    hit.promotions = vec![Promotion {
                        id: text("q1"),
                        ..Promotion::default()
                    }];
                }),
            ],
        )
        .expect(
            ask(
                &[PromotionViews, PromotionClicks, Visits],
                &[Dimension::Promotion],
            ),
            &[(&["Sale"], &[1, 1, 1]), (&["q1"], &[1, 0, 1])],
        ),
    ]
}
