//! The `filters` parameter of questions: any bytes are a filter or are refused.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = afsa_http::parses_as_filter(bytes);
});
