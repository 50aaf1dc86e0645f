//! Whose each hit is, looking at all hits at once.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use afsa_model::{DAY, Hit, Timestamp, VisitorKey};
use afsa_visits::identity::UserTimeline;

use crate::{Arrival, Identity};

/// Sets `visitor` and `by_user` of every hit; the outcome is sorted by time, then by arrival.
///
/// - A user is whoever was last known under his id at the hit's time, by any hit that told both a
///   `visitor_id` and a `user_id` (excluded hits too); else he has his own key.
/// - A cookieless hit keeps yesterday's key while a visit of that key is under way: while the last
///   hit that opened or prolonged it lies no longer than the timeout before.
/// - A fingerprint is told apart within its import and the UTC day on which its chain of hits
///   began; the chain goes on over midnight while its visit is under way.
pub(super) fn resolve(arrivals: &[Arrival], visit_timeout: i64) -> Vec<Hit> {
    let mut sorted: Vec<&Arrival> = arrivals.iter().collect();
    sorted.sort_by_key(|arrival| (arrival.hit.time, arrival.hit.sequence));
    let users = timelines(&sorted);
    let mut under_way = UnderWay {
        visit_timeout,
        last: HashMap::new(),
    };
    let mut chains: HashMap<(u32, u128), (i64, VisitorKey)> = HashMap::new();
    let mut hits = Vec::with_capacity(sorted.len());
    for arrival in sorted {
        let mut hit = arrival.hit.clone();
        hit.by_user = matches!(arrival.identity, Identity::User(_));
        hit.visitor = match arrival.identity {
            Identity::Visitor(key) => key,
            Identity::User(own) => hit
                .user
                .as_ref()
                .and_then(|user| users.get(user)?.at(hit.time))
                .unwrap_or(own),
            Identity::Cookieless { today, yesterday } => {
                if under_way.at(yesterday, hit.time) {
                    yesterday
                } else {
                    today
                }
            }
            Identity::Fingerprint(print) => {
                let day = hit.time.0.div_euclid(DAY);
                let fresh = || (day, fingerprint_key(hit.import, print, day));
                let chain = chains.entry((hit.import, print)).or_insert_with(fresh);
                if chain.0 != day && !under_way.at(chain.1, hit.time) {
                    *chain = fresh();
                }
                chain.1
            }
            Identity::Nobody => VisitorKey::NOBODY,
        };
        under_way.note(&hit);
        hits.push(hit);
    }
    hits
}

fn timelines(sorted: &[&Arrival]) -> HashMap<Arc<str>, UserTimeline> {
    let mut users: HashMap<Arc<str>, UserTimeline> = HashMap::new();
    for arrival in sorted {
        if let (Identity::Visitor(visitor), Some(user)) = (arrival.identity, &arrival.hit.user) {
            users.entry(user.clone()).or_default().note(
                arrival.hit.time,
                arrival.hit.sequence,
                visitor,
            );
        }
    }
    users
}

/// Which keys have a visit under way, as one goes through the hits by time.
struct UnderWay {
    visit_timeout: i64,
    last: HashMap<VisitorKey, Timestamp>,
}

impl UnderWay {
    fn at(&self, key: VisitorKey, time: Timestamp) -> bool {
        self.last
            .get(&key)
            .is_some_and(|last| time.since(*last) <= self.visit_timeout)
    }

    fn note(&mut self, hit: &Hit) {
        if hit.opens_visit() || hit.prolongs_visit() && self.at(hit.visitor, hit.time) {
            self.last.insert(hit.visitor, hit.time);
        }
    }
}

/// Any key that is the same for the same chain will do: backends choose their own.
fn fingerprint_key(import: u32, print: u128, day: i64) -> VisitorKey {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, import, print, day).hash(&mut hasher);
        u128::from(hasher.finish())
    };
    VisitorKey((half(0) << 64 | half(1)).max(1))
}
