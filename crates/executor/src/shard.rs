//! Images that share visitors, walked together.

use std::sync::{Arc, OnceLock};

use afsa_model::VisitorKey;
use afsa_store::{Dimension, StoreError};
use hashbrown::HashMap;

use crate::found::QuestionKey;
use crate::image::{Codes, Image, LastVisits, Ranks, Shelf, Visitors, with_patches};

/// The images of one range of visitors, the newest last. A visitor may have visits in several of
/// them, never the same visit twice; none has visits in another shard.
pub struct Shard {
    images: Vec<Arc<Image>>,
    walk: OnceLock<Arc<Walk>>,
    ranks: OnceLock<Arc<Vec<Arc<Ranks>>>>,
    days: OnceLock<Arc<Vec<Arc<Codes>>>>,
    /// What was found for questions; there is none to ask where there are no images.
    found: Option<Arc<Shelf<QuestionKey>>>,
}

/// A dashboard asks some fifty questions; the bound on memory decides about large answers.
const MOST_FOUND: usize = 1_024;

/// How to pass over the visits of all images so that each visitor's are neighbours.
pub(crate) struct Walk {
    /// Together they hold each visit once, and whole visitors but where one `continues`.
    pub(crate) stretches: Vec<Stretch>,
    /// Visitors of several images, ascending, with (image, position among its visitors).
    pub(crate) shared: Vec<(VisitorKey, Vec<(usize, usize)>)>,
}

/// Neighbouring visits of one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) image: usize,
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// The first visit is of the visitor of the stretch before.
    pub(crate) continues: bool,
}

impl Shard {
    pub fn new(images: Vec<Arc<Image>>) -> Shard {
        let found = images
            .first()
            .map(|image| Shelf::new(image.budget(), MOST_FOUND));
        Shard {
            found,
            images,
            walk: OnceLock::new(),
            ranks: OnceLock::new(),
            days: OnceLock::new(),
        }
    }

    pub fn images(&self) -> &[Arc<Image>] {
        &self.images
    }

    /// What was found for questions asked before.
    pub(crate) fn found(&self) -> Option<&Shelf<QuestionKey>> {
        self.found.as_deref()
    }

    pub(crate) fn walk(&self) -> Result<Arc<Walk>, StoreError> {
        if let Some(walk) = self.walk.get() {
            return Ok(walk.clone());
        }
        let visitors: Vec<Arc<Visitors>> = self
            .images
            .iter()
            .map(|image| image.visitors())
            .collect::<Result<_, _>>()?;
        let walk = Arc::new(Walk::of(&visitors));
        Ok(self.walk.get_or_init(|| walk).clone())
    }

    /// Which visit of its visitor each visit of each image is.
    pub(crate) fn ranks(&self) -> Result<Arc<Vec<Arc<Ranks>>>, StoreError> {
        if let Some(ranks) = self.ranks.get() {
            return Ok(ranks.clone());
        }
        let mut ranks: Vec<Arc<Ranks>> = self
            .images
            .iter()
            .map(|image| image.ranks())
            .collect::<Result<_, _>>()?;
        let mut patches = vec![Vec::new(); self.images.len()];
        self.for_each_shared(&mut |visits| {
            let (mut people, mut others) = (0, 0);
            for visit in visits {
                let number = if visit.is_excluded {
                    &mut others
                } else {
                    &mut people
                };
                *number += 1;
                patches[visit.image].push((visit.visit as u32, *number));
            }
        })?;
        for (ranks, patches) in ranks.iter_mut().zip(patches) {
            if !patches.is_empty() {
                *ranks = Arc::new(ranks.with(&patches));
            }
        }
        let ranks = Arc::new(ranks);
        Ok(self.ranks.get_or_init(|| ranks).clone())
    }

    /// The days since the visit before of its visitor, of each visit of each image, as codes.
    pub(crate) fn days(&self) -> Result<Arc<Vec<Arc<Codes>>>, StoreError> {
        if let Some(days) = self.days.get() {
            return Ok(days.clone());
        }
        let mut days: Vec<Arc<Codes>> = self
            .images
            .iter()
            .map(|image| image.days())
            .collect::<Result<_, _>>()?;
        let mut patches = vec![Vec::new(); self.images.len()];
        if let Some(image) = self.images.first() {
            let words = image.vocabulary().of(Dimension::DaysSinceLastVisit);
            let mut words = words.write();
            self.for_each_shared(&mut |visits| {
                let mut last = LastVisits::default();
                for visit in visits {
                    let code = last.code(visit.start, visit.is_excluded, &mut words);
                    patches[visit.image].push((visit.visit as u32, code));
                }
            })?;
        }
        for (days, patches) in days.iter_mut().zip(patches) {
            if !patches.is_empty() {
                *days = Arc::new(with_patches(days, &patches));
            }
        }
        let days = Arc::new(days);
        Ok(self.days.get_or_init(|| days).clone())
    }

    /// Gives the living visits of each visitor that several images have, by start.
    fn for_each_shared(&self, each: &mut dyn FnMut(&[SharedVisit])) -> Result<(), StoreError> {
        let walk = self.walk()?;
        if walk.shared.is_empty() {
            return Ok(());
        }
        let mut columns = Vec::with_capacity(self.images.len());
        for image in &self.images {
            columns.push((image.visitors()?, image.starts()?, image.excluded()?));
        }
        for (_, places) in &walk.shared {
            let mut visits = Vec::new();
            for (image, position) in places {
                let (visitors, starts, excluded) = &columns[*image];
                let living = visitors.run(*position).filter(|visit| {
                    !self.images[*image]
                        .dead()
                        .is_some_and(|dead| dead.get(*visit))
                });
                visits.extend(living.map(|visit| SharedVisit {
                    start: starts.get(visit),
                    image: *image,
                    visit,
                    is_excluded: excluded.get(visit),
                }));
            }
            visits.sort_unstable();
            each(&visits);
        }
        Ok(())
    }
}

/// A visit of a visitor that several images have.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct SharedVisit {
    start: i64,
    image: usize,
    visit: usize,
    is_excluded: bool,
}

impl Walk {
    fn of(visitors: &[Arc<Visitors>]) -> Walk {
        let shared = shared(visitors);
        let mut stretches = Vec::new();
        for (image, visitors) in visitors.iter().enumerate() {
            let mut from = 0;
            let here = shared.iter().flat_map(|(_, places)| places);
            for (_, position) in here.filter(|(place, _)| *place == image) {
                let run = visitors.run(*position);
                push(
                    &mut stretches,
                    Stretch {
                        image,
                        from,
                        to: run.start,
                        continues: false,
                    },
                );
                from = run.end;
            }
            let to = visitors.first.len();
            push(
                &mut stretches,
                Stretch {
                    image,
                    from,
                    to,
                    continues: false,
                },
            );
        }
        for (_, places) in &shared {
            for (nth, (image, position)) in places.iter().enumerate() {
                let run = visitors[*image].run(*position);
                let (from, to) = (run.start, run.end);
                push(
                    &mut stretches,
                    Stretch {
                        image: *image,
                        from,
                        to,
                        continues: nth > 0,
                    },
                );
            }
        }
        Walk { stretches, shared }
    }
}

fn push(stretches: &mut Vec<Stretch>, stretch: Stretch) {
    if stretch.from < stretch.to {
        stretches.push(stretch);
    }
}

/// Visitors that several images have. All keys but those of the image that has most are looked at.
fn shared(visitors: &[Arc<Visitors>]) -> Vec<(VisitorKey, Vec<(usize, usize)>)> {
    let Some(largest) = (0..visitors.len()).max_by_key(|image| visitors[*image].keys.len()) else {
        return Vec::new();
    };
    let mut places: HashMap<VisitorKey, Vec<(usize, usize)>> = HashMap::new();
    for (image, smaller) in visitors
        .iter()
        .enumerate()
        .filter(|(image, _)| *image != largest)
    {
        for (position, key) in smaller.keys.iter().enumerate() {
            places.entry(*key).or_default().push((image, position));
        }
    }
    for (key, places) in &mut places {
        if let Ok(position) = visitors[largest].keys.binary_search(key) {
            places.push((largest, position));
        }
    }
    let mut shared: Vec<_> = places
        .into_iter()
        .filter(|(_, places)| places.len() > 1)
        .collect();
    shared.sort_unstable();
    shared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_holds_each_visit_once_and_visitors_together() {
        let check = |images: &[&[u128]]| {
            let visitors: Vec<Arc<Visitors>> = images
                .iter()
                .map(|keys| {
                    let keys = keys.iter().map(|key| VisitorKey(*key));
                    Arc::new(Visitors::from_keys(keys.len(), keys))
                })
                .collect();
            let walk = Walk::of(&visitors);
            let mut seen = Vec::new();
            let mut visits = 0;
            for stretch in &walk.stretches {
                for visit in stretch.from..stretch.to {
                    visits += 1;
                    let key = images[stretch.image][visit];
                    let is_same = if visit > stretch.from {
                        images[stretch.image][visit - 1] == key
                    } else {
                        stretch.continues
                    };
                    assert_eq!(is_same, seen.last() == Some(&key), "{images:?}");
                    if !is_same {
                        assert!(!seen.contains(&key), "{key} comes again in {images:?}");
                        seen.push(key);
                    }
                }
            }
            assert_eq!(visits, images.iter().map(|keys| keys.len()).sum::<usize>());
        };
        check(&[]);
        check(&[&[]]);
        check(&[&[1, 1, 2, 5]]);
        check(&[&[1, 1, 2, 5, 9], &[], &[2, 3], &[2, 2, 9]]);
        check(&[&[1], &[1], &[1]]);
        check(&[&[4], &[1, 2, 3, 4, 5], &[3, 3]]);
    }
}
