//! Exact decimal numbers with six places: money, prices and quantities.

use std::fmt;
use std::str::FromStr;

/// A decimal number of at most six places, counted in millionths.
///
/// Prices, totals and quantities are kept in this form from decoding to the end of a sum; sums of
/// products of two decimals are made in `i128` by whoever adds, so nothing is rounded on the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(i64);

/// Why a text is no decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseDecimalError {
    /// It isn't a number.
    Malformed,
    /// Its absolute value is above nine million million.
    OutOfRange,
}

impl fmt::Display for ParseDecimalError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            ParseDecimalError::Malformed => "not a decimal number",
            ParseDecimalError::OutOfRange => "outside of ±9,000,000,000,000",
        })
    }
}

impl std::error::Error for ParseDecimalError {}

impl Decimal {
    pub const ZERO: Decimal = Decimal(0);
    pub const ONE: Decimal = Decimal(1_000_000);
    /// Millionths in one.
    pub const SCALE: i64 = 1_000_000;

    /// From millionths.
    pub const fn from_micros(micros: i64) -> Decimal {
        Decimal(micros)
    }

    /// In millionths.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The product, exact, in millionths of millionths.
    pub fn times(self, other: Decimal) -> i128 {
        i128::from(self.0) * i128::from(other.0)
    }
}

impl From<i32> for Decimal {
    fn from(whole: i32) -> Decimal {
        Decimal(i64::from(whole) * Decimal::SCALE)
    }
}

impl FromStr for Decimal {
    type Err = ParseDecimalError;

    /// Reads `-12.345`, `12,5` (a comma serves as decimal sign), stray blanks anywhere (also the
    /// unbreakable ones that stand between thousands), and an exponent. Places past the sixth are
    /// rounded half away from zero.
    fn from_str(input: &str) -> Result<Decimal, ParseDecimalError> {
        use ParseDecimalError::{Malformed, OutOfRange};
        let mut negative = false;
        let mut digits: i128 = 0;
        let mut places: i32 = 0;
        let (mut seen_digit, mut seen_point, mut seen_sign) = (false, false, false);
        let mut exponent: i32 = 0;
        let mut characters = input.chars().filter(|it| !it.is_whitespace());
        while let Some(character) = characters.next() {
            match character {
                '+' | '-' if !seen_digit && !seen_point && !seen_sign => {
                    negative = character == '-';
                    seen_sign = true;
                }
                '0'..='9' => {
                    seen_digit = true;
                    if digits < 10_i128.pow(30) {
                        digits = digits * 10 + i128::from(character as u8 - b'0');
                        places += i32::from(seen_point);
                    } else if !seen_point {
                        return Err(OutOfRange);
                    }
                }
                '.' | ',' if !seen_point => seen_point = true,
                'e' | 'E' if seen_digit => {
                    let rest: String = characters.by_ref().collect();
                    exponent = rest.parse().map_err(|_| Malformed)?;
                    if !(-60..=30).contains(&exponent) {
                        return if digits == 0 || exponent < 0 {
                            Ok(Decimal::ZERO)
                        } else {
                            Err(OutOfRange)
                        };
                    }
                }
                _ => return Err(Malformed),
            }
        }
        if !seen_digit {
            return Err(Malformed);
        }
        let shift = 6 - places + exponent;
        let magnitude = if digits == 0 {
            0
        } else if shift >= 0 {
            let factor = 10_i128.checked_pow(shift as u32).ok_or(OutOfRange)?;
            digits.checked_mul(factor).ok_or(OutOfRange)?
        } else if shift < -37 {
            0
        } else {
            let divisor = 10_i128.pow((-shift) as u32);
            (digits + divisor / 2) / divisor
        };
        if magnitude > 9_000_000_000_000 * i128::from(Decimal::SCALE) {
            return Err(OutOfRange);
        }
        let magnitude = magnitude as i64;
        Ok(Decimal(if negative { -magnitude } else { magnitude }))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let whole = magnitude / 1_000_000;
        let fraction = format!("{:06}", magnitude % 1_000_000);
        let fraction = fraction.trim_end_matches('0');
        if fraction.is_empty() {
            write!(formatter, "{sign}{whole}")
        } else {
            write!(formatter, "{sign}{whole}.{fraction}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_shops_send() {
        let check = |input: &str, expect: &str| {
            assert_eq!(
                input.parse::<Decimal>().unwrap().to_string(),
                expect,
                "{input:?}"
            );
        };
        check("16.13", "16.13");
        check("12 .65 ", "12.65");
        check("12,65", "12.65");
        check("1 234,56", "1234.56");
        check("1\u{a0}234,56", "1234.56");
        check("1\u{202f}234\u{202f}567,5", "1234567.5");
        check("95.560000", "95.56");
        check("7.996666666666666", "7.996667");
        check("-0.0000005", "-0.000001");
        check("1e3", "1000");
        check("2.5E-2", "0.025");
        check("9000000000000", "9000000000000");
        check(".5", "0.5");
        check("0", "0");
    }

    #[test]
    fn refuses_what_is_no_number() {
        for input in [
            "", "-", ".", "1.2.3", "abc", "1e", "--1", "NaN", "1,234.50", "١٢", "１２", "12 €",
            "1e1e1",
        ] {
            assert_eq!(
                input.parse::<Decimal>(),
                Err(ParseDecimalError::Malformed),
                "{input:?}"
            );
        }
        for input in [
            "9000000000001",
            "1e30",
            "99999999999999999999999999999999999999",
        ] {
            assert_eq!(
                input.parse::<Decimal>(),
                Err(ParseDecimalError::OutOfRange),
                "{input:?}"
            );
        }
    }
}
