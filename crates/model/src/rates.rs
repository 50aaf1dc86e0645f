//! Rates of exchange by day.

use std::collections::BTreeMap;
use std::sync::Arc;

/// What one unit of the reference currency cost in others, day by day.
///
/// A day without a rate takes the last one before it. Days are counted from 1970-01-01 in the
/// account's zone; whoever converts says which day it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExchangeRates {
    /// The currency in which the others are quoted; its own rate is 1 on every day.
    reference: Option<Arc<str>>,
    /// By ISO 4217 code: (day, units of 10⁻⁹ of the currency for one of the reference), ascending.
    quotes: BTreeMap<Arc<str>, Vec<(i32, i64)>>,
}

/// Quotes are kept in units of 10⁻⁹.
pub const QUOTE_SCALE: i64 = 1_000_000_000;

impl ExchangeRates {
    /// Rates quoted against this currency.
    pub fn quoted_in(reference: &str) -> ExchangeRates {
        ExchangeRates {
            reference: Some(reference.into()),
            quotes: BTreeMap::new(),
        }
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

    /// Notes many quotes of one currency, in any order, faster than one at a time; a later one of
    /// the same day replaces an earlier one, and those not above 0 are passed over.
    pub fn note_all(&mut self, currency: &str, quotes: impl IntoIterator<Item = (i32, i64)>) {
        let mut quotes = quotes
            .into_iter()
            .filter(|(_, quote)| *quote > 0)
            .peekable();
        if quotes.peek().is_none() {
            return;
        }
        let series = self.quotes.entry(currency.into()).or_default();
        series.extend(quotes);
        // The sort is stable, so of one day's quotes the one noted last comes last.
        series.sort_by_key(|(day, _)| *day);
        series.dedup_by(|later, kept| {
            let same_day = later.0 == kept.0;
            if same_day {
                kept.1 = later.1;
            }
            same_day
        });
    }

    /// The amount in the other currency, rounded half away from zero in its own unit; `None` where
    /// either currency has no rate on or before the day.
    pub fn converted(&self, amount: i128, from: &str, to: &str, day: i32) -> Option<i128> {
        if from.eq_ignore_ascii_case(to) {
            return Some(amount);
        }
        let (from_quote, to_quote) = (self.quote(from, day)?, self.quote(to, day)?);
        divided(
            amount.checked_mul(i128::from(to_quote))?,
            i128::from(from_quote),
        )
    }

    /// The first day on which amounts in one currency can be told in the other, as they can on
    /// every later day; `None` where they never can.
    pub fn known_since(&self, from: &str, to: &str) -> Option<i32> {
        if from.eq_ignore_ascii_case(to) {
            return Some(i32::MIN);
        }
        Some(self.first_day(from)?.max(self.first_day(to)?))
    }

    fn first_day(&self, currency: &str) -> Option<i32> {
        let currency = currency.to_ascii_uppercase();
        if self.reference.as_deref() == Some(currency.as_str()) {
            return Some(i32::MIN);
        }
        let series = self.quotes.get(currency.as_str())?;
        series.first().map(|(day, _)| *day)
    }

    /// Every currency that has a rate on some day, the reference among them.
    pub fn currencies(&self) -> impl Iterator<Item = &str> {
        self.reference
            .as_deref()
            .into_iter()
            .chain(self.quotes.keys().map(|code| &**code))
    }

    /// The currency in which the others are quoted.
    pub fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }

    /// Each quoted currency, by code, with its (day, quote in units of 10⁻⁹), ascending.
    pub fn series(&self) -> impl Iterator<Item = (&str, &[(i32, i64)])> {
        self.quotes
            .iter()
            .map(|(code, days)| (&**code, days.as_slice()))
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
    let shifted = if dividend < 0 {
        dividend.checked_sub(half)?
    } else {
        dividend.checked_add(half)?
    };
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
            assert_eq!(
                rates.converted(amount, from, to, day),
                expect,
                "{amount} {from} {to} {day}"
            );
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

    #[test]
    fn rates_are_known_from_the_first_day_of_both() {
        let mut rates = ExchangeRates::quoted_in("EUR");
        rates.note("USD", 10, 2 * QUOTE_SCALE);
        rates.note("USD", 12, 4 * QUOTE_SCALE);
        rates.note("JPY", 11, 160 * QUOTE_SCALE);
        let check = |from, to, expect: Option<i32>| {
            assert_eq!(rates.known_since(from, to), expect, "{from} {to}");
            let Some(first) = expect.filter(|day| *day > i32::MIN) else {
                return;
            };
            assert_eq!(rates.converted(1, from, to, first - 1), None, "{from} {to}");
            assert!(rates.converted(1, from, to, first).is_some(), "{from} {to}");
        };
        check("USD", "EUR", Some(10));
        check("EUR", "usd", Some(10));
        check("usd", "JPY", Some(11));
        check("EUR", "eur", Some(i32::MIN));
        check("GBP", "gbp", Some(i32::MIN));
        check("GBP", "EUR", None);
        check("EUR", "GBP", None);
    }

    #[test]
    fn many_quotes_are_noted_as_one_by_one() {
        let quotes = [
            (12, 5),
            (10, 1),
            (11, 0),
            (10, 2),
            (12, -1),
            (9, 7),
            (10, 3),
        ];
        let mut one_by_one = ExchangeRates::quoted_in("EUR");
        let mut at_once = ExchangeRates::quoted_in("EUR");
        for rates in [&mut one_by_one, &mut at_once] {
            rates.note("USD", 10, 9);
        }
        for (day, quote) in quotes {
            one_by_one.note("USD", day, quote);
        }
        at_once.note_all("USD", quotes);
        at_once.note_all("JPY", [(1, 0)]);
        assert_eq!(at_once, one_by_one);
        let series: Vec<_> = at_once.series().collect();
        assert_eq!(series, [("USD", &[(9, 7), (10, 3), (12, 5)][..])]);
    }
}
