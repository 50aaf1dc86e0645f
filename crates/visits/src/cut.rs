//! Cutting the hits of one visitor into visits.

use afsa_model::{AccountSettings, Cut, DAY, Hit, HitKind, Visit, VisitorKey};

use crate::derive;

/// A visit holds at most this many hits; the next one starts another.
pub const MOST_HITS: usize = 10_000;

/// A hit later than this after a visit's start (milliseconds) starts another.
pub const LONGEST_VISIT: i64 = DAY;

/// What decides where visits end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Milliseconds; a gap of exactly this continues.
    pub visit_timeout: i64,
}

impl From<&AccountSettings> for Rules {
    fn from(settings: &AccountSettings) -> Rules {
        Rules {
            visit_timeout: settings.visit_timeout,
        }
    }
}

/// Cuts the hits of one visitor, given in any order, into visits.
///
/// Hits that are excluded from the figures are cut by themselves, so that they neither open nor
/// prolong a visit that counts. Hits of [`VisitorKey::NOBODY`] all stay loose.
pub fn cut(mut hits: Vec<Hit>, rules: Rules) -> Cut {
    hits.sort_by_key(|hit| (hit.time, hit.sequence));
    if hits
        .first()
        .is_some_and(|hit| hit.visitor == VisitorKey::NOBODY)
    {
        return Cut {
            visits: Vec::new(),
            loose: hits,
        };
    }
    let any_excluded = hits.iter().any(|hit| hit.exclusion.is_some());
    if !any_excluded {
        return cut_sorted(hits, rules);
    }
    let (excluded, counted): (Vec<Hit>, Vec<Hit>) =
        hits.into_iter().partition(|hit| hit.exclusion.is_some());
    let mut both = cut_sorted(counted, rules);
    let apart = cut_sorted(excluded, rules);
    both.visits.extend(apart.visits);
    both.visits
        .sort_by_key(|visit| (visit.start, visit.hits.first().map(|hit| hit.sequence)));
    both.loose.extend(apart.loose);
    both.loose.sort_by_key(|hit| (hit.time, hit.sequence));
    both
}

fn cut_sorted(hits: Vec<Hit>, rules: Rules) -> Cut {
    let mut cut = Cut::default();
    let mut open: Option<OpenVisit> = None;
    for hit in hits {
        let takes = open.as_ref().is_some_and(|visit| visit.takes(&hit, rules));
        match (open.as_mut(), takes) {
            (Some(visit), true) => visit.push(hit),
            _ if hit.opens_visit() => {
                cut.visits.extend(open.take().map(OpenVisit::close));
                open = Some(OpenVisit::begin(hit));
            }
            _ => cut.loose.push(hit),
        }
    }
    cut.visits.extend(open.map(OpenVisit::close));
    cut
}

/// A visit that further hits may join.
struct OpenVisit {
    hits: Vec<Hit>,
    /// The latest hit that prolonged it.
    end: afsa_model::Timestamp,
    /// Index of the first hit with a location or a referrer: the visit's origin is its own.
    origin: Option<usize>,
}

impl OpenVisit {
    fn begin(hit: Hit) -> OpenVisit {
        let origin = hit.origin.is_some().then_some(0);
        OpenVisit {
            end: hit.time,
            hits: vec![hit],
            origin,
        }
    }

    fn takes(&self, hit: &Hit, rules: Rules) -> bool {
        if matches!(hit.kind, HitKind::Refund(_) | HitKind::OrderStatus(_))
            || matches!(hit.kind, HitKind::Purchase(_)) && !hit.has_location()
        {
            return false;
        }
        hit.time.since(self.end) <= rules.visit_timeout
            && hit.time.since(self.hits[0].time) <= LONGEST_VISIT
            && self.hits.len() < MOST_HITS
            && !(hit.opens_visit() && self.is_left_for_campaign_of(hit))
    }

    /// Whether the hit carries a campaign's value that differs from the visit's.
    fn is_left_for_campaign_of(&self, hit: &Hit) -> bool {
        let (Some(told), Some(index)) = (&hit.origin, self.origin) else {
            return false;
        };
        if !told.has_campaign() {
            return false;
        }
        let Some(own) = &self.hits[index].origin else {
            return false;
        };
        let differs =
            |told: &afsa_model::Text, own: &afsa_model::Text| told.is_some() && told != own;
        differs(&told.campaign, &own.campaign)
            || differs(&told.campaign_source, &own.campaign_source)
            || differs(&told.campaign_medium, &own.campaign_medium)
            || differs(&told.campaign_term, &own.campaign_term)
            || differs(&told.campaign_content, &own.campaign_content)
            || differs(&told.campaign_id, &own.campaign_id)
            || differs(&told.click_id, &own.click_id)
            || differs(&told.click_id_name, &own.click_id_name)
    }

    fn push(&mut self, hit: Hit) {
        if hit.prolongs_visit() {
            self.end = hit.time;
        }
        if self.origin.is_none() && hit.origin.is_some() {
            self.origin = Some(self.hits.len());
        }
        self.hits.push(hit);
    }

    fn close(self) -> Visit {
        let origin = self
            .origin
            .and_then(|index| self.hits[index].origin.clone());
        derive::visit(self.hits, self.end, origin.unwrap_or_default())
    }
}
