//! The three fields of a rate as text: day, currency and quote.

use afsa_model::QUOTE_SCALE;
use jiff::SignedDuration;
use jiff::civil::{Date, date};

use crate::RowFault;

const EPOCH: Date = date(1970, 1, 1);
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2199;
/// Places that a quote has, by [`QUOTE_SCALE`].
const PLACES: usize = 9;

/// `2026-10-30` as a day counted from 1970-01-01.
pub(crate) fn day(text: &str) -> Result<i32, RowFault> {
    parsed_day(text).ok_or_else(|| RowFault::Date(excerpt(text)))
}

fn parsed_day(text: &str) -> Option<i32> {
    let (year, rest) = text.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    let number = |part: &str, width: usize| -> Option<i16> {
        let is_plain = part.len() == width && part.bytes().all(|byte| byte.is_ascii_digit());
        is_plain.then(|| part.parse().ok()).flatten()
    };
    let year = number(year, 4).filter(|year| YEARS.contains(year))?;
    let month = number(month, 2)?.try_into().ok()?;
    let day = number(day, 2)?.try_into().ok()?;
    let date = Date::new(year, month, day).ok()?;
    i32::try_from(date.duration_since(EPOCH).as_hours() / 24).ok()
}

/// The day as `2026-10-30`; as a bare number of days where no calendar reaches.
pub(crate) fn day_text(day: i32) -> String {
    match EPOCH.checked_add(SignedDuration::from_hours(i64::from(day) * 24)) {
        Ok(date) => date.to_string(),
        Err(_) => day.to_string(),
    }
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
    let told = || (currency.to_owned(), excerpt(text));
    let not_a_number = || {
        let (currency, text) = told();
        RowFault::Number { currency, text }
    };
    let too_large = || {
        let (currency, text) = told();
        RowFault::TooLarge { currency, text }
    };
    let (whole, places) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(places) {
        return Err(not_a_number());
    }
    let places = places.trim_end_matches('0');
    if places.len() > PLACES {
        let (currency, text) = told();
        return Err(RowFault::Places { currency, text });
    }
    let whole: i64 = whole.parse().map_err(|_| too_large())?;
    let fraction: i64 = format!("{places:0<PLACES$}")
        .parse()
        .map_err(|_| not_a_number())?;
    let units = whole
        .checked_mul(QUOTE_SCALE)
        .and_then(|units| units.checked_add(fraction));
    match units {
        None => Err(too_large()),
        Some(0) => Err(not_a_number()),
        Some(units) => Ok(units),
    }
}

/// The quote as the shortest decimal that [`quote`] reads back.
pub(crate) fn quote_text(quote: i64) -> String {
    let text = format!("{}.{:0PLACES$}", quote / QUOTE_SCALE, quote % QUOTE_SCALE);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
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
    fn days_are_read_and_printed() {
        for (text, expect) in [
            ("1970-01-01", 0),
            ("1969-12-31", -1),
            ("1900-01-01", -25_567),
            ("1999-01-04", 10_595),
            ("2024-02-29", 19_782),
            ("2199-12-31", 84_005),
        ] {
            assert_eq!(day(text), Ok(expect), "{text}");
            assert_eq!(day_text(expect), text);
        }
        for text in [
            "",
            "-",
            "--",
            "2023-02-29",
            "2024-13-01",
            "2024-00-10",
            "2024-1-1",
            "1899-12-31",
            "2200-01-01",
            "+024-01-01",
            "2024-01-01T00",
            " 2024-01-01",
            "99999-01-01",
            "२०२४-01-01",
        ] {
            assert_eq!(day(text), Err(RowFault::Date(excerpt(text))), "{text:?}");
        }
        for beyond in [i32::MIN, i32::MAX] {
            assert_eq!(day_text(beyond), beyond.to_string());
        }
    }

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
            assert_eq!(quote("USD", text), Ok(expect), "{text}");
            assert_eq!(quote("USD", &quote_text(expect)), Ok(expect), "{text}");
        }
        assert_eq!(quote_text(1_178_900_000), "1.1789");
        assert_eq!(quote_text(100 * QUOTE_SCALE), "100");
        let check = |text: &str, fault: fn(String, String) -> RowFault| {
            assert_eq!(
                quote("USD", text),
                Err(fault("USD".into(), excerpt(text))),
                "{text:?}"
            );
        };
        for text in [
            "", ".", "1.", ".5", "0", "0.0", "-1", "+1", "1e3", "1,5", "1.2.3", "NaN", "١",
        ] {
            check(text, |currency, text| RowFault::Number { currency, text });
        }
        check("1.0000000001", |currency, text| RowFault::Places {
            currency,
            text,
        });
        for text in ["9223372036.854775808", "99999999999999999999"] {
            check(text, |currency, text| RowFault::TooLarge { currency, text });
        }
    }

    #[test]
    fn excerpts_are_short_and_harmless() {
        assert_eq!(excerpt("a\u{1b}[2J\n"), r#""a\u{1b}[2J\n""#);
        assert!(excerpt(&"é".repeat(1_000_000)).len() < 80);
    }
}
