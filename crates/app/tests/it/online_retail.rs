//! Six months of a real gift shop, told by its server: orders without a page view.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde_json::Value;

use crate::program::{Program, Server};
use crate::shared_data;

const PERIOD: &str = "from=2010-12-01&to=2011-05-31";
/// Thousandths of a pound: unit prices have three places.
type Mills = i64;

#[test]
fn every_figure_is_the_shops_own() {
    let (Some(file), Some(expected)) = (
        shared_data::file("online_retail/hits.ndjson.gz"),
        shared_data::json("online_retail/expected.json"),
    ) else {
        return;
    };
    let program = Program::new();
    let (account, key) = program.account(&["--currency", "GBP"]);
    let printed = program.say(&["import", file.to_str().unwrap(), "--account", &account]);
    assert!(printed.contains("0 duplicates, 0 rejected"), "{printed}");
    let server = program.serve();
    let shop = Shop {
        server,
        key,
        sent: sent(&file),
    };
    shop.totals(&expected);
    shop.months(&expected);
    shop.affiliations(&expected);
    shop.best_products(&expected);
    shop.customers(&expected);
}

/// What a line of the file says, as far as this test works it out by itself.
struct Order {
    /// Seconds since 1970.
    time: i64,
    revenue: Mills,
    customer: String,
}

struct Shop {
    server: Server,
    key: String,
    sent: Vec<Order>,
}

impl Shop {
    fn ask(&self, question: &str) -> Value {
        let path = format!("/v1/stats/query?{PERIOD}&{question}");
        self.server.get(&self.key, &path)
    }

    fn row(&self, question: &str) -> Value {
        self.ask(question)["data"][0].clone()
    }

    fn totals(&self, expected: &Value) {
        let row = self.row(
            "metrics=orders,revenue,units,net_revenue,refund_amount,tax,visits,cancelled_orders",
        );
        assert_eq!(row["orders"], expected["orders"]);
        assert_eq!(row["units"], expected["units"]);
        assert_eq!(row["revenue"], shown(mills(&expected["revenue"])));
        // Neither taxes, shipping nor refunds were sent, and no page was viewed.
        assert_eq!(row["net_revenue"], row["revenue"]);
        assert_eq!(row["refund_amount"], "0.00");
        assert_eq!(
            (&row["visits"], &row["cancelled_orders"]),
            (&0.into(), &0.into())
        );
        let products = self.ask("metrics=units&dimensions=product_sku&include=total_rows&limit=1");
        assert_eq!(products["meta"]["total_rows"], expected["skus"]);
    }

    fn months(&self, expected: &Value) {
        let expected = expected["revenue_by_month_utc"].as_object().unwrap();
        let found = self.ask("metrics=revenue&dimensions=time:month");
        let found = found["data"].as_array().unwrap();
        assert_eq!(found.len(), expected.len());
        for row in found {
            let month = row["time:month"].as_str().unwrap();
            assert_eq!(row["revenue"], shown(mills(&expected[month])), "{month}");
        }
        // In a zone of one's own other orders lie in a month: counted here from the file.
        let mut by_day: BTreeMap<i64, Mills> = BTreeMap::new();
        let offset = 5 * 3_600 + 1_800;
        for order in &self.sent {
            *by_day
                .entry((order.time + offset).div_euclid(86_400))
                .or_default() += order.revenue;
        }
        let found =
            self.ask("metrics=revenue&dimensions=time:day&timezone=Asia/Kolkata&limit=1000");
        let found = found["data"].as_array().unwrap();
        let sold = by_day.values().filter(|revenue| **revenue != 0).count();
        assert_eq!(found.len(), sold);
        let revenues = by_day.values().filter(|revenue| **revenue != 0);
        for (row, revenue) in found.iter().zip(revenues) {
            assert_eq!(row["revenue"], shown(*revenue), "{row}");
        }
        // The totals of months in that zone are those of its days.
        let months = self.ask("metrics=revenue&dimensions=time:month&timezone=Asia/Kolkata");
        let sum: Mills = months["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| mills(&row["revenue"]))
            .sum();
        let whole: Mills = by_day.values().sum();
        // Six months are rounded to pence, each by at most half of one.
        assert!((sum - whole).abs() <= 30, "{sum} {whole}");
    }

    fn affiliations(&self, expected: &Value) {
        let whole = mills(&expected["revenue"]);
        let expected = expected["revenue_by_affiliation"].as_object().unwrap();
        let found = self.ask("metrics=revenue,percentage&dimensions=affiliation&limit=100");
        let found = found["data"].as_array().unwrap();
        assert_eq!(found.len(), expected.len());
        for row in found {
            let name = row["affiliation"].as_str().unwrap();
            let revenue = mills(&expected[name]);
            assert_eq!(row["revenue"], shown(revenue), "{name}");
            // Shares aren't rounded, so that they show the places that pence don't: a tenth of a
            // penny is more than two in 10¹⁰ of the whole.
            let share = row["percentage"].as_f64().unwrap();
            let right = revenue as f64 / whole as f64;
            assert!((share - right).abs() < 1e-14, "{name}: {share} {right}");
        }
    }

    fn best_products(&self, expected: &Value) {
        let expected = expected["top_products_by_product_revenue"]
            .as_array()
            .unwrap();
        let found = self.ask("metrics=product_revenue&dimensions=product_sku&limit=20");
        let found = found["data"].as_array().unwrap();
        assert_eq!(found.len(), expected.len());
        for (row, product) in found.iter().zip(expected) {
            assert_eq!(row["product_sku"], product[0]);
            assert_eq!(
                row["product_revenue"],
                shown(mills(&product[1])),
                "{product}"
            );
        }
    }

    fn customers(&self, expected: &Value) {
        let customers: BTreeSet<&str> = self.sent.iter().map(|it| it.customer.as_str()).collect();
        let known = customers
            .iter()
            .filter(|customer| !customer.starts_with("visitor "));
        assert_eq!(known.count(), expected["known_customers"]);
        let mut orders: BTreeMap<&str, usize> = BTreeMap::new();
        for order in &self.sent {
            *orders.entry(&order.customer).or_default() += 1;
        }
        let repeated = orders.values().filter(|orders| **orders >= 2).count();
        let row = self.row("metrics=buyers,new_buyers,repeat_rate,lifetime_value");
        assert_eq!(row["buyers"], customers.len());
        // Nobody ordered before the file begins.
        assert_eq!(row["new_buyers"], customers.len());
        let rate = row["repeat_rate"].as_f64().unwrap();
        let right = repeated as f64 / customers.len() as f64;
        assert!((rate - right).abs() < 1e-14, "{rate} {right}");
        let value = mills(&expected["revenue"]) as f64 / 1_000.0 / customers.len() as f64;
        let told: f64 = row["lifetime_value"].as_str().unwrap().parse().unwrap();
        assert!((told - value).abs() <= 0.005 + 1e-9, "{told} {value}");
    }
}

fn sent(file: &Path) -> Vec<Order> {
    let file = flate2::read::GzDecoder::new(std::fs::File::open(file).unwrap());
    let lines = BufReader::new(file).lines().map(Result::unwrap);
    lines
        .map(|line| {
            let hit: Value = serde_json::from_str(&line).unwrap();
            let customer = match hit["user_id"].as_str() {
                Some(user) => user.to_owned(),
                None => format!("visitor {}", hit["visitor_id"].as_str().unwrap()),
            };
            Order {
                time: seconds(hit["timestamp"].as_str().unwrap()),
                revenue: mills(&hit["order"]["revenue"]),
                customer,
            }
        })
        .collect()
}

/// `2010-12-01T08:26:00Z`, in seconds since 1970.
fn seconds(text: &str) -> i64 {
    let part = |range: std::ops::Range<usize>| text[range].parse::<i64>().unwrap();
    let (year, month, day) = (part(0..4), part(5..7), part(8..10));
    // Days of the civil calendar, in years that begin in March.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    (days - 719_468) * 86_400 + part(11..13) * 3_600 + part(14..16) * 60 + part(17..19)
}

/// A decimal with at most three places, in thousandths.
fn mills(value: &Value) -> Mills {
    let text = value.as_str().unwrap();
    let (whole, places) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{places:0<3}").parse().unwrap()
}

/// Pounds and pence, half a penny away from zero.
fn shown(mills: Mills) -> String {
    let pence = (mills.abs() + 5) / 10;
    let sign = if mills < 0 && pence > 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", pence / 100, pence % 100)
}
