//! Which stretch of time a request asks about.

use afsa_model::{MINUTE, Timestamp};
use afsa_store::Activity;
use jiff::ToSpan;
use jiff::civil::Date;

use crate::fault::{Faults, shortened};
use crate::span::{Comparison, Span};
use crate::zone::Zone;

/// The words that `period` takes.
pub const PERIODS: [&str; 19] = [
    "realtime",
    "today",
    "yesterday",
    "24h",
    "7d",
    "28d",
    "30d",
    "90d",
    "week",
    "month",
    "quarter",
    "year",
    "last_week",
    "last_month",
    "last_quarter",
    "last_year",
    "6mo",
    "12mo",
    "all",
];

/// The period of requests that name none.
pub const DEFAULT_PERIOD: &str = "30d";

/// Years that dates may lie in; nothing on the web is older.
const YEARS: std::ops::RangeInclusive<i16> = 1970..=2199;

/// What periods are reckoned from.
pub(crate) struct Clock<'a> {
    pub now: Timestamp,
    pub zone: &'a Zone,
    pub activity: Activity,
}

/// What a request says of its time, as sent.
pub(crate) struct Asked<'a> {
    pub period: Option<&'a str>,
    pub from: Option<&'a str>,
    pub to: Option<&'a str>,
    pub include_today: bool,
}

impl Clock<'_> {
    /// The period that is asked for, where nothing is wrong with it.
    pub fn period(&self, asked: &Asked, faults: &mut Faults) -> Option<Span> {
        match (asked.period, asked.from, asked.to) {
            (Some(_), None, None) | (None, None, None) => {
                self.named_period(asked.period.unwrap_or(DEFAULT_PERIOD), asked, faults)
            }
            (None, Some(from), Some(to)) => {
                if asked.include_today {
                    faults.no_reading(
                        "include",
                        "/include",
                        "`today` can't be added to `from` and `to`, which say themselves where \
                         the period ends",
                        Vec::new(),
                    );
                }
                self.between(("from", from), ("to", to), faults)
            }
            (Some(_), _, _) => {
                let detail = "`period` and `from` with `to` are two ways to say the same; send one";
                faults.no_reading("period", "/period", detail, Vec::new());
                None
            }
            (None, Some(_), None) => missing("to", "from", faults),
            (None, None, Some(_)) => missing("from", "to", faults),
        }
    }

    /// What the period is compared with, where that is asked for and nothing is wrong with it.
    pub fn comparison(
        &self,
        span: &Span,
        compare: Option<&str>,
        from: Option<&str>,
        to: Option<&str>,
        faults: &mut Faults,
    ) -> Option<Span> {
        match (compare, from, to) {
            (None, None, None) => None,
            (Some(name), None, None) => match Comparison::by_name(name) {
                Some(comparison) => Some(span.compared(comparison, self.zone)),
                None => {
                    let allowed = Comparison::ALL
                        .map(|known| known.name().to_owned())
                        .to_vec();
                    faults.unknown("compare", "/compare", "comparison", name, allowed);
                    None
                }
            },
            (None, Some(from), Some(to)) => {
                self.between(("compare_from", from), ("compare_to", to), faults)
            }
            (Some(_), _, _) => {
                let detail = "`compare` and `compare_from` with `compare_to` are two ways to say \
                              the same; send one";
                faults.no_reading("compare", "/compare", detail, Vec::new());
                None
            }
            (None, Some(_), None) => missing("compare_to", "compare_from", faults),
            (None, None, Some(_)) => missing("compare_from", "compare_to", faults),
        }
    }

    fn named_period(&self, name: &str, asked: &Asked, faults: &mut Faults) -> Option<Span> {
        let today = self.today();
        let yesterday = today.saturating_sub(1.day());
        let through = |first: Date, last: Date| Some(Span::of_days(first, last, self.zone));
        let back = |length: jiff::Span| today.saturating_sub(length);
        let until = if asked.include_today {
            today
        } else {
            yesterday
        };
        let monday = back(i64::from(today.weekday().to_monday_zero_offset()).days());
        let month = today.first_of_month();
        let quarter = month.saturating_sub(((month.month() - 1) % 3).months());
        let year = today.first_of_year();
        let mut before = |first: Date, length: jiff::Span| {
            if asked.include_today {
                faults.no_reading(
                    "include",
                    "/include",
                    format!("`today` can't be added to `{name}`, which is a period of its own"),
                    Vec::new(),
                );
            }
            through(first.saturating_sub(length), first.saturating_sub(1.day()))
        };
        let last = |length: i64| {
            Some(Span::of_instants(
                self.now.plus(-length),
                self.now,
                self.zone,
            ))
        };
        match name {
            "realtime" => last(30 * MINUTE),
            "24h" => last(24 * 60 * MINUTE),
            "today" => through(today, today),
            "yesterday" => before(today, 1.day()),
            "7d" => through(back(7.days()), until),
            "28d" => through(back(28.days()), until),
            "30d" => through(back(30.days()), until),
            "90d" => through(back(90.days()), until),
            "6mo" => through(back(6.months()), until),
            "12mo" => through(back(12.months()), until),
            "week" => through(monday, today),
            "month" => through(month, today),
            "quarter" => through(quarter, today),
            "year" => through(year, today),
            "last_week" => before(monday, 1.week()),
            "last_month" => before(month, 1.month()),
            "last_quarter" => before(quarter, 3.months()),
            "last_year" => before(year, 1.year()),
            "all" => {
                let first = self
                    .activity
                    .first_hit
                    .map_or(today, |first| self.day_of(first));
                let last = self
                    .activity
                    .last_hit
                    .map_or(today, |last| self.day_of(last));
                through(first, last.max(first))
            }
            _ => {
                let allowed = PERIODS.map(str::to_owned).to_vec();
                faults.unknown("period", "/period", "period", name, allowed);
                None
            }
        }
    }

    fn between(
        &self,
        (from_name, from): (&'static str, &str),
        (to_name, to): (&'static str, &str),
        faults: &mut Faults,
    ) -> Option<Span> {
        let from = self.moment(from_name, from, faults);
        let to = self.moment(to_name, to, faults);
        let span = match (from?, to?) {
            (Moment::Day(first), Moment::Day(last)) => Span::of_days(first, last, self.zone),
            (from, to) => {
                let from = match from {
                    Moment::Day(day) => self.zone.day_start(day),
                    Moment::Instant(instant) => instant,
                };
                let to = match to {
                    Moment::Day(day) => self.zone.day_start(day.saturating_add(1.day())),
                    Moment::Instant(instant) => instant,
                };
                Span::of_instants(from, to, self.zone)
            }
        };
        if span.range.from >= span.range.to {
            let detail = format!("`{to_name}` must lie after `{from_name}`");
            faults.invalid(to_name, format!("/{to_name}"), detail, Vec::new());
            return None;
        }
        Some(span)
    }

    fn moment(&self, name: &'static str, text: &str, faults: &mut Faults) -> Option<Moment> {
        let moment = Moment::read(text);
        let year = match moment {
            Some(Moment::Day(day)) => Some(day.year()),
            Some(Moment::Instant(instant)) => Some(self.zone.date_at(instant).year()),
            None => None,
        };
        let detail = match year {
            Some(year) if YEARS.contains(&year) => return moment,
            Some(_) => {
                format!(
                    "`{name}` must lie in the years {} to {}",
                    YEARS.start(),
                    YEARS.end()
                )
            }
            None => {
                // In a query string a bare plus sign is a blank.
                let hint = if text.contains(' ') {
                    "; in an address, `+` is `%2B`"
                } else {
                    ""
                };
                format!(
                    "`{name}` is a date (2026-10-25) or an instant with its offset \
                     (2026-10-25T02:00:00+02:00), not `{}`{hint}",
                    shortened(text)
                )
            }
        };
        faults.invalid(name, format!("/{name}"), detail, Vec::new());
        None
    }

    fn today(&self) -> Date {
        self.day_of(self.now)
    }

    /// Clocks and hits that are centuries off must not make periods of centuries.
    fn day_of(&self, instant: Timestamp) -> Date {
        let day = self.zone.date_at(instant);
        day.clamp(
            jiff::civil::date(*YEARS.start(), 1, 1),
            jiff::civil::date(*YEARS.end(), 12, 31),
        )
    }
}

fn missing(parameter: &'static str, other: &str, faults: &mut Faults) -> Option<Span> {
    let detail = format!("`{other}` needs `{parameter}` beside it");
    faults.invalid(parameter, format!("/{parameter}"), detail, Vec::new());
    None
}

#[derive(Clone, Copy)]
enum Moment {
    Day(Date),
    Instant(Timestamp),
}

impl Moment {
    fn read(text: &str) -> Option<Moment> {
        let is_date = |text: &str| {
            text.len() == 10
                && text.bytes().enumerate().all(|(at, byte)| match at {
                    4 | 7 => byte == b'-',
                    _ => byte.is_ascii_digit(),
                })
        };
        if is_date(text) {
            return text.parse().ok().map(Moment::Day);
        }
        let date = text.get(..10)?;
        let separated = matches!(text.as_bytes().get(10), Some(b'T' | b't' | b' '));
        if !is_date(date) || !separated || text.contains('[') {
            return None;
        }
        let instant: jiff::Timestamp = text.parse().ok()?;
        let milliseconds = instant.as_nanosecond().div_euclid(1_000_000);
        i64::try_from(milliseconds)
            .ok()
            .map(|milli| Moment::Instant(Timestamp(milli)))
    }
}

#[cfg(test)]
mod tests;
