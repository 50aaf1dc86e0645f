//! Counters of requests, as Prometheus reads them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use afsa_store::StoreCondition;

/// Upper ends of the buckets of durations, in seconds.
const BUCKETS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];

/// What was asked and how it went.
#[derive(Default)]
pub(crate) struct Metrics {
    requests: Mutex<BTreeMap<(&'static str, u16), Requests>>,
}

#[derive(Clone, Default)]
struct Requests {
    buckets: [u64; BUCKETS.len()],
    count: u64,
    seconds: f64,
}

impl Metrics {
    /// Notes a request: `operation` is one of a fixed set of names, never what a sender chose.
    pub(crate) fn note(&self, operation: &'static str, status: u16, duration: Duration) {
        let seconds = duration.as_secs_f64();
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = requests.entry((operation, status)).or_default();
        for (bucket, end) in entry.buckets.iter_mut().zip(BUCKETS) {
            *bucket += u64::from(seconds <= end);
        }
        entry.count += 1;
        entry.seconds += seconds;
    }

    /// The text exposition format.
    pub(crate) fn to_text(&self, condition: StoreCondition) -> String {
        let requests = self
            .requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut text = String::from(
            "# HELP afsa_http_request_duration_seconds Time from a request's head to its answer's.\n\
             # TYPE afsa_http_request_duration_seconds histogram\n",
        );
        for ((operation, status), counted) in &requests {
            let labels = format!("operation=\"{operation}\",status=\"{status}\"");
            for (count, end) in counted.buckets.iter().zip(BUCKETS) {
                let _ = writeln!(
                    text,
                    "afsa_http_request_duration_seconds_bucket{{{labels},le=\"{end}\"}} {count}"
                );
            }
            let Requests { count, seconds, .. } = counted;
            let _ = write!(
                text,
                "afsa_http_request_duration_seconds_bucket{{{labels},le=\"+Inf\"}} {count}\n\
                 afsa_http_request_duration_seconds_sum{{{labels}}} {seconds}\n\
                 afsa_http_request_duration_seconds_count{{{labels}}} {count}\n"
            );
        }
        let StoreCondition {
            damaged_files,
            refuses_hits,
        } = condition;
        let _ = write!(
            text,
            "# HELP afsa_damaged_files Stored files found not to be as they were written.\n\
             # TYPE afsa_damaged_files gauge\n\
             afsa_damaged_files {damaged_files}\n\
             # HELP afsa_refuses_hits Whether a failed write keeps hits from being taken.\n\
             # TYPE afsa_refuses_hits gauge\n\
             afsa_refuses_hits {}\n",
            u8::from(refuses_hits)
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_operation_and_status() {
        let metrics = Metrics::default();
        metrics.note("collect", 200, Duration::from_millis(2));
        metrics.note("collect", 200, Duration::from_millis(20));
        metrics.note("collect", 400, Duration::from_secs(60));
        let text = metrics.to_text(StoreCondition {
            damaged_files: 2,
            refuses_hits: false,
        });
        for line in [
            "afsa_damaged_files 2",
            "afsa_refuses_hits 0",
            r#"afsa_http_request_duration_seconds_bucket{operation="collect",status="200",le="0.001"} 0"#,
            r#"afsa_http_request_duration_seconds_bucket{operation="collect",status="200",le="0.0025"} 1"#,
            r#"afsa_http_request_duration_seconds_bucket{operation="collect",status="200",le="10"} 2"#,
            r#"afsa_http_request_duration_seconds_bucket{operation="collect",status="400",le="10"} 0"#,
            r#"afsa_http_request_duration_seconds_count{operation="collect",status="400"} 1"#,
            r#"afsa_http_request_duration_seconds_sum{operation="collect",status="200"} 0.022"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
