//! The fields of a line.

use std::net::IpAddr;

use afsa_model::Timestamp;

use super::quoted::{self, Quoted};
use super::{LogLine, Request};
use crate::Rejection;
use crate::time::{TimeError, civil, in_range, offset, two};

pub(super) fn line(line: &[u8]) -> Result<LogLine, Rejection> {
    let (before, time, after) = split_at_date(line)?;
    let (host, address) = parties(before)?;
    let Some(request) = after.trim_ascii_start().strip_prefix(b"\"") else {
        return Err(fault(
            "request",
            "The request stands between quotes after the date.",
        ));
    };
    let Quoted {
        field: request,
        rest: Some(rest),
    } = quoted::read(request)
    else {
        return Err(fault("request", "The request has no closing quote."));
    };
    let (status, rest) = token(rest);
    let status = number(status)
        .and_then(|status| u16::try_from(status).ok())
        .filter(|status| (100..1_000).contains(status))
        .ok_or_else(|| {
            fault(
                "status",
                "A status of three digits stands after the request.",
            )
        })?;
    let (bytes, rest) = token(rest);
    if bytes != b"-" && number(bytes).is_none() {
        return Err(fault("bytes", "A number or `-` stands after the status."));
    }
    let (referrer, rest) = optional_quoted(rest);
    let (user_agent, _) = optional_quoted(rest);
    Ok(LogLine {
        host,
        address,
        time,
        request: request_line(quoted::text(request)),
        status,
        bytes: number(bytes),
        referrer,
        user_agent,
    })
}

/// What stands before the date, the date, and what stands after it. A user's name may hold blanks
/// and brackets, so the date is found by its form.
fn split_at_date(line: &[u8]) -> Result<(&[u8], Timestamp, &[u8]), Rejection> {
    const LENGTH: usize = "25/Oct/2026:02:00:00 +0100".len();
    for at in memchr::memchr_iter(b'[', line) {
        let (before, bracketed) = line.split_at(at);
        let Some((date, [b']', after @ ..])) = bracketed
            .get(1..)
            .and_then(|rest| rest.split_at_checked(LENGTH))
        else {
            continue;
        };
        match date_time(date) {
            Ok(time) => return Ok((before, time, after)),
            Err(TimeError::Malformed | TimeError::NoOffset) => {}
            Err(TimeError::OutOfRange) => {
                let detail = "A day of the calendar from 1970 to 9999 is needed.";
                return Err(Rejection {
                    field: "time".to_owned(),
                    error: "out_of_range",
                    detail: detail.to_owned(),
                });
            }
        }
    }
    Err(fault(
        "time",
        "A line of the common or combined form has [25/Oct/2026:02:00:00 +0100].",
    ))
}

/// `25/Oct/2026:02:00:00 +0100`
fn date_time(date: &[u8]) -> Result<Timestamp, TimeError> {
    let [
        d1,
        d2,
        b'/',
        month @ ..,
        b'/',
        y1,
        y2,
        y3,
        y4,
        b':',
        h1,
        h2,
        b':',
        m1,
        m2,
        b':',
        s1,
        s2,
        b' ',
        sign @ (b'+' | b'-'),
        o1,
        o2,
        o3,
        o4,
    ] = date
    else {
        return Err(TimeError::Malformed);
    };
    const MONTHS: [&[u8]; 12] = [
        b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov",
        b"dec",
    ];
    let month = MONTHS
        .iter()
        .zip(1..)
        .find_map(|(name, number)| name.eq_ignore_ascii_case(month).then_some(number))
        .ok_or(TimeError::Malformed)?;
    let local = civil(
        two(*y1, *y2)? * 100 + two(*y3, *y4)?,
        month,
        two(*d1, *d2)?,
        [two(*h1, *h2)?, two(*m1, *m2)?, two(*s1, *s2)?],
    )?;
    in_range(local - offset(*sign, [*o1, *o2, *o3, *o4])?)
}

/// The virtual host, where one is named, and the client's address, where it is no name.
///
/// The common form has `client ident user`; vhost_combined has the virtual host before them. Users
/// may have blanks in their names, so more than three words are not enough to tell: the first word
/// is a host if it ends in a port, or if an address follows where none stands first.
fn parties(before: &[u8]) -> Result<(Option<String>, Option<IpAddr>), Rejection> {
    let mut words = before
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    let (Some(first), Some(second), Some(_)) = (words.next(), words.next(), words.next()) else {
        return Err(fault(
            "client",
            "Client, ident and user stand before the date.",
        ));
    };
    let first_address = address(first);
    let second_address = address(second);
    let has_four = words.next().is_some();
    let has_port = first_address.is_none() && without_port(first).len() < first.len();
    if has_four && (has_port || (first_address.is_none() && second_address.is_some())) {
        let host = quoted::text(without_port(first).to_ascii_lowercase());
        return Ok((
            Some(host).filter(|host| host != "-" && !host.is_empty()),
            second_address,
        ));
    }
    Ok((None, first_address))
}

fn address(word: &[u8]) -> Option<IpAddr> {
    let address: IpAddr = std::str::from_utf8(word).ok()?.parse().ok()?;
    Some(address.to_canonical())
}

/// `example.com:443` without its port.
fn without_port(host: &[u8]) -> &[u8] {
    let Some(colon) = memchr::memrchr(b':', host) else {
        return host;
    };
    match host.split_at(colon) {
        (name, [_, port @ ..]) if !port.is_empty() && port.iter().all(u8::is_ascii_digit) => name,
        _ => host,
    }
}

/// The next word, and what follows it.
fn token(bytes: &[u8]) -> (&[u8], &[u8]) {
    let bytes = bytes.trim_ascii_start();
    let end = bytes
        .iter()
        .position(u8::is_ascii_whitespace)
        .unwrap_or(bytes.len());
    bytes.split_at(end)
}

fn number(digits: &[u8]) -> Option<u64> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// The next field between quotes, where there is one that is not `-` or blank, and what follows.
fn optional_quoted(bytes: &[u8]) -> (Option<String>, &[u8]) {
    let Some(opened) = bytes.trim_ascii_start().strip_prefix(b"\"") else {
        return (None, &[]);
    };
    let Quoted { field, rest } = quoted::read(opened);
    let text = quoted::text(field);
    let is_missing = text == "-" || text.trim().is_empty();
    (
        if is_missing { None } else { Some(text) },
        rest.unwrap_or_default(),
    )
}

/// `GET /path HTTP/1.1`, or without the protocol as HTTP/0.9 has it. A target may hold blanks that
/// its client should have encoded.
fn request_line(request: String) -> Request {
    let Some((method, rest)) = request.split_once(' ') else {
        return Request::Other;
    };
    let is_method = !method.is_empty()
        && method
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
    let rest = rest.trim();
    let target = match rest.rsplit_once(' ') {
        Some((target, protocol)) if protocol.starts_with("HTTP/") => target.trim(),
        _ if rest.starts_with('/') => rest,
        _ => return Request::Other,
    };
    if !is_method || target.is_empty() {
        return Request::Other;
    }
    Request::Http {
        method: method.to_owned(),
        target: target.to_owned(),
    }
}

fn fault(field: &str, detail: &str) -> Rejection {
    Rejection {
        field: field.to_owned(),
        error: "malformed",
        detail: detail.to_owned(),
    }
}
