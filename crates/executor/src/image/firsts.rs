//! Which things are the first of their scene with their value.

use super::codes::Codes;
use super::columns::Loaded;
use super::things::Offsets;
use crate::bits::Bits;

/// Of a dimension that things have themselves: what counts scenes once a value.
pub(crate) struct Firsts {
    /// Things with a value that none before them in their scene has.
    pub(crate) first: Bits,
    /// Scenes of which no thing has a value.
    pub(crate) bare: Bits,
}

impl Loaded for Firsts {
    fn bytes(&self) -> usize {
        self.first.bytes() + self.bare.bytes()
    }
}

impl Firsts {
    pub(crate) fn of(codes: &Codes, offsets: &Offsets, scenes: usize) -> Firsts {
        let greatest = (0..codes.len()).map(|thing| codes.get(thing)).max();
        // The last scene in which each value was met, from 1.
        let mut met = vec![0_u32; greatest.map_or(0, |code| code as usize + 1)];
        let mut firsts = Firsts {
            first: Bits::zeros(codes.len()),
            bare: Bits::zeros(scenes),
        };
        let mut begin = 0;
        for scene in 0..scenes {
            let end = offsets.begin(scene + 1);
            let mut is_bare = true;
            for thing in begin..end {
                let code = codes.get(thing);
                if code == 0 {
                    continue;
                }
                is_bare = false;
                let met = &mut met[code as usize];
                if *met != scene as u32 + 1 {
                    *met = scene as u32 + 1;
                    firsts.first.set(thing);
                }
            }
            if is_bare {
                firsts.bare.set(scene);
            }
            begin = end;
        }
        firsts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_each_value_once_a_scene() {
        let check = |scenes: &[&[u32]], expect_first: &[usize], expect_bare: &[usize]| {
            let codes: Vec<u32> = scenes.iter().flat_map(|codes| codes.to_vec()).collect();
            let counts = scenes.iter().map(|codes| codes.len() as u32);
            let offsets = Offsets::from_counts(scenes.len(), counts);
            let codes = Codes::collect(9, codes.into_iter());
            let firsts = Firsts::of(&codes, &offsets, scenes.len());
            let first: Vec<usize> = firsts.first.ones_in(0, codes.len()).collect();
            let bare: Vec<usize> = firsts.bare.ones_in(0, scenes.len()).collect();
            assert_eq!(first, expect_first, "{scenes:?}");
            assert_eq!(bare, expect_bare, "{scenes:?}");
        };
        check(&[], &[], &[]);
        check(&[&[]], &[], &[0]);
        check(&[&[0, 0], &[5, 0, 5, 6], &[5]], &[2, 5, 6], &[0]);
        check(&[&[1], &[], &[1, 1, 1], &[2, 1, 2]], &[0, 1, 4, 5], &[1]);
    }
}
