//! From hits to visits and orders, as pure functions: the same hits give the same visits and
//! orders in whatever order they came.
//!
//! [`cut`] takes the hits of one visitor; [`orders::resolve`] takes what was ever told of orders and
//! makes things with a life of it: money in the account's currency, states, refunds, customers;
//! [`cart::outcome`] follows the cart of a visit, [`checkout::CheckoutFunnel`] its checkout; [`identity`] says which visitor a hit belongs to.
//! No clock, no randomness, no store.

pub mod cart;
pub mod checkout;
mod cut;
mod derive;
pub mod identity;
pub mod orders;

pub use cut::{LONGEST_VISIT, MOST_HITS, Rules, cut};
