//! What a filter leaves of visits and things.

mod check;
mod judge;
mod visitors;

pub(crate) use judge::{Judge, Left, THINGS, judge_all};
