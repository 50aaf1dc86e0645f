//! Times in few bytes.

use afsa_model::{TimeRange, Timestamp};

use crate::bits::Bits;

/// Instants in milliseconds, one a row.
#[derive(Clone, Debug)]
pub(crate) enum Instants {
    /// Whole seconds after `base` (itself in seconds) up to `last`, and milliseconds after these.
    Near {
        base: i64,
        last: u32,
        seconds: Vec<u32>,
        millis: Vec<u16>,
    },
    Far(Vec<i64>),
}

impl Instants {
    /// The compact form is taken where all instants lie within 136 years.
    pub(crate) fn from_values(values: Vec<i64>) -> Instants {
        let (Some(least), Some(most)) = (values.iter().min(), values.iter().max()) else {
            return Instants::Far(values);
        };
        let base = least.div_euclid(1_000);
        if most.div_euclid(1_000) - base > i64::from(u32::MAX) {
            return Instants::Far(values);
        }
        Instants::Near {
            base,
            last: (most.div_euclid(1_000) - base) as u32,
            seconds: values
                .iter()
                .map(|it| (it.div_euclid(1_000) - base) as u32)
                .collect(),
            millis: values
                .iter()
                .map(|it| it.rem_euclid(1_000) as u16)
                .collect(),
        }
    }

    #[inline]
    pub(crate) fn get(&self, row: usize) -> i64 {
        match self {
            Instants::Near {
                base,
                seconds,
                millis,
                ..
            } => (base + i64::from(seconds[row])) * 1_000 + i64::from(millis[row]),
            Instants::Far(values) => values[row],
        }
    }

    /// The rows whose instants lie in the range.
    pub(crate) fn within(&self, range: TimeRange) -> Bits {
        let contains = |row: usize| range.contains(Timestamp(self.get(row)));
        let Instants::Near {
            base,
            last,
            seconds,
            ..
        } = self
        else {
            return Bits::from_fn(self.len(), contains);
        };
        let begun = |at: Timestamp| at.0.div_euclid(1_000).saturating_sub(*base);
        let next = |at: Timestamp| begun(at).saturating_add((at.0.rem_euclid(1_000) != 0).into());
        let mut rows = within(seconds, *last, begun(range.from), next(range.to));
        if range.from.0 % 1_000 != 0 || range.to.0 % 1_000 != 0 {
            // Of the seconds in which the range begins and ends, milliseconds tell.
            let mut odd = rows.clone();
            odd.and_not(&within(seconds, *last, next(range.from), begun(range.to)));
            for row in odd.ones_in(0, odd.len()).filter(|row| !contains(*row)) {
                rows.clear(row);
            }
        }
        rows
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Instants::Near { seconds, .. } => seconds.len(),
            Instants::Far(values) => values.len(),
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        match self {
            Instants::Near { seconds, .. } => seconds.len() * 6,
            Instants::Far(values) => values.len() * 8,
        }
    }
}

/// The rows of which `from <= second < to`; no second is later than `last`.
fn within(seconds: &[u32], last: u32, from: i64, to: i64) -> Bits {
    let (from, to) = (from.max(0), to.min(i64::from(last) + 1));
    if from >= to {
        return Bits::zeros(seconds.len());
    }
    if from == 0 && to > i64::from(last) {
        return Bits::ones(seconds.len());
    }
    // Both fit now, as does their difference: it is less than all seconds there are.
    let (from, span) = (from as u32, (to - from) as u32);
    Bits::of_values(seconds, |second| second.wrapping_sub(from) < span)
}

/// When each thing of a table was, beside its scene's start.
#[derive(Clone, Debug)]
pub(crate) enum Moments {
    /// Milliseconds after the start of the scene.
    After(Vec<u32>),
    /// Milliseconds since 1970.
    Absolute(Vec<i64>),
}

impl Moments {
    /// From instants and the starts of their scenes, in step.
    pub(crate) fn collect(pairs: impl Iterator<Item = (i64, i64)> + Clone) -> Moments {
        let fits = |(start, time): (i64, i64)| {
            time.checked_sub(start)
                .is_some_and(|it| u32::try_from(it).is_ok())
        };
        if pairs.clone().all(fits) {
            Moments::After(pairs.map(|(start, time)| (time - start) as u32).collect())
        } else {
            Moments::Absolute(pairs.map(|(_, time)| time).collect())
        }
    }

    #[inline]
    pub(crate) fn get(&self, start: i64, row: usize) -> i64 {
        match self {
            Moments::After(after) => start + i64::from(after[row]),
            Moments::Absolute(values) => values[row],
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        match self {
            Moments::After(after) => after.len() * 4,
            Moments::Absolute(values) => values.len() * 8,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_and_far_instants_come_back() {
        for values in [
            vec![],
            vec![0, -1, 1_700_000_000_123],
            vec![-5_000, -4_999, 999],
            vec![i64::MIN, 0, i64::MAX],
            vec![0, (i64::from(u32::MAX) + 1) * 1_000],
        ] {
            let instants = Instants::from_values(values.clone());
            for (row, value) in values.iter().enumerate() {
                assert_eq!(instants.get(row), *value, "{values:?}");
            }
            let edges = [
                i64::MIN,
                -4_999,
                -1_000,
                0,
                999,
                1_000,
                1_700_000_000_000,
                i64::MAX,
            ];
            for from in edges {
                for to in edges {
                    let range = TimeRange {
                        from: Timestamp(from),
                        to: Timestamp(to),
                    };
                    let expect =
                        Bits::from_fn(values.len(), |row| range.contains(Timestamp(values[row])));
                    assert_eq!(instants.within(range), expect, "{from}..{to} of {values:?}");
                }
            }
            let starts: Vec<i64> = values.iter().map(|it| it.saturating_sub(7)).collect();
            let pairs = starts.iter().copied().zip(values.iter().copied());
            let moments = Moments::collect(pairs);
            for (row, value) in values.iter().enumerate() {
                assert_eq!(moments.get(starts[row], row), *value, "{values:?}");
            }
        }
    }
}
