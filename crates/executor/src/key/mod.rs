//! From dimensions to keys of groups.

mod axes;
mod clock;
mod meaning;

pub(crate) use axes::Axes;
pub(crate) use clock::Clock;
pub(crate) use meaning::Meaning;
