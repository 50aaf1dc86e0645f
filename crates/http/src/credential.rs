//! Finding the credential of a request.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use crate::problem::{Problem, Word};

/// Names of parameters that carry a credential.
pub(crate) const PARAMETERS: [&str; 2] = ["api_key", "access_token"];

/// The one credential among headers and parameters, if there is one. `parameters` are the values
/// of [`PARAMETERS`] wherever they stood.
pub(crate) fn find(headers: &HeaderMap, parameters: &[String]) -> Result<Option<String>, Problem> {
    let mut found: Vec<String> = Vec::new();
    for value in headers.get_all(AUTHORIZATION) {
        let value = value.to_str().map_err(|_| unreadable("Authorization"))?;
        let (scheme, token) = value.trim().split_once(' ').unwrap_or((value, ""));
        if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
            return Err(unreadable("Authorization"));
        }
        found.push(token.trim().to_owned());
    }
    for value in headers.get_all("x-api-key") {
        let value = value.to_str().map_err(|_| unreadable("X-API-Key"))?;
        found.push(value.trim().to_owned());
    }
    found.extend(parameters.iter().cloned());
    match found.len() {
        0 => Ok(None),
        1 => Ok(found.pop().filter(|credential| !credential.is_empty())),
        _ => Err(Problem::new(
            Word::InvalidRequest,
            "Send one credential: as Authorization, as X-API-Key, or as a parameter, not several.",
        )),
    }
}

fn unreadable(header: &str) -> Problem {
    let detail = match header {
        "Authorization" => "The header Authorization must be: Bearer, a blank, and the key.",
        _ => "The header X-API-Key must hold the key alone.",
    };
    Problem::access_denied(detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    #[test]
    fn one_at_a_time() {
        let check = |headers: &[(&'static str, &'static str)], parameters: &[&str], expect| {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                );
            }
            let parameters: Vec<String> = parameters.iter().map(|p| (*p).to_owned()).collect();
            let found = find(&map, &parameters).map_err(|problem| problem.word);
            assert_eq!(found, expect, "{headers:?} {parameters:?}");
        };
        let key = || Ok(Some("3-x".to_owned()));
        check(&[], &[], Ok(None));
        check(&[("authorization", "Bearer 3-x")], &[], key());
        check(&[("authorization", "bearer  3-x ")], &[], key());
        check(&[("x-api-key", "3-x")], &[], key());
        check(&[], &["3-x"], key());
        check(&[], &[""], Ok(None));
        check(
            &[("authorization", "Basic eDp5")],
            &[],
            Err(Word::AccessDenied),
        );
        check(&[("authorization", "Bearer")], &[], Err(Word::AccessDenied));
        check(
            &[("authorization", "Bearer 3-x"), ("x-api-key", "3-x")],
            &[],
            Err(Word::InvalidRequest),
        );
        check(&[("x-api-key", "3-x")], &["3-x"], Err(Word::InvalidRequest));
        check(&[], &["3-x", "3-x"], Err(Word::InvalidRequest));
    }
}
