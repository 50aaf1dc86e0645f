//! Arrow columns, checked for the type and length that the layout gives them.

use std::sync::Arc;

use afsa_segments::{ColumnSource, SegmentError, Table};
use afsa_store::StoreError;
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, FixedSizeBinaryArray, Int64Array, StringArray,
    UInt8Array, UInt32Array, UInt64Array,
};

use super::vocabulary::Numbered;

/// Reads typed columns of one source.
pub(crate) struct Reader<'a>(pub(crate) &'a dyn ColumnSource);

macro_rules! typed {
    ($name:ident, $array:ty, $type:literal) => {
        /// The column, or `None` where it is null in every row.
        pub(crate) fn $name(&self, table: Table, name: &str) -> Result<Option<$array>, StoreError> {
            let Some(array) = self.array(table, name)? else {
                return Ok(None);
            };
            match array.as_any().downcast_ref::<$array>() {
                Some(typed) => Ok(Some(typed.clone())),
                None => Err(damaged(table, name, concat!("is not ", $type))),
            }
        }
    };
}

impl Reader<'_> {
    typed!(times, Int64Array, "Int64");
    typed!(numbers, UInt32Array, "UInt32");
    typed!(sequences, UInt64Array, "UInt64");
    typed!(small, UInt8Array, "UInt8");
    typed!(flags, BooleanArray, "Boolean");
    typed!(keys, FixedSizeBinaryArray, "FixedSizeBinary(16)");

    /// A column of texts.
    pub(crate) fn texts(&self, table: Table, name: &str) -> Result<Option<Texts>, StoreError> {
        let Some(array) = self.array(table, name)? else {
            return Ok(None);
        };
        let typed = array
            .as_any()
            .downcast_ref::<DictionaryArray<Int32Type>>()
            .and_then(|array| {
                let values = array
                    .values()
                    .as_any()
                    .downcast_ref::<StringArray>()?
                    .clone();
                Some(Texts {
                    keys: array.clone(),
                    values,
                })
            });
        match typed {
            Some(texts) => Ok(Some(texts)),
            None => Err(damaged(table, name, "is not Dictionary(Int32, Utf8)")),
        }
    }

    fn array(&self, table: Table, name: &str) -> Result<Option<ArrayRef>, StoreError> {
        let array = self.0.column(table, name).map_err(store_error)?;
        match array {
            Some(array) if array.len() != self.0.rows(table) => {
                Err(damaged(table, name, "is not as long as its table"))
            }
            other => Ok(other),
        }
    }
}

/// Texts with their dictionary.
#[derive(Clone)]
pub(crate) struct Texts {
    keys: DictionaryArray<Int32Type>,
    values: StringArray,
}

impl Texts {
    /// The text of a row; `None` where it is null or there is no such row.
    pub(crate) fn get(&self, row: usize) -> Option<&str> {
        let key = self.key(row)?;
        Some(self.values.value(key))
    }

    /// How many values the dictionary has.
    pub(crate) fn values(&self) -> usize {
        self.values.len()
    }

    /// The value at a position of the dictionary that a row has.
    pub(crate) fn value(&self, key: usize) -> &str {
        self.values.value(key)
    }

    /// Shared texts, each made once.
    pub(crate) fn shared(&self) -> Vec<Arc<str>> {
        (0..self.values.len())
            .map(|at| {
                if self.values.is_null(at) {
                    "".into()
                } else {
                    self.values.value(at).into()
                }
            })
            .collect()
    }

    /// The row's position in the dictionary.
    #[inline]
    pub(crate) fn key(&self, row: usize) -> Option<usize> {
        if row >= self.keys.len() || self.keys.is_null(row) {
            return None;
        }
        let key = usize::try_from(self.keys.keys().value(row)).ok()?;
        (key < self.values.len() && !self.values.is_null(key)).then_some(key)
    }

    /// For each position of the dictionary that `rows` use, its code; for the others 0.
    pub(crate) fn codes(
        &self,
        rows: impl Iterator<Item = usize>,
        words: &mut Numbered,
    ) -> Vec<u32> {
        let mut used = vec![false; self.values.len()];
        for row in rows {
            if let Some(key) = self.key(row) {
                used[key] = true;
            }
        }
        let code = |(key, used)| {
            if used {
                words.code_of_text(self.values.value(key))
            } else {
                0
            }
        };
        used.into_iter().enumerate().map(code).collect()
    }
}

pub(crate) fn damaged(table: Table, name: &str, problem: &str) -> StoreError {
    StoreError::Damaged(format!("column {name} of {table:?} {problem}"))
}

fn store_error(error: SegmentError) -> StoreError {
    match error {
        SegmentError::Io {
            operation,
            path,
            problem,
        } => StoreError::Io(format!("{operation} {path}"), problem),
        damaged => StoreError::Damaged(damaged.to_string()),
    }
}
