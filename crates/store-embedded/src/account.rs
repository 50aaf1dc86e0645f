//! One account: what arrives, what is known of it, and what may not run at the same time.
//!
//! Locks are taken in this order: `maintenance`, `state`, `events` or `inbox`; the last two are
//! held for moments only, so that the writer never waits for a question or for a disk.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use afsa_model::{AccountId, DAY, Hit, MINUTE, Timestamp, VisitorKey};
use afsa_segments::SegmentError;
use afsa_store::{Arrival, Identity};
use hashbrown::HashMap;

use crate::error::Error;
use crate::events::{EventIndex, Run};
use crate::log::{Finding, Frame};
use crate::manifest::{AccountRow, Manifest};
use crate::part::Part;
use crate::settle::State;

/// So many visitors' latest activity is remembered before those of former days are forgotten.
const MOST_ACTIVE: usize = 200_000;

/// The longest timeout that an account may have.
const LONGEST_TIMEOUT: i64 = 240 * MINUTE;

pub(crate) struct Account {
    pub id: AccountId,
    /// Held by whoever changes which parts there are: flush, merge, import, undo, removal.
    maintenance: Mutex<()>,
    state: Mutex<State>,
    events: Mutex<EventIndex>,
    inbox: Mutex<Inbox>,
    next_sequence: AtomicU64,
    flushed: AtomicU64,
    /// Imports that are there or under way.
    pub imports: Mutex<Imports>,
}

#[derive(Default)]
pub(crate) struct Imports {
    pub finished: Vec<u32>,
    pub under_way: Vec<u32>,
}

/// Durable hits that no question has asked for yet.
#[derive(Default)]
struct Inbox {
    arrivals: Vec<Arrival>,
    hits: usize,
    last_frame: u64,
    bytes: u64,
    activity: HashMap<VisitorKey, Timestamp>,
    /// Beyond so many visitors the next look for those to forget is due.
    forget_beyond: usize,
}

impl Account {
    pub fn new(
        row: AccountRow,
        parts: Vec<Part>,
        runs: Vec<Arc<Run>>,
        imports: Vec<u32>,
    ) -> Account {
        Account {
            id: row.account,
            maintenance: Mutex::new(()),
            next_sequence: AtomicU64::new(row.next_sequence.max(1)),
            flushed: AtomicU64::new(row.flushed),
            state: Mutex::new(State::new(row, parts)),
            events: Mutex::new(EventIndex::new(runs)),
            inbox: Mutex::default(),
            imports: Mutex::new(Imports {
                finished: imports,
                under_way: Vec::new(),
            }),
        }
    }

    pub fn maintain(&self) -> MutexGuard<'_, ()> {
        self.maintenance
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The state with everything that has arrived, not settled yet.
    pub fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut inbox = self.inbox();
        if !inbox.arrivals.is_empty() {
            state.waiting.extend(inbox.arrivals.drain(..));
            state.hot.covers = state.hot.covers.max(inbox.last_frame);
            state.hot.log_bytes += std::mem::take(&mut inbox.bytes);
            state.shown.forget_view();
        }
        drop(inbox);
        state
    }

    /// The state, settled.
    pub fn settled(&self, manifest: &Manifest) -> Result<MutexGuard<'_, State>, Error> {
        let mut state = self.state();
        state.settle(manifest)?;
        Ok(state)
    }

    pub fn events(&self) -> MutexGuard<'_, EventIndex> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn imports(&self) -> MutexGuard<'_, Imports> {
        self.imports.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known to be damaged of its segments and event keys.
    pub fn findings(&self) -> Vec<Finding> {
        let finding = |file: String, problem: String| Finding {
            file,
            offset: None,
            problem,
        };
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let damaged = state.parts.iter().filter_map(|part| part.shared.damage());
        let mut findings: Vec<Finding> = damaged
            .map(|error| match error {
                SegmentError::Damaged { path, problem } => finding(path.clone(), problem.clone()),
                other => finding("segments".into(), other.to_string()),
            })
            .collect();
        drop(state);
        for run in self.events().runs() {
            let path = || run.path.display().to_string();
            findings.extend(run.damage().map(|problem| finding(path(), problem.into())));
        }
        findings
    }

    /// A number above every one given before.
    pub fn next_sequence(&self) -> u64 {
        self.next_sequence.fetch_add(1, Ordering::Relaxed)
    }

    /// The first number not given yet.
    pub fn sequences_end(&self) -> u64 {
        self.next_sequence.load(Ordering::Relaxed)
    }

    /// Frames up to this number are in segments.
    pub fn flushed(&self) -> u64 {
        self.flushed.load(Ordering::Acquire)
    }

    pub fn set_flushed(&self, frame: u64) {
        self.flushed.fetch_max(frame, Ordering::AcqRel);
    }

    /// Takes durable hits, which have their sequences. From now on every snapshot has them.
    pub fn take(&self, frame: u64, arrivals: Vec<Arrival>, bytes: u64) {
        let keys = arrivals.iter().filter_map(|arrival| arrival.event);
        self.events().extend(keys);
        self.pass_sequences(&arrivals);
        let mut inbox = self.inbox();
        inbox.note_activities(&arrivals);
        inbox.take(frame, arrivals, bytes);
    }

    /// Takes all frames that the log held at a start.
    pub fn take_recovered(&self, frames: Vec<Frame>) {
        let hits = frames.iter().map(|frame| frame.arrivals.len()).sum();
        let arrivals = || frames.iter().map(|frame| &frame.arrivals);
        let note_keys = || {
            let keys = arrivals().flatten().filter_map(|arrival| arrival.event);
            let mut events = self.events();
            events.reserve(hits);
            events.extend(keys);
        };
        let note_activities = || {
            arrivals().for_each(|arrivals| self.pass_sequences(arrivals));
            let mut inbox = self.inbox();
            arrivals().for_each(|arrivals| inbox.note_activities(arrivals));
        };
        // A start waits for both, and neither needs the other.
        rayon::join(note_keys, note_activities);
        let mut inbox = self.inbox();
        inbox.arrivals.reserve(hits);
        for frame in frames {
            // What a hit took in the log is told well enough by its share in memory.
            let bytes = frame.arrivals.len() as u64 * 100;
            inbox.take(frame.number, frame.arrivals, bytes);
        }
    }

    fn pass_sequences(&self, arrivals: &[Arrival]) {
        if let Some(last) = arrivals.iter().map(|arrival| arrival.hit.sequence).max() {
            self.next_sequence
                .fetch_max(last.saturating_add(1), Ordering::Relaxed);
        }
    }

    /// Hits that came since the last flush.
    pub fn unflushed(&self) -> usize {
        self.inbox().hits
    }

    /// Called with the state locked, when its hits have been set apart.
    pub fn reset_unflushed(&self) {
        let mut inbox = self.inbox();
        inbox.hits = inbox.arrivals.len();
    }

    pub fn latest_activity(&self, visitor: VisitorKey) -> Option<Timestamp> {
        self.inbox().activity.get(&visitor).copied()
    }
}

impl Inbox {
    fn take(&mut self, frame: u64, arrivals: Vec<Arrival>, bytes: u64) {
        self.hits += arrivals.len();
        self.arrivals.extend(arrivals);
        self.last_frame = self.last_frame.max(frame);
        self.bytes += bytes;
    }

    fn note_activities(&mut self, arrivals: &[Arrival]) {
        for arrival in arrivals {
            self.note_activity(arrival.identity, &arrival.hit);
        }
    }

    fn note_activity(&mut self, identity: Identity, hit: &Hit) {
        if !hit.prolongs_visit() {
            return;
        }
        let visitor = match identity {
            Identity::Visitor(visitor) | Identity::User(visitor) => visitor,
            Identity::Cookieless { today, yesterday } => {
                let is_under_way = self
                    .activity
                    .get(&yesterday)
                    .is_some_and(|last| hit.time.since(*last) <= LONGEST_TIMEOUT);
                if is_under_way {
                    // Which of the two it is depends on the timeout: both are noted.
                    self.note(yesterday, hit.time);
                }
                today
            }
            Identity::Fingerprint(_) | Identity::Nobody => return,
        };
        self.note(visitor, hit.time);
        if self.activity.len() > self.forget_beyond.max(MOST_ACTIVE) {
            let newest = self.activity.values().max().copied().unwrap_or(hit.time);
            self.activity.retain(|_, last| newest.since(*last) < DAY);
            if self.activity.len() > MOST_ACTIVE {
                self.activity
                    .retain(|_, last| newest.since(*last) <= LONGEST_TIMEOUT);
            }
            // Where all of them are active, not every hit must look at all again.
            self.forget_beyond = self.activity.len() * 2;
        }
    }

    fn note(&mut self, visitor: VisitorKey, time: Timestamp) {
        let latest = self.activity.entry(visitor).or_insert(time);
        *latest = time.max(*latest);
    }
}
