//! What products are called.

use std::collections::HashMap;
use std::sync::Arc;

use afsa_model::{Product, Text, Timestamp};

use super::scene::{Scene, Thing};

/// The latest name of each product, by what tells products apart.
#[derive(Debug, Default)]
pub(super) struct ProductNames {
    latest: HashMap<Arc<str>, (Timestamp, u64, usize, Arc<str>)>,
}

impl ProductNames {
    /// Of the rows of product actions and orders, cancelled ones too, of one traffic: the name told
    /// last, by time, arrival and place among the rows of a hit.
    pub fn of(scenes: &[Scene]) -> ProductNames {
        let mut names = ProductNames::default();
        for thing in scenes.iter().flat_map(|scene| &scene.things) {
            match thing {
                Thing::ProductRow { action, .. } => {
                    let rows = action.products.iter().enumerate();
                    rows.for_each(|(at, product)| names.note(thing, at, product));
                }
                Thing::Order { order, .. } => {
                    let rows = order.rows.iter().enumerate();
                    rows.for_each(|(at, product)| names.note(thing, at, product));
                }
                _ => {}
            }
        }
        names
    }

    fn note(&mut self, thing: &Thing, at: usize, product: &Product) {
        let (Some(sku), Some(name)) = (product.sku(), &product.name) else {
            return;
        };
        let told = (thing.time(), thing.hit().sequence, at, name.clone());
        let latest = self
            .latest
            .entry(sku.clone())
            .or_insert_with(|| told.clone());
        if (latest.0, latest.1, latest.2) < (told.0, told.1, told.2) {
            *latest = told;
        }
    }

    /// The latest name of the product, else what tells it apart.
    pub fn shown(&self, product: &Product) -> Text {
        let sku = product.sku()?;
        let latest = self.latest.get(sku).map(|(.., name)| name);
        Some(latest.unwrap_or(sku).clone())
    }
}
