//! Putting orders into the parts that they belong to.

use std::sync::Arc;

use afsa_model::Timestamp;
use afsa_store::StoreError;
use rayon::prelude::*;

use super::customers::Customers;
use super::facts::Facts;
use super::{Orders, PartOrders};
use crate::image::Image;

/// The orders of a part: those that it had, or others.
pub(super) enum PartPlaced {
    Same(Arc<PartOrders>),
    /// Each by the number of its facts and its place among them.
    New(Vec<(u32, u32)>),
}

/// The orders of each image, then those of no visit, put into their parts.
pub(super) fn place_all(
    images: &[&Arc<Image>],
    facts: &[&Facts],
    parts: Vec<PartPlaced>,
    customers: Arc<Customers>,
) -> Result<Orders, StoreError> {
    let budget = images.first().map(|image| image.budget().clone());
    let place = |(number, part): (usize, PartPlaced)| -> Result<Arc<PartOrders>, StoreError> {
        let mut places = match part {
            PartPlaced::Same(orders) => return Ok(orders),
            PartPlaced::New(places) => places,
        };
        let moment = |(from, row): &(u32, u32)| -> (Timestamp, u64) {
            facts[*from as usize].moment(*row as usize)
        };
        let scene = |(from, row): &(u32, u32)| facts[*from as usize].scene(*row as usize);
        let Some(image) = images.get(number) else {
            places.sort_unstable_by_key(moment);
            let mut alone = Facts::gather(facts, &places);
            alone.stand_alone();
            let orders = PartOrders::new(alone.len(), None, alone, &customers, budget.clone());
            return Ok(Arc::new(orders));
        };
        // The layout isn't needed, and may not be loaded, where there is nothing to place.
        if places.is_empty() {
            return Ok(Arc::new(PartOrders::none()));
        }
        places.par_sort_unstable_by_key(|at| (scene(at), moment(at)));
        let gathered = Facts::gather(facts, &places);
        drop(places);
        let (scenes, starts) = (image.layout()?.scenes(), image.starts()?);
        let orders = PartOrders::new(scenes, Some(starts), gathered, &customers, budget.clone());
        Ok(Arc::new(orders))
    };
    let parts = parts.into_par_iter().enumerate().map(place);
    let mut parts: Vec<Arc<PartOrders>> = parts.collect::<Result<_, _>>()?;
    let lone = parts.pop();
    Ok(Orders {
        parts,
        lone: lone.unwrap_or_else(|| Arc::new(PartOrders::none())),
        customers,
    })
}
