//! Orders, which are told by hits of any image and belong to a visit of any other.

mod amounts;
mod cart_reader;
mod carts;
mod columns;
mod customers;
mod facts;
mod gather;
mod items;
mod people;
mod place;
mod resolve;
mod texts;
mod update;
mod values;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use afsa_model::{AccountSettings, Exclusion, VisitorKey};
use afsa_store::{StoreError, Traffic};
use hashbrown::HashSet;
use rayon::prelude::*;

pub(crate) use amounts::{Exact, NOTHING};
pub(crate) use cart_reader::CartReader;
pub(crate) use carts::{CartSteps, Carts};
pub(crate) use columns::{Coupons, OrderAmounts, PartOrders};
pub(crate) use customers::{Customer, Customers};
use facts::Facts;
pub(crate) use gather::{LastPage, ToldOrders};
pub(crate) use people::{Everyone, HitUsers};
use place::{PartPlaced, place_all};
use resolve::{Resolved, Resolver};
use update::{Known, Update};

use crate::Shard;
use crate::found::QuestionKey;
use crate::image::{Budget, Image, Pinned, Shelf, Vocabulary};
use crate::names::Names;

/// Keeps the orders of an account between questions, with what follows from them.
///
/// They are worked out when a question first needs them, and again when the images or the settings
/// are others than the last time. What comes out the same is kept as it was, and so is what was
/// found with it.
#[derive(Default)]
pub struct OrdersCell {
    kept: Mutex<Option<Kept>>,
    /// What was found in all shards for questions asked before.
    settled: OnceLock<Arc<Shelf<QuestionKey>>>,
}

/// A dashboard asks some fifty questions; the bound on memory decides about large answers.
const MOST_SETTLED: usize = 256;

struct Kept {
    /// In the order of the shards.
    images: Vec<Known>,
    settings: AccountSettings,
    orders: Arc<Orders>,
    /// Of the images, in their order.
    carts: Option<Vec<Arc<Carts>>>,
    carts_before: Option<CartsBefore>,
    /// What customers take of the bound on memory.
    #[allow(dead_code, reason = "it is held")]
    pinned_customers: Option<Pinned>,
    /// Of people, and of what is excluded.
    names: [Option<Arc<Names>>; 2],
    names_before: [Option<Arc<Names>>; 2],
}

/// What is known of carts from before something changed.
struct CartsBefore {
    images: Vec<Arc<Image>>,
    carts: Vec<Arc<Carts>>,
    /// Whose orders came, went or changed since; `None` if everybody's may have.
    visitors: Option<HashSet<VisitorKey>>,
}

/// The orders of each image, and those of no visit.
pub(crate) struct Orders {
    /// In the order of the shards and their images.
    pub(crate) parts: Vec<Arc<PartOrders>>,
    pub(crate) lone: Arc<PartOrders>,
    /// Whoever made them.
    pub(crate) customers: Arc<Customers>,
}

impl OrdersCell {
    pub(crate) fn get(
        &self,
        shards: &[Arc<Shard>],
        settings: &AccountSettings,
    ) -> Result<Arc<Orders>, StoreError> {
        self.kept(shards, settings, |kept| Ok(kept.orders.clone()))
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
            let window = settings.order_window;
            let before = kept.carts_before.take();
            let images = kept.images();
            let carts = carts::follow(&images, &kept.orders, window, before)?;
            kept.carts = Some(carts.clone());
            Ok(carts)
        })
    }

    /// What was found in all shards for questions asked before.
    pub(crate) fn settled(&self, budget: &Arc<Budget>) -> &Shelf<QuestionKey> {
        self.settled
            .get_or_init(|| Shelf::new(budget, MOST_SETTLED))
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
        let images: Vec<&Arc<Image>> = shards.iter().flat_map(|shard| shard.images()).collect();
        // Customers are told apart by codes of a vocabulary.
        let before = before.filter(|before| {
            let vocabulary = |image: &Image| Arc::as_ptr(image.vocabulary());
            let known = before.images.first().map(|known| vocabulary(&known.image));
            before.settings == *settings && known == images.first().map(|image| vocabulary(image))
        });
        let known = known(&images, before.as_ref())?;
        let told: Vec<Arc<ToldOrders>> = known.iter().map(|known| known.told.clone()).collect();
        let mut kept = Kept {
            images: known,
            settings: settings.clone(),
            orders: Arc::new(Orders::none(0)),
            carts: None,
            carts_before: None,
            pinned_customers: None,
            names: [None, None],
            names_before: [None, None],
        };
        let Some(before) = before else {
            kept.orders = Arc::new(Orders::resolve(&images, &told, settings)?);
            kept.pin();
            return Ok(kept);
        };
        let update = Update::of(&before.images, &before.orders, &images, &told)?;
        let visitors = match update {
            Some(update) => {
                let (orders, visitors) = update.resolve(settings)?;
                kept.orders = Arc::new(orders);
                Some(visitors)
            }
            None => {
                kept.orders = Arc::new(Orders::resolve(&images, &told, settings)?);
                None
            }
        };
        kept.carts_before = before.carts_for_next(visitors);
        let names = before.names.into_iter().zip(before.names_before);
        for (kept, (names, before)) in kept.names_before.iter_mut().zip(names) {
            *kept = names.or(before);
        }
        kept.pin();
        Ok(kept)
    }

    fn pin(&mut self) {
        let bytes = self.orders.customers.bytes();
        let budget = self
            .images
            .first()
            .map(|known| known.image.budget().clone());
        self.pinned_customers = budget.map(|budget| Pinned::new(&budget, bytes));
    }

    fn images(&self) -> Vec<Arc<Image>> {
        self.images.iter().map(|it| it.image.clone()).collect()
    }

    /// What is known of carts for whoever comes after this, in which these visitors' orders are
    /// others.
    fn carts_for_next(&self, visitors: Option<HashSet<VisitorKey>>) -> Option<CartsBefore> {
        if let Some(carts) = &self.carts {
            return Some(CartsBefore {
                images: self.images(),
                carts: carts.clone(),
                visitors,
            });
        }
        let before = self.carts_before.as_ref()?;
        let mut all = before.visitors.clone().zip(visitors);
        if let Some((all, visitors)) = &mut all {
            all.extend(visitors.iter());
        }
        Some(CartsBefore {
            images: before.images.clone(),
            carts: before.carts.clone(),
            visitors: all.map(|(all, _)| all),
        })
    }

    fn is_of(&self, shards: &[Arc<Shard>], settings: &AccountSettings) -> bool {
        let images = || shards.iter().flat_map(|shard| shard.images());
        self.settings == *settings
            && self.images.len() == images().count()
            && self
                .images
                .iter()
                .zip(images())
                .all(|(one, other)| Arc::ptr_eq(&one.image, other))
    }
}

/// The images with what was told in them, which is read once.
fn known(images: &[&Arc<Image>], before: Option<&Kept>) -> Result<Vec<Known>, StoreError> {
    let known = |image: &&Arc<Image>| {
        let before = before.into_iter().flat_map(|before| &before.images);
        let told = before
            .filter(|known| known.image.has_same_rows(image))
            .map(|known| known.told.clone())
            .next();
        Known::of(image, told)
    };
    images.par_iter().map(known).collect()
}

impl Orders {
    /// No orders, for questions that need none.
    pub(crate) fn none(images: usize) -> Orders {
        let none = Arc::new(PartOrders::none());
        Orders {
            parts: vec![none.clone(); images],
            lone: none,
            customers: Arc::default(),
        }
    }

    /// Every order, from everything that was told.
    fn resolve(
        images: &[&Arc<Image>],
        told: &[Arc<ToldOrders>],
        settings: &AccountSettings,
    ) -> Result<Orders, StoreError> {
        let resolver = Resolver::new(images, told, settings)?;
        let resolved = resolver.resolve(resolver.all())?;
        let facts: Vec<&Facts> = resolved.iter().map(|share| &share.facts).collect();
        let customers = Customers::of(facts.iter().copied());
        let mut places: Vec<Vec<(u32, u32)>> = vec![Vec::new(); images.len() + 1];
        for (share, Resolved { parts, .. }) in (0..).zip(&resolved) {
            for (row, part) in (0..).zip(parts) {
                places[*part as usize].push((share, row));
            }
        }
        let places = places.into_iter().map(PartPlaced::New).collect();
        place_all(images, &facts, places, Arc::new(customers))
    }
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
