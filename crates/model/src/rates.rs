//! Rates of exchange by day.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What one unit of the reference currency cost in others, day by day, and what an account knows
/// by itself of any two.
///
/// A day without a rate takes the last one before it. Days are counted from 1970-01-01 in the
/// account's zone; whoever converts says which day it was. A copy shares the reference's quotes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExchangeRates {
    /// The currency in which the others are quoted; its own rate is 1 on every day.
    reference: Option<Arc<str>>,
    /// By ISO 4217 code: (day, units of 10⁻⁹ of the currency for one of the reference), ascending.
    quotes: Arc<BTreeMap<Arc<str>, Series<i64>>>,
    /// By two codes in the order of the alphabet: days, ascending, with what the first of the two
    /// cost in the second.
    own: BTreeMap<[Arc<str>; 2], Series<Fraction>>,
}

/// Quotes are kept in units of 10⁻⁹.
pub const QUOTE_SCALE: i64 = 1_000_000_000;

/// A rate that an account tells by itself: one `reference` cost `quote` of `currency`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnRate {
    /// Counted from 1970-01-01.
    pub day: i32,
    pub reference: Arc<str>,
    pub currency: Arc<str>,
    /// In units of 10⁻⁹, above 0.
    pub quote: i64,
}

/// Days, ascending, each with what became known on it.
type Series<T> = Vec<(i32, T)>;

/// As many of one currency cost so many of another.
type Fraction = (i64, i64);

/// A rate and the day that it is of.
#[derive(Clone, Copy)]
struct Rate {
    day: i32,
    numerator: i128,
    denominator: i128,
}

impl ExchangeRates {
    /// Rates quoted against this currency.
    pub fn quoted_in(reference: &str) -> ExchangeRates {
        ExchangeRates {
            reference: Some(reference.into()),
            ..ExchangeRates::default()
        }
    }

    /// These rates with those of an account over them. Of one day and two currencies the account's
    /// is taken, whichever of the two it is quoted in, and of several the last.
    pub fn with_own(&self, rates: impl IntoIterator<Item = OwnRate>) -> ExchangeRates {
        let mut own = self.own.clone();
        for rate in rates {
            if rate.quote <= 0 || rate.reference == rate.currency {
                continue;
            }
            let (pair, fraction) = if rate.reference < rate.currency {
                ([rate.reference, rate.currency], (rate.quote, QUOTE_SCALE))
            } else {
                ([rate.currency, rate.reference], (QUOTE_SCALE, rate.quote))
            };
            own.entry(pair).or_default().push((rate.day, fraction));
        }
        own.values_mut().for_each(settle);
        ExchangeRates {
            own,
            ..self.clone()
        }
    }

    /// Notes that one of the reference currency cost `quote` (in units of 10⁻⁹, above 0) of
    /// `currency` on this day; a later note of the same day replaces an earlier one.
    pub fn note(&mut self, currency: &str, day: i32, quote: i64) {
        if quote <= 0 {
            return;
        }
        let quotes = Arc::make_mut(&mut self.quotes);
        let series = quotes.entry(currency.into()).or_default();
        match series.binary_search_by_key(&day, |(known, _)| *known) {
            Ok(at) => series[at].1 = quote,
            Err(at) => series.insert(at, (day, quote)),
        }
    }

    /// Notes many quotes of one currency, in any order, faster than one at a time; a later one of
    /// the same day replaces an earlier one, and those not above 0 are passed over.
    pub fn note_all(&mut self, currency: &str, quotes: impl IntoIterator<Item = (i32, i64)>) {
        let mut new = quotes
            .into_iter()
            .filter(|(_, quote)| *quote > 0)
            .peekable();
        if new.peek().is_none() {
            return;
        }
        let quotes = Arc::make_mut(&mut self.quotes);
        let series = quotes.entry(currency.into()).or_default();
        series.extend(new);
        settle(series);
    }

    /// The amount in the other currency, rounded half away from zero in its own unit; `None` where
    /// no rate between the two is known on or before the day.
    ///
    /// Both are taken by their rates against the reference, or by what the account says of the two
    /// where that is as new.
    pub fn converted(&self, amount: i128, from: &str, to: &str, day: i32) -> Option<i128> {
        if from.eq_ignore_ascii_case(to) {
            return Some(amount);
        }
        let (from, to) = (from.to_ascii_uppercase(), to.to_ascii_uppercase());
        let rate = newer(
            self.by_reference(&from, &to, day),
            self.own_rate(&from, &to, day),
        )?;
        divided(amount.checked_mul(rate.numerator)?, rate.denominator)
    }

    /// The first day on which amounts in one currency can be told in the other, as they can on
    /// every later day; `None` where they never can.
    pub fn known_since(&self, from: &str, to: &str) -> Option<i32> {
        if from.eq_ignore_ascii_case(to) {
            return Some(i32::MIN);
        }
        let (from, to) = (from.to_ascii_uppercase(), to.to_ascii_uppercase());
        let by_reference = self
            .first_day(&from)
            .zip(self.first_day(&to))
            .map(|(from, to)| from.max(to));
        [by_reference, self.first_own_day(&from, &to)]
            .into_iter()
            .flatten()
            .min()
    }

    /// Every currency that has a rate on some day, the reference among them, by code.
    pub fn currencies(&self) -> impl Iterator<Item = &str> {
        let quoted = self.reference.iter().chain(self.quotes.keys());
        let own = self.own.keys().flatten();
        let all: BTreeSet<&str> = quoted.chain(own).map(|code| &**code).collect();
        all.into_iter()
    }

    /// The currency in which the others are quoted.
    pub fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }

    /// Each currency that is quoted in the reference, by code, with its (day, quote in units of
    /// 10⁻⁹), ascending; without what an account tells by itself.
    pub fn series(&self) -> impl Iterator<Item = (&str, &[(i32, i64)])> {
        self.quotes
            .iter()
            .map(|(code, days)| (&**code, days.as_slice()))
    }

    fn by_reference(&self, from: &str, to: &str, day: i32) -> Option<Rate> {
        let (from, to) = (self.quote(from, day)?, self.quote(to, day)?);
        let day = from.day.min(to.day);
        if from.denominator == to.denominator {
            return Some(Rate {
                day,
                numerator: to.numerator,
                denominator: from.numerator,
            });
        }
        // Each factor has at most 63 bits. What both sides share is taken out, so that there is
        // room for the amount.
        let numerator = to.numerator * from.denominator;
        let denominator = to.denominator * from.numerator;
        let shared = greatest_common_divisor(numerator, denominator);
        Some(Rate {
            day,
            numerator: numerator / shared,
            denominator: denominator / shared,
        })
    }

    /// What one of the reference cost.
    fn quote(&self, currency: &str, day: i32) -> Option<Rate> {
        let reference = self.reference.as_deref()?;
        let scale = i128::from(QUOTE_SCALE);
        if reference == currency {
            return Some(Rate {
                day: i32::MAX,
                numerator: scale,
                denominator: scale,
            });
        }
        let series = self.quotes.get(currency);
        let quoted = series
            .and_then(|series| latest(series, day))
            .map(|(day, quote)| Rate {
                day,
                numerator: i128::from(quote),
                denominator: scale,
            });
        newer(quoted, self.own_rate(reference, currency, day))
    }

    /// What the account says.
    fn own_rate(&self, from: &str, to: &str, day: i32) -> Option<Rate> {
        let (day, (of_second, of_first)) = latest(self.own_series(from, to)?, day)?;
        let (numerator, denominator) = if from < to {
            (of_second, of_first)
        } else {
            (of_first, of_second)
        };
        Some(Rate {
            day,
            numerator: i128::from(numerator),
            denominator: i128::from(denominator),
        })
    }

    fn own_series(&self, one: &str, other: &str) -> Option<&[(i32, Fraction)]> {
        if self.own.is_empty() {
            return None;
        }
        let pair = [one.min(other).into(), one.max(other).into()];
        self.own.get(&pair).map(Vec::as_slice)
    }

    /// The first day on which it is known what the currency cost in the reference.
    fn first_day(&self, currency: &str) -> Option<i32> {
        let reference = self.reference.as_deref()?;
        if reference == currency {
            return Some(i32::MIN);
        }
        let quoted = self.quotes.get(currency).and_then(|series| series.first());
        [
            quoted.map(|(day, _)| *day),
            self.first_own_day(reference, currency),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn first_own_day(&self, one: &str, other: &str) -> Option<i32> {
        let series = self.own_series(one, other)?;
        series.first().map(|(day, _)| *day)
    }
}

/// Sorts by day and keeps of each what was added last.
fn settle<T: Copy>(series: &mut Series<T>) {
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

/// The last on or before the day.
fn latest<T: Copy>(series: &[(i32, T)], day: i32) -> Option<(i32, T)> {
    let after = series.partition_point(|(known, _)| *known <= day);
    after.checked_sub(1).map(|at| series[at])
}

/// The newer of two rates; of one day the account's own.
fn newer(rate: Option<Rate>, own: Option<Rate>) -> Option<Rate> {
    match (rate, own) {
        (Some(rate), Some(own)) if rate.day > own.day => Some(rate),
        (rate, own) => own.or(rate),
    }
}

/// Of numbers above 0.
fn greatest_common_divisor(mut one: i128, mut other: i128) -> i128 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
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
    fn own_rates_stand_beside_the_reference() {
        let mut bank = ExchangeRates::quoted_in("EUR");
        bank.note("USD", 10, 2 * QUOTE_SCALE);
        bank.note("USD", 12, 4 * QUOTE_SCALE);
        bank.note("GBP", 10, QUOTE_SCALE / 2);
        let own = |day, reference: &str, currency: &str, quote: i64| OwnRate {
            day,
            reference: reference.into(),
            currency: currency.into(),
            quote,
        };
        let rates = bank.with_own([
            own(10, "USD", "EUR", 1),
            own(10, "USD", "EUR", QUOTE_SCALE / 10),
            own(11, "USD", "KWD", QUOTE_SCALE / 3),
            own(11, "USD", "GBP", QUOTE_SCALE),
            own(9, "KWD", "KWD", QUOTE_SCALE),
            own(9, "USD", "KWD", 0),
            own(14, "CHF", "EUR", 3),
        ]);
        let check = |amount, from, to, day, expect| {
            assert_eq!(
                rates.converted(amount, from, to, day),
                expect,
                "{amount} {from} {to} {day}"
            );
            assert_eq!(
                rates
                    .known_since(from, to)
                    .is_some_and(|first| first <= day),
                expect.is_some(),
                "{from} {to} {day}"
            );
        };
        // Of one day the own rate counts, told in either of the two, and until a newer one.
        check(100, "USD", "EUR", 9, None);
        check(100, "USD", "EUR", 11, Some(10));
        check(10, "eur", "usd", 11, Some(100));
        check(100, "USD", "EUR", 12, Some(25));
        // It also counts on the way through the reference, and exactly.
        check(1_000, "USD", "GBP", 10, Some(50));
        check(1_000, "USD", "GBP", 11, Some(1_000));
        check(1_000, "USD", "GBP", 12, Some(1_000));
        // A currency that the reference doesn't know.
        check(QUOTE_SCALE.into(), "USD", "KWD", 11, Some(333_333_333));
        check(333_333_333, "KWD", "USD", 11, Some(QUOTE_SCALE.into()));
        check(1, "EUR", "KWD", 99, None);
        check(1, "KWD", "USD", 10, None);
        let numbers = [i128::from(i64::MAX), -i128::from(i64::MAX), 0];
        for amount in numbers {
            assert!(rates.converted(amount, "CHF", "GBP", 99).is_some());
        }
        assert_eq!(rates.converted(i128::MAX, "CHF", "GBP", 99), None);
        let known: Vec<_> = rates.currencies().collect();
        assert_eq!(known, ["CHF", "EUR", "GBP", "KWD", "USD"]);
        assert_eq!(bank.with_own([]), bank);
        assert!(rates.series().eq(bank.series()));
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
