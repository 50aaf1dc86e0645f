//! From what hits told to orders in their places.

use std::sync::Arc;

use afsa_model::{AccountSettings, Exclusion, Timestamp};
use afsa_store::{Order, StoreError};
use afsa_visits::orders::{self, OrderHit, VisitSpan};
use hashbrown::HashMap;
use rayon::prelude::*;

use super::columns::Placed;
use super::gather::{ToldOrder, ToldOrders};
use super::people::{Everyone, Place};
use crate::image::Image;

/// A hit that told something of an order: the number of its image, and its place there.
pub(super) type ToldAt = (usize, usize);

/// The images of an account, with what their hits told of orders.
pub(super) struct Resolver<'a> {
    images: &'a [&'a Arc<Image>],
    pub(super) told: Vec<Arc<ToldOrders>>,
    everyone: Everyone<'a>,
    settings: &'a AccountSettings,
}

/// An order and where it goes: the number of an image, or the one after the last where it is of no
/// visit.
pub(super) struct Resolved {
    pub(super) part: usize,
    pub(super) scene: usize,
    /// Held by nobody else as long as it isn't placed.
    pub(super) order: Arc<Order>,
    hit: Option<u32>,
    custom: Vec<(u8, Arc<str>)>,
}

impl Resolved {
    /// To be completed.
    pub(super) fn order_mut(&mut self) -> Option<&mut Order> {
        Arc::get_mut(&mut self.order)
    }

    pub(super) fn placed(self) -> Placed {
        Placed {
            scene: self.scene,
            order: self.order,
            hit: self.hit,
            custom: self.custom,
        }
    }
}

/// Orders are divided among threads by their ids, in so many shares.
const SHARES: u64 = 16;
/// Fewer hits than these are not worth dividing.
const FEW: usize = 1_000;

impl<'a> Resolver<'a> {
    pub(super) fn new(
        images: &'a [&'a Arc<Image>],
        settings: &'a AccountSettings,
    ) -> Result<Resolver<'a>, StoreError> {
        let told = images.par_iter().map(|image| image.told_orders());
        Ok(Resolver {
            images,
            told: told.collect::<Result<_, _>>()?,
            everyone: Everyone::of(images)?,
            settings,
        })
    }

    /// Every living hit that told something.
    pub(super) fn all(&self) -> Vec<ToldAt> {
        let of_image = |(number, told): (usize, &Arc<ToldOrders>)| -> Vec<ToldAt> {
            let dead = self.images[number].dead();
            let is_living = |told: &ToldOrder| !dead.is_some_and(|dead| dead.get(told.scene));
            let living = (0..told.hits.len()).filter(|at| is_living(&told.hits[*at]));
            living.map(|at| (number, at)).collect()
        };
        self.told.iter().enumerate().flat_map(of_image).collect()
    }

    /// The living hits that told something of this order.
    pub(super) fn of_order(&self, id: &str) -> Vec<ToldAt> {
        let mut found = Vec::new();
        for (number, told) in self.told.iter().enumerate() {
            let dead = self.images[number].dead();
            let of_order = told.of_order(id);
            let living =
                of_order.filter(|at| !dead.is_some_and(|dead| dead.get(told.hits[*at].scene)));
            found.extend(living.map(|at| (number, at)));
        }
        found
    }

    /// The orders of these hits, without what their customers ever did. All living hits of an
    /// order must be among them.
    pub(super) fn resolve(&self, hits: &[ToldAt]) -> Result<Vec<Resolved>, StoreError> {
        let mut shares: Vec<Vec<ToldAt>> = if hits.len() < FEW {
            vec![hits.to_vec()]
        } else {
            let mut shares = vec![Vec::new(); SHARES as usize];
            for at in hits {
                shares[(self.told(*at).id_hash % SHARES) as usize].push(*at);
            }
            shares
        };
        let resolved = shares.par_iter_mut().map(|share| self.share(share));
        let resolved: Vec<Vec<Resolved>> = resolved.collect();
        self.everyone.failure()?;
        Ok(resolved.into_iter().flatten().collect())
    }

    fn told(&self, (image, at): ToldAt) -> &ToldOrder {
        &self.told[image].hits[at]
    }

    fn share(&self, hits: &[ToldAt]) -> Vec<Resolved> {
        let told = hits.iter().map(|at| {
            let told = self.told(*at);
            OrderHit {
                hit: &told.hit,
                visit: told.visit,
            }
        });
        let orders = orders::resolve_each(told, &self.everyone, self.settings);
        let by_sequence: HashMap<u64, ToldAt> = hits
            .iter()
            .map(|at| (self.told(*at).hit.sequence, *at))
            .collect();
        let place = |order: Order| {
            let purchase = by_sequence.get(&order.sequence).copied();
            let told = purchase.map(|at| self.told(at));
            let lies_at = purchase
                .zip(told)
                .map(|((image, _), told)| (image, told.scene));
            let found = order.visit.and_then(|start| {
                let visits = self.everyone.visits_of(order.visitor);
                visit_of(&visits, start, order.exclusion, lies_at)
            });
            let custom = told.and_then(|told| told.hit.custom.as_ref());
            let (part, scene) = found.unwrap_or((self.images.len(), 0));
            Resolved {
                part,
                scene,
                hit: told.filter(|_| found == lies_at).map(|told| told.row),
                custom: custom.map_or_else(Vec::new, |custom| custom.dimensions.clone()),
                order: Arc::new(order),
            }
        };
        orders.into_iter().map(place).collect()
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
