//! Frames: `length u32 | crc32 u32 | payload`, little-endian; the checksum covers the length too.

use afsa_model::AccountId;
use afsa_store::Arrival;

use crate::codec::{DecodeError, Decoder, Reader, VERSION, put_arrival, put_u64};

/// Bytes before the payload.
pub(crate) const PREFIX: usize = 8;

/// No frame is longer: one submission is bounded long before.
pub(crate) const LONGEST_PAYLOAD: usize = 256 << 20;

/// What one submission brought, accepted and numbered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Frame {
    pub account: AccountId,
    pub number: u64,
    pub arrivals: Vec<Arrival>,
}

/// Appends the frame of these arrivals.
pub(crate) fn put_frame(out: &mut Vec<u8>, account: AccountId, number: u64, arrivals: &[Arrival]) {
    let start = out.len();
    out.extend_from_slice(&[0; PREFIX]);
    out.push(VERSION);
    put_u64(out, u64::from(account.0));
    put_u64(out, number);
    put_u64(out, arrivals.len() as u64);
    for arrival in arrivals {
        put_arrival(out, arrival);
    }
    let payload = out.get(start + PREFIX..).unwrap_or_default();
    let length = (payload.len() as u32).to_le_bytes();
    let checksum = checksum(length, payload).to_le_bytes();
    if let Some(prefix) = out.get_mut(start..start + PREFIX) {
        prefix[..4].copy_from_slice(&length);
        prefix[4..].copy_from_slice(&checksum);
    }
}

/// The payload of the frame at this offset, if one is there whole.
pub(crate) fn payload_at(bytes: &[u8], offset: usize) -> Option<&[u8]> {
    let prefix = bytes.get(offset..offset.checked_add(PREFIX)?)?;
    let (length, expected) = prefix.split_at(4);
    let length: [u8; 4] = length.try_into().ok()?;
    let expected: [u8; 4] = expected.try_into().ok()?;
    let size = u32::from_le_bytes(length) as usize;
    if size == 0 || size > LONGEST_PAYLOAD {
        return None;
    }
    let start = offset + PREFIX;
    let payload = bytes.get(start..start.checked_add(size)?)?;
    let is_whole = payload.first() == Some(&VERSION)
        && checksum(length, payload) == u32::from_le_bytes(expected);
    is_whole.then_some(payload)
}

/// Account and number alone: enough to tell whether the rest is wanted.
pub(crate) fn head(payload: &[u8]) -> Result<(AccountId, u64), DecodeError> {
    let mut reader = Reader::new(payload);
    read_head(&mut reader)
}

pub(crate) fn decode(payload: &[u8], decoder: &mut Decoder) -> Result<Frame, DecodeError> {
    let mut reader = Reader::new(payload);
    let (account, number) = read_head(&mut reader)?;
    let count = reader.count()?;
    let mut arrivals = Vec::with_capacity(count.min(reader.remaining() / 16));
    for _ in 0..count {
        arrivals.push(decoder.arrival(&mut reader)?);
    }
    if !reader.is_at_end() {
        return Err(reader.error("bytes beyond the last hit"));
    }
    Ok(Frame {
        account,
        number,
        arrivals,
    })
}

fn read_head(reader: &mut Reader<'_>) -> Result<(AccountId, u64), DecodeError> {
    if reader.u8()? != VERSION {
        return Err(reader.error("unknown version"));
    }
    Ok((AccountId(reader.u32()?), reader.u64()?))
}

fn checksum(length: [u8; 4], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length);
    hasher.update(payload);
    hasher.finalize()
}
