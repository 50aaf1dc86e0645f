//! Orders after something came in: only those that it touches are resolved anew.
//!
//! Images are immutable, so what changed is which of them there are and which of their rows are
//! dead. An order can come out otherwise only if a changed row told something of it, or of its
//! visitor; and what an order says of its customer only if another order of the customer did.

use std::sync::Arc;

use afsa_model::{AccountSettings, VisitorKey};
use afsa_store::{Customer, Order, StoreError};
use afsa_visits::orders::add_customers;
use hashbrown::{HashMap, HashSet};

use super::columns::{PartOrders, Placed};
use super::gather::ToldOrders;
use super::resolve::{Resolved, Resolver};
use super::{Orders, place_all};
use crate::bits::Bits;
use crate::image::{Image, Layout, Visitors};

/// An image that orders were resolved of.
pub(super) struct Known {
    pub(super) image: Arc<Image>,
    /// Of a small one, what is asked of it when it has gone: its files may have gone with it.
    rows: Option<Rows>,
}

/// Whose the rows of an image are, and what they told of orders.
#[derive(Clone)]
struct Rows {
    layout: Arc<Layout>,
    visitors: Arc<Visitors>,
    lone_visitors: Arc<Vec<VisitorKey>>,
    told: Arc<ToldOrders>,
}

/// The state before, and the images now.
pub(super) struct Update<'a> {
    before: &'a [Known],
    /// Of each image before.
    rows: Vec<Rows>,
    orders: &'a Orders,
    now: &'a [&'a Arc<Image>],
    /// For each image now the one that held the same rows before.
    known_as: Vec<Option<usize>>,
}

/// What a change touches.
#[derive(Default)]
struct Touched {
    visitors: HashSet<VisitorKey>,
    orders: HashSet<Arc<str>>,
}

/// Where more visits than these, and more than a quarter of all, changed, everything is resolved.
const MANY_VISITS: usize = 50_000;
/// Rows of images with no more visits and lone hits than these are held.
const SMALL: usize = 200_000;

impl Known {
    pub(super) fn of(image: &Arc<Image>) -> Result<Known, StoreError> {
        let is_small = image.layout()?.scenes() <= SMALL;
        Ok(Known {
            image: image.clone(),
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
            told: image.told_orders()?,
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
        let resolver = Resolver::new(self.now, settings)?;
        let hits: Vec<_> = touched
            .orders
            .iter()
            .flat_map(|id| resolver.of_order(id))
            .collect();
        let mut fresh = resolver.resolve(&hits)?;
        let gone = self.find_all(&touched.orders);
        let others = self.add_customers(&gone, &mut fresh);
        self.parts(gone, others, fresh)
    }

    fn touched(&self) -> Result<Touched, StoreError> {
        let mut touched = Touched::default();
        for (number, (known, rows)) in self.before.iter().zip(&self.rows).enumerate() {
            let now = self.known_as.iter().position(|it| *it == Some(number));
            match now.map(|now| self.now[now]) {
                // What isn't dead in both was dead in one: it went or came back.
                Some(now) => {
                    let changed = difference(known.image.dead(), now.dead());
                    touched.add(rows, changed.as_ref());
                }
                None => touched.add_all(rows),
            }
        }
        for (image, known) in self.now.iter().zip(&self.known_as) {
            if known.is_none() {
                touched.add_all(&Rows::of(image)?);
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
                    touched
                        .orders
                        .extend(here.map(|order| orders.order(order).id.clone()));
                }
            }
        }
        let lone = self.orders.lone.orders();
        let of_visitors = lone.filter(|order| touched.visitors.contains(&order.visitor));
        touched
            .orders
            .extend(of_visitors.map(|order| order.id.clone()));
    }

    /// Where these orders were: part and place, the part after the last for those of no visit.
    fn find_all(&self, ids: &HashSet<Arc<str>>) -> HashSet<(usize, usize)> {
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

    /// Tells the orders of every touched customer what he ever did; gives those of his other
    /// orders of which something else is said now, by where they are.
    fn add_customers(
        &self,
        gone: &HashSet<(usize, usize)>,
        fresh: &mut [Resolved],
    ) -> HashMap<(usize, usize), Order> {
        let parts: Vec<&Arc<PartOrders>> = self.parts_before().collect();
        let of_gone = gone
            .iter()
            .map(|(part, order)| &parts[*part].order(*order).customer);
        let of_fresh = fresh.iter().map(|fresh| &fresh.order.customer);
        let customers: HashSet<Customer> = of_gone.chain(of_fresh).cloned().collect();
        let mut others: HashMap<(usize, usize), Order> = HashMap::new();
        for (number, orders) in parts.iter().enumerate() {
            for customer in &customers {
                for order in orders.of_customer(customer) {
                    if !gone.contains(&(number, order)) {
                        others.insert((number, order), Order::clone(orders.order(order)));
                    }
                }
            }
        }
        let mut all: Vec<&mut Order> = others.values_mut().collect();
        all.extend(fresh.iter_mut().filter_map(Resolved::order_mut));
        all.sort_by_key(|order| (order.time, order.sequence));
        add_customers(all);
        others.retain(|(part, order), now| **parts[*part].order(*order) != *now);
        others
    }

    /// Puts everything into its place. A part of which nothing changed stays the very same.
    fn parts(
        &self,
        gone: HashSet<(usize, usize)>,
        mut others: HashMap<(usize, usize), Order>,
        fresh: Vec<Resolved>,
    ) -> Result<(Orders, HashSet<VisitorKey>), StoreError> {
        let before: Vec<&Arc<PartOrders>> = self.parts_before().collect();
        let of_gone = gone
            .iter()
            .map(|(part, order)| before[*part].order(*order).visitor);
        let of_fresh = fresh.iter().map(|fresh| fresh.order.visitor);
        let visitors = of_gone.chain(of_fresh).collect();
        let mut fresh_by_part: Vec<Vec<Placed>> = (0..=self.now.len()).map(|_| vec![]).collect();
        for resolved in fresh {
            fresh_by_part[resolved.part].push(resolved.placed());
        }
        let mut known_as: Vec<Option<usize>> = self.known_as.clone();
        known_as.push(Some(self.before.len()));
        let mut parts = Vec::with_capacity(known_as.len());
        for (fresh, known) in fresh_by_part.into_iter().zip(known_as) {
            let Some(known) = known else {
                parts.push(PartPlaced::New(fresh));
                continue;
            };
            let orders = before[known];
            let is_touched = |order: usize| {
                gone.contains(&(known, order)) || others.contains_key(&(known, order))
            };
            let touched: Vec<usize> = (0..orders.len()).filter(|it| is_touched(*it)).collect();
            let is_same = |order: &usize| {
                let was = &orders.placed()[*order];
                fresh.iter().any(|now| now == was)
            };
            let same = touched.len() == fresh.len() && touched.iter().all(is_same);
            if same {
                parts.push(PartPlaced::Same(orders.clone()));
                continue;
            }
            let mut placed = fresh;
            for (order, was) in orders.placed().iter().enumerate() {
                if gone.contains(&(known, order)) {
                    continue;
                }
                let mut was = was.clone();
                if let Some(other) = others.remove(&(known, order)) {
                    was.order = Arc::new(other);
                }
                placed.push(was);
            }
            parts.push(PartPlaced::New(placed));
        }
        Ok((place_all(self.now, parts)?, visitors))
    }
}

/// The orders of a part: those that it had, or others.
pub(super) enum PartPlaced {
    Same(Arc<PartOrders>),
    New(Vec<Placed>),
}

impl Touched {
    fn add_all(&mut self, rows: &Rows) {
        self.visitors.extend(rows.visitors.keys.iter().copied());
        self.visitors.extend(rows.lone_visitors.iter().copied());
        self.orders.extend(rows.told.ids().cloned());
    }

    /// Of some scenes.
    fn add(&mut self, rows: &Rows, scenes: Option<&Bits>) {
        let Some(scenes) = scenes else { return };
        for scene in scenes.ones_in(0, scenes.len()) {
            let visitor = match scene.checked_sub(rows.layout.visits) {
                Some(at) => rows.lone_visitors.get(at).copied(),
                None => rows.visitors.of_visit(scene),
            };
            self.visitors.extend(visitor);
        }
        for hit in rows.told.hits.iter().filter(|hit| scenes.get(hit.scene)) {
            self.orders.extend(hit.order_id().cloned());
        }
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
