//! Quotes on their way into rates.

use std::collections::BTreeMap;

use afsa_model::ExchangeRates;

use crate::{MOST_QUOTES, RatesError};

/// Quotes in the order in which they were found. The bank tells the newest day first, which would
/// move all days that are known for each new one, so they are sorted once, at the end.
#[derive(Default)]
pub(crate) struct Collected {
    by_currency: BTreeMap<String, Vec<(i32, i64)>>,
    count: usize,
}

impl Collected {
    /// Of two quotes of one currency and day the later one stays.
    pub(crate) fn add(&mut self, currency: &str, day: i32, quote: i64) -> Result<(), RatesError> {
        if self.count >= MOST_QUOTES {
            return Err(RatesError::TooMany);
        }
        self.count += 1;
        match self.by_currency.get_mut(currency) {
            Some(series) => series.push((day, quote)),
            None => {
                self.by_currency
                    .insert(currency.to_owned(), vec![(day, quote)]);
            }
        }
        Ok(())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn into_rates(self, reference: &str) -> ExchangeRates {
        let mut rates = ExchangeRates::quoted_in(reference);
        for (currency, series) in self.by_currency {
            rates.note_all(&currency, series);
        }
        rates
    }
}
