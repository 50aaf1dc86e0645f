//! Token buckets, one for each credential.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::header::{HeaderName, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue};

use crate::RatePolicy;
use crate::problem::{Problem, Word};

/// Buckets kept; full ones are forgotten first, which changes nothing.
const MOST_BUCKETS: usize = 10_000;

/// Counts the requests of credentials, addresses or names under one policy.
///
/// `Sender` is what a bucket belongs to.
pub struct RateLimiter<Sender> {
    name: &'static str,
    policy: Option<RatePolicy>,
    buckets: Mutex<HashMap<Sender, Bucket>>,
}

struct Bucket {
    tokens: f64,
    filled_at: Duration,
}

impl<Sender: Hash + Eq> RateLimiter<Sender> {
    /// `None` is no bound.
    pub fn new(name: &'static str, policy: Option<RatePolicy>) -> Self {
        RateLimiter {
            name,
            policy,
            buckets: Mutex::default(),
        }
    }

    /// Takes one try of a sender, or tells how many seconds he has to wait.
    pub fn allow(&self, sender: Sender, elapsed: Duration) -> Result<(), u64> {
        match self.take(sender, elapsed) {
            Ok(_) => Ok(()),
            Err(problem) => {
                let told = problem.headers.iter().find(|(name, _)| name == RETRY_AFTER);
                let seconds = told.and_then(|(_, value)| value.to_str().ok()?.parse().ok());
                Err(seconds.unwrap_or(60))
            }
        }
    }

    /// Takes one request of a sender; the headers tell what is left.
    pub(crate) fn take(&self, sender: Sender, elapsed: Duration) -> Result<HeaderMap, Problem> {
        let mut headers = HeaderMap::new();
        let Some(policy) = self.policy else {
            return Ok(headers);
        };
        let quota = f64::from(policy.quota.max(1));
        let refill = quota / policy.window.as_secs_f64().max(0.001);
        let left = {
            let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
            if buckets.len() >= MOST_BUCKETS && !buckets.contains_key(&sender) {
                buckets.retain(|_, bucket| bucket.filled(elapsed, refill, quota) < quota);
            }
            let bucket = buckets.entry(sender).or_insert(Bucket {
                tokens: quota,
                filled_at: elapsed,
            });
            bucket.tokens = bucket.filled(elapsed, refill, quota);
            bucket.filled_at = elapsed;
            // A hair less than one is one: the rest is the rounding of many refills.
            let is_granted = bucket.tokens >= 1.0 - 1e-9;
            if is_granted {
                bucket.tokens = (bucket.tokens - 1.0).max(0.0);
            }
            is_granted.then_some(bucket.tokens).ok_or(bucket.tokens)
        };
        let remaining = left.unwrap_or(0.0);
        let until_next = ((1.0 - remaining % 1.0) / refill).ceil().max(1.0);
        insert(
            &mut headers,
            HeaderName::from_static("ratelimit-policy"),
            format!(
                "\"{}\";q={};w={}",
                self.name,
                policy.quota,
                policy.window.as_secs().max(1)
            ),
        );
        insert(
            &mut headers,
            HeaderName::from_static("ratelimit"),
            format!("\"{}\";r={};t={until_next}", self.name, remaining.floor()),
        );
        match left {
            Ok(_) => Ok(headers),
            Err(tokens) => {
                let wait = ((1.0 - tokens) / refill).ceil().max(1.0);
                insert(&mut headers, RETRY_AFTER, format!("{wait}"));
                let detail = format!(
                    "At most {} requests in {} seconds; the next is taken in {wait} seconds.",
                    policy.quota,
                    policy.window.as_secs_f64()
                );
                let mut problem = Problem::new(Word::RateLimited, detail);
                problem.headers.extend(
                    headers
                        .into_iter()
                        .filter_map(|(name, value)| Some((name?, value))),
                );
                Err(problem)
            }
        }
    }
}

impl Bucket {
    fn filled(&self, elapsed: Duration, refill: f64, quota: f64) -> f64 {
        let seconds = elapsed.saturating_sub(self.filled_at).as_secs_f64();
        (self.tokens + seconds * refill).min(quota)
    }
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_at_once_and_as_many_in_each_window() {
        let policy = RatePolicy {
            quota: 3,
            window: Duration::from_secs(60),
        };
        let limiter = RateLimiter::new("requests", Some(policy));
        let check = |key: i64, at: u64, expect: Result<&str, &str>| {
            let outcome = limiter.take(key, Duration::from_secs(at));
            let told = match &outcome {
                Ok(headers) => Ok(headers["ratelimit"].to_str().unwrap()),
                Err(problem) => {
                    assert_eq!(problem.word, Word::RateLimited);
                    let retry = problem.headers.iter().find(|(name, _)| name == RETRY_AFTER);
                    Err(retry.unwrap().1.to_str().unwrap())
                }
            };
            assert_eq!(told, expect, "{key} at {at}");
        };
        check(1, 0, Ok("\"requests\";r=2;t=20"));
        check(1, 0, Ok("\"requests\";r=1;t=20"));
        check(1, 0, Ok("\"requests\";r=0;t=20"));
        check(1, 0, Err("20"));
        check(2, 0, Ok("\"requests\";r=2;t=20"));
        check(1, 19, Err("1"));
        check(1, 20, Ok("\"requests\";r=0;t=20"));
        check(1, 3_600, Ok("\"requests\";r=2;t=20"));
    }

    #[test]
    fn no_policy_no_bound() {
        let limiter = RateLimiter::new("requests", None);
        for _ in 0..10_000 {
            assert!(limiter.take(1, Duration::ZERO).unwrap().is_empty());
        }
    }
}
