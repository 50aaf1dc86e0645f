//! Rates by the crate's public functions.

mod history;
mod merge;
mod shipped;
mod text;

use afsa_rates::ExchangeRates;

/// Days of 1999-01-04 and 2026-10-30.
const FIRST: i32 = 10_595;
const LATE: i32 = 20_756;

/// Rates in EUR of (currency, day, units of 10⁻⁹).
fn euro_rates(quotes: &[(&str, i32, i64)]) -> ExchangeRates {
    let mut rates = ExchangeRates::quoted_in("EUR");
    for (currency, day, quote) in quotes {
        rates.note(currency, *day, *quote);
    }
    rates
}
