//! Refusals in the log: a server that refuses everything must not fill its disk with saying so.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Between one line and the next.
const PAUSE: Duration = Duration::from_secs(5);

/// Batches of hits that were not taken.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<Untold>);

#[derive(Default)]
struct Untold {
    told_at: Option<Duration>,
    batches: u64,
}

impl Refusals {
    /// Logs the refusal, with those since the last line, or keeps it for the next.
    pub(crate) fn note(&self, now: Duration, why: &str) {
        if let Some(batches) = self.due(now) {
            tracing::warn!(batches, why, "no hits taken");
        }
    }

    /// How many are to be told now, if it is time.
    fn due(&self, now: Duration) -> Option<u64> {
        let mut untold = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        untold.batches += 1;
        if untold.told_at.is_some_and(|told| now < told + PAUSE) {
            return None;
        }
        untold.told_at = Some(now);
        Some(std::mem::take(&mut untold.batches))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_now_and_then_tells_of_all() {
        let refusals = Refusals::default();
        let told: Vec<Option<u64>> = [0, 1, 4_999, 5_000, 5_001, 60_000]
            .map(|now| refusals.due(Duration::from_millis(now)))
            .into();
        assert_eq!(told, [Some(1), None, None, Some(3), None, Some(2)]);
    }
}
