//! Intervals of time and the buckets that they make of a period.

use std::fmt;

use afsa_model::{HOUR, MINUTE, TimeRange, Timestamp, ZoneOffsets};
use jiff::ToSpan;
use jiff::civil::Date;

use crate::zone::Zone;

/// A length of time that starts where calendars and clocks start it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Interval {
    Minute,
    Hour,
    Day,
    /// From Monday.
    Week,
    Month,
    Quarter,
    Year,
}

/// One row of a table by time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    pub start: Timestamp,
    /// `2026-10-25T02:00:00+02:00`, `2026-10-25`, `2026-10`, `2026-Q4` or `2026`.
    pub label: String,
}

/// The buckets of a period, ascending; each ends where the next starts. The first may start
/// before the period.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    pub interval: Interval,
    pub buckets: Vec<Bucket>,
}

/// How many buckets a period may have.
pub const MAX_BUCKETS: usize = 50_000;

/// The longest period that is told by minutes: a day on which clocks are put back.
const LONGEST_BY_MINUTES: i64 = 25 * HOUR;

impl Interval {
    pub const ALL: [Interval; 7] = [
        Interval::Minute,
        Interval::Hour,
        Interval::Day,
        Interval::Week,
        Interval::Month,
        Interval::Quarter,
        Interval::Year,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Interval::Minute => "minute",
            Interval::Hour => "hour",
            Interval::Day => "day",
            Interval::Week => "week",
            Interval::Month => "month",
            Interval::Quarter => "quarter",
            Interval::Year => "year",
        }
    }

    pub fn by_name(name: &str) -> Option<Interval> {
        Interval::ALL
            .into_iter()
            .find(|interval| interval.name() == name)
    }

    /// What time is told in where nobody says: up to 48 h hours, up to 100 days days, up to 3 years
    /// months, else years.
    pub fn for_range(range: TimeRange, zone: &Zone) -> Interval {
        if range.to.since(range.from) <= 48 * HOUR {
            return Interval::Hour;
        }
        if range.to <= zone.moved(range.from, |local| local.checked_add(100.days()).ok()) {
            return Interval::Day;
        }
        if range.to <= zone.moved(range.from, |local| local.checked_add(3.years()).ok()) {
            return Interval::Month;
        }
        Interval::Year
    }

    /// Whether the range can be told in this interval.
    pub(crate) fn fits(self, range: TimeRange) -> bool {
        let length = range.to.since(range.from);
        match self {
            Interval::Minute => length <= LONGEST_BY_MINUTES,
            // One more at either end, where the range does not start or end with an hour.
            Interval::Hour => length / HOUR <= MAX_BUCKETS as i64 - 2,
            Interval::Day => length / (23 * HOUR) <= MAX_BUCKETS as i64 - 2,
            _ => true,
        }
    }

    /// The first day of the interval that the date lies in.
    fn first_day(self, date: Date) -> Date {
        match self {
            Interval::Minute | Interval::Hour | Interval::Day => date,
            Interval::Week => {
                date.saturating_sub(i64::from(date.weekday().to_monday_zero_offset()).days())
            }
            Interval::Month => date.first_of_month(),
            Interval::Quarter => {
                let first = date.first_of_month();
                first.saturating_sub(((first.month() - 1) % 3).months())
            }
            Interval::Year => date.first_of_year(),
        }
    }

    /// The first day of the interval after the one that starts with `first`.
    fn next(self, first: Date) -> Option<Date> {
        let step = match self {
            Interval::Minute | Interval::Hour | Interval::Day => 1.day(),
            Interval::Week => 1.week(),
            Interval::Month => 1.month(),
            Interval::Quarter => 3.months(),
            Interval::Year => 1.year(),
        };
        first.checked_add(step).ok()
    }

    fn label(self, first: Date) -> String {
        match self {
            Interval::Minute | Interval::Hour | Interval::Day | Interval::Week => first.to_string(),
            Interval::Month => format!("{:04}-{:02}", first.year(), first.month()),
            Interval::Quarter => format!("{:04}-Q{}", first.year(), (first.month() - 1) / 3 + 1),
            Interval::Year => format!("{:04}", first.year()),
        }
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Axis {
    /// The buckets of a range that the interval fits.
    pub(crate) fn new(interval: Interval, range: TimeRange, zone: &Zone) -> Axis {
        let buckets = match interval {
            Interval::Minute => by_clock(MINUTE, range, zone),
            Interval::Hour => by_clock(HOUR, range, zone),
            _ => by_calendar(interval, range, zone),
        };
        Axis { interval, buckets }
    }

    pub(crate) fn starts(&self) -> std::sync::Arc<[Timestamp]> {
        self.buckets.iter().map(|bucket| bucket.start).collect()
    }
}

fn by_calendar(interval: Interval, range: TimeRange, zone: &Zone) -> Vec<Bucket> {
    let mut buckets = Vec::new();
    let mut first = interval.first_day(zone.date_at(range.from));
    let mut start = zone.day_start(first);
    while start < range.to && buckets.len() < MAX_BUCKETS {
        let Some(next) = interval.next(first) else {
            break;
        };
        let end = zone.day_start(next);
        // A zone that moved across the date line skipped a whole day: it has no bucket.
        if start < end {
            buckets.push(Bucket {
                start,
                label: interval.label(first),
            });
        }
        (first, start) = (next, end);
    }
    buckets
}

/// Buckets that start when clocks show a full minute or hour, and at changes of the clock.
fn by_clock(step: i64, range: TimeRange, zone: &Zone) -> Vec<Bucket> {
    let ZoneOffsets(offsets) = zone.offsets(range);
    let mut buckets = Vec::new();
    let in_force = offsets
        .partition_point(|(from, _)| *from <= range.from)
        .saturating_sub(1);
    let mut changes = offsets.iter().skip(in_force).peekable();
    let Some(&(since, seconds)) = changes.next() else {
        return buckets;
    };
    let mut offset = i64::from(seconds) * 1_000;
    let mut start = Timestamp((range.from.0 + offset).div_euclid(step) * step - offset).max(since);
    while start < range.to && buckets.len() < MAX_BUCKETS {
        buckets.push(Bucket {
            start,
            label: zone.format(start),
        });
        start = Timestamp(((start.0 + offset).div_euclid(step) + 1) * step - offset);
        if let Some((change, seconds)) = changes.next_if(|(change, _)| *change <= start) {
            offset = i64::from(*seconds) * 1_000;
            start = *change;
        }
    }
    buckets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::Span;
    use jiff::civil::date;

    fn labels(zone: &str, interval: Interval, first: Date, last: Date) -> Vec<String> {
        let zone = Zone::by_name(zone).unwrap();
        let range = Span::of_days(first, last, &zone).range;
        let axis = Axis::new(interval, range, &zone);
        assert!(axis.buckets[0].start <= range.from);
        assert!(axis.buckets.iter().all(|bucket| bucket.start < range.to));
        assert!(
            axis.buckets
                .is_sorted_by(|left, right| left.start < right.start)
        );
        axis.buckets
            .into_iter()
            .map(|bucket| bucket.label)
            .collect()
    }

    #[test]
    fn days_have_the_hours_that_they_have() {
        let check = |zone: &str, day: Date, count: usize, from: usize, expect: &[&str]| {
            let labels = labels(zone, Interval::Hour, day, day);
            assert_eq!(labels.len(), count, "{zone} {day} {labels:?}");
            assert_eq!(labels[from..from + expect.len()], *expect, "{zone} {day}");
            assert_eq!(
                super::tests::labels(zone, Interval::Minute, day, day).len() % 30,
                0,
                "{zone} {day}"
            );
        };
        check(
            "Europe/Paris",
            date(2026, 10, 25),
            25,
            1,
            &[
                "2026-10-25T01:00:00+02:00",
                "2026-10-25T02:00:00+02:00",
                "2026-10-25T02:00:00+01:00",
                "2026-10-25T03:00:00+01:00",
            ],
        );
        check(
            "Europe/Paris",
            date(2026, 3, 29),
            23,
            1,
            &["2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00"],
        );
        check(
            "America/New_York",
            date(2026, 11, 1),
            25,
            0,
            &["2026-11-01T00:00:00-04:00"],
        );
        check(
            "America/New_York",
            date(2026, 3, 8),
            23,
            0,
            &["2026-03-08T00:00:00-05:00"],
        );
        check(
            "Asia/Kathmandu",
            date(2026, 5, 1),
            24,
            5,
            &["2026-05-01T05:00:00+05:45"],
        );
        check(
            "America/Sao_Paulo",
            date(2018, 11, 4),
            23,
            0,
            &["2018-11-04T01:00:00-02:00"],
        );
        check(
            "Africa/Cairo",
            date(2026, 4, 24),
            23,
            0,
            &["2026-04-24T01:00:00+03:00"],
        );
        // Clocks are put back by half an hour: what is left of the hour is a bucket of its own.
        check(
            "Australia/Lord_Howe",
            date(2026, 4, 5),
            25,
            1,
            &[
                "2026-04-05T01:00:00+11:00",
                "2026-04-05T01:30:00+10:30",
                "2026-04-05T02:00:00+10:30",
            ],
        );
        check(
            "Australia/Lord_Howe",
            date(2026, 10, 4),
            24,
            1,
            &["2026-10-04T01:00:00+10:30", "2026-10-04T02:30:00+11:00"],
        );
    }

    #[test]
    fn calendars_make_the_buckets() {
        let check = |zone: &str, interval: Interval, days: [Date; 2], expect: &[&str]| {
            assert_eq!(
                labels(zone, interval, days[0], days[1]),
                expect,
                "{zone} {interval}"
            );
        };
        let days = [date(2026, 10, 24), date(2026, 10, 26)];
        check(
            "Europe/Paris",
            Interval::Day,
            days,
            &["2026-10-24", "2026-10-25", "2026-10-26"],
        );
        check(
            "Europe/Paris",
            Interval::Week,
            days,
            &["2026-10-19", "2026-10-26"],
        );
        check("Europe/Paris", Interval::Month, days, &["2026-10"]);
        check("Europe/Paris", Interval::Quarter, days, &["2026-Q4"]);
        check("Europe/Paris", Interval::Year, days, &["2026"]);
        let turn = [date(2025, 11, 30), date(2026, 4, 1)];
        check(
            "Asia/Kathmandu",
            Interval::Quarter,
            turn,
            &["2025-Q4", "2026-Q1", "2026-Q2"],
        );
        check("UTC", Interval::Year, turn, &["2025", "2026"]);
        let over_midnight_gap = [date(2018, 11, 3), date(2018, 11, 5)];
        check(
            "America/Sao_Paulo",
            Interval::Day,
            over_midnight_gap,
            &["2018-11-03", "2018-11-04", "2018-11-05"],
        );
        let over_date_line = [date(2011, 12, 29), date(2012, 1, 1)];
        check(
            "Pacific/Apia",
            Interval::Day,
            over_date_line,
            &["2011-12-29", "2011-12-31", "2012-01-01"],
        );
    }

    #[test]
    fn the_length_of_the_period_gives_the_interval() {
        let zone = Zone::by_name("Europe/Paris").unwrap();
        let check = |first: Date, last: Date, expect: Interval| {
            let range = Span::of_days(first, last, &zone).range;
            assert_eq!(Interval::for_range(range, &zone), expect, "{first} {last}");
        };
        check(date(2026, 5, 1), date(2026, 5, 2), Interval::Hour);
        check(date(2026, 5, 1), date(2026, 5, 3), Interval::Day);
        // These two days have 49 hours.
        check(date(2026, 10, 24), date(2026, 10, 25), Interval::Day);
        check(date(2026, 3, 1), date(2026, 6, 8), Interval::Day);
        check(date(2026, 3, 1), date(2026, 6, 9), Interval::Month);
        check(date(2023, 1, 1), date(2025, 12, 31), Interval::Month);
        check(date(2023, 1, 1), date(2026, 1, 1), Interval::Year);
    }

    /// Around every change of a clock in a year of every zone there is.
    #[test]
    fn buckets_cover_every_instant_in_order() {
        let year = |year: i16| Zone::utc().day_start(date(year, 1, 1));
        let years = TimeRange {
            from: year(2011),
            to: year(2012),
        };
        for name in Zone::names() {
            let Some(zone) = Zone::by_name(&name) else {
                continue;
            };
            let changes: Vec<Timestamp> = zone.offsets(years).0.iter().map(|(at, _)| *at).collect();
            for change in changes.into_iter().filter(|change| years.contains(*change)) {
                let range = TimeRange {
                    from: change.plus(-30 * HOUR + 1),
                    to: change.plus(30 * HOUR),
                };
                let days = Axis::new(Interval::Day, range, &zone);
                let hours = Axis::new(Interval::Hour, range, &zone);
                for axis in [&days, &hours] {
                    let starts = axis.starts();
                    assert!(starts[0] <= range.from, "{name} {change:?}");
                    assert!(starts[starts.len() - 1] < range.to, "{name} {change:?}");
                    assert!(starts.is_sorted_by(|left, right| left < right), "{name}");
                }
                for bucket in &days.buckets {
                    let day = zone.date_at(bucket.start).to_string();
                    assert_eq!(day, bucket.label, "{name}");
                }
                for pair in hours.buckets.windows(2) {
                    let length = pair[1].start.since(pair[0].start);
                    assert!(length <= HOUR, "{name} {pair:?}");
                    let last = zone.format(pair[1].start.plus(-1));
                    assert_eq!(last[..13], pair[0].label[..13], "{name} {pair:?}");
                }
            }
        }
    }

    #[test]
    fn hours_of_a_day_in_the_middle_of_an_hour() {
        let zone = Zone::by_name("Asia/Kathmandu").unwrap();
        let from = zone.day_start(date(2026, 5, 1)).plus(90 * MINUTE);
        let axis = Axis::new(
            Interval::Hour,
            TimeRange {
                from,
                to: from.plus(HOUR),
            },
            &zone,
        );
        let labels: Vec<&str> = axis
            .buckets
            .iter()
            .map(|bucket| bucket.label.as_str())
            .collect();
        assert_eq!(
            labels,
            ["2026-05-01T01:00:00+05:45", "2026-05-01T02:00:00+05:45"]
        );
    }
}
