//! Days, counted from 1970-01-01, as text.

/// `2026-10-30` as the day that it is; `None` for what is no date from 1900 to 2199 in this form.
pub fn parse_day(text: &str) -> Option<i32> {
    let (year, rest) = text.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    let number = |part: &str, width: usize| -> Option<i32> {
        let is_plain = part.len() == width && part.bytes().all(|byte| byte.is_ascii_digit());
        is_plain.then(|| part.parse().ok()).flatten()
    };
    let year = number(year, 4).filter(|year| (1900..=2199).contains(year))?;
    let month = number(month, 2).filter(|month| (1..=12).contains(month))?;
    let found = day_of(year, month, number(day, 2)?);
    // What the calendar doesn't have would be told as another date.
    (day_text(found) == text).then_some(found)
}

/// The day as `2026-10-30`; as a bare number of days where years don't have four digits.
pub fn day_text(day: i32) -> String {
    let (year, month, of_month) = date_of(day);
    if (0..=9999).contains(&year) {
        format!("{year:04}-{month:02}-{of_month:02}")
    } else {
        day.to_string()
    }
}

// Years begin in March here, so that a leap day is the last of its year; eras have 400 years and
// 146,097 days, and 0000-03-01 lies 719,468 days before 1970-01-01.

fn day_of(year: i32, month: i32, of_month: i32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + of_month - 1;
    let in_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    era * 146_097 + in_era - 719_468
}

fn date_of(day: i32) -> (i64, i64, i64) {
    let day = i64::from(day) + 719_468;
    let (era, in_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let of_era = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
    let of_year = in_era - (365 * of_era + of_era / 4 - of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let month = (from_march + 2) % 12 + 1;
    let year = era * 400 + of_era + i64::from(month <= 2);
    (year, month, of_year - (153 * from_march + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_and_printed() {
        for (text, expect) in [
            ("1970-01-01", 0),
            ("1969-12-31", -1),
            ("1900-01-01", -25_567),
            ("1999-01-04", 10_595),
            ("2024-02-29", 19_782),
            ("2199-12-31", 84_005),
        ] {
            assert_eq!(parse_day(text), Some(expect), "{text}");
            assert_eq!(day_text(expect), text);
        }
        for text in [
            "",
            "-",
            "--",
            "2023-02-29",
            "2100-02-29",
            "2024-04-31",
            "2024-13-01",
            "2024-00-10",
            "2024-01-00",
            "2024-1-1",
            "1899-12-31",
            "2200-01-01",
            "+024-01-01",
            "2024-01-01T00",
            " 2024-01-01",
            "99999-01-01",
            "२०२४-01-01",
        ] {
            assert_eq!(parse_day(text), None, "{text:?}");
        }
        assert_eq!(day_text(-719_528), "0000-01-01");
        assert_eq!(day_text(2_932_896), "9999-12-31");
        for beyond in [i32::MIN, -719_529, 2_932_897, i32::MAX] {
            assert_eq!(day_text(beyond), beyond.to_string());
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut before = (1899, 12, 31);
        for day in -25_567..=84_005 {
            let date = date_of(day);
            let (year, month, of_month) = before;
            let is_next = date == (year, month, of_month + 1)
                || date == (year, month + 1, 1) && of_month >= 28
                || date == (year + 1, 1, 1) && (month, of_month) == (12, 31);
            assert!(is_next, "{before:?} {date:?}");
            assert_eq!(parse_day(&day_text(day)), Some(day));
            before = date;
        }
    }
}
