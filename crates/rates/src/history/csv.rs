//! The bank's CSV: a row a day, a column a currency, `N/A` where there is no quote.

use super::Warnings;
use crate::collected::Collected;
use crate::{EURO, RatesError, RowFault, field};

/// The bank's header has some forty columns; one with more than this is none of the bank's.
const MOST_COLUMNS: usize = 1_000;

/// Whether the text begins as the bank's CSV does: with a header that begins with the date.
pub(super) fn is_history(text: &str) -> bool {
    let header = text.lines().next().unwrap_or_default();
    cells(header)
        .next()
        .is_some_and(|first| first.eq_ignore_ascii_case("date"))
        && cells(header).nth(MOST_COLUMNS).is_none()
}

/// Takes a row only if it has as many cells as the header, so that one that was cut off in the
/// middle of a number doesn't give a wrong quote.
pub(super) fn read(
    text: &str,
    collected: &mut Collected,
    warnings: &mut Warnings,
) -> Result<(), RatesError> {
    let mut rows = text.lines().enumerate();
    let header = rows.next().map(|(_, row)| row).unwrap_or_default();
    let expected = cells(header).count();
    let currencies = columns(header, warnings);
    for (at, row) in rows {
        let line = at + 1;
        if row.trim().is_empty() {
            continue;
        }
        let found = cells(row).count();
        if found != expected {
            warnings.add(line, None, RowFault::Columns { expected, found });
            continue;
        }
        let mut quotes = cells(row);
        let day = match field::day(quotes.next().unwrap_or_default()) {
            Ok(day) => day,
            Err(fault) => {
                warnings.add(line, None, fault);
                continue;
            }
        };
        for (currency, text) in currencies.iter().zip(quotes) {
            let Some(currency) = currency else { continue };
            if text.is_empty() || text == "N/A" {
                continue;
            }
            match field::quote(currency, text) {
                Ok(quote) => collected.add(currency, day, quote)?,
                Err(fault) => warnings.add(line, Some(day), fault),
            }
        }
    }
    Ok(())
}

/// The currency of each column after the date; `None` where the header names none.
fn columns(header: &str, warnings: &mut Warnings) -> Vec<Option<String>> {
    let mut read = |cell: &str| {
        if cell.is_empty() {
            return None; // the bank ends its lines with a comma
        }
        match field::currency(cell) {
            Ok(currency) if currency == EURO => {
                warnings.add(1, None, RowFault::Reference(currency));
                None
            }
            Ok(currency) => Some(currency),
            Err(fault) => {
                warnings.add(1, None, fault);
                None
            }
        }
    };
    cells(header).skip(1).map(&mut read).collect()
}

fn cells(row: &str) -> impl Iterator<Item = &str> {
    row.split(',').map(str::trim)
}
