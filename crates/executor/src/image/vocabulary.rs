//! The values of dimensions, numbered once for all images of an account.

use std::hash::BuildHasher;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use afsa_store::{Dimension, Value};
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

/// The values of each dimension of one account, numbered in the order in which they were met.
///
/// Images that share a vocabulary hold the same code for the same value, so a question needs no
/// mapping between them and tests each value once. A vocabulary only grows; whoever holds it
/// begins a new one, with new images, where values that are in use no more take too much room.
#[derive(Default)]
pub struct Vocabulary {
    words: RwLock<HashMap<Dimension, Arc<Words>>>,
}

impl Vocabulary {
    /// The values of one dimension.
    pub(crate) fn of(&self, dimension: Dimension) -> Arc<Words> {
        let found = read(&self.words).get(&dimension).cloned();
        found.unwrap_or_else(|| write(&self.words).entry(dimension).or_default().clone())
    }

    /// Bytes held.
    pub fn memory(&self) -> usize {
        let words: Vec<Arc<Words>> = read(&self.words).values().cloned().collect();
        words.iter().map(|words| words.read().bytes).sum()
    }
}

/// The values of one dimension. Code 0 is null.
#[derive(Default)]
pub(crate) struct Words {
    numbered: RwLock<Numbered>,
}

impl Words {
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Numbered> {
        read(&self.numbered)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Numbered> {
        write(&self.numbered)
    }
}

#[derive(Default)]
pub(crate) struct Numbered {
    values: Vec<Value>,
    index: HashTable<u32>,
    hasher: DefaultHashBuilder,
    bytes: usize,
}

impl Numbered {
    /// How many codes there are, null among them.
    pub(crate) fn codes(&self) -> u32 {
        self.values.len() as u32 + 1
    }

    /// The value of a code; null for a code that isn't there.
    pub(crate) fn value(&self, code: u32) -> Value {
        self.value_of(code).clone()
    }

    /// The same, to look at.
    pub(crate) fn value_of(&self, code: u32) -> &Value {
        let at = code.checked_sub(1);
        at.and_then(|at| self.values.get(at as usize))
            .unwrap_or(&Value::Null)
    }

    /// The code of a value; `None` if it was never met.
    pub(crate) fn code_of(&self, value: &Value) -> Option<u32> {
        let hash = match value {
            Value::Text(text) => self.hasher.hash_one(&**text),
            Value::Number(number) => self.hasher.hash_one(number),
            Value::Null => return Some(0),
        };
        let is_same = |code: &u32| self.values[*code as usize - 1] == *value;
        self.index.find(hash, is_same).copied()
    }

    /// The values of the codes from 1 on.
    pub(crate) fn values(&self) -> &[Value] {
        &self.values
    }

    /// The code of a text, numbered now if it is new. Empty text is null.
    pub(crate) fn code_of_text(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        self.code(
            self.hasher.hash_one(text),
            |value| matches!(value, Value::Text(known) if &**known == text),
            || Value::Text(text.into()),
            text.len(),
        )
    }

    /// The code of a number, numbered now if it is new.
    pub(crate) fn code_of_number(&mut self, number: i64) -> u32 {
        self.code(
            self.hasher.hash_one(number),
            |value| *value == Value::Number(number),
            || Value::Number(number),
            0,
        )
    }

    fn code(
        &mut self,
        hash: u64,
        equals: impl Fn(&Value) -> bool,
        make: impl FnOnce() -> Value,
        length: usize,
    ) -> u32 {
        let Numbered {
            values,
            index,
            hasher,
            bytes,
        } = self;
        if let Some(code) = index.find(hash, |code| equals(&values[*code as usize - 1])) {
            return *code;
        }
        values.push(make());
        let code = values.len() as u32;
        index.insert_unique(hash, code, |code| match &values[*code as usize - 1] {
            Value::Text(text) => hasher.hash_one(&**text),
            Value::Number(number) => hasher.hash_one(number),
            Value::Null => 0,
        });
        // A shared text has two counters before it; the table takes about two words a value.
        *bytes += length + 16 + size_of::<Value>() + 8;
        code
    }
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
