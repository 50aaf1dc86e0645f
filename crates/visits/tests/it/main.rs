//! Visits and orders from hits, at the border of the crate.

mod carts;
mod checkouts;
mod customers;
mod cutting;
mod deriving;
mod hits;
mod identity;
mod laws;
mod orders;
mod refunds;
mod shop;
