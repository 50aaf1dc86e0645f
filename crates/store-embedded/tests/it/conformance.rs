//! The suite that every backend passes, under several regimes of upkeep.

use afsa_store::conformance::{Suite, cases};
use afsa_store_embedded::Options;

use crate::backend::InFolder;

type Regime = (&'static str, fn(&mut Options));

/// How often to flush, merge and divide.
const REGIMES: [Regime; 3] = [
    ("everything stays in memory", |_| {}),
    ("everything is flushed", |options| options.most_hot_hits = 0),
    ("everything is flushed and divided", |options| {
        options.most_hot_hits = 0;
        options.visits_per_shard = 3;
    }),
];

fn run(suite: Suite) {
    for (regime, change) in REGIMES {
        match suite.run(&mut InFolder::new(change)) {
            Ok(summary) => assert_eq!(summary.worlds, suite.worlds, "{regime}"),
            Err(failure) => panic!("{regime}: {failure}"),
        }
    }
}

fn number_of(variable: &str, otherwise: u64) -> u64 {
    let told = std::env::var(variable).ok();
    told.and_then(|number| number.parse().ok())
        .unwrap_or(otherwise)
}

/// `AFSA_SEED` and `AFSA_WORLDS` ask for others, and more, than every run tries.
#[test]
fn contents_are_right_in_whatever_order_hits_come() {
    run(Suite {
        seed: number_of("AFSA_SEED", 1),
        worlds: number_of("AFSA_WORLDS", 12) as usize,
        questions: 0,
        cookieless_in_order: true,
    });
}

#[test]
fn answers_are_right() {
    run(Suite {
        seed: 1_000,
        worlds: 10,
        questions: 40,
        cookieless_in_order: true,
    });
}

#[test]
fn named_cases_have_their_numbers() {
    for (regime, change) in REGIMES {
        cases::check(&mut InFolder::new(change))
            .unwrap_or_else(|error| panic!("{regime}: {error}"));
    }
}
