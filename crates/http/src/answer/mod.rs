//! Finished tables as JSON, CSV, NDJSON and Parquet.

mod csv;
mod figure;
mod json;
mod listing;
mod parquet;

use std::str::FromStr;

use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::header::{ACCEPT, CONTENT_DISPOSITION};
use axum::response::Response;

use crate::problem::Problem;
use crate::question::{Answered, Subject};
use crate::reply;

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Csv,
    NdJson,
    Parquet,
}

impl Format {
    pub(crate) const ALL: [Format; 4] =
        [Format::Json, Format::Csv, Format::NdJson, Format::Parquet];
    pub(crate) const NAMES: [&str; 4] = ["json", "csv", "ndjson", "parquet"];

    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::Csv => "text/csv; charset=utf-8; header=present",
            Format::NdJson => "application/x-ndjson",
            Format::Parquet => "application/vnd.apache.parquet",
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Csv => "csv",
            Format::NdJson => "ndjson",
            Format::Parquet => "parquet",
        }
    }

    /// What the sender accepts most; JSON where he doesn't care, or wants what there is not.
    pub(crate) fn accepted(headers: &HeaderMap) -> Format {
        let mut best = (0.0, Format::Json);
        let values = headers
            .get_all(ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok());
        for part in values.flat_map(|value| value.split(',')) {
            let mut pieces = part.split(';').map(str::trim);
            let media = pieces.next().unwrap_or_default().to_ascii_lowercase();
            let format = match media.as_str() {
                "application/json" | "application/*" | "*/*" => Format::Json,
                "text/csv" => Format::Csv,
                "application/x-ndjson" | "application/ndjson" | "application/jsonl" => {
                    Format::NdJson
                }
                "application/vnd.apache.parquet" => Format::Parquet,
                _ => continue,
            };
            let weight = pieces
                .find_map(|piece| piece.strip_prefix("q="))
                .map_or(1.0, |weight| weight.parse::<f32>().unwrap_or(0.0));
            if weight > best.0 {
                best = (weight, format);
            }
        }
        best.1
    }
}

impl FromStr for Format {
    type Err = ();

    fn from_str(input: &str) -> Result<Format, ()> {
        Format::ALL
            .into_iter()
            .find(|format| format.name() == input)
            .ok_or(())
    }
}

/// The table as the body of an answer. `report` names the file that a browser saves.
pub(crate) fn response(
    subject: &Subject,
    answered: &Answered,
    report: Option<&str>,
    format: Format,
) -> Result<Response, Problem> {
    let body = match format {
        Format::Json => json::document(subject, answered, report)
            .to_string()
            .into_bytes(),
        Format::Csv => csv::table(answered).into_bytes(),
        Format::NdJson => json::lines(answered).into_bytes(),
        Format::Parquet => parquet::table(answered).map_err(Problem::internal)?,
    };
    let mut response = reply::typed(format.media_type(), body.into());
    if format != Format::Json {
        // Names of reports are plain words, so they need no quoting.
        let name = report.unwrap_or("query");
        let value = format!("attachment; filename=\"{name}.{}\"", format.name());
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(CONTENT_DISPOSITION, value);
        }
    }
    Ok(response)
}

pub(crate) use figure::{digits_of, to_json as figure_to_json};
pub(crate) use json::{document, key_to_json};
pub(crate) use listing::{Cell, Column, Listing};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_accepted_most() {
        let check = |accept: &'static str, expect: Format| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(Format::accepted(&headers), expect, "{accept}");
        };
        check("", Format::Json);
        check("*/*", Format::Json);
        check("text/csv", Format::Csv);
        check("Text/CSV; charset=utf-8", Format::Csv);
        check(
            "text/html, application/json;q=0.9, text/csv;q=0.95",
            Format::Csv,
        );
        check("application/x-ndjson, */*;q=0.1", Format::NdJson);
        check("application/vnd.apache.parquet", Format::Parquet);
        check("text/html", Format::Json);
        check("text/csv;q=nonsense", Format::Json);
        assert_eq!(Format::accepted(&HeaderMap::new()), Format::Json);
    }
}
