//! Many visitors' rows of a segment, read together.

use std::ops::Range;

use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;

use crate::layout::Columns;
use crate::rows::{Found, RowSource};
use crate::{ColumnSource, Segment, SegmentError, Table};

/// A segment of which the rows of some visitors are in memory already.
pub(crate) struct Gathered<'a> {
    segment: &'a Segment,
    visits: Rows,
    hits: Rows,
    items: Rows,
}

/// Ranges of rows, ascending and apart, with all columns of them one after the other.
struct Rows {
    ranges: Vec<Range<usize>>,
    /// For each range its place among the rows that were read.
    places: Vec<usize>,
    columns: Columns,
}

impl<'a> Gathered<'a> {
    pub fn read(segment: &'a Segment, found: &[Found]) -> Result<Gathered<'a>, SegmentError> {
        let visits = found.iter().map(|found| found.visits.clone());
        let visits = Rows::read(segment, Table::Visits, visits)?;
        // Loose hits come after those of visits, in the order of the visitors too.
        let loose = found.iter().map(|found| found.loose.clone());
        let hits = visits.hits()?.into_iter().chain(loose);
        let hits = Rows::read(segment, Table::Hits, hits)?;
        let items = Rows::read(segment, Table::Items, hits.items(segment)?.into_iter())?;
        Ok(Gathered {
            segment,
            visits,
            hits,
            items,
        })
    }
}

impl Rows {
    fn read(
        segment: &Segment,
        table: Table,
        ranges: impl Iterator<Item = Range<usize>>,
    ) -> Result<Rows, SegmentError> {
        let ranges: Vec<Range<usize>> = ranges.filter(|range| !range.is_empty()).collect();
        let mut places = Vec::with_capacity(ranges.len());
        let mut place = 0;
        let mut end = 0;
        for range in &ranges {
            if range.start < end {
                let path = segment.path(table);
                let problem = format!("row {} belongs to two", range.start);
                return Err(crate::segment::damaged(&path, &problem));
            }
            end = range.end;
            places.push(place);
            place += range.len();
        }
        let columns = segment.read_ranges(table, &ranges)?;
        Ok(Rows {
            ranges,
            places,
            columns,
        })
    }

    /// The hits of each range of visits.
    fn hits(&self) -> Result<Vec<Range<usize>>, SegmentError> {
        let numbers = |name: &str| match self.columns.get(name) {
            Some(array) => array
                .as_primitive_opt::<UInt32Type>()
                .ok_or_else(|| self.columns.mistyped(name)),
            None => Err(self.columns.damaged(format!("column {name} is missing"))),
        };
        if self.ranges.is_empty() {
            return Ok(Vec::new());
        }
        let (first_hits, counts) = (numbers("first_hit")?, numbers("hits")?);
        let hits = self.ranges.iter().zip(&self.places).map(|(range, place)| {
            let last = place + range.len() - 1;
            let from = first_hits.value(*place) as usize;
            from..(first_hits.value(last) as usize).saturating_add(counts.value(last) as usize)
        });
        Ok(hits.collect())
    }

    /// The items of each range of hits.
    fn items(&self, segment: &Segment) -> Result<Vec<Range<usize>>, SegmentError> {
        let rows = segment.rows(Table::Items);
        if rows == 0 {
            return Ok(Vec::new());
        }
        let columns = RowSource::read(segment, Table::Items, 0..rows, Some(&["hit"]))?;
        let hits = columns
            .get("hit")
            .ok_or_else(|| columns.damaged("column hit is missing"))?
            .as_primitive_opt::<UInt32Type>()
            .ok_or_else(|| columns.mistyped("hit"))?;
        let first_of = |hit: usize| {
            hits.values()
                .partition_point(|other| (*other as usize) < hit)
        };
        let ranges = self.ranges.iter();
        Ok(ranges
            .map(|range| first_of(range.start)..first_of(range.end))
            .collect())
    }

    fn slice(&self, rows: &Range<usize>) -> Option<Columns> {
        let at = self
            .ranges
            .partition_point(|range| range.start <= rows.start);
        let at = at.checked_sub(1)?;
        let (range, place) = (self.ranges.get(at)?, self.places.get(at)?);
        if rows.end > range.end {
            return None;
        }
        let offset = place + (rows.start - range.start);
        Some(self.columns.slice(offset, rows.len()))
    }
}

impl ColumnSource for Gathered<'_> {
    fn rows(&self, table: Table) -> usize {
        self.segment.rows(table)
    }

    fn column(&self, table: Table, name: &str) -> Result<Option<ArrayRef>, SegmentError> {
        self.segment.column(table, name)
    }
}

impl RowSource for Gathered<'_> {
    fn read(
        &self,
        table: Table,
        rows: Range<usize>,
        names: Option<&[&str]>,
    ) -> Result<Columns, SegmentError> {
        let gathered = match table {
            Table::Visits => &self.visits,
            Table::Hits => &self.hits,
            Table::Items => &self.items,
            Table::Clients | Table::Origins => return self.segment.read(table, rows, names),
        };
        match gathered.slice(&rows) {
            Some(columns) => Ok(columns),
            None => self.segment.read(table, rows, names),
        }
    }
}
