//! What every backend answers: questions as plain data, exact numbers back, and the traits between.
//!
//! A [`Question`] names primitive [`Measure`]s — counts and sums that are exact integers — by
//! [`Dimension`]s under a [`Filter`]. A backend's [`Snapshot`] turns it into [`Groups`]. Rates,
//! ordering, paging and comparison are made of these by the `query` crate, once for all backends.
//!
//! [`mod@reference`] is the naive executor that defines what is right; [`conformance`] compares any
//! backend with it on random data and random questions.
//!
//! ```
//! use afsa_model::AccountId;
//! use afsa_store::conformance::draft::Draft;
//! use afsa_store::reference::ReferenceStore;
//! use afsa_store::{Dimension, Measure, Question, Store};
//!
//! let store = ReferenceStore::new();
//! let account = AccountId(3);
//! let arrivals = vec![Draft::page_view(0, 1, "/a").0, Draft::page_view(5, 1, "/b").0];
//! store.submit(account, arrivals, Box::new(|outcomes| assert_eq!(outcomes.unwrap().len(), 2)));
//! let question = Question {
//!     measures: vec![Measure::Visits, Measure::PageViews],
//!     dimensions: vec![Dimension::EntryPage],
//!     ..Question::default()
//! };
//! let groups = store.snapshot(account).unwrap().aggregate(&question).unwrap();
//! assert_eq!(groups.rows[0].numbers, [1, 2]);
//! ```

pub mod conformance;
mod cost;
mod dimension;
mod filter;
mod measure;
mod page;
mod question;
pub mod reference;
mod shop;
mod traits;

pub use afsa_visits::cart::Cart;
pub use afsa_visits::checkout::{CheckoutFunnel, CheckoutStep};
pub use afsa_visits::orders::{Customer, Order, OrderRefund};
pub use cost::CostMethod;
pub use dimension::{Dimension, Kind};
pub use filter::{Condition, ConditionScope, Filter, Test};
pub use measure::{Fact, Measure, Unit};
pub use page::{Page, PageOrder, Paged, in_direction};
pub use question::{Goal, Group, Groups, Question, Traffic, Value};
pub use shop::{
    CartChange, CartChangeKind, CartHistory, CartItem, CartPage, JourneyEnd, JourneyVisit,
    Journeys, Sale, Sales,
};
pub use traits::{
    Activity, Arrival, EventKey, Identity, ImportSession, Outcome, Reply, Snapshot, Store,
    StoreCondition, StoreError, Undo,
};
