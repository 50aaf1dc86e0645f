//! The second factor: codes of an app, and recovery codes for when it is lost.

use afsa_model::{MINUTE, Timestamp};
use rusqlite::{Connection, OptionalExtension};
use sha2::{Digest, Sha256};
use totp_rs::{Builder, Secret, Totp};

use super::person::find;
use super::session::{self, NewSession};
use super::{Action, Person};
use crate::acting::{Acting, Actor, Change};
use crate::{Accounts, Error, opaque};

/// Who the app shows as the one that asks.
const ISSUER: &str = "afsa";
/// Bytes of a secret, as RFC 4226 recommends.
const SECRET_LENGTH: usize = 20;
/// Wrong codes of a person in [`WINDOW`].
const MOST_FAILURES: u32 = 10;
const WINDOW: i64 = 15 * MINUTE;
const RECOVERY_CODES: u8 = 10;
/// Bytes of a recovery code: 80 bits cannot be guessed even by who has the hash.
const RECOVERY_LENGTH: usize = 10;

/// What an app has to be told to make codes. It is shown once, to the person himself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TotpEnrolment {
    /// In base 32, to be typed.
    pub secret: String,
    /// `otpauth://…`, to be shown as a QR code.
    pub address: String,
}

/// What came of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecondFactor {
    SignedIn(NewSession),
    Wrong,
    /// Too many were wrong: none is looked at for a quarter of an hour.
    Locked,
}

/// What came of a code where somebody is signed in already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code<T> {
    Right(T),
    Wrong,
    Locked,
}

impl Accounts {
    /// Ends a session that awaits the second factor with one that doesn't, for whoever tells a code
    /// of the app or a recovery code. `awaiting` is the session's text, `secret` is random.
    pub fn tell_second_factor(
        &self,
        awaiting: &str,
        code: &str,
        secret: [u8; 32],
        now: Timestamp,
    ) -> Result<SecondFactor, Error> {
        let person = session::awaiting(&self.read(), awaiting, now)?.person;
        self.acting(Actor::Person(person), now).change(|change| {
            // Of two that come at once one finds the session.
            let session = session::awaiting(change.transaction, awaiting, now)?;
            match check(change, person, code)? {
                Code::Wrong => Ok(SecondFactor::Wrong),
                Code::Locked => Ok(SecondFactor::Locked),
                Code::Right(how) => {
                    change
                        .transaction
                        .execute("DELETE FROM sessions WHERE id = ?1", [session.id])?;
                    change.note_person(person, Action::PersonSignedIn, how)?;
                    let agent = &session.agent;
                    let opened = session::open(change, person, agent, false, secret)?;
                    Ok(SecondFactor::SignedIn(opened))
                }
            }
        })
    }

    /// How many recovery codes the person has left.
    pub fn recovery_codes_left(&self, person: i64) -> Result<u32, Error> {
        Ok(self
            .read()
            .prepare_cached("SELECT count(*) FROM recovery_codes WHERE person = ?1")?
            .query_row([person], |row| row.get(0))?)
    }
}

impl Acting<'_> {
    /// Makes the secret that codes come of. It counts from [`Acting::confirm_totp`] on; until then
    /// another may be made. The e-mail has to be confirmed, so that nobody puts his own second
    /// factor before an e-mail that is somebody else's. `random` is random.
    pub fn begin_totp(&self, person: i64, random: [u8; 32]) -> Result<TotpEnrolment, Error> {
        self.change(|change| {
            let found = change.themselves(person)?;
            if found.has_second_factor || found.confirmed_at.is_none() {
                return Err(Error::NotAllowed);
            }
            let secret = &random[..SECRET_LENGTH];
            change.transaction.execute(
                "UPDATE persons SET totp_secret = ?2 WHERE id = ?1",
                (person, secret),
            )?;
            let secret = Secret::from(secret.to_vec()).to_base32();
            let address = format!(
                "otpauth://totp/{ISSUER}:{}?secret={secret}&issuer={ISSUER}",
                escaped(&found.email)
            );
            Ok(TotpEnrolment { secret, address })
        })
    }

    /// Makes the second factor count, for who shows that his app has the secret. Answers the
    /// recovery codes, which are shown once; `seed` is random.
    pub fn confirm_totp(
        &self,
        person: i64,
        code: &str,
        seed: [u8; 32],
    ) -> Result<Code<Vec<String>>, Error> {
        self.change(|change| {
            if change.themselves(person)?.has_second_factor {
                return Err(Error::NotAllowed);
            }
            match check(change, person, code)? {
                Code::Wrong => Ok(Code::Wrong),
                Code::Locked => Ok(Code::Locked),
                Code::Right(_) => {
                    change.transaction.execute(
                        "UPDATE persons SET totp_confirmed_at = ?2 WHERE id = ?1",
                        (person, change.now.0),
                    )?;
                    change.note_person(person, Action::SecondFactorEnabled, "")?;
                    Ok(Code::Right(replace_recovery_codes(change, person, seed)?))
                }
            }
        })
    }

    /// Ends the person's own second factor, if he still has it.
    pub fn disable_second_factor(&self, person: i64, code: &str) -> Result<Code<()>, Error> {
        self.change(|change| {
            change.themselves(person)?;
            match check(change, person, code)? {
                Code::Right(_) => Ok(Code::Right(forget(change, person)?)),
                Code::Wrong => Ok(Code::Wrong),
                Code::Locked => Ok(Code::Locked),
            }
        })
    }

    /// Ends the second factor of somebody who has lost it and his recovery codes; the operator's.
    pub fn remove_second_factor(&self, person: i64) -> Result<(), Error> {
        self.change(|change| {
            change.require_operator()?;
            find(change.transaction, person)?;
            forget(change, person)
        })
    }

    /// New recovery codes, shown once, in place of all; for who tells a code. `seed` is random.
    pub fn renew_recovery_codes(
        &self,
        person: i64,
        code: &str,
        seed: [u8; 32],
    ) -> Result<Code<Vec<String>>, Error> {
        self.change(|change| {
            if !change.themselves(person)?.has_second_factor {
                return Err(Error::NotAllowed);
            }
            match check(change, person, code)? {
                Code::Right(_) => Ok(Code::Right(replace_recovery_codes(change, person, seed)?)),
                Code::Wrong => Ok(Code::Wrong),
                Code::Locked => Ok(Code::Locked),
            }
        })
    }
}

impl Change<'_> {
    /// The person, who has to be the one who acts: not even the operator holds another's factor.
    fn themselves(&self, person: i64) -> Result<Person, Error> {
        if self.actor != Actor::Person(person) {
            return Err(Error::NotAllowed);
        }
        find(self.transaction, person)
    }
}

/// Whether a code is right, and of what kind it was; each that is wrong counts, and none is right
/// twice. What it writes has to be kept whatever the answer.
fn check(change: &Change<'_>, person: i64, code: &str) -> Result<Code<&'static str>, Error> {
    let kept = Kept::of(change.transaction, person)?;
    let failures = match change.now < kept.since.plus(WINDOW) {
        true => kept.failures,
        false => 0,
    };
    if failures >= MOST_FAILURES {
        return Ok(Code::Locked);
    }
    let code: String = code
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .take(40)
        .flat_map(char::to_lowercase)
        .collect();
    if let Some(step) = kept.step_of(&code, change.now)? {
        change.transaction.execute(
            "UPDATE persons SET totp_last_step = ?2, second_factor_failures = 0 WHERE id = ?1",
            (person, step),
        )?;
        return Ok(Code::Right("by password and code"));
    }
    let used = change.transaction.execute(
        "DELETE FROM recovery_codes WHERE person = ?1 AND hash = ?2",
        (person, opaque::hash(&code)),
    )?;
    if used > 0 {
        change.transaction.execute(
            "UPDATE persons SET second_factor_failures = 0 WHERE id = ?1",
            [person],
        )?;
        change.note_person(person, Action::RecoveryCodeUsed, "")?;
        return Ok(Code::Right("by password and recovery code"));
    }
    let since = match failures {
        0 => change.now,
        _ => kept.since,
    };
    change.transaction.execute(
        "UPDATE persons SET second_factor_failures = ?2, second_factor_since = ?3 WHERE id = ?1",
        (person, failures + 1, since.0),
    )?;
    if failures + 1 == MOST_FAILURES {
        change.note_person(person, Action::SecondFactorLocked, "")?;
    }
    Ok(Code::Wrong)
}

/// What is kept of a person's second factor.
struct Kept {
    secret: Option<Vec<u8>>,
    last_step: i64,
    failures: u32,
    since: Timestamp,
}

impl Kept {
    fn of(connection: &Connection, person: i64) -> Result<Kept, Error> {
        let found = connection
            .prepare_cached(
                "SELECT totp_secret, totp_last_step, second_factor_failures, second_factor_since
                 FROM persons WHERE id = ?1",
            )?
            .query_row([person], |row| {
                Ok(Kept {
                    secret: row.get(0)?,
                    last_step: row.get(1)?,
                    failures: row.get(2)?,
                    since: Timestamp(row.get(3)?),
                })
            })
            .optional()?;
        found.ok_or(Error::NotFound {
            kind: "person",
            id: person,
        })
    }

    /// The step of time that the code is of, if it is of one that may still be told: the present
    /// one or one beside it, and later than that of the last code.
    fn step_of(&self, code: &str, now: Timestamp) -> Result<Option<i64>, Error> {
        let is_code = code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
        let Some(secret) = self.secret.as_ref().filter(|_| is_code) else {
            return Ok(None);
        };
        let seconds = u64::try_from(now.0 / 1_000).unwrap_or(0);
        let step = totp(secret)?
            .check(code, seconds)
            .and_then(|step| i64::try_from(step).ok());
        Ok(step.filter(|step| *step > self.last_step))
    }
}

fn totp(secret: &[u8]) -> Result<Totp, Error> {
    Builder::new()
        .with_secret(Secret::from(secret.to_vec()))
        .build()
        .map_err(|error| Error::Damaged(format!("a secret of codes: {error}")))
}

fn forget(change: &Change<'_>, person: i64) -> Result<(), Error> {
    change.transaction.execute(
        "UPDATE persons SET totp_secret = NULL, totp_confirmed_at = NULL WHERE id = ?1",
        [person],
    )?;
    change
        .transaction
        .execute("DELETE FROM recovery_codes WHERE person = ?1", [person])?;
    change.note_person(person, Action::SecondFactorDisabled, "")
}

/// Keeps hashes of new codes and answers the codes: each four groups of four letters and digits.
fn replace_recovery_codes(
    change: &Change<'_>,
    person: i64,
    seed: [u8; 32],
) -> Result<Vec<String>, Error> {
    change
        .transaction
        .execute("DELETE FROM recovery_codes WHERE person = ?1", [person])?;
    let mut codes = Vec::new();
    for number in 0..RECOVERY_CODES {
        let hash = Sha256::new()
            .chain_update(b"afsa recovery code\n")
            .chain_update(seed)
            .chain_update([number])
            .finalize();
        let code = Secret::from(hash[..RECOVERY_LENGTH].to_vec())
            .to_base32()
            .to_lowercase();
        change.transaction.execute(
            "INSERT INTO recovery_codes (person, hash) VALUES (?1, ?2)",
            (person, opaque::hash(&code)),
        )?;
        let groups: Vec<&str> = (0..code.len())
            .step_by(4)
            .filter_map(|start| code.get(start..start + 4))
            .collect();
        codes.push(groups.join("-"));
    }
    change.note_person(person, Action::RecoveryCodesMade, "")?;
    Ok(codes)
}

/// As it may stand in the path of an address.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                escaped.push(char::from(byte));
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}
