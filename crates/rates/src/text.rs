//! Rates as plain text: `date,currency,quote`, one rate a line.

use std::fmt::Write;

use afsa_model::{ExchangeRates, day_text, quote_text};

use crate::collected::Collected;
use crate::{LONGEST_TEXT, RatesError, RowFault, field};

const HEADER: &str = "date,currency,quote";

/// The rates as CSV with a header, by date and then by currency: `2026-10-30,USD,1.1172`. The
/// currency that they are quoted in is not in the text; whoever reads it back names it.
pub fn to_text(rates: &ExchangeRates) -> String {
    let mut rows: Vec<(i32, &str, i64)> = rates
        .series()
        .flat_map(|(currency, days)| {
            days.iter()
                .map(move |(day, quote)| (*day, currency, *quote))
        })
        .collect();
    rows.sort_unstable();
    let mut text = format!("{HEADER}\n");
    for same_day in rows.chunk_by(|one, next| one.0 == next.0) {
        let date = same_day
            .first()
            .map(|(day, ..)| day_text(*day))
            .unwrap_or_default();
        for (_, currency, quote) in same_day {
            // Writing to a String can't fail.
            let _ = writeln!(text, "{date},{currency},{}", quote_text(*quote));
        }
    }
    text
}

/// Reads what [`to_text`] writes and people type: what one `reference` cost, a line each.
///
/// The header may be missing; empty lines, blanks around a field and small letters in a code are
/// taken as meant; a later line about the same currency and day replaces an earlier one. A text
/// without a rate gives rates without a day.
///
/// Errors: [`RatesError::Line`] with the first line that is wrong, [`RatesError::Reference`],
/// [`RatesError::TooLong`], [`RatesError::TooMany`].
pub fn from_text(reference: &str, text: &str) -> Result<ExchangeRates, RatesError> {
    let reference =
        field::currency(reference).map_err(|_| RatesError::Reference(field::excerpt(reference)))?;
    if text.len() > LONGEST_TEXT {
        return Err(RatesError::TooLong);
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut collected = Collected::default();
    for (at, row) in text.lines().enumerate() {
        let row = row.trim();
        if row.is_empty() || (at == 0 && is_header(row)) {
            continue;
        }
        let (currency, day, quote) = read(row, &reference).map_err(|fault| RatesError::Line {
            line: at + 1,
            fault,
        })?;
        collected.add(&currency, day, quote)?;
    }
    Ok(collected.into_rates(&reference))
}

fn is_header(row: &str) -> bool {
    row.split(',')
        .map(str::trim)
        .zip(HEADER.split(','))
        .all(|(cell, name)| cell.eq_ignore_ascii_case(name))
}

fn read(row: &str, reference: &str) -> Result<(String, i32, i64), RowFault> {
    let mut cells = row.split(',').map(str::trim);
    let (Some(date), Some(code), Some(quote), None) =
        (cells.next(), cells.next(), cells.next(), cells.next())
    else {
        return Err(RowFault::Columns {
            expected: 3,
            found: row.split(',').count(),
        });
    };
    let day = field::day(date)?;
    let currency = field::currency(code)?;
    if currency == reference {
        return Err(RowFault::Reference(currency));
    }
    let quote = field::quote(&currency, quote)?;
    Ok((currency, day, quote))
}
