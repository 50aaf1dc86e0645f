//! What a backend tells of orders, carts and checkouts beside figures.

use std::sync::Arc;

use afsa_model::{Decimal, Text, Timestamp, VisitorKey};

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
