//! Columns to take values of rows from.

use std::cell::RefCell;
use std::sync::Arc;

use afsa_model::{Decimal, Text};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{
    Array, ArrowPrimitiveType, BooleanArray, FixedSizeBinaryArray, PrimitiveArray, StringArray,
};
use arrow_schema::DataType;

use crate::SegmentError;
use crate::layout::Columns;

/// Something that is read from columns.
pub(crate) trait Load: Sized {
    /// Finds the columns in `from` under `name` or names made of it.
    fn load(name: &str, from: &Columns) -> Result<Self, SegmentError>;

    /// Lists the columns' names and types.
    fn describe(name: &str, into: &mut Vec<(String, DataType)>);
}

/// A column (or record of columns) whose rows give values of the model.
pub(crate) trait Take {
    type Value;

    fn take(&self, row: usize) -> Self::Value;
}

impl<L: Load, const COUNT: usize> Load for [L; COUNT] {
    fn load(name: &str, from: &Columns) -> Result<[L; COUNT], SegmentError> {
        let columns: Vec<L> = (1..=COUNT)
            .map(|number| L::load(&format!("{name}{number}"), from))
            .collect::<Result<_, _>>()?;
        columns
            .try_into()
            .map_err(|_| from.damaged(format!("column {name}")))
    }

    fn describe(name: &str, into: &mut Vec<(String, DataType)>) {
        for number in 1..=COUNT {
            L::describe(&format!("{name}{number}"), into);
        }
    }
}

/// The type of columns of text.
pub(crate) fn text_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// A column of texts. A distinct text is allocated when it is first taken, and then shared.
pub(crate) struct TextReader(Option<TextColumn>);

struct TextColumn {
    codes: PrimitiveArray<Int32Type>,
    values: StringArray,
    shared: RefCell<Vec<Option<Arc<str>>>>,
}

impl Take for TextReader {
    type Value = Text;

    #[inline]
    fn take(&self, row: usize) -> Text {
        let TextColumn {
            codes,
            values,
            shared,
        } = self.0.as_ref()?;
        if codes.is_null(row) {
            return None;
        }
        let code = usize::try_from(codes.value(row)).ok()?;
        let mut shared = shared.borrow_mut();
        let slot = shared.get_mut(code)?;
        Some(
            slot.get_or_insert_with(|| values.value(code).into())
                .clone(),
        )
    }
}

impl Load for TextReader {
    fn load(name: &str, from: &Columns) -> Result<TextReader, SegmentError> {
        let Some(array) = from.get(name) else {
            return Ok(TextReader(None));
        };
        let column = array
            .as_dictionary_opt::<Int32Type>()
            .and_then(|dictionary| {
                let values = dictionary.values().as_string_opt::<i32>()?.clone();
                let shared = RefCell::new(vec![None; values.len()]);
                Some(TextColumn {
                    codes: dictionary.keys().clone(),
                    values,
                    shared,
                })
            });
        column
            .map(|column| TextReader(Some(column)))
            .ok_or_else(|| from.mistyped(name))
    }

    fn describe(name: &str, into: &mut Vec<(String, DataType)>) {
        into.push((name.to_owned(), text_type()));
    }
}

/// A column of numbers.
pub(crate) struct NumberReader<T: ArrowPrimitiveType>(Option<PrimitiveArray<T>>);

impl<T: ArrowPrimitiveType> Take for NumberReader<T> {
    type Value = Option<T::Native>;

    #[inline]
    fn take(&self, row: usize) -> Option<T::Native> {
        let array = self.0.as_ref()?;
        array.is_valid(row).then(|| array.value(row))
    }
}

impl<T: ArrowPrimitiveType> Load for NumberReader<T> {
    fn load(name: &str, from: &Columns) -> Result<NumberReader<T>, SegmentError> {
        let Some(array) = from.get(name) else {
            return Ok(NumberReader(None));
        };
        match array.as_primitive_opt::<T>() {
            Some(array) => Ok(NumberReader(Some(array.clone()))),
            None => Err(from.mistyped(name)),
        }
    }

    fn describe(name: &str, into: &mut Vec<(String, DataType)>) {
        into.push((name.to_owned(), T::DATA_TYPE));
    }
}

/// A column of decimals.
pub(crate) struct DecimalReader(NumberReader<Int64Type>);

impl Take for DecimalReader {
    type Value = Option<Decimal>;

    #[inline]
    fn take(&self, row: usize) -> Option<Decimal> {
        self.0.take(row).map(Decimal::from_micros)
    }
}

impl Load for DecimalReader {
    fn load(name: &str, from: &Columns) -> Result<DecimalReader, SegmentError> {
        NumberReader::load(name, from).map(DecimalReader)
    }

    fn describe(name: &str, into: &mut Vec<(String, DataType)>) {
        NumberReader::<Int64Type>::describe(name, into);
    }
}

/// A column of flags.
pub(crate) struct FlagReader(Option<BooleanArray>);

impl Take for FlagReader {
    type Value = Option<bool>;

    #[inline]
    fn take(&self, row: usize) -> Option<bool> {
        let array = self.0.as_ref()?;
        array.is_valid(row).then(|| array.value(row))
    }
}

impl Load for FlagReader {
    fn load(name: &str, from: &Columns) -> Result<FlagReader, SegmentError> {
        let Some(array) = from.get(name) else {
            return Ok(FlagReader(None));
        };
        match array.as_boolean_opt() {
            Some(array) => Ok(FlagReader(Some(array.clone()))),
            None => Err(from.mistyped(name)),
        }
    }

    fn describe(name: &str, into: &mut Vec<(String, DataType)>) {
        into.push((name.to_owned(), DataType::Boolean));
    }
}

/// A column of visitor keys.
pub(crate) struct KeyReader(Option<FixedSizeBinaryArray>);

impl Take for KeyReader {
    type Value = Option<u128>;

    #[inline]
    fn take(&self, row: usize) -> Option<u128> {
        let array = self.0.as_ref()?;
        if array.is_null(row) {
            return None;
        }
        array.value(row).try_into().ok().map(u128::from_be_bytes)
    }
}

impl Load for KeyReader {
    fn load(name: &str, from: &Columns) -> Result<KeyReader, SegmentError> {
        let Some(array) = from.get(name) else {
            return Ok(KeyReader(None));
        };
        match array.as_fixed_size_binary_opt() {
            Some(array) if array.value_length() == 16 => Ok(KeyReader(Some(array.clone()))),
            _ => Err(from.mistyped(name)),
        }
    }

    fn describe(name: &str, into: &mut Vec<(String, DataType)>) {
        into.push((name.to_owned(), DataType::FixedSizeBinary(16)));
    }
}
