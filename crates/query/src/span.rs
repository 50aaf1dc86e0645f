//! Stretches of time as calendars tell them.

use afsa_model::{TimeRange, Timestamp};
use jiff::ToSpan;
use jiff::civil::Date;

use crate::zone::Zone;

/// A range of time that knows whether it is made of whole days.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Span {
    pub range: TimeRange,
    /// The first and the last day, if the range is these days and all between.
    pub days: Option<(Date, Date)>,
}

/// What another period is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// As many days (or as much time) just before.
    PreviousPeriod,
    /// The fewest whole weeks back that clear the period.
    PreviousPeriodMatchDayOfWeek,
    /// The same dates a year before.
    YearOverYear,
}

impl Comparison {
    pub const ALL: [Comparison; 3] = [
        Comparison::PreviousPeriod,
        Comparison::PreviousPeriodMatchDayOfWeek,
        Comparison::YearOverYear,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Comparison::PreviousPeriod => "previous_period",
            Comparison::PreviousPeriodMatchDayOfWeek => "previous_period_match_day_of_week",
            Comparison::YearOverYear => "year_over_year",
        }
    }

    pub fn by_name(name: &str) -> Option<Comparison> {
        Comparison::ALL
            .into_iter()
            .find(|comparison| comparison.name() == name)
    }
}

impl Span {
    /// Both days included.
    pub fn of_days(first: Date, last: Date, zone: &Zone) -> Span {
        let after = last.tomorrow().unwrap_or(last);
        let range = TimeRange {
            from: zone.day_start(first),
            to: zone.day_start(after),
        };
        Span {
            range,
            days: Some((first, last)),
        }
    }

    /// Instants that are the starts of days make whole days.
    pub fn of_instants(from: Timestamp, to: Timestamp, zone: &Zone) -> Span {
        let (first, after) = (zone.date_at(from), zone.date_at(to));
        if from < to
            && zone.day_start(first) == from
            && zone.day_start(after) == to
            && let Ok(last) = after.yesterday()
        {
            return Span::of_days(first, last, zone);
        }
        Span {
            range: TimeRange { from, to },
            days: None,
        }
    }

    /// The period that this one is compared with.
    pub fn compared(&self, comparison: Comparison, zone: &Zone) -> Span {
        match self.days {
            Some((first, last)) => {
                let (first, last) = compared_days(first, last, comparison);
                Span::of_days(first, last, zone)
            }
            None => self.compared_instants(comparison, zone),
        }
    }

    fn compared_instants(&self, comparison: Comparison, zone: &Zone) -> Span {
        let TimeRange { from, to } = self.range;
        let (from, to) = match comparison {
            Comparison::PreviousPeriod => (from.plus(-to.since(from)), from),
            Comparison::PreviousPeriodMatchDayOfWeek => {
                let back = |instant, weeks: i64| {
                    zone.moved(instant, |local| local.checked_sub(weeks.weeks()).ok())
                };
                let weeks = to.since(from) / (7 * afsa_model::DAY);
                // A change of clock may make the weeks an hour longer or shorter.
                let weeks = (weeks..=weeks + 2)
                    .find(|weeks| *weeks > 0 && back(to, *weeks) <= from)
                    .unwrap_or(weeks + 2);
                (back(from, weeks), back(to, weeks))
            }
            Comparison::YearOverYear => {
                let back = |instant| zone.moved(instant, |local| local.checked_sub(1.year()).ok());
                (back(from), back(to))
            }
        };
        Span {
            range: TimeRange { from, to },
            days: None,
        }
    }
}

fn compared_days(first: Date, last: Date, comparison: Comparison) -> (Date, Date) {
    let count = first.duration_until(last).as_hours() / 24 + 1;
    let back = match comparison {
        Comparison::PreviousPeriod => count.days(),
        Comparison::PreviousPeriodMatchDayOfWeek => ((count + 6) / 7 * 7).days(),
        // 29 February becomes the 28th.
        Comparison::YearOverYear => 1.year(),
    };
    (first.saturating_sub(back), last.saturating_sub(back))
}

#[cfg(test)]
mod tests {
    use super::*;
    use afsa_model::{DAY, HOUR};
    use jiff::civil::date;

    #[test]
    fn days_are_compared_with_days() {
        use Comparison::*;
        let check = |first: Date, last: Date, comparison: Comparison, expect: [Date; 2]| {
            for zone in ["Europe/Paris", "America/Sao_Paulo", "Asia/Kathmandu"] {
                let zone = Zone::by_name(zone).unwrap();
                let compared = Span::of_days(first, last, &zone).compared(comparison, &zone);
                assert_eq!(
                    compared.days,
                    Some((expect[0], expect[1])),
                    "{comparison:?} {first}"
                );
                assert_eq!(compared.range.from, zone.day_start(expect[0]));
                if comparison == PreviousPeriod {
                    assert_eq!(compared.range.to, zone.day_start(first));
                }
            }
        };
        let october = [date(2026, 10, 1), date(2026, 10, 31)];
        check(
            october[0],
            october[1],
            PreviousPeriod,
            [date(2026, 8, 31), date(2026, 9, 30)],
        );
        check(
            october[0],
            october[1],
            PreviousPeriodMatchDayOfWeek,
            [date(2026, 8, 27), date(2026, 9, 26)],
        );
        check(
            october[0],
            october[1],
            YearOverYear,
            [date(2025, 10, 1), date(2025, 10, 31)],
        );
        let week = [date(2026, 10, 19), date(2026, 10, 25)];
        check(
            week[0],
            week[1],
            PreviousPeriodMatchDayOfWeek,
            [date(2026, 10, 12), date(2026, 10, 18)],
        );
        let leap = [date(2028, 2, 29), date(2028, 2, 29)];
        check(
            leap[0],
            leap[1],
            YearOverYear,
            [date(2027, 2, 28), date(2027, 2, 28)],
        );
        check(
            leap[0],
            leap[1],
            PreviousPeriod,
            [date(2028, 2, 28), date(2028, 2, 28)],
        );
    }

    #[test]
    fn instants_are_compared_with_instants() {
        let zone = Zone::by_name("Europe/Paris").unwrap();
        // From noon to noon over the night in which clocks are put back: 25 hours.
        let noon = |day: Date| zone.day_start(day.tomorrow().unwrap()).plus(-12 * HOUR);
        let (from, to) = (noon(date(2026, 10, 24)), noon(date(2026, 10, 25)));
        assert_eq!(to.since(from), 25 * HOUR);
        let span = Span::of_instants(from, to, &zone);
        let check = |comparison: Comparison, expect: [Timestamp; 2]| {
            let compared = span.compared(comparison, &zone).range;
            assert_eq!([compared.from, compared.to], expect, "{comparison:?}");
        };
        check(Comparison::PreviousPeriod, [from.plus(-25 * HOUR), from]);
        check(
            Comparison::PreviousPeriodMatchDayOfWeek,
            [noon(date(2026, 10, 17)), noon(date(2026, 10, 18))],
        );
        check(
            Comparison::YearOverYear,
            [noon(date(2025, 10, 24)), noon(date(2025, 10, 25))],
        );
        let fortnight = Span::of_instants(from, from.plus(14 * DAY + HOUR), &zone);
        let compared = fortnight.compared(Comparison::PreviousPeriodMatchDayOfWeek, &zone);
        assert_eq!(compared.range.to, from);
    }

    #[test]
    fn instants_at_midnight_are_days() {
        let zone = Zone::by_name("Europe/Paris").unwrap();
        let days = Span::of_days(date(2026, 10, 24), date(2026, 10, 25), &zone);
        assert_eq!(
            Span::of_instants(days.range.from, days.range.to, &zone),
            days
        );
        let shifted = Span::of_instants(days.range.from.plus(1), days.range.to, &zone);
        assert_eq!(shifted.days, None);
    }
}
