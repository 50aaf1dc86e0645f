use std::sync::Arc;

use afsa_model::{Cut, Timestamp, VisitorKey};
use afsa_segments::{ColumnSource, Segment, SegmentError, Table, encode, write};
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_cast::cast;
use arrow_schema::DataType;
use proptest::prelude::*;

use crate::random::Random;

type Cuts = Vec<(VisitorKey, Cut)>;

fn all(cuts: afsa_segments::Cuts<'_>) -> Cuts {
    cuts.collect::<Result<_, _>>().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn what_is_written_is_read(seed in any::<u64>(), visitors in 0_usize..30) {
        let mut random = Random(seed);
        let cuts = random.cuts(visitors);
        let tables = encode(cuts.clone()).unwrap();
        prop_assert_eq!(&all(tables.cuts()), &cuts);

        let folder = tempfile::tempdir().unwrap();
        let files = write(&tables, folder.path()).unwrap();
        let segment = Segment::open(folder.path()).unwrap();
        segment.check(&files).unwrap();
        prop_assert_eq!(&all(segment.cuts()), &cuts);

        // Some who are there, and some who are not.
        let mut wanted: Vec<VisitorKey> = (0..3).map(|_| VisitorKey(random.below(9).into())).collect();
        wanted.extend(cuts.iter().map(|(key, _)| *key).filter(|_| random.below(3) == 0));
        let expected: Cuts =
            cuts.iter().filter(|(key, _)| wanted.contains(key)).cloned().collect();
        prop_assert_eq!(&tables.visitors(&wanted).unwrap(), &expected);
        prop_assert_eq!(&segment.visitors(&wanted).unwrap(), &expected);

        for table in Table::ALL {
            prop_assert_eq!(tables.rows(table), segment.rows(table));
            for name in NAMES {
                let memory = tables.column(table, name).unwrap();
                let disk = segment.column(table, name).unwrap();
                prop_assert_eq!(told(memory), told(disk), "{} {}", table, name);
            }
        }
    }
}

/// Some of every type, and of those that are stored otherwise than read.
const NAMES: [&str; 16] = [
    "visitor",
    "start",
    "end",
    "time",
    "sequence",
    "page",
    "channel",
    "cost",
    "client",
    "origin",
    "is_bounce",
    "hit",
    "position",
    "dimension20",
    "metric1",
    "no_such_column",
];

/// What a column tells: one that is absent means the same as one that is null in every row.
fn told(column: Option<arrow_array::ArrayRef>) -> Option<arrow_array::ArrayRef> {
    let column = plain(column?);
    (column.null_count() < column.len()).then_some(column)
}

/// Dictionaries of one content may differ in order.
fn plain(array: arrow_array::ArrayRef) -> arrow_array::ArrayRef {
    match array.data_type() {
        DataType::Dictionary(..) => cast(&array, &DataType::Utf8).unwrap(),
        _ => array,
    }
}

#[test]
fn nothing_is_a_segment_too() {
    let tables = encode([]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let files = write(&tables, folder.path()).unwrap();
    assert!(files.files.is_empty());
    let segment = Segment::open(folder.path()).unwrap();
    segment.verify(&files).unwrap();
    assert_eq!(segment.cuts().count(), 0);
    assert_eq!(segment.visitors(&[VisitorKey(1)]).unwrap(), []);
    assert!(segment.column(Table::Hits, "time").unwrap().is_none());
}

#[test]
fn visitors_must_ascend() {
    let check = |keys: [u128; 2]| {
        matches!(
            encode(keys.map(|key| (VisitorKey(key), Cut::default()))),
            Err(SegmentError::Unsorted { .. })
        )
    };
    assert!(!check([1, 2]));
    assert!(check([2, 2]));
    assert!(check([2, 1]));
}

#[test]
fn texts_have_one_dictionary_without_repetition() {
    let cuts = Random(7).cuts(300);
    let folder = tempfile::tempdir().unwrap();
    write(&encode(cuts).unwrap(), folder.path()).unwrap();
    let segment = Segment::open(folder.path()).unwrap();
    let pages = segment.column(Table::Hits, "page").unwrap().unwrap();
    let pages = pages.as_dictionary::<Int32Type>();
    let values = pages.values().as_string::<i32>();
    let mut distinct: Vec<&str> = values.iter().flatten().collect();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), values.len());
    assert_eq!(pages.len(), segment.rows(Table::Hits));
}

#[test]
fn a_summary_says_what_there_is() {
    let mut cuts = Random(11).cuts(50);
    let mut tables = encode(cuts.clone()).unwrap();
    let visits = || cuts.iter().flat_map(|(_, cut)| &cut.visits);
    let hits = || {
        visits()
            .flat_map(|visit| &visit.hits)
            .chain(cuts.iter().flat_map(|(_, cut)| &cut.loose))
    };
    let summary = tables.summary().clone();
    assert_eq!(summary.visitors, cuts.len() as u64);
    assert_eq!(summary.visits, visits().count() as u64);
    assert_eq!(summary.hits, hits().count() as u64);
    assert_eq!(summary.first_start, visits().map(|visit| visit.start).min());
    assert_eq!(summary.last_end, visits().map(|visit| visit.end).max());
    assert_eq!(summary.first_hit, hits().map(|hit| hit.time).min());
    assert_eq!(summary.last_hit, hits().map(|hit| hit.time).max());
    assert_eq!(summary.imports, [0, 1, 2]);
    assert!(summary.has_excluded);

    for (_, cut) in &mut cuts {
        cut.visits
            .iter_mut()
            .for_each(|visit| visit.exclusion = None);
    }
    tables = encode(cuts).unwrap();
    assert!(!tables.summary().has_excluded);
}

/// Batches end with visitors, however many visits these have.
#[test]
fn a_visitor_larger_than_a_batch_stays_whole() {
    let mut cuts: Cuts = Random(3).cuts(40);
    cuts.retain(|(_, cut)| !cut.visits.is_empty() && !cut.loose.is_empty());
    let (large, cut) = &mut cuts[1];
    let (visit, hit) = (cut.visits[0].clone(), cut.loose[0].clone());
    cut.visits = vec![visit; 20_000];
    cut.loose = vec![hit; 20_000];
    for (index, visit) in cut.visits.iter_mut().enumerate() {
        visit.hits.truncate(1);
        visit.page_views.truncate(
            visit
                .hits
                .iter()
                .filter(|hit| hit.kind == afsa_model::HitKind::PageView)
                .count(),
        );
        (visit.start, visit.end) = (Timestamp(index as i64), Timestamp(index as i64 + 1));
        visit.entry_page = Some(Arc::from(index.to_string()));
    }
    let large = *large;
    let folder = tempfile::tempdir().unwrap();
    let files = write(&encode(cuts.clone()).unwrap(), folder.path()).unwrap();
    let segment = Segment::open(folder.path()).unwrap();
    segment.check(&files).unwrap();
    assert!(all(segment.cuts()) == cuts);
    assert!(segment.visitors(&[large]).unwrap() == cuts[1..2]);
}
