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
    let document = json!({
        "data": [listed_example()],
        "meta": {
            "account_id": "00000003",
            "from": "2026-09-01T00:00:00+02:00",
            "to": "2026-11-03T00:00:00+01:00",
            "timezone": "Europe/Paris",
            "currency": "EUR",
            "as_of": "2026-11-02T10:00:00.123Z",
            "warnings": [],
            "limit": 1,
            "next_cursor": "MTc5MzM2MjkwMDAwMC5BLTEwMDE",
        },
        "query": {"from": "2026-09-01", "to": "2026-11-02", "timezone": "Europe/Paris"},
    });
    let mut answer = Answer::json("The orders.", schemas::reference("OrderList"), document);
    answer.media.extend(schemas::text_media(
        "id,time,state,revenue\r\nA-1001,2026-10-30T13:35:00+01:00,completed,33.83\r\n",
        "{\"id\":\"A-1001\",\"revenue\":\"33.83\"}\n",
    ));
    answer
}

fn listed_example() -> Value {
    json!({
        "id": ID,
        "time": "2026-10-30T13:35:00+01:00",
        "state": "completed",
        "customer": "customer-17",
        "user_id": "customer-17",
        "buyer_type": "new",
        "currency": "EUR",
        "revenue": "33.83",
        "net_revenue": "7.06",
        "tax": "5.64",
        "shipping": "5.00",
        "discount": "0.00",
        "refunded": "16.13",
        "refunds": 1,
        "original_revenue": null,
        "units": 7,
        "products": 2,
        "coupon": null,
        "affiliation": "Web shop",
        "channel": "Paid Search",
        "source": "google",
        "campaign_medium": "cpc",
        "campaign": "autumn",
        "days_to_purchase": 2.5,
        "visits_to_purchase": 2,
        "traffic": "people",
    })
}

pub(super) fn example() -> Value {
    let mut order = listed_example();
    let visit = |values: Value| {
        let mut visit = json!({"start": "2026-10-30T13:20:00+01:00"});
        for dimension in super::TOLD {
            let name = dimension.to_string();
            visit[&name] = values.get(&name).cloned().unwrap_or(Value::Null);
        }
        visit
    };
    order["items"] = json!([{
        "sku": "ball",
        "name": "Ball",
        "brand": "Bounce",
        "category": "Toys/Balls",
        "category_levels": ["Toys", "Balls"],
        "variant": "red",
        "coupon": null,
        "list": "Search results",
        "position": 3,
        "price": "3.50",
        "quantity": 5,
        "amount": "17.50",
        "refunded_quantity": 4,
    }]);
    order["refund_history"] = json!([{
        "time": "2026-11-01T09:00:00+01:00",
        "amount": "16.13",
        "items": [
            {"sku": "ball", "name": "Ball", "variant": "red", "quantity": 4, "amount": "14.00"},
        ],
    }]);
    order["state_history"] = json!([
        {"time": "2026-10-30T13:35:00+01:00", "state": "pending"},
        {"time": "2026-10-30T18:00:00+01:00", "state": "completed"},
    ]);
    order["customer_orders"] = 1.into();
    order["customer_value"] = "17.70".into();
    order["customer_since"] = "2026-10-30T13:35:00+01:00".into();
    order["visit"] = visit(json!({
        "channel": "Paid Search",
        "source": "google",
        "campaign_medium": "cpc",
        "campaign": "autumn",
        "campaign_source": "google",
        "entry_page": "/balls",
        "country": "FR",
        "device": "smartphone",
        "browser": "Firefox",
        "visit_number": 2,
    }));
    order["campaign_visit"] = json!({
        "start": "2026-10-30T13:20:00+01:00",
        "days_since_campaign": 0.010416666666666666,
        "campaign_source": "google",
        "campaign_medium": "cpc",
        "campaign": "autumn",
        "campaign_term": null,
        "campaign_content": null,
        "campaign_id": null,
    });
    order["journey"] = json!([{
        "start": "2026-10-28T01:35:00+01:00",
        "channel": "Organic Search",
        "source": "google",
        "campaign_medium": null,
        "campaign": null,
        "entry_page": "/",
    }]);
    order
}
