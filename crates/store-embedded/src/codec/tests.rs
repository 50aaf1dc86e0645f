//! What is written is read back; what is cut off or flipped is an error or another arrival, never
//! a panic.

use std::sync::Arc;

use afsa_store::Arrival;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::{Decoder, Reader, put_arrival};
use crate::samples::arrival;

fn read(bytes: &[u8]) -> Option<Arrival> {
    let mut reader = Reader::new(bytes);
    let arrival = Decoder::default().arrival(&mut reader).ok()?;
    reader.is_at_end().then_some(arrival)
}

#[test]
fn arrivals_come_back_as_they_were() {
    let mut random = StdRng::seed_from_u64(1);
    for _ in 0..3_000 {
        let arrival = arrival(&mut random);
        let mut bytes = Vec::new();
        put_arrival(&mut bytes, &arrival);
        assert_eq!(read(&bytes), Some(arrival));
    }
}

#[test]
fn equal_contexts_are_shared() {
    let mut random = StdRng::seed_from_u64(2);
    let arrival = arrival(&mut random);
    let mut bytes = Vec::new();
    put_arrival(&mut bytes, &arrival);
    put_arrival(&mut bytes, &arrival);
    let (mut reader, mut decoder) = (Reader::new(&bytes), Decoder::default());
    let first = decoder.arrival(&mut reader).unwrap();
    let second = decoder.arrival(&mut reader).unwrap();
    assert!(Arc::ptr_eq(&first.hit.client, &second.hit.client));
}

#[test]
fn nothing_cut_off_is_read_and_nothing_flipped_panics() {
    let mut random = StdRng::seed_from_u64(3);
    for _ in 0..200 {
        let mut bytes = Vec::new();
        put_arrival(&mut bytes, &arrival(&mut random));
        for length in 0..bytes.len() {
            assert_eq!(read(&bytes[..length]), None, "{length} of {}", bytes.len());
        }
        for _ in 0..200 {
            let mut flipped = bytes.clone();
            for _ in 0..random.random_range(1..4) {
                let at = random.random_range(0..flipped.len());
                flipped[at] ^= 1 << random.random_range(0..8);
            }
            read(&flipped);
        }
    }
}
