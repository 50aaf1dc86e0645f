//! What clocks on the wall show.

use std::sync::Arc;

use crate::Timestamp;

/// Offsets from UTC in seconds, each in force from its instant until the next; the first counts
/// for everything before the second. Empty: UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ZoneOffsets(pub Arc<[(Timestamp, i32)]>);

impl ZoneOffsets {
    /// Seconds east of UTC at this instant.
    pub fn at(&self, instant: Timestamp) -> i32 {
        match self.0.partition_point(|(from, _)| *from <= instant) {
            0 => self.0.first().map_or(0, |(_, offset)| *offset),
            after => self.0[after - 1].1,
        }
    }

    /// Hour of the day (0–23) in the zone.
    pub fn hour_of_day(&self, instant: Timestamp) -> i64 {
        self.local_seconds(instant).rem_euclid(86_400) / 3_600
    }

    /// Day of the week (1 = Monday) in the zone.
    pub fn day_of_week(&self, instant: Timestamp) -> i64 {
        // 1970-01-01 was a Thursday.
        (self.local_seconds(instant).div_euclid(86_400) + 3).rem_euclid(7) + 1
    }

    /// The day in the zone, counted from 1970-01-01.
    pub fn day(&self, instant: Timestamp) -> i32 {
        let day = self.local_seconds(instant).div_euclid(86_400);
        i32::try_from(day).unwrap_or(if day < 0 { i32::MIN } else { i32::MAX })
    }

    fn local_seconds(&self, instant: Timestamp) -> i64 {
        instant.0.div_euclid(1_000) + i64::from(self.at(instant))
    }
}
