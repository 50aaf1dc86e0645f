//! What became of the cart of a visit.

use std::collections::HashMap;
use std::hash::Hash;

use afsa_model::{Decimal, Timestamp};

/// When something was: its time, then its place in the order of arrival.
pub type Moment = (Timestamp, u64);

/// Something that a visit did about buying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CartStep<Item> {
    /// A row of an add action, with its quantity.
    Add(Item, Decimal),
    /// A row of a remove action.
    Remove(Item, Decimal),
    /// A checkout action.
    Checkout,
    /// An order of the visit that isn't cancelled: it empties the cart.
    Order,
}

/// What is said of a visit's cart and checkout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CartOutcome {
    /// The cart held something at some moment.
    pub had_cart: bool,
    /// It held something at the end, and the visitor didn't order from its last change until the
    /// order window after the visit's last hit.
    pub abandoned_cart: bool,
    pub had_checkout: bool,
    /// The visitor didn't order from the first checkout action until the window's end.
    pub abandoned_checkout: bool,
}

/// Follows the cart through a visit.
///
/// `steps` stand by their moments; an item is a product and its variant, told apart by whatever the
/// caller takes for them. `orders` are the moments of the visitor's orders that aren't cancelled, of
/// whatever visit; `window_end` is the visit's last hit plus the order window, included.
pub fn outcome<Item: Eq + Hash>(
    steps: impl IntoIterator<Item = (Moment, CartStep<Item>)>,
    orders: &[Moment],
    window_end: Timestamp,
) -> CartOutcome {
    let mut cart = Cart::default();
    let mut outcome = CartOutcome::default();
    let mut last_change = (Timestamp::MIN, 0);
    let mut first_checkout = None;
    for (moment, step) in steps {
        match step {
            CartStep::Add(item, quantity) => cart.add(item, quantity),
            CartStep::Remove(item, quantity) => cart.remove(&item, quantity),
            CartStep::Order => cart.clear(),
            CartStep::Checkout => {
                first_checkout.get_or_insert(moment);
                continue;
            }
        }
        last_change = moment;
        outcome.had_cart |= !cart.is_empty();
    }
    let ordered_since = |since: Moment| {
        orders
            .iter()
            .any(|order| since <= *order && order.0 <= window_end)
    };
    outcome.abandoned_cart = !cart.is_empty() && !ordered_since(last_change);
    outcome.had_checkout = first_checkout.is_some();
    outcome.abandoned_checkout = first_checkout.is_some_and(|since| !ordered_since(since));
    outcome
}

/// What a cart holds: quantities in millionths of a piece, none of them 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Cart<Item: Eq + Hash> {
    content: HashMap<Item, i64>,
}

impl<Item: Eq + Hash> Default for Cart<Item> {
    fn default() -> Cart<Item> {
        Cart {
            content: HashMap::new(),
        }
    }
}

impl<Item: Eq + Hash> Cart<Item> {
    /// Nothing is added where the quantity isn't above 0.
    pub fn add(&mut self, item: Item, quantity: Decimal) {
        let quantity = quantity.micros();
        if quantity > 0 {
            let held = self.content.entry(item).or_default();
            *held = held.saturating_add(quantity);
        }
    }

    /// Never below nothing: more than is held takes what is held.
    pub fn remove(&mut self, item: &Item, quantity: Decimal) {
        let Some(held) = self.content.get_mut(item) else {
            return;
        };
        *held = held.saturating_sub(quantity.micros().max(0));
        if *held <= 0 {
            self.content.remove(item);
        }
    }

    /// What an order does.
    pub fn clear(&mut self) {
        self.content.clear();
    }

    pub fn is_empty(&self) -> bool {
        self.content.is_empty()
    }

    /// Its items with their quantities, in no order.
    pub fn content(&self) -> impl Iterator<Item = (&Item, Decimal)> {
        let held = self.content.iter();
        held.map(|(item, quantity)| (item, Decimal::from_micros(*quantity)))
    }
}
