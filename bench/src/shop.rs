//! A year of one shop: as many orders as asked for, of five products each, with what leads to
//! them and what comes of them.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use crate::hits::FIRST_DAY;

const DAY: u64 = 86_400;
const PRODUCTS: u64 = 5_000;
const ROWS: u64 = 5;

/// Writes the hits, unless the file is there, and tells how many there are.
pub fn write_if_missing(path: &Path, orders: u64, seed: u64) -> io::Result<u64> {
    let count = path.with_extension("count");
    if path.exists()
        && let Some(Ok(lines)) = BufReader::new(File::open(&count)?).lines().next()
        && let Ok(lines) = lines.parse()
    {
        return Ok(lines);
    }
    let mut file = zstd::Encoder::new(File::create(path)?, 1)?;
    let mut shop = Shop {
        orders,
        state: seed,
        lines: String::new(),
        written: 0,
    };
    for order in 0..orders {
        shop.order(order);
        if shop.lines.len() >= 1 << 20 || order + 1 == orders {
            file.write_all(shop.lines.as_bytes())?;
            shop.lines.clear();
        }
    }
    file.finish()?.sync_all()?;
    std::fs::write(&count, shop.written.to_string())?;
    Ok(shop.written)
}

struct Shop {
    orders: u64,
    state: u64,
    lines: String,
    written: u64,
}

impl Shop {
    fn below(&mut self, bound: u64) -> u64 {
        // A linear congruence is random enough for a load.
        let next = self.state.wrapping_mul(6_364_136_223_846_793_005);
        self.state = next.wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % bound
    }

    /// An order with its visit, two visits of others who didn't buy, and what comes after.
    fn order(&mut self, number: u64) {
        let second = FIRST_DAY as u64 * DAY + number * 365 * DAY / self.orders;
        // Four of ten orders are of somebody who bought before.
        let customer = if number > 0 && self.below(10) < 4 {
            self.below(number)
        } else {
            number
        };
        for (other, delay) in [(0, 40), (1, 80)] {
            let visitor = format!("passer-{}", number * 2 + other);
            self.visit(&visitor, second + delay, false);
        }
        let visitor = format!("customer-{customer}");
        let last = self.visit(&visitor, second, true);
        let mut rows = String::new();
        let mut cents = 0;
        for _ in 0..ROWS {
            let (product, quantity) = (self.below(PRODUCTS), 1 + self.below(3));
            cents += quantity * price(product);
            let comma = if rows.is_empty() { "" } else { "," };
            let row = row(product);
            let _ = write!(rows, r#"{comma}{{{row},"quantity":{quantity}}}"#);
        }
        let tax = cents / 6;
        let coupon = match self.below(5) {
            0 => r#","coupon":"WELCOME","coupon_value":"2.50""#,
            _ => "",
        };
        let revenue = money(cents + 490);
        let tax = money(tax);
        self.line(
            "purchase",
            &visitor,
            last + 30,
            &format!(
                r#""location":"https://shop.example.com/thanks","user_id":"{customer}","order":{{"id":"o-{number}","revenue":"{revenue}","tax":"{tax}","shipping":"4.90","currency":"EUR","affiliation":"web"{coupon}}},"products":[{rows}]"#
            ),
        );
        if self.below(100) < 3 {
            let after = last + DAY * (1 + self.below(20));
            let order = format!(r#""order":{{"id":"o-{number}"}}"#);
            self.line("refund", &visitor, after, &order);
        }
    }

    /// Looks at products and puts one into the cart; goes to the checkout where it buys. Gives the
    /// time of the last hit.
    fn visit(&mut self, visitor: &str, start: u64, buys: bool) -> u64 {
        let mut time = start;
        let query = match self.below(3) {
            0 => format!(
                "?utm_source=news&utm_medium=email&utm_campaign=c{}",
                self.below(20)
            ),
            _ => String::new(),
        };
        let page = self.below(400);
        self.line(
            "pageview",
            visitor,
            time,
            &format!(r#""location":"https://shop.example.com/p/{page}{query}""#),
        );
        let product = self.below(PRODUCTS);
        let mut actions = vec!["detail"];
        if buys || self.below(4) == 0 {
            actions.push("add");
        }
        if buys {
            actions.push("checkout");
        }
        for action in actions {
            time += 20;
            let row = row(product);
            let step = if action == "checkout" {
                r#","step":1,"option":"card""#
            } else {
                ""
            };
            self.line(
                "product",
                visitor,
                time,
                &format!(r#""location":"https://shop.example.com/p/{page}","action":"{action}"{step},"products":[{{{row}}}]"#),
            );
        }
        time
    }

    fn line(&mut self, kind: &str, visitor: &str, time: u64, rest: &str) {
        self.written += 1;
        let number = self.written;
        let time = instant(time, number % 1_000);
        let _ = writeln!(
            self.lines,
            r#"{{"type":"{kind}","event_id":"e{number}","timestamp":"{time}","visitor_id":"{visitor}",{rest}}}"#
        );
    }
}

/// As RFC 3339 has it. What would come after the year comes in its last second.
fn instant(second: u64, millisecond: u64) -> String {
    const MONTHS: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let second = (second - FIRST_DAY as u64 * DAY).min(365 * DAY - 1);
    let (mut day, of_day) = (second / DAY, second % DAY);
    let mut month = 1;
    for length in MONTHS {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    let day = day + 1;
    format!("2025-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z")
}

fn price(product: u64) -> u64 {
    199 + product * 37 % 9_000
}

fn row(product: u64) -> String {
    let (brand, category) = (product % 200, product % 60);
    let price = money(price(product));
    format!(
        r#""id":"sku-{product}","name":"Product {product}","brand":"Brand {brand}","category":"Goods/Kind {category}","price":"{price}""#
    )
}

fn money(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}
