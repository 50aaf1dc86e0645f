//! What the document says of orders.

use serde_json::{Value, json};

use crate::operation::Answer;
use crate::schemas::{self, count, instant, money, nullable, number, pair, text, texts, whole};

/// Of the order in the examples.
pub(super) const ID: &str = "W00003767";

pub(crate) fn schemas() -> Vec<(String, Value)> {
    let maybe = || nullable(text());
    let mut listed = json!({
        "id": text(),
        "time": instant(),
        "state": schemas::words(&super::STATES),
        "customer": described(
            "Who bought: the user that the visitor was known as, else `visitor:` and a key, else \
             `order:` and the order's id.",
            text(),
        ),
        "user_id": maybe(),
        "buyer_type": described(
            "new for the customer's first order that isn't cancelled, else repeat; null for a \
             cancelled one.",
            json!({"type": "string", "nullable": true, "enum": ["new", "repeat", null]}),
        ),
        "currency": described("As sent, else the account's.", text()),
        "revenue": described("In the account's currency, as all money but original_revenue and \
            prices; null where no rate is known.", nullable(money())),
        "net_revenue": described("Without tax, shipping, and all that was given back.",
            nullable(money())),
        "tax": nullable(money()),
        "shipping": described("With its tax.", nullable(money())),
        "discount": nullable(money()),
        "refunded": nullable(money()),
        "refunds": count(),
        "original_revenue": described("As sent, where the currency isn't the account's.",
            nullable(money())),
        "units": number(),
        "products": described("Distinct products.", count()),
        "coupon": maybe(),
        "affiliation": maybe(),
        "channel": maybe(),
        "source": maybe(),
        "campaign_medium": maybe(),
        "campaign": maybe(),
        "days_to_purchase": described("Days of 24 hours from the visitor's first known visit.",
            nullable(number())),
        "visits_to_purchase": described("The visitor's visits so far, the order's included.",
            nullable(count())),
        "traffic": schemas::words(&afsa_query::TRAFFICS),
    });
    let row = pair("ListedOrder", whole(listed.clone()));
    let item = whole(json!({
        "sku": maybe(),
        "name": maybe(),
        "brand": maybe(),
        "category": maybe(),
        "category_levels": texts(),
        "variant": maybe(),
        "coupon": maybe(),
        "list": maybe(),
        "position": nullable(count()),
        "price": described("As sent, in the order's currency.", money()),
        "quantity": number(),
        "amount": described("Price times quantity.", nullable(money())),
        "refunded_quantity": number(),
    }));
    let refund = whole(json!({
        "time": instant(),
        "amount": nullable(money()),
        "items": list(whole(json!({
            "sku": maybe(),
            "name": maybe(),
            "variant": maybe(),
            "quantity": number(),
            "amount": nullable(money()),
        }))),
    }));
    let visit = values(&super::TOLD, json!({"start": instant()}));
    let on_the_way = values(&super::shown::ON_THE_WAY, json!({"start": instant()}));
    let campaign = values(
        &super::shown::OF_CAMPAIGNS,
        json!({"start": instant(), "days_since_campaign": number()}),
    );
    if let Some(listed) = listed.as_object_mut() {
        listed.insert("items".into(), list(item));
        listed.insert("refund_history".into(), list(refund));
        let state = whole(json!({"time": instant(), "state": schemas::words(&super::STATES)}));
        listed.insert("state_history".into(), list(state));
        listed.insert("customer_orders".into(), count());
        let value = described("What the customer ever paid, less refunds.", money());
        listed.insert("customer_value".into(), value);
        listed.insert("customer_since".into(), nullable(instant()));
        let visit = described("The visit that the order belongs to.", nullable(visit));
        listed.insert("visit".into(), visit);
        let campaign = described(
            "The latest visit that a campaign brought.",
            nullable(campaign),
        );
        listed.insert("campaign_visit".into(), campaign);
        let journey = described(
            "The visitor's visits up to the order, the latest thousand.",
            list(on_the_way),
        );
        listed.insert("journey".into(), journey);
    }
    vec![
        row,
        pair("Order", whole(listed)),
        pair(
            "OrderList",
            whole(json!({
                "data": list(schemas::reference("ListedOrder")),
                "meta": schemas::selection_meta(json!({
                    "limit": count(),
                    "next_cursor": nullable(text()),
                })),
                "query": schemas::open(),
            })),
        ),
    ]
}

/// An object with a value of each dimension beside what is given.
fn values(dimensions: &[afsa_store::Dimension], mut properties: Value) -> Value {
    for dimension in dimensions {
        let kind = if dimension.is_number() {
            "integer"
        } else {
            "string"
        };
        properties[dimension.to_string()] = json!({"type": kind, "nullable": true});
    }
    whole(properties)
}

fn list(items: Value) -> Value {
    json!({"type": "array", "items": items})
}

fn described(description: &str, schema: Value) -> Value {
    schemas::with(schema, "description", description)
}

pub(super) fn list_answer() -> Answer {
    let mut answer = Answer::json("The orders.", schemas::reference("OrderList"));
    answer.media.extend(schemas::table_media());
    answer
}
