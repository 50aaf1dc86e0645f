//! Instants as written in RFC 3339.

use afsa_model::{DAY, HOUR, MINUTE, SECOND, Timestamp};

/// Why a text is no instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeError {
    Malformed,
    /// Date and time are there, the offset from UTC is not.
    NoOffset,
    /// Before 1970, after 9999, or no day of the calendar.
    OutOfRange,
}

/// Reads `2017-08-01T19:46:43.298Z`, with any number of decimal places (cut to milliseconds), any
/// offset, either case of `T` and `Z`, and a blank in place of `T`. A leap second is the second
/// after it.
pub(crate) fn parse_rfc3339(input: &str) -> Result<Timestamp, TimeError> {
    let (date_time, rest) = input
        .as_bytes()
        .split_at_checked(19)
        .ok_or(TimeError::Malformed)?;
    let [
        y1,
        y2,
        y3,
        y4,
        b'-',
        m1,
        m2,
        b'-',
        d1,
        d2,
        b'T' | b't' | b' ',
        h1,
        h2,
        b':',
        i1,
        i2,
        b':',
        s1,
        s2,
    ] = date_time
    else {
        return Err(TimeError::Malformed);
    };
    let (fraction, zone) = match rest {
        [b'.', places @ ..] => milliseconds(places)?,
        _ => (0, rest),
    };
    let local = civil(
        two(*y1, *y2)? * 100 + two(*y3, *y4)?,
        two(*m1, *m2)?,
        two(*d1, *d2)?,
        [two(*h1, *h2)?, two(*i1, *i2)?, two(*s1, *s2)?],
    )?;
    let offset = match zone {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => offset(*sign, [*h1, *h2, *m1, *m2])?,
        [] => return Err(TimeError::NoOffset),
        _ => return Err(TimeError::Malformed),
    };
    in_range(local + fraction - offset)
}

/// Milliseconds since 1970 of a date and [hour, minute, second], without a zone.
pub(crate) fn civil(
    year: i64,
    month: i64,
    day: i64,
    [hour, minute, second]: [i64; 3],
) -> Result<i64, TimeError> {
    if day < 1 || day > days_of_month(year, month) || hour > 23 || minute > 59 || second > 60 {
        return Err(TimeError::OutOfRange);
    }
    Ok(days_since_1970(year, month, day) * DAY + hour * HOUR + minute * MINUTE + second * SECOND)
}

/// Milliseconds east of UTC of a sign and the digits of `hhmm`.
pub(crate) fn offset(sign: u8, [h1, h2, m1, m2]: [u8; 4]) -> Result<i64, TimeError> {
    let (hours, minutes) = (two(h1, h2)?, two(m1, m2)?);
    if hours > 23 || minutes > 59 {
        return Err(TimeError::OutOfRange);
    }
    let magnitude = hours * HOUR + minutes * MINUTE;
    Ok(if sign == b'-' { -magnitude } else { magnitude })
}

/// The number of two digits.
pub(crate) fn two(tens: u8, ones: u8) -> Result<i64, TimeError> {
    if !tens.is_ascii_digit() || !ones.is_ascii_digit() {
        return Err(TimeError::Malformed);
    }
    Ok(i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
}

/// The instant, if it lies in the years that are stored.
pub(crate) fn in_range(milliseconds: i64) -> Result<Timestamp, TimeError> {
    let end = days_since_1970(10_000, 1, 1) * DAY;
    if (0..end).contains(&milliseconds) {
        Ok(Timestamp(milliseconds))
    } else {
        Err(TimeError::OutOfRange)
    }
}

/// Milliseconds of at least one decimal place, and what follows the places.
fn milliseconds(places: &[u8]) -> Result<(i64, &[u8]), TimeError> {
    let count = places
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if count == 0 {
        return Err(TimeError::Malformed);
    }
    let (digits, rest) = places.split_at(count);
    let padded = digits.iter().copied().chain([b'0', b'0']).take(3);
    let value = padded.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    Ok((value, rest))
}

/// 0 for months that do not exist.
fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 0,
    }
}

/// Days from 1970-01-01 in the Gregorian calendar. Years are taken to begin in March, so the
/// leap day ends its year and the months before it have a fixed pattern of lengths.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let months_since_march = (month + 9) % 12;
    let leap_days =
        shifted_year.div_euclid(4) - shifted_year.div_euclid(100) + shifted_year.div_euclid(400);
    let day_of_year = (153 * months_since_march + 2) / 5 + day - 1;
    // 719,468 days lie between 0000-03-01 and 1970-01-01.
    shifted_year * 365 + leap_days + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_instants() {
        fn check(input: &str, expect: i64) {
            assert_eq!(parse_rfc3339(input), Ok(Timestamp(expect)), "{input}");
        }
        check("1970-01-01T00:00:00Z", 0);
        check("2017-08-01T19:46:43.298Z", 1_501_616_803_298);
        check("2017-08-01t19:46:43.298z", 1_501_616_803_298);
        check("2017-08-01 21:46:43.298+02:00", 1_501_616_803_298);
        check("2017-08-01T14:16:43.2989999999-05:30", 1_501_616_803_298);
        check("2000-02-29T23:59:59.9Z", 951_868_799_900);
        check("2024-12-31T23:59:60Z", 1_735_689_600_000);
        check("1999-12-31T23:59:59.01+00:00", 946_684_799_010);
        check("9999-12-31T23:59:59.999Z", 253_402_300_799_999);
        check("1970-01-01T01:00:00+01:00", 0);
    }

    #[test]
    fn refuses_what_is_no_instant() {
        fn check(input: &str, expect: TimeError) {
            assert_eq!(parse_rfc3339(input), Err(expect), "{input}");
        }
        use TimeError::{Malformed, NoOffset, OutOfRange};
        for input in [
            "",
            "2017-08-01",
            "2017-08-01T19:46Z",
            "1501616803",
            "2017-8-1T19:46:43Z",
            "2017-08-01T19:46:43.Z",
            "2017-08-01T19:46:43+0200",
            "2017-08-01T19:46:43Zz",
            "+017-08-01T19:46:43Z",
            "２017-08-01T19:46:43Z",
        ] {
            check(input, Malformed);
        }
        check("2017-08-01T19:46:43", NoOffset);
        check("2017-08-01T19:46:43.5", NoOffset);
        for input in [
            "2017-00-01T00:00:00Z",
            "2017-13-01T00:00:00Z",
            "2017-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2017-04-31T00:00:00Z",
            "2017-08-00T00:00:00Z",
            "2017-08-01T24:00:00Z",
            "2017-08-01T23:60:00Z",
            "2017-08-01T23:59:61Z",
            "2017-08-01T23:59:59+24:00",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:59:59+01:00",
            "9999-12-31T23:59:59-00:01",
            "0000-01-01T00:00:00Z",
        ] {
            check(input, OutOfRange);
        }
    }
}
