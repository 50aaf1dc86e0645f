//! What was left out of a file of the bank's.

use std::fmt;

use afsa_model::day_text;

use crate::RowFault;

/// So many warnings are kept; the others are counted.
pub const MOST_WARNINGS: usize = 100;

/// A row or quote that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Of the unpacked text, from 1.
    pub line: usize,
    /// The row's day since 1970-01-01, where that could be read.
    pub day: Option<i32>,
    pub fault: RowFault,
}

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}", self.line)?;
        if let Some(day) = self.day {
            write!(formatter, " ({})", day_text(day))?;
        }
        write!(formatter, ": {}", self.fault)
    }
}

#[derive(Default)]
pub(super) struct Warnings {
    pub(super) first: Vec<Warning>,
    pub(super) further: usize,
}

impl Warnings {
    pub(super) fn add(&mut self, line: usize, day: Option<i32>, fault: RowFault) {
        if self.first.len() < MOST_WARNINGS {
            self.first.push(Warning { line, day, fault });
        } else {
            self.further += 1;
        }
    }
}
