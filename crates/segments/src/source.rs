//! What can be read column by column, from disk or from memory.

use std::fmt;

use arrow_array::ArrayRef;

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

impl Table {
    pub const ALL: [Table; 5] = [
        Table::Visits,
        Table::Hits,
        Table::Items,
        Table::Clients,
        Table::Origins,
    ];

    /// The name of the table's file in a segment's folder.
    pub fn file_name(self) -> &'static str {
        match self {
            Table::Visits => "visits.parquet",
            Table::Hits => "hits.parquet",
            Table::Items => "items.parquet",
            Table::Clients => "clients.parquet",
            Table::Origins => "origins.parquet",
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Table::Visits => "visits",
            Table::Hits => "hits",
            Table::Items => "items",
            Table::Clients => "clients",
            Table::Origins => "origins",
        })
    }
}

/// Why visits could not be made columns, or columns not be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SegmentError {
    /// What was read is not what this crate writes.
    #[error("{path}: {problem}")]
    Damaged { path: String, problem: String },
    #[error("{operation} {path}: {problem}")]
    Io {
        operation: &'static str,
        path: String,
        problem: String,
    },
    /// Visitors must come in strictly ascending order.
    #[error("visitor {visitor:032x} comes after {previous:032x}")]
    Unsorted { previous: u128, visitor: u128 },
    /// A table has room for 2³¹ rows, a column for 2 GiB of distinct text: the visitors must be
    /// divided over more segments.
    #[error("too much for one segment: {0}")]
    TooLarge(String),
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
