//! What a backend tells of orders, carts and checkouts beside figures.

use std::ops::Range;
use std::sync::Arc;

use afsa_model::{Decimal, Text, Timestamp, VisitorKey};

use crate::{Order, Value};

/// An order as far as it takes part in figures over customers and over the visits before it. Money
/// is in 10⁻¹² of the account's currency, 0 where no rate is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Sale {
    /// The order's.
    pub id: Arc<str>,
    pub time: Timestamp,
    pub visitor: VisitorKey,
    /// The traffic it belongs to.
    pub is_excluded: bool,
    /// Below [`Sales::customers`]; all sales of one customer, and no others, have it.
    pub customer: u32,
    /// When the customer made the first order ever.
    pub customer_since: Timestamp,
    pub revenue: i128,
    /// Tax, and shipping without its tax.
    pub costs: i128,
    /// Which of [`Sales::refunds`] are its own.
    pub refunds: Range<u32>,
}

/// Orders that aren't cancelled, in no particular order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sales {
    pub sales: Vec<Sale>,
    /// What was given back of all of them, and when. Those of one sale stand together, by time.
    pub refunds: Vec<(Timestamp, i128)>,
    /// Above every customer's number; not all below it need be somebody's.
    pub customers: u32,
}

/// What a journey leads to: a visitor at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JourneyEnd {
    pub visitor: VisitorKey,
    pub time: Timestamp,
    /// The traffic whose visits are meant.
    pub is_excluded: bool,
}

/// The visits on the way to some ends.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Journeys {
    /// Distinct values of the dimensions asked for, one of each.
    pub values: Vec<Vec<Value>>,
    /// Those of each end asked about, one end after the other; of one, by start.
    pub visits: Vec<JourneyVisit>,
    /// How many visits lie on the way to each end and to all before it.
    pub counts: Vec<usize>,
}

/// A visit on the way to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JourneyVisit {
    pub start: Timestamp,
    /// The place in [`Journeys::values`].
    pub values: u32,
}

/// Which carts to tell of: the latest ones, by the start of their visit, then by visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CartPage {
    /// Only carts that are abandoned, or only those that aren't.
    pub abandoned: Option<bool>,
    /// Only carts before this one.
    pub before: Option<(Timestamp, VisitorKey)>,
    /// How many; more only where the last one's visitor began several visits in one instant.
    pub limit: usize,
}

/// The cart of a visit, as it changed.
#[derive(Clone, Debug, PartialEq)]
pub struct CartHistory {
    pub visitor: VisitorKey,
    /// Of the visit.
    pub start: Timestamp,
    /// What the visit has of the question's dimensions.
    pub values: Vec<Value>,
    pub is_abandoned: bool,
    /// By time, then by arrival.
    pub changes: Vec<CartChange>,
}

/// Something that a visit did with its cart.
#[derive(Clone, Debug, PartialEq)]
pub struct CartChange {
    pub time: Timestamp,
    pub kind: CartChangeKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum CartChangeKind {
    Added(CartItem),
    Removed(CartItem),
    /// An order of this id, which empties the cart.
    Ordered(Arc<str>),
}

/// A row of an add or remove action.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CartItem {
    /// What tells products apart: the id, else the name.
    pub sku: Text,
    /// The product's latest name, whenever it was told.
    pub product: Text,
    pub variant: Text,
    /// 1 where none was sent.
    pub quantity: Decimal,
    /// Of a piece, as sent.
    pub price: Option<Decimal>,
    /// Of the price, as sent; none is the account's.
    pub currency: Text,
}

impl Sales {
    /// What was given back of a sale, and when.
    pub fn refunds_of(&self, sale: &Sale) -> &[(Timestamp, i128)] {
        &self.refunds[sale.refunds.start as usize..sale.refunds.end as usize]
    }
}

impl Sale {
    /// What the way to it ends with.
    pub fn end(&self) -> JourneyEnd {
        JourneyEnd {
            visitor: self.visitor,
            time: self.time,
            is_excluded: self.is_excluded,
        }
    }
}

impl From<&Order> for JourneyEnd {
    fn from(order: &Order) -> JourneyEnd {
        JourneyEnd {
            visitor: order.visitor,
            time: order.time,
            is_excluded: order.exclusion.is_some(),
        }
    }
}

impl Journeys {
    /// The visits on the way to the end that was asked about at this place, by start.
    pub fn to(&self, end: usize) -> &[JourneyVisit] {
        let from = end.checked_sub(1).map_or(0, |before| self.counts[before]);
        &self.visits[from..self.counts[end]]
    }
}

impl CartPage {
    /// Cuts carts down to the page.
    pub fn cut<Cart>(
        &self,
        carts: &mut Vec<Cart>,
        place: impl Fn(&Cart) -> (Timestamp, VisitorKey),
    ) {
        carts.retain(|cart| self.before.is_none_or(|before| place(cart) < before));
        carts.sort_by_key(|cart| std::cmp::Reverse(place(cart)));
        let last = self.limit.checked_sub(1).and_then(|last| carts.get(last));
        let kept = match last.map(&place) {
            // A page goes on behind a visitor and a start, so it doesn't end between two of them.
            Some(last) => carts.partition_point(|cart| place(cart) >= last),
            None => carts.len().min(self.limit),
        };
        carts.truncate(kept);
    }
}
