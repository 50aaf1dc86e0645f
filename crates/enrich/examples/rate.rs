//! Prints how long hits take to enrich: `cargo run --release -p afsa-enrich --example rate`.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "to print how long it takes is all it is for"
)]

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use afsa_enrich::{AccountRules, Enricher, Input, Tables};
use afsa_model::AccountSettings;

const AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
const HITS: u32 = 500_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let start = Instant::now();
    let mut tables = Tables::shipped()?;
    println!("tables made ready in {:?}", start.elapsed());
    let path =
        "../../node_modules/@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb";
    match std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)) {
        Ok(countries) => tables.places.push(countries)?,
        Err(error) => println!("without places: {error}"),
    }
    let enricher = Enricher::new(tables);
    let (rules, _) = AccountRules::new(&AccountSettings::default());
    let plain = Input {
        address: "193.0.6.139".parse().ok(),
        language: Some("en-GB,en;q=0.9"),
        screen: Some("1920x1080"),
        viewport: Some("1903x969"),
        agent: Some(AGENT),
        location: Some("https://shop.example.com/balls/red?id=7&page=2"),
        ..Input::default()
    };
    let inside = Input {
        referrer: Some("https://shop.example.com/"),
        ..plain
    };
    let searched = Input {
        referrer: Some("https://www.google.co.uk/search?q=ball"),
        ..plain
    };
    let tagged = Input {
        location: Some(
            "https://shop.example.com/?utm_source=google&utm_medium=cpc&utm_campaign=spring&gclid=EAIaIQ",
        ),
        ..searched
    };
    measure("nothing but an agent", |_| {
        enricher.enrich(
            &rules,
            &Input {
                agent: Some(AGENT),
                ..Input::default()
            },
        )
    });
    measure("page view", |_| enricher.enrich(&rules, &plain));
    measure("page view, own referrer", |_| {
        enricher.enrich(&rules, &inside)
    });
    measure("page view, search engine", |_| {
        enricher.enrich(&rules, &searched)
    });
    measure("page view, campaign", |_| enricher.enrich(&rules, &tagged));
    let agents: Vec<String> = (0..HITS / 10)
        .map(|n| format!("{AGENT} Unseen/{n}"))
        .collect();
    measure("page view, agent never seen", |n| {
        let agent = agents.get(n as usize % agents.len()).map(String::as_str);
        enricher.enrich(&rules, &Input { agent, ..plain })
    });
    Ok(())
}

fn measure<T>(what: &str, mut run: impl FnMut(u32) -> T) {
    let rounds = if what.ends_with("never seen") {
        HITS / 10
    } else {
        HITS
    };
    let start = Instant::now();
    for round in 0..rounds {
        black_box(run(round));
    }
    println!(
        "{:>8} ns  {what}",
        start.elapsed().as_nanos() / u128::from(rounds)
    );
}
