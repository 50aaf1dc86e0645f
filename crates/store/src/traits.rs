//! What a backend offers to those who write and those who ask.

use std::ops::ControlFlow;
use std::sync::Arc;

use afsa_model::{AccountId, AccountSettings, Hit, Timestamp, Visit, VisitorKey};

use crate::page::of_keys;
use crate::{
    CartHistory, CartPage, CheckoutFunnel, Dimension, Groups, JourneyEnd, Journeys, Order, Page,
    Paged, Question, Sales, Value,
};

/// A keyed hash of an `event_id`: what decides whether a hit came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKey(pub u64);

/// Who a hit says it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// It told a `visitor_id`.
    Visitor(VisitorKey),
    /// It told only a `user_id`, whose own key this is: the store finds who was known as this
    /// user at the time.
    User(VisitorKey),
    /// Cookieless: its key of the hit's UTC day, and of the day before, which it keeps while a
    /// visit of that key is under way.
    Cookieless {
        today: VisitorKey,
        yesterday: VisitorKey,
    },
    /// Cookieless in an import, of a day whose key is gone: told apart within the import by
    /// account, UTC day and this fingerprint, made with a key that lives as long as the import.
    Fingerprint(u128),
    Nobody,
}

/// A hit on its way into the store, which sets its `visitor`, `by_user`, `sequence` and `import`.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    pub identity: Identity,
    pub event: Option<EventKey>,
    pub hit: Hit,
}

/// What became of an arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Accepted,
    /// Its event key was there already.
    Duplicate,
}

/// Called once, from any thread, when the arrivals are safe on disk or refused as a whole.
pub type Reply = Box<dyn FnOnce(Result<Vec<Outcome>, StoreError>) + Send>;

#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing was taken, the same may be sent again later.
    #[error("the store takes no hits at present: {0}")]
    Unavailable(String),
    /// Data on disk is not what was written.
    #[error("damaged data: {0}")]
    Damaged(String),
    #[error("{0} failed: {1}")]
    Io(String, String),
    #[error("no such import")]
    NoSuchImport,
    /// An import of this number was finished before: its hits are there.
    #[error("import {0} is stored already")]
    ImportExists(u32),
    #[error("the question needs more than the bound on memory: {0}")]
    TooLarge(String),
    #[error("{0}")]
    Internal(String),
}

/// A backend. The account is an argument of every call: there is no way to ask across accounts.
pub trait Store: Send + Sync {
    /// Makes the settings known by which the account's hits are cut into visits from now on.
    fn configure(&self, account: AccountId, settings: &AccountSettings);

    /// Takes hits. Once `reply` has been given `Ok`, every accepted hit is on disk and in every
    /// snapshot taken from then on. Never blocks for longer than it takes to queue.
    fn submit(&self, account: AccountId, arrivals: Vec<Arrival>, reply: Reply);

    /// When the visitor's latest hit that prolongs a visit was, as far as memory knows: enough to
    /// tell whether a visit is under way now.
    fn latest_activity(&self, account: AccountId, visitor: VisitorKey) -> Option<Timestamp>;

    /// Begins to take history. `import` is above 0 and unique in the account: one that was
    /// finished before gives [`StoreError::ImportExists`].
    fn begin_import(
        &self,
        account: AccountId,
        import: u32,
    ) -> Result<Box<dyn ImportSession>, StoreError>;

    /// Takes every hit of a finished import out again, with its event keys.
    fn undo_import(&self, account: AccountId, import: u32) -> Result<Undo, StoreError>;

    /// The account's data as it is now; it doesn't change under whoever holds it.
    fn snapshot(&self, account: AccountId) -> Result<Arc<dyn Snapshot>, StoreError>;

    /// Removes every visit (and hit of no visit) that ended before the instant.
    fn remove_before(&self, account: AccountId, before: Timestamp) -> Result<(), StoreError>;

    /// Writes what is in memory to segments, merges small ones, and drops the log that they cover.
    fn maintain(&self) -> Result<(), StoreError>;

    /// What those who operate it have to know of it as a whole.
    fn condition(&self) -> StoreCondition {
        StoreCondition::default()
    }
}

/// What is wrong with a backend, as far as it has met it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreCondition {
    /// Files that are not as they were written; what they held is missing in answers.
    pub damaged_files: u64,
    /// A failed write keeps it from taking hits until it is opened again.
    pub refuses_hits: bool,
}

/// How many hits an undo took out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Undo {
    pub hits: u64,
}

/// An import under way. Dropped without `finish`, it leaves nothing behind.
pub trait ImportSession: Send {
    /// Takes hits of any age, in any order.
    fn push(&mut self, arrivals: Vec<Arrival>) -> Result<Vec<Outcome>, StoreError>;

    /// Cuts everything together with what is stored, and makes it durable and visible at once.
    /// `progress` is told fractions of 1.
    fn finish(self: Box<Self>, progress: &dyn Fn(f64)) -> Result<(), StoreError>;
}

/// The data of one account at one moment.
pub trait Snapshot: Send + Sync {
    fn account(&self) -> AccountId;

    /// What whoever reads answers has to know of the data: what is missing, and why.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// Answers a question exactly.
    fn aggregate(&self, question: &Question) -> Result<Groups, StoreError>;

    /// The groups of a page of the answer, in its order, and how many there are in all.
    ///
    /// Backends that can tell the first groups without making all of them do.
    fn page(&self, question: &Question, page: &Page) -> Result<Paged, StoreError> {
        Ok(page.of(self.aggregate(question)?.rows))
    }

    /// Those groups of the answer that have these keys, in no particular order.
    ///
    /// Backends that can tell them without making all others do.
    fn of_keys(&self, question: &Question, keys: &[Vec<Value>]) -> Result<Groups, StoreError> {
        Ok(of_keys(self.aggregate(question)?, keys))
    }

    /// Tells the orders, cancelled ones too, of the question's range and traffic that its filter
    /// keeps: latest first, those of one instant by their ids, greatest first, until `each` breaks.
    /// The question's measures, dimensions and axes are not looked at.
    fn orders(
        &self,
        question: &Question,
        each: &mut dyn FnMut(Order) -> ControlFlow<()>,
    ) -> Result<(), StoreError>;

    /// The same orders but for cancelled ones, all of them, as far as figures need them.
    fn sales(&self, question: &Question) -> Result<Sales, StoreError>;

    /// What converts for the question's goals, as [`Measure::Conversions`] counts it, each with its
    /// visitor and moment, in no particular order.
    ///
    /// [`Measure::Conversions`]: crate::Measure::Conversions
    fn conversions(&self, question: &Question) -> Result<Vec<JourneyEnd>, StoreError>;

    /// For each of these ends the visits of its visitor and its traffic that had begun by then,
    /// with their values of dimensions of the visit.
    fn journeys(
        &self,
        ends: &[JourneyEnd],
        dimensions: &[Dimension],
    ) -> Result<Journeys, StoreError>;

    /// The checkouts of the visits that began in the question's range and that its filter chooses.
    fn checkout(&self, question: &Question) -> Result<CheckoutFunnel, StoreError>;

    /// The carts that held something, of the visits that began in the question's range and that its
    /// filter chooses, latest first, with the values that their visits have of its dimensions.
    fn carts(&self, question: &Question, page: &CartPage) -> Result<Vec<CartHistory>, StoreError>;

    /// First and last moment of anything stored (excluded traffic too), and how much there is.
    fn activity(&self) -> Result<Activity, StoreError>;

    /// Every visit with its hits and every hit of no visit, in no particular order: what backups,
    /// exports and tests read.
    fn for_each_visit(
        &self,
        visit: &mut dyn FnMut(&Visit),
        loose: &mut dyn FnMut(&Hit),
    ) -> Result<(), StoreError>;
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    pub first_hit: Option<Timestamp>,
    pub last_hit: Option<Timestamp>,
    pub hits: u64,
    pub visits: u64,
    /// On disk, log and segments.
    pub stored_bytes: u64,
}
