//! Bodies of `POST /v1/collect`: no input panics, every hit of the batch is accounted for once, and
//! what is taken is sound.

#![no_main]

use std::collections::BTreeSet;

use afsa_fuzz::soundness::{assert_sound, assert_told};
use afsa_wire::json;
use libfuzzer_sys::fuzz_target;

const LIMIT: usize = 50;

fuzz_target!(|body: &[u8]| {
    for outcome in [
        json::decode_collect(body, LIMIT),
        json::decode_ndjson(body, LIMIT),
    ] {
        let decoded = match outcome {
            Ok(decoded) => decoded,
            Err(rejection) => {
                assert_told(&rejection);
                continue;
            }
        };
        decoded.hits.iter().for_each(|(_, hit)| assert_sound(hit));
        decoded
            .rejected
            .iter()
            .for_each(|(_, rejection)| assert_told(rejection));
        let taken = decoded.hits.iter().map(|(index, _)| *index);
        let seen: BTreeSet<usize> = taken
            .chain(decoded.rejected.iter().map(|it| it.0))
            .collect();
        let count = decoded.hits.len() + decoded.rejected.len();
        assert!(count <= LIMIT);
        assert!(seen.into_iter().eq(0..count));
    }
});
