//! Lists of things as JSON, CSV and NDJSON.

use axum::http::header::CONTENT_DISPOSITION;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use serde_json::{Map, Value};

use super::Format;
use super::csv::{harmless, write_line};
use crate::fields::Fields;
use crate::reply;
use crate::selected::unknown_word;

/// Rows with what stands around them in JSON.
pub(crate) struct Listing {
    /// Of the file that a browser saves; a plain word.
    pub name: &'static str,
    /// What a table of text tells of each row, in this order.
    pub columns: Vec<String>,
    pub rows: Vec<Map<String, Value>>,
    /// `meta`, `totals` and whatever else stands beside `data`.
    pub beside: Map<String, Value>,
}

impl Listing {
    /// The formats that lists come in.
    pub(crate) const FORMATS: [&str; 3] = ["json", "csv", "ndjson"];

    /// What the field `format` says, if it says something.
    pub(crate) fn format(fields: &mut Fields<'_>) -> Option<Format> {
        let format: Format = fields.word("format", &Listing::FORMATS)?;
        if format == Format::Parquet {
            unknown_word(fields, "format", format.name(), Listing::FORMATS);
        }
        Some(format)
    }

    /// What the sender accepts most of these; JSON where he wants a table of another kind.
    pub(crate) fn accepted(headers: &HeaderMap) -> Format {
        match Format::accepted(headers) {
            Format::Parquet => Format::Json,
            format => format,
        }
    }

    pub(crate) fn response(self, format: Format) -> Response {
        let body = match format {
            Format::Csv => self.table(),
            Format::NdJson => self.lines(),
            Format::Json | Format::Parquet => return reply::json(&self.document()),
        };
        let mut response = reply::typed(format.media_type(), body.into());
        let value = format!("attachment; filename=\"{}.{}\"", self.name, format.name());
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(CONTENT_DISPOSITION, value);
        }
        response
    }

    /// Where the next page begins, if there is one.
    pub(crate) fn next_cursor(&self) -> Option<&str> {
        self.beside.get("meta")?.get("next_cursor")?.as_str()
    }

    /// The rows as `data`, with what stands beside them.
    pub(crate) fn document(self) -> Value {
        let rows: Vec<Value> = self.rows.into_iter().map(Value::Object).collect();
        let mut document = Map::from_iter([("data".to_owned(), rows.into())]);
        document.extend(self.beside);
        document.into()
    }

    fn lines(&self) -> String {
        let mut lines = String::new();
        for row in &self.rows {
            lines.push_str(&Value::Object(row.clone()).to_string());
            lines.push('\n');
        }
        lines
    }

    fn table(&self) -> String {
        let mut text = String::new();
        write_line(&mut text, self.columns.iter().cloned());
        for row in &self.rows {
            let cell = |column: &String| row.get(column).map_or_else(String::new, to_text);
            write_line(&mut text, self.columns.iter().map(cell));
        }
        text
    }
}

/// What has no one value is written as JSON.
fn to_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => harmless(text),
        Value::Array(_) | Value::Object(_) => harmless(&value.to_string()),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}
