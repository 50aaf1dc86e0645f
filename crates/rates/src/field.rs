//! The three fields of a rate as text: day, currency and quote.

use afsa_model::{ParseQuoteError, parse_day, parse_quote};

use crate::RowFault;

/// `2026-10-30` as a day counted from 1970-01-01.
pub(crate) fn day(text: &str) -> Result<i32, RowFault> {
    parse_day(text).ok_or_else(|| RowFault::Date(excerpt(text)))
}

/// Three letters, in upper case.
pub(crate) fn currency(text: &str) -> Result<String, RowFault> {
    if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Ok(text.to_ascii_uppercase());
    }
    Err(RowFault::Currency(excerpt(text)))
}

/// A plain decimal above 0, exactly, in units of 10⁻⁹.
pub(crate) fn quote(currency: &str, text: &str) -> Result<i64, RowFault> {
    parse_quote(text).map_err(|error| {
        let (currency, text) = (currency.to_owned(), excerpt(text));
        match error {
            ParseQuoteError::NotANumber => RowFault::Number { currency, text },
            ParseQuoteError::TooManyPlaces => RowFault::Places { currency, text },
            ParseQuoteError::TooLarge => RowFault::TooLarge { currency, text },
        }
    })
}

/// What a person is shown of a text that is wrong: quoted, its start only, nothing that a terminal
/// or a log would obey.
pub(crate) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 32;
    let start: String = text.chars().take(LONGEST).collect();
    let ellipsis = if start.len() < text.len() { "…" } else { "" };
    format!("\"{}{ellipsis}\"", start.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_quotes_are_named() {
        let check = |text: &str, fault: fn(String, String) -> RowFault| {
            assert_eq!(
                quote("USD", text),
                Err(fault("USD".into(), excerpt(text))),
                "{text:?}"
            );
        };
        assert_eq!(quote("USD", "1.1789"), Ok(1_178_900_000));
        check("1,5", |currency, text| RowFault::Number { currency, text });
        check("1.0000000001", |currency, text| RowFault::Places {
            currency,
            text,
        });
        check("9223372036.854775808", |currency, text| {
            RowFault::TooLarge { currency, text }
        });
    }

    #[test]
    fn excerpts_are_short_and_harmless() {
        assert_eq!(excerpt("a\u{1b}[2J\n"), r#""a\u{1b}[2J\n""#);
        assert!(excerpt(&"é".repeat(1_000_000)).len() < 80);
    }
}
