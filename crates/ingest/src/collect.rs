//! Hits that arrive live.

use std::sync::Arc;

use afsa_store::{Outcome, Store, StoreError};
use afsa_wire::{DecodedHit, Rejection};
use tokio::sync::oneshot;

use crate::pipeline::Moment;
use crate::{AccountContext, Clock, Pipeline};

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Receipt {
    pub accepted: usize,
    pub duplicates: usize,
    /// (index in the batch, why), ascending.
    pub rejected: Vec<(usize, Rejection)>,
}

/// Takes batches of hits as they come.
pub struct Collector {
    pipeline: Arc<Pipeline>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

impl Collector {
    pub fn new(pipeline: Arc<Pipeline>, store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Collector {
        Collector {
            pipeline,
            store,
            clock,
        }
    }

    /// Takes the hits that can be taken and answers once they are on disk.
    ///
    /// `hits` carry their index in the batch; `rejected` is what the decoder refused already.
    /// Fails as a whole only where the store takes nothing: then nothing was taken.
    pub async fn collect(
        &self,
        account: &AccountContext,
        hits: Vec<(usize, DecodedHit)>,
        mut rejected: Vec<(usize, Rejection)>,
    ) -> Result<Receipt, StoreError> {
        let moment = Moment::live(self.clock.now());
        let mut arrivals = Vec::with_capacity(hits.len());
        for (index, hit) in hits {
            match self.pipeline.arrival(account, hit, &moment) {
                Ok(arrival) => arrivals.push(arrival),
                Err(rejection) => rejected.push((index, rejection)),
            }
        }
        rejected.sort_by_key(|(index, _)| *index);
        if arrivals.is_empty() {
            return Ok(Receipt {
                rejected,
                ..Receipt::default()
            });
        }
        let (reply, answer) = oneshot::channel();
        self.store.submit(
            account.id,
            arrivals,
            // Whoever asked may have gone; the hits are stored all the same.
            Box::new(move |outcomes| drop(reply.send(outcomes))),
        );
        let outcomes = answer
            .await
            .map_err(|_| StoreError::Unavailable("it is shutting down".to_owned()))??;
        let accepted = outcomes
            .iter()
            .filter(|outcome| **outcome == Outcome::Accepted)
            .count();
        Ok(Receipt {
            accepted,
            duplicates: outcomes.len() - accepted,
            rejected,
        })
    }
}
