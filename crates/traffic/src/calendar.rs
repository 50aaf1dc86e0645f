//! When visits start: more in the evening than at night, on weekdays than at weekends, and a
//! little more every month.

use crate::Profile;
use crate::random::Random;

const DAY: i64 = 86_400_000;

/// Shares of a day's visits by UTC hour.
const HOURS: [(u32, i64); 24] = [
    (14, 0),
    (10, 1),
    (8, 2),
    (7, 3),
    (9, 4),
    (16, 5),
    (28, 6),
    (42, 7),
    (54, 8),
    (60, 9),
    (62, 10),
    (64, 11),
    (62, 12),
    (60, 13),
    (60, 14),
    (58, 15),
    (58, 16),
    (60, 17),
    (66, 18),
    (72, 19),
    (70, 20),
    (58, 21),
    (40, 22),
    (24, 23),
];

pub struct Calendar {
    days: Vec<(i64, u64)>,
    /// Index of the day under way, and how many of its visits were started.
    at: (usize, u64),
}

impl Calendar {
    pub fn new(profile: &Profile) -> Calendar {
        let weights: Vec<f64> = (0..profile.days)
            .map(|offset| {
                let day = profile.first_day + i64::from(offset);
                // 1970-01-01 was a Thursday.
                let weekday = (day + 3).rem_euclid(7);
                let by_weekday = if weekday >= 5 { 0.7 } else { 1.0 };
                let growth = 1.0 + 0.4 * f64::from(offset) / f64::from(profile.days.max(1));
                let ripple = 1.0 + 0.12 * (f64::from(offset) * 0.61).sin();
                by_weekday * growth * ripple
            })
            .collect();
        let total: f64 = weights.iter().sum();
        let mut days = Vec::with_capacity(weights.len());
        let (mut given, mut reached) = (0_u64, 0.0);
        for (offset, weight) in weights.iter().enumerate() {
            reached += weight / total * profile.visits as f64;
            let until = if offset + 1 == weights.len() {
                profile.visits
            } else {
                reached as u64
            };
            days.push((profile.first_day + offset as i64, until - given));
            given = until;
        }
        Calendar { days, at: (0, 0) }
    }

    /// The start of the next visit in milliseconds since 1970, by day.
    pub fn next_start(&mut self, random: &mut Random) -> Option<i64> {
        loop {
            let (day, visits) = *self.days.get(self.at.0)?;
            if self.at.1 < visits {
                self.at.1 += 1;
                let hour = *random.weighted(&HOURS);
                return Some(day * DAY + hour * 3_600_000 + random.below(3_600_000) as i64);
            }
            self.at = (self.at.0 + 1, 0);
        }
    }
}
