//! One line of NDJSON: no input panics, what is taken is sound, and a batch of one is the same.

#![no_main]

use afsa_fuzz::soundness::{assert_sound, assert_told};
use afsa_wire::json;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|line: &[u8]| {
    match json::decode_line(line) {
        Ok(hit) => {
            assert_sound(&hit);
            // A byte order mark stands only before everything.
            let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
            let body = [b"[", line, b"]"].concat();
            let batch = json::decode_collect(&body, 1).map(|decoded| decoded.hits);
            assert_eq!(batch, Ok(vec![(0, hit)]));
        }
        Err(rejection) => assert_told(&rejection),
    }
});
