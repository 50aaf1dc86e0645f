//! Keys of groups: one number for the codes of all dimensions of a question.

use afsa_store::Value;

use super::Meaning;

/// The dimensions of a question as places of a number: a key is the sum of each dimension's code
/// times its stride, so that parts of a key are added up as they become known, and a part in which
/// everything is null is 0.
pub(crate) struct Axes {
    pub(crate) axes: Vec<Axis>,
    /// How many keys there are.
    pub(crate) keys: u128,
}

pub(crate) struct Axis {
    pub(crate) stride: u128,
    codes: u128,
    meaning: Meaning,
}

impl Axes {
    /// All columns of the dimensions must be loaded by now: codes that are met later don't fit.
    ///
    /// Answers `None` if the keys don't fit into a number, which takes more than 2³¹ values each.
    pub(crate) fn new(meanings: Vec<Meaning>) -> Option<Axes> {
        let codes: Vec<u32> = meanings.iter().map(Meaning::codes).collect();
        Axes::with_codes(meanings, &codes)
    }

    /// With so many codes in each dimension.
    pub(crate) fn with_codes(meanings: Vec<Meaning>, codes: &[u32]) -> Option<Axes> {
        let mut keys: u128 = 1;
        let mut axes = Vec::with_capacity(meanings.len());
        for (meaning, codes) in meanings.into_iter().zip(codes) {
            let codes = u128::from(*codes);
            axes.push(Axis {
                stride: keys,
                codes,
                meaning,
            });
            keys = keys.checked_mul(codes)?;
        }
        Some(Axes { axes, keys })
    }

    /// How many codes each dimension has.
    pub(crate) fn codes(&self) -> Vec<u32> {
        self.axes.iter().map(|axis| axis.codes as u32).collect()
    }

    /// The key here of a key made with other numbers of codes, none greater than here.
    pub(crate) fn key_from(&self, key: u128, codes: &[u32]) -> u128 {
        let mut rest = key;
        let part = |(axis, codes): (&Axis, &u32)| {
            let codes = u128::from(*codes);
            let code = rest % codes;
            rest /= codes;
            code * axis.stride
        };
        self.axes.iter().zip(codes).map(part).sum()
    }

    pub(crate) fn values(&self, key: u128) -> Vec<Value> {
        let code = |axis: &Axis| (key / axis.stride % axis.codes) as u32;
        self.axes
            .iter()
            .map(|axis| axis.meaning.value(code(axis)))
            .collect()
    }
}
