//! Whatever the tests are answered, the document must have told of it: the status, the kind of
//! body, and the word of a problem.

use std::sync::OnceLock;

use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;

struct Promised {
    method: String,
    /// Placeholders are `None`.
    segments: Vec<Option<String>>,
    responses: Value,
}

impl Promised {
    fn fits(&self, path: &str) -> bool {
        let asked = path.split('/');
        asked.clone().count() == self.segments.len()
            && asked
                .zip(&self.segments)
                .all(|(asked, own)| own.as_deref().is_none_or(|own| own == asked))
    }
}

/// Those with the fewest placeholders first, as the router takes them.
fn promised() -> &'static [Promised] {
    static ALL: OnceLock<Vec<Promised>> = OnceLock::new();
    ALL.get_or_init(|| {
        let document = afsa_http::openapi_document();
        let shared = &document["components"]["responses"];
        let mut all = Vec::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let mut responses = operation["responses"].clone();
                for response in responses.as_object_mut().unwrap().values_mut() {
                    if let Some(reference) = response["$ref"].as_str() {
                        let name = reference.rsplit('/').next().unwrap();
                        *response = shared[name].clone();
                    }
                }
                let segment = |text: &str| (!text.starts_with('{')).then(|| text.to_owned());
                all.push(Promised {
                    method: method.to_uppercase(),
                    segments: path.split('/').map(segment).collect(),
                    responses,
                });
            }
        }
        all.sort_by_key(|one| one.segments.iter().filter(|part| part.is_none()).count());
        all
    })
}

/// Panics if the document doesn't tell that the operation answers so.
pub fn check(method: &str, path: &str, status: StatusCode, headers: &HeaderMap, body: &[u8]) {
    let Some(nearest) = promised().iter().find(|one| one.fits(path)) else {
        return;
    };
    let is_operation = |one: &&Promised| one.segments == nearest.segments && one.method == method;
    let Some(operation) = promised().iter().find(is_operation) else {
        return;
    };
    let text = || String::from_utf8_lossy(body).into_owned();
    let response = &operation.responses[status.as_str()];
    let told = format!("{method} {path} answers {status}");
    assert!(
        response.is_object(),
        "{told}, which is not documented: {}",
        text()
    );
    let Some(content) = response["content"].as_object() else {
        assert!(body.is_empty(), "{told} with a body: {}", text());
        return;
    };
    let media = headers["content-type"].to_str().unwrap();
    let media = media.split(';').next().unwrap();
    assert!(content.contains_key(media), "{told} as {media}");
    if media == "application/problem+json" {
        let problem: Value = serde_json::from_slice(body).unwrap();
        let word = problem["error"].as_str().unwrap();
        let examples = content[media]["examples"].as_object().unwrap();
        assert!(examples.contains_key(word), "{told}: {word}");
    }
}
