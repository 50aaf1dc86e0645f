//! Goals, segments, steps of the checkout, own rates of exchange and keys of an account.

use afsa_accounts::{MOST_OWN_RATES, Scope};
use serde_json::{Value, json};

use super::{
    count, instant, nullable, pair, reference, sayings, sayings_with, text, whole, with, words,
};

pub(super) fn schemas() -> Vec<(String, Value)> {
    let id = json!({"type": "integer", "format": "int64"});
    let scopes = json!({"type": "array", "items": words(&Scope::ALL.map(Scope::name))});
    let key = json!({
        "id": id,
        "name": text(),
        "scopes": scopes,
        "created_at": instant(),
        "expires_at": nullable(instant()),
        "revoked_at": nullable(instant()),
        "last_used_at": nullable(instant()),
    });
    let created_key = with(
        key.clone(),
        "key",
        with(text(), "description", "The key, shown this once."),
    );
    let value = json!({"type": "string", "nullable": true, "description": "A fixed value in the account's currency."});
    let step = json!({"type": "integer", "format": "int64", "minimum": 0, "maximum": u32::MAX});
    let code = |description| {
        with(
            json!({"type": "string", "pattern": "^[A-Za-z]{3}$"}),
            "description",
            description,
        )
    };
    let rate = json!({
        "date": {"type": "string", "format": "date"},
        "currency": code("The currency that is quoted."),
        "quote": {
            "type": "string",
            "pattern": "^[0-9]+(\\.[0-9]+)?$",
            "description": "What one unit of the reference cost in the currency: above 0, at most 9 places.",
        },
        "reference": code("The account's currency, unless told."),
    });
    let goal = json!({
        "name": text(),
        "match": reference("Filter"),
        "value": value,
        "once_per_visit": {"type": "boolean"},
    });
    let segment = json!({"name": text(), "filters": reference("Filter")});
    let checkout_step = json!({"number": step, "label": text()});
    vec![
        pair(
            "Goal",
            whole(json!({
                "id": id,
                "name": text(),
                "match": reference("Filter"),
                "value": value,
                "once_per_visit": {"type": "boolean"},
                "created_at": instant(),
            })),
        ),
        pair("GoalChange", sayings(goal.clone())),
        pair("NewGoal", sayings_with(goal, &["name", "match"])),
        pair(
            "Segment",
            whole(json!({
                "id": id,
                "name": text(),
                "filters": reference("Filter"),
                "created_at": instant(),
            })),
        ),
        pair("SegmentChange", sayings(segment.clone())),
        pair("NewSegment", sayings_with(segment, &["name", "filters"])),
        pair(
            "CheckoutStep",
            whole(json!({"number": step, "label": text(), "created_at": instant()})),
        ),
        pair("CheckoutStepChange", sayings(checkout_step.clone())),
        pair(
            "NewCheckoutStep",
            sayings_with(checkout_step, &["number", "label"]),
        ),
        pair("ExchangeRate", whole(rate.clone())),
        pair(
            "NewExchangeRate",
            sayings_with(rate, &["date", "currency", "quote"]),
        ),
        pair(
            "ExchangeRateBatch",
            sayings_with(
                json!({
                    "rates": {
                        "type": "array",
                        "maxItems": MOST_OWN_RATES,
                        "items": reference("NewExchangeRate"),
                    },
                }),
                &["rates"],
            ),
        ),
        pair(
            "ExchangeRateList",
            whole(json!({
                "data": {"type": "array", "items": reference("ExchangeRate")},
                "meta": whole(json!({"total_rows": count(), "limit": count(), "offset": count()})),
            })),
        ),
        pair("AcceptedExchangeRates", whole(json!({"accepted": count()}))),
        pair("DeletedExchangeRates", whole(json!({"deleted": count()}))),
        pair("Key", whole(key)),
        pair("CreatedKey", whole(created_key)),
        pair(
            "NewKey",
            sayings_with(
                json!({"name": text(), "scopes": scopes, "expires_at": instant()}),
                &["name", "scopes"],
            ),
        ),
        pair("KeyChange", sayings(json!({"name": text()}))),
    ]
}
