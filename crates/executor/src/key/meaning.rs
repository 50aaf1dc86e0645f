//! What codes stand for.

use std::cmp::Ordering;
use std::sync::Arc;

use afsa_store::Value;

use super::Clock;
use crate::image::Words;
use crate::names::Names;

/// How the codes of one dimension become values again. Code 0 is null.
#[derive(Clone)]
pub(crate) enum Meaning {
    Words(Arc<Words>),
    VisitorType,
    /// The number itself, up to the greatest.
    VisitNumber(u32),
    Clock(Arc<Clock>),
    /// Names, counted from 1.
    Goals(Arc<[Arc<str>]>),
    /// What a product is called, told by what another place of the key tells it apart by: it takes
    /// no place of its own.
    Called {
        sku: usize,
        names: Arc<Names>,
        words: Arc<Words>,
    },
}

impl Meaning {
    /// How many codes there are, null among them.
    pub(crate) fn codes(&self) -> u32 {
        match self {
            Meaning::Words(words) => words.read().codes(),
            Meaning::VisitorType => 3,
            Meaning::VisitNumber(greatest) => greatest.saturating_add(1),
            Meaning::Clock(clock) => clock.codes(),
            Meaning::Goals(names) => names.len() as u32 + 1,
            Meaning::Called { .. } => 1,
        }
    }

    pub(crate) fn value(&self, code: u32) -> Value {
        match (self, code) {
            (_, 0) => Value::Null,
            (Meaning::Words(words) | Meaning::Called { words, .. }, _) => words.read().value(code),
            (Meaning::VisitorType, 1) => Value::Text("new".into()),
            (Meaning::VisitorType, _) => Value::Text("returning".into()),
            (Meaning::VisitNumber(_), _) => Value::Number(code.into()),
            (Meaning::Clock(clock), _) => clock.value(code),
            (Meaning::Goals(names), _) => names
                .get(code as usize - 1)
                .map_or(Value::Null, |name| Value::Text(name.clone())),
        }
    }

    /// The code of a value; `None` if there is none.
    pub(crate) fn code(&self, value: &Value) -> Option<u32> {
        match (self, value) {
            (_, Value::Null) => Some(0),
            (Meaning::Words(words) | Meaning::Called { words, .. }, _) => {
                words.read().code_of(value)
            }
            (Meaning::VisitNumber(_), Value::Number(number)) => {
                // What was found before may have had greater ones than are counted now.
                u32::try_from(*number).ok().filter(|code| *code > 0)
            }
            _ => (1..self.codes()).find(|code| self.value(*code) == *value),
        }
    }

    /// Compares the values of two codes.
    pub(crate) fn compare(
        &self,
        left: u32,
        right: u32,
        compare: impl FnOnce(&Value, &Value) -> Ordering,
    ) -> Ordering {
        match self {
            Meaning::Words(words) | Meaning::Called { words, .. } => {
                let words = words.read();
                compare(words.value_of(left), words.value_of(right))
            }
            _ => compare(&self.value(left), &self.value(right)),
        }
    }

    /// The values of the codes from this one on.
    pub(crate) fn values_from(&self, code: u32) -> Vec<Value> {
        (code..self.codes()).map(|code| self.value(code)).collect()
    }
}
