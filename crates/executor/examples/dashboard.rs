//! Times a dozen questions of a dashboard over generated columns: ten million visits of five
//! million visitors with thirty million page views, in sixteen shards.
//!
//! `cargo run --release --example dashboard [visits | folder of segments]`

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "times are what this program is for, and it tells them to whoever runs it"
)]

use std::sync::Arc;
use std::time::Instant;

use afsa_executor::{Budget, Image, OrdersCell, Shard, Vocabulary, execute, execute_anew};
use afsa_model::{AccountSettings, DAY, HOUR, TimeRange, Timestamp, ZoneOffsets};
use afsa_segments::{ColumnSource, Segment, SegmentError, Table};
use afsa_store::{Condition, ConditionScope, Dimension, Filter, Measure, Question, Test};
use arrow_array::{
    ArrayRef, BooleanArray, DictionaryArray, FixedSizeBinaryArray, Int32Array, Int64Array,
    StringArray, UInt8Array, UInt32Array,
};

const SHARDS: u64 = 16;
/// 2025-01-01.
const YEAR_START: i64 = 1_735_689_600_000;
const QUESTIONS_EACH: usize = 9;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let argument = std::env::args().nth(1).unwrap_or_default();
    let folder = std::path::Path::new(&argument);
    let vocabulary = Arc::new(Vocabulary::default());
    let budget = Budget::new(8 << 30);
    let mut shards = Vec::new();
    let mut images = Vec::new();
    let began = Instant::now();
    for source in sources(&argument, folder)? {
        let image = Arc::new(Image::new(source, &[], &[], &vocabulary, &budget)?);
        images.push(image.clone());
        shards.push(Arc::new(Shard::new(vec![image])));
    }
    println!("ready in {:.1?}", began.elapsed());
    let orders = OrdersCell::default();
    let settings = AccountSettings::default();
    let (mut total, mut total_kept) = (0.0, 0.0);
    for (name, question) in questions() {
        let mut times = Vec::new();
        let began = Instant::now();
        let groups = execute_anew(&shards, &orders, &settings, &question)?;
        let cold = began.elapsed();
        let busy_before = busy();
        for _ in 0..QUESTIONS_EACH {
            let began = Instant::now();
            execute_anew(&shards, &orders, &settings, &question)?;
            times.push(began.elapsed());
        }
        let busy = (busy() - busy_before) / QUESTIONS_EACH as f64;
        times.sort();
        let median = times[QUESTIONS_EACH / 2].as_secs_f64() * 1e3;
        total += median;
        execute(&shards, &orders, &settings, &question)?;
        let began = Instant::now();
        execute(&shards, &orders, &settings, &question)?;
        let kept = began.elapsed().as_secs_f64() * 1e3;
        total_kept += kept;
        let groups = groups.rows.len();
        println!(
            "{median:8.1} ms ({busy:6.1} ms of cores, first {cold:8.1?}, kept {kept:5.1} ms, {groups:6} groups)  {name}"
        );
    }
    println!("{total:8.1} ms  together, kept {total_kept:.1} ms");
    let memory: usize = images.iter().map(|image| image.memory()).sum();
    println!("{:.0} MB of columns", memory as f64 / 1e6);
    Ok(())
}

/// One for each shard: generated, or the segments of a folder, each of which must be a whole one.
fn sources(
    argument: &str,
    folder: &std::path::Path,
) -> Result<Vec<Arc<dyn ColumnSource>>, Box<dyn std::error::Error>> {
    let mut sources: Vec<Arc<dyn ColumnSource>> = Vec::new();
    if folder.is_dir() {
        for entry in std::fs::read_dir(folder)? {
            sources.push(Arc::new(Segment::open(&entry?.path())?));
        }
        return Ok(sources);
    }
    let visits = if argument.is_empty() {
        10_000_000
    } else {
        argument.parse::<usize>()?
    };
    for shard in 0..SHARDS {
        sources.push(Arc::new(Generated::new(shard, visits / SHARDS as usize)));
    }
    Ok(sources)
}

/// Milliseconds that cores worked for this process, where the system tells; on a machine that
/// others use too they say more than the clock.
fn busy() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace();
    let ticks: f64 = fields
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum();
    ticks * 10.0
}

/// The questions of a first page, some filtered.
fn questions() -> Vec<(&'static str, Question)> {
    use Dimension as D;
    use Measure::*;
    let year = TimeRange {
        from: Timestamp(YEAR_START),
        to: Timestamp(YEAR_START + 365 * DAY),
    };
    let month = TimeRange {
        from: Timestamp(YEAR_START + 100 * DAY),
        to: Timestamp(YEAR_START + 130 * DAY),
    };
    let days: Arc<[Timestamp]> = (0..365)
        .map(|day| Timestamp(YEAR_START + day * DAY - 2 * HOUR))
        .collect();
    let ask = |range: TimeRange, measures: &[Measure], dimensions: &[Dimension]| Question {
        range: range.into(),
        measures: measures.to_vec(),
        dimensions: dimensions.to_vec(),
        time_axes: vec![days.clone()],
        zone: ZoneOffsets([(Timestamp(0), 7_200)].into()),
        ..Question::default()
    };
    let people = [Visitors, Visits];
    let is = |dimension, value: &str| {
        Filter::Condition(Condition {
            dimension,
            test: Test::Is(vec![value.into()]),
            negated: false,
            scope: ConditionScope::Visit,
            case_sensitive: true,
        })
    };
    let filtered = |mut question: Question, filter: Filter| {
        question.filter = Some(filter);
        question
    };
    let summary = [Visitors, Visits, NewVisitors, Bounces, VisitDuration];
    vec![
        ("summary of visits", ask(year, &summary, &[])),
        (
            "summary of page views",
            ask(year, &[PageViews, TimeOnPage, TimeOnPageKnown], &[]),
        ),
        ("visits over days", ask(year, &people, &[D::Time(0)])),
        (
            "page views over days",
            ask(year, &[PageViews], &[D::Time(0)]),
        ),
        (
            "channels",
            ask(year, &[Visitors, Visits, Bounces], &[D::Channel]),
        ),
        ("sources", ask(year, &people, &[D::Source])),
        ("countries", ask(year, &people, &[D::Country])),
        ("browsers", ask(year, &people, &[D::Browser])),
        ("devices", ask(year, &people, &[D::Device])),
        (
            "pages: page views",
            ask(year, &[PageViews, TimeOnPage], &[D::Page]),
        ),
        ("pages: visits, visitors", ask(year, &people, &[D::Page])),
        ("entry pages", ask(year, &[Entries], &[D::Page])),
        ("hours of the day", ask(year, &people, &[D::HourOfDay])),
        (
            "countries over days",
            ask(year, &people, &[D::Country, D::Time(0)]),
        ),
        ("a month: countries", ask(month, &people, &[D::Country])),
        (
            "a month: page views by page",
            ask(month, &[PageViews], &[D::Page]),
        ),
        (
            "one country: sources",
            filtered(
                ask(year, &people, &[D::Source]),
                is(D::Country, "country 3"),
            ),
        ),
        (
            "one page: countries",
            filtered(ask(year, &people, &[D::Country]), is(D::Page, "page 7")),
        ),
        (
            "report of visits",
            ask(
                year,
                &[Visitors, Visits, PageViews, Bounces, VisitDuration],
                &[D::Time(0)],
            ),
        ),
        (
            "report of countries",
            ask(year, &[Visitors, Visits, PageViews, Bounces], &[D::Country]),
        ),
        (
            "report of pages",
            ask(
                year,
                &[
                    PageViews,
                    UniquePageViews,
                    Visitors,
                    TimeOnPage,
                    TimeOnPageKnown,
                    ScrollDepth,
                    ScrollDepthKnown,
                    Entries,
                    Exits,
                ],
                &[D::Page],
            ),
        ),
        (
            "report of sources",
            ask(
                year,
                &[
                    Visitors,
                    Visits,
                    PageViews,
                    Bounces,
                    VisitDuration,
                    ConvertedVisits,
                    Revenue,
                ],
                &[D::Source],
            ),
        ),
        (
            "report of events",
            ask(
                year,
                &[Events, Visits, Visitors],
                &[D::EventCategory, D::EventAction],
            ),
        ),
        (
            "a month: pages by countries by sources",
            ask(month, &[Visits], &[D::Page, D::Country, D::Source]),
        ),
    ]
}

/// A part of the account, made of a seed.
struct Generated {
    /// The visitor and start of each visit.
    visits: Vec<(u128, i64)>,
    page_views: Vec<u32>,
    seed: u64,
}

impl Generated {
    fn new(shard: u64, visits: usize) -> Generated {
        let mut random = Random(shard + 1);
        let mut made = Vec::with_capacity(visits);
        let mut page_views = Vec::with_capacity(visits);
        let visitors = (visits / 2).max(1) as u128;
        for visit in 0..visits {
            // Visitors have a visit or some more, two on average.
            let number = (visit as u128 * visitors / visits.max(1) as u128)
                + u128::from(shard) * visitors * 2;
            made.push((
                number + 1,
                YEAR_START + (random.next() % (365 * DAY) as u64) as i64,
            ));
            let deep = random.next() % 100;
            page_views.push(match deep {
                0..45 => 1,
                45..90 => 2 + (random.next() % 4) as u32,
                _ => 6 + (random.next() % 6) as u32,
            });
        }
        made.sort_unstable();
        Generated {
            visits: made,
            page_views,
            seed: shard + 77,
        }
    }

    fn hits(&self) -> usize {
        self.page_views.iter().map(|count| *count as usize).sum()
    }

    /// Texts of so many kinds, the first the most frequent.
    fn texts(&self, name: &str, rows: usize, kinds: u64) -> ArrayRef {
        let mut random = Random(self.seed ^ (kinds << 8) ^ name.len() as u64);
        let keys: Int32Array = (0..rows)
            .map(|_| {
                let (one, other) = (random.next() % kinds, random.next() % kinds);
                Some(one.min(other) as i32)
            })
            .collect();
        let values = StringArray::from_iter_values((0..kinds).map(|kind| format!("{name} {kind}")));
        Arc::new(DictionaryArray::new(keys, Arc::new(values)))
    }
}

impl ColumnSource for Generated {
    fn rows(&self, table: Table) -> usize {
        match table {
            Table::Visits => self.visits.len(),
            Table::Hits => self.hits(),
            _ => 0,
        }
    }

    fn column(&self, table: Table, name: &str) -> Result<Option<ArrayRef>, SegmentError> {
        let rows = self.rows(table);
        let mut random = Random(self.seed ^ name.len() as u64);
        let starts = || self.visits.iter().map(|(_, start)| *start);
        let counts = || self.page_views.iter();
        let array: ArrayRef = match (table, name) {
            (Table::Visits, "visitor") => {
                let keys = self.visits.iter().map(|(visitor, _)| visitor.to_be_bytes());
                match FixedSizeBinaryArray::try_from_iter(keys) {
                    Ok(keys) => Arc::new(keys),
                    Err(_) => return Ok(None),
                }
            }
            (Table::Visits, "start") => Arc::new(starts().collect::<Int64Array>()),
            (Table::Visits, "end") => {
                let ends = starts()
                    .zip(counts())
                    .map(|(start, count)| start + i64::from(count - 1) * 40_123);
                Arc::new(ends.collect::<Int64Array>())
            }
            (Table::Visits, "first_hit") => {
                let mut end = 0;
                let first = counts().map(|count| {
                    end += count;
                    end - count
                });
                Arc::new(first.collect::<UInt32Array>())
            }
            (Table::Visits, "hits") => Arc::new(counts().copied().collect::<UInt32Array>()),
            (Table::Visits, "is_bounce") => Arc::new(
                counts()
                    .map(|count| Some(*count == 1))
                    .collect::<BooleanArray>(),
            ),
            (Table::Visits, "country") => self.texts("country", rows, 40),
            (Table::Visits, "browser") => self.texts("browser", rows, 30),
            (Table::Visits, "device") => self.texts("device", rows, 4),
            (Table::Visits, "channel") => self.texts("channel", rows, 12),
            (Table::Visits, "source") => self.texts("source", rows, 200),
            (Table::Hits, "kind") => Arc::new(UInt8Array::from(vec![1; rows])),
            (Table::Hits, "time") => {
                let times = starts().zip(counts()).flat_map(|(start, count)| {
                    (0..*count).map(move |hit| start + i64::from(hit) * 40_123)
                });
                Arc::new(times.collect::<Int64Array>())
            }
            (Table::Hits, "time_on_page") => {
                let times = (0..rows).map(|_| {
                    let time = (random.next() % 200_000) as i64;
                    (time > 40_000).then_some(time)
                });
                Arc::new(times.collect::<Int64Array>())
            }
            (Table::Hits, "page") => self.texts("page", rows, 5_000),
            (Table::Hits, "page_title") => self.texts("title", rows, 4_000),
            _ => return Ok(None),
        };
        Ok(Some(array))
    }
}

/// A small generator of numbers that look random.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
