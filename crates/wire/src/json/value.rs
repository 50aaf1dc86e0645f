//! JSON values as they stand in the input, read no further than asked.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::str::Chars;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess};
use serde_json::value::RawValue;

/// A value by its type, borrowed from the input.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Value<'a> {
    /// Also what is missing.
    #[default]
    Null,
    Bool(bool),
    /// The number's own digits.
    Number(&'a str),
    /// What stands between the quotes, escapes and all.
    Text(&'a str),
    Array(&'a str),
    Object(&'a str),
}

impl<'a> Value<'a> {
    /// `raw` is one valid value without blanks around it.
    fn of(raw: &'a str) -> Value<'a> {
        match raw.as_bytes().first() {
            Some(b'"') => Value::Text(raw.get(1..raw.len().saturating_sub(1)).unwrap_or("")),
            Some(b'{') => Value::Object(raw),
            Some(b'[') => Value::Array(raw),
            Some(b't') => Value::Bool(true),
            Some(b'f') => Value::Bool(false),
            Some(b'n') | None => Value::Null,
            Some(_) => Value::Number(raw),
        }
    }

    /// An array or object of nothing: what PHP makes of an empty map is `[]`.
    pub fn is_empty_container(self) -> bool {
        match self {
            Value::Array(raw) | Value::Object(raw) => {
                raw.bytes().skip(1).find(|byte| !byte.is_ascii_whitespace()) == raw.bytes().last()
            }
            _ => false,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Value<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value<'a>, D::Error> {
        <&RawValue>::deserialize(deserializer).map(|raw| Value::of(raw.get()))
    }
}

/// What an object is read into: it is told every field, in order, and keeps what it knows. A field
/// told twice counts by its last value.
pub(super) trait Record<'a>: Default {
    fn set(&mut self, key: Cow<'a, str>, value: Value<'a>);
}

/// Reads an object.
pub(super) fn read_record<'a, R: Record<'a>>(json: &'a str) -> Result<R, serde_json::Error> {
    serde_json::from_str::<Read<R>>(json).map(|Read(record)| record)
}

struct Read<R>(R);

impl<'de, R: Record<'de>> Deserialize<'de> for Read<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Read<R>, D::Error> {
        deserializer.deserialize_map(RecordVisitor(PhantomData))
    }
}

struct RecordVisitor<R>(PhantomData<R>);

impl<'de, R: Record<'de>> de::Visitor<'de> for RecordVisitor<R> {
    type Value = Read<R>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Read<R>, M::Error> {
        let mut record = R::default();
        while let Some(Key(key)) = map.next_key()? {
            record.set(key, map.next_value()?);
        }
        Ok(Read(record))
    }
}

/// A key, copied only where it holds escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Key<'a>, D::Error> {
        struct KeyVisitor;
        impl<'de> de::Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(key)))
            }

            fn visit_str<E>(self, key: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

/// The first `limit` items of an array, and whether there are more.
pub(super) struct Items<'a> {
    pub values: Vec<Value<'a>>,
    pub has_more: bool,
}

/// Reads an array no further than `limit` items.
pub(super) fn read_array(json: &str, limit: usize) -> Result<Items<'_>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let items = deserializer.deserialize_seq(ItemsVisitor { limit })?;
    deserializer.end()?;
    Ok(items)
}

struct ItemsVisitor {
    limit: usize,
}

impl<'de> de::Visitor<'de> for ItemsVisitor {
    type Value = Items<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut sequence: S) -> Result<Items<'de>, S::Error> {
        let mut values = Vec::new();
        while values.len() < self.limit {
            match sequence.next_element()? {
                Some(value) => values.push(value),
                None => {
                    return Ok(Items {
                        values,
                        has_more: false,
                    });
                }
            }
        }
        let mut has_more = false;
        while sequence.next_element::<IgnoredAny>()?.is_some() {
            has_more = true;
        }
        Ok(Items { values, has_more })
    }
}

/// The text between quotes with its escapes undone and blanks in place of control characters.
///
/// Half a surrogate pair, as browsers send for a title cut within an emoji, becomes U+FFFD: it is
/// no reason to lose a hit.
pub(super) fn unescape(escaped: &str) -> Cow<'_, str> {
    // Control characters below U+0020 stand only as escapes in valid JSON; DEL is a byte of its
    // own, and those from U+0080 on begin with 0xC2.
    if memchr::memchr3(b'\\', 0x7f, 0xc2, escaped.as_bytes()).is_none() {
        return Cow::Borrowed(escaped);
    }
    let mut plain = String::with_capacity(escaped.len());
    let mut rest = escaped.chars();
    while let Some(character) = rest.next() {
        let character = if character == '\\' {
            escaped_character(&mut rest)
        } else {
            character
        };
        plain.push(if character.is_control() {
            ' '
        } else {
            character
        });
    }
    Cow::Owned(plain)
}

/// The character of an escape whose backslash is read already.
fn escaped_character(rest: &mut Chars<'_>) -> char {
    match rest.next() {
        Some('n' | 'r' | 't' | 'b' | 'f') => ' ',
        Some('u') => {
            let unit = hexadecimal(rest);
            if (0xD800..0xDC00).contains(&unit) {
                let mut ahead = rest.clone();
                if ahead.next() == Some('\\') && ahead.next() == Some('u') {
                    let low = hexadecimal(&mut ahead);
                    if (0xDC00..0xE000).contains(&low) {
                        *rest = ahead;
                        let code = 0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
                        return char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                    }
                }
            }
            char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
        Some(character) => character,
        None => char::REPLACEMENT_CHARACTER,
    }
}

/// The number of four hexadecimal digits, which the JSON parser has checked already.
fn hexadecimal(rest: &mut Chars<'_>) -> u32 {
    rest.take(4).fold(0, |number, digit| {
        (number << 4) | digit.to_digit(16).unwrap_or(0)
    })
}

/// Whether arrays and objects lie deeper in each other than `limit`. The input need not be valid.
pub(super) fn is_deeper_than(limit: usize, json: &str) -> bool {
    if memchr::memchr2_iter(b'{', b'[', json.as_bytes())
        .nth(limit)
        .is_none()
    {
        return false;
    }
    let mut depth = 0_usize;
    let mut in_text = false;
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_text = !in_text,
            b'\\' if in_text => drop(bytes.next()),
            _ if in_text => {}
            b'{' | b'[' => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undoes_escapes() {
        fn check(input: &str, expect: &str) {
            let json = format!("\"{input}\"");
            let Ok(Value::Text(raw)) = serde_json::from_str(&json) else {
                panic!("{input} is no valid JSON text");
            };
            assert_eq!(unescape(raw), expect, "{input}");
        }
        check("", "");
        check("plain é €", "plain é €");
        check(r#"a\"b\\c\/d"#, r#"a"b\c/d"#);
        check(r"\u00e9\u20AC", "é€");
        check(r"\ud83d\ude00!", "😀!");
        check(r"cut \ud83d", "cut \u{fffd}");
        check(r"\ud83d\ud83d\ude00", "\u{fffd}😀");
        check(r"\ude00", "\u{fffd}");
        check(r"\ud83dé\\u", "\u{fffd}é\\u");
        check(r"a\r\nb\u0000c\u001b[31m", "a  b c [31m");
        check("a\u{7f}b\u{85}c", "a b c");
    }

    #[test]
    fn measures_depth() {
        fn check(json: &str, depth: usize) {
            assert!(
                !is_deeper_than(depth, json),
                "{json} is not deeper than {depth}"
            );
            assert!(
                depth == 0 || is_deeper_than(depth - 1, json),
                "{json} is as deep as {depth}"
            );
        }
        check("1", 0);
        check("[[],[],[[]]]", 3);
        check(r#"{"a":"[[[[\"[[[[","b":[{}]}"#, 3);
        check("[\"\\\\\",[]]", 2);
        check("]]]][", 1);
    }

    #[test]
    fn tells_empty_containers() {
        fn check(json: &str, expect: bool) {
            let value: Value<'_> = serde_json::from_str(json).unwrap();
            assert_eq!(value.is_empty_container(), expect, "{json}");
        }
        check("[]", true);
        check("{ \n}", true);
        check("[[]]", false);
        check("{\"a\":1}", false);
        check("\"\"", false);
    }
}
