//! Visitors by key and in order, from whatever gives ranges of rows.

use std::cmp::Ordering;
use std::iter::Peekable;
use std::ops::Range;

use afsa_model::{Cut, Hit, Visit, VisitorKey};

use crate::decode::Decoder;
use crate::layout::Columns;
use crate::readers::{KeyReader, Load, Take};
use crate::{ColumnSource, SegmentError, Table};

/// Rows read at once when visitors are streamed.
const BATCH: usize = 16_384;

/// Ranges of rows.
pub(crate) trait RowSource: ColumnSource {
    /// The columns (or those of `names` only, where they are there) for a range of rows within the
    /// table.
    fn read(
        &self,
        table: Table,
        rows: Range<usize>,
        names: Option<&[&str]>,
    ) -> Result<Columns, SegmentError>;
}

/// Visitor keys of a range of rows.
fn keys(
    source: &dyn RowSource,
    table: Table,
    rows: Range<usize>,
) -> Result<Vec<VisitorKey>, SegmentError> {
    let columns = source.read(table, rows.clone(), Some(&["visitor"]))?;
    let column = KeyReader::load("visitor", &columns)?;
    let key = |row: usize| {
        let missing = || columns.damaged(format!("row {}: visitor is missing", rows.start + row));
        column.take(row).map(VisitorKey).ok_or_else(missing)
    };
    (0..rows.len()).map(key).collect()
}

/// The first row of hits that lie in no visit.
fn first_loose(source: &dyn RowSource) -> Result<usize, SegmentError> {
    let visits = source.rows(Table::Visits);
    let Some(last) = visits.checked_sub(1) else {
        return Ok(0);
    };
    let columns = source.read(Table::Visits, last..visits, Some(&["first_hit", "hits"]))?;
    let take = |name: &str| -> Result<usize, SegmentError> {
        let column =
            crate::readers::NumberReader::<arrow_array::types::UInt32Type>::load(name, &columns)?;
        let value = column
            .take(0)
            .ok_or_else(|| columns.damaged(format!("{name} is missing")))?;
        Ok(value as usize)
    };
    let first = take("first_hit")?.saturating_add(take("hits")?);
    if first > source.rows(Table::Hits) {
        return Err(columns.damaged(format!(
            "row {last}: there are fewer hits than visits count"
        )));
    }
    Ok(first)
}

/// The rows of one visitor.
pub(crate) struct Found {
    visitor: VisitorKey,
    pub visits: Range<usize>,
    /// Hits that lie in no visit.
    pub loose: Range<usize>,
}

/// Where those of `visitors` are who are in the source, ascending.
pub(crate) fn find(
    source: &dyn RowSource,
    visitors: &[VisitorKey],
) -> Result<Vec<Found>, SegmentError> {
    let mut wanted = visitors.to_vec();
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let first_loose = first_loose(source)?;
    let of_visits = keys(source, Table::Visits, 0..source.rows(Table::Visits))?;
    let of_loose = keys(source, Table::Hits, first_loose..source.rows(Table::Hits))?;
    let found = wanted.into_iter().map(|visitor| {
        let loose = run(&of_loose, visitor);
        Found {
            visitor,
            visits: run(&of_visits, visitor),
            loose: first_loose + loose.start..first_loose + loose.end,
        }
    });
    Ok(found
        .filter(|found| !found.visits.is_empty() || !found.loose.is_empty())
        .collect())
}

/// The cuts of visitors that were found.
pub(crate) fn cuts_of(
    source: &dyn RowSource,
    found: Vec<Found>,
) -> Result<Vec<(VisitorKey, Cut)>, SegmentError> {
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let mut decoder = Decoder::new(source)?;
    let mut cuts = Vec::with_capacity(found.len());
    for found in found {
        let mut cut = Cut::default();
        if !found.visits.is_empty() {
            cut.visits = decoder.visits(found.visits)?;
        }
        if !found.loose.is_empty() {
            cut.loose = decoder.loose(found.loose)?;
        }
        cuts.push((found.visitor, cut));
    }
    Ok(cuts)
}

/// Where the key stands among sorted keys.
fn run(keys: &[VisitorKey], key: VisitorKey) -> Range<usize> {
    let first = keys.partition_point(|other| *other < key);
    first..first + keys[first..].partition_point(|other| *other == key)
}

/// Every visitor of a segment with his visits and loose hits, ascending by key. Hits of nobody
/// come first, in as many items as it takes to keep each small.
///
/// Memory: a batch of some ten thousand visits at a time, the distinct clients and origins, and
/// the largest visitor.
pub struct Cuts<'a> {
    state: State<'a>,
}

enum State<'a> {
    Fresh(&'a dyn RowSource),
    Running(Box<Merge<'a>>),
    Ended,
}

impl<'a> Cuts<'a> {
    pub(crate) fn new(source: &'a dyn RowSource) -> Cuts<'a> {
        Cuts {
            state: State::Fresh(source),
        }
    }
}

impl Iterator for Cuts<'_> {
    type Item = Result<(VisitorKey, Cut), SegmentError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let State::Fresh(source) = self.state {
            self.state = match Merge::new(source) {
                Ok(merge) => State::Running(Box::new(merge)),
                Err(error) => {
                    self.state = State::Ended;
                    return Some(Err(error));
                }
            };
        }
        let State::Running(merge) = &mut self.state else {
            return None;
        };
        let next = merge.next();
        if !matches!(next, Some(Ok(_))) {
            self.state = State::Ended;
        }
        next
    }
}

/// Visits and loose hits walked together.
struct Merge<'a> {
    decoder: Decoder<'a>,
    visits: Walk<'a, Visit>,
    loose: Walk<'a, Hit>,
}

impl<'a> Merge<'a> {
    fn new(source: &'a dyn RowSource) -> Result<Merge<'a>, SegmentError> {
        let first_loose = first_loose(source)?;
        Ok(Merge {
            decoder: Decoder::new(source)?,
            visits: Walk::new(source, Table::Visits, 0..source.rows(Table::Visits)),
            loose: Walk::new(source, Table::Hits, first_loose..source.rows(Table::Hits)),
        })
    }

    fn next(&mut self) -> Option<Result<(VisitorKey, Cut), SegmentError>> {
        self.try_next().transpose()
    }

    fn try_next(&mut self) -> Result<Option<(VisitorKey, Cut)>, SegmentError> {
        let Merge {
            decoder,
            visits,
            loose,
        } = self;
        let of_visits = visits.peek(|rows| decoder.visits(rows))?;
        let of_loose = loose.peek(|rows| decoder.loose(rows))?;
        let Some(visitor) = [of_visits, of_loose].into_iter().flatten().min() else {
            return Ok(None);
        };
        let mut cut = Cut::default();
        if of_visits == Some(visitor) {
            cut.visits = visits.take();
        }
        if of_loose == Some(visitor) {
            cut.loose = loose.take();
        }
        Ok(Some((visitor, cut)))
    }
}

/// What belongs to a visitor.
trait Owned {
    fn owner(&self) -> VisitorKey;
}

impl Owned for Visit {
    fn owner(&self) -> VisitorKey {
        self.visitor
    }
}

impl Owned for Hit {
    fn owner(&self) -> VisitorKey {
        self.visitor
    }
}

/// Rows of one table, sorted by visitor, taken visitor by visitor.
struct Walk<'a, T> {
    source: &'a dyn RowSource,
    table: Table,
    /// Not read yet.
    rows: Range<usize>,
    /// Whole visitors only.
    batch: Peekable<std::vec::IntoIter<T>>,
}

impl<'a, T: Owned> Walk<'a, T> {
    fn new(source: &'a dyn RowSource, table: Table, rows: Range<usize>) -> Walk<'a, T> {
        Walk {
            source,
            table,
            rows,
            batch: Vec::new().into_iter().peekable(),
        }
    }

    /// The next visitor; reads on with `decode` where that is needed.
    fn peek(
        &mut self,
        decode: impl FnOnce(Range<usize>) -> Result<Vec<T>, SegmentError>,
    ) -> Result<Option<VisitorKey>, SegmentError> {
        if self.batch.peek().is_none() && !self.rows.is_empty() {
            let end = self.end_of_batch()?;
            self.batch = decode(self.rows.start..end)?.into_iter().peekable();
            self.rows.start = end;
        }
        Ok(self.batch.peek().map(Owned::owner))
    }

    /// The end of a batch that ends with a visitor.
    fn end_of_batch(&self) -> Result<usize, SegmentError> {
        let mut length = BATCH;
        loop {
            let end = self.rows.start.saturating_add(length);
            if end >= self.rows.end {
                return Ok(self.rows.end);
            }
            // One row more, to see whether the last visitor goes on.
            let keys = keys(self.source, self.table, self.rows.start..end + 1)?;
            if keys.last() == Some(&VisitorKey::NOBODY) {
                // Hits of nobody need no neighbours.
                return Ok(end);
            }
            let borders = keys.windows(2).rposition(|pair| match pair {
                [left, right] => left.cmp(right) != Ordering::Equal,
                _ => false,
            });
            match borders {
                Some(border) => return Ok(self.rows.start + border + 1),
                None => length = length.saturating_mul(2),
            }
        }
    }

    /// All that belongs to the next visitor.
    fn take(&mut self) -> Vec<T> {
        let mut taken: Vec<T> = Vec::new();
        while let Some(next) = self.batch.next_if(|next| {
            taken
                .first()
                .is_none_or(|first| first.owner() == next.owner())
        }) {
            taken.push(next);
        }
        taken
    }
}
