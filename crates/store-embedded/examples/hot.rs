//! Prints what hot hits cost: a snapshot after each new hit, taking stored visitors into memory,
//! and reading the log at a start.
//!
//! `cargo run --release -p afsa-store-embedded --example hot [hits in thousands]`

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "an example that measures and prints"
)]

use std::fs;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use afsa_model::{AccountId, Client, Hit, HitKind, Origin, PageContext, Timestamp, VisitorKey};
use afsa_store::{Arrival, EventKey, Identity, Measure, Question, Store};
use afsa_store_embedded::{EmbeddedStore, Options};

type Failure = Box<dyn std::error::Error>;

const ACCOUNT: AccountId = AccountId(1);
const NOON: i64 = 1_774_872_000_000;
const BATCH: u64 = 500;

fn main() -> Result<(), Failure> {
    let thousands: u64 = match std::env::args().nth(1) {
        Some(told) => told.parse()?,
        None => 100,
    };
    let folder = tempfile::tempdir()?;
    snapshots(&folder.path().join("hot"), thousands * 1_000)?;
    pulls(&folder.path().join("pulls"), thousands * 2_000)?;
    recovery(&folder.path().join("log"), thousands * 5_000)
}

/// Snapshots and questions with so many hot hits, one more before each.
fn snapshots(folder: &Path, hits: u64) -> Result<(), Failure> {
    let store = open(folder)?;
    fill(&store, 0..hits)?;
    let begun = Instant::now();
    store.snapshot(ACCOUNT)?.aggregate(&question())?;
    println!("first snapshot of {hits} hot hits: {:.1?}", begun.elapsed());
    let (mut taken, mut answered) = (Vec::new(), Vec::new());
    for number in hits..hits + 200 {
        submit(&store, vec![arrival(number)])?;
        let begun = Instant::now();
        let snapshot = store.snapshot(ACCOUNT)?;
        taken.push(begun.elapsed());
        snapshot.aggregate(&question())?;
        answered.push(begun.elapsed());
    }
    tell("snapshot after one more hit", taken);
    tell("with visits and visitors counted", answered);
    Ok(())
}

/// A snapshot after hits of many stored visitors, whose visits must be cut anew.
fn pulls(folder: &Path, hits: u64) -> Result<(), Failure> {
    let store = open(folder)?;
    fill(&store, 0..hits)?;
    store.remove_before(ACCOUNT, Timestamp(0))?;
    store.snapshot(ACCOUNT)?;
    for visitors in [1, 10, 100, 1_000] {
        let again = (0..visitors).map(|nth| arrival(nth * (hits / visitors)));
        let again = again.map(|mut arrival| {
            arrival.event = None;
            arrival
        });
        submit(&store, again.collect())?;
        let begun = Instant::now();
        store.snapshot(ACCOUNT)?;
        println!(
            "{visitors} visitors taken out of a segment of {hits} hits: {:.1?}",
            begun.elapsed()
        );
    }
    Ok(())
}

/// Opening a folder whose hits are all in the log.
fn recovery(folder: &Path, hits: u64) -> Result<(), Failure> {
    fill(&*open(folder)?, 0..hits)?;
    let mut bytes = 0;
    for entry in fs::read_dir(folder.join("log"))? {
        bytes += entry?.metadata()?.len();
    }
    let begun = Instant::now();
    let store = open(folder)?;
    let took = begun.elapsed();
    drop(store);
    println!(
        "{hits} hits of {} bytes each read from the log in {took:.1?}: {:.0} MB a second",
        bytes / hits.max(1),
        bytes as f64 / 1e6 / took.as_secs_f64()
    );
    Ok(())
}

fn open(folder: &Path) -> Result<Arc<EmbeddedStore>, Failure> {
    let mut options = Options::new(folder);
    options.most_hot_hits = usize::MAX;
    Ok(Arc::new(EmbeddedStore::open(options)?))
}

fn fill(store: &EmbeddedStore, numbers: std::ops::Range<u64>) -> Result<(), Failure> {
    for from in numbers.clone().step_by(BATCH as usize) {
        let to = numbers.end.min(from + BATCH);
        submit(store, (from..to).map(arrival).collect())?;
    }
    Ok(())
}

fn submit(store: &EmbeddedStore, arrivals: Vec<Arrival>) -> Result<(), Failure> {
    let (sender, receiver) = mpsc::channel();
    // A receiver that is gone has nobody who could be told.
    let reply = move |outcomes| drop(sender.send(outcomes));
    store.submit(ACCOUNT, arrivals, Box::new(reply));
    receiver.recv()??;
    Ok(())
}

fn question() -> Question {
    Question {
        measures: vec![Measure::Visits, Measure::Visitors, Measure::PageViews],
        ..Question::default()
    }
}

/// A page view: five a visitor, of some hundred pages, browsers and campaigns.
fn arrival(number: u64) -> Arrival {
    let spread = (number / 5).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let word = |kind: &str, count: u64| afsa_model::text(&format!("{kind} {}", spread % count));
    let visitor = VisitorKey(u128::from(spread) << 64 | u128::from(spread | 1));
    let hit = Hit {
        time: Timestamp(NOON + (number / 5) as i64 * 50 + (number % 5) as i64 * 20_000),
        sequence: 0,
        visitor: VisitorKey::NOBODY,
        by_user: false,
        import: 0,
        exclusion: None,
        user: None,
        role: None,
        client: Arc::new(Client {
            country: word("country", 40),
            city: word("city", 400),
            browser: word("browser", 20),
            browser_version: word("version", 90),
            os: word("system", 9),
            device: word("device", 3),
            language: word("language", 30),
            screen: word("screen", 50),
            ..Client::default()
        }),
        origin: number.is_multiple_of(5).then(|| {
            Arc::new(Origin {
                channel: word("channel", 12),
                source: word("source", 80),
                referrer: word("https://example.com/some/page", 700),
                ..Origin::default()
            })
        }),
        page: Some(Arc::new(PageContext {
            has_location: true,
            hostname: afsa_model::text("example.com"),
            page: afsa_model::text(&format!("/shop/articles/{}", (spread ^ number) % 3_000)),
            title: afsa_model::text(&format!("Article {}", (spread ^ number) % 3_000)),
            ..PageContext::default()
        })),
        custom: None,
        kind: HitKind::PageView,
    };
    Arrival {
        identity: Identity::Visitor(visitor),
        event: Some(EventKey(number.wrapping_mul(0xd6e8_feb8_6659_fd93))),
        hit,
    }
}

fn tell(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: usize| {
        times
            .get((times.len() * share / 100).min(times.len().saturating_sub(1)))
            .copied()
            .unwrap_or_default()
    };
    println!(
        "{what}: median {:.1?}, 95 of 100 within {:.1?}, longest {:.1?}",
        at(50),
        at(95),
        at(100)
    );
}
