//! Amounts of whatever size, some of them unknown.

/// An amount or nothing, one for each thing of a table, in as few bytes as the amounts need.
#[derive(Clone)]
pub(crate) enum Exact {
    /// All of them fit, as nearly always: up to nine million of a currency. `i64::MIN` is nothing.
    Narrow(Vec<i64>),
    Wide(Vec<Option<i128>>),
}

/// Stands for nothing among narrow amounts.
pub(crate) const NOTHING: i64 = i64::MIN;

impl Exact {
    pub(crate) fn with_capacity(capacity: usize) -> Exact {
        Exact::Narrow(Vec::with_capacity(capacity))
    }

    pub(crate) fn collect(amounts: impl IntoIterator<Item = Option<i128>>) -> Exact {
        let amounts = amounts.into_iter();
        let mut exact = Exact::with_capacity(amounts.size_hint().0);
        amounts.for_each(|amount| exact.push(amount));
        exact
    }

    pub(crate) fn push(&mut self, amount: Option<i128>) {
        match self {
            Exact::Narrow(amounts) => match narrow(amount) {
                Some(amount) => amounts.push(amount),
                None => {
                    self.widen();
                    self.push(amount);
                }
            },
            Exact::Wide(amounts) => amounts.push(amount),
        }
    }

    pub(crate) fn set(&mut self, row: usize, amount: Option<i128>) {
        match self {
            Exact::Narrow(amounts) => match narrow(amount) {
                Some(amount) => amounts[row] = amount,
                None => {
                    self.widen();
                    self.set(row, amount);
                }
            },
            Exact::Wide(amounts) => amounts[row] = amount,
        }
    }

    fn widen(&mut self) {
        let amounts = (0..self.len()).map(|row| self.get(row));
        *self = Exact::Wide(amounts.collect());
    }

    #[inline]
    pub(crate) fn get(&self, row: usize) -> Option<i128> {
        match self {
            Exact::Narrow(amounts) => Some(amounts[row])
                .filter(|amount| *amount != NOTHING)
                .map(i128::from),
            Exact::Wide(amounts) => amounts[row],
        }
    }

    /// What it adds to a sum.
    #[inline]
    pub(crate) fn amount(&self, row: usize) -> i128 {
        self.get(row).unwrap_or(0)
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Exact::Narrow(amounts) => amounts.len(),
            Exact::Wide(amounts) => amounts.len(),
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        match self {
            Exact::Narrow(amounts) => amounts.len() * 8,
            Exact::Wide(amounts) => amounts.len() * size_of::<Option<i128>>(),
        }
    }

    pub(crate) fn shrink(&mut self) {
        match self {
            Exact::Narrow(amounts) => amounts.shrink_to_fit(),
            Exact::Wide(amounts) => amounts.shrink_to_fit(),
        }
    }
}

fn narrow(amount: Option<i128>) -> Option<i64> {
    match amount {
        None => Some(NOTHING),
        Some(amount) => i64::try_from(amount)
            .ok()
            .filter(|amount| *amount != NOTHING),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_of_any_size_are_kept() {
        let check = |amounts: &[Option<i128>]| {
            let mut kept = Exact::collect(amounts.iter().copied());
            assert_eq!(kept.len(), amounts.len());
            for (row, amount) in amounts.iter().enumerate() {
                assert_eq!(kept.get(row), *amount);
                assert_eq!(kept.amount(row), amount.unwrap_or(0));
            }
            for (row, amount) in amounts.iter().enumerate() {
                kept.set(row, Some(i128::MAX));
                assert_eq!(kept.get(row), Some(i128::MAX));
                kept.set(row, *amount);
            }
            let again: Vec<Option<i128>> = (0..kept.len()).map(|row| kept.get(row)).collect();
            assert_eq!(again, amounts);
        };
        check(&[]);
        check(&[Some(0), None, Some(-7), Some(1 << 62)]);
        check(&[Some(1), Some(1 << 80), None, Some(i128::MIN)]);
        check(&[Some(i64::MIN.into()), None, Some(i64::MAX.into())]);
    }
}
