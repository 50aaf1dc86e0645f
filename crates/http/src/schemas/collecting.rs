//! Hits and imports.

use serde_json::{Value, json};

use super::{count, instant, nullable, pair, reference, text, whole, with, words};

pub(super) fn schemas() -> Vec<(String, Value)> {
    let reason = whole(json!({
        "reason": text(),
        "count": count(),
        "first_line": count(),
        "detail": text(),
    }));
    let kinds = [
        "pageview",
        "event",
        "engagement",
        "product",
        "purchase",
        "refund",
        "order_status",
        "visitor",
        "timing",
        "exception",
    ];
    vec![
        pair(
            "HitBatch",
            json!({
                "type": "object",
                "required": ["hits"],
                "properties": {
                    "hits": {"type": "array", "maxItems": 1000, "items": reference("Hit")},
                },
            }),
        ),
        pair(
            "Hit",
            json!({
                "type": "object",
                "description": "One thing that happened. Which further fields it may have depends on \
                    its type; unknown ones are left aside.",
                "required": ["type"],
                "properties": {
                    "type": words(&kinds),
                    "event_id": with(text(), "description", "Unique; the same id again is counted once."),
                    "timestamp": with(instant(), "description", "When it happened; now by default."),
                    "visitor_id": text(),
                    "user_id": text(),
                    "user_role": text(),
                    "ip": text(),
                    "user_agent": text(),
                    "language": text(),
                    "location": text(),
                    "referrer": text(),
                    "title": text(),
                },
                "additionalProperties": {},
            }),
        ),
        pair(
            "Receipt",
            whole(json!({
                "accepted": count(),
                "duplicates": count(),
                "rejected": {"type": "array", "items": whole(json!({
                    "index": with(count(), "description", "Place in the batch, from 0."),
                    "field": with(text(), "description", "The field at fault; empty for the hit as a whole."),
                    "error": text(),
                    "detail": text(),
                }))},
            })),
        ),
        pair(
            "Import",
            whole(json!({
                "id": {"type": "integer"},
                "format": words(&["ndjson", "combined"]),
                "state": words(&["running", "done", "failed", "undone"]),
                "created_at": instant(),
                "finished_at": nullable(instant()),
                "read": count(),
                "accepted": count(),
                "duplicates": count(),
                "rejected": count(),
                "skipped": with(count(), "description", "Lines that are no hits and no faults."),
                "progress": {"type": "number", "minimum": 0, "maximum": 1},
                "error": nullable(text()),
                "reasons": {"type": "array", "items": reason},
            })),
        ),
        pair(
            "ImportList",
            whole(json!({
                "data": {"type": "array", "items": reference("Import")},
                "meta": whole(json!({"total_rows": count(), "limit": count(), "offset": count()})),
            })),
        ),
    ]
}
