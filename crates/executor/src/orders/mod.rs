//! Orders, which are told by hits of any image and belong to a visit of any other.

mod columns;
mod gather;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use afsa_model::{AccountSettings, Exclusion, Timestamp, VisitorKey};
use afsa_store::StoreError;
use afsa_visits::orders::{self, OrderHit, VisitSpan};
use hashbrown::HashMap;

pub(crate) use columns::{Coupons, PartOrders};
pub(crate) use gather::ToldOrders;

use crate::Shard;
use crate::image::Image;

/// Keeps the orders of an account between questions.
///
/// They are worked out when a question first needs them, and again when the images or the settings
/// are others than the last time.
#[derive(Default)]
pub struct OrdersCell {
    kept: Mutex<Option<Kept>>,
}

struct Kept {
    images: Vec<Weak<Image>>,
    settings: AccountSettings,
    orders: Arc<Orders>,
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
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let images = || shards.iter().flat_map(|shard| shard.images());
        if let Some(kept) = &*kept
            && kept.settings == *settings
            && kept.images.len() == images().count()
            && kept
                .images
                .iter()
                .zip(images())
                .all(|(one, other)| one.as_ptr() == Arc::as_ptr(other))
        {
            return Ok(kept.orders.clone());
        }
        let mut orders = Orders::resolve(shards, settings)?;
        if let Some(kept) = &*kept {
            for (orders, image) in orders.parts.iter_mut().zip(images()) {
                // What was found with the orders of this image before still holds.
                let before = kept
                    .images
                    .iter()
                    .position(|it| it.as_ptr() == Arc::as_ptr(image));
                let before = before.and_then(|at| kept.orders.parts.get(at));
                if let Some(before) = before.filter(|before| before.is_same(orders)) {
                    *orders = before.clone();
                }
            }
        }
        let orders = Arc::new(orders);
        *kept = Some(Kept {
            images: images().map(Arc::downgrade).collect(),
            settings: settings.clone(),
            orders: orders.clone(),
        });
        Ok(orders)
    }
}

/// A visit or other scene, by image (numbered through all shards) and position.
type Place = (usize, usize);

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
        let mut place_of: HashMap<u64, Place> = HashMap::new();
        let mut hits = Vec::new();
        for (image, told) in told.iter().enumerate() {
            for told in &told.hits {
                if images[image]
                    .dead()
                    .is_some_and(|dead| dead.get(told.scene))
                {
                    continue;
                }
                place_of.insert(told.hit.sequence, (image, told.scene));
                hits.push(told);
            }
        }
        let mut visits: BTreeMap<VisitorKey, Vec<FoundVisit>> = BTreeMap::new();
        if !hits.is_empty() {
            for told in &hits {
                visits.entry(told.hit.visitor).or_default();
            }
            find_visits(&images, &mut visits)?;
        }
        let spans = |visitor: VisitorKey| -> Vec<VisitSpan> {
            visits
                .get(&visitor)
                .map_or(&[][..], Vec::as_slice)
                .iter()
                .map(|it| it.span)
                .collect()
        };
        let resolved = orders::resolve(
            hits.iter().map(|told| OrderHit {
                hit: &told.hit,
                visit: told.visit,
            }),
            &spans,
            settings,
        );
        let hit_of: HashMap<u64, &gather::ToldOrder> =
            hits.iter().map(|told| (told.hit.sequence, *told)).collect();
        let mut placed: Vec<Vec<columns::Placed>> =
            (0..=images.len()).map(|_| Vec::new()).collect();
        for order in resolved {
            let custom = hit_of
                .get(&order.sequence)
                .and_then(|told| told.hit.custom.as_ref())
                .map_or_else(Vec::new, |custom| custom.dimensions.clone());
            let found = order.visit.and_then(|start| {
                let visits = visits.get(&order.visitor)?;
                let at = place_of.get(&order.sequence);
                visit_of(visits, start, order.exclusion, at.copied())
            });
            match found {
                Some((image, scene)) => {
                    let is_here = place_of.get(&order.sequence) == Some(&(image, scene));
                    let hit = hit_of
                        .get(&order.sequence)
                        .filter(|_| is_here)
                        .map(|it| it.row);
                    placed[image].push(columns::Placed {
                        scene,
                        hit,
                        order,
                        custom,
                    });
                }
                None => {
                    let lone = &mut placed[images.len()];
                    let scene = lone.len();
                    lone.push(columns::Placed {
                        scene,
                        hit: None,
                        order,
                        custom,
                    });
                }
            }
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

struct FoundVisit {
    span: VisitSpan,
    place: Place,
}

/// Finds all living visits of these visitors, by start.
fn find_visits(
    images: &[&Arc<Image>],
    found: &mut BTreeMap<VisitorKey, Vec<FoundVisit>>,
) -> Result<(), StoreError> {
    for (number, image) in images.iter().enumerate() {
        let visitors = image.visitors()?;
        let (Some(first), Some(last)) = (visitors.keys.first(), visitors.keys.last()) else {
            continue;
        };
        let mut columns = None;
        for (key, found) in found.range_mut(*first..=*last) {
            let run = visitors.visits_of(*key);
            if run.is_empty() {
                continue;
            }
            if columns.is_none() {
                columns = Some((image.starts()?, image.durations()?, image.exclusions()?));
            }
            let Some((starts, durations, exclusions)) = &columns else {
                continue;
            };
            for visit in run {
                if image.dead().is_some_and(|dead| dead.get(visit)) {
                    continue;
                }
                let start = Timestamp(starts.get(visit));
                found.push(FoundVisit {
                    span: VisitSpan {
                        start,
                        end: start.plus(durations.get(visit).unwrap_or(0)),
                        exclusion: exclusion(exclusions.get(visit)),
                    },
                    place: (number, visit),
                });
            }
        }
    }
    for visits in found.values_mut() {
        visits.sort_by_key(|visit| visit.span.start);
    }
    Ok(())
}

/// Of visits that began in one instant the one that holds the purchase, else the last.
fn visit_of(
    visits: &[FoundVisit],
    start: Timestamp,
    exclusion: Option<Exclusion>,
    purchase: Option<Place>,
) -> Option<Place> {
    let candidates = || {
        visits.iter().filter(|visit| {
            visit.span.start == start && visit.span.exclusion.is_some() == exclusion.is_some()
        })
    };
    candidates()
        .find(|visit| Some(visit.place) == purchase)
        .or_else(|| candidates().next_back())
        .map(|visit| visit.place)
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
