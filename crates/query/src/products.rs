//! What is known of products beside their figures: what they were last told to be.
//!
//! Figures tell how often something was told, not when. So the latest is found by asking for rows
//! by stretches of time, and again within the latest stretch that has some, until one value is
//! left; most products have only one from the start.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;

use afsa_model::{Product, TimeRange, Timestamp};
use afsa_store::{
    Condition, ConditionScope, Dimension, Filter, Measure, Order, Question, Snapshot, StoreError,
    Test, Traffic, Value,
};

/// Every action in which a product stands, so that there is a number where one was told anything.
const TOLD: [Measure; 7] = [
    Measure::Impressions,
    Measure::Clicks,
    Measure::DetailViews,
    Measure::CartAdds,
    Measure::CartRemoves,
    Measure::Checkouts,
    Measure::ProductsSold,
];

/// What is told of products beside what tells them apart.
const OF_PRODUCTS: [Dimension; 4] = [
    Dimension::Product,
    Dimension::Brand,
    Dimension::Category,
    Dimension::Variant,
];
type Values = BTreeSet<Arc<str>>;

/// Into how many stretches time is divided at once, over all products that are looked for.
const STRETCHES: i64 = 20_000;
/// How many orders are read at first to find what products were sold for.
const FIRST_ORDERS: usize = 1_000;

/// What a product was last told to be, at whatever time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProductFacts {
    pub name: Option<Arc<str>>,
    /// Of its latest row that tells one. Of rows of the same millisecond that disagree, the first
    /// by the alphabet.
    pub brand: Option<Arc<str>>,
    /// Likewise.
    pub category: Option<Arc<str>>,
    /// All that were ever told.
    pub variants: BTreeSet<Arc<str>>,
    /// What a piece was sold for last, with the currency as sent. Of orders of the same
    /// millisecond that of the greatest id.
    pub last_price: Option<SoldFor>,
}

/// A price in 10⁻⁶ of a currency; `None` is the account's.
#[derive(Clone, Debug, PartialEq)]
pub struct SoldFor {
    pub price: i64,
    pub currency: Option<Arc<str>>,
}

/// Facts about these products, by what tells products apart. What was never told of is left out.
pub fn product_facts(
    skus: &[Arc<str>],
    traffic: Traffic,
    snapshot: &dyn Snapshot,
) -> Result<HashMap<Arc<str>, ProductFacts>, StoreError> {
    if skus.is_empty() {
        return Ok(HashMap::new());
    }
    let asking = Asking {
        traffic,
        snapshot,
        skus: skus.iter().cloned().collect(),
    };
    let mut facts: HashMap<Arc<str>, ProductFacts> = HashMap::new();
    let (mut brands, mut categories) = (HashMap::new(), HashMap::new());
    for (sku, [names, of_brand, of_category, variants]) in asking.values()? {
        brands.insert(sku.clone(), of_brand);
        categories.insert(sku.clone(), of_category);
        let facts = facts.entry(sku).or_default();
        facts.name = names.into_iter().next();
        facts.variants = variants;
    }
    for (sku, brand) in asking.latest(Dimension::Brand, brands)? {
        facts.entry(sku).or_default().brand = Some(brand);
    }
    for (sku, category) in asking.latest(Dimension::Category, categories)? {
        facts.entry(sku).or_default().category = Some(category);
    }
    for (sku, price) in asking.last_prices()? {
        facts.entry(sku).or_default().last_price = Some(price);
    }
    Ok(facts)
}

/// Questions about some products.
struct Asking<'a> {
    skus: BTreeSet<Arc<str>>,
    traffic: Traffic,
    snapshot: &'a dyn Snapshot,
}

impl Asking<'_> {
    /// The rows of these products alone.
    fn question(&self, skus: impl Iterator<Item = Arc<str>>) -> Question {
        Question {
            filter: Some(Filter::Condition(Condition {
                dimension: Dimension::ProductSku,
                test: Test::Is(skus.collect()),
                negated: false,
                scope: ConditionScope::Hit,
                case_sensitive: true,
            })),
            traffic: self.traffic,
            measures: TOLD.to_vec(),
            ..Question::default()
        }
    }

    /// Every value of these dimensions that each of the products was ever told with, in one pass.
    fn values(&self) -> Result<HashMap<Arc<str>, [Values; OF_PRODUCTS.len()]>, StoreError> {
        let mut dimensions = vec![Dimension::ProductSku];
        dimensions.extend(OF_PRODUCTS);
        let question = Question {
            dimensions,
            ..self.question(self.skus.iter().cloned())
        };
        let mut values: HashMap<Arc<str>, [Values; OF_PRODUCTS.len()]> = HashMap::new();
        for group in self.snapshot.aggregate(&question)?.rows {
            let [Value::Text(sku), told @ ..] = &group.key[..] else {
                continue;
            };
            // An order has all its products' tuples; those of others are not asked about.
            if !self.skus.contains(sku) || group.numbers.iter().all(|number| *number == 0) {
                continue;
            }
            let known = values.entry(sku.clone()).or_default();
            for (known, told) in known.iter_mut().zip(told) {
                if let Value::Text(told) = told {
                    known.insert(told.clone());
                }
            }
        }
        Ok(values)
    }

    /// The value of the latest row of each product that tells one, of all that it was told with.
    fn latest(
        &self,
        dimension: Dimension,
        values: HashMap<Arc<str>, Values>,
    ) -> Result<HashMap<Arc<str>, Arc<str>>, StoreError> {
        let mut found = HashMap::new();
        let mut open: BTreeMap<Arc<str>, TimeRange> = BTreeMap::new();
        let activity = self.snapshot.activity()?;
        let everything = TimeRange {
            from: activity.first_hit.unwrap_or(Timestamp(0)),
            to: activity.last_hit.unwrap_or(Timestamp(0)).plus(1),
        };
        for (sku, values) in values {
            let mut values = values.into_iter();
            match (values.next(), values.next()) {
                (Some(only), None) => {
                    found.insert(sku, only);
                }
                (Some(_), Some(_)) => {
                    open.insert(sku, everything);
                }
                _ => {}
            }
        }
        while !open.is_empty() {
            self.narrow(dimension, &mut open, &mut found)?;
        }
        Ok(found)
    }

    /// Leaves of each open product's stretch of time the latest part that tells something; what
    /// is told there once, or within one millisecond, is found.
    fn narrow(
        &self,
        dimension: Dimension,
        open: &mut BTreeMap<Arc<str>, TimeRange>,
        found: &mut HashMap<Arc<str>, Arc<str>>,
    ) -> Result<(), StoreError> {
        let parts = (STRETCHES / open.len() as i64).max(2);
        let mut starts: BTreeSet<Timestamp> = BTreeSet::new();
        for range in open.values() {
            let length = range.to.since(range.from);
            // Rounded up, so that what is longer than a millisecond gets shorter.
            let step = (length - 1) / parts + 1;
            let steps = (0..parts).map(|part| range.from.plus(step.saturating_mul(part)));
            starts.extend(steps.take_while(|start| *start < range.to));
            starts.insert(range.to);
        }
        let starts: Arc<[Timestamp]> = starts.into_iter().collect();
        let (Some(first), Some(last)) = (starts.first(), starts.last()) else {
            return Ok(());
        };
        let question = Question {
            range: TimeRange {
                from: *first,
                to: *last,
            }
            .into(),
            dimensions: vec![Dimension::ProductSku, dimension, Dimension::Time(0)],
            time_axes: vec![starts.clone()],
            ..self.question(open.keys().cloned())
        };
        let mut latest: HashMap<Arc<str>, (usize, BTreeSet<Arc<str>>)> = HashMap::new();
        for group in self.snapshot.aggregate(&question)?.rows {
            let [Value::Text(sku), Value::Text(value), Value::Number(bucket)] = &group.key[..]
            else {
                continue;
            };
            let bucket = usize::try_from(*bucket).unwrap_or(0);
            let start = starts.get(bucket).copied().unwrap_or(*first);
            let is_within = open.get(sku).is_some_and(|range| range.contains(start));
            if !is_within || group.numbers.iter().all(|number| *number == 0) {
                continue;
            }
            let known = latest.entry(sku.clone()).or_default();
            if known.1.is_empty() || bucket > known.0 {
                *known = (bucket, BTreeSet::new());
            }
            if bucket == known.0 {
                known.1.insert(value.clone());
            }
        }
        let mut still_open = BTreeMap::new();
        for (sku, (bucket, values)) in latest {
            let from = starts.get(bucket).copied().unwrap_or(*first);
            let to = starts.get(bucket + 1).copied().unwrap_or(*last);
            if let Some(value) = values.first()
                && (values.len() == 1 || to.since(from) <= 1)
            {
                found.insert(sku, value.clone());
            } else {
                still_open.insert(sku, TimeRange { from, to });
            }
        }
        *open = still_open;
        Ok(())
    }

    /// By the latest order that isn't cancelled and contains the product.
    fn last_prices(&self) -> Result<HashMap<Arc<str>, SoldFor>, StoreError> {
        let mut prices: HashMap<Arc<str>, SoldFor> = HashMap::new();
        let mut question = self.question(self.skus.iter().cloned());
        let mut count = FIRST_ORDERS;
        loop {
            // Each order told has one of the products that are still open, which the next time are
            // fewer: so what sells daily doesn't stand before what sold once, long ago.
            let mut told = 0;
            let mut until = None;
            self.snapshot.orders(&question, &mut |order| {
                note_prices(&order, &self.skus, &mut prices);
                (told, until) = (told + 1, Some(order.time));
                if told < count && prices.len() < self.skus.len() {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            })?;
            let is_open = |sku: &&Arc<str>| !prices.contains_key(*sku);
            let open: Vec<Arc<str>> = self.skus.iter().filter(is_open).cloned().collect();
            let (Some(until), false) = (until, told < count || open.is_empty()) else {
                return Ok(prices);
            };
            let range = TimeRange {
                from: Timestamp::MIN,
                to: until.plus(1),
            };
            question = Question {
                range: range.into(),
                ..self.question(open.into_iter())
            };
            // More than those of one instant, so that it goes on.
            count *= 2;
        }
    }
}

/// Notes what the order's products were sold for, unless a later one told.
fn note_prices(order: &Order, skus: &BTreeSet<Arc<str>>, prices: &mut HashMap<Arc<str>, SoldFor>) {
    if order.is_cancelled() {
        return;
    }
    for row in order.rows.iter().rev() {
        if let Some(sku) = row.sku().filter(|sku| skus.contains(*sku))
            && !prices.contains_key(sku)
        {
            prices.insert(sku.clone(), sold_for(order, row));
        }
    }
}

fn sold_for(order: &Order, row: &Product) -> SoldFor {
    SoldFor {
        price: row.price.unwrap_or_default().micros(),
        currency: order.fields.currency.clone(),
    }
}

#[cfg(test)]
mod tests;
