//! What hits of every type have in common.

use std::net::IpAddr;

use afsa_model::{Custom, Text, Timestamp};

use super::faults::{Faults, Path};
use super::fields::{Hit, Numbered};
use super::kind::{self, People};
use super::value::Value;
use crate::time::{TimeError, parse_rfc3339};
use crate::{DecodedHit, Rejection, limits};

/// Checks every field of a hit.
pub(super) fn decode_hit(hit: &Hit<'_>) -> Result<DecodedHit, Rejection> {
    let faults = &mut Faults::default();
    let (kind, people) = kind::read(faults, hit);
    let (content_groups, custom) = numbered(faults, hit);
    let user_id = faults.person(Path::Field("user_id"), hit.user_id);
    let user_role = faults.id(Path::Field("user_role"), hit.user_role);
    let People { user, role } = people;
    let mut text = |name, value| faults.text(Path::Field(name), value, limits::TEXT);
    let user_agent = text("user_agent", hit.user_agent);
    let language = text("language", hit.language);
    let screen = text("screen", hit.screen);
    let viewport = text("viewport", hit.viewport);
    let cms = text("cms", hit.cms);
    let title = text("title", hit.title);
    let event_id = faults.id(Path::Field("event_id"), hit.event_id);
    let visitor_id = faults.id(Path::Field("visitor_id"), hit.visitor_id);
    let time = time(faults, hit.timestamp);
    let address = address(faults, hit.ip);
    let location = faults.text(Path::Field("location"), hit.location, limits::ADDRESS);
    let referrer = faults.text(Path::Field("referrer"), hit.referrer, limits::ADDRESS);
    let allow_anchor = faults.flag(Path::Field("allow_anchor"), hit.allow_anchor);
    match (kind, std::mem::take(faults).into_rejection()) {
        (_, Some(rejection)) => Err(rejection),
        (None, None) => Err(Rejection::whole("malformed", "The hit cannot be read.")),
        (Some(kind), None) => Ok(DecodedHit {
            event_id,
            time,
            visitor_id,
            user_id: user_id.or(user),
            user_role: user_role.or(role),
            address,
            user_agent,
            language,
            screen,
            viewport,
            cms,
            location,
            allow_anchor,
            referrer,
            title,
            content_groups,
            custom,
            is_robot: false,
            kind,
        }),
    }
}

fn time(faults: &mut Faults, value: Value<'_>) -> Option<Timestamp> {
    const PATH: Path = Path::Field("timestamp");
    if let Value::Number(_) = value {
        let detail = "Seconds or milliseconds since 1970 are not taken, as nobody can tell them \
                      apart: write 2026-10-25T02:00:00.000Z.";
        faults.push(PATH, "wrong_type", detail);
        return None;
    }
    let text = faults.characters(PATH, value)?;
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let (error, detail) = match parse_rfc3339(text) {
        Ok(time) => return Some(time),
        Err(TimeError::Malformed) => (
            "malformed",
            "RFC 3339 is needed, such as 2026-10-25T02:00:00.000Z.",
        ),
        Err(TimeError::NoOffset) => (
            "malformed",
            "The offset from UTC is missing: add Z, or one such as +02:00.",
        ),
        Err(TimeError::OutOfRange) => (
            "out_of_range",
            "A day of the calendar from 1970 to 9999, and a time of day, is needed.",
        ),
    };
    faults.push(PATH, error, detail);
    None
}

fn address(faults: &mut Faults, value: Value<'_>) -> Option<IpAddr> {
    const PATH: Path = Path::Field("ip");
    let text = faults.characters(PATH, value)?;
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    match text.parse::<IpAddr>() {
        // `::ffff:192.0.2.1` is an IPv4 client of a server that listens on IPv6.
        Ok(address) => Some(address.to_canonical()),
        Err(_) => {
            faults.push(
                PATH,
                "malformed",
                "One IPv4 or IPv6 address is needed, without a port.",
            );
            None
        }
    }
}

/// Content groups, and custom dimensions and metrics by ascending number.
fn numbered(faults: &mut Faults, hit: &Hit<'_>) -> ([Text; 5], Option<Box<Custom>>) {
    let mut content_groups = [const { None }; 5];
    let mut custom = Custom::default();
    for (family, number, value) in &hit.numbered {
        let path = Path::Numbered(family.name(), *number);
        match family {
            Numbered::ContentGroup => {
                if let Some(slot) = content_groups.get_mut(usize::from(*number) - 1) {
                    *slot = faults.text(path, *value, limits::TEXT);
                }
            }
            Numbered::Dimension => {
                let text = faults.text(path, *value, limits::TEXT);
                custom.dimensions.extend(text.map(|text| (*number, text)));
            }
            Numbered::Metric => {
                let decimal = faults.decimal(path, *value);
                custom
                    .metrics
                    .extend(decimal.map(|decimal| (*number, decimal)));
            }
        }
    }
    if custom == Custom::default() {
        return (content_groups, None);
    }
    custom
        .dimensions
        .sort_unstable_by_key(|(number, _)| *number);
    custom.metrics.sort_unstable_by_key(|(number, _)| *number);
    (content_groups, Some(Box::new(custom)))
}
