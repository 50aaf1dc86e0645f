//! Carts one by one: what they held after each change, what it was worth, and how they ended.
//!
//! A piece is worth the price that was told for it last in the visit, at the rate of that day in the
//! account's zone. A cart that holds a piece of which no price or no rate is known has no value,
//! rather than a wrong one.

use std::collections::HashMap;

use afsa_model::{AccountSettings, Decimal, Text, Timestamp, VisitorKey};
use afsa_store::{
    Cart, CartChangeKind, CartHistory, CartItem, CartPage, Dimension, Question, Snapshot,
    StoreError, Value,
};

use crate::selection::Selection;

/// How a cart ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CartState {
    /// It held something at the end, and nothing was ordered from its last change until the order
    /// window after the visit.
    Abandoned,
    /// An order emptied it last, or its visitor ordered within the window.
    Ordered,
    /// Everything was taken out again.
    Emptied,
}

/// A cart with what follows from its changes.
#[derive(Clone, Debug, PartialEq)]
pub struct CartFacts {
    pub visitor: VisitorKey,
    /// Of the visit.
    pub start: Timestamp,
    /// What the visit has of the dimensions asked for.
    pub values: Vec<Value>,
    pub state: CartState,
    pub changes: Vec<CartMoment>,
    /// What it held at the end; of an ordered cart what it held when it was ordered. By product,
    /// then variant.
    pub content: Vec<HeldItem>,
    /// What the content was worth, in 10⁻¹² of the account's currency.
    pub value: Option<i128>,
}

/// A change of a cart, and the cart after it.
#[derive(Clone, Debug, PartialEq)]
pub struct CartMoment {
    pub time: Timestamp,
    pub change: CartChangeKind,
    /// In 10⁻¹² of a piece.
    pub pieces: i128,
    /// In 10⁻¹² of the account's currency.
    pub value: Option<i128>,
}

/// So much of a product in a cart.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldItem {
    pub sku: Text,
    pub product: Text,
    pub variant: Text,
    pub quantity: Decimal,
    /// In 10⁻¹² of the account's currency.
    pub value: Option<i128>,
}

impl CartState {
    /// The names of all states, as the API spells them.
    pub const NAMES: [&str; 3] = ["abandoned", "ordered", "emptied"];

    pub fn name(self) -> &'static str {
        match self {
            CartState::Abandoned => "abandoned",
            CartState::Ordered => "ordered",
            CartState::Emptied => "emptied",
        }
    }
}

/// The carts of a selection, the latest visits first, with the values of these dimensions.
pub fn carts(
    selection: &Selection,
    dimensions: &[Dimension],
    page: &CartPage,
    settings: &AccountSettings,
    snapshot: &dyn Snapshot,
) -> Result<Vec<CartFacts>, StoreError> {
    let question = Question {
        dimensions: dimensions.to_vec(),
        ..selection.question.clone()
    };
    let histories = snapshot.carts(&question, page)?;
    let facts = histories.into_iter().map(|it| cart_facts(it, settings));
    Ok(facts.collect())
}

/// What follows from the changes of a cart.
pub fn cart_facts(history: CartHistory, settings: &AccountSettings) -> CartFacts {
    let mut following = Following {
        settings,
        cart: Cart::default(),
        told: HashMap::new(),
    };
    let mut changes = Vec::with_capacity(history.changes.len());
    let (mut ordered, mut last_is_order) = (None, false);
    for change in history.changes {
        last_is_order = matches!(change.kind, CartChangeKind::Ordered(_));
        if last_is_order {
            ordered = Some(following.content());
        }
        following.step(change.time, &change.kind);
        changes.push(CartMoment {
            time: change.time,
            change: change.kind,
            pieces: following.pieces(),
            value: following.value(),
        });
    }
    let state = match history.is_abandoned {
        true => CartState::Abandoned,
        false if last_is_order || !following.cart.is_empty() => CartState::Ordered,
        false => CartState::Emptied,
    };
    let content = match ordered {
        Some(ordered) if last_is_order => ordered,
        _ => following.content(),
    };
    CartFacts {
        visitor: history.visitor,
        start: history.start,
        values: history.values,
        state,
        changes,
        value: sum(content.iter().map(|held| held.value)),
        content,
    }
}

/// A product and its variant, which is what carts tell apart.
type Key = (Text, Text);

/// A cart on its way through the changes of a visit.
struct Following<'a> {
    settings: &'a AccountSettings,
    cart: Cart<Key>,
    /// What was told of each item last.
    told: HashMap<Key, Told>,
}

#[derive(Default)]
struct Told {
    product: Text,
    price: Option<Price>,
}

/// Of a piece, as sent, with the day whose rate it is converted by.
struct Price {
    amount: Decimal,
    currency: Text,
    day: i32,
}

impl Following<'_> {
    fn step(&mut self, time: Timestamp, change: &CartChangeKind) {
        match change {
            CartChangeKind::Added(item) => {
                let key = self.note(time, item);
                self.cart.add(key, item.quantity);
            }
            CartChangeKind::Removed(item) => {
                let key = self.note(time, item);
                self.cart.remove(&key, item.quantity);
            }
            CartChangeKind::Ordered(_) => self.cart.clear(),
        }
    }

    fn note(&mut self, time: Timestamp, item: &CartItem) -> Key {
        let key = (item.sku.clone(), item.variant.clone());
        let told = self.told.entry(key.clone()).or_default();
        told.product = item.product.clone();
        // Removing often tells no price; what was told before still holds.
        if let Some(amount) = item.price {
            told.price = Some(Price {
                amount,
                currency: item.currency.clone(),
                day: self.settings.zone.day(time),
            });
        }
        key
    }

    fn content(&self) -> Vec<HeldItem> {
        let held = self.cart.content().map(|(key, quantity)| {
            let told = self.told.get(key);
            HeldItem {
                sku: key.0.clone(),
                product: told.and_then(|told| told.product.clone()),
                variant: key.1.clone(),
                quantity,
                value: self.worth(key, quantity),
            }
        });
        let mut held: Vec<HeldItem> = held.collect();
        held.sort_by(|left, right| (&left.sku, &left.variant).cmp(&(&right.sku, &right.variant)));
        held
    }

    fn pieces(&self) -> i128 {
        let quantities = self.cart.content().map(|(_, quantity)| quantity);
        let pieces = quantities.map(|quantity| quantity.times(Decimal::ONE));
        pieces.fold(0, i128::saturating_add)
    }

    fn value(&self) -> Option<i128> {
        let content = self.cart.content();
        sum(content.map(|(key, quantity)| self.worth(key, quantity)))
    }

    fn worth(&self, key: &Key, quantity: Decimal) -> Option<i128> {
        let price = self.told.get(key)?.price.as_ref()?;
        let own = &self.settings.currency;
        let currency = price.currency.as_ref().unwrap_or(own);
        let amount = price.amount.times(quantity);
        let rates = &self.settings.rates;
        rates.converted(amount, currency, own, price.day)
    }
}

/// Nothing where one of them is not known.
fn sum(mut values: impl Iterator<Item = Option<i128>>) -> Option<i128> {
    values.try_fold(0_i128, |sum, value| Some(sum.saturating_add(value?)))
}

#[cfg(test)]
mod tests;
