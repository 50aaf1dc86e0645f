//! One line of an access log: no input panics, and what becomes a hit is sound.

#![no_main]

use afsa_fuzz::soundness::{assert_sound, assert_told};
use afsa_wire::log_line::{self, Site};
use libfuzzer_sys::fuzz_target;

const SITE: Site<'_> = Site {
    host: "example.com",
    is_https: true,
};

fuzz_target!(|line: &[u8]| {
    match log_line::parse(line) {
        Ok(parsed) => {
            if let Ok(hit) = parsed.into_hit(SITE) {
                assert_sound(&hit);
            }
        }
        Err(rejection) => assert_told(&rejection),
    }
});
