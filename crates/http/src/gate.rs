//! Work for the processor: so much at a time, the rest waits a little or is sent away.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::Limits;
use crate::problem::Problem;

/// Lets questions through to threads that may block.
pub(crate) struct Gate {
    permits: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Gate {
    pub(crate) fn new(limits: &Limits) -> Gate {
        let questions = limits.questions.max(1);
        Gate {
            permits: Arc::new(Semaphore::new(questions)),
            // More than this many waiting would not have their turn in time.
            waiting: Arc::new(Semaphore::new(
                questions.saturating_mul(16).min(Semaphore::MAX_PERMITS),
            )),
        }
    }

    /// Runs the work when its turn comes. The permit goes with the work, so a sender who gives up
    /// doesn't make room for more before the work has really ended.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        limits: &Limits,
        work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let busy = || Problem::overloaded("Too many questions at once; ask again in a moment.");
        let waiting = self
            .waiting
            .clone()
            .try_acquire_owned()
            .map_err(|_| busy())?;
        let turn = tokio::time::timeout(limits.question_wait, self.permits.clone().acquire_owned());
        let permit = turn.await.map_err(|_| busy())?.map_err(Problem::internal)?;
        drop(waiting);
        let running = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        match tokio::time::timeout(limits.question_time, running).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(failure)) => Err(Problem::internal(failure)),
            Err(_) => Err(Problem::overloaded(
                "The answer takes too long; ask for a shorter period or fewer dimensions.",
            )),
        }
    }
}
