//! Who bought, and who nearly did.

use afsa_model::ProductAction;
use afsa_store::conformance::draft::{Draft, product};

use super::shop::{DAY_MINUTES, check, check_report, refund, viewed};

#[test]
fn customers_are_told_by_what_they_ever_did() {
    let drafts = [
        Draft::page_view(0, 1, "/"),
        Draft::purchase(DAY_MINUTES, 1, "o1", Vec::new())
            .user("ann")
            .revenue("30"),
        Draft::page_view(2 * DAY_MINUTES, 2, "/").campaign("spring"),
        Draft::page_view(3 * DAY_MINUTES + 60, 2, "/"),
        Draft::purchase(3 * DAY_MINUTES + 720, 2, "o2", Vec::new())
            .user("ann")
            .revenue("10"),
        Draft::purchase(4 * DAY_MINUTES, 3, "o3", Vec::new()).revenue("5"),
        // A week later.
        Draft::purchase(8 * DAY_MINUTES, 3, "o4", Vec::new()).revenue("7"),
        refund(9 * DAY_MINUTES, 3, "o4", "2"),
    ];
    check(
        &drafts,
        "",
        "buyers,new_buyers,repeat_rate,lifetime_value,visits_to_purchase,days_to_purchase,\
         days_since_campaign",
        &["2 2 1 25 1.5 1.25 1.5"],
    );
    let third = "visitor:00000000000000030000000000000003";
    check_report(
        &drafts,
        "customers",
        &["revenue", "orders", "lifetime_value"],
        &["ann 40 2 40", &format!("{third} 5 1 10")],
    );
    check_report(
        &drafts,
        "new_vs_repeat",
        &[
            "revenue",
            "percentage",
            "orders",
            "buyers",
            "lifetime_value",
        ],
        &[
            &format!("new 35 {} 2 2 25", 35.0 / 45.0),
            &format!("repeat 10 {} 1 1 40", 10.0 / 45.0),
        ],
    );
    let thirds = 1.0 / 3.0;
    check_report(
        &drafts,
        "days_to_purchase",
        &["orders", "percentage", "revenue"],
        &[
            &format!("1 2 {} 40", 2.0 / 3.0),
            &format!("null 1 {thirds} 5"),
        ],
    );
    check_report(
        &drafts,
        "visits_to_purchase",
        &["orders", "revenue"],
        &["1 1 30", "2 1 10", "null 1 5"],
    );
}

#[test]
fn carts_are_told_by_day_and_by_the_page_where_they_were_left() {
    let ball = || vec![product("ball", "20", "1")];
    let drafts = [
        viewed(0, 1, ProductAction::Add, ball()),
        Draft::page_view(3, 1, "/shipping"),
        viewed(DAY_MINUTES, 2, ProductAction::Add, ball()),
        viewed(DAY_MINUTES + 1, 2, ProductAction::Checkout, ball()),
        Draft::purchase(DAY_MINUTES + 2, 2, "o1", ball()).at("/thanks"),
        viewed(DAY_MINUTES, 3, ProductAction::Add, ball()),
        viewed(DAY_MINUTES + 1, 3, ProductAction::Remove, ball()),
        Draft::page_view(DAY_MINUTES + 2, 3, "/"),
    ];
    check_report(
        &drafts,
        "carts",
        &[
            "carts",
            "abandoned_carts",
            "cart_abandonment_rate",
            "checkout_abandonment_rate",
        ],
        &["2026-03-30 1 1 1 null", "2026-03-31 2 0 0 0"],
    );
    check_report(
        &drafts,
        "abandoned_carts",
        &["abandoned_carts", "carts", "percentage"],
        &["/shipping 1 1 1", "/ 0 1 0", "null 0 1 0"],
    );
}
