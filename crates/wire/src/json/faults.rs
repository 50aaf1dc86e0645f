//! Reading typed fields and gathering what is wrong with them.

use std::borrow::Cow;
use std::fmt;

use afsa_model::{Decimal, ParseDecimalError, Text};

use super::value::{Value, unescape};
use crate::{Rejection, limits};

/// Where in a hit a value stands; written out only for faults.
#[derive(Clone, Copy)]
pub(super) enum Path {
    Field(&'static str),
    Numbered(&'static str, u8),
    Inner(&'static str, &'static str),
    Row(&'static str, usize),
    InRow(&'static str, usize, &'static str),
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Field(name) => formatter.write_str(name),
            Path::Numbered(name, number) => write!(formatter, "{name}{number}"),
            Path::Inner(parent, name) => write!(formatter, "{parent}.{name}"),
            Path::Row(parent, row) => write!(formatter, "{parent}[{row}]"),
            Path::InRow(parent, row, name) => write!(formatter, "{parent}[{row}].{name}"),
        }
    }
}

/// What is wrong with one hit. Its methods read a value, or note a fault and give nothing.
///
/// `null`, empty text and `false` are nothing: PHP says `false` for what it doesn't have.
#[derive(Default)]
pub(super) struct Faults(Vec<Rejection>);

/// Further faults that a rejection names beside its first.
const NAMED_FAULTS: usize = 10;

impl Faults {
    pub fn push(&mut self, path: Path, error: &'static str, detail: impl Into<String>) {
        self.0.push(Rejection {
            field: path.to_string(),
            error,
            detail: detail.into(),
        });
    }

    /// How many were noted so far.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The first fault with the others named in its detail; `None` where nothing is wrong.
    pub fn into_rejection(self) -> Option<Rejection> {
        let mut faults = self.0.into_iter();
        let mut first = faults.next()?;
        let others: Vec<String> = faults
            .by_ref()
            .take(NAMED_FAULTS)
            .map(|it| format!("{} ({})", it.field, it.error))
            .collect();
        if !others.is_empty() {
            let more = if faults.next().is_some() {
                " and more"
            } else {
                ""
            };
            first
                .detail
                .push_str(&format!(" Also at fault: {}{more}.", others.join(", ")));
        }
        Some(first)
    }

    /// Text of at most `limit` bytes; of a number, its digits.
    pub fn text(&mut self, path: Path, value: Value<'_>, limit: usize) -> Text {
        let text = self.characters(path, value)?;
        if text.trim().is_empty() {
            return None;
        }
        self.bounded(path, &text, limit)
    }

    /// An id or code: text or number, without the blanks around it.
    pub fn id(&mut self, path: Path, value: Value<'_>) -> Text {
        let text = self.characters(path, value)?;
        let trimmed = text.trim();
        if trimmed.is_empty() {
            None
        } else {
            self.bounded(path, trimmed, limits::ID)
        }
    }

    /// An id of a person, where "0" is nobody.
    pub fn person(&mut self, path: Path, value: Value<'_>) -> Text {
        self.id(path, value).filter(|id| &**id != "0")
    }

    /// A number or a text that holds one.
    pub fn decimal(&mut self, path: Path, value: Value<'_>) -> Option<Decimal> {
        let digits = self.number(path, value)?;
        match digits.parse() {
            Ok(decimal) => Some(decimal),
            Err(ParseDecimalError::Malformed) => {
                self.push(
                    path,
                    "malformed",
                    "A number is needed, such as 12.5 or \"12,5\".",
                );
                None
            }
            Err(ParseDecimalError::OutOfRange) => {
                self.push(
                    path,
                    "out_of_range",
                    "Numbers go from -9000000000000 to 9000000000000.",
                );
                None
            }
        }
    }

    /// A decimal from 0 on.
    pub fn amount(&mut self, path: Path, value: Value<'_>) -> Option<Decimal> {
        let decimal = self.decimal(path, value)?;
        if decimal < Decimal::ZERO {
            self.push(path, "out_of_range", "A number of 0 or more is needed.");
            return None;
        }
        Some(decimal)
    }

    /// A whole number from 0 to 4,294,967,295.
    pub fn whole(&mut self, path: Path, value: Value<'_>) -> Option<u32> {
        let micros = self.decimal(path, value)?.micros();
        let whole = u32::try_from(micros / Decimal::SCALE).ok();
        if whole.is_none() || micros % Decimal::SCALE != 0 {
            self.push(
                path,
                "out_of_range",
                "A whole number from 0 to 4294967295 is needed.",
            );
            return None;
        }
        whole
    }

    /// True or false, also as 1 and 0 or yes and no; missing is false.
    pub fn flag(&mut self, path: Path, value: Value<'_>) -> bool {
        if value == Value::Bool(true) {
            return true;
        }
        let Some(word) = self.characters(path, value) else {
            return false;
        };
        match word.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" => true,
            "false" | "0" | "no" | "" => false,
            _ => {
                self.push(path, "unknown_value", "Allowed are true and false.");
                false
            }
        }
    }

    /// One of a list of words, in any case.
    pub fn word<T: Copy>(
        &mut self,
        path: Path,
        value: Value<'_>,
        allowed: &[(&'static str, T)],
    ) -> Option<T> {
        let text = self.characters(path, value)?;
        let word = text.trim();
        if word.is_empty() {
            return None;
        }
        let found = allowed
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(word));
        if found.is_none() {
            let names: Vec<&str> = allowed.iter().map(|(name, _)| *name).collect();
            self.push(
                path,
                "unknown_value",
                format!("Allowed are {}.", names.join(", ")),
            );
        }
        found.map(|(_, meaning)| *meaning)
    }

    /// The characters of a text or number, without escapes.
    pub fn characters<'a>(&mut self, path: Path, value: Value<'a>) -> Option<Cow<'a, str>> {
        match value {
            Value::Text(escaped) => Some(unescape(escaped)),
            Value::Number(digits) => Some(Cow::Borrowed(digits)),
            Value::Null | Value::Bool(false) => None,
            Value::Bool(true) | Value::Array(_) | Value::Object(_) => {
                self.push(path, "wrong_type", "A text or a number is needed.");
                None
            }
        }
    }

    fn number<'a>(&mut self, path: Path, value: Value<'a>) -> Option<Cow<'a, str>> {
        let digits = match value {
            Value::Bool(true) | Value::Array(_) | Value::Object(_) => {
                self.push(
                    path,
                    "wrong_type",
                    "A number is needed, or a text that holds one.",
                );
                return None;
            }
            _ => self.characters(path, value)?,
        };
        if digits.trim().is_empty() {
            None
        } else {
            Some(digits)
        }
    }

    fn bounded(&mut self, path: Path, text: &str, limit: usize) -> Text {
        if text.len() > limit {
            self.push(
                path,
                "too_long",
                format!("At most {limit} bytes are allowed."),
            );
            return None;
        }
        Some(text.into())
    }
}
