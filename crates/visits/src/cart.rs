//! What became of the cart of a visit.

use std::collections::HashMap;
use std::hash::Hash;

use afsa_model::{Decimal, Timestamp};

/// Something that a visit did about buying, in the order of its hits.
#[derive(Clone, Debug, PartialEq)]
pub enum CartStep<Product> {
    /// A row of an add action, with its quantity.
    Add(Product, Decimal),
    Remove(Product, Decimal),
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
/// `steps` are (when, what), ascending; a product is told apart by whatever the caller takes for
/// product and variant. `orders` are the moments of the visitor's orders that aren't cancelled, of
/// whatever visit; `window_end` is the visit's last hit plus the order window, included.
pub fn outcome<Product: Eq + Hash>(
    steps: impl IntoIterator<Item = (Timestamp, CartStep<Product>)>,
    orders: &[Timestamp],
    window_end: Timestamp,
) -> CartOutcome {
    let mut content: HashMap<Product, i64> = HashMap::new();
    let mut outcome = CartOutcome::default();
    let mut last_change = Timestamp::MIN;
    let mut first_checkout = None;
    for (time, step) in steps {
        match step {
            CartStep::Add(product, quantity) => {
                let held = content.entry(product).or_default();
                *held = held.saturating_add(quantity.micros().max(0));
                last_change = time;
            }
            CartStep::Remove(product, quantity) => {
                if let Some(held) = content.get_mut(&product) {
                    *held = held.saturating_sub(quantity.micros().max(0)).max(0);
                }
                last_change = time;
            }
            CartStep::Checkout => {
                first_checkout.get_or_insert(time);
            }
            CartStep::Order => {
                content.clear();
                last_change = time;
            }
        }
        outcome.had_cart |= content.values().any(|held| *held > 0);
    }
    let ordered_since = |since: Timestamp| {
        orders.iter().any(|order| since <= *order && *order <= window_end)
    };
    let holds_something = content.values().any(|held| *held > 0);
    outcome.abandoned_cart = holds_something && !ordered_since(last_change);
    outcome.had_checkout = first_checkout.is_some();
    outcome.abandoned_checkout = first_checkout.is_some_and(|since| !ordered_since(since));
    outcome
}
