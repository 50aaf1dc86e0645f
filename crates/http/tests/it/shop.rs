//! What a small shop's visitors did, in September, where no other test looks.

use std::sync::Arc;

use afsa_model::{
    Client, Exclusion, HitKind, MINUTE, OrderState, Origin, Product, ProductAction, text,
};
use afsa_store::Arrival;
use afsa_store::conformance::draft::{Draft, MONDAY, decimal, product};

use crate::app::NOW;

/// So many days before now, in minutes as drafts count them.
pub fn ago(days: i64) -> i64 {
    NOW.since(MONDAY) / MINUTE - days * 24 * 60
}

/// A page view that an origin brought, from where nobody else comes.
fn came(minute: i64, visitor: u64, origin: Origin) -> Draft {
    let client = Client {
        country: text("DE"),
        device: text("smartphone"),
        ..Client::default()
    };
    Draft::page_view(minute, visitor, "/balls").hit(|hit| {
        hit.origin = Some(Arc::new(origin));
        hit.client = Arc::new(client);
    })
}

fn by(channel: &str, source: &str) -> Origin {
    Origin {
        channel: text(channel),
        source: text(source),
        ..Origin::default()
    }
}

fn ball(quantity: &str) -> Product {
    Product {
        id: text("ball"),
        brand: text("Bounce"),
        category: text("Toys//Balls"),
        variant: text("red"),
        ..product("Ball", "3.50", quantity)
    }
}

fn frisbee(quantity: &str) -> Product {
    Product {
        id: text("frisbee/1"),
        brand: text("Fly"),
        category: text("Toys"),
        ..product("=Frisbee", "5.665", quantity)
    }
}

fn looked(minute: i64, visitor: u64, action: ProductAction, products: Vec<Product>) -> Draft {
    Draft::products(minute, visitor, action, &[]).product_hit(|hit| {
        hit.products = products;
        hit.list = text("Search results");
    })
}

fn checkout(minute: i64, visitor: u64, step: u32, option: &str) -> Draft {
    let action = ProductAction::Checkout;
    looked(minute, visitor, action, vec![ball("5")]).product_hit(|hit| {
        hit.step = Some(step);
        hit.option = text(option);
    })
}

/// Three buyers and one who leaves in the checkout.
///
/// - `A-1001`: visitor 11, customer-17, 50 days ago in his second visit, which a campaign brought;
///   33.83 of which 14.00 came back. Then `A-1002`, cancelled, and `A-1003`, 40 days ago.
/// - `B/2 ü`: visitor 12, in dollars, which nobody knows the rate of, in no visit.
/// - `X-1`: a robot's.
/// - Visitor 15, in August, puts five balls into a cart, takes one out and leaves.
pub fn arrivals() -> Vec<Arrival> {
    let first = ago(50);
    let campaign = Origin {
        campaign: text("autumn"),
        campaign_source: text("google"),
        campaign_medium: text("cpc"),
        ..by("Paid Search", "google")
    };
    let sent = |draft: Draft, revenue: &str| draft.revenue(revenue);
    let four_balls = Draft::refund(ago(48), 11, "A-1001").hit(|hit| {
        if let HitKind::Refund(refund) = &mut hit.kind {
            refund.products = vec![Product {
                quantity: decimal("4"),
                ..Product {
                    id: text("ball"),
                    ..Product::default()
                }
            }];
        }
    });
    let drafts = vec![
        came(ago(60), 11, by("Email", "newsletter")).user("customer-17"),
        came(first, 11, campaign),
        looked(
            first + 1,
            11,
            ProductAction::Impression,
            vec![ball("1"), frisbee("1")],
        ),
        looked(first + 2, 11, ProductAction::Detail, vec![ball("1")]),
        looked(first + 3, 11, ProductAction::Add, vec![ball("5")]),
        checkout(first + 4, 11, 1, ""),
        checkout(first + 5, 11, 2, "card"),
        sent(
            Draft::purchase(first + 10, 11, "A-1001", vec![ball("5"), frisbee("2")]),
            "33.83",
        )
        .order(|order| {
            order.tax = decimal("5.64");
            order.shipping = decimal("5");
            order.affiliation = text("Web shop");
            order.state = Some(OrderState::Pending);
        })
        .at("/thanks"),
        Draft::order_status(first + 20, 11, "A-1001", OrderState::Completed),
        four_balls,
        came(ago(46), 11, by("Direct", "")),
        sent(Draft::purchase(ago(45), 11, "A-1002", vec![]), "9"),
        Draft::order_status(ago(44), 11, "A-1002", OrderState::Cancelled),
        sent(
            Draft::purchase(ago(40), 11, "A-1003", vec![ball("1")]),
            "3.50",
        ),
        sent(Draft::purchase(ago(42), 12, "B/2 ü", vec![]), "20")
            .order(|order| order.currency = text("usd")),
        came(ago(41), 13, by("Email", "newsletter")),
        checkout(ago(41) + 1, 13, 1, ""),
        checkout(ago(41) + 2, 13, 2, "invoice"),
        checkout(ago(41) + 3, 13, 1, ""),
        came(ago(70), 15, by("Email", "newsletter")),
        looked(ago(70) + 1, 15, ProductAction::Add, vec![ball("5")]),
        looked(ago(70) + 3, 15, ProductAction::Remove, vec![ball("1")]),
        Draft::page_view(ago(39), 14, "/").excluded(Exclusion::Robot),
        sent(
            Draft::purchase(ago(39) + 1, 14, "X-1", vec![ball("9")]),
            "1",
        )
        .at("/thanks")
        .excluded(Exclusion::Robot),
    ];
    drafts.into_iter().map(|draft| draft.0).collect()
}
