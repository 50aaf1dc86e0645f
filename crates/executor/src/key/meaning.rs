//! What codes stand for.

use std::sync::Arc;

use afsa_store::Value;

use super::Clock;
use crate::image::Words;

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
        }
    }

    pub(crate) fn value(&self, code: u32) -> Value {
        match (self, code) {
            (_, 0) => Value::Null,
            (Meaning::Words(words), _) => words.read().value(code),
            (Meaning::VisitorType, 1) => Value::Text("new".into()),
            (Meaning::VisitorType, _) => Value::Text("returning".into()),
            (Meaning::VisitNumber(_), _) => Value::Number(code.into()),
            (Meaning::Clock(clock), _) => clock.value(code),
            (Meaning::Goals(names), _) => names
                .get(code as usize - 1)
                .map_or(Value::Null, |name| Value::Text(name.clone())),
        }
    }

    /// The values of the codes from this one on.
    pub(crate) fn values_from(&self, code: u32) -> Vec<Value> {
        (code..self.codes()).map(|code| self.value(code)).collect()
    }
}
