//! Exact fractions: what rates, means and money are until somebody shows them.

use std::cmp::Ordering;

/// A quotient of two integers, compared by value. Not reduced unless something needs it.
#[derive(Clone, Copy, Debug)]
pub struct Fraction {
    numerator: i128,
    /// Always above 0.
    denominator: i128,
}

/// A figure of an answer; `None` where it has no value, as a rate of nothing.
pub type Figure = Option<Fraction>;

impl Fraction {
    pub const ZERO: Fraction = Fraction::whole(0);

    /// `None` for a zero denominator.
    pub fn new(numerator: i128, denominator: i128) -> Figure {
        match denominator.cmp(&0) {
            Ordering::Equal => None,
            Ordering::Greater => Some(Fraction {
                numerator,
                denominator,
            }),
            Ordering::Less => Some(Fraction {
                numerator: numerator.saturating_neg(),
                denominator: denominator.saturating_neg(),
            }),
        }
    }

    pub const fn whole(number: i128) -> Fraction {
        Fraction {
            numerator: number,
            denominator: 1,
        }
    }

    pub fn numerator(self) -> i128 {
        self.numerator
    }

    /// Above 0.
    pub fn denominator(self) -> i128 {
        self.denominator
    }

    pub fn is_zero(self) -> bool {
        self.numerator == 0
    }

    /// The nearest number that floating point has, or its neighbour.
    pub fn to_f64(self) -> f64 {
        let Fraction {
            numerator,
            denominator,
        } = self.reduced();
        numerator as f64 / denominator as f64
    }

    /// In units of 10^-`places`, rounded half away from zero. `None` where that does not fit.
    pub fn rounded(self, places: u32) -> Option<i128> {
        let Fraction {
            numerator,
            denominator,
        } = self.reduced();
        let scale = 10_i128.checked_pow(places)?;
        let whole = (numerator / denominator).checked_mul(scale)?;
        let part = (numerator % denominator).checked_mul(scale)?;
        let rest = (part % denominator).unsigned_abs();
        let away = i128::from(rest >= denominator.unsigned_abs() - rest) * part.signum();
        whole.checked_add(part / denominator)?.checked_add(away)
    }

    /// This over `other`; `None` where that is 0. Where the quotient needs more than 127 bits its
    /// lowest bits are lost.
    pub fn divided_by(self, other: Fraction) -> Figure {
        if other.is_zero() {
            return None;
        }
        let (left, right) = (self.reduced(), other.reduced());
        let across = gcd(left.numerator, right.numerator);
        let below = gcd(left.denominator, right.denominator);
        let above_factors = [left.numerator / across, right.denominator / below];
        let below_factors = [left.denominator / below, right.numerator / across];
        let (numerator, denominator) = products(above_factors, below_factors);
        Fraction::new(numerator, denominator)
    }

    /// The relative change from `then` to this: (this − then) / then. `None` where `then` is 0.
    pub fn change_from(self, then: Fraction) -> Figure {
        let quotient = self.divided_by(then)?;
        let difference = quotient.numerator.saturating_sub(quotient.denominator);
        Fraction::new(difference, quotient.denominator)
    }

    fn reduced(self) -> Fraction {
        let divisor = gcd(self.numerator, self.denominator);
        Fraction {
            numerator: self.numerator / divisor,
            denominator: self.denominator / divisor,
        }
    }
}

impl From<f64> for Fraction {
    /// What the shortest decimal text of the number says: 0.1 is one tenth. Beyond what fits, the
    /// largest that does; nearer to 0 than what fits, the smallest; not a number is 0.
    fn from(number: f64) -> Fraction {
        if !number.is_finite() || number == 0.0 {
            let whole = if number == f64::INFINITY {
                i128::MAX
            } else if number == f64::NEG_INFINITY {
                -i128::MAX
            } else {
                0
            };
            return Fraction::whole(whole);
        }
        let sign = if number < 0.0 { -1 } else { 1 };
        let text = format!("{:e}", number.abs());
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let places = mantissa
            .split_once('.')
            .map_or(0, |(_, places)| places.len() as i32);
        let digits: i128 = mantissa.replace('.', "").parse().unwrap_or(0);
        let exponent = exponent.parse().unwrap_or(0) - places;
        let power = 10_i128.checked_pow(exponent.unsigned_abs());
        if exponent >= 0 {
            let whole = power.and_then(|power| digits.checked_mul(power));
            return Fraction::whole(sign * whole.unwrap_or(i128::MAX));
        }
        match power {
            Some(power) => Fraction {
                numerator: sign * digits,
                denominator: power,
            },
            None => Fraction {
                numerator: sign,
                denominator: i128::MAX,
            },
        }
    }
}

impl PartialEq for Fraction {
    fn eq(&self, other: &Fraction) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Fraction {}

impl PartialOrd for Fraction {
    fn partial_cmp(&self, other: &Fraction) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Fraction {
    fn cmp(&self, other: &Fraction) -> Ordering {
        if self.denominator == other.denominator {
            return self.numerator.cmp(&other.numerator);
        }
        let left = self.numerator.checked_mul(other.denominator);
        let right = other.numerator.checked_mul(self.denominator);
        match (left, right) {
            (Some(left), Some(right)) => left.cmp(&right),
            _ => self.cmp_by_continued_fractions(other),
        }
    }
}

impl Fraction {
    /// Compares whole parts, then the inverses of what is left: never larger than what is there.
    fn cmp_by_continued_fractions(&self, other: &Fraction) -> Ordering {
        let (mut left, mut right) = (*self, *other);
        loop {
            let whole = left.numerator.div_euclid(left.denominator);
            let other_whole = right.numerator.div_euclid(right.denominator);
            if whole != other_whole {
                return whole.cmp(&other_whole);
            }
            let rest = left.numerator.rem_euclid(left.denominator);
            let other_rest = right.numerator.rem_euclid(right.denominator);
            if rest == 0 || other_rest == 0 {
                return rest.cmp(&other_rest);
            }
            // a/b < c/d where d/c < b/a, so the sides change places.
            let inverse = Fraction {
                numerator: left.denominator,
                denominator: rest,
            };
            left = Fraction {
                numerator: right.denominator,
                denominator: other_rest,
            };
            right = inverse;
        }
    }
}

/// At least 1.
fn gcd(left: i128, right: i128) -> i128 {
    let (mut left, mut right) = (left.unsigned_abs(), right.unsigned_abs());
    while right != 0 {
        // Most numbers are small, and dividing 64 bits is several times faster.
        if let (Ok(small_left), Ok(small_right)) = (u64::try_from(left), u64::try_from(right)) {
            (left, right) = (
                u128::from(small_right),
                u128::from(small_left % small_right),
            );
        } else {
            (left, right) = (right, left % right);
        }
    }
    i128::try_from(left).unwrap_or(1).max(1)
}

/// Both products, each made to fit by halving a factor above and below.
fn products(mut above: [i128; 2], mut below: [i128; 2]) -> (i128, i128) {
    loop {
        let numerator = above[0].checked_mul(above[1]);
        let denominator = below[0].checked_mul(below[1]);
        if let (Some(numerator), Some(denominator)) = (numerator, denominator) {
            return (numerator, denominator);
        }
        let larger_below = usize::from(below[1].unsigned_abs() > below[0].unsigned_abs());
        if below[larger_below].unsigned_abs() == 1 {
            let sign =
                above[0].signum() * above[1].signum() * below[0].signum() * below[1].signum();
            return (i128::MAX * sign, 1);
        }
        let larger_above = usize::from(above[1].unsigned_abs() > above[0].unsigned_abs());
        above[larger_above] /= 2;
        below[larger_below] /= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fraction(numerator: i128, denominator: i128) -> Fraction {
        Fraction::new(numerator, denominator).unwrap()
    }

    #[test]
    fn compares_by_value() {
        let huge = 10_i128.pow(37);
        let check = |left: Fraction, right: Fraction, expect: Ordering| {
            assert_eq!(left.cmp(&right), expect, "{left:?} {right:?}");
            assert_eq!(right.cmp(&left), expect.reverse(), "{right:?} {left:?}");
            assert_eq!(
                left.cmp_by_continued_fractions(&right),
                expect,
                "{left:?} {right:?}"
            );
        };
        check(fraction(1, 2), fraction(2, 4), Ordering::Equal);
        check(
            fraction(1, 3),
            fraction(333_333_333_333, 1_000_000_000_000),
            Ordering::Greater,
        );
        check(fraction(-1, 3), fraction(1, -4), Ordering::Less);
        check(fraction(-1, 2), fraction(1, 3), Ordering::Less);
        check(
            fraction(huge + 1, huge),
            fraction(huge, huge - 1),
            Ordering::Less,
        );
        check(
            fraction(huge, huge - 1),
            fraction(2 * huge, 2 * huge - 2),
            Ordering::Equal,
        );
        check(
            fraction(-huge, huge - 1),
            fraction(-huge - 1, huge),
            Ordering::Less,
        );
        check(
            fraction(i128::MAX, 1),
            fraction(i128::MAX, i128::MAX - 1),
            Ordering::Greater,
        );
    }

    #[test]
    fn changes_are_relative() {
        let check = |now: Fraction, then: Fraction, expect: Figure| {
            assert_eq!(now.change_from(then), expect, "{now:?} from {then:?}");
        };
        check(fraction(120, 1), fraction(100, 1), Some(fraction(1, 5)));
        check(fraction(0, 1), fraction(100, 1), Some(fraction(-1, 1)));
        check(fraction(1, 1), fraction(0, 1), None);
        check(fraction(1, 2), fraction(1, 4), Some(fraction(1, 1)));
        check(fraction(5, 1), fraction(-10, 1), Some(fraction(-3, 2)));
        let unit = 10_i128.pow(12);
        let huge = 10_i128.pow(30);
        check(
            fraction(3 * huge, 7 * unit),
            fraction(2 * huge, 7 * unit),
            Some(fraction(1, 2)),
        );
    }

    #[test]
    fn quotients_beyond_127_bits_lose_only_their_lowest_bits() {
        let left = fraction(10_i128.pow(37) + 9, 3);
        let right = fraction(7, 10_i128.pow(30) + 57);
        assert_eq!(left.divided_by(right), Some(Fraction::whole(i128::MAX)));
        let left = fraction(10_i128.pow(37) + 9, 10_i128.pow(36) + 7);
        let quotient = left
            .divided_by(fraction(10_i128.pow(36) + 11, 10_i128.pow(37) + 63))
            .unwrap();
        assert!((quotient.to_f64() - 100.0).abs() < 1e-12, "{quotient:?}");
    }

    #[test]
    fn rounds_half_away_from_zero() {
        let check = |input: Fraction, places: u32, expect: Option<i128>| {
            assert_eq!(input.rounded(places), expect, "{input:?}");
        };
        check(fraction(5, 1000), 2, Some(1));
        check(fraction(-5, 1000), 2, Some(-1));
        check(fraction(4999, 1_000_000), 2, Some(0));
        check(fraction(1, 3), 2, Some(33));
        check(fraction(2, 3), 0, Some(1));
        check(
            fraction(16_130_000_000_000, 1_000_000_000_000),
            2,
            Some(1613),
        );
        check(fraction(i128::MAX, 1), 2, None);
    }

    #[test]
    fn reads_decimals_as_they_are_written() {
        let check = |input: f64, expect: Fraction| assert_eq!(Fraction::from(input), expect);
        check(0.1, fraction(1, 10));
        check(-12.5, fraction(-25, 2));
        check(1e21, Fraction::whole(10_i128.pow(21)));
        check(0.0, Fraction::ZERO);
        check(f64::NAN, Fraction::ZERO);
        check(f64::MAX, Fraction::whole(i128::MAX));
        assert!(Fraction::from(f64::MIN_POSITIVE) > Fraction::ZERO);
        assert!(Fraction::from(-1e300) < Fraction::whole(-(10_i128.pow(37))));
    }

    #[test]
    fn becomes_the_nearest_float() {
        assert_eq!(fraction(1, 3).to_f64(), 1.0 / 3.0);
        assert_eq!(
            fraction(1234 * 10_i128.pow(12), 10_i128.pow(13)).to_f64(),
            123.4
        );
    }
}
