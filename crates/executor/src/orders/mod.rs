//! Orders, which are told by hits of any image and belong to a visit of any other.

mod carts;
mod columns;
mod gather;
mod people;
mod values;

use std::sync::{Arc, Mutex, PoisonError, Weak};

use afsa_model::{AccountSettings, Exclusion, Timestamp};
use afsa_store::{StoreError, Traffic};
use afsa_visits::orders::{self, OrderHit, VisitSpan};
use hashbrown::HashMap;

pub(crate) use carts::{CartSteps, Carts};
pub(crate) use columns::{Coupons, PartOrders, Placed};
pub(crate) use gather::ToldOrders;
pub(crate) use people::{Everyone, HitUsers, Place};

use crate::Shard;
use crate::image::{Image, Vocabulary};
use crate::names::Names;

/// Keeps the orders of an account between questions, with what follows from them.
///
/// They are worked out when a question first needs them, and again when the images or the settings
/// are others than the last time. What comes out the same is kept as it was, and so is what was
/// found with it.
#[derive(Default)]
pub struct OrdersCell {
    kept: Mutex<Option<Kept>>,
}

struct Kept {
    images: Vec<Weak<Image>>,
    settings: AccountSettings,
    orders: Arc<Orders>,
    /// Of the images, in their order.
    carts: Option<Vec<Arc<Carts>>>,
    carts_before: Vec<Arc<Carts>>,
    /// Of people, and of what is excluded.
    names: [Option<Arc<Names>>; 2],
    names_before: [Option<Arc<Names>>; 2],
}

/// The orders of each image, and those of no visit.
pub(crate) struct Orders {
    /// In the order of the shards and their images.
    pub(crate) parts: Vec<Arc<PartOrders>>,
    pub(crate) lone: Arc<PartOrders>,
}

impl OrdersCell {
    pub(crate) fn get(
        &self,
        shards: &[Arc<Shard>],
        settings: &AccountSettings,
    ) -> Result<Arc<Orders>, StoreError> {
        Ok(self.kept(shards, settings, |kept| Ok(kept.orders.clone()))?)
    }

    /// What became of the carts of each image's visits.
    pub(crate) fn carts(
        &self,
        shards: &[Arc<Shard>],
        settings: &AccountSettings,
    ) -> Result<Vec<Arc<Carts>>, StoreError> {
        self.kept(shards, settings, |kept| {
            if let Some(carts) = &kept.carts {
                return Ok(carts.clone());
            }
            let mut carts = carts::follow(shards, &kept.orders, settings.order_window)?;
            for carts in &mut carts {
                if let Some(same) = kept.carts_before.iter().find(|before| *before == carts) {
                    *carts = same.clone();
                }
            }
            kept.carts = Some(carts.clone());
            Ok(carts)
        })
    }

    /// What products are called.
    pub(crate) fn names(
        &self,
        shards: &[Arc<Shard>],
        settings: &AccountSettings,
        traffic: Traffic,
        vocabulary: &Vocabulary,
    ) -> Result<Arc<Names>, StoreError> {
        self.kept(shards, settings, |kept| {
            let place = usize::from(traffic == Traffic::Excluded);
            if let Some(names) = &kept.names[place] {
                return Ok(names.clone());
            }
            let mut told = Vec::new();
            for image in shards.iter().flat_map(|shard| shard.images()) {
                told.push(image.told_names()?);
            }
            for orders in kept.orders.parts.iter().chain([&kept.orders.lone]) {
                told.push(orders.told_names(vocabulary));
            }
            let told = told.iter().flat_map(|told| told.iter().copied());
            let mut names = Arc::new(Names::of(told, traffic, vocabulary));
            if let Some(before) = kept.names_before[place].as_ref().filter(|it| **it == names) {
                names = before.clone();
            }
            kept.names[place] = Some(names.clone());
            Ok(names)
        })
    }

    fn kept<T>(
        &self,
        shards: &[Arc<Shard>],
        settings: &AccountSettings,
        take: impl FnOnce(&mut Kept) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *kept {
            Some(kept) if kept.is_of(shards, settings) => take(kept),
            before => {
                let fresh = Kept::of(shards, settings, before.take())?;
                take(before.insert(fresh))
            }
        }
    }
}

impl Kept {
    fn of(
        shards: &[Arc<Shard>],
        settings: &AccountSettings,
        before: Option<Kept>,
    ) -> Result<Kept, StoreError> {
        let images = || shards.iter().flat_map(|shard| shard.images());
        let mut orders = Orders::resolve(shards, settings)?;
        let mut kept = Kept {
            images: images().map(Arc::downgrade).collect(),
            settings: settings.clone(),
            orders: Arc::new(Orders::none(0)),
            carts: None,
            carts_before: Vec::new(),
            names: [None, None],
            names_before: [None, None],
        };
        if let Some(before) = before {
            for (orders, image) in orders.parts.iter_mut().zip(images()) {
                // What was found with the orders of this image before still holds.
                let at = before
                    .images
                    .iter()
                    .position(|it| it.as_ptr() == Arc::as_ptr(image));
                let known = at.and_then(|at| before.orders.parts.get(at));
                if let Some(known) = known.filter(|known| known.is_same(orders)) {
                    *orders = known.clone();
                }
            }
            kept.carts_before = before.carts.unwrap_or(before.carts_before);
            for (place, names) in before.names.into_iter().enumerate() {
                kept.names_before[place] = names.or(before.names_before[place].clone());
            }
        }
        kept.orders = Arc::new(orders);
        Ok(kept)
    }

    fn is_of(&self, shards: &[Arc<Shard>], settings: &AccountSettings) -> bool {
        let images = || shards.iter().flat_map(|shard| shard.images());
        self.settings == *settings
            && self.images.len() == images().count()
            && self
                .images
                .iter()
                .zip(images())
                .all(|(one, other)| one.as_ptr() == Arc::as_ptr(other))
    }
}

impl Orders {
    /// No orders, for questions that need none.
    pub(crate) fn none(images: usize) -> Orders {
        let none = Arc::new(PartOrders::new(0, Vec::new()));
        Orders {
            parts: vec![none.clone(); images],
            lone: none,
        }
    }

    fn resolve(shards: &[Arc<Shard>], settings: &AccountSettings) -> Result<Orders, StoreError> {
        let images: Vec<&Arc<Image>> = shards.iter().flat_map(|shard| shard.images()).collect();
        let told: Vec<Arc<ToldOrders>> = images
            .iter()
            .map(|image| image.told_orders())
            .collect::<Result<_, _>>()?;
        let mut told_by: HashMap<u64, (Place, &gather::ToldOrder)> = HashMap::new();
        for (image, told) in told.iter().enumerate() {
            for told in &told.hits {
                let is_dead = |dead: &crate::bits::Bits| dead.get(told.scene);
                if !images[image].dead().is_some_and(is_dead) {
                    told_by.insert(told.hit.sequence, ((image, told.scene), told));
                }
            }
        }
        if told_by.is_empty() {
            return Ok(Orders::none(images.len()));
        }
        let everyone = Everyone::of(&images)?;
        let hits = told_by.values().map(|(_, told)| OrderHit {
            hit: &told.hit,
            visit: told.visit,
        });
        let resolved = orders::resolve(hits, &everyone, settings);
        everyone.failure()?;
        let mut placed: Vec<Vec<Placed>> = (0..=images.len()).map(|_| Vec::new()).collect();
        for order in resolved {
            let purchase = told_by.get(&order.sequence);
            let found = order.visit.and_then(|start| {
                let visits = everyone.visits_of(order.visitor);
                visit_of(&visits, start, order.exclusion, purchase.map(|it| it.0))
            });
            let custom = purchase.and_then(|(_, told)| told.hit.custom.as_ref());
            let custom = custom.map_or_else(Vec::new, |custom| custom.dimensions.clone());
            let (image, scene) = found.unwrap_or((images.len(), placed[images.len()].len()));
            let here = purchase.filter(|(place, _)| found == Some(*place));
            placed[image].push(Placed {
                scene,
                order: Arc::new(order),
                hit: here.map(|(_, told)| told.row),
                custom,
            });
        }
        let lone = placed.pop().unwrap_or_default();
        let mut parts = Vec::with_capacity(images.len());
        for (image, placed) in images.iter().zip(placed) {
            // The layout isn't needed, and may not be loaded, where there is nothing to place.
            let scenes = if placed.is_empty() {
                0
            } else {
                image.layout()?.scenes()
            };
            parts.push(Arc::new(PartOrders::new(scenes, placed)));
        }
        let scenes = lone.len();
        Ok(Orders {
            parts,
            lone: Arc::new(PartOrders::new(scenes, lone)),
        })
    }
}

/// Of visits that began in one instant the one that holds the purchase, else the last.
fn visit_of(
    visits: &[(VisitSpan, Place)],
    start: Timestamp,
    exclusion: Option<Exclusion>,
    purchase: Option<Place>,
) -> Option<Place> {
    let candidates = || {
        let is_meant = move |(span, _): &&(VisitSpan, Place)| {
            span.start == start && span.exclusion.is_some() == exclusion.is_some()
        };
        visits.iter().filter(is_meant).map(|(_, place)| *place)
    };
    candidates()
        .find(|place| Some(*place) == purchase)
        .or_else(|| candidates().next_back())
}

/// The exclusion of a number, as stored; 0 is none, and unknown numbers exclude like robots.
pub(crate) fn exclusion(number: u32) -> Option<Exclusion> {
    match number {
        0 => None,
        2 => Some(Exclusion::Monitor),
        3 => Some(Exclusion::ReferrerSpam),
        4 => Some(Exclusion::OwnPeople),
        5 => Some(Exclusion::Behaviour),
        _ => Some(Exclusion::Robot),
    }
}
