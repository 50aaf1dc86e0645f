//! `kill -9` under load: what was acknowledged is stored, nothing that wasn't sent is, and each
//! once. A ledger on the client's side says what was sent and what was acknowledged.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::program::{Program, Server};

const CLIENTS: usize = 3;
const BATCH: usize = 20;

/// Kills in one run; `make prove-kill` sets the long form.
fn kills() -> usize {
    std::env::var("AFSA_KILLS")
        .ok()
        .and_then(|kills| kills.parse().ok())
        .unwrap_or(25)
}

#[derive(Default)]
struct Ledger {
    sent: BTreeSet<String>,
    acknowledged: BTreeSet<String>,
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_doubled() {
    let program = Program::new();
    let (_, key) = program.account(&[]);
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for round in 0..kills() {
        let server = program.serve();
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let lives = Duration::from_millis(30 + random % 250);
        load_until_killed(server, &key, round, lives, &ledger);
    }
    let server = program.serve();
    let stored = stored_pages(&server, &key);
    let ledger = ledger.lock().unwrap();
    eprintln!(
        "{} kills: {} hits sent, {} acknowledged, {} stored",
        kills(),
        ledger.sent.len(),
        ledger.acknowledged.len(),
        stored.len()
    );
    assert!(ledger.acknowledged.len() > kills(), "the load was no load");
    for (page, count) in &stored {
        assert_eq!(*count, 1, "{page} is stored more than once");
        assert!(ledger.sent.contains(page), "{page} was never sent");
    }
    for page in &ledger.acknowledged {
        assert!(
            stored.contains_key(page),
            "{page} was acknowledged and is gone"
        );
    }
}

fn load_until_killed(
    server: Server,
    key: &str,
    round: usize,
    lives: Duration,
    ledger: &Arc<Mutex<Ledger>>,
) {
    let is_over = Arc::new(AtomicBool::new(false));
    let server = Arc::new(server);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (server, ledger, is_over) = (server.clone(), ledger.clone(), is_over.clone());
            let key = key.to_owned();
            std::thread::spawn(move || {
                for number in 0.. {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    let pages: Vec<String> = (0..BATCH)
                        .map(|hit| format!("/{round}/{client}/{number}/{hit}"))
                        .collect();
                    send(&server, &key, &pages, &ledger);
                }
            })
        })
        .collect();
    // The moment of death is what is random here.
    let dies = Instant::now() + lives;
    while let Some(left) = dies.checked_duration_since(Instant::now()) {
        std::thread::park_timeout(left);
    }
    let killed = std::process::Command::new("kill")
        .args(["-9", &server.child.id().to_string()])
        .status();
    assert!(killed.unwrap().success());
    is_over.store(true, Ordering::Relaxed);
    for client in clients {
        client.join().unwrap();
    }
    Arc::into_inner(server).unwrap().kill();
}

/// Sends a batch, and once more if no answer came: the same event ids must count once.
fn send(server: &Server, key: &str, pages: &[String], ledger: &Mutex<Ledger>) {
    ledger.lock().unwrap().sent.extend(pages.iter().cloned());
    let hits: Vec<Value> = pages
        .iter()
        .map(|page| {
            json!({
                "type": "pageview",
                "event_id": page,
                "visitor_id": page.split('/').take(4).collect::<Vec<_>>().join("-"),
                "location": format!("https://shop.example.com{page}"),
            })
        })
        .collect();
    let body = json!({ "hits": hits });
    for _ in 0..2 {
        match server.try_request(key, "POST", "/v1/collect", Some(&body)) {
            Ok((200 | 202, answer)) => {
                let taken = answer["accepted"].as_u64().unwrap_or(0)
                    + answer["duplicates"].as_u64().unwrap_or(0);
                assert_eq!(taken, pages.len() as u64, "{answer}");
                ledger
                    .lock()
                    .unwrap()
                    .acknowledged
                    .extend(pages.iter().cloned());
                return;
            }
            Ok((503, _)) | Err(_) => {}
            Ok((status, answer)) => panic!("{status}: {answer}"),
        }
    }
}

fn stored_pages(server: &Server, key: &str) -> BTreeMap<String, u64> {
    let mut stored = BTreeMap::new();
    for offset in (0..).step_by(10_000) {
        let path = format!(
            "/v1/stats/query?metrics=pageviews&dimensions=page&period=30d&include=today,total_rows&limit=10000&offset={offset}&order_by=page"
        );
        let answer = server.get(key, &path);
        let rows = answer["data"].as_array().unwrap();
        for row in rows {
            let page = row["page"].as_str().unwrap().to_owned();
            stored.insert(page, row["pageviews"].as_u64().unwrap());
        }
        if rows.len() < 10_000 {
            break;
        }
    }
    stored
}
