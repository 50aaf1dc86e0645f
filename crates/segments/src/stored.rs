//! What differs between columns in files and columns that are read.
//!
//! Times and sequences of hits are stored as differences to those of their visit, which are small,
//! and a visit's end as its duration. Other columns are stored as they are.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMillisecondType, UInt32Type, UInt64Type};
use arrow_array::{
    Array, ArrayRef, Int64Array, TimestampMillisecondArray, UInt32Array, UInt64Array,
};
use arrow_buffer::ScalarBuffer;
use arrow_schema::{DataType, TimeUnit};

use crate::layout::{self, Columns};
use crate::{ColumnSource, SegmentError, Table, Tables};

/// Names and types of a table's columns in files.
pub(crate) fn describe(table: Table) -> Vec<(String, DataType)> {
    let mut stored = Vec::new();
    for (name, data_type) in layout::describe(table) {
        match (table, name.as_str()) {
            (Table::Visits, "start") => {
                stored.push((name, instant()));
                stored.push(("duration".to_owned(), DataType::Int64));
                stored.push(("first_sequence".to_owned(), DataType::UInt64));
            }
            (Table::Visits, "end") => {}
            (Table::Hits, "time") => {
                stored.push((name, instant()));
                stored.push(("time_in_visit".to_owned(), DataType::Int64));
            }
            (Table::Hits, "sequence") => {
                stored.push((name, data_type));
                stored.push(("sequence_in_visit".to_owned(), DataType::Int64));
            }
            _ => stored.push((name, data_type)),
        }
    }
    stored
}

fn instant() -> DataType {
    DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))
}

/// The stored columns that a column is made of.
pub(crate) fn needed(table: Table, name: &str) -> Vec<&str> {
    match (table, name) {
        (Table::Visits, "end") => vec!["start", "duration"],
        (Table::Hits, "time") => vec!["visit", "time", "time_in_visit"],
        (Table::Hits, "sequence") => vec!["visit", "sequence", "sequence_in_visit"],
        _ => vec![name],
    }
}

/// A table's columns as they are stored.
pub(crate) fn store(tables: &Tables, table: Table) -> Result<Columns, SegmentError> {
    let (columns, rows) = tables.table(table);
    let mut stored = columns.clone();
    if *rows == 0 {
        return Ok(stored);
    }
    match table {
        Table::Visits => {
            let starts = numbers(columns, "start")?;
            let ends = numbers(columns, "end")?;
            let durations = starts
                .iter()
                .zip(&ends)
                .map(|(start, end)| end.wrapping_sub(*start));
            let sequences = first_sequences(tables)?
                .into_iter()
                .map(|sequence| sequence as u64);
            stored.remove("end");
            stored.add(
                "duration",
                Arc::new(Int64Array::from_iter_values(durations)),
            );
            stored.add("start", instants(starts.into_iter().map(Some)));
            stored.add(
                "first_sequence",
                Arc::new(UInt64Array::from_iter_values(sequences)),
            );
        }
        Table::Hits => {
            let visits = row_numbers(columns, "visit")?;
            let times = numbers(columns, "time")?;
            let starts = match tables.rows(Table::Visits) {
                0 => Vec::new(),
                _ => numbers(&tables.table(Table::Visits).0, "start")?,
            };
            let sequences = numbers(columns, "sequence")?;
            let first_sequences = first_sequences(tables)?;
            stored.remove("time");
            stored.remove("sequence");
            let time = divide(visits.as_ref(), &times, &starts);
            add(
                &mut stored,
                "time_in_visit",
                Arc::new(Int64Array::from(time.in_visit)),
            );
            add(&mut stored, "time", instants(time.alone.into_iter()));
            let sequence = divide(visits.as_ref(), &sequences, &first_sequences);
            add(
                &mut stored,
                "sequence_in_visit",
                Arc::new(Int64Array::from(sequence.in_visit)),
            );
            let alone = sequence
                .alone
                .into_iter()
                .map(|sequence| sequence.map(|it| it as u64));
            add(
                &mut stored,
                "sequence",
                Arc::new(alone.collect::<UInt64Array>()),
            );
        }
        Table::Items | Table::Clients | Table::Origins => {}
    }
    Ok(stored)
}

/// Makes of stored columns those that are read. `bases` gives, for the visits of a range of rows,
/// a stored column of theirs.
pub(crate) fn restore(
    table: Table,
    mut columns: Columns,
    rows: usize,
    bases: impl Fn(Range<usize>, &str) -> Result<Columns, SegmentError>,
) -> Result<Columns, SegmentError> {
    match table {
        Table::Visits => {
            if let Some(durations) = columns.remove("duration") {
                let starts = numbers(&columns, "start")?;
                let durations = int64s(&durations).ok_or_else(|| columns.mistyped("duration"))?;
                let ends = starts.iter().zip(durations.values());
                let ends = ends.map(|(start, duration)| start.wrapping_add(*duration));
                columns.add("end", Arc::new(Int64Array::from_iter_values(ends)));
            }
            if columns.get("start").is_some() {
                let starts = numbers(&columns, "start")?;
                columns.add("start", Arc::new(Int64Array::from(starts)));
            }
            columns.remove("first_sequence");
        }
        Table::Hits if rows > 0 => {
            let visits = row_numbers(&columns, "visit")?;
            let joined = |columns: &Columns, alone: &str, in_visit: &str, base: &str| {
                let of_visits = visits.as_ref().map(spanned).unwrap_or_default();
                let bases = match of_visits.is_empty() {
                    true => Vec::new(),
                    false => numbers(&bases(of_visits.clone(), base)?, base)?,
                };
                join(
                    columns,
                    rows,
                    visits.as_ref(),
                    alone,
                    in_visit,
                    of_visits.start,
                    &bases,
                )
            };
            if columns.get("time").is_some() || columns.get("time_in_visit").is_some() {
                let times = joined(&columns, "time", "time_in_visit", "start")?;
                columns.remove("time_in_visit");
                columns.add("time", Arc::new(Int64Array::from(times)));
            }
            if columns.get("sequence").is_some() || columns.get("sequence_in_visit").is_some() {
                let sequences =
                    joined(&columns, "sequence", "sequence_in_visit", "first_sequence")?;
                let sequences = sequences.into_iter().map(|sequence| sequence as u64);
                columns.remove("sequence_in_visit");
                columns.add(
                    "sequence",
                    Arc::new(UInt64Array::from_iter_values(sequences)),
                );
            }
        }
        _ => {}
    }
    Ok(columns)
}

/// Of each visit the sequence of its first hit; 0 where it has none.
fn first_sequences(tables: &Tables) -> Result<Vec<i64>, SegmentError> {
    if tables.rows(Table::Visits) == 0 || tables.rows(Table::Hits) == 0 {
        return Ok(vec![0; tables.rows(Table::Visits)]);
    }
    let sequences = numbers(&tables.table(Table::Hits).0, "sequence")?;
    let visits = &tables.table(Table::Visits).0;
    let first_hits =
        row_numbers(visits, "first_hit")?.ok_or_else(|| visits.mistyped("first_hit"))?;
    let sequence = |hit: &u32| sequences.get(*hit as usize).copied().unwrap_or_default();
    Ok(first_hits.values().iter().map(sequence).collect())
}

struct Divided {
    alone: Vec<Option<i64>>,
    in_visit: Vec<Option<i64>>,
}

/// Divides values into those of no visit, and differences to what is their visit's.
fn divide(visits: Option<&UInt32Array>, values: &[i64], bases: &[i64]) -> Divided {
    let mut divided = Divided {
        alone: vec![None; values.len()],
        in_visit: vec![None; values.len()],
    };
    let slots = divided.alone.iter_mut().zip(&mut divided.in_visit);
    for (row, (value, (alone, in_visit))) in values.iter().zip(slots).enumerate() {
        match visits.and_then(|visits| base(visits, row, 0, bases)) {
            Some(base) => *in_visit = Some(value.wrapping_sub(base)),
            None => *alone = Some(*value),
        }
    }
    divided
}

fn join(
    columns: &Columns,
    rows: usize,
    visits: Option<&UInt32Array>,
    alone: &str,
    in_visit: &str,
    first_visit: usize,
    bases: &[i64],
) -> Result<Vec<i64>, SegmentError> {
    let column = |name: &str| match columns.get(name) {
        Some(array) => int64s(array)
            .map(Some)
            .ok_or_else(|| columns.mistyped(name)),
        None => Ok(None),
    };
    let (alone, in_visit) = (column(alone)?, column(in_visit)?);
    let value = |row: usize| -> Option<i64> {
        let of_visit = visits.filter(|visits| visits.is_valid(row));
        let stored = if of_visit.is_some() {
            &in_visit
        } else {
            &alone
        };
        let stored = stored
            .as_ref()
            .filter(|stored| stored.is_valid(row))?
            .value(row);
        match of_visit {
            Some(visits) => Some(stored.wrapping_add(base(visits, row, first_visit, bases)?)),
            None => Some(stored),
        }
    };
    (0..rows)
        .map(|row| {
            value(row).ok_or_else(|| columns.damaged(format!("hit {row} has no time or sequence")))
        })
        .collect()
}

/// What is the visit's of a hit, if it has one.
fn base(visits: &UInt32Array, row: usize, first: usize, bases: &[i64]) -> Option<i64> {
    if visits.is_null(row) {
        return None;
    }
    bases
        .get((visits.value(row) as usize).checked_sub(first)?)
        .copied()
}

/// The visits from that of the first hit to that of the last.
fn spanned(visits: &UInt32Array) -> Range<usize> {
    let mut numbers = visits.iter().flatten();
    let first = numbers.next();
    let last = numbers.next_back().or(first);
    match (first, last) {
        (Some(first), Some(last)) => first as usize..(last as usize).saturating_add(1),
        _ => 0..0,
    }
}

/// A column of 64-bit values that is never null, bit by bit.
fn numbers(columns: &Columns, name: &str) -> Result<Vec<i64>, SegmentError> {
    let array = columns
        .get(name)
        .ok_or_else(|| columns.damaged(format!("column {name} is missing")))?;
    let array = int64s(array).ok_or_else(|| columns.mistyped(name))?;
    if array.null_count() > 0 {
        return Err(columns.damaged(format!("column {name} has nulls")));
    }
    Ok(array.values().to_vec())
}

/// Any array of 64-bit values as signed numbers, bit by bit.
fn int64s(array: &ArrayRef) -> Option<Int64Array> {
    if let Some(array) = array.as_primitive_opt::<Int64Type>() {
        return Some(array.clone());
    }
    if let Some(array) = array.as_primitive_opt::<TimestampMillisecondType>() {
        return Some(array.reinterpret_cast());
    }
    let array = array.as_primitive_opt::<UInt64Type>()?;
    let values = ScalarBuffer::new(array.values().inner().clone(), 0, array.len());
    Some(Int64Array::new(values, array.nulls().cloned()))
}

fn row_numbers(columns: &Columns, name: &str) -> Result<Option<UInt32Array>, SegmentError> {
    let Some(array) = columns.get(name) else {
        return Ok(None);
    };
    match array.as_primitive_opt::<UInt32Type>() {
        Some(array) => Ok(Some(array.clone())),
        None => Err(columns.mistyped(name)),
    }
}

fn instants(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(
        values
            .collect::<TimestampMillisecondArray>()
            .with_timezone("UTC"),
    )
}

fn add(columns: &mut Columns, name: &str, array: ArrayRef) {
    if array.null_count() < array.len() {
        columns.add(name, array);
    }
}
