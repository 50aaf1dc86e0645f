//! One decoded hit becomes an arrival; the client's address ends here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use afsa_enrich::{Enricher, Input, cookieless, cut_address};
use afsa_model::{DAY, Exclusion, HOUR, Hit, HitKind, MINUTE, Timestamp, VisitorKey, text};
use afsa_store::{Arrival, EventKey, Identity};
use afsa_visits::identity::{user_key, visitor_key};
use afsa_wire::{DecodedHit, Rejection};

use crate::behaviour::Behaviour;
use crate::keys::{event_key, leading_u64};
use crate::{AccountContext, Keys};

/// How far ahead of the clock a hit may be dated (milliseconds).
pub const LATEST: i64 = 10 * MINUTE;
/// How far behind a live hit may be dated (milliseconds).
pub const EARLIEST_LIVE: i64 = 24 * HOUR;

/// When hits are taken, and what dates they may have.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    now: Timestamp,
    /// Of an import: the key by which it tells cookieless visitors apart, destroyed with it.
    import_key: Option<[u8; 32]>,
}

impl Moment {
    /// Hits of the last 24 hours.
    pub fn live(now: Timestamp) -> Moment {
        Moment {
            now,
            import_key: None,
        }
    }

    /// Hits of any past.
    pub fn import(now: Timestamp, key: [u8; 32]) -> Moment {
        Moment {
            now,
            import_key: Some(key),
        }
    }

    fn check(&self, time: Timestamp) -> Result<(), Rejection> {
        let refuse = |detail: &str| {
            Err(Rejection {
                field: "timestamp".to_owned(),
                error: "out_of_range",
                detail: detail.to_owned(),
            })
        };
        if time > self.now.plus(LATEST) {
            return refuse("must be at most 10 minutes ahead of the server's clock");
        }
        if self.import_key.is_none() && time < self.now.plus(-EARLIEST_LIVE) {
            return refuse("must be at most 24 hours back; POST /v1/imports takes hits of any age");
        }
        Ok(())
    }
}

/// Enriches hits and works out whose they are. Shared by all threads.
pub struct Pipeline {
    enricher: Arc<Enricher>,
    keys: Arc<dyn Keys>,
    lasting_key: [u8; 32],
    behaviour: Behaviour,
    /// Numbers generated order ids.
    generated: AtomicU64,
}

impl Pipeline {
    pub fn new(enricher: Arc<Enricher>, keys: Arc<dyn Keys>) -> Pipeline {
        let lasting_key = keys.lasting_key();
        let [a, b, c, d, e, f, g, h, ..] = keys.random();
        let generated = AtomicU64::new(u64::from_be_bytes([a, b, c, d, e, f, g, h]));
        Pipeline {
            enricher,
            keys,
            lasting_key,
            behaviour: Behaviour::default(),
            generated,
        }
    }

    /// Makes an arrival of a hit, or says why it can't be taken.
    pub fn arrival(
        &self,
        account: &AccountContext,
        decoded: DecodedHit,
        moment: &Moment,
    ) -> Result<Arrival, Rejection> {
        let time = decoded.time.unwrap_or(moment.now);
        moment.check(time)?;
        let enriched = self.enricher.enrich(&account.rules, &input(&decoded));
        let identity = self.identity(account, &decoded, time, moment);
        let mut exclusion = enriched.exclusion;
        if let (None | Some(Exclusion::Robot), Some(client)) = (exclusion, anonymous(&identity))
            && matches!(decoded.kind, HitKind::PageView)
            && self.behaviour.note(client, time, decoded.is_robot)
        {
            exclusion = exclusion.or(Some(Exclusion::Behaviour));
        }
        let event = decoded
            .event_id
            .as_deref()
            .map(|event_id| event_key(&self.lasting_key, account.id, event_id));
        let kind = self.with_order_id(account, decoded.kind, event);
        let hit = Hit {
            time,
            sequence: 0,
            visitor: VisitorKey::NOBODY,
            by_user: false,
            import: 0,
            exclusion,
            user: decoded.user_id,
            role: decoded.user_role,
            client: enriched.client,
            origin: enriched.origin,
            page: enriched.page,
            custom: decoded.custom,
            kind,
        };
        Ok(Arrival {
            identity,
            event,
            hit,
        })
    }

    fn identity(
        &self,
        account: &AccountContext,
        decoded: &DecodedHit,
        time: Timestamp,
        moment: &Moment,
    ) -> Identity {
        if let Some(visitor_id) = &decoded.visitor_id {
            return Identity::Visitor(visitor_key(account.id, visitor_id));
        }
        if let Some(user_id) = &decoded.user_id {
            return Identity::User(user_key(account.id, user_id));
        }
        let dropped_bytes = account.settings.address_policy.dropped_bytes;
        let address = decoded
            .address
            .and_then(|address| cut_address(address, dropped_bytes));
        let agent = decoded.user_agent.as_deref();
        let day = time.0.div_euclid(DAY);
        let of_day = |day: i64| {
            let key = self.keys.day_key(day)?;
            cookieless::visitor_key(&key, account.id, day, address, agent)
        };
        if let Some(today) = of_day(day) {
            let yesterday = of_day(day - 1).unwrap_or(today);
            return Identity::Cookieless { today, yesterday };
        }
        let fingerprint = moment
            .import_key
            .and_then(|key| cookieless::fingerprint(&key, account.id, address, agent));
        fingerprint.map_or(Identity::Nobody, Identity::Fingerprint)
    }

    /// Gives a purchase that asked for it an id: the same again if the same event comes again.
    fn with_order_id(
        &self,
        account: &AccountContext,
        kind: HitKind,
        event: Option<EventKey>,
    ) -> HitKind {
        let HitKind::Purchase(mut purchase) = kind else {
            return kind;
        };
        if purchase.order.id.as_deref() == Some(DecodedHit::GENERATED_ORDER_ID) {
            let seed = match event {
                Some(EventKey(key)) => key,
                None => self.generated.fetch_add(1, Ordering::Relaxed),
            };
            let number = leading_u64(&self.lasting_key, account.id, b"order", &seed.to_be_bytes());
            purchase.order.id = text(&format!("auto-{number:016x}"));
        }
        HitKind::Purchase(purchase)
    }
}

/// The cookieless client, whose behaviour is judged.
fn anonymous(identity: &Identity) -> Option<u128> {
    match identity {
        Identity::Cookieless { today, .. } => Some(today.0),
        Identity::Fingerprint(fingerprint) => Some(*fingerprint),
        Identity::Visitor(_) | Identity::User(_) | Identity::Nobody => None,
    }
}

fn input(decoded: &DecodedHit) -> Input<'_> {
    Input {
        address: decoded.address,
        agent: decoded.user_agent.as_deref(),
        language: decoded.language.as_deref(),
        screen: decoded.screen.as_deref(),
        viewport: decoded.viewport.as_deref(),
        cms: decoded.cms.as_deref(),
        location: decoded.location.as_deref(),
        referrer: decoded.referrer.as_deref(),
        title: decoded.title.as_ref(),
        content_groups: decoded.content_groups.each_ref().map(Option::as_ref),
        allow_anchor: decoded.allow_anchor,
        role: decoded.user_role.as_deref(),
        is_own: false,
        is_robot: decoded.is_robot,
    }
}
