//! Secrets that are handed out: 32 random bytes as text, of which only a hash is kept.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub(crate) use crate::principal::hash;

/// No text longer than this was handed out, so none is hashed.
const TEXT_LENGTH: usize = 200;

/// What is handed out.
pub(crate) fn text(prefix: &str, secret: [u8; 32]) -> String {
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(secret))
}

/// The hash of what somebody sent, if it can be something of this kind.
pub(crate) fn hash_of_sent(prefix: &str, text: &str) -> Option<[u8; 32]> {
    let may_be = text.len() <= TEXT_LENGTH && text.starts_with(prefix);
    may_be.then(|| hash(text))
}
