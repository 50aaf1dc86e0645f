//! Rates of exchange by day.

use std::collections::BTreeMap;
use std::sync::Arc;

/// What one unit of the reference currency cost in others, day by day.
///
/// A day without a rate takes the last one before it. Days are counted from 1970-01-01 in the
/// account's zone; whoever converts says which day it was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExchangeRates {
    /// The currency in which the others are quoted; its own rate is 1 on every day.
    reference: Option<Arc<str>>,
    /// By ISO 4217 code: (day, millionths of a millionth of the currency for one of the
    /// reference), ascending.
    quotes: BTreeMap<Arc<str>, Vec<(i32, i64)>>,
}

/// Quotes are kept in units of 10⁻⁹.
pub const QUOTE_SCALE: i64 = 1_000_000_000;

impl ExchangeRates {
    /// Rates quoted against this currency.
    pub fn quoted_in(reference: &str) -> ExchangeRates {
        ExchangeRates { reference: Some(reference.into()), quotes: BTreeMap::new() }
    }

    /// Notes that one of the reference currency cost `quote` (in units of 10⁻⁹, above 0) of
    /// `currency` on this day; a later note of the same day replaces an earlier one.
    pub fn note(&mut self, currency: &str, day: i32, quote: i64) {
        if quote <= 0 {
            return;
        }
        let series = self.quotes.entry(currency.into()).or_default();
        match series.binary_search_by_key(&day, |(known, _)| *known) {
            Ok(at) => series[at].1 = quote,
            Err(at) => series.insert(at, (day, quote)),
        }
    }

    /// The amount in the other currency, rounded half away from zero in its own unit; `None` where
    /// either currency has no rate on or before the day.
    pub fn converted(&self, amount: i128, from: &str, to: &str, day: i32) -> Option<i128> {
        if from.eq_ignore_ascii_case(to) {
            return Some(amount);
        }
        let (from_quote, to_quote) = (self.quote(from, day)?, self.quote(to, day)?);
        divided(amount.checked_mul(i128::from(to_quote))?, i128::from(from_quote))
    }

    /// Every currency that has a rate on some day, the reference among them.
    pub fn currencies(&self) -> impl Iterator<Item = &str> {
        self.reference.as_deref().into_iter().chain(self.quotes.keys().map(|code| &**code))
    }

    fn quote(&self, currency: &str, day: i32) -> Option<i64> {
        let currency = currency.to_ascii_uppercase();
        if self.reference.as_deref() == Some(currency.as_str()) {
            return Some(QUOTE_SCALE);
        }
        let series = self.quotes.get(currency.as_str())?;
        let after = series.partition_point(|(known, _)| *known <= day);
        after.checked_sub(1).map(|at| series[at].1)
    }
}

/// Half away from zero.
fn divided(dividend: i128, divisor: i128) -> Option<i128> {
    let half = divisor / 2;
    let shifted =
        if dividend < 0 { dividend.checked_sub(half)? } else { dividend.checked_add(half)? };
    shifted.checked_div(divisor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_the_days_or_the_last_before() {
        let mut rates = ExchangeRates::quoted_in("EUR");
        rates.note("USD", 10, 2 * QUOTE_SCALE);
        rates.note("USD", 12, 4 * QUOTE_SCALE);
        rates.note("JPY", 10, 160 * QUOTE_SCALE);
        let check = |amount, from, to, day, expect| {
            assert_eq!(rates.converted(amount, from, to, day), expect, "{amount} {from} {to} {day}");
        };
        check(100, "USD", "EUR", 9, None);
        check(100, "USD", "EUR", 10, Some(50));
        check(100, "USD", "EUR", 11, Some(50));
        check(100, "usd", "eur", 12, Some(25));
        check(100, "EUR", "USD", 99, Some(400));
        check(100, "USD", "JPY", 10, Some(8_000));
        check(100, "GBP", "GBP", 0, Some(100));
        check(100, "GBP", "EUR", 99, None);
        check(1, "USD", "EUR", 10, Some(1));
        check(-1, "USD", "EUR", 10, Some(-1));
        check(-3, "USD", "EUR", 12, Some(-1));
    }
}
