//! OAuth 2: tokens for apps, the apps themselves, and what they were let do.

mod clients;
mod grants;
mod metadata;
mod tokens;

use serde_json::{Value, json};

use crate::operation::Operation;
use crate::protocol::WORDS;
use crate::schemas;

pub(crate) fn operations() -> Vec<Operation> {
    let mut all = metadata::operations();
    all.extend(tokens::operations());
    all.extend(clients::operations());
    all.extend(grants::operations());
    all
}

pub(crate) fn schemas() -> Vec<(String, Value)> {
    let mut all = tokens::schemas();
    all.extend(clients::schemas());
    all.extend(grants::schemas());
    all.push(schemas::pair(
        "OAuthError",
        json!({
            "type": "object",
            "description": "What went wrong, as OAuth tells it (RFC 6749, 5.2).",
            "required": ["error", "error_description"],
            "properties": {
                "error": schemas::words(&WORDS),
                "error_description": schemas::text(),
            },
        }),
    ));
    all
}
