//! Orders after something came in: only those that it touches are resolved anew.
//!
//! Images are immutable, so what changed is which of them there are and which of their rows are
//! dead. An order can come out otherwise only if a changed row told something of it, or of its
//! visitor; and what an order says of its customer only if another order of the customer did.

use std::sync::Arc;

use afsa_model::{AccountSettings, VisitorKey};
use afsa_store::StoreError;
use hashbrown::{HashMap, HashSet};

use super::customers::{Customer, Customers};
use super::facts::Facts;
use super::gather::ToldOrders;
use super::resolve::{Resolved, Resolver};
use super::{Orders, PartOrders, PartPlaced, place_all};
use crate::bits::Bits;
use crate::image::{Image, Layout, Visitors};

/// An image that orders were resolved of.
pub(super) struct Known {
    pub(super) image: Arc<Image>,
    pub(super) told: Arc<ToldOrders>,
    /// Of a small one, what is asked of it when it has gone: its files may have gone with it.
    rows: Option<Rows>,
}

/// Whose the rows of an image are.
#[derive(Clone)]
struct Rows {
    layout: Arc<Layout>,
    visitors: Arc<Visitors>,
    lone_visitors: Arc<Vec<VisitorKey>>,
}

/// The state before, and the images now.
pub(super) struct Update<'a> {
    before: &'a [Known],
    /// Of each image before.
    rows: Vec<Rows>,
    orders: &'a Orders,
    now: &'a [&'a Arc<Image>],
    told: &'a [Arc<ToldOrders>],
    /// For each image now the one that held the same rows before.
    known_as: Vec<Option<usize>>,
}

/// What a change touches.
#[derive(Default)]
struct Touched {
    visitors: HashSet<VisitorKey>,
    orders: HashSet<String>,
}

/// Where more visits than these, and more than a quarter of all, changed, everything is resolved.
const MANY_VISITS: usize = 50_000;
/// Rows of images with no more visits and lone hits than these are held.
const SMALL: usize = 200_000;

impl Known {
    /// `told` is known where the same rows were there before.
    pub(super) fn of(
        image: &Arc<Image>,
        told: Option<Arc<ToldOrders>>,
    ) -> Result<Known, StoreError> {
        let is_small = image.layout()?.scenes() <= SMALL;
        Ok(Known {
            image: image.clone(),
            told: match told {
                Some(told) => told,
                None => Arc::new(image.read_told_orders()?),
            },
            rows: is_small.then(|| Rows::of(image)).transpose()?,
        })
    }
}

impl Rows {
    fn of(image: &Image) -> Result<Rows, StoreError> {
        Ok(Rows {
            layout: image.layout()?,
            visitors: image.visitors()?,
            lone_visitors: image.lone_visitors()?,
        })
    }
}

impl<'a> Update<'a> {
    /// `None` where so much changed that everything had better be resolved anew, or what has gone
    /// isn't known any more.
    pub(super) fn of(
        before: &'a [Known],
        orders: &'a Orders,
        now: &'a [&'a Arc<Image>],
        told: &'a [Arc<ToldOrders>],
    ) -> Result<Option<Update<'a>>, StoreError> {
        let known = |image: &&Arc<Image>| {
            let same = |known: &Known| known.image.has_same_rows(image);
            before.iter().position(same)
        };
        let known_as: Vec<Option<usize>> = now.iter().map(known).collect();
        let (mut changed, mut all) = (0, 0);
        let mut rows = Vec::with_capacity(before.len());
        for (number, known) in before.iter().enumerate() {
            let still = known_as.iter().position(|it| *it == Some(number));
            let of_known = match (still, &known.rows) {
                (Some(now_as), _) => Rows::of(now[now_as])?,
                (None, Some(rows)) => rows.clone(),
                (None, None) => return Ok(None),
            };
            if still.is_none() {
                changed += of_known.layout.scenes();
            }
            rows.push(of_known);
        }
        for (image, known) in now.iter().zip(&known_as) {
            let scenes = image.layout()?.scenes();
            all += scenes;
            if known.is_none() {
                changed += scenes;
            }
        }
        let is_little = changed <= MANY_VISITS.max(all / 4);
        Ok(is_little.then_some(Update {
            before,
            rows,
            orders,
            now,
            told,
            known_as,
        }))
    }

    /// The orders now, and the visitors of those that came, went or changed.
    pub(super) fn resolve(
        &self,
        settings: &AccountSettings,
    ) -> Result<(Orders, HashSet<VisitorKey>), StoreError> {
        let mut touched = self.touched()?;
        self.add_orders_of_visitors(&mut touched);
        let resolver = Resolver::new(self.now, self.told, settings)?;
        let hits = touched.orders.iter();
        let hits = hits.flat_map(|id| resolver.of_order(id)).collect();
        let fresh = resolver.resolve(hits)?;
        let gone = self.find_all(&touched.orders);
        let (customers, others) = self.customers(&gone, &fresh);
        self.parts(&gone, &fresh, customers, &others)
    }

    fn touched(&self) -> Result<Touched, StoreError> {
        let mut touched = Touched::default();
        for (number, (known, rows)) in self.before.iter().zip(&self.rows).enumerate() {
            let now = self.known_as.iter().position(|it| *it == Some(number));
            match now.map(|now| self.now[now]) {
                // What isn't dead in both was dead in one: it went or came back.
                Some(now) => {
                    let changed = difference(known.image.dead(), now.dead());
                    touched.add(known, rows, changed.as_ref());
                }
                None => touched.add_all(&known.told, rows),
            }
        }
        for ((image, told), known) in self.now.iter().zip(self.told).zip(&self.known_as) {
            if known.is_none() {
                touched.add_all(told, &Rows::of(image)?);
            }
        }
        touched.visitors.remove(&VisitorKey::NOBODY);
        Ok(touched)
    }

    /// The orders before of visitors of whom something changed.
    fn add_orders_of_visitors(&self, touched: &mut Touched) {
        for (rows, orders) in self.rows.iter().zip(&self.orders.parts) {
            if orders.len() == 0 {
                continue;
            }
            for visitor in &touched.visitors {
                for scene in rows.visitors.visits_of(*visitor) {
                    let here = orders.of_scene(scene);
                    let ids = here.map(|order| orders.facts().id(order).to_owned());
                    touched.orders.extend(ids);
                }
            }
        }
        let lone = self.orders.lone.facts();
        let of_visitors =
            (0..lone.len()).filter(|order| touched.visitors.contains(&lone.visitor(*order)));
        touched
            .orders
            .extend(of_visitors.map(|order| lone.id(order).to_owned()));
    }

    /// Where these orders were: part and place, the part after the last for those of no visit.
    fn find_all(&self, ids: &HashSet<String>) -> HashSet<(usize, usize)> {
        let mut found = HashSet::new();
        for (number, orders) in self.parts_before().enumerate() {
            let places = ids.iter().filter_map(|id| orders.find(id));
            found.extend(places.map(|order| (number, order)));
        }
        found
    }

    fn parts_before(&self) -> impl Iterator<Item = &Arc<PartOrders>> {
        self.orders.parts.iter().chain([&self.orders.lone])
    }

    /// What is known of customers now, and the parts before of which an order is a customer's first
    /// now and wasn't, or the other way round.
    fn customers(
        &self,
        gone: &HashSet<(usize, usize)>,
        fresh: &[Resolved],
    ) -> (Arc<Customers>, HashSet<usize>) {
        let parts: Vec<&Arc<PartOrders>> = self.parts_before().collect();
        let who = |facts: &Facts, order| (facts.customer(order).code, facts.is_excluded(order));
        let mut touched: HashMap<(u32, bool), Customer> = HashMap::new();
        for (part, order) in gone {
            let customer = who(parts[*part].facts(), *order);
            touched.insert(customer, Customer::NOBODY);
        }
        for Resolved { facts, .. } in fresh {
            for order in 0..facts.len() {
                let customer = touched.entry(who(facts, order));
                customer.or_insert(Customer::NOBODY).note(facts, order);
            }
        }
        // What went may come back as it was.
        let mut orders_before: Vec<(usize, usize)> = gone.iter().copied().collect();
        for (number, orders) in parts.iter().enumerate() {
            for ((code, is_excluded), customer) in &mut touched {
                for order in orders.of_customer(*code) {
                    let is_his = orders.is_excluded(order) == *is_excluded;
                    if is_his && !gone.contains(&(number, order)) {
                        customer.note(orders.facts(), order);
                        orders_before.push((number, order));
                    }
                }
            }
        }
        let before = &self.orders.customers;
        touched.retain(|(code, is_excluded), now| before.get(*code, *is_excluded) != *now);
        if touched.is_empty() {
            return (before.clone(), HashSet::new());
        }
        let mut customers = Customers::clone(before);
        for ((code, is_excluded), customer) in touched {
            customers.set(code, is_excluded, customer);
        }
        let is_other = |(part, order): &(usize, usize)| {
            let orders = parts[*part];
            orders.first().get(*order) != customers.is_first(orders.facts(), *order)
        };
        let others = orders_before.into_iter().filter(is_other);
        let others = others.map(|(part, _)| part).collect();
        (Arc::new(customers), others)
    }

    /// Puts everything into its place. A part of which nothing changed stays the very same.
    fn parts(
        &self,
        gone: &HashSet<(usize, usize)>,
        fresh: &[Resolved],
        customers: Arc<Customers>,
        others: &HashSet<usize>,
    ) -> Result<(Orders, HashSet<VisitorKey>), StoreError> {
        let before: Vec<&Arc<PartOrders>> = self.parts_before().collect();
        // Those before first, then the fresh ones.
        let mut facts: Vec<&Facts> = before.iter().map(|orders| orders.facts()).collect();
        facts.extend(fresh.iter().map(|fresh| &fresh.facts));
        let mut visitors = HashSet::new();
        visitors.extend(
            gone.iter()
                .map(|(part, order)| facts[*part].visitor(*order)),
        );
        let mut fresh_by_part: Vec<Vec<(u32, u32)>> = vec![Vec::new(); self.now.len() + 1];
        for (number, fresh) in (before.len()..).zip(fresh) {
            for (order, part) in fresh.parts.iter().enumerate() {
                visitors.insert(fresh.facts.visitor(order));
                fresh_by_part[*part as usize].push((number as u32, order as u32));
            }
        }
        let mut gone_by_part: Vec<Vec<usize>> = vec![Vec::new(); before.len()];
        gone.iter()
            .for_each(|(part, order)| gone_by_part[*part].push(*order));
        let mut known_as: Vec<Option<usize>> = self.known_as.clone();
        known_as.push(Some(self.before.len()));
        let mut parts = Vec::with_capacity(known_as.len());
        for (fresh, known) in fresh_by_part.into_iter().zip(known_as) {
            let Some(known) = known else {
                parts.push(PartPlaced::New(fresh));
                continue;
            };
            let (orders, gone) = (before[known], &gone_by_part[known]);
            let is_lone = known == self.before.len();
            let is_same = |was: &usize| {
                fresh.iter().any(|(from, row)| {
                    let (from, row) = (facts[*from as usize], *row as usize);
                    orders.facts().is_same(*was, from, row, is_lone)
                })
            };
            if gone.len() == fresh.len() && gone.iter().all(is_same) {
                parts.push(PartPlaced::Same(if others.contains(&known) {
                    Arc::new(orders.with_customers(&customers))
                } else {
                    orders.clone()
                }));
                continue;
            }
            let has_gone: HashSet<usize> = gone.iter().copied().collect();
            let stay = (0..orders.len()).filter(|order| !has_gone.contains(order));
            let mut places: Vec<(u32, u32)> =
                stay.map(|order| (known as u32, order as u32)).collect();
            places.extend(fresh);
            parts.push(PartPlaced::New(places));
        }
        let orders = place_all(self.now, &facts, parts, customers)?;
        Ok((orders, visitors))
    }
}

impl Touched {
    fn add_all(&mut self, told: &ToldOrders, rows: &Rows) {
        self.visitors.extend(rows.visitors.keys.iter().copied());
        self.visitors.extend(rows.lone_visitors.iter().copied());
        let ids = (0..told.len()).filter_map(|hit| told.id.get(hit));
        self.orders.extend(ids.map(str::to_owned));
    }

    /// Of some scenes.
    fn add(&mut self, known: &Known, rows: &Rows, scenes: Option<&Bits>) {
        let Some(scenes) = scenes else { return };
        for scene in scenes.ones_in(0, scenes.len()) {
            let visitor = match scene.checked_sub(rows.layout.visits) {
                Some(at) => rows.lone_visitors.get(at).copied(),
                None => rows.visitors.of_visit(scene),
            };
            self.visitors.extend(visitor);
        }
        let told = &known.told;
        let hits = (0..told.len()).filter(|hit| scenes.get(told.scene(*hit)));
        let ids = hits.filter_map(|hit| told.id.get(hit));
        self.orders.extend(ids.map(str::to_owned));
    }
}

/// The rows that are dead in one and not in the other; `None` where there are none.
fn difference(one: Option<&Bits>, other: Option<&Bits>) -> Option<Bits> {
    let (one, other) = match (one, other) {
        (None, None) => return None,
        (Some(only), None) | (None, Some(only)) => return Some(only.clone()),
        (Some(one), Some(other)) => (one, other),
    };
    let (mut left, mut right) = (one.clone(), other.clone());
    left.and_not(other);
    right.and_not(one);
    left.or(&right);
    left.any().then_some(left)
}
