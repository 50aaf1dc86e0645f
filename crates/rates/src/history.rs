//! The European Central Bank's own files.

mod archive;
mod csv;
mod warning;
mod xml;

use afsa_model::ExchangeRates;

use crate::collected::Collected;
use crate::{EURO, LONGEST_TEXT, RatesError};

use warning::Warnings;
pub use warning::{MOST_WARNINGS, Warning};

/// What a file of the bank's came to.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// Quoted in EUR.
    pub rates: ExchangeRates,
    /// What could not be read, at most [`MOST_WARNINGS`].
    pub warnings: Vec<Warning>,
    /// How many more warnings there were.
    pub further_warnings: usize,
}

/// Reads the bank's reference rates as it offers them for download: the archive
/// `eurofxref-hist.zip`, the CSV in it, or the XML of `eurofxref-hist.xml`,
/// `eurofxref-hist-90d.xml` and `eurofxref-daily.xml`. Which it is shows in the first bytes.
///
/// Rows and quotes that are wrong are left out and named; the rest is taken.
///
/// Errors: [`RatesError::UnknownForm`], [`RatesError::Archive`], [`RatesError::EmptyArchive`],
/// [`RatesError::TooLong`] and [`RatesError::TooMany`] (unpacked, too), [`RatesError::NoRates`].
pub fn parse_ecb_history(bytes: &[u8]) -> Result<History, RatesError> {
    if bytes.len() > LONGEST_TEXT {
        return Err(RatesError::TooLong);
    }
    if bytes.starts_with(archive::MARK) {
        return parse_text(&archive::unpacked(bytes)?);
    }
    parse_text(bytes)
}

fn parse_text(bytes: &[u8]) -> Result<History, RatesError> {
    // What isn't UTF-8 becomes text that no field accepts, so that only its rows are lost.
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}');
    let mut collected = Collected::default();
    let mut warnings = Warnings::default();
    if text.trim_start().starts_with('<') {
        xml::read(text, &mut collected, &mut warnings)?;
    } else if csv::is_history(text) {
        csv::read(text, &mut collected, &mut warnings)?;
    } else {
        return Err(RatesError::UnknownForm);
    }
    if collected.is_empty() {
        return Err(RatesError::NoRates(
            warnings.first.into_iter().next().map(Box::new),
        ));
    }
    Ok(History {
        rates: collected.into_rates(EURO),
        warnings: warnings.first,
        further_warnings: warnings.further,
    })
}
