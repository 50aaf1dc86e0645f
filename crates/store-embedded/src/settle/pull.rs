//! Taking stored hits into memory.
//!
//! A visitor's hits fall apart into groups with gaps longer than the visit timeout between them;
//! no hit changes what is cut of another group. So stored hits of a visitor matter only if their
//! segment's first to last hit comes within the timeout of his hits in memory. Then all his hits
//! of that segment are taken into memory, which may bring further segments within reach, until
//! none is left. They stay in their segment, dead, until memory is written out.

use afsa_model::{Hit, VisitorKey};

use super::State;
use crate::error::Error;
use crate::hot::{FROZEN, HotHit};
use crate::part::Part;

/// Which stored hits of a visitor are wanted.
#[derive(Clone, Copy)]
pub(super) enum Reach {
    /// Those that come near his hits in memory.
    Near,
    All,
}

impl State {
    pub(super) fn pull(&mut self, visitors: &[VisitorKey], reach: Reach) -> Result<bool, Error> {
        let mut pulled_any = false;
        let gap = self.settings.visit_timeout;
        for index in 0..self.parts.len() {
            let Some(part) = self.parts.get(index).cloned() else {
                continue;
            };
            let mut wanted = Vec::new();
            for visitor in visitors {
                if self.wants(&part, *visitor, reach, gap) && part.is_sound() {
                    wanted.push(*visitor);
                }
            }
            let mut here = Vec::new();
            for visitor in wanted {
                if part.may_hold(visitor)? {
                    here.push(visitor);
                }
            }
            if here.is_empty() {
                continue;
            }
            here.sort_unstable();
            for (_, hits) in part.hits_of(&here)? {
                pulled_any |= !hits.is_empty();
                hits.into_iter()
                    .for_each(|hit| self.hot.add(HotHit { hit, told: None }));
            }
            self.hot.pulled.entry(part.row.id).or_default().extend(here);
        }
        pulled_any |= self.pull_frozen(visitors);
        Ok(pulled_any)
    }

    fn wants(&self, part: &Part, visitor: VisitorKey, reach: Reach, gap: i64) -> bool {
        if visitor == VisitorKey::NOBODY {
            // Hits of no visit change nothing for each other.
            return false;
        }
        let is_near = match (reach, self.hot.visitors.get(&visitor)) {
            (Reach::All, _) => true,
            (Reach::Near, Some(entry)) => part.is_near(entry.first, entry.last, gap),
            (Reach::Near, None) => false,
        };
        is_near
            && !self.hot.has_pulled(part.row.id, visitor)
            && !part.is_dead(visitor)
            && !self
                .frozen
                .as_ref()
                .is_some_and(|it| it.hot.has_pulled(part.row.id, visitor))
    }

    fn pull_frozen(&mut self, visitors: &[VisitorKey]) -> bool {
        let Some(frozen) = &self.frozen else {
            return false;
        };
        let mut pulled_any = false;
        for visitor in visitors {
            if *visitor == VisitorKey::NOBODY || self.hot.has_pulled(FROZEN, *visitor) {
                continue;
            }
            let Some(entry) = frozen.hot.visitors.get(visitor) else {
                continue;
            };
            let hits: Vec<Hit> = entry.hits.iter().map(|hit| hit.hit.clone()).collect();
            pulled_any |= !hits.is_empty();
            hits.into_iter()
                .for_each(|hit| self.hot.add(HotHit { hit, told: None }));
            self.hot.pulled.entry(FROZEN).or_default().insert(*visitor);
        }
        pulled_any
    }
}
