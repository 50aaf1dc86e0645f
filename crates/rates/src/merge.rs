//! Newer rates over older ones.

use afsa_model::ExchangeRates;

use crate::RatesError;

/// All days of both; where both have a currency's day, `newer` wins. Rates without a reference
/// (those of [`ExchangeRates::default`]) take the other's.
///
/// Errors: [`RatesError::References`] where the two are quoted in different currencies.
pub fn merge(base: &ExchangeRates, newer: &ExchangeRates) -> Result<ExchangeRates, RatesError> {
    if let (Some(base), Some(newer)) = (base.reference(), newer.reference())
        && base != newer
    {
        return Err(RatesError::References {
            base: base.to_owned(),
            newer: newer.to_owned(),
        });
    }
    let reference = base.reference().or(newer.reference());
    let mut merged = reference.map(ExchangeRates::quoted_in).unwrap_or_default();
    for (currency, days) in base.series().chain(newer.series()) {
        merged.note_all(currency, days.iter().copied());
    }
    Ok(merged)
}
