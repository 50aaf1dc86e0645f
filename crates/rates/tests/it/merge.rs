//! One set of rates over another.

use afsa_rates::{ExchangeRates, RatesError, merge};

use crate::euro_rates;

#[test]
fn the_newer_quote_of_a_day_wins() {
    let base = euro_rates(&[
        ("JPY", 1, 150),
        ("USD", 1, 11),
        ("USD", 3, 13),
        ("USD", 5, 15),
    ]);
    let newer = euro_rates(&[
        ("GBP", 2, 8),
        ("USD", 2, 22),
        ("USD", 3, 23),
        ("ZAR", 1, 180),
    ]);
    let expect = euro_rates(&[
        ("GBP", 2, 8),
        ("JPY", 1, 150),
        ("USD", 1, 11),
        ("USD", 2, 22),
        ("USD", 3, 23),
        ("USD", 5, 15),
        ("ZAR", 1, 180),
    ]);
    assert_eq!(merge(&base, &newer), Ok(expect));
    assert_eq!(merge(&base, &base), Ok(base.clone()));
    assert_eq!(merge(&base, &ExchangeRates::default()), Ok(base.clone()));
    assert_eq!(merge(&ExchangeRates::default(), &base), Ok(base));
}

#[test]
fn rates_in_different_currencies_stay_apart() {
    let pounds = ExchangeRates::quoted_in("GBP");
    let expect = RatesError::References {
        base: "EUR".into(),
        newer: "GBP".into(),
    };
    assert_eq!(merge(&euro_rates(&[]), &pounds), Err(expect));
}
