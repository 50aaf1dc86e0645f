//! Token buckets: so many requests of a credential, an address, an account, and no more.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::header::{HeaderName, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue};

use crate::RatePolicy;
use crate::problem::{Problem, Word};

/// Buckets kept under one policy; the fullest are forgotten first.
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

impl<Sender: Hash + Eq + Clone> RateLimiter<Sender> {
    /// `None` is no bound. The name is what senders know the policy by.
    pub fn new(name: &'static str, policy: Option<RatePolicy>) -> Self {
        RateLimiter {
            name,
            policy,
            buckets: Mutex::default(),
        }
    }

    /// Takes one try of a sender, or tells how many seconds he has to wait.
    pub fn allow(&self, sender: Sender, elapsed: Duration) -> Result<(), u64> {
        self.take(sender, elapsed, &mut RateHeaders::default())
            .map_err(|refused| refused.seconds)
    }

    /// Gives a try back that was taken: it was none of those that are to be bounded.
    pub fn give_back(&self, sender: &Sender) {
        let Some(policy) = self.policy else {
            return;
        };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = buckets.get_mut(sender) {
            bucket.tokens = (bucket.tokens + 1.0).min(f64::from(policy.quota.max(1)));
        }
    }

    /// Takes one request of a sender, and notes for the headers what is left.
    pub(crate) fn take(
        &self,
        sender: Sender,
        elapsed: Duration,
        headers: &mut RateHeaders,
    ) -> Result<(), Refused> {
        let Some(policy) = self.policy else {
            return Ok(());
        };
        let quota = f64::from(policy.quota.max(1));
        let window = policy.window.as_secs_f64().max(0.001);
        let refill = quota / window;
        let taken = {
            let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
            if buckets.len() >= MOST_BUCKETS && !buckets.contains_key(&sender) {
                forget_fullest(&mut buckets, |bucket| bucket.filled(elapsed, refill, quota));
            }
            let bucket = buckets.entry(sender).or_insert(Bucket {
                tokens: quota,
                filled_at: elapsed,
            });
            bucket.take(elapsed, refill, quota)
        };
        let left = taken.unwrap_or(0.0);
        headers.note(self.name, policy, left, (1.0 - left % 1.0) / refill);
        taken.map(drop).map_err(|tokens| Refused {
            name: self.name,
            policy,
            seconds: seconds((1.0 - tokens) / refill),
        })
    }
}

impl Bucket {
    /// What is left after one more, or what there is where that is not enough.
    fn take(&mut self, elapsed: Duration, refill: f64, quota: f64) -> Result<f64, f64> {
        self.tokens = self.filled(elapsed, refill, quota);
        self.filled_at = elapsed;
        // A hair less than one is one: the rest is the rounding of many refills.
        if self.tokens < 1.0 - 1e-9 {
            return Err(self.tokens);
        }
        self.tokens = (self.tokens - 1.0).max(0.0);
        Ok(self.tokens)
    }

    fn filled(&self, elapsed: Duration, refill: f64, quota: f64) -> f64 {
        let seconds = elapsed.saturating_sub(self.filled_at).as_secs_f64();
        (self.tokens + seconds * refill).min(quota)
    }
}

/// Makes room for as many again, whoever comes: forgets the half of the buckets that hold the most,
/// so that those who have used up theirs stay known however many others a sender makes up.
fn forget_fullest<Sender: Hash + Eq + Clone>(
    buckets: &mut HashMap<Sender, Bucket>,
    filled: impl Fn(&Bucket) -> f64,
) {
    let mut known: Vec<(f64, Sender)> = buckets
        .iter()
        .map(|(sender, bucket)| (filled(bucket), sender.clone()))
        .collect();
    known.sort_unstable_by(|left, right| right.0.total_cmp(&left.0));
    known.truncate(MOST_BUCKETS / 2);
    for (_, sender) in known {
        buckets.remove(&sender);
    }
}

/// A request beyond its policy.
#[derive(Debug)]
pub(crate) struct Refused {
    name: &'static str,
    policy: RatePolicy,
    /// Until the next is taken.
    seconds: u64,
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Problem {
        let detail = format!(
            "At most {} requests in {} seconds ({}); the next is taken in {} seconds.",
            refused.policy.quota,
            refused.policy.window.as_secs_f64(),
            refused.name,
            refused.seconds,
        );
        Problem::new(Word::RateLimited, detail)
            .with_header(RETRY_AFTER, HeaderValue::from(refused.seconds))
    }
}

/// What senders are told of the policies that they came under (draft-ietf-httpapi-ratelimit-headers):
/// one item of each header for each policy.
#[derive(Default)]
pub(crate) struct RateHeaders {
    policies: String,
    left: String,
}

impl RateHeaders {
    fn note(&mut self, name: &str, policy: RatePolicy, left: f64, until_next: f64) {
        use std::fmt::Write;
        let separator = if self.left.is_empty() { "" } else { ", " };
        let window = policy.window.as_secs().max(1);
        let quota = policy.quota;
        let _ = write!(self.policies, "{separator}\"{name}\";q={quota};w={window}");
        let next = seconds(until_next);
        let _ = write!(
            self.left,
            "{separator}\"{name}\";r={};t={next}",
            left.floor()
        );
    }

    pub(crate) fn into_map(self) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in [
            ("ratelimit-policy", self.policies),
            ("ratelimit", self.left),
        ] {
            if value.is_empty() {
                continue;
            }
            if let Ok(value) = HeaderValue::try_from(value) {
                map.insert(HeaderName::from_static(name), value);
            }
        }
        map
    }
}

/// Whole seconds, one at least.
fn seconds(seconds: f64) -> u64 {
    // What is beyond the range is told as its end.
    seconds.ceil().max(1.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(quota: u32) -> Option<RatePolicy> {
        Some(RatePolicy {
            quota,
            window: Duration::from_secs(60),
        })
    }

    #[test]
    fn so_many_at_once_and_as_many_in_each_window() {
        let limiter = RateLimiter::new("requests", policy(3));
        let check = |key: i64, at: u64, expect: Result<&str, u64>| {
            let mut headers = RateHeaders::default();
            let outcome = limiter.take(key, Duration::from_secs(at), &mut headers);
            let told = match &outcome {
                Ok(()) => Ok(headers.left.as_str()),
                Err(refused) => Err(refused.seconds),
            };
            assert_eq!(told, expect, "{key} at {at}");
        };
        check(1, 0, Ok("\"requests\";r=2;t=20"));
        check(1, 0, Ok("\"requests\";r=1;t=20"));
        check(1, 0, Ok("\"requests\";r=0;t=20"));
        check(1, 0, Err(20));
        check(2, 0, Ok("\"requests\";r=2;t=20"));
        check(1, 19, Err(1));
        check(1, 20, Ok("\"requests\";r=0;t=20"));
        check(1, 3_600, Ok("\"requests\";r=2;t=20"));
    }

    #[test]
    fn every_policy_is_told() {
        let mut headers = RateHeaders::default();
        let addresses = RateLimiter::new("address", policy(60));
        let accounts = RateLimiter::new("account", policy(1));
        addresses.take(1, Duration::ZERO, &mut headers).unwrap();
        accounts.take(1, Duration::ZERO, &mut headers).unwrap();
        let told = headers.into_map();
        assert_eq!(
            told["ratelimit-policy"],
            "\"address\";q=60;w=60, \"account\";q=1;w=60"
        );
        assert_eq!(
            told["ratelimit"],
            "\"address\";r=59;t=1, \"account\";r=0;t=60"
        );
        let refused = accounts.take(1, Duration::ZERO, &mut RateHeaders::default());
        let problem = Problem::from(refused.unwrap_err());
        assert_eq!(problem.word, Word::RateLimited);
        let (name, wait) = &problem.headers[0];
        assert_eq!((name, wait.to_str().unwrap()), (&RETRY_AFTER, "60"));
    }

    #[test]
    fn no_policy_no_bound() {
        let limiter = RateLimiter::new("requests", None);
        for _ in 0..10_000 {
            assert_eq!(limiter.allow(1, Duration::ZERO), Ok(()));
        }
    }

    #[test]
    fn a_try_that_is_given_back_may_be_taken_again() {
        let limiter = RateLimiter::new("guesses", policy(2));
        limiter.give_back(&0);
        for _ in 0..5 {
            assert_eq!(limiter.allow(0, Duration::ZERO), Ok(()));
            limiter.give_back(&0);
        }
        // No more than there were.
        limiter.give_back(&0);
        for expect in [Ok(()), Ok(()), Err(30)] {
            assert_eq!(limiter.allow(0, Duration::ZERO), expect);
        }
    }

    #[test]
    fn buckets_are_bounded_and_those_used_up_stay_known() {
        let limiter = RateLimiter::new("requests", policy(2));
        for _ in 0..2 {
            assert_eq!(limiter.allow(0, Duration::ZERO), Ok(()));
        }
        for other in 1..100_000 {
            assert_eq!(limiter.allow(other, Duration::ZERO), Ok(()));
        }
        assert_eq!(limiter.allow(0, Duration::ZERO), Err(30));
        assert!(limiter.buckets.lock().unwrap().len() <= MOST_BUCKETS);
    }
}
