//! From what hits told to orders in their places.

use std::sync::Arc;

use afsa_model::{AccountSettings, Exclusion, Timestamp};
use afsa_store::{Dimension, StoreError};
use afsa_visits::orders::{self, OrderHit, VisitSpan};
use hashbrown::HashMap;
use rayon::prelude::*;

use super::facts::{Fact, Facts};
use super::gather::ToldOrders;
use super::people::{Everyone, Place};
use crate::image::{Image, Words};

/// A hit that told something of an order: the number of its image, and its place there.
pub(super) type ToldAt = (u32, u32);

/// The images of an account, with what their hits told of orders.
pub(super) struct Resolver<'a> {
    images: &'a [&'a Arc<Image>],
    told: &'a [Arc<ToldOrders>],
    everyone: Everyone<'a>,
    settings: &'a AccountSettings,
    customers: Arc<Words>,
}

/// Orders and where they go.
pub(super) struct Resolved {
    pub(super) facts: Facts,
    /// In step: the number of an image, or the one after the last where it is of no visit.
    pub(super) parts: Vec<u32>,
}

/// Orders are divided by their ids: what is read of hits while they are resolved lives only as long
/// as their share.
const IN_A_SHARE: usize = 2_048;

impl<'a> Resolver<'a> {
    /// `told` is what the hits of each image told.
    pub(super) fn new(
        images: &'a [&'a Arc<Image>],
        told: &'a [Arc<ToldOrders>],
        settings: &'a AccountSettings,
    ) -> Result<Resolver<'a>, StoreError> {
        let vocabulary = images.first().map(|image| image.vocabulary());
        Ok(Resolver {
            images,
            told,
            everyone: Everyone::of(images)?,
            settings,
            customers: vocabulary.map_or_else(Arc::default, |it| it.of(Dimension::Customer)),
        })
    }

    /// Every living hit that told something.
    pub(super) fn all(&self) -> Vec<ToldAt> {
        let of_image = |(number, told): (usize, &Arc<ToldOrders>)| -> Vec<ToldAt> {
            let living = (0..told.len()).filter(|hit| self.is_living(number, *hit));
            living.map(|hit| (number as u32, hit as u32)).collect()
        };
        self.told.iter().enumerate().flat_map(of_image).collect()
    }

    /// The living hits that told something of this order.
    pub(super) fn of_order(&self, id: &str) -> Vec<ToldAt> {
        let mut found = Vec::new();
        for (number, told) in self.told.iter().enumerate() {
            let living = told.of_order(id).filter(|hit| self.is_living(number, *hit));
            found.extend(living.map(|hit| (number as u32, hit as u32)));
        }
        found
    }

    fn is_living(&self, image: usize, hit: usize) -> bool {
        let dead = self.images[image].dead();
        !dead.is_some_and(|dead| dead.get(self.told[image].scene(hit)))
    }

    /// The orders of these hits, without what their customers ever did. All living hits of an
    /// order must be among them.
    pub(super) fn resolve(&self, mut hits: Vec<ToldAt>) -> Result<Vec<Resolved>, StoreError> {
        let hash = |(image, hit): &ToldAt| self.told[*image as usize].id_hash(*hit as usize);
        hits.par_sort_unstable_by_key(|at| (hash(at), *at));
        let mut shares: Vec<&[ToldAt]> = Vec::new();
        let mut rest = hits.as_slice();
        while !rest.is_empty() {
            let mut end = rest.len().min(IN_A_SHARE);
            // All hits of an order lie in one share.
            let last = hash(&rest[end - 1]);
            end += rest[end..].iter().take_while(|at| hash(at) == last).count();
            let (share, others) = rest.split_at(end);
            shares.push(share);
            rest = others;
        }
        let resolved: Vec<Resolved> = shares.into_par_iter().map(|it| self.share(it)).collect();
        self.everyone.failure()?;
        Ok(resolved)
    }

    fn share(&self, hits: &[ToldAt]) -> Resolved {
        let told_by = |(image, at): &ToldAt| (&self.told[*image as usize], *at as usize);
        let is_refund = |at: &ToldAt| {
            let (told, at) = told_by(at);
            told.is_refund(at)
        };
        let id_hash = |at: &ToldAt| {
            let (told, at) = told_by(at);
            told.id_hash(at)
        };
        // Hits of one order are neighbours here.
        let of_orders = hits.chunk_by(|one, other| id_hash(one) == id_hash(other));
        let told: Vec<_> = of_orders
            .flat_map(|hits| {
                let is_given_back = hits.iter().any(is_refund);
                hits.iter().map(move |at| (at, is_given_back))
            })
            .map(|(at, is_given_back)| {
                let (told, at) = told_by(at);
                (told.hit(at, is_given_back), told.visit(at))
            })
            .collect();
        let told = told
            .iter()
            .map(|(hit, visit)| OrderHit { hit, visit: *visit });
        let orders = orders::resolve_each(told, &self.everyone, self.settings);
        let by_sequence: HashMap<u64, ToldAt> = hits
            .iter()
            .map(|at| (self.told[at.0 as usize].sequence(at.1 as usize), *at))
            .collect();
        let labels: Vec<Arc<str>> = orders.iter().map(|order| order.customer.label()).collect();
        let customers: Vec<u32> = {
            let mut words = self.customers.write();
            labels
                .iter()
                .map(|label| words.code_of_text(label))
                .collect()
        };
        let mut resolved = Resolved {
            facts: Facts::new(self.told.to_vec()),
            parts: Vec::new(),
        };
        for (order, customer) in orders.into_iter().zip(customers) {
            let Some((image, hit)) = by_sequence.get(&order.sequence).copied() else {
                continue;
            };
            let scene = self.told[image as usize].scene(hit as usize);
            let lies_at = (image as usize, scene);
            let found = order.visit.and_then(|start| {
                let visits = self.everyone.visits_of(order.visitor);
                visit_of(&visits, start, order.exclusion, lies_at)
            });
            let (part, scene) = found.unwrap_or((self.images.len(), 0));
            resolved.parts.push(part as u32);
            resolved.facts.push(Fact {
                scene: scene as u32,
                is_told_there: found == Some(lies_at),
                ..Fact::of(order, (image, hit), customer)
            });
        }
        resolved
    }
}

/// Of visits that began in one instant the one that holds the purchase, else the last.
fn visit_of(
    visits: &[(VisitSpan, Place)],
    start: Timestamp,
    exclusion: Option<Exclusion>,
    purchase: Place,
) -> Option<Place> {
    let candidates = || {
        let is_meant = move |(span, _): &&(VisitSpan, Place)| {
            span.start == start && span.exclusion.is_some() == exclusion.is_some()
        };
        visits.iter().filter(is_meant).map(|(_, place)| *place)
    };
    candidates()
        .find(|place| *place == purchase)
        .or_else(|| candidates().next_back())
}
