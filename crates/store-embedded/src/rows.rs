//! Finding visitors' rows in columns that are sorted by visitor.

use std::ops::Range;

use afsa_model::{Timestamp, VisitorKey};
use afsa_segments::{ColumnSource, SegmentError, Table};
use arrow_array::{Array, FixedSizeBinaryArray, Int64Array, UInt32Array};

/// The rows of one visitor: of `Visits`, and of `Hits` those that lie in no visit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct VisitorRows {
    pub visits: Range<u32>,
    pub loose: Range<u32>,
}

/// The visitor columns of a source.
pub(crate) struct VisitorColumns {
    visits: Option<FixedSizeBinaryArray>,
    hits: Option<FixedSizeBinaryArray>,
    first_loose: usize,
}

impl VisitorColumns {
    pub fn read(source: &dyn ColumnSource) -> Result<VisitorColumns, SegmentError> {
        let hits = keys(source, Table::Hits)?;
        // Hits of visits come first and tell no visitor.
        let first_loose = hits
            .as_ref()
            .map_or(source.rows(Table::Hits), |hits| hits.null_count());
        Ok(VisitorColumns {
            visits: keys(source, Table::Visits)?,
            hits,
            first_loose,
        })
    }

    /// Every key, once for each of its rows.
    pub fn keys(&self) -> impl Iterator<Item = VisitorKey> + '_ {
        let visits = self
            .visits
            .iter()
            .flat_map(|keys| (0..keys.len()).map(|row| key(keys, row)));
        let from = self.first_loose;
        let loose = self
            .hits
            .iter()
            .flat_map(move |keys| (from..keys.len()).map(|row| key(keys, row)));
        visits.chain(loose)
    }

    pub fn rows_of(&self, visitor: VisitorKey) -> VisitorRows {
        let find = |keys: &Option<FixedSizeBinaryArray>, from: usize| match keys {
            None => 0..0,
            Some(keys) => run(keys, from, visitor),
        };
        VisitorRows {
            visits: find(&self.visits, 0),
            loose: find(&self.hits, self.first_loose),
        }
    }

    pub fn first_loose(&self) -> usize {
        self.first_loose
    }
}

fn run(keys: &FixedSizeBinaryArray, from: usize, visitor: VisitorKey) -> Range<u32> {
    let partition = |from: usize, is_before: &dyn Fn(VisitorKey) -> bool| {
        let (mut low, mut high) = (from, keys.len());
        while low < high {
            let middle = low.midpoint(high);
            if is_before(key(keys, middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    };
    let first = partition(from, &|key| key < visitor);
    let end = partition(first, &|key| key <= visitor);
    first as u32..end as u32
}

fn key(keys: &FixedSizeBinaryArray, row: usize) -> VisitorKey {
    VisitorKey(u128::from_be_bytes(
        keys.value(row).try_into().unwrap_or_default(),
    ))
}

fn keys(
    source: &dyn ColumnSource,
    table: Table,
) -> Result<Option<FixedSizeBinaryArray>, SegmentError> {
    typed(source, table, "visitor")
}

fn typed<A: Array + Clone + 'static>(
    source: &dyn ColumnSource,
    table: Table,
    name: &str,
) -> Result<Option<A>, SegmentError> {
    let Some(column) = source.column(table, name)? else {
        return Ok(None);
    };
    match column.as_any().downcast_ref::<A>() {
        Some(typed) => Ok(Some(typed.clone())),
        None => Err(SegmentError::Damaged {
            path: format!("column {name} of {table}"),
            problem: "is of another type".into(),
        }),
    }
}

/// Rows of visits that ended before the instant, and of loose hits that were before it.
pub(crate) fn rows_before(
    source: &dyn ColumnSource,
    before: Timestamp,
) -> Result<(Vec<u32>, Vec<u32>), SegmentError> {
    let first_loose = VisitorColumns::read(source)?.first_loose();
    let ends: Option<Int64Array> = typed(source, Table::Visits, "end")?;
    let times: Option<Int64Array> = typed(source, Table::Hits, "time")?;
    let is_before = |column: &Int64Array, row: usize| column.value(row) < before.0;
    let rows = |column: Option<Int64Array>, from: usize| -> Vec<u32> {
        let Some(column) = column else {
            return Vec::new();
        };
        let rows = from..column.len();
        rows.filter(|row| is_before(&column, *row))
            .map(|row| row as u32)
            .collect()
    };
    Ok((rows(ends, 0), rows(times, first_loose)))
}

/// How many hits the visits of these rows have.
pub(crate) fn hits_of_visits(
    source: &dyn ColumnSource,
    rows: impl Iterator<Item = u32>,
) -> Result<u64, SegmentError> {
    let Some(counts) = typed::<UInt32Array>(source, Table::Visits, "hits")? else {
        return Ok(0);
    };
    let count = |row: u32| match (row as usize) < counts.len() {
        true => u64::from(counts.value(row as usize)),
        false => 0,
    };
    Ok(rows.map(count).sum())
}
