//! Quotes of rates as text.

use std::fmt;

use crate::QUOTE_SCALE;

/// Places that a quote has, by [`QUOTE_SCALE`].
const PLACES: usize = 9;

/// Why a text is no quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseQuoteError {
    /// Not a plain decimal number above 0.
    NotANumber,
    /// More than 9 places after the point.
    TooManyPlaces,
    /// Above 9,223,372,036.
    TooLarge,
}

impl fmt::Display for ParseQuoteError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            ParseQuoteError::NotANumber => "must be a plain decimal number above 0",
            ParseQuoteError::TooManyPlaces => "must have at most 9 places after the point",
            ParseQuoteError::TooLarge => "must be at most 9,223,372,036",
        })
    }
}

impl std::error::Error for ParseQuoteError {}

/// A plain decimal above 0, exactly, in units of 10⁻⁹.
pub fn parse_quote(text: &str) -> Result<i64, ParseQuoteError> {
    let (whole, places) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(places) {
        return Err(ParseQuoteError::NotANumber);
    }
    let places = places.trim_end_matches('0');
    if places.len() > PLACES {
        return Err(ParseQuoteError::TooManyPlaces);
    }
    let whole: i64 = whole.parse().map_err(|_| ParseQuoteError::TooLarge)?;
    let fraction: i64 = format!("{places:0<PLACES$}")
        .parse()
        .map_err(|_| ParseQuoteError::NotANumber)?;
    let units = whole
        .checked_mul(QUOTE_SCALE)
        .and_then(|units| units.checked_add(fraction));
    match units {
        None => Err(ParseQuoteError::TooLarge),
        Some(0) => Err(ParseQuoteError::NotANumber),
        Some(units) => Ok(units),
    }
}

/// The quote as the shortest decimal that [`parse_quote`] reads back.
pub fn quote_text(quote: i64) -> String {
    let text = format!("{}.{:0PLACES$}", quote / QUOTE_SCALE, quote % QUOTE_SCALE);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_exact() {
        for (text, expect) in [
            ("1.1789", 1_178_900_000),
            ("0.000000001", 1),
            ("372274", 372_274_000_000_000),
            ("007.50", 7_500_000_000),
            ("1.100000000000", 1_100_000_000),
            ("9223372036.854775807", i64::MAX),
        ] {
            assert_eq!(parse_quote(text), Ok(expect), "{text}");
            assert_eq!(parse_quote(&quote_text(expect)), Ok(expect), "{text}");
        }
        assert_eq!(quote_text(1_178_900_000), "1.1789");
        assert_eq!(quote_text(100 * QUOTE_SCALE), "100");
        let check = |text: &str, fault: ParseQuoteError| {
            assert_eq!(parse_quote(text), Err(fault), "{text:?}");
        };
        for text in [
            "", ".", "1.", ".5", "0", "0.0", "-1", "+1", "1e3", "1,5", "1.2.3", "NaN", "١",
        ] {
            check(text, ParseQuoteError::NotANumber);
        }
        check("1.0000000001", ParseQuoteError::TooManyPlaces);
        for text in ["9223372036.854775808", "99999999999999999999"] {
            check(text, ParseQuoteError::TooLarge);
        }
    }
}
