//! Bodies: bounded as they come and after decompression, in bounded time.

use std::io::Read;

use axum::body::{Body, Bytes};
use axum::http::header::{CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::Value;

use crate::problem::{Problem, Word};
use crate::{Limits, document};

/// Bodies longer than this are decompressed on a thread where that may take its time.
const SHORT: usize = 64 << 10;

/// The media type of the body without its parameters, in lower case; `None` where none was told.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let media = value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    Some(media).filter(|media| !media.is_empty())
}

/// The whole body, decompressed.
pub(crate) async fn read(
    headers: &HeaderMap,
    body: Body,
    limits: &Limits,
) -> Result<Bytes, Problem> {
    let limit = limits.body_bytes;
    let encoding = encoding(headers)?;
    check_length(headers, limit as u64)?;
    let reading = Limited::new(body, limit).collect();
    let bytes = match tokio::time::timeout(limits.body_time, reading).await {
        Ok(Ok(collected)) => collected.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(too_large(limit as u64)),
        Ok(Err(_)) => return Err(Problem::new(Word::InvalidRequest, "The body was cut off.")),
        Err(_) => {
            return Err(Problem::new(
                Word::InvalidRequest,
                "The body did not arrive in time.",
            ));
        }
    };
    match encoding {
        Encoding::Plain => Ok(bytes),
        _ if bytes.len() <= SHORT => decompress(encoding, &bytes, limit),
        _ => match tokio::task::spawn_blocking(move || decompress(encoding, &bytes, limit)).await {
            Ok(outcome) => outcome,
            Err(error) => Err(Problem::internal(error)),
        },
    }
}

/// The body as JSON.
pub(crate) fn json(bytes: &[u8]) -> Result<Value, Problem> {
    document::parse(bytes, "").map_err(Problem::of_faults)
}

/// Refuses what says of itself that it is too large, before any of it is read.
pub(crate) fn check_length(headers: &HeaderMap, limit: u64) -> Result<(), Problem> {
    let told = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    match told {
        Some(length) if length > limit => Err(too_large(limit)),
        _ => Ok(()),
    }
}

/// Refuses what cannot be decompressed.
pub(crate) fn check_encoding(headers: &HeaderMap) -> Result<(), Problem> {
    encoding(headers).map(drop)
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Encoding {
    Plain,
    Gzip,
    Zstd,
}

fn encoding(headers: &HeaderMap) -> Result<Encoding, Problem> {
    let Some(value) = headers.get(CONTENT_ENCODING) else {
        return Ok(Encoding::Plain);
    };
    match value
        .to_str()
        .map(|value| value.trim().to_ascii_lowercase())
        .as_deref()
    {
        Ok("" | "identity") => Ok(Encoding::Plain),
        Ok("gzip" | "x-gzip") => Ok(Encoding::Gzip),
        Ok("zstd") => Ok(Encoding::Zstd),
        _ => Err(Problem::new(
            Word::UnsupportedMediaType,
            "The body's Content-Encoding must be gzip, zstd or identity.",
        )),
    }
}

fn decompress(encoding: Encoding, bytes: &[u8], limit: usize) -> Result<Bytes, Problem> {
    let damaged = |_| Problem::new(Word::InvalidRequest, "The compressed body cannot be read.");
    let mut plain = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let length = match encoding {
        Encoding::Plain => return Ok(Bytes::copy_from_slice(bytes)),
        Encoding::Gzip => flate2::read::MultiGzDecoder::new(bytes)
            .take(most)
            .read_to_end(&mut plain),
        Encoding::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::new(bytes).map_err(damaged)?;
            // A frame may ask for a window of gigabytes; 8 MiB is what senders use at most.
            decoder.window_log_max(23).map_err(damaged)?;
            decoder.take(most).read_to_end(&mut plain)
        }
    };
    if length.map_err(damaged)? > limit {
        return Err(too_large(limit as u64));
    }
    Ok(plain.into())
}

/// Nobody will read the rest of it, so the connection can't go on.
pub(crate) fn too_large(limit: u64) -> Problem {
    let detail = format!("The body may have at most {limit} bytes, also after decompression.");
    Problem::new(Word::PayloadTooLarge, detail)
        .with_header(CONNECTION, HeaderValue::from_static("close"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use std::io::Write;
    use std::time::Duration;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    async fn outcome(encoding: &'static str, body: Vec<u8>) -> Result<usize, Word> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        let limits = Limits {
            body_bytes: 1_000,
            body_time: Duration::from_secs(60),
            ..Limits::default()
        };
        let read = read(&headers, Body::from(body), &limits).await;
        read.map(|bytes| bytes.len())
            .map_err(|problem| problem.word)
    }

    #[tokio::test]
    async fn bounded_before_and_after_decompression() {
        let zeros = vec![0; 1_000];
        assert_eq!(outcome("identity", zeros.clone()).await, Ok(1_000));
        assert_eq!(
            outcome("identity", vec![0; 1_001]).await,
            Err(Word::PayloadTooLarge)
        );
        assert_eq!(outcome("gzip", gzip(&zeros)).await, Ok(1_000));
        assert_eq!(
            outcome("GZIP", gzip(&vec![0; 90_000])).await,
            Err(Word::PayloadTooLarge)
        );
        assert_eq!(
            outcome("gzip", zeros.clone()).await,
            Err(Word::InvalidRequest)
        );
        let zstd = zstd::encode_all(&zeros[..], 3).unwrap();
        assert_eq!(outcome("zstd", zstd).await, Ok(1_000));
        let bomb = zstd::encode_all(&vec![0; 10 << 20][..], 3).unwrap();
        assert_eq!(outcome("zstd", bomb).await, Err(Word::PayloadTooLarge));
        assert_eq!(
            outcome("zstd", vec![1, 2, 3]).await,
            Err(Word::InvalidRequest)
        );
        assert_eq!(outcome("br", zeros).await, Err(Word::UnsupportedMediaType));
    }
}
