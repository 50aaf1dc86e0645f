//! Texts that hits and product rows told, one a row, each text kept once.

use std::sync::Arc;

use afsa_model::Text;
use afsa_segments::Table;
use afsa_store::StoreError;

use crate::image::{Codes, Numbered, Reader};

/// A column of texts. Empty text is none.
pub(crate) struct TextColumn {
    /// 0 for none, else a place among the values, counted from 1.
    keys: Codes,
    values: Values,
}

enum Values {
    /// Where texts come again and again, everybody shares them.
    Shared(Vec<Arc<str>>),
    /// Where most differ, as ids do, they lie one after the other, and are copied for who asks.
    Heap { text: String, ends: Vec<u32> },
}

/// Texts are shared where each comes so often on average.
const OFTEN: usize = 4;

impl TextColumn {
    /// The texts of these rows of a column, ascending; none where `is_told` says so.
    pub(super) fn read(
        reader: &Reader,
        table: Table,
        name: &str,
        rows: &[u32],
        is_told: impl Fn(usize) -> bool,
    ) -> Result<TextColumn, StoreError> {
        let Some(texts) = reader.texts(table, name)? else {
            return Ok(TextColumn::none(rows.len()));
        };
        let mut numbers = vec![0_u32; texts.values()];
        let mut used: Vec<usize> = Vec::new();
        let mut keys = Vec::with_capacity(rows.len());
        for (at, row) in rows.iter().enumerate() {
            let key = texts.key(*row as usize).filter(|_| is_told(at));
            let key = key.filter(|key| !texts.value(*key).is_empty());
            keys.push(key.map_or(0, |key| {
                if numbers[key] == 0 {
                    used.push(key);
                    numbers[key] = used.len() as u32;
                }
                numbers[key]
            }));
        }
        let length: usize = used.iter().map(|key| texts.value(*key).len()).sum();
        let is_long = u32::try_from(length).is_err();
        let values = if is_long || used.len() * OFTEN <= rows.len() {
            Values::Shared(used.iter().map(|key| texts.value(*key).into()).collect())
        } else {
            let mut text = String::with_capacity(length);
            let ends = used.iter().map(|key| {
                text.push_str(texts.value(*key));
                text.len() as u32
            });
            let ends = ends.collect();
            Values::Heap { text, ends }
        };
        Ok(TextColumn {
            keys: Codes::collect(used.len() as u32, keys.into_iter()),
            values,
        })
    }

    fn none(len: usize) -> TextColumn {
        TextColumn {
            keys: Codes::Null(len),
            values: Values::Shared(Vec::new()),
        }
    }

    /// The place of a row's text among the values, counted from 1; 0 for none.
    #[inline]
    pub(crate) fn key(&self, row: usize) -> usize {
        self.keys.get(row) as usize
    }

    pub(crate) fn get(&self, row: usize) -> Option<&str> {
        Some(self.value(self.key(row).checked_sub(1)?))
    }

    /// The same to keep.
    pub(crate) fn text(&self, row: usize) -> Text {
        let at = self.key(row).checked_sub(1)?;
        Some(match &self.values {
            Values::Shared(values) => values[at].clone(),
            Values::Heap { .. } => self.value(at).into(),
        })
    }

    fn value(&self, at: usize) -> &str {
        match &self.values {
            Values::Shared(values) => &values[at],
            Values::Heap { text, ends } => {
                let from = at.checked_sub(1).map_or(0, |before| ends[before]);
                &text[from as usize..ends[at] as usize]
            }
        }
    }

    fn len(&self) -> usize {
        match &self.values {
            Values::Shared(values) => values.len(),
            Values::Heap { ends, .. } => ends.len(),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let values = match &self.values {
            // A shared text has two counters before it.
            Values::Shared(values) => values.iter().map(|value| value.len() + 32).sum(),
            Values::Heap { text, ends } => text.len() + ends.len() * 4,
        };
        self.keys.bytes() + values
    }

    /// By key, what `code` makes of each text; 0 for none.
    pub(crate) fn map(&self, mut code: impl FnMut(&str) -> u32) -> Vec<u32> {
        let codes = (0..self.len()).map(|at| code(self.value(at)));
        std::iter::once(0).chain(codes).collect()
    }

    /// By key, the code of each text in a vocabulary.
    pub(crate) fn codes(&self, words: &mut Numbered) -> Vec<u32> {
        self.map(|text| words.code_of_text(text))
    }
}
