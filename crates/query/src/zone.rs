//! Time zones, from the table that is compiled in.

use std::fmt;
use std::sync::LazyLock;

use afsa_model::{DAY, TimeRange, Timestamp, ZoneOffsets};
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// An IANA time zone.
#[derive(Clone, PartialEq)]
pub struct Zone(TimeZone);

impl fmt::Debug for Zone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Zone({})", self.name())
    }
}

impl Zone {
    /// Coordinated universal time.
    pub fn utc() -> Zone {
        Zone(TimeZone::UTC)
    }

    /// The zone of this name, in any case.
    pub fn by_name(name: &str) -> Option<Zone> {
        let zone = DATABASE.get(name).ok()?;
        (!zone.is_unknown()).then_some(Zone(zone))
    }

    /// Every name that is known.
    pub fn names() -> impl Iterator<Item = String> {
        DATABASE.available().map(|name| name.as_str().to_owned())
    }

    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The instant as RFC 3339 has it, in this zone; milliseconds only where there are some.
    pub fn format(&self, instant: Timestamp) -> String {
        let moment = to_jiff(instant);
        let seconds = self.0.to_offset(moment).seconds();
        // Offsets before standard time had seconds, for which the format has no place.
        let (local, offset) = if seconds % 60 == 0 {
            let sign = if seconds < 0 { '-' } else { '+' };
            let minutes = seconds.unsigned_abs() / 60;
            let offset = format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60);
            (self.0.to_datetime(moment), offset)
        } else {
            (TimeZone::UTC.to_datetime(moment), "Z".to_owned())
        };
        let date = local.date();
        let (hour, minute, second) = (local.hour(), local.minute(), local.second());
        match local.millisecond() {
            0 => format!("{date}T{hour:02}:{minute:02}:{second:02}{offset}"),
            milli => format!("{date}T{hour:02}:{minute:02}:{second:02}.{milli:03}{offset}"),
        }
    }

    /// The date that calendars on the wall show at the instant.
    pub(crate) fn date_at(&self, instant: Timestamp) -> Date {
        self.0.to_datetime(to_jiff(instant)).date()
    }

    /// The first instant of the day: midnight; where a change of clock skips midnight, the change;
    /// of two midnights, the first.
    pub(crate) fn day_start(&self, date: Date) -> Timestamp {
        let midnight = date.to_datetime(jiff::civil::Time::midnight());
        let ambiguous = self.0.to_ambiguous_timestamp(midnight);
        let skipped = matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. });
        let instant = ambiguous
            .compatible()
            .unwrap_or_else(|_| edge_of_time(date));
        if !skipped {
            return from_jiff(instant);
        }
        let just_after = Timestamp(from_jiff(instant).0.saturating_add(1));
        let change = self.0.preceding(to_jiff(just_after)).next();
        from_jiff(change.map_or(instant, |change| change.timestamp()))
    }

    /// The instant at which clocks on the wall show what `change` makes of what they show now.
    pub(crate) fn moved(
        &self,
        instant: Timestamp,
        change: impl FnOnce(DateTime) -> Option<DateTime>,
    ) -> Timestamp {
        let local = self.0.to_datetime(to_jiff(instant));
        change(local)
            .and_then(|moved| self.0.to_timestamp(moved).ok())
            .map_or(instant, from_jiff)
    }

    /// The offsets in force at all times until 2200-01-01, and the last of them from then on.
    pub fn all_offsets(&self) -> ZoneOffsets {
        /// 2200-01-01 in UTC.
        const END: Timestamp = Timestamp(84_006 * DAY);
        self.offsets(TimeRange {
            from: Timestamp::MIN,
            to: END,
        })
    }

    /// The offsets in force in the range and for some time around it, where visits that reach into
    /// it may have their other hits.
    pub(crate) fn offsets(&self, range: TimeRange) -> ZoneOffsets {
        const AROUND: i64 = 400 * DAY;
        let from = to_jiff(range.from.plus(-AROUND));
        let to = to_jiff(range.to.plus(AROUND));
        let mut offsets = vec![(from_jiff(from), self.0.to_offset(from).seconds())];
        for change in self.0.following(from) {
            if change.timestamp() > to {
                break;
            }
            let seconds = change.offset().seconds();
            if offsets.last().is_none_or(|(_, last)| *last != seconds) {
                offsets.push((from_jiff(change.timestamp()), seconds));
            }
        }
        ZoneOffsets(offsets.into())
    }
}

/// Stops at the ends of what calendars reach.
fn to_jiff(instant: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(instant.0).unwrap_or(if instant.0 < 0 {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    })
}

fn from_jiff(instant: jiff::Timestamp) -> Timestamp {
    Timestamp(instant.as_millisecond())
}

fn edge_of_time(date: Date) -> jiff::Timestamp {
    if date.year() < 0 {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn days_start_where_the_zone_says() {
        let check = |zone: &str, day: Date, expect: &str| {
            let zone = Zone::by_name(zone).unwrap();
            assert_eq!(zone.format(zone.day_start(day)), expect, "{zone:?} {day}");
        };
        check(
            "Europe/Paris",
            date(2026, 10, 25),
            "2026-10-25T00:00:00+02:00",
        );
        check(
            "Asia/Kathmandu",
            date(2026, 1, 1),
            "2026-01-01T00:00:00+05:45",
        );
        // Midnight is skipped.
        check(
            "America/Sao_Paulo",
            date(2018, 11, 4),
            "2018-11-04T01:00:00-02:00",
        );
        check(
            "Africa/Cairo",
            date(2026, 4, 24),
            "2026-04-24T01:00:00+03:00",
        );
        check(
            "Asia/Beirut",
            date(2024, 3, 31),
            "2024-03-31T01:00:00+03:00",
        );
        // Clocks went from 23:30 to 0:30.
        check(
            "America/Toronto",
            date(1919, 3, 31),
            "1919-03-31T00:30:00-04:00",
        );
        // Midnight comes twice.
        check(
            "America/Havana",
            date(2026, 11, 1),
            "2026-11-01T00:00:00-04:00",
        );
        // A day that never was ends as it begins.
        check(
            "Pacific/Apia",
            date(2011, 12, 30),
            "2011-12-31T00:00:00+14:00",
        );
        check(
            "Pacific/Apia",
            date(2011, 12, 31),
            "2011-12-31T00:00:00+14:00",
        );
    }

    #[test]
    fn knows_zones_by_name() {
        assert_eq!(
            Zone::by_name("europe/paris").unwrap().name(),
            "Europe/Paris"
        );
        for name in [
            "",
            "Mars/Olympus",
            "Etc/Unknown",
            "../etc/passwd",
            "CET-1CEST,M3.5.0",
        ] {
            assert_eq!(Zone::by_name(name), None, "{name:?}");
        }
        assert!(Zone::names().count() > 400);
    }

    #[test]
    fn offsets_follow_the_clock() {
        let zone = Zone::by_name("Europe/Paris").unwrap();
        let from = zone.day_start(date(2026, 10, 25));
        let offsets = zone.offsets(TimeRange {
            from,
            to: from.plus(DAY),
        });
        assert_eq!(offsets.at(from), 7_200);
        assert_eq!(offsets.at(from.plus(DAY)), 3_600);
        assert_eq!(Zone::utc().offsets(TimeRange::ALL).0.len(), 1);
        let offsets = zone.all_offsets();
        for year in [1880, 1905, 1943, 1970, 1999, 2026, 2100, 2199] {
            for month in 1..=12 {
                let day = zone.day_start(date(year, month, 25));
                let expect = zone.offsets(TimeRange { from: day, to: day }).at(day);
                assert_eq!(offsets.at(day), expect, "{year}-{month}");
            }
        }
        assert!(offsets.0.len() < 1_000);
        offsets.at(Timestamp::MAX);
    }

    #[test]
    fn the_edges_of_time_are_no_end_of_the_program() {
        let zone = Zone::by_name("Europe/Dublin").unwrap();
        for instant in [
            Timestamp::MIN,
            Timestamp(i64::MIN + 1),
            Timestamp(0),
            Timestamp::MAX,
        ] {
            let day = zone.date_at(instant);
            zone.day_start(day);
            zone.format(instant);
        }
        assert_eq!(
            zone.format(Timestamp(-1_900_000_000_000)),
            "1909-10-17T06:13:20Z"
        );
    }
}
