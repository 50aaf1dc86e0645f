//! Where the things of each visit lie.

use std::ops::Range;

use crate::bits::{Bits, low_ones};

/// A kind of thing that an image holds a table of. Each table is in the order of the scenes.
///
/// A scene is a visit, or a hit of no visit, which stands alone in one: scenes are numbered
/// through, visits first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Thing {
    Scene,
    Hit,
    PageView,
    Event,
    /// A product of a product action, or the action itself where it names none.
    Product,
    Promotion,
    /// Orders, their rows and refunds lie in no image: they are derived of all of them.
    Order,
    OrderRow,
    Refund,
    RefundRow,
}

impl Thing {
    /// Whether it is an order, or what orders have.
    pub(crate) fn is_of_orders(self) -> bool {
        use Thing::*;
        matches!(self, Order | OrderRow | Refund | RefundRow)
    }
}

/// The rows of one kind of thing.
pub(crate) struct Things {
    pub(crate) offsets: Offsets,
    /// The row in the table that it was made of: `Items` of products and promotions (or
    /// [`NO_ROW`] where an action names no product), else `Hits`. Empty where they are the same.
    pub(crate) rows: Vec<u32>,
    /// Of products and promotions, the row of their hit.
    pub(crate) hit_rows: Vec<u32>,
    pub(crate) len: usize,
}

/// Stands for a row that isn't there.
pub(crate) const NO_ROW: u32 = u32::MAX;

impl Things {
    pub(crate) fn bytes(&self) -> usize {
        self.offsets.bytes() + (self.rows.len() + self.hit_rows.len()) * 4
    }
}

/// Where each scene's things begin.
pub(crate) enum Offsets {
    /// One for each scene, and the end.
    Dense(Vec<u32>),
    /// Only for scenes that have any, and the end.
    Sparse {
        has: Bits,
        before: Vec<u32>,
        starts: Vec<u32>,
    },
}

impl Offsets {
    /// From the number of things of each scene. Where few scenes have any, only these take room.
    pub(crate) fn from_counts(scenes: usize, counts: impl Iterator<Item = u32> + Clone) -> Offsets {
        let inhabited = counts
            .clone()
            .take(scenes)
            .filter(|count| *count > 0)
            .count();
        let mut end = 0;
        let mut next = |count: u32| {
            let begin = end;
            end += count;
            begin
        };
        if inhabited * 2 > scenes {
            let mut starts: Vec<u32> = counts.take(scenes).map(&mut next).collect();
            starts.push(end);
            return Offsets::Dense(starts);
        }
        let mut has = Bits::zeros(scenes);
        let mut starts = Vec::with_capacity(inhabited + 1);
        for (scene, count) in counts.take(scenes).enumerate() {
            if count > 0 {
                has.set(scene);
                starts.push(next(count));
            }
        }
        starts.push(end);
        Offsets::sparse(has, starts)
    }

    /// From the scenes that have things, and where these begin (and the end).
    pub(crate) fn sparse(has: Bits, starts: Vec<u32>) -> Offsets {
        let mut rank = 0;
        let before = has
            .words()
            .iter()
            .map(|word| {
                let before = rank;
                rank += word.count_ones();
                before
            })
            .collect();
        Offsets::Sparse {
            has,
            before,
            starts,
        }
    }

    /// The first thing of this scene or a later one.
    #[inline]
    pub(crate) fn begin(&self, scene: usize) -> usize {
        match self {
            Offsets::Dense(starts) => starts[scene] as usize,
            Offsets::Sparse {
                has,
                before,
                starts,
            } => {
                let Some(word) = has.words().get(scene / 64) else {
                    return starts.last().map_or(0, |end| *end as usize);
                };
                let rank = before[scene / 64] + (word & low_ones(scene % 64)).count_ones();
                starts[rank as usize] as usize
            }
        }
    }

    /// The things of a scene.
    #[inline]
    pub(crate) fn of(&self, scene: usize) -> std::ops::Range<usize> {
        self.begin(scene)..self.begin(scene + 1)
    }

    /// Gives each scene that has any of the things `from..to` with these, in order.
    pub(crate) fn each_with_things(
        &self,
        from: usize,
        to: usize,
        mut each: impl FnMut(usize, Range<usize>),
    ) {
        let mut give = |scene: usize, starts: &[u32]| {
            let things = (starts[0] as usize).max(from)..(starts[1] as usize).min(to);
            if !things.is_empty() {
                each(scene, things);
            }
        };
        // The place of the first thing's scene among the starts.
        let first = |starts: &[u32]| {
            let begun = starts.partition_point(|start| *start as usize <= from);
            begun.saturating_sub(1)
        };
        match self {
            Offsets::Dense(starts) => {
                let first = first(starts);
                for (scene, starts) in (first..).zip(starts[first..].windows(2)) {
                    if starts[0] as usize >= to {
                        break;
                    }
                    give(scene, starts);
                }
            }
            Offsets::Sparse {
                has,
                before,
                starts,
            } => {
                let first = first(starts);
                let word = before.partition_point(|rank| *rank as usize <= first);
                let word = word.saturating_sub(1);
                let skipped = first - before.get(word).map_or(0, |rank| *rank as usize);
                let scenes = has.ones_in(word * 64, has.len()).skip(skipped);
                for (scene, starts) in scenes.zip(starts[first..].windows(2)) {
                    if starts[0] as usize >= to {
                        break;
                    }
                    give(scene, starts);
                }
            }
        }
    }

    pub(crate) fn scenes(&self) -> usize {
        match self {
            Offsets::Dense(starts) => starts.len().saturating_sub(1),
            Offsets::Sparse { has, .. } => has.len(),
        }
    }

    /// Whether the scene has any thing.
    #[inline]
    pub(crate) fn any(&self, scene: usize) -> bool {
        match self {
            Offsets::Dense(starts) => starts[scene] < starts[scene + 1],
            Offsets::Sparse { has, .. } => has.get(scene),
        }
    }

    /// The scenes of `from..to` that have things; `None` where most have.
    pub(crate) fn inhabited(&self) -> Option<&Bits> {
        match self {
            Offsets::Dense(_) => None,
            Offsets::Sparse { has, .. } => Some(has),
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        match self {
            Offsets::Dense(starts) => starts.len() * 4,
            Offsets::Sparse {
                has,
                before,
                starts,
            } => has.bytes() + (before.len() + starts.len()) * 4,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dense_and_sparse_offsets_agree_with_plain_sums() {
        let check = |counts: Vec<u32>| {
            let offsets = Offsets::from_counts(counts.len(), counts.iter().copied());
            let mut begin = 0;
            for (scene, count) in counts.iter().enumerate() {
                let end = begin + *count as usize;
                assert_eq!(offsets.of(scene), begin..end, "{scene} of {counts:?}");
                assert_eq!(offsets.any(scene), *count > 0);
                begin = end;
            }
            assert_eq!(offsets.begin(counts.len()), begin);
            for (from, to) in [(0, begin), (1, begin), (begin / 2, begin / 2 + 3), (7, 7)] {
                let mut found = Vec::new();
                offsets.each_with_things(from, to.min(begin), |scene, things| {
                    found.extend(things.map(|thing| (scene, thing)));
                });
                let all = (0..counts.len()).flat_map(|scene| {
                    let things = offsets.of(scene).map(move |thing| (scene, thing));
                    things.filter(|(_, thing)| (from..to).contains(thing))
                });
                assert_eq!(found, all.collect::<Vec<_>>(), "{from}..{to} of {counts:?}");
            }
        };
        check(vec![]);
        check(vec![0]);
        check(vec![3]);
        check(vec![1; 64]);
        check(
            (0..200)
                .map(|scene| u32::from(scene % 9 == 0) * scene)
                .collect(),
        );
        check((0..200).map(|scene| scene % 5).collect());
        check((0..128).map(|scene| u32::from(scene == 127)).collect());
    }
}
