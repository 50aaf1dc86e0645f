//! Figures as JSON and as text: the only place where anything is rounded.

use afsa_query::{Figure, MetricUnit};
use iso_currency::Currency;
use serde_json::Value;

/// Digits after the point of a currency's amounts; 2 where it has none of its own.
pub(crate) fn digits_of(currency: &str) -> u32 {
    Currency::from_code(currency)
        .and_then(Currency::exponent)
        .map_or(2, u32::from)
}

/// A figure in JSON: money as text with its currency's digits, the rest as numbers.
pub(crate) fn to_json(figure: Figure, unit: MetricUnit, digits: u32) -> Value {
    let Some(fraction) = figure else {
        return Value::Null;
    };
    if unit == MetricUnit::Money {
        return fraction
            .rounded(digits)
            .map_or(Value::Null, |units| decimal(units, digits).into());
    }
    match whole(figure) {
        Some(number) => number.into(),
        None => fraction.to_f64().into(),
    }
}

/// A figure in a table of text, empty where it has no value.
pub(crate) fn to_text(figure: Figure, unit: MetricUnit, digits: u32) -> String {
    match to_json(figure, unit, digits) {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// The figure if it is a whole number that fits.
pub(crate) fn whole(figure: Figure) -> Option<i64> {
    let fraction = figure?;
    let is_whole = fraction.numerator().checked_rem(fraction.denominator()) == Some(0);
    let number = fraction.numerator().checked_div(fraction.denominator())?;
    is_whole.then(|| i64::try_from(number).ok()).flatten()
}

fn decimal(units: i128, digits: u32) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let magnitude = units.unsigned_abs();
    if digits == 0 {
        return format!("{sign}{magnitude}");
    }
    let one = 10_u128.saturating_pow(digits);
    let width = usize::try_from(digits).unwrap_or(2);
    format!("{sign}{}.{:0width$}", magnitude / one, magnitude % one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use afsa_query::Fraction;
    use serde_json::json;

    const PICO: i128 = 1_000_000_000_000;

    #[test]
    fn money_has_the_digits_of_its_currency() {
        let check = |pico: i128, currency: &str, expect: &str| {
            let json = to_json(
                Fraction::new(pico, PICO),
                MetricUnit::Money,
                digits_of(currency),
            );
            assert_eq!(json, json!(expect), "{pico} {currency}");
        };
        check(1_234_500_000_000_000, "EUR", "1234.50");
        check(5_000_000_000, "EUR", "0.01");
        check(-5_000_000_000, "EUR", "-0.01");
        check(4_999_999_999, "EUR", "0.00");
        check(-4_999_999_999, "EUR", "0.00");
        check(1_500_000_000_000, "JPY", "2");
        check(1_234_500_000_000, "KWD", "1.235");
        check(0, "EUR", "0.00");
    }

    #[test]
    fn other_figures_are_numbers_and_not_rounded() {
        let check = |numerator, denominator, unit, expect: Value| {
            assert_eq!(
                to_json(Fraction::new(numerator, denominator), unit, 2),
                expect
            );
        };
        check(7, 1, MetricUnit::Count, json!(7));
        check(i128::from(i64::MAX), 1, MetricUnit::Count, json!(i64::MAX));
        check(1, 3, MetricUnit::Rate, json!(1.0 / 3.0));
        check(2, 2, MetricUnit::Rate, json!(1));
        check(3, 2, MetricUnit::Seconds, json!(1.5));
        check(1, 0, MetricUnit::Rate, Value::Null);
        check(-1, 7, MetricUnit::Rate, json!(-1.0 / 7.0));
        assert_eq!(to_text(None, MetricUnit::Money, 2), "");
        assert_eq!(to_text(Fraction::new(1, 2), MetricUnit::Rate, 2), "0.5");
    }
}
