//! Visits as columns: the layout that segments have on disk and that the executor reads.
//!
//! [`encode`] turns the [`Cut`](afsa_model::Cut)s of visitors, ascending by key, into the five
//! [`Tables`] of a segment; [`write`] makes Parquet files of them; [`Segment`] reads them back, by
//! column ([`ColumnSource`]) for questions or by visitor for cutting anew. The layout is documented
//! in `docs/storage.md` and versioned.
//!
//! ```
//! use afsa_model::{Cut, VisitorKey};
//! use afsa_segments::{ColumnSource, Table, encode};
//!
//! let tables = encode([(VisitorKey(7), Cut::default())])?;
//! assert_eq!(tables.rows(Table::Visits), 0);
//! # Ok::<(), afsa_segments::SegmentError>(())
//! ```

mod builders;
mod decode;
mod encode;
mod gather;
mod layout;
mod pairs;
mod readers;
mod rows;
mod segment;
mod source;
mod stored;
mod tables;
mod verify;
mod write;

pub use encode::encode;
pub use rows::Cuts;
pub use segment::Segment;
pub use source::{ColumnSource, SegmentError, Table};
pub use tables::{Summary, Tables};
pub use write::{FORMAT_VERSION, SegmentFile, SegmentFiles, write};
