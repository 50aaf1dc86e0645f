//! Carts as they changed, for those who look at them one by one.

use std::sync::Arc;

use afsa_model::{Decimal, Text, Timestamp};
use afsa_segments::Table;
use afsa_store::{CartChange, CartChangeKind, CartItem, Dimension, StoreError, Value};
use afsa_visits::cart::CartStep;
use arrow_array::{Array, Int64Array};

use super::PartOrders;
use super::carts::{CartSteps, Item, Step};
use crate::image::{Codes, Texts, Thing, Things};
use crate::key::Meaning;
use crate::part::Part;
use crate::world::World;

/// Reads the carts of an image's visits.
pub(crate) struct CartReader {
    orders: Arc<PartOrders>,
    steps: Option<Arc<CartSteps>>,
    things: Option<Arc<Things>>,
    names: Arc<Codes>,
    /// Of sku, name and variant.
    meanings: [Meaning; 3],
    prices: Option<Int64Array>,
    currencies: Option<Texts>,
    /// What visits have of the question's dimensions.
    of_visits: Vec<(Arc<Codes>, Meaning)>,
}

impl CartReader {
    pub(crate) fn of(part: &Part, world: &World) -> Result<CartReader, StoreError> {
        let mut reader = CartReader {
            orders: part.orders.clone(),
            steps: None,
            things: None,
            names: part.codes(Thing::Product, Dimension::Product)?,
            meanings: [
                Dimension::ProductSku,
                Dimension::Product,
                Dimension::Variant,
            ]
            .map(|dimension| world.meaning(dimension)),
            prices: None,
            currencies: None,
            of_visits: Vec::new(),
        };
        for dimension in &world.question.dimensions {
            let codes = part.codes(Thing::Scene, *dimension)?;
            reader.of_visits.push((codes, world.meaning(*dimension)));
        }
        if let Some(image) = &part.image {
            reader.steps = Some(image.cart_steps()?);
            reader.things = Some(image.things(Thing::Product)?);
            reader.prices = image.reader().times(Table::Items, "price")?;
            reader.currencies = image.reader().texts(Table::Items, "currency")?;
        }
        Ok(reader)
    }

    /// What the visit has of the question's dimensions.
    pub(crate) fn values(&self, scene: usize) -> Vec<Value> {
        let of_visits = self.of_visits.iter();
        of_visits
            .map(|(codes, meaning)| meaning.value(codes.get(scene)))
            .collect()
    }

    /// What the visit did with its cart.
    pub(crate) fn changes(&self, scene: usize) -> Vec<CartChange> {
        let steps = self.steps.as_ref().map_or(&[][..], |it| it.of_scene(scene));
        let told = steps
            .iter()
            .filter_map(|step| Some((step.moment, self.change(step)?)));
        let orders = self.orders.of_scene(scene);
        let orders = orders.filter(|order| !self.orders.is_cancelled(*order));
        let ordered = orders.map(|order| {
            let kind = CartChangeKind::Ordered(self.orders.id(order).into());
            (self.orders.moment(order), kind)
        });
        let mut changes: Vec<((Timestamp, u64), CartChangeKind)> = told.chain(ordered).collect();
        changes.sort_by_key(|(moment, _)| *moment);
        let change = |((time, _), kind)| CartChange { time, kind };
        changes.into_iter().map(change).collect()
    }

    fn change(&self, step: &Step) -> Option<CartChangeKind> {
        Some(match step.step {
            CartStep::Add(item, quantity) => {
                CartChangeKind::Added(self.item(step.thing, item, quantity))
            }
            CartStep::Remove(item, quantity) => {
                CartChangeKind::Removed(self.item(step.thing, item, quantity))
            }
            CartStep::Checkout | CartStep::Order => return None,
        })
    }

    fn item(&self, thing: u32, (sku, variant): Item, quantity: Decimal) -> CartItem {
        let thing = thing as usize;
        let row = self.things.as_ref().and_then(|it| it.rows.get(thing));
        let row = row.map_or(usize::MAX, |row| *row as usize);
        let [skus, names, variants] = &self.meanings;
        let prices = self.prices.as_ref();
        let price = prices.filter(|it| row < it.len() && it.is_valid(row));
        let currency = self.currencies.as_ref().and_then(|it| it.get(row));
        CartItem {
            sku: text(skus, sku),
            product: text(names, self.names.get(thing)),
            variant: text(variants, variant),
            quantity,
            price: price.map(|it| Decimal::from_micros(it.value(row))),
            currency: currency.filter(|text| !text.is_empty()).map(Arc::from),
        }
    }
}

fn text(meaning: &Meaning, code: u32) -> Text {
    match meaning.value(code) {
        Value::Text(text) => Some(text),
        _ => None,
    }
}
