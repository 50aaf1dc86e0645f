//! What can be read column by column, from disk or from memory.

use arrow::array::ArrayRef;

/// The tables of a segment. Rows refer to each other by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// One row a visit, sorted by visitor and start.
    Visits,
    /// One row a hit: first those of visits, in the order of the visits, by time and arrival;
    /// then the hits of no visit (`visit` is null, `visitor` is set), sorted by visitor, time and
    /// arrival.
    Hits,
    /// One row for each product or promotion of a hit, in the order of the hits.
    Items,
    /// Distinct clients of hits whose client isn't their visit's.
    Clients,
    /// Distinct origins of hits that have one.
    Origins,
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum SegmentError {
    #[error("{path}: {problem}")]
    Damaged { path: String, problem: String },
    #[error("{operation} {path}: {problem}")]
    Io { operation: &'static str, path: String, problem: String },
}

/// Columns by table and name. A column that is null in every row may be absent.
///
/// Types, by the names that `docs/storage.md` lists:
/// texts are `Dictionary(Int32, Utf8)`; times `Int64` (milliseconds, UTC); decimals `Int64`
/// (millionths); row numbers and counts `UInt32`; sequences `UInt64`; small codes `UInt8`; flags
/// `Boolean`; visitor keys `FixedSizeBinary(16)`, big-endian.
pub trait ColumnSource: Send + Sync {
    fn rows(&self, table: Table) -> usize;

    /// `None` where the column is absent, which means null in every row.
    fn column(&self, table: Table, name: &str) -> Result<Option<ArrayRef>, SegmentError>;
}
