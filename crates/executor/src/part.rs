//! What passes go over: an image with the orders that belong to its visits.

use std::sync::Arc;

use afsa_model::VisitorKey;
use afsa_store::{Dimension, Kind, StoreError, Traffic};

use crate::bits::Bits;
use crate::image::{
    Chosen, Codes, Image, Instants, Moments, Offsets, Ranks, SelectionKey, Thing, Things,
    Vocabulary,
};
use crate::names::Names;
use crate::orders::{Carts, PartOrders};

/// An image with its orders; or, without an image, the orders of no visit, each a scene.
pub(crate) struct Part {
    pub(crate) image: Option<Arc<Image>>,
    pub(crate) orders: Arc<PartOrders>,
    /// Where the question needs them.
    pub(crate) ranks: Option<Arc<Ranks>>,
    pub(crate) days: Option<Arc<Codes>>,
    pub(crate) carts: Option<Arc<Carts>>,
    pub(crate) names: Option<Arc<Names>>,
    pub(crate) vocabulary: Arc<Vocabulary>,
    pub(crate) visits: usize,
    pub(crate) scenes: usize,
}

/// A table of things, with the scene of each.
pub(crate) enum Table {
    Image(Arc<Things>),
    /// Orders, or this of what they have.
    Orders(Arc<PartOrders>, Thing),
}

impl Table {
    pub(crate) fn offsets(&self) -> &Offsets {
        match self {
            Table::Image(things) => &things.offsets,
            Table::Orders(orders, thing) => &orders.table(*thing).offsets,
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Table::Image(things) => things.len,
            Table::Orders(orders, thing) => orders.table(*thing).len(),
        }
    }
}

/// When the things of a table were.
pub(crate) enum Times {
    Scenes(Arc<Instants>),
    Things(Arc<Instants>, Arc<Moments>),
    Orders(Arc<PartOrders>, Thing),
}

impl Times {
    /// The moment of a thing of this scene.
    #[inline]
    pub(crate) fn get(&self, scene: usize, thing: usize) -> i64 {
        match self {
            Times::Scenes(starts) => starts.get(scene),
            Times::Things(starts, moments) => moments.get(starts.get(scene), thing),
            Times::Orders(orders, of) => orders.time(*of, thing),
        }
    }
}

impl Part {
    pub(crate) fn table(&self, thing: Thing) -> Result<Table, StoreError> {
        match (thing, &self.image) {
            (thing, _) if thing.is_of_orders() => Ok(Table::Orders(self.orders.clone(), thing)),
            (thing, Some(image)) => Ok(Table::Image(image.things(thing)?)),
            // An order that stands alone has the hit of its purchase beside it.
            (Thing::Hit | Thing::Scene, None) => {
                Ok(Table::Orders(self.orders.clone(), Thing::Order))
            }
            (_, None) => Ok(Table::Image(Arc::new(Things {
                offsets: Offsets::from_counts(self.scenes, std::iter::empty()),
                rows: Vec::new(),
                hit_rows: Vec::new(),
                len: 0,
            }))),
        }
    }

    pub(crate) fn times(&self, thing: Thing) -> Result<Times, StoreError> {
        match (thing, &self.image) {
            (thing, _) if thing.is_of_orders() => Ok(Times::Orders(self.orders.clone(), thing)),
            (_, None) => Ok(Times::Orders(self.orders.clone(), Thing::Order)),
            (Thing::Scene, Some(image)) => Ok(Times::Scenes(image.starts()?)),
            (thing, Some(image)) => Ok(Times::Things(image.starts()?, image.moments(thing)?)),
        }
    }

    /// The codes of a dimension that has one value for each thing. Null where things of this kind
    /// don't have it.
    pub(crate) fn codes(
        &self,
        thing: Thing,
        dimension: Dimension,
    ) -> Result<Arc<Codes>, StoreError> {
        let null = |len| Ok(Arc::new(Codes::Null(len)));
        match (thing, &self.image, dimension) {
            (Thing::Scene, _, Dimension::VisitorType) => self
                .ranks
                .as_ref()
                .map_or_else(|| null(self.scenes), |it| Ok(it.types.clone())),
            (Thing::Scene, _, Dimension::VisitNumber) => self
                .ranks
                .as_ref()
                .map_or_else(|| null(self.scenes), |it| Ok(it.numbers.clone())),
            (Thing::Scene, _, Dimension::DaysSinceLastVisit) => self
                .days
                .as_ref()
                .map_or_else(|| null(self.scenes), |it| Ok(it.clone())),
            _ if thing.is_of_orders() => {
                let names = self.names.as_deref();
                let orders = &self.orders;
                Ok(orders.codes(thing, dimension, &self.vocabulary, names))
            }
            (Thing::Product, Some(image), Dimension::Product) => match &self.names {
                Some(names) => image.named_products(names),
                None => null(image.things(thing)?.len),
            },
            (_, Some(image), _) => image.codes(thing, dimension),
            (Thing::Hit, None, _) if dimension.kind() == Kind::AnyHit => {
                let orders = &self.orders;
                Ok(orders.codes(Thing::Order, dimension, &self.vocabulary, None))
            }
            (Thing::Hit | Thing::Scene, None, _) => null(self.scenes),
            (_, None, _) => null(0),
        }
    }

    /// The living scenes of this traffic.
    pub(crate) fn living(&self, traffic: Traffic) -> Result<Arc<Bits>, StoreError> {
        let Some(image) = &self.image else {
            return Ok(Arc::new(Bits::from_fn(self.scenes, |scene| {
                self.orders.is_excluded(scene) == (traffic == Traffic::Excluded)
            })));
        };
        let key = SelectionKey {
            chosen: Chosen::Scenes,
            traffic,
            filter: None,
        };
        image.selections().get(key, || {
            let mut living = Bits::clone(&*image.excluded()?);
            if traffic == Traffic::People {
                living.not();
            }
            if let Some(dead) = image.dead() {
                living.and_not(dead);
            }
            Ok(living)
        })
    }

    /// Whose the scene is.
    pub(crate) fn lone_visitor(&self, scene: usize) -> Result<VisitorKey, StoreError> {
        match &self.image {
            None => Ok(self.orders.visitor(scene)),
            Some(image) => {
                let lone = scene.saturating_sub(self.visits);
                Ok(image
                    .lone_visitors()?
                    .get(lone)
                    .copied()
                    .unwrap_or(VisitorKey::NOBODY))
            }
        }
    }
}

/// The scenes that have any of these things.
pub(crate) fn scenes_of(things: &Bits, offsets: &Offsets, scenes: usize) -> Bits {
    let mut found = Bits::zeros(scenes);
    let mut scene = 0;
    let mut end = 0;
    for thing in things.ones_in(0, things.len()) {
        if thing < end {
            continue;
        }
        scene = scene_of(thing, offsets, scene, scenes);
        end = offsets.begin(scene + 1);
        found.set(scene);
    }
    found
}

/// The things of these scenes.
pub(crate) fn things_of(scenes: &Bits, offsets: &Offsets, len: usize) -> Bits {
    let mut things = Bits::zeros(len);
    if len == 0 {
        return things;
    }
    // Neighbouring scenes have neighbouring things.
    let mut add = |scenes: &Bits| {
        for run in scenes.runs() {
            things.set_range(offsets.begin(run.start), offsets.begin(run.end));
        }
    };
    match offsets.inhabited() {
        Some(inhabited) => {
            let mut inhabited = inhabited.clone();
            inhabited.and(scenes);
            add(&inhabited);
        }
        None => add(scenes),
    }
    things
}

/// The scene of a thing, which lies at or after `from`: looked for in growing steps, so that a
/// pass over many things costs little for each.
pub(crate) fn scene_of(thing: usize, offsets: &Offsets, from: usize, scenes: usize) -> usize {
    let (mut low, mut step) = (from, 1);
    while low + step < scenes && offsets.begin(low + step) <= thing {
        low += step;
        step *= 2;
    }
    // The scene lies in low..low + step.
    let mut high = (low + step).min(scenes);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if offsets.begin(middle) <= thing {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}
