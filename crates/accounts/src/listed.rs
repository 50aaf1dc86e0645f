//! Lists that may be long: a part of them, and how long they are.

/// Which part of a list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Things that are passed over.
    pub offset: u32,
    /// The most that are answered.
    pub limit: u32,
}

impl Default for Part {
    /// The whole.
    fn default() -> Part {
        Part {
            offset: 0,
            limit: u32::MAX,
        }
    }
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed<T> {
    pub rows: Vec<T>,
    /// How many there are of all.
    pub total: u32,
}
