//! The rates that the build carries.
//!
//! `tables/ecb.rates` is written by `tools/ecb_rates.py`, which tells its form: the calendar of the
//! bank's days once, then for each currency the steps from day to day, all under zlib (whose
//! checksum finds damage). `tables/fixed.csv` has the irrevocable rates of the currencies that
//! became the euro: the bank's series of a currency ends with its last market rate, which for some
//! (HRK, BGN) is not the one by which amounts are converted for ever after.

use std::io::Read;

use afsa_model::{ExchangeRates, QUOTE_SCALE};
use flate2::read::ZlibDecoder;

use crate::{EURO, RatesError, from_text};

const TABLE: &[u8] = include_bytes!("../tables/ecb.rates");
const FIXED: &str = include_str!("../tables/fixed.csv");
const MARK: &[u8] = b"afsa-rates-1\n";
/// The table has half a million bytes; a longer one is none of ours.
const LONGEST_TABLE: u64 = 16 << 20;

/// The European Central Bank's daily reference rates from 1999-01-04 until the build's table was
/// made, and the fixed rates of the euro's former currencies, each from the day it was fixed;
/// quoted in EUR.
///
/// Nothing is unpacked before the call, and each call unpacks anew (some ten milliseconds, four
/// megabytes), so that the table costs nothing where no money is converted: call it once and
/// keep the rates.
///
/// Errors: [`RatesError::Shipped`] where the build itself is damaged.
pub fn shipped() -> Result<ExchangeRates, RatesError> {
    let mut rates = unpacked(TABLE).ok_or(RatesError::Shipped("tables/ecb.rates"))?;
    let fixed = from_text(EURO, FIXED).map_err(|_| RatesError::Shipped("tables/fixed.csv"))?;
    for (currency, days) in fixed.series() {
        rates.note_all(currency, days.iter().copied());
    }
    Ok(rates)
}

fn unpacked(table: &[u8]) -> Option<ExchangeRates> {
    let mut bytes = Vec::new();
    ZlibDecoder::new(table)
        .take(LONGEST_TABLE)
        .read_to_end(&mut bytes)
        .ok()?;
    let mut rest = bytes.strip_prefix(MARK)?;
    let days = calendar(&mut rest)?;
    let mut rates = ExchangeRates::quoted_in(EURO);
    for _ in 0..number(&mut rest)? {
        let (currency, quoted) = rest.split_at_checked(3)?;
        let currency = std::str::from_utf8(currency).ok()?;
        let (places, steps) = quoted.split_first()?;
        rest = steps;
        let unit = QUOTE_SCALE / 10_i64.checked_pow(u32::from(*places))?;
        let mut quote = 0_i64;
        let mut quotes = Vec::with_capacity(days.len());
        for day in &days {
            let Some(step) = number(&mut rest)?.checked_sub(1) else {
                continue;
            };
            quote = quote.checked_add(signed(step)?)?;
            let exact = quote.checked_mul(unit).filter(|exact| *exact > 0)?;
            quotes.push((*day, exact));
        }
        rates.note_all(currency, quotes);
    }
    rest.is_empty().then_some(rates)
}

/// The days of the table: the first from 1970-01-01, the others from the one before.
fn calendar(rest: &mut &[u8]) -> Option<Vec<i32>> {
    let count = number(rest)?;
    let mut day = 0_i32;
    (0..count)
        .map(|_| {
            day = day.checked_add(number(rest)?.try_into().ok()?)?;
            Some(day)
        })
        .collect()
}

/// A number of seven bits a byte, lowest first; the high bit says that more follow.
fn number(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..63).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// Undoes the folding that makes small negative numbers small: 0, -1, 1, -2 …
fn signed(folded: u64) -> Option<i64> {
    let half = i64::try_from(folded / 2).ok()?;
    Some(if folded.is_multiple_of(2) {
        half
    } else {
        -half - 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// Two days, one currency of four places: 1.1789, then 1.1172.
    fn small() -> Vec<u8> {
        let mut bytes = MARK.to_vec();
        bytes.extend([2, 0xe3, 0x52, 3, 1]);
        bytes.extend(b"USD\x04");
        bytes.extend([0x9b, 0xb8, 0x01, 0xd2, 0x09]);
        bytes
    }

    #[test]
    fn a_table_is_unpacked() {
        let mut expect = ExchangeRates::quoted_in(EURO);
        expect.note("USD", 10_595, 1_178_900_000);
        expect.note("USD", 10_598, 1_117_200_000);
        assert_eq!(unpacked(&packed(&small())), Some(expect));
    }

    #[test]
    fn no_damaged_table_is_taken() {
        let bytes = small();
        for length in 0..bytes.len() {
            assert_eq!(unpacked(&packed(&bytes[..length])), None, "{length}");
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert_eq!(unpacked(&packed(&longer)), None);
        let mut packed_well = packed(&bytes);
        *packed_well.last_mut().unwrap() ^= 1;
        assert_eq!(unpacked(&packed_well), None, "the checksum");
        for at in (0..TABLE.len()).step_by(9_973) {
            let mut damaged = TABLE.to_vec();
            damaged[at] ^= 0x10;
            assert_eq!(unpacked(&damaged), None, "{at}");
        }
    }
}
