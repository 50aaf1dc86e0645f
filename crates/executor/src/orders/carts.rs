//! What became of the carts and checkouts of visits.

use std::sync::Arc;

use afsa_model::{Decimal, ProductAction, Timestamp, VisitorKey};
use afsa_segments::Table;
use afsa_store::{CheckoutFunnel, Dimension, StoreError};
use afsa_visits::cart::{CartStep, Moment, outcome};
use afsa_visits::checkout::CheckoutAction;
use arrow_array::Array;
use hashbrown::{HashMap, HashSet};
use rayon::prelude::*;

use super::{CartsBefore, Orders, PartOrders};
use crate::bits::Bits;
use crate::image::{Amounts, Image, Instants, Loaded, NO_ROW, Texts, Thing};

/// The steps of carts and checkouts of an image's visits, in the order of its hits.
pub(crate) struct CartSteps {
    steps: Vec<Step>,
    checkouts: Vec<CheckoutHit>,
}

pub(super) struct Step {
    scene: u32,
    /// The product in the image's table of them; of a checkout nothing.
    pub(super) thing: u32,
    pub(super) moment: Moment,
    pub(super) step: CartStep<Item>,
}

/// Codes of a product and its variant.
pub(super) type Item = (u32, u32);

struct CheckoutHit {
    scene: u32,
    action: CheckoutAction,
}

impl Loaded for CartSteps {
    fn bytes(&self) -> usize {
        self.steps.len() * size_of::<Step>() + self.checkouts.len() * size_of::<CheckoutHit>()
    }
}

/// What became of the cart of each visit.
#[derive(Clone, PartialEq)]
pub(crate) struct Carts {
    pub(crate) held_something: Bits,
    pub(crate) abandoned: Bits,
    pub(crate) checkout: Bits,
    pub(crate) abandoned_checkout: Bits,
}

/// `kind` of product actions, as the layout numbers them.
const PRODUCT: u8 = 4;

impl Image {
    pub(crate) fn read_cart_steps(&self) -> Result<CartSteps, StoreError> {
        let (layout, reader) = (self.layout()?, self.reader());
        let mut read = CartSteps {
            steps: Vec::new(),
            checkouts: Vec::new(),
        };
        let (Some(kinds), Some(actions)) = (
            reader.small(Table::Hits, "kind")?,
            reader.small(Table::Hits, "product_action")?,
        ) else {
            return Ok(read);
        };
        let times = reader.times(Table::Hits, "time")?;
        let sequences = reader.sequences(Table::Hits, "sequence")?;
        let moment = |hit: usize| {
            let time = times.as_ref().map_or(0, |times| times.value(hit));
            let sequence = sequences.as_ref().map_or(0, |it| it.value(hit));
            (Timestamp(time), sequence)
        };
        let numbers = reader.numbers(Table::Hits, "checkout_step")?;
        let number = |hit: usize| {
            let told = numbers.as_ref().filter(|numbers| numbers.is_valid(hit));
            told.map(|numbers| numbers.value(hit))
        };
        let options = reader.texts(Table::Hits, "checkout_option")?;
        let shared = options.as_ref().map(Texts::shared).unwrap_or_default();
        let option = |hit: usize| {
            let key = options.as_ref()?.key(hit)?;
            shared.get(key).filter(|text| !text.is_empty()).cloned()
        };
        let things = self.things(Thing::Product)?;
        let skus = self.codes(Thing::Product, Dimension::ProductSku)?;
        let variants = self.codes(Thing::Product, Dimension::Variant)?;
        let quantities = reader.times(Table::Items, "quantity")?;
        let quantity = |row: u32| {
            let told = quantities.as_ref().filter(|it| it.is_valid(row as usize));
            told.map_or(Decimal::ONE, |it| {
                Decimal::from_micros(it.value(row as usize))
            })
        };
        for scene in 0..layout.visits {
            let mut row = things.offsets.begin(scene);
            for hit in layout.hits_of(scene) {
                if kinds.value(hit) != PRODUCT {
                    continue;
                }
                let action = actions.value(hit);
                let (scene, moment) = (scene as u32, moment(hit));
                if action == ProductAction::Checkout as u8 {
                    let action = CheckoutAction::Step(number(hit), option(hit));
                    read.checkouts.push(CheckoutHit { scene, action });
                    read.steps.push(Step {
                        scene,
                        thing: 0,
                        moment,
                        step: CartStep::Checkout,
                    });
                } else if action == ProductAction::CheckoutOption as u8 {
                    let action = CheckoutAction::Choice(number(hit), option(hit));
                    read.checkouts.push(CheckoutHit { scene, action });
                }
                while things
                    .hit_rows
                    .get(row)
                    .is_some_and(|of| *of as usize == hit)
                {
                    let (item, at) = ((skus.get(row), variants.get(row)), things.rows[row]);
                    let thing = row as u32;
                    row += 1;
                    let step = if at == NO_ROW {
                        continue;
                    } else if action == ProductAction::Add as u8 {
                        CartStep::Add(item, quantity(at))
                    } else if action == ProductAction::Remove as u8 {
                        CartStep::Remove(item, quantity(at))
                    } else {
                        continue;
                    };
                    read.steps.push(Step {
                        scene,
                        thing,
                        moment,
                        step,
                    });
                }
            }
        }
        Ok(read)
    }
}

/// Orders of more visitors than these are looked at all together.
const FEW_VISITORS: usize = 10_000;

/// When visitors ordered, by visitor and whether it is excluded.
type Ordered = HashMap<(VisitorKey, bool), Vec<Moment>>;

/// Follows the carts of all visits of these images. What is known from before is followed anew only
/// for visitors whose orders changed.
pub(super) fn follow(
    images: &[Arc<Image>],
    orders: &Orders,
    order_window: i64,
    before: Option<CartsBefore>,
) -> Result<Vec<Arc<Carts>>, StoreError> {
    let known = |image: &Arc<Image>| {
        let before = before.as_ref()?;
        let visitors = before.visitors.as_ref()?;
        let at = before
            .images
            .iter()
            .position(|it| it.has_same_rows(image))?;
        Some((before.carts.get(at)?, visitors))
    };
    // Where only a few visitors are followed, only theirs are needed.
    let mut followed: Option<HashSet<VisitorKey>> =
        before.as_ref().and_then(|before| before.visitors.clone());
    for image in images.iter().filter(|image| known(image).is_none()) {
        let visitors = image.visitors()?;
        if visitors.keys.len() > FEW_VISITORS {
            followed = None;
        }
        if let Some(followed) = &mut followed {
            followed.extend(visitors.keys.iter().copied());
        }
    }
    let mut ordered = Ordered::new();
    for part in orders.parts.iter().chain([&orders.lone]) {
        for order in (0..part.len()).filter(|order| !part.is_cancelled(*order)) {
            let visitor = part.visitor(order);
            if followed.as_ref().is_none_or(|it| it.contains(&visitor)) {
                let key = (visitor, part.is_excluded(order));
                ordered.entry(key).or_default().push(part.moment(order));
            }
        }
    }
    (0..images.len())
        .into_par_iter()
        .map(|number| {
            let image = &images[number];
            let following = Following {
                image,
                starts: image.starts()?,
                durations: image.durations()?,
                excluded: image.excluded()?,
                orders: &orders.parts[number],
                ordered: &ordered,
                order_window,
            };
            match known(&images[number]) {
                Some((carts, visitors)) => following.again(carts, visitors),
                None => following.all(),
            }
        })
        .collect()
}

/// What the carts of an image are followed by.
struct Following<'a> {
    image: &'a Image,
    starts: Arc<Instants>,
    durations: Arc<Amounts>,
    excluded: Arc<Bits>,
    orders: &'a PartOrders,
    ordered: &'a Ordered,
    order_window: i64,
}

impl Following<'_> {
    fn all(&self) -> Result<Arc<Carts>, StoreError> {
        let steps = self.image.cart_steps()?;
        let mut carts = Carts::none(self.image.layout()?.scenes());
        let visitors = self.image.visitors()?;
        let mut position = 0;
        for steps in steps.steps.chunk_by(|one, next| one.scene == next.scene) {
            let Some(scene) = steps.first().map(|step| step.scene as usize) else {
                continue;
            };
            while visitors.run(position).end <= scene {
                position += 1;
            }
            self.visit(scene, visitors.keys[position], steps, &mut carts);
        }
        Ok(Arc::new(carts))
    }

    /// The same, but for these visitors; the very same if nothing became of it.
    fn again(
        &self,
        before: &Arc<Carts>,
        visitors: &HashSet<VisitorKey>,
    ) -> Result<Arc<Carts>, StoreError> {
        let steps = self.image.cart_steps()?;
        let known = self.image.visitors()?;
        let mut carts = Carts::clone(before);
        for visitor in visitors {
            for scene in known.visits_of(*visitor) {
                self.visit(scene, *visitor, steps.of_scene(scene), &mut carts);
            }
        }
        if carts == **before {
            return Ok(before.clone());
        }
        Ok(Arc::new(carts))
    }

    fn visit(&self, scene: usize, visitor: VisitorKey, steps: &[Step], carts: &mut Carts) {
        let ordered = self.ordered.get(&(visitor, self.excluded.get(scene)));
        let ordered = ordered.map_or(&[][..], Vec::as_slice);
        let mut all: Vec<(Moment, CartStep<Item>)> =
            steps.iter().map(|step| (step.moment, step.step)).collect();
        let own = self.orders.of_scene(scene);
        let own = own.filter(|order| !self.orders.is_cancelled(*order));
        all.extend(own.map(|order| (self.orders.moment(order), CartStep::Order)));
        all.sort_by_key(|(moment, _)| *moment);
        let duration: i64 = self.durations.get(scene).unwrap_or(0);
        let end = Timestamp(self.starts.get(scene)).plus(duration);
        let outcome = outcome(all, ordered, end.plus(self.order_window));
        for (set, is_so) in [
            (&mut carts.held_something, outcome.had_cart),
            (&mut carts.abandoned, outcome.abandoned_cart),
            (&mut carts.checkout, outcome.had_checkout),
            (&mut carts.abandoned_checkout, outcome.abandoned_checkout),
        ] {
            if is_so {
                set.set(scene);
            } else {
                set.clear(scene);
            }
        }
    }
}

impl Carts {
    fn none(scenes: usize) -> Carts {
        Carts {
            held_something: Bits::zeros(scenes),
            abandoned: Bits::zeros(scenes),
            checkout: Bits::zeros(scenes),
            abandoned_checkout: Bits::zeros(scenes),
        }
    }
}

impl CartSteps {
    pub(super) fn of_scene(&self, scene: usize) -> &[Step] {
        let from = self
            .steps
            .partition_point(|step| (step.scene as usize) < scene);
        let to = self
            .steps
            .partition_point(|step| (step.scene as usize) <= scene);
        &self.steps[from..to]
    }

    /// The checkouts of these visits.
    pub(crate) fn funnel(&self, visits: &Bits, carts: &Carts) -> CheckoutFunnel {
        let mut funnel = CheckoutFunnel::default();
        for hits in self.checkouts.chunk_by(|one, next| one.scene == next.scene) {
            let scene = hits.first().map_or(0, |hit| hit.scene as usize);
            if visits.get(scene) {
                let actions = hits.iter().map(|hit| hit.action.clone());
                funnel.add(actions, !carts.abandoned_checkout.get(scene));
            }
        }
        funnel
    }
}
