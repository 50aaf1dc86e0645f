//! Lists of things as JSON, and as tables in CSV, NDJSON and Parquet.

use afsa_query::{METRICS, MetricUnit};
use afsa_store::Dimension;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_DISPOSITION;
use axum::response::Response;
use serde_json::{Map, Value};

use super::csv::{harmless, write_line};
use super::figure::digits_of;
use super::{Format, parquet};
use crate::fields::Fields;
use crate::problem::Problem;
use crate::reply;

/// What the cells of a column are, where they aren't null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    /// Also of what has no one value, which is written as JSON.
    Text,
    /// A count or another whole number.
    Whole,
    /// A number that may have a fraction.
    Number,
    /// A decimal number as a text.
    Money,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub name: String,
    pub cell: Cell,
}

/// Rows with what stands around them in JSON.
pub(crate) struct Listing {
    /// Of the file that a browser saves; a plain word.
    pub name: &'static str,
    /// What a table tells of each row, in this order.
    pub columns: Vec<Column>,
    pub rows: Vec<Map<String, Value>>,
    /// `meta`, `totals` and whatever else stands beside `data`.
    pub beside: Map<String, Value>,
}

impl Column {
    pub(crate) fn new(name: impl Into<String>, cell: Cell) -> Column {
        Column {
            name: name.into(),
            cell,
        }
    }

    /// Columns of these names.
    pub(crate) fn all(columns: &[(&str, Cell)]) -> Vec<Column> {
        let column = |(name, cell): &(&str, Cell)| Column::new(*name, *cell);
        columns.iter().map(column).collect()
    }

    /// The column of a dimension's values.
    pub(crate) fn of(dimension: Dimension) -> Column {
        let is_number = dimension.is_number();
        let cell = if is_number { Cell::Whole } else { Cell::Text };
        Column::new(dimension.to_string(), cell)
    }

    /// The column of a metric's figures.
    pub(crate) fn of_metric(name: &str) -> Column {
        let metric = METRICS.iter().find(|metric| metric.name == name);
        let cell = match metric.map(|metric| metric.unit) {
            Some(MetricUnit::Count) => Cell::Whole,
            Some(MetricUnit::Money) => Cell::Money,
            _ => Cell::Number,
        };
        Column::new(name, cell)
    }
}

impl Listing {
    /// What the field `format` says, if it says something.
    pub(crate) fn format(fields: &mut Fields<'_>) -> Option<Format> {
        fields.word("format", &Format::NAMES)
    }

    pub(crate) fn response(self, format: Format) -> Result<Response, Problem> {
        let body = match format {
            Format::Csv => self.table().into(),
            Format::NdJson => self.lines().into(),
            Format::Parquet => parquet::list(&self).map_err(Problem::internal)?.into(),
            Format::Json => return Ok(reply::json(&self.document())),
        };
        let mut response = reply::typed(format.media_type(), body);
        let value = format!("attachment; filename=\"{}.{}\"", self.name, format.name());
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(CONTENT_DISPOSITION, value);
        }
        Ok(response)
    }

    /// How many digits the account's money has after the point.
    pub(super) fn digits(&self) -> usize {
        let meta = self.beside.get("meta");
        let currency = meta.and_then(|meta| meta.get("currency")?.as_str());
        currency.map_or(0, |currency| digits_of(currency) as usize)
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
        let names = self.columns.iter().map(|column| column.name.clone());
        write_line(&mut text, names);
        for row in &self.rows {
            let cell = |column: &Column| row.get(&column.name).map_or_else(String::new, to_text);
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
