//! The suite that every backend passes, under several regimes of upkeep.

use afsa_store::conformance::{Suite, cases};
use afsa_store_embedded::Options;

use crate::backend::InFolder;

/// How often to flush, merge and divide.
const REGIMES: [(&str, fn(&mut Options)); 3] = [
    ("everything stays in memory", |_| {}),
    ("everything is flushed", |options| options.most_hot_hits = 0),
    ("everything is flushed and divided", |options| {
        options.most_hot_hits = 0;
        options.visits_per_shard = 3;
    }),
];

fn run(suite: Suite) {
    for (regime, change) in REGIMES {
        let summary = suite.run(&mut InFolder::new(change));
        match summary {
            Ok(summary) => println!("{regime}: {summary:?}"),
            Err(failure) => panic!("{regime}: {failure}"),
        }
    }
}

#[test]
fn contents_are_right_in_whatever_order_hits_come() {
    let worlds = std::env::var("AFSA_WORLDS")
        .ok()
        .and_then(|worlds| worlds.parse().ok());
    run(Suite {
        seed: std::env::var("AFSA_SEED")
            .ok()
            .and_then(|seed| seed.parse().ok())
            .unwrap_or(1),
        worlds: worlds.unwrap_or(40),
        questions: 0,
        cookieless_in_order: false,
    });
}

#[test]
fn answers_are_right() {
    run(Suite {
        seed: 1_000,
        worlds: 10,
        questions: 40,
        cookieless_in_order: false,
    });
}

#[test]
fn named_cases_have_their_numbers() {
    for (regime, change) in REGIMES {
        cases::check(&mut InFolder::new(change))
            .unwrap_or_else(|error| panic!("{regime}: {error}"));
    }
}
