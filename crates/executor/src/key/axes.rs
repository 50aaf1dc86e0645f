//! Keys of groups: one number for the codes of all dimensions of a question.

use std::cmp::Ordering;

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

    /// The stride of a dimension, and how many codes it has.
    pub(crate) fn place(&self, place: usize) -> Option<(u128, u128)> {
        let axis = self.axes.get(place)?;
        Some((axis.stride, axis.codes))
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

    /// The key of these values; `None` if one of them was never met.
    pub(crate) fn key_of(&self, values: &[Value]) -> Option<u128> {
        let mut key = 0;
        for (axis, value) in self.axes.iter().zip(values) {
            let code = u128::from(axis.meaning.code(value)?);
            if !matches!(axis.meaning, Meaning::Called { .. }) {
                key += Some(code).filter(|code| *code < axis.codes)? * axis.stride;
            }
        }
        // What follows from another place has to be what is asked for.
        let is_asked = |(axis, value): (&Axis, &Value)| match axis.meaning {
            Meaning::Called { .. } => axis.meaning.value(self.code(axis, key)) == *value,
            _ => true,
        };
        self.axes.iter().zip(values).all(is_asked).then_some(key)
    }

    /// Compares what two keys have in one dimension; there is no difference in one that isn't.
    pub(crate) fn compare(
        &self,
        place: usize,
        left: u128,
        right: u128,
        compare: impl FnOnce(&Value, &Value) -> Ordering,
    ) -> Ordering {
        let Some(axis) = self.axes.get(place) else {
            return Ordering::Equal;
        };
        let (left, right) = (self.code(axis, left), self.code(axis, right));
        if left == right {
            return Ordering::Equal;
        }
        axis.meaning.compare(left, right, compare)
    }

    pub(crate) fn values(&self, key: u128) -> Vec<Value> {
        self.axes
            .iter()
            .map(|axis| axis.meaning.value(self.code(axis, key)))
            .collect()
    }

    /// The code that a key has in a dimension.
    fn code(&self, axis: &Axis, key: u128) -> u32 {
        match &axis.meaning {
            Meaning::Called { sku, names, .. } => {
                let sku = self.axes.get(*sku).map_or(0, |axis| axis.code(key));
                names.code_of(sku)
            }
            _ => axis.code(key),
        }
    }
}

impl Axis {
    fn code(&self, key: u128) -> u32 {
        (key / self.stride % self.codes) as u32
    }
}
