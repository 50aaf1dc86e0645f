//! Keys of visitors who are told apart within their import only.

use afsa_model::VisitorKey;

/// The bits of a fingerprint that stay the leading bits of its keys, so that a fingerprint's hits
/// of all days lie in one partition of an import, however finely it is divided.
pub(crate) const KEPT_BITS: u32 = 16;

/// The key of a chain of hits of one fingerprint that began on this UTC day (counted from 1970).
/// Fingerprints are keyed hashes already; this only spreads the days.
pub(crate) fn fingerprint_key(print: u128, import: u32, day: i64) -> VisitorKey {
    let salt = (u128::from(import) << 64) | u128::from(day as u64);
    let mut mixed = print ^ salt.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    for shift in [67, 61, 65] {
        mixed ^= mixed >> shift;
        mixed = mixed.wrapping_mul(0xda94_2042_e4dd_58b5_8ca8_9d4f_2b5d_9f0b);
    }
    mixed ^= mixed >> 64;
    let kept = u128::MAX << (128 - KEPT_BITS);
    VisitorKey(((print & kept) | (mixed & !kept)).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_prints_and_imports_have_keys_of_their_own_in_one_partition() {
        let mut keys = std::collections::HashSet::new();
        for print in [1, 2, u128::MAX, 1 << 127, (1 << 127) | 1] {
            for import in [0, 1, 7] {
                for day in [-1, 0, 1, 20_000] {
                    let key = fingerprint_key(print, import, day);
                    assert!(keys.insert(key), "{print} {import} {day}");
                    assert_eq!(key.0 >> 112, print >> 112);
                }
            }
        }
    }
}
