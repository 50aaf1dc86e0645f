//! JSON as it is read of senders: no name of an object may stand twice.
//!
//! Readers differ in which of two they take, so whoever sends two can't know what was understood.

use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, de};
use serde_json::{Map, Number, Value};

use crate::fields::shown;
use crate::problem::{Fault, MOST_FAULTS};

/// Reads a document that stands at a JSON Pointer. Faults of its syntax tell the line and column,
/// names that stand twice are told one by one.
pub(crate) fn parse(bytes: &[u8], pointer: &str) -> Result<Value, Vec<Fault>> {
    let mut reading = Reading {
        pointer: pointer.to_owned(),
        faults: Vec::new(),
    };
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let read = reading.deserialize(&mut deserializer);
    match read.and_then(|value| deserializer.end().map(|()| value)) {
        Ok(value) if reading.faults.is_empty() => Ok(value),
        Ok(_) => Err(reading.faults),
        Err(error) => Err(vec![Fault {
            pointer: Some(pointer.to_owned()),
            error: "malformed".into(),
            detail: format!("not valid JSON: {error} (lines and columns are counted from 1)"),
            ..Fault::default()
        }]),
    }
}

/// Where the reader stands, and the names it met twice.
struct Reading {
    pointer: String,
    faults: Vec<Fault>,
}

impl Reading {
    fn within<T>(&mut self, step: &str, read: impl FnOnce(&mut Reading) -> T) -> T {
        let before = self.pointer.len();
        self.pointer.push('/');
        self.pointer
            .push_str(&step.replace('~', "~0").replace('/', "~1"));
        let outcome = read(self);
        self.pointer.truncate(before);
        outcome
    }

    fn note_repeated(&mut self, name: &str) {
        if self.faults.len() >= MOST_FAULTS {
            return;
        }
        let name = shown(name);
        let pointer = self.within(&name, |reading| reading.pointer.clone());
        self.faults.push(Fault {
            pointer: Some(pointer),
            error: "repeated".into(),
            detail: format!("{name} may be given once"),
            ..Fault::default()
        });
    }
}

impl<'de> DeserializeSeed<'de> for &mut Reading {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Reading {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("a number is too large"))?;
        Ok(number.into())
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        loop {
            let step = values.len().to_string();
            let next = self.within(&step, |reading| sequence.next_element_seed(reading))?;
            match next {
                Some(value) => values.push(value),
                None => return Ok(values.into()),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let value = self.within(&name, |reading| entries.next_value_seed(reading))?;
            if map.contains_key(&name) {
                self.note_repeated(&name);
            } else {
                map.insert(name, value);
            }
        }
        Ok(map.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_once_is_read_as_it_is() {
        for text in [
            r#"null"#,
            r#"{"a":[1,-2,3.5,1e300,18446744073709551615,"x\u00e9",true,null,{}],"b":{"a":1},"":{"":[]}}"#,
            r#"[[],[[{"a":{"a":{"a":[{"a":1},{"a":2}]}}}]]]"#,
        ] {
            let expect: Value = serde_json::from_str(text).unwrap();
            assert_eq!(parse(text.as_bytes(), ""), Ok(expect), "{text}");
        }
    }

    #[test]
    fn names_that_stand_twice_are_told_with_their_places() {
        let check = |text: &str, expect: &[&str]| {
            let faults = parse(text.as_bytes(), "/at").unwrap_err();
            let told: Vec<String> = faults
                .iter()
                .map(|fault| {
                    let pointer = fault.pointer.as_deref().unwrap();
                    format!("{pointer} {}: {}", fault.error, fault.detail)
                })
                .collect();
            assert_eq!(told.len(), expect.len(), "{text}: {told:?}");
            for (told, expect) in told.iter().zip(expect) {
                assert!(told.starts_with(expect), "{text}: {told}");
            }
        };
        let once = "may be given once";
        check(r#"{"a":1,"a":1}"#, &[&format!("/at/a repeated: a {once}")]);
        check(
            r#"{"a":1,"b":[{"c":1},{"d/e":1,"d/e":2,"d/e":3}],"a":{"x":1,"x":2}}"#,
            &[
                "/at/b/1/d~1e repeated",
                "/at/b/1/d~1e repeated",
                "/at/a/x repeated",
                "/at/a repeated",
            ],
        );
        // The same name however it is written.
        check(r#"{"é":1,"\u00e9":2}"#, &["/at/é repeated"]);
        check("{", &["/at malformed: not valid JSON: EOF"]);
        check("1 2", &["/at malformed: not valid JSON: trailing"]);
        check("1e999", &["/at malformed: not valid JSON"]);
        check(
            &"[".repeat(100_000),
            &["/at malformed: not valid JSON: recursion"],
        );
        let many = format!("{{{}\"a\":1}}", "\"a\":1,".repeat(100_000));
        assert_eq!(parse(many.as_bytes(), "").unwrap_err().len(), MOST_FAULTS);
    }
}
