//! Believable traffic from a seed: what the demonstration shows and the benchmarks measure.
//!
//! A [`Generator`] makes the visits of a made-up shop day by day, as lines that
//! `POST /v1/imports` takes: visitors who come back, sources, campaigns, browsers and countries in
//! the shares that the web has, reading times, carts and orders. The same seed gives the same
//! lines. Nothing is random beside the seed, and no clock is read.
//!
//! ```
//! use afsa_traffic::{Generator, Profile};
//! let mut lines = Vec::new();
//! let mut generator = Generator::new(7, Profile::shop(20_000, 30, 500));
//! while generator.next_visit(&mut lines) {}
//! assert!(lines.iter().filter(|byte| **byte == b'\n').count() > 1_000);
//! ```

mod calendar;
mod random;
mod site;
mod visit;
mod world;

use calendar::Calendar;
use random::Random;

/// How much traffic, over which days.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// The first day, counted from 1970-01-01 (UTC).
    pub first_day: i64,
    pub days: u32,
    pub visits: u64,
    /// Host of the made-up shop.
    pub host: &'static str,
    /// Distinct content pages beside the shop's own.
    pub pages: u32,
    pub products: u32,
    /// Hits after this (milliseconds since 1970) are left out, so that a demonstration ends now.
    pub until: i64,
}

impl Profile {
    /// A shop of some hundred pages and products.
    pub fn shop(first_day: i64, days: u32, visits: u64) -> Profile {
        Profile {
            first_day,
            days,
            visits,
            host: "shop.example.com",
            pages: 400,
            products: 120,
            until: i64::MAX,
        }
    }
}

/// Makes visits, by day.
pub struct Generator {
    profile: Profile,
    random: Random,
    calendar: Calendar,
    site: site::Site,
    /// Visits made so far: numbers hits and new visitors.
    made: u64,
    visitors: u64,
}

impl Generator {
    pub fn new(seed: u64, profile: Profile) -> Generator {
        Generator {
            profile,
            random: Random::new(seed),
            calendar: Calendar::new(&profile),
            site: site::Site::new(&profile),
            made: 0,
            visitors: 0,
        }
    }

    /// Appends the lines of one visit, each with its line end. `false` when all are made.
    pub fn next_visit(&mut self, lines: &mut Vec<u8>) -> bool {
        let Some(start) = self.calendar.next_start(&mut self.random) else {
            return false;
        };
        // Four of ten visits are of someone who was there before, most of them lately.
        let visitor = if self.visitors > 0 && self.random.chance(0.42) {
            let back = (self.visitors as f64 * self.random.fraction().powi(3)) as u64;
            self.visitors.saturating_sub(1 + back)
        } else {
            self.visitors += 1;
            self.visitors - 1
        };
        let mut visit = visit::Visit {
            profile: &self.profile,
            site: &self.site,
            random: &mut self.random,
            lines,
            number: self.made,
            visitor,
            time: start,
            hits: 0,
            line_start: 0,
        };
        visit.write();
        self.made += 1;
        true
    }
}
