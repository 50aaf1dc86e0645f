//! The suite that every backend passes.
//!
//! [`Suite::run`] makes random worlds — hits of a few visitors of two accounts, in random order, in
//! batches and imports, with repetitions, maintenance and reopening between — and asks random
//! questions of the backend and of the [reference](crate::reference). [`cases::check`] asks what is
//! written down with its numbers. A backend shows itself by a [`Backend`]:
//!
//! ```
//! use afsa_store::conformance::{Suite, cases, InMemory};
//! let suite = Suite { worlds: 2, questions: 10, ..Suite::default() };
//! let summary = suite.run(&mut InMemory::default()).unwrap();
//! assert_eq!(summary.questions, 20);
//! cases::check(&mut InMemory::default()).unwrap();
//! ```

pub mod cases;
mod compare;
pub mod draft;
#[cfg(test)]
mod laws;
mod pages;
mod play;
mod questions;
mod rng;
mod shops;
mod shrink;
mod traffic;
mod world;

use std::fmt;
use std::sync::Arc;

use crate::Store;
use crate::reference::ReferenceStore;

/// Makes the stores that are looked at.
pub trait Backend {
    /// A store with nothing in it. What was made before is no longer used by the suite.
    fn fresh(&mut self) -> Arc<dyn Store>;

    /// Opens again what the store made last left behind; the suite has let go of it and its
    /// snapshots. `None` for one that lives in memory only.
    fn reopen(&mut self) -> Option<Arc<dyn Store>>;
}

/// The reference itself as a backend.
#[derive(Default)]
pub struct InMemory {
    store: ReferenceStore,
}

impl Backend for InMemory {
    fn fresh(&mut self) -> Arc<dyn Store> {
        self.store = ReferenceStore::new();
        Arc::new(self.store.clone())
    }

    fn reopen(&mut self) -> Option<Arc<dyn Store>> {
        Some(Arc::new(self.store.clone()))
    }
}

/// How much to try.
#[derive(Clone, Copy, Debug)]
pub struct Suite {
    /// The same seed makes the same worlds and questions.
    pub seed: u64,
    pub worlds: usize,
    /// In each world.
    pub questions: usize,
    /// Lets cookieless hits come in the order of their times, for backends that settle their keys
    /// when they come.
    pub cookieless_in_order: bool,
}

impl Default for Suite {
    fn default() -> Suite {
        Suite {
            seed: 1,
            worlds: 20,
            questions: 50,
            cookieless_in_order: false,
        }
    }
}

/// What was tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub worlds: usize,
    pub questions: usize,
    /// Questions whose answer isn't nothing.
    pub answered: usize,
    /// Groups compared.
    pub groups: usize,
}

/// Where a backend differs, with the smallest world that was found to show it.
#[derive(Clone, Debug)]
pub struct Failure {
    /// A [`Suite`] of this seed and one world shows it again.
    pub seed: u64,
    pub difference: String,
    /// What was done, a line each.
    pub steps: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "with seed {} (worlds: 1):", self.seed)?;
        for step in &self.steps {
            writeln!(formatter, "  {step}")?;
        }
        write!(formatter, "{}", self.difference)
    }
}

impl std::error::Error for Failure {}

impl Suite {
    /// Tries everything; stops at the first difference.
    pub fn run(&self, backend: &mut dyn Backend) -> Result<Summary, Box<Failure>> {
        let mut summary = Summary::default();
        for number in 0..self.worlds as u64 {
            let seed = self.seed.wrapping_add(number);
            let world = world::make(seed, self);
            match play::play(backend, &world) {
                Ok(played) => {
                    summary.worlds += 1;
                    summary.questions += played.questions;
                    summary.answered += played.answered;
                    summary.groups += played.groups;
                }
                Err(difference) => {
                    let (world, difference) = shrink::smallest(backend, world, difference);
                    let steps = world.steps.iter().map(ToString::to_string).collect();
                    return Err(Box::new(Failure {
                        seed,
                        difference,
                        steps,
                    }));
                }
            }
        }
        Ok(summary)
    }
}
