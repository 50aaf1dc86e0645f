//! Passwords: argon2id, never more of them at work than the machine has memory for.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};

use crate::change::Faults;
use crate::{Error, FieldFault};

/// Characters of a password.
const LEAST_LENGTH: usize = 10;
/// Bytes of a password.
const MOST_LENGTH: usize = 200;
/// What OWASP recommends for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashings at a time, each on one thread and with its own memory.
const AT_A_TIME: usize = 4;
/// Hashings that wait for their turn; whoever comes after that is told to come again.
const WAITING: usize = 100;

/// Of no password: what stands in for the hash of somebody who isn't there, so that it takes the
/// same time to find that out.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$\
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// What is wrong with a new password of whoever has this e-mail; with none, of a share.
pub fn password_faults(password: &str, email: &str) -> Vec<FieldFault> {
    let mut faults = Faults::default();
    if password.chars().count() < LEAST_LENGTH {
        let detail = format!("must be at least {LEAST_LENGTH} characters");
        faults.add("password", "too_short", detail);
    } else if password.len() > MOST_LENGTH {
        let detail = format!("must be at most {MOST_LENGTH} bytes");
        faults.add("password", "too_long", detail);
    } else if !email.is_empty() && password.trim().to_lowercase() == email.trim().to_lowercase() {
        faults.add("password", "contradiction", "must not be the e-mail");
    } else if is_one_character(password) {
        let detail = "must be more than one character again and again";
        faults.add("password", "contradiction", detail);
    }
    faults.0
}

fn is_one_character(password: &str) -> bool {
    let mut characters = password.chars();
    let first = characters.next();
    characters.all(|character| Some(character) == first)
}

/// Where passwords are hashed. No connection may be held meanwhile.
#[derive(Default)]
pub(crate) struct Hashing {
    load: Mutex<Load>,
    done: Condvar,
}

#[derive(Default)]
struct Load {
    working: usize,
    waiting: usize,
}

impl Hashing {
    /// The hash of a password as it is kept. `salt` is random.
    pub(crate) fn hash(&self, password: &str, salt: [u8; 32]) -> Result<String, Error> {
        let _turn = self.turn()?;
        let hashed = hasher()?.hash_password_with_salt(password.as_bytes(), &salt);
        Ok(hashed.map_err(failed)?.to_string())
    }

    /// Whether this is the password that was kept. Where none was it takes as long and is not.
    pub(crate) fn verify(&self, password: &str, kept: Option<&str>) -> Result<bool, Error> {
        let _turn = self.turn()?;
        let verified = hasher()?.verify_password(password.as_bytes(), kept.unwrap_or(NOBODY));
        match verified {
            Ok(()) => Ok(kept.is_some()),
            Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
            Err(error) => Err(Error::Damaged(format!("a password: {error}"))),
        }
    }

    fn turn(&self) -> Result<Turn<'_>, Error> {
        let mut load = self.load();
        if load.waiting >= WAITING {
            return Err(Error::Busy);
        }
        load.waiting += 1;
        while load.working >= AT_A_TIME {
            load = self.done.wait(load).unwrap_or_else(PoisonError::into_inner);
        }
        load.waiting -= 1;
        load.working += 1;
        Ok(Turn(self))
    }

    fn load(&self) -> MutexGuard<'_, Load> {
        self.load.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place at work, given back when dropped.
struct Turn<'a>(&'a Hashing);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.load().working -= 1;
        self.0.done.notify_one();
    }
}

fn hasher() -> Result<Argon2<'static>, Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|error| Error::Damaged(format!("parameters of argon2: {error}")))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn failed(error: argon2::password_hash::Error) -> Error {
    Error::Damaged(format!("a password could not be hashed: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_as_owasp_recommends_and_found_again() {
        let hashing = Hashing::default();
        let kept = hashing.hash("correct horse", [7; 32]).unwrap();
        assert!(
            kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{kept}"
        );
        assert_ne!(kept, hashing.hash("correct horse", [8; 32]).unwrap());
        let check = |password: &str, kept: Option<&str>, expect: bool| {
            assert_eq!(
                hashing.verify(password, kept).unwrap(),
                expect,
                "{password}"
            );
        };
        check("correct horse", Some(&kept), true);
        check("Correct horse", Some(&kept), false);
        check("", Some(&kept), false);
        check("correct horse", None, false);
        check(&"x".repeat(1 << 20), Some(&kept), false);
        let damaged = hashing.verify("correct horse", Some("$argon2id$nonsense"));
        assert!(matches!(damaged, Err(Error::Damaged(_))));
    }

    #[test]
    fn what_no_password_can_be() {
        let check = |password: &str, expect: Option<&str>| {
            let faults = password_faults(password, "Ada.Lovelace@example.com");
            let told = faults.first().map(|fault| fault.error);
            assert_eq!(told, expect, "{password:?}");
        };
        check("correct horse", None);
        check("ééééééééé", Some("too_short"));
        check("éééééééééa", None);
        check("", Some("too_short"));
        check(&"xy".repeat(100), None);
        check(&"xy".repeat(101), Some("too_long"));
        check(" ada.lovelace@EXAMPLE.com", Some("contradiction"));
        check("aaaaaaaaaaaa", Some("contradiction"));
    }

    #[test]
    fn so_many_at_a_time_and_the_rest_in_turn() {
        let hashing = Hashing::default();
        let most = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| {
                    let _turn = hashing.turn().unwrap();
                    let working = hashing.load().working;
                    most.fetch_max(working, std::sync::atomic::Ordering::Relaxed);
                });
            }
        });
        assert!((1..=AT_A_TIME).contains(&most.into_inner()));
        let load = hashing.load();
        assert_eq!((load.working, load.waiting), (0, 0));
    }
}
