//! What was sold, shown and redeemed.

use afsa_model::{AccountSettings, ProductAction, text};
use afsa_query::Request;
use afsa_store::conformance::draft::{Draft, decimal, product};

use super::shop::{DAY_MINUTES, ask, check, check_report, viewed, week, with};
use super::shown;

#[test]
fn levels_of_categories_skip_what_is_empty() {
    let row = |name: &str, category: &str| {
        with(product(name, "10", "1"), |row| {
            row.category = text(category)
        })
    };
    let rows = vec![
        row("ball", "Toys//Balls/"),
        row("doll", "/Toys"),
        row("pen", "///"),
        product("cup", "10", "1"),
    ];
    let drafts = [Draft::purchase(5, 1, "o1", rows)];
    let request = |dimensions: &str| Request {
        report: Some("categories".to_owned()),
        metrics: None,
        ..week(dimensions, "")
    };
    let by = |dimensions: &str| {
        let answer = ask(&drafts, &AccountSettings::default(), &request(dimensions));
        shown(&answer, &["product_revenue", "percentage"])
    };
    assert_eq!(
        by("category1,category2"),
        [
            "null null 20 0.5",
            "Toys Balls 10 0.25",
            "Toys null 10 0.25"
        ]
    );
    assert_eq!(by("category1"), ["Toys 20 0.5", "null 20 0.5"]);
    assert_eq!(by("category2"), ["null 30 0.75", "Balls 10 0.25"]);
    assert_eq!(by("category3"), ["null 40 1"]);
}

#[test]
fn a_product_that_was_renamed_is_one() {
    let ball = |name: &str| with(product(name, "10", "1"), |row| row.id = text("b1"));
    let drafts = [
        Draft::purchase(5, 1, "o1", vec![ball("Ball")]),
        Draft::purchase(DAY_MINUTES, 2, "o2", vec![ball("Great ball")]),
        // Told once more after the period, which changes the name in every period.
        Draft::purchase(20 * DAY_MINUTES, 3, "o3", vec![ball("Greatest ball")]),
    ];
    check_report(
        &drafts,
        "products",
        &["product_revenue", "products_sold"],
        &["b1 Greatest ball 20 2"],
    );
    check(&drafts, "product", "units", &["Greatest ball 2"]);
}

#[test]
fn two_frisbees_and_five_balls_are_two_products_of_one_order() {
    let rows = vec![product("frisbee", "3", "2"), product("ball", "2", "5")];
    let drafts = [
        Draft::page_view(0, 1, "/"),
        Draft::purchase(5, 1, "o1", rows).at("/thanks"),
    ];
    let metrics = "orders,units,products_sold,units_per_order,product_revenue,revenue";
    check(&drafts, "", metrics, &["1 7 2 7 16 16"]);
    check(
        &drafts,
        "product",
        metrics,
        &["ball 1 5 1 5 10 16", "frisbee 1 2 1 2 6 16"],
    );
}

#[test]
fn lists_promotions_and_coupons_have_no_row_of_nothing() {
    let listed = with(product("ball", "20", "1"), |row| row.list = text("home"));
    let coupon = |id: &str, coupon: &str, value: &str| {
        let (coupon, value) = (text(coupon), decimal(value));
        Draft::purchase(10, 1, id, vec![product("ball", "20", "1")]).order(|order| {
            order.coupon = coupon;
            order.coupon_value = value;
        })
    };
    let drafts = [
        viewed(0, 1, ProductAction::Impression, vec![listed.clone()]),
        viewed(1, 1, ProductAction::Click, vec![listed]),
        viewed(
            2,
            1,
            ProductAction::Detail,
            vec![product("ball", "20", "1")],
        ),
        Draft::promotion(3, 1, ProductAction::PromotionView, "spring").at("/"),
        coupon("o1", "TEN", "2"),
        coupon("o2", "", ""),
        Draft::purchase(10, 2, "o3", Vec::new()).revenue("9"),
    ];
    check_report(
        &drafts,
        "product_lists",
        &["impressions", "clicks", "product_ctr", "detail_views"],
        &["home 1 1 1 0"],
    );
    check_report(
        &drafts,
        "promotions",
        &["promotion_views", "orders", "revenue"],
        &["spring 1 2 40"],
    );
    check_report(
        &drafts,
        "coupons",
        &["orders", "discount", "revenue"],
        &["TEN 1 2 20"],
    );
}
