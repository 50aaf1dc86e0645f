//! Measures how long typical lines take to decode: `cargo run --release -p afsa-wire --example
//! decode_speed`.

use std::hint::black_box;
use std::time::Instant;

use afsa_wire::json::decode_line;
use afsa_wire::log_line::{self, Site};

const ROUNDS: u32 = 500_000;

const PAGE_VIEW: &[u8] = br#"{"type":"pageview","event_id":"5187966439034093084.1501616710.10","timestamp":"2017-08-01T19:46:43.298Z","visitor_id":"5187966439034093084","location":"https://shop.example.com/bags/backpacks/home","referrer":"https://www.example.org/search","title":"Backpacks | Bags | Example Store"}"#;
const PURCHASE: &[u8] = br#"{"type":"purchase","event_id":"7771285007340524144.10.p","timestamp":"2017-08-01T18:39:13.555Z","visitor_id":"7771285007340524144","location":"https://shop.example.com/ordercompleted.html","title":"Checkout Confirmation","order":{"id":"ORD1","revenue":"30.43","tax":"6.03","shipping":"9","affiliation":"Example Store","currency":"USD"},"products":[{"id":"A1","name":"Long Sleeve Badge Crew Tee Heather","category":"Apparel","variant":" MD","price":"8.4","quantity":2},{"id":"A2","name":"Short Sleeve Badge Tee Charcoal","category":"Apparel","variant":" MD","price":"10.63","quantity":1}]}"#;
const LOG_LINE: &[u8] = br#"192.0.2.216 - - [17/May/2015:10:05:03 +0000] "GET /presentations/logstash/ HTTP/1.1" 200 203023 "http://example.com/presentations/" "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0.1700.77 Safari/537.36""#;

fn main() {
    measure("page view", PAGE_VIEW, |line| decode_line(line).is_ok());
    measure("purchase of two products", PURCHASE, |line| {
        decode_line(line).is_ok()
    });
    measure("access log", LOG_LINE, |line| {
        let site = Site {
            host: "example.com",
            is_https: true,
        };
        log_line::parse(line).is_ok_and(|parsed| parsed.into_hit(site).is_ok())
    });
}

fn measure(name: &str, line: &[u8], decode: impl Fn(&[u8]) -> bool) {
    let start = Instant::now();
    let taken = (0..ROUNDS).filter(|_| decode(black_box(line))).count();
    let nanoseconds = start.elapsed().as_nanos() / u128::from(ROUNDS);
    println!(
        "{name}: {nanoseconds} ns a line of {} bytes ({taken} taken)",
        line.len()
    );
}
