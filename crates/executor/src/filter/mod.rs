//! What a filter leaves of visits and things.

mod check;
mod judge;
mod name;
mod visitors;

pub(crate) use judge::{Judge, Left, THINGS, judge_all};
pub(crate) use name::Name;
