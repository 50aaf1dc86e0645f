//! Whether a segment is what was written, and keeps what is promised.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use afsa_model::{Hit, VisitorKey};
use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;

use crate::segment::damaged;
use crate::write::failed;
use crate::{ColumnSource, Segment, SegmentError, SegmentFiles, Table, stored};

/// Compares lengths and checksums; every file of the segment must be listed, and every listed one
/// be there.
pub(crate) fn checksums(folder: &Path, files: &SegmentFiles) -> Result<(), SegmentError> {
    let listed: BTreeSet<&str> = files.files.iter().map(|file| file.name.as_str()).collect();
    for table in Table::ALL {
        let path = folder.join(table.file_name());
        if path.exists() && !listed.contains(table.file_name()) {
            return Err(damaged(&path, "it isn't listed as a file of its segment"));
        }
    }
    for file in &files.files {
        let path = folder.join(&file.name);
        let opened = File::open(&path).map_err(|error| failed("open", &path, &error))?;
        let mut reader = BufReader::with_capacity(1 << 16, opened);
        let mut crc = crc32fast::Hasher::new();
        let mut length = 0_u64;
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = reader
                .read(&mut buffer)
                .map_err(|error| failed("read", &path, &error))?;
            if read == 0 {
                break;
            }
            crc.update(buffer.get(..read).unwrap_or_default());
            length += read as u64;
        }
        if length != file.length {
            let problem = format!(
                "it is {length} bytes long, but {} were written",
                file.length
            );
            return Err(damaged(&path, &problem));
        }
        let crc32 = crc.finalize();
        if crc32 != file.crc32 {
            let problem = format!(
                "its {length} bytes from offset 0 have the checksum {crc32:08x}, but {:08x} was written",
                file.crc32
            );
            return Err(damaged(&path, &problem));
        }
    }
    Ok(())
}

/// Reads everything and checks types, references, order and counts.
pub(crate) fn contents(segment: &Segment) -> Result<(), SegmentError> {
    for table in Table::ALL {
        if segment.rows(table) > 0 {
            types(segment, table)?;
        }
    }
    references(segment)?;
    let mut seen = Seen::default();
    for cut in segment.cuts() {
        let (visitor, cut) = cut?;
        seen.visitor(segment, visitor)?;
        let mut start = None;
        for visit in &cut.visits {
            if start.is_some_and(|start| start > visit.start) {
                return Err(seen.visit_problem(segment, "it starts before the visit before it"));
            }
            start = Some(visit.start);
            if visit.end < visit.start {
                return Err(seen.visit_problem(segment, "it ends before it starts"));
            }
            seen.hits(segment, &visit.hits)?;
            seen.visits += 1;
        }
        seen.loose += cut.loose.len();
        seen.items(&cut.loose);
        if visitor != VisitorKey::NOBODY {
            seen.order(segment, &cut.loose)?;
        }
    }
    seen.counts(segment)
}

/// Checks the row numbers by which tables refer to each other.
fn references(segment: &Segment) -> Result<(), SegmentError> {
    let first_hits = row_numbers(segment, Table::Visits, "first_hit")?;
    let counts = row_numbers(segment, Table::Visits, "hits")?;
    let mut visits_of_hits = row_numbers(segment, Table::Hits, "visit")?.into_iter();
    let mut hit = 0_usize;
    for (visit, (first, count)) in first_hits.iter().zip(&counts).enumerate() {
        let problem = |problem: &str| {
            damaged(
                &segment.path(Table::Visits),
                &format!("row {visit}: {problem}"),
            )
        };
        if first.map(|first| first as usize) != Some(hit) {
            return Err(problem("its hits are not those after the visit before"));
        }
        let count = count.ok_or_else(|| problem("it has no number of hits"))? as usize;
        hit = hit.saturating_add(count);
        if hit > segment.rows(Table::Hits) {
            return Err(problem("there are fewer hits than it counts"));
        }
        if visits_of_hits
            .by_ref()
            .take(count)
            .any(|of| of.map(|of| of as usize) != Some(visit))
        {
            return Err(problem("one of its hits refers to another visit"));
        }
    }
    if visits_of_hits.any(|visit| visit.is_some()) {
        let problem = format!("a hit after row {hit} refers to a visit that doesn't count it");
        return Err(damaged(&segment.path(Table::Hits), &problem));
    }

    let hits_of_items = row_numbers(segment, Table::Items, "hit")?;
    let sorted = hits_of_items.is_sorted();
    let last = hits_of_items.last().copied().flatten();
    let outside = last.is_some_and(|hit| hit as usize >= segment.rows(Table::Hits));
    if !sorted || outside {
        let problem = "column hit isn't ascending within the hits";
        return Err(damaged(&segment.path(Table::Items), problem));
    }
    Ok(())
}

fn row_numbers(
    segment: &Segment,
    table: Table,
    name: &str,
) -> Result<Vec<Option<u32>>, SegmentError> {
    let Some(array) = segment.column(table, name)? else {
        return Ok(vec![None; segment.rows(table)]);
    };
    match array.as_primitive_opt::<UInt32Type>() {
        Some(array) => Ok(array.iter().collect()),
        None => Err(damaged(
            &segment.path(table),
            &format!("column {name} holds no row numbers"),
        )),
    }
}

fn types(segment: &Segment, table: Table) -> Result<(), SegmentError> {
    let expected = stored::describe(table);
    for (name, data_type) in segment.stored_columns(table)? {
        if let Some((_, expected)) = expected.iter().find(|(column, _)| *column == name)
            && *expected != data_type
        {
            let problem = format!("column {name} is {data_type}, not {expected}");
            return Err(damaged(&segment.path(table), &problem));
        }
    }
    Ok(())
}

/// What was read so far.
#[derive(Default)]
struct Seen {
    visitor: Option<VisitorKey>,
    visits: usize,
    hits: usize,
    loose: usize,
    items: usize,
}

impl Seen {
    fn visitor(&mut self, segment: &Segment, visitor: VisitorKey) -> Result<(), SegmentError> {
        let is_nobody = visitor == VisitorKey::NOBODY;
        if self
            .visitor
            .is_some_and(|before| before >= visitor && !(is_nobody && before == visitor))
        {
            return Err(self.visit_problem(segment, "its visitor isn't above the one before"));
        }
        self.visitor = Some(visitor);
        Ok(())
    }

    fn hits(&mut self, segment: &Segment, hits: &[Hit]) -> Result<(), SegmentError> {
        self.order(segment, hits)?;
        self.items(hits);
        self.hits += hits.len();
        Ok(())
    }

    fn items(&mut self, hits: &[Hit]) {
        self.items += hits.iter().map(items).sum::<usize>();
    }

    fn order(&self, segment: &Segment, hits: &[Hit]) -> Result<(), SegmentError> {
        let sorted = hits.is_sorted_by_key(|hit| (hit.time, hit.sequence));
        if !sorted {
            return Err(self.visit_problem(segment, "hits are not by time and arrival"));
        }
        Ok(())
    }

    fn counts(&self, segment: &Segment) -> Result<(), SegmentError> {
        let found = [
            (Table::Visits, self.visits),
            (Table::Hits, self.hits + self.loose),
            (Table::Items, self.items),
        ];
        for (table, found) in found {
            let rows = segment.rows(table);
            if rows != found {
                let problem = format!("{found} of {rows} rows belong to something");
                return Err(damaged(&segment.path(table), &problem));
            }
        }
        Ok(())
    }

    fn visit_problem(&self, segment: &Segment, problem: &str) -> SegmentError {
        let problem = format!("row {}: {problem}", self.visits);
        damaged(&segment.path(Table::Visits), &problem)
    }
}

fn items(hit: &Hit) -> usize {
    use afsa_model::HitKind::*;
    match &hit.kind {
        Product(product) => product.products.len() + product.promotions.len(),
        Purchase(purchase) => purchase.products.len(),
        Refund(refund) => refund.products.len(),
        _ => 0,
    }
}
