//! The one thread that writes the log: it takes what waits, gives it its order, writes it with one
//! sync, and only then replies.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use afsa_model::AccountId;
use afsa_store::{Arrival, EventKey, Outcome, Reply, StoreError};
use hashbrown::{HashMap, HashSet};

use crate::account::Account;
use crate::engine::Engine;
use crate::error::Error;
use crate::events::Seen;
use crate::log::{AppendError, put_frame};

/// Hits that may wait to be written. Beyond this submissions are refused at once.
const MOST_WAITING: usize = 100_000;

/// Hits that one sync covers at most, so that a refusal concerns few and memory stays bounded.
const MOST_PER_SYNC: usize = 20_000;

/// Arrivals of one request, with whoever waits for them.
struct Submission {
    account: AccountId,
    arrivals: Vec<Arrival>,
    reply: Reply,
}

/// What waits for the writer.
#[derive(Default)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    submissions: VecDeque<Submission>,
    hits: usize,
    is_closed: bool,
}

impl Queue {
    pub fn submit(&self, account: AccountId, arrivals: Vec<Arrival>, reply: Reply) {
        let mut waiting = self.lock();
        let refusal = if waiting.is_closed {
            Some("it is closing")
        } else if waiting.hits > 0 && waiting.hits + arrivals.len() > MOST_WAITING {
            Some("too many hits wait to be written")
        } else {
            None
        };
        if let Some(refusal) = refusal {
            drop(waiting);
            return reply(Err(StoreError::Unavailable(refusal.into())));
        }
        waiting.hits += arrivals.len().max(1);
        waiting.submissions.push_back(Submission {
            account,
            arrivals,
            reply,
        });
        drop(waiting);
        self.changed.notify_one();
    }

    /// Takes no more; what waits is still written.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for submissions; `None` when it is closed and empty.
    fn take(&self) -> Option<Vec<Submission>> {
        let mut waiting = self.lock();
        while waiting.submissions.is_empty() {
            if waiting.is_closed {
                return None;
            }
            waiting = self
                .changed
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let mut taken = Vec::new();
        let mut hits = 0;
        while let Some(next) = waiting.submissions.front() {
            let size = next.arrivals.len().max(1);
            if hits > 0 && hits + size > MOST_PER_SYNC {
                break;
            }
            hits += size;
            taken.extend(waiting.submissions.pop_front());
        }
        waiting.hits = waiting.hits.saturating_sub(hits);
        Some(taken)
    }
}

/// A submission whose hits have their order, with the part of the buffer that is its frame.
struct Prepared {
    account: Arc<Account>,
    frame: u64,
    bytes: u64,
    arrivals: Vec<Arrival>,
    outcomes: Vec<Outcome>,
    reply: Reply,
}

/// Writes until the queue is closed and empty. The thread's whole life.
pub(crate) fn run(engine: &Engine, queue: &Queue, mut next_frame: u64) {
    let mut buffer = Vec::new();
    while let Some(submissions) = queue.take() {
        buffer.clear();
        let prepared = prepare(engine, submissions, &mut next_frame, &mut buffer);
        let written = write(engine, &buffer, &prepared);
        for prepared in prepared {
            let Prepared {
                account,
                frame,
                bytes,
                arrivals,
                outcomes,
                reply,
            } = prepared;
            match &written {
                Ok(()) => {
                    if !arrivals.is_empty() {
                        account.take(frame, arrivals, bytes);
                    }
                    reply(Ok(outcomes));
                }
                Err(problem) => reply(Err(StoreError::Unavailable(problem.clone()))),
            }
        }
        // One giant submission must not keep its memory for ever.
        buffer.shrink_to(16 << 20);
    }
}

fn prepare(
    engine: &Engine,
    submissions: Vec<Submission>,
    next_frame: &mut u64,
    buffer: &mut Vec<u8>,
) -> Vec<Prepared> {
    let mut fresh: HashSet<(AccountId, EventKey)> = HashSet::new();
    let mut prepared = Vec::with_capacity(submissions.len());
    for Submission {
        account,
        arrivals,
        reply,
    } in submissions
    {
        let account = engine.account(account);
        match choose(&account, arrivals, &mut fresh) {
            Ok((arrivals, outcomes)) => {
                let start = buffer.len();
                let frame = *next_frame;
                if !arrivals.is_empty() {
                    put_frame(buffer, account.id, frame, &arrivals);
                    *next_frame += 1;
                }
                let bytes = (buffer.len() - start) as u64;
                prepared.push(Prepared {
                    account,
                    frame,
                    bytes,
                    arrivals,
                    outcomes,
                    reply,
                });
            }
            Err(error) => reply(Err(error.into())),
        }
    }
    prepared
}

/// Leaves out what came before, and numbers the rest.
fn choose(
    account: &Account,
    arrivals: Vec<Arrival>,
    fresh: &mut HashSet<(AccountId, EventKey)>,
) -> Result<(Vec<Arrival>, Vec<Outcome>), Error> {
    let mut seen: Vec<bool> = Vec::with_capacity(arrivals.len());
    let mut own: HashSet<EventKey> = HashSet::new();
    {
        let events = account.events();
        for arrival in &arrivals {
            let Some(event) = arrival.event else {
                seen.push(false);
                continue;
            };
            let is_double = match events.look_up(event)? {
                Seen::Before => true,
                Seen::Never => fresh.contains(&(account.id, event)) || !own.insert(event),
                Seen::Undecided => {
                    return Err(Error::Unavailable(
                        "an import of the same hits is ending".into(),
                    ));
                }
            };
            seen.push(is_double);
        }
    }
    fresh.extend(own.into_iter().map(|event| (account.id, event)));
    let mut outcomes = Vec::with_capacity(arrivals.len());
    let mut accepted = Vec::with_capacity(arrivals.len());
    for (mut arrival, is_double) in arrivals.into_iter().zip(seen) {
        if is_double {
            outcomes.push(Outcome::Duplicate);
            continue;
        }
        arrival.hit.sequence = account.next_sequence();
        arrival.hit.import = 0;
        outcomes.push(Outcome::Accepted);
        accepted.push(arrival);
    }
    Ok((accepted, outcomes))
}

fn write(engine: &Engine, buffer: &[u8], prepared: &[Prepared]) -> Result<(), String> {
    if engine.is_broken.load(Ordering::Acquire) {
        return Err("an earlier write failed; a restart is needed".into());
    }
    if buffer.is_empty() {
        return Ok(());
    }
    let mut last: HashMap<AccountId, u64> = HashMap::new();
    for prepared in prepared
        .iter()
        .filter(|prepared| !prepared.arrivals.is_empty())
    {
        last.insert(prepared.account.id, prepared.frame);
    }
    let last: Vec<(AccountId, u64)> = last.into_iter().collect();
    match engine.log().append(buffer, &last) {
        Ok(()) => {
            if engine.is_full.swap(false, Ordering::AcqRel) {
                tracing::info!("there is room on the disk again: hits are taken");
            }
            Ok(())
        }
        Err(AppendError::Full(error)) => {
            // Told once, however many are refused until there is room.
            if !engine.is_full.swap(true, Ordering::AcqRel) {
                tracing::warn!(%error, "disk full: hits are refused until there is room");
            }
            Err("the disk is full".into())
        }
        Err(AppendError::Broken(error)) => {
            tracing::error!(%error, "the log cannot be written: no hit is taken until a restart");
            engine.is_broken.store(true, Ordering::Release);
            Err("the log cannot be written".into())
        }
    }
}
