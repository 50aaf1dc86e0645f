//! Columns under construction. A row that is never set is null and costs nothing until a later
//! row is set; a column that is never set is left out.

use std::hash::BuildHasher;
use std::sync::Arc;

use afsa_model::{Decimal, Text};
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{
    ArrayRef, ArrowPrimitiveType, BooleanArray, DictionaryArray, FixedSizeBinaryArray,
    PrimitiveArray, StringArray,
};
use arrow_buffer::NullBufferBuilder;
use arrow_buffer::{BooleanBuffer, Buffer, OffsetBuffer, ScalarBuffer};
use hashbrown::{DefaultHashBuilder, HashTable};

use crate::SegmentError;
use crate::layout::Columns;

/// Something of which columns are made.
pub(crate) trait Build: Default {
    /// Adds what was built to `into` as columns of so many rows, under `name` or names made of it.
    fn finish(self, name: &str, rows: usize, into: &mut Columns) -> Result<(), SegmentError>;
}

/// A column (or record of columns) whose rows are set from values of the model. Rows are set in
/// ascending order.
pub(crate) trait Put {
    type Value;

    fn put(&mut self, row: usize, value: &Self::Value);
}

impl<B: Build, const COUNT: usize> Build for [B; COUNT]
where
    [B; COUNT]: Default,
{
    fn finish(self, name: &str, rows: usize, into: &mut Columns) -> Result<(), SegmentError> {
        for (index, column) in self.into_iter().enumerate() {
            column.finish(&format!("{name}{}", index + 1), rows, into)?;
        }
        Ok(())
    }
}

/// Distinct texts of a column, numbered as they came.
struct Interner {
    numbers: HashTable<i32>,
    hasher: DefaultHashBuilder,
    bytes: Vec<u8>,
    /// Where each text ends.
    ends: Vec<i32>,
    overflowed: bool,
}

impl Default for Interner {
    fn default() -> Interner {
        Interner {
            numbers: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            bytes: Vec::new(),
            ends: Vec::new(),
            overflowed: false,
        }
    }
}

fn interned<'a>(bytes: &'a [u8], ends: &[i32], number: i32) -> &'a [u8] {
    let number = number as usize;
    let start = if number == 0 {
        0
    } else {
        ends[number - 1] as usize
    };
    &bytes[start..ends[number] as usize]
}

impl Interner {
    fn number(&mut self, text: &str) -> i32 {
        let Interner {
            numbers,
            hasher,
            bytes,
            ends,
            overflowed,
        } = self;
        let hash = hasher.hash_one(text.as_bytes());
        let is_same = |number: &i32| interned(bytes, ends, *number) == text.as_bytes();
        if let Some(number) = numbers.find(hash, is_same) {
            return *number;
        }
        let Ok(end) = i32::try_from(bytes.len() + text.len()) else {
            *overflowed = true;
            return 0;
        };
        bytes.extend_from_slice(text.as_bytes());
        let number = ends.len() as i32;
        ends.push(end);
        numbers.insert_unique(hash, number, |number| {
            hasher.hash_one(interned(bytes, ends, *number))
        });
        number
    }
}

/// A column of texts, each distinct one kept once.
#[derive(Default)]
pub(crate) struct TextBuilder {
    codes: Vec<i32>,
    nulls: Nulls,
    interner: Interner,
    seen: SeenTexts,
}

impl TextBuilder {
    pub fn set(&mut self, row: usize, text: &Arc<str>) {
        let code = match self.seen.code(text) {
            Some(code) => code,
            None => {
                let code = self.interner.number(text);
                self.seen.note(text, code, self.interner.ends.len());
                code
            }
        };
        self.nulls.set(row, self.codes.len());
        self.codes.resize(row, 0);
        self.codes.push(code);
    }
}

/// The codes of texts met lately, by their place in memory: hits share what they have in common,
/// so that most texts are known without being read. They are held, so that no other text can
/// take their place.
#[derive(Default)]
struct SeenTexts(Vec<Option<(Arc<str>, i32)>>);

/// More texts of a column are not known by their place.
const MOST_SEEN: usize = 1 << 13;

impl SeenTexts {
    #[inline]
    fn code(&self, text: &Arc<str>) -> Option<i32> {
        match self.0.get(self.place(text)) {
            Some(Some((seen, code))) if Arc::ptr_eq(seen, text) => Some(*code),
            _ => None,
        }
    }

    #[inline]
    fn place(&self, text: &Arc<str>) -> usize {
        let address = Arc::as_ptr(text).cast::<u8>() as usize;
        // The length is a power of two, or 0.
        (address.wrapping_mul(0x9e37_79b9) >> 16) & self.0.len().wrapping_sub(1)
    }

    /// `distinct` tells how many texts the column has by now.
    fn note(&mut self, text: &Arc<str>, code: i32, distinct: usize) {
        if self.0.len() < (distinct * 2).min(MOST_SEEN) {
            let room = (distinct * 4).next_power_of_two().clamp(8, MOST_SEEN);
            self.0.clear();
            self.0.resize(room, None);
        }
        let place = self.place(text);
        if let Some(slot) = self.0.get_mut(place) {
            *slot = Some((text.clone(), code));
        }
    }
}

impl Put for TextBuilder {
    type Value = Text;

    #[inline]
    fn put(&mut self, row: usize, value: &Text) {
        if let Some(text) = value {
            self.set(row, text);
        }
    }
}

impl Build for TextBuilder {
    fn finish(mut self, name: &str, rows: usize, into: &mut Columns) -> Result<(), SegmentError> {
        if self.codes.is_empty() {
            return Ok(());
        }
        if self.interner.overflowed {
            return Err(SegmentError::TooLarge(format!("column {name}")));
        }
        let nulls = self.nulls.finish(rows, self.codes.len());
        self.codes.resize(rows, 0);
        let Interner {
            bytes, mut ends, ..
        } = self.interner;
        ends.insert(0, 0);
        let values = StringArray::try_new(
            OffsetBuffer::new(ScalarBuffer::from(ends)),
            Buffer::from_vec(bytes),
            None,
        );
        let array = values.and_then(|values| {
            DictionaryArray::<Int32Type>::try_new(
                PrimitiveArray::new(ScalarBuffer::from(self.codes), nulls),
                Arc::new(values),
            )
        });
        // Offsets and codes are ours, so this can't fail; were it to, it would be for size.
        let array =
            array.map_err(|error| SegmentError::TooLarge(format!("column {name}: {error}")))?;
        into.add(name, Arc::new(array));
        Ok(())
    }
}

/// Which rows are set, told when one is.
#[derive(Default)]
struct Nulls(Option<NullBufferBuilder>);

impl Nulls {
    /// Notes that `row` is set and that rows from `length` on to it are null.
    #[inline]
    fn set(&mut self, row: usize, length: usize) {
        let builder = self.0.get_or_insert_with(|| NullBufferBuilder::new(0));
        if row > length {
            builder.append_n_nulls(row - length);
        }
        builder.append_non_null();
    }

    fn finish(self, rows: usize, length: usize) -> Option<arrow_buffer::NullBuffer> {
        let mut builder = self.0?;
        builder.append_n_nulls(rows.saturating_sub(length));
        builder.finish()
    }
}

/// A column of numbers.
pub(crate) struct NumberBuilder<T: ArrowPrimitiveType> {
    values: Vec<T::Native>,
    nulls: Nulls,
}

impl<T: ArrowPrimitiveType> Default for NumberBuilder<T> {
    fn default() -> NumberBuilder<T> {
        NumberBuilder {
            values: Vec::new(),
            nulls: Nulls::default(),
        }
    }
}

impl<T: ArrowPrimitiveType> NumberBuilder<T> {
    #[inline]
    pub fn set(&mut self, row: usize, value: T::Native) {
        self.nulls.set(row, self.values.len());
        self.values.resize(row, T::Native::default());
        self.values.push(value);
    }
}

impl<T: ArrowPrimitiveType> Put for NumberBuilder<T> {
    type Value = Option<T::Native>;

    #[inline]
    fn put(&mut self, row: usize, value: &Option<T::Native>) {
        if let Some(value) = value {
            self.set(row, *value);
        }
    }
}

impl<T: ArrowPrimitiveType> Build for NumberBuilder<T> {
    fn finish(mut self, name: &str, rows: usize, into: &mut Columns) -> Result<(), SegmentError> {
        if self.values.is_empty() {
            return Ok(());
        }
        let nulls = self.nulls.finish(rows, self.values.len());
        self.values.resize(rows, T::Native::default());
        let array = PrimitiveArray::<T>::new(ScalarBuffer::from(self.values), nulls);
        into.add(name, Arc::new(array) as ArrayRef);
        Ok(())
    }
}

/// A column of decimals, in millionths.
#[derive(Default)]
pub(crate) struct DecimalBuilder(NumberBuilder<Int64Type>);

impl Put for DecimalBuilder {
    type Value = Option<Decimal>;

    #[inline]
    fn put(&mut self, row: usize, value: &Option<Decimal>) {
        if let Some(value) = value {
            self.0.set(row, value.micros());
        }
    }
}

impl Build for DecimalBuilder {
    fn finish(self, name: &str, rows: usize, into: &mut Columns) -> Result<(), SegmentError> {
        self.0.finish(name, rows, into)
    }
}

/// A column of flags.
#[derive(Default)]
pub(crate) struct FlagBuilder {
    values: Vec<bool>,
    nulls: Nulls,
}

impl FlagBuilder {
    #[inline]
    pub fn set(&mut self, row: usize, value: bool) {
        self.nulls.set(row, self.values.len());
        self.values.resize(row, false);
        self.values.push(value);
    }
}

impl Build for FlagBuilder {
    fn finish(mut self, name: &str, rows: usize, into: &mut Columns) -> Result<(), SegmentError> {
        if self.values.is_empty() {
            return Ok(());
        }
        let nulls = self.nulls.finish(rows, self.values.len());
        self.values.resize(rows, false);
        let array = BooleanArray::new(BooleanBuffer::from(self.values), nulls);
        into.add(name, Arc::new(array));
        Ok(())
    }
}

/// A column of visitor keys, big-endian so that bytes sort as keys do.
#[derive(Default)]
pub(crate) struct KeyBuilder {
    values: Vec<[u8; 16]>,
    nulls: Nulls,
}

impl KeyBuilder {
    #[inline]
    pub fn set(&mut self, row: usize, key: u128) {
        self.nulls.set(row, self.values.len());
        self.values.resize(row, [0; 16]);
        self.values.push(key.to_be_bytes());
    }
}

impl Build for KeyBuilder {
    fn finish(mut self, name: &str, rows: usize, into: &mut Columns) -> Result<(), SegmentError> {
        if self.values.is_empty() {
            return Ok(());
        }
        let nulls = self.nulls.finish(rows, self.values.len());
        self.values.resize(rows, [0; 16]);
        let bytes = Buffer::from_vec(self.values.into_flattened());
        let array = FixedSizeBinaryArray::try_new(16, bytes, nulls)
            .map_err(|error| SegmentError::TooLarge(format!("column {name}: {error}")))?;
        into.add(name, Arc::new(array));
        Ok(())
    }
}
