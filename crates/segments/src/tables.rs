//! A segment in memory.

use afsa_model::{Cut, Timestamp, VisitorKey};
use arrow_array::ArrayRef;

use crate::layout::Columns;
use crate::rows::{self, Cuts, RowSource};
use crate::{ColumnSource, SegmentError, Table};
use std::ops::Range;

/// What there is in a segment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// With visits or loose hits.
    pub visitors: u64,
    pub visits: u64,
    /// Loose ones too.
    pub hits: u64,
    /// Hits that lie in no visit.
    pub loose: u64,
    pub items: u64,
    /// Of visits.
    pub first_start: Option<Timestamp>,
    pub last_start: Option<Timestamp>,
    pub first_end: Option<Timestamp>,
    pub last_end: Option<Timestamp>,
    /// Of hits, loose ones too.
    pub first_hit: Option<Timestamp>,
    pub last_hit: Option<Timestamp>,
    /// Ascending; 0 where there are hits that came live.
    pub imports: Vec<u32>,
    /// Whether any visit is excluded.
    pub has_excluded: bool,
}

/// The five tables of a segment in memory.
#[derive(Clone, Debug)]
pub struct Tables {
    tables: [(Columns, usize); 5],
    summary: Summary,
}

impl Tables {
    /// Columns and rows in the order of [`Table::ALL`].
    pub(crate) fn new(tables: [(Columns, usize); 5], summary: Summary) -> Tables {
        Tables { tables, summary }
    }

    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The visits and loose hits of those of `visitors` (ascending) who are here, ascending.
    pub fn visitors(
        &self,
        visitors: &[VisitorKey],
    ) -> Result<Vec<(VisitorKey, Cut)>, SegmentError> {
        rows::cuts_of(self, rows::find(self, visitors)?)
    }

    /// Every visitor's visits and loose hits, ascending by key, decoded batch by batch. After an
    /// error there comes nothing.
    pub fn cuts(&self) -> Cuts<'_> {
        Cuts::new(self)
    }

    /// An estimate of the bytes of memory that the columns take.
    pub fn memory(&self) -> usize {
        let columns = self.tables.iter().flat_map(|(columns, _)| columns.iter());
        columns
            .map(|(_, array)| array.get_array_memory_size())
            .sum()
    }

    pub(crate) fn table(&self, table: Table) -> &(Columns, usize) {
        &self.tables[table as usize]
    }
}

impl ColumnSource for Tables {
    fn rows(&self, table: Table) -> usize {
        self.table(table).1
    }

    fn column(&self, table: Table, name: &str) -> Result<Option<ArrayRef>, SegmentError> {
        Ok(self.table(table).0.get(name).cloned())
    }
}

impl RowSource for Tables {
    fn read(
        &self,
        table: Table,
        rows: Range<usize>,
        _: Option<&[&str]>,
    ) -> Result<Columns, SegmentError> {
        Ok(self.table(table).0.slice(rows.start, rows.len()))
    }
}
