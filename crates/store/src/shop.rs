//! What a backend tells of orders and checkouts beside figures.

use afsa_model::Timestamp;

use crate::Value;

/// The visits on the way to orders.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Journeys {
    /// Distinct values of the dimensions asked for, one of each.
    pub values: Vec<Vec<Value>>,
    /// For each order asked about, by start.
    pub orders: Vec<Vec<JourneyVisit>>,
}

/// A visit on the way to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JourneyVisit {
    pub start: Timestamp,
    /// The place in [`Journeys::values`].
    pub values: u32,
}
