//! What goes wrong.

use serde_json::{Value, json};

use super::{pair, reference, text, texts, with, words};
use crate::problem::Word;

pub(super) fn schemas() -> Vec<(String, Value)> {
    let error = words(&Word::ALL.map(Word::text));
    vec![
        pair(
            "Problem",
            json!({
                "type": "object",
                "description": "What went wrong (RFC 9457).",
                "required": ["type", "title", "status", "detail", "error", "error_description"],
                "properties": {
                    "type": text(),
                    "title": text(),
                    "status": {"type": "integer"},
                    "detail": text(),
                    "instance": text(),
                    "error": error,
                    "error_description": text(),
                    "errors": {"type": "array", "items": reference("Fault")},
                },
            }),
        ),
        pair(
            "Fault",
            json!({
                "type": "object",
                "description": "One fault of what was sent.",
                "required": ["error", "detail"],
                "properties": {
                    "pointer": with(text(), "description", "JSON Pointer into the body."),
                    "parameter": with(text(), "description", "Name of a parameter."),
                    "error": text(),
                    "detail": text(),
                    "allowed": texts(),
                },
            }),
        ),
    ]
}
