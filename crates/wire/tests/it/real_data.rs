//! Real data of others, where the folder with it is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use afsa_model::{Decimal, HitKind, ProductAction};
use afsa_wire::json::decode_line;
use afsa_wire::log_line::{self, LogLine, Request, Site, Skip};
use flate2::read::MultiGzDecoder;

use crate::soundness::assert_sound;

/// The path of a file of the shared data; `None`, said aloud, where there is none.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn shared(file: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("AFSA_TEST_DATA")
        .map(PathBuf::from)
        .unwrap_or_else(|| {
            PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"))
        });
    let path = folder.join(file);
    if path.exists() {
        return Some(path);
    }
    eprintln!(
        "SKIPPED: {} is missing; AFSA_TEST_DATA names its folder",
        path.display()
    );
    None
}

fn unpacked(file: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    MultiGzDecoder::new(File::open(shared(file)?).unwrap())
        .read_to_end(&mut bytes)
        .unwrap();
    Some(bytes)
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
}

/// Every line's hit, by time.
fn kinds(bytes: &[u8]) -> Vec<HitKind> {
    let decode = |line| {
        let hit = decode_line(line).unwrap_or_else(|refused| panic!("{refused}"));
        assert_sound(&hit);
        assert!(hit.event_id.is_some() && hit.visitor_id.is_some() && hit.time.is_some());
        hit
    };
    let mut hits: Vec<_> = lines(bytes).map(decode).collect();
    hits.sort_by_key(|hit| hit.time);
    hits.into_iter().map(|hit| hit.kind).collect()
}

#[test]
fn takes_every_hit_of_a_real_shops_day() {
    let Some(bytes) = unpacked("ga_sample/hits.ndjson.gz") else {
        return;
    };
    let kinds = kinds(&bytes);
    let mut counts = BTreeMap::new();
    let mut rows = BTreeMap::new();
    let mut purchased = Vec::new();
    for kind in &kinds {
        let name = match kind {
            HitKind::PageView => "pageview",
            HitKind::Event(_) => "event",
            HitKind::Purchase(purchase) => {
                purchased.push(purchase);
                "purchase"
            }
            HitKind::Product(hit) => {
                *rows.entry(hit.action).or_insert(0) += hit.products.len();
                "product"
            }
            other => panic!("{other:?}"),
        };
        *counts.entry(name).or_insert(0) += 1;
    }
    let expect = [
        ("event", 1_110),
        ("pageview", 5_483),
        ("product", 4_397),
        ("purchase", 52),
    ];
    assert_eq!(counts, BTreeMap::from(expect));
    use ProductAction::{Add, Checkout, Click, Detail, Impression, Remove};
    let expect = [
        (Impression, 21_091),
        (Click, 812),
        (Detail, 579),
        (Add, 238),
        (Remove, 40),
        (Checkout, 526),
    ];
    assert_eq!(rows, BTreeMap::from(expect));

    // A reloaded page says its order again: the earliest counts, so it is put in last.
    let orders: BTreeMap<_, _> = purchased
        .iter()
        .rev()
        .map(|it| (it.order.id.clone(), it.order.revenue))
        .collect();
    assert_eq!(orders.len(), 24);
    let revenue: i64 = orders
        .values()
        .flatten()
        .map(|revenue| revenue.micros())
        .sum();
    assert_eq!(revenue, "5803.83".parse::<Decimal>().unwrap().micros());
}

#[test]
fn takes_every_invoice_of_a_real_wholesaler() {
    let Some(bytes) = unpacked("online_retail/hits.ndjson.gz") else {
        return;
    };
    let kinds = kinds(&bytes);
    assert_eq!(kinds.len(), 8_126);
    let (mut revenue, mut lines, mut units) = (0, 0, 0);
    let mut skus = BTreeSet::new();
    for kind in kinds {
        let HitKind::Purchase(purchase) = kind else {
            panic!("{kind:?}")
        };
        revenue += purchase.order.revenue.unwrap().micros();
        lines += purchase.products.len();
        for product in purchase.products {
            units += product.quantity.unwrap().micros();
            skus.insert(product.id.unwrap());
        }
    }
    assert_eq!(revenue, "4064726.591".parse::<Decimal>().unwrap().micros());
    assert_eq!(units, Decimal::from(2_112_658).micros());
    assert_eq!((lines, skus.len()), (203_954, 3_384));
}

/// goaccess 1.7 read the same lines; where its figures are of the same thing, they are the same.
#[test]
fn reads_every_line_of_a_real_access_log() {
    let Some(bytes) = unpacked("access_logs/elastic_apache_logs.gz") else {
        return;
    };
    let Some(report) = shared("access_logs/goaccess.json") else {
        return;
    };
    let report: serde_json::Value = serde_json::from_reader(File::open(report).unwrap()).unwrap();
    // The hits of a panel's rows, by what they are of. It may list one thing in several rows.
    let panel = |name: &str| {
        let mut hits = BTreeMap::new();
        for row in report[name].as_array().unwrap() {
            *hits
                .entry(row["data"].as_str().unwrap().to_owned())
                .or_insert(0) += row["hits"].as_u64().unwrap();
        }
        hits
    };

    let parsed: Vec<LogLine> = lines(&bytes)
        .map(|line| log_line::parse(line).unwrap_or_else(|refused| panic!("{refused}")))
        .collect();
    assert_eq!(report["general"]["valid_requests"], parsed.len());

    let mut classes = BTreeMap::new();
    let mut referring_hosts = BTreeMap::new();
    let mut missing_targets = BTreeMap::new();
    for line in &parsed {
        let class = match line.status / 100 {
            2 => "2xx Success",
            3 => "3xx Redirection",
            4 => "4xx Client Errors",
            _ => "5xx Server Errors",
        };
        *classes.entry(class.to_owned()).or_insert(0) += 1;
        let referrer = line.referrer.as_deref().and_then(|it| it.split_once("://"));
        if let Some((_, rest)) = referrer {
            let host = rest.split('/').next().unwrap_or_default();
            *referring_hosts.entry(host.to_owned()).or_insert(0) += 1;
        }
        if let (404, Request::Http { target, .. }) = (line.status, &line.request) {
            *missing_targets.entry(target.clone()).or_insert(0) += 1;
        }
    }
    assert_eq!(classes, panel("status_codes"));
    for (host, hits) in panel("referring_sites") {
        assert_eq!(referring_hosts.get(&host), Some(&hits), "{host}");
    }
    // This panel is cut at 15 rows, and a row is of one protocol: more may be of its target.
    for (target, hits) in panel("not_found") {
        assert!(
            missing_targets
                .get(&target)
                .is_some_and(|ours| *ours >= hits),
            "{target}"
        );
    }
    // goaccess counts 70 of them: it tells three targets apart by protocol as well.
    assert_eq!(
        report["general"]["unique_not_found"],
        missing_targets.len() + 3
    );

    let mut outcomes = BTreeMap::new();
    for line in parsed {
        let outcome = line.into_hit(Site {
            host: "example.com",
            is_https: false,
        });
        if let Ok(hit) = &outcome {
            assert_sound(hit);
        }
        *outcomes.entry(outcome.map(|hit| hit.is_robot)).or_insert(0) += 1;
    }
    // Ours are narrower than goaccess's "requests": that panel holds feeds, redirects, HEAD and POST,
    // parts (206) and answers of 403, 416 and 500, which are no page views here. Its static files are
    // a list of extensions as here, but one that lacks source code, .jar, .xml and others, and tells
    // the same file apart by method and protocol.
    let expect = [
        (Ok(false), 2_921),
        (Ok(true), 180),
        (Err(Skip::Method), 48),
        (Err(Skip::Error), 208),
        (Err(Skip::Redirect), 163),
        (Err(Skip::NoPage), 45),
        (Err(Skip::Asset), 5_534),
        (Err(Skip::Feed), 901),
    ];
    assert_eq!(outcomes, BTreeMap::from(expect));
}
