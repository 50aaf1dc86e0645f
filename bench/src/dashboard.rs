//! The twelve reports of a first page, with comparison, as one batch, and each alone.

use std::time::Instant;

use serde_json::{Map, Value, json};

use crate::program::Server;

/// The first day of which there are hits.
const YEAR_START: &str = "2025-01-01";

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const REPORTS: [&str; 12] = [
    "summary",
    "visits",
    "pages",
    "entry_pages",
    "sources",
    "channels",
    "countries",
    "devices",
    "browsers",
    "operating_systems",
    "campaigns",
    "events",
];

/// The first page of a shop.
const SHOP_REPORTS: [&str; 12] = [
    "ecommerce",
    "products",
    "categories",
    "brands_sold",
    "carts",
    "abandoned_carts",
    "refunds",
    "coupons",
    "customers",
    "new_vs_repeat",
    "days_to_purchase",
    "campaign_revenue",
];

/// The reports of a shop of so many orders; also while orders come in.
pub fn measure_shop(server: &Server, key: &str, rounds: usize, orders: u64) -> Result<()> {
    let reports = &SHOP_REPORTS;
    let whole = batch(reports, YEAR_START, None);
    let (cold, answer) = timed(server, key, &whole)?;
    println!("shop_cold_milliseconds: {cold:.1}");
    check(&answer, reports)?;
    print_times("shop", server, key, rounds, |_| whole.clone())?;
    print_times("shop_fresh", server, key, rounds.min(27), |round| {
        batch(reports, &format!("2025-01-{:02}", round + 2), None)
    })?;
    let mut sent = Ok(());
    print_times("shop_after_each_order", server, key, rounds, |round| {
        if sent.is_ok() {
            sent = send_order(server, key, orders + round as u64);
        }
        whole.clone()
    })?;
    sent?;
    for report in reports {
        print_times(
            &format!("report_{report}"),
            server,
            key,
            rounds.min(27),
            |round| batch(&[*report], &format!("2025-02-{:02}", round + 1), None),
        )?;
    }
    for (name, action) in shop_actions() {
        let asked = |from: &str| {
            let mut action = action.clone();
            action["from"] = from.into();
            action["to"] = "2025-12-31".into();
            json!({"account_id": "00000001", "actions": {name: action}})
        };
        let (_, answer) = timed(server, key, &asked(YEAR_START))?;
        check(&answer, &[name])?;
        print_times(name, server, key, rounds.min(27), |round| {
            asked(&format!("2025-02-{:02}", round + 1))
        })?;
    }
    Ok(())
}

/// What is asked of a shop beside reports, by the name of the figure.
fn shop_actions() -> [(&'static str, Value); 8] {
    let models = [
        "first",
        "last",
        "last_non_direct",
        "linear",
        "position",
        "time_decay",
    ];
    [
        ("list_orders", json!({"action": "orders", "limit": 100})),
        (
            "list_completed_orders",
            json!({"action": "orders", "state": "completed", "limit": 100}),
        ),
        ("list_products", json!({"action": "products", "limit": 100})),
        ("list_carts", json!({"action": "carts", "limit": 100})),
        ("checkout", json!({"action": "checkout"})),
        (
            "attribution",
            json!({"action": "attribution", "models": models, "dimensions": ["channel"]}),
        ),
        ("cohorts", json!({"action": "cohorts"})),
        ("rfm", json!({"action": "rfm"})),
    ]
}

/// An order of somebody who bought before.
fn send_order(server: &Server, key: &str, number: u64) -> Result<()> {
    let hit = json!({
        "type": "purchase",
        "visitor_id": format!("customer-{}", number % 1_000),
        "location": "https://shop.example.com/thanks",
        "order": {"id": format!("o-{number}"), "revenue": "12.50"},
        "products": [{"id": "sku-1", "price": "12.50"}],
    });
    ureq::post(&format!("{}/v1/collect", server.address))
        .header("Authorization", &format!("Bearer {key}"))
        .send_json(json!({"hits": [hit]}))?;
    Ok(())
}

/// The reports of a site.
pub fn measure(server: &Server, key: &str, rounds: usize) -> Result<()> {
    let whole = batch(&REPORTS, YEAR_START, None);
    let (cold, answer) = timed(server, key, &whole)?;
    println!("dashboard_cold_milliseconds: {cold:.1}");
    check(&answer, &REPORTS)?;
    print_times("dashboard", server, key, rounds, |_| whole.clone())?;
    // No two of these ask of the same period, so that nothing that was found is found again.
    print_times("dashboard_fresh", server, key, rounds.min(27), |round| {
        batch(&REPORTS, &format!("2025-01-{:02}", round + 2), None)
    })?;
    let smartphones = json!(["is", "device", ["smartphone"]]);
    print_times(
        "dashboard_fresh_one_filter",
        server,
        key,
        rounds.min(27),
        |round| {
            let from = format!("2025-01-{:02}", round + 2);
            batch(&REPORTS, &from, Some(smartphones.clone()))
        },
    )?;
    let filtered = batch(&REPORTS, YEAR_START, Some(smartphones.clone()));
    print_times("dashboard_one_filter", server, key, rounds, |_| {
        filtered.clone()
    })?;
    let twice = json!([
        "and",
        ["is", "device", ["smartphone"]],
        ["is", "country", ["FR", "DE"]]
    ]);
    let filtered = batch(&REPORTS, YEAR_START, Some(twice));
    print_times("dashboard_two_filters", server, key, rounds, |_| {
        filtered.clone()
    })?;
    for report in REPORTS {
        // Of periods that nothing has asked of yet.
        print_times(
            &format!("report_{report}"),
            server,
            key,
            rounds.min(27),
            |round| batch(&[report], &format!("2025-02-{:02}", round + 1), None),
        )?;
    }
    Ok(())
}

fn batch(reports: &[&str], from: &str, filters: Option<Value>) -> Value {
    let mut actions = Map::new();
    for report in reports {
        let mut action = json!({
            "report": report,
            "from": from,
            "to": "2025-12-31",
            "compare": "previous_period",
            "limit": 10,
        });
        if let Some(filters) = &filters {
            action["filters"] = filters.clone();
        }
        actions.insert((*report).to_owned(), action);
    }
    json!({"account_id": "00000001", "actions": actions})
}

/// An answer with an error in it would be fast and worthless.
fn check(answer: &Value, reports: &[&str]) -> Result<()> {
    let performed = answer["performed_actions"]
        .as_object()
        .ok_or("no performed_actions")?;
    for report in reports {
        let part = performed
            .get(*report)
            .ok_or_else(|| format!("{report} is missing"))?;
        if part.get("error").is_some() {
            return Err(format!("{report}: {part}").into());
        }
    }
    println!("{}: {}", reports[0], performed[reports[0]]["data"]);
    Ok(())
}

/// Asks `rounds` times what `body` makes of each round's number.
fn print_times(
    name: &str,
    server: &Server,
    key: &str,
    rounds: usize,
    mut body: impl FnMut(usize) -> Value,
) -> Result<()> {
    let mut times = Vec::with_capacity(rounds);
    for round in 0..rounds.max(1) {
        times.push(timed(server, key, &body(round))?.0);
    }
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
    println!("{name}_median_milliseconds: {:.1}", at(0.5));
    println!("{name}_p95_milliseconds: {:.1}", at(0.95));
    Ok(())
}

fn timed(server: &Server, key: &str, body: &Value) -> Result<(f64, Value)> {
    let started = Instant::now();
    let mut response = ureq::post(&format!("{}/v1/stats/batch", server.address))
        .header("Authorization", &format!("Bearer {key}"))
        .send_json(body)?;
    let answer = response
        .body_mut()
        .with_config()
        .limit(64 << 20)
        .read_json()?;
    Ok((started.elapsed().as_secs_f64() * 1_000.0, answer))
}
