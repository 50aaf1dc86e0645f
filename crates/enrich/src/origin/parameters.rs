//! Parameters of a query string or an anchor.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// One `name=value` of an address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameter<'a> {
    /// The whole, as sent.
    pub raw: &'a str,
    /// Before the first `=`, as sent.
    pub raw_name: &'a str,
    /// After it, as sent.
    pub raw_value: &'a str,
}

impl<'a> Parameter<'a> {
    pub fn name(&self) -> Cow<'a, str> {
        decode(self.raw_name)
    }

    /// Decoded, without blanks around it; bytes that are no text become U+FFFD.
    pub fn value(&self) -> Cow<'a, str> {
        trimmed(decode(self.raw_value))
    }
}

/// The parameters of a query string in their order. Empty ones are passed over.
pub(crate) fn parameters(query: &str) -> impl Iterator<Item = Parameter<'_>> {
    query.split('&').filter(|raw| !raw.is_empty()).map(|raw| {
        let (raw_name, raw_value) = raw.split_once('=').unwrap_or((raw, ""));
        Parameter {
            raw,
            raw_name,
            raw_value,
        }
    })
}

/// The part of an anchor that holds parameters: all that follows a question mark, or the whole if
/// it looks like a list of them. Some sites carry their campaigns there.
pub(crate) fn query_of_anchor(anchor: &str) -> &str {
    match anchor.split_once('?') {
        Some((_, query)) => query,
        None if anchor.contains('=') => anchor,
        None => "",
    }
}

/// Percent-decoded, with `+` for a blank.
pub(crate) fn decode(raw: &str) -> Cow<'_, str> {
    if !raw.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(raw);
    }
    let spaced = raw.replace('+', " ");
    Cow::Owned(percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}
