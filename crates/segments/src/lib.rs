//! Visits as columns: the layout that segments have on disk and that the executor reads.
//!
//! [`encode`] turns the [`Cut`]s of visitors, ascending by key, into the five tables of a segment;
//! [`write`] makes Parquet files of them; [`Segment`] reads them back, by column for questions or
//! by visitor for cutting anew. The layout is documented in `docs/storage.md` and versioned.

mod source;

pub use source::{ColumnSource, SegmentError, Table};
