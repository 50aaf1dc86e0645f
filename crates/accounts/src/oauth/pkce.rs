//! Proof that who exchanges a code is who asked for it (RFC 7636, the method S256 alone).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// What a request for authorisation holds of a secret that only its sender knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge(String);

impl Challenge {
    /// A hash of 32 bytes as base64url.
    pub fn parse(text: &str) -> Option<Challenge> {
        let is_hash = URL_SAFE_NO_PAD
            .decode(text)
            .is_ok_and(|bytes| bytes.len() == 32);
        is_hash.then(|| Challenge(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the secret that the challenge was made of.
    pub fn is_met_by(&self, verifier: &str) -> bool {
        let is_verifier = (43..=128).contains(&verifier.len())
            && verifier
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
        is_verifier && URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) == self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_secret_itself_meets_its_challenge() {
        // The example of RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = Challenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap();
        assert!(challenge.is_met_by(verifier));
        for wrong in [
            "",
            challenge.as_str(),
            &verifier[..42],
            &format!("{verifier}x"),
        ] {
            assert!(!challenge.is_met_by(wrong), "{wrong}");
        }
        // A secret that is too short is none, though the hash is right.
        let short = URL_SAFE_NO_PAD.encode(Sha256::digest("short"));
        assert!(!Challenge::parse(&short).unwrap().is_met_by("short"));
    }

    #[test]
    fn what_is_no_hash_is_no_challenge() {
        for text in [
            "",
            "x",
            &"a".repeat(44),
            &"=".repeat(43),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM",
        ] {
            assert_eq!(Challenge::parse(text), None, "{text}");
        }
    }
}
