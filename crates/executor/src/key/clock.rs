//! Codes of moments: the bucket of an axis, the hour of the day, the day of the week.

use std::sync::Arc;

use afsa_model::{TimeRange, Timestamp, ZoneOffsets};
use afsa_store::Value;

use crate::image::Instants;

/// Tells the code of any moment, mostly by looking its quarter of an hour up in a table: changes
/// of day, month and clock fall on quarters almost everywhere. Quarters in which the code changes
/// are marked, and looked into exactly.
pub(crate) struct Clock {
    meaning: Meaning,
    first_quarter: i64,
    table: Vec<u32>,
}

enum Meaning {
    /// The bucket, counted from 1; 0 before the first.
    Axis(Arc<[Timestamp]>),
    /// The hour and 1.
    Hour(ZoneOffsets),
    /// 1–7.
    Weekday(ZoneOffsets),
}

const QUARTER: i64 = 900_000;
const QUARTER_SECONDS: i64 = QUARTER / 1_000;
/// The code isn't the same all through the quarter.
const MIXED: u32 = u32::MAX;
/// About fifteen years: longer tables cost more to make than they save.
const LONGEST_TABLE: i64 = 1 << 19;

impl Clock {
    /// Buckets of an axis, ascending.
    pub(crate) fn axis(axis: Arc<[Timestamp]>) -> Clock {
        let mut clock = Clock {
            meaning: Meaning::Axis(axis.clone()),
            first_quarter: 0,
            table: Vec::new(),
        };
        let (Some(first), Some(last)) = (axis.first(), axis.last()) else {
            return clock;
        };
        let quarter = |at: &Timestamp| at.0.div_euclid(QUARTER);
        let quarters = quarter(last)
            .saturating_sub(quarter(first))
            .saturating_add(1);
        if quarters > LONGEST_TABLE || is_extreme(*first) {
            return clock;
        }
        clock.first_quarter = quarter(first);
        clock.table = vec![0; quarters as usize];
        for (bucket, start) in axis.iter().enumerate() {
            let from = (quarter(start) - clock.first_quarter) as usize;
            let to = match axis.get(bucket + 1) {
                Some(next) => (quarter(next) - clock.first_quarter) as usize,
                None => clock.table.len(),
            };
            clock.table[from..to.max(from)].fill(bucket as u32 + 1);
        }
        for start in axis.iter().filter(|start| start.0.rem_euclid(QUARTER) != 0) {
            clock.table[(quarter(start) - clock.first_quarter) as usize] = MIXED;
        }
        clock
    }

    /// Hours of the day in a zone; `range` is where most moments will lie.
    pub(crate) fn hour_of_day(zone: ZoneOffsets, range: TimeRange) -> Clock {
        Clock::of_zone(Meaning::Hour(zone), range)
    }

    /// Days of the week in a zone; `range` is where most moments will lie.
    pub(crate) fn day_of_week(zone: ZoneOffsets, range: TimeRange) -> Clock {
        Clock::of_zone(Meaning::Weekday(zone), range)
    }

    fn of_zone(meaning: Meaning, range: TimeRange) -> Clock {
        let mut clock = Clock {
            meaning,
            first_quarter: range.from.0.div_euclid(QUARTER),
            table: Vec::new(),
        };
        let quarters = range
            .to
            .0
            .div_euclid(QUARTER)
            .saturating_sub(clock.first_quarter);
        if !(0..LONGEST_TABLE).contains(&quarters) || is_extreme(range.from) {
            return clock;
        }
        let code = |quarter: i64| {
            let start = quarter * QUARTER;
            let code = clock.exact(start);
            // Offsets are in force for longer than a quarter, and moments within one differ by
            // less than an hour: a code that changed has changed by the end, too.
            if clock.exact(start + QUARTER - 1) == code {
                code
            } else {
                MIXED
            }
        };
        let table = (clock.first_quarter..clock.first_quarter + quarters)
            .map(code)
            .collect();
        clock.table = table;
        clock
    }

    /// The code of a moment in milliseconds since 1970.
    #[inline]
    pub(crate) fn code(&self, moment: i64) -> u32 {
        // Moments before the table wrap round to far behind its end.
        let after = moment.wrapping_sub(self.first_quarter.wrapping_mul(QUARTER)) as u64;
        match self.table.get((after / QUARTER as u64) as usize) {
            Some(code) if *code != MIXED => *code,
            Some(_) => self.exact(moment),
            None => self.beyond(moment),
        }
    }

    /// The code of a moment before or after the table.
    fn beyond(&self, moment: i64) -> u32 {
        match &self.meaning {
            // The last bucket has no end.
            Meaning::Axis(axis) if !self.table.is_empty() => {
                let is_before = moment < self.first_quarter * QUARTER;
                if is_before { 0 } else { axis.len() as u32 }
            }
            _ => self.exact(moment),
        }
    }

    /// Adds `stride` times the codes of the instants of these rows, told from the `first` on, to
    /// `out`, in step.
    pub(crate) fn add_scaled_of(
        &self,
        instants: &Instants,
        first: usize,
        rows: &[u32],
        stride: u32,
        out: &mut [u32],
    ) {
        let Instants::Near { base, seconds, .. } = instants else {
            for (row, out) in rows.iter().zip(out) {
                *out += self.code(instants.get(first + *row as usize)) * stride;
            }
            return;
        };
        let seconds = &seconds[first..];
        let base_quarter = base.div_euclid(QUARTER_SECONDS) - self.first_quarter;
        let within = base.rem_euclid(QUARTER_SECONDS) as u64;
        for (row, out) in rows.iter().zip(out) {
            let row = *row as usize;
            let quarter = (within + u64::from(seconds[row])) / QUARTER_SECONDS as u64;
            let quarter = base_quarter + quarter as i64;
            let code = match self.table.get(quarter as usize) {
                Some(code) if *code != MIXED => *code,
                Some(_) => self.exact(instants.get(first + row)),
                None => self.beyond(instants.get(first + row)),
            };
            *out += code * stride;
        }
    }

    /// Whether later moments never have lesser codes.
    pub(crate) fn never_falls(&self) -> bool {
        matches!(self.meaning, Meaning::Axis(_))
    }

    /// When the bucket of this code ends; nothing is known of codes that are no buckets.
    #[inline]
    pub(crate) fn end_of(&self, code: u32) -> Option<i64> {
        match &self.meaning {
            Meaning::Axis(axis) => Some(axis.get(code as usize).map_or(i64::MAX, |next| next.0)),
            Meaning::Hour(_) | Meaning::Weekday(_) => None,
        }
    }

    /// How many codes there are.
    pub(crate) fn codes(&self) -> u32 {
        match &self.meaning {
            Meaning::Axis(axis) => axis.len() as u32 + 1,
            Meaning::Hour(_) => 25,
            Meaning::Weekday(_) => 8,
        }
    }

    pub(crate) fn value(&self, code: u32) -> Value {
        match (&self.meaning, code) {
            (_, 0) => Value::Null,
            (Meaning::Weekday(_), day) => Value::Number(day.into()),
            (_, counted_from_one) => Value::Number(i64::from(counted_from_one) - 1),
        }
    }

    #[cold]
    fn exact(&self, moment: i64) -> u32 {
        let moment = Timestamp(moment);
        match &self.meaning {
            Meaning::Axis(axis) => axis.partition_point(|start| *start <= moment) as u32,
            Meaning::Hour(zone) => zone.hour_of_day(moment) as u32 + 1,
            Meaning::Weekday(zone) => zone.day_of_week(moment) as u32,
        }
    }
}

/// So far from any real time that differences to other moments could overflow.
fn is_extreme(instant: Timestamp) -> bool {
    instant.0.unsigned_abs() > 1 << 60
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(clock: &Clock, moments: &[i64], expect: impl Fn(i64) -> Value) {
        for moment in moments {
            assert_eq!(
                clock.value(clock.code(*moment)),
                expect(*moment),
                "{moment}"
            );
        }
        let instants = Instants::from_values(moments.to_vec());
        for first in [0, moments.len().min(1)] {
            let rows: Vec<u32> = (0..(moments.len() - first) as u32).collect();
            let mut codes = vec![0; rows.len()];
            clock.add_scaled_of(&instants, first, &rows, 3, &mut codes);
            let plain = moments[first..]
                .iter()
                .map(|moment| clock.code(*moment) * 3);
            assert_eq!(codes, plain.collect::<Vec<_>>());
        }
    }

    #[test]
    fn buckets_off_the_quarter_are_found() {
        let starts = [-1_000, 5, 900_000, 900_001, 3_600_000, 3_600_000 * 30];
        let axis: Arc<[Timestamp]> = starts.iter().map(|start| Timestamp(*start)).collect();
        let moments: Vec<i64> = starts
            .iter()
            .flat_map(|start| [start - 1, *start, start + 1])
            .chain([i64::from(i32::MIN), 1 << 40])
            .collect();
        check(&Clock::axis(axis), &moments, |moment| {
            match starts.iter().filter(|start| **start <= moment).count() {
                0 => Value::Null,
                begun => Value::Number(begun as i64 - 1),
            }
        });
        check(&Clock::axis(Arc::new([])), &moments, |_| Value::Null);
    }

    #[test]
    fn hours_and_days_follow_the_zone() {
        let offsets = [
            (Timestamp(0), 5 * 3_600 + 2_700),
            (Timestamp(7_000_123), -3_599),
        ];
        let zone = ZoneOffsets(offsets.into());
        let range = TimeRange {
            from: Timestamp(-9_000_000),
            to: Timestamp(20_000_000),
        };
        let moments: Vec<i64> = (-40..80)
            .map(|step| step * 421_337)
            .chain([7_000_122])
            .collect();
        check(
            &Clock::hour_of_day(zone.clone(), range),
            &moments,
            |moment| Value::Number(zone.hour_of_day(Timestamp(moment))),
        );
        check(
            &Clock::day_of_week(zone.clone(), TimeRange::ALL),
            &moments,
            |moment| Value::Number(zone.day_of_week(Timestamp(moment))),
        );
    }
}
