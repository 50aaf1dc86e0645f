//! Accounts and their settings.

use afsa_accounts::EcommerceLevel;
use serde_json::{Value, json};

use super::{count, instant, nullable, pair, sayings, text, texts, whole, with, words};

pub(super) fn schemas() -> Vec<(String, Value)> {
    let settings = json!({
        "visit_timeout_minutes": {"type": "integer", "minimum": 5, "maximum": 240},
        "order_window_hours": {"type": "integer", "minimum": 1, "maximum": 720},
        "kept_parameters": texts(),
        "internal_hosts": texts(),
        "excluded_addresses": texts(),
        "excluded_roles": texts(),
        "retention_months": {"type": "integer", "minimum": 1, "maximum": 1200, "nullable": true},
    });
    let ecommerce = json!({
        "enabled": {"type": "boolean"},
        "level": words(&EcommerceLevel::ALL.map(EcommerceLevel::name)),
    });
    let privacy = json!({
        "dropped_address_bytes": {
            "type": "integer",
            "minimum": 0,
            "maximum": 4,
            "description": "Bytes of an IPv4 address that are dropped before anything is made of it; \
                IPv6 loses twice as many groups.",
        },
    });
    let plan = whole(json!({
        "id": {"type": "integer"},
        "name": text(),
        "trial": {"type": "boolean"},
        "start_date": instant(),
        "end_date": nullable(instant()),
    }));
    let usage = whole(json!({
        "hits_today": with(
            count(),
            "description",
            "Hits that arrived since midnight in the account's zone, live and by imports; \
                duplicates and rejected ones apart.",
        ),
        "hits_this_month": with(
            count(),
            "description",
            "The same since the first of the month.",
        ),
        "visits_this_month": count(),
        "hits": with(count(), "description", "All hits stored."),
        "visits": with(count(), "description", "All visits stored."),
        "stored_bytes": count(),
    }));
    vec![
        pair(
            "Account",
            whole(json!({
                "id": {"type": "string", "pattern": "^[0-9]{8}$"},
                "number": {"type": "integer", "minimum": 1},
                "name": text(),
                "url": text(),
                "timezone": text(),
                "currency": text(),
                "language": text(),
                "created_at": instant(),
                "first_hit_at": nullable(instant()),
                "last_hit_at": nullable(instant()),
                "plan": plan,
                "ecommerce": whole(ecommerce.clone()),
                "privacy": whole(privacy.clone()),
                "settings": whole(settings.clone()),
                "usage": usage,
            })),
        ),
        pair(
            "AccountChange",
            sayings(json!({
                "name": text(),
                "url": text(),
                "timezone": text(),
                "currency": text(),
                "language": text(),
                "ecommerce": sayings(ecommerce),
                "privacy": sayings(privacy),
                "settings": sayings(settings),
            })),
        ),
    ]
}
