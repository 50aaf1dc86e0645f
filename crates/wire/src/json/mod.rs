//! The API's own hits: bodies of `POST /v1/collect`, and NDJSON.
//!
//! Numbers are read from their own digits, or from texts with stray blanks and a decimal comma.
//! Fields that are unknown are passed over. A hit with a fault is refused as a whole, and its
//! neighbours are taken.

mod decode;
mod faults;
mod fields;
mod kind;
mod order;
mod rows;
mod value;

use serde::de::IgnoredAny;

use self::value::{Items, Record, Value, is_deeper_than, read_array, read_record};
use crate::{DecodedHit, Rejection, limits};

/// What JSON takes for blanks: fewer than ASCII does.
const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// The hits of a batch, each with its position among those sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    pub hits: Vec<(usize, DecodedHit)>,
    /// One for each hit that was refused.
    pub rejected: Vec<(usize, Rejection)>,
}

impl Decoded {
    fn add(&mut self, index: usize, outcome: Result<DecodedHit, Rejection>) {
        match outcome {
            Ok(hit) => self.hits.push((index, hit)),
            Err(rejection) => self.rejected.push((index, rejection)),
        }
    }
}

/// Reads `{"hits": […]}`, a bare array of hits, or one hit.
///
/// Fails for what has none of these shapes, and for more than `limit_hits` hits.
pub fn decode_collect(bytes: &[u8], limit_hits: usize) -> Result<Decoded, Rejection> {
    let body = utf8(bytes)?.trim_matches(BLANKS);
    // Two levels more than a hit has: the object with `hits`, and its array.
    if is_deeper_than(limits::DEPTH + 2, body) {
        return Err(too_deep());
    }
    let array = match body.as_bytes().first() {
        Some(b'[') => body,
        Some(b'{') => match read_record::<Batch<'_>>(body).map_err(malformed)?.hits {
            Some(Value::Array(array)) => array,
            Some(_) => {
                return Err(Rejection {
                    field: "hits".to_owned(),
                    error: "wrong_type",
                    detail: "An array of hits is needed.".to_owned(),
                });
            }
            None => body,
        },
        _ => return Err(no_batch(body)),
    };
    let mut decoded = Decoded::default();
    if array.starts_with('{') {
        if limit_hits == 0 {
            return Err(too_many(limit_hits));
        }
        decoded.add(0, decode_text(array));
        return Ok(decoded);
    }
    let Items { values, has_more } = read_array(array, limit_hits).map_err(malformed)?;
    if has_more {
        return Err(too_many(limit_hits));
    }
    decoded.hits.reserve(values.len());
    for (index, value) in values.into_iter().enumerate() {
        decoded.add(
            index,
            match value {
                Value::Object(json) => decode_text(json),
                _ => Err(no_hit()),
            },
        );
    }
    Ok(decoded)
}

/// Reads one hit a line. Blank lines are passed over and not counted.
///
/// Fails only for more than `limit_hits` hits; a line that is no JSON is refused by itself.
pub fn decode_ndjson(bytes: &[u8], limit_hits: usize) -> Result<Decoded, Rejection> {
    let mut decoded = Decoded::default();
    let is_blank = |byte: &u8| BLANKS.contains(&char::from(*byte));
    let lines = bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.iter().all(is_blank));
    for (index, line) in lines.enumerate() {
        if index == limit_hits {
            return Err(too_many(limit_hits));
        }
        decoded.add(index, decode_line(line));
    }
    Ok(decoded)
}

/// Reads one hit.
pub fn decode_line(line: &[u8]) -> Result<DecodedHit, Rejection> {
    decode_text(utf8(line)?.trim_matches(BLANKS))
}

fn decode_text(json: &str) -> Result<DecodedHit, Rejection> {
    if is_deeper_than(limits::DEPTH, json) {
        return Err(too_deep());
    }
    if !json.starts_with('{') {
        return Err(match serde_json::from_str::<IgnoredAny>(json) {
            Ok(_) => no_hit(),
            Err(error) => malformed(error),
        });
    }
    decode::decode_hit(&read_record(json).map_err(malformed)?)
}

/// The outer object of a batch.
#[derive(Default)]
struct Batch<'a> {
    hits: Option<Value<'a>>,
}

impl<'a> Record<'a> for Batch<'a> {
    fn set(&mut self, key: std::borrow::Cow<'a, str>, value: Value<'a>) {
        if key == "hits" {
            self.hits = Some(value);
        }
    }
}

/// The bytes as text, without the byte order mark that some editors put first.
fn utf8(bytes: &[u8]) -> Result<&str, Rejection> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        Rejection::whole(
            "malformed",
            format!("JSON is UTF-8; the byte at {at} is not."),
        )
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn malformed(error: serde_json::Error) -> Rejection {
    Rejection::whole("malformed", format!("This is no JSON: {error}."))
}

fn too_deep() -> Rejection {
    let detail = format!(
        "At most {} levels of arrays and objects are allowed.",
        limits::DEPTH
    );
    Rejection::whole("too_deep", detail)
}

fn too_many(limit: usize) -> Rejection {
    Rejection {
        field: "hits".to_owned(),
        error: "too_many",
        detail: format!("At most {limit} hits are allowed at once."),
    }
}

fn no_hit() -> Rejection {
    Rejection::whole("wrong_type", "A hit is a JSON object.")
}

fn no_batch(body: &str) -> Rejection {
    match serde_json::from_str::<IgnoredAny>(body) {
        Ok(_) => Rejection::whole(
            "wrong_type",
            "Send {\"hits\": […]}, an array of hits, or a hit.",
        ),
        Err(error) => malformed(error),
    }
}
