//! Signing in, and the sessions that come of it.

use std::collections::HashMap;
use std::sync::{MutexGuard, PoisonError};

use afsa_model::{DAY, MINUTE, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use super::person::{find, key_of, refuse};
use super::{Action, Person, password_faults};
use crate::acting::{Actor, Change};
use crate::{Accounts, Error, Refusal, opaque};

const PREFIX: &str = "afsa_se_";
/// A session that isn't used for so long is over.
const IDLE: i64 = 7 * DAY;
/// However much it is used.
const LONGEST: i64 = 30 * DAY;
/// How long the second factor may take.
const WAITING: i64 = 10 * MINUTE;
/// Sessions of a person; with one more the one that was seen least lately is over.
const MOST: u32 = 100;
/// Characters kept of what a browser calls itself.
const AGENT_LENGTH: usize = 200;

/// A person at a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: i64,
    pub person: i64,
    /// What the browser calls itself.
    pub agent: String,
    pub created_at: Timestamp,
    pub last_seen: Timestamp,
    /// Good for nothing but to tell a code.
    pub awaits_second_factor: bool,
}

/// A session with its text, which is known only now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    pub session: Session,
    /// `afsa_se_…`.
    pub text: String,
}

/// What came of an e-mail and a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignIn {
    SignedIn(NewSession),
    /// The session is for [`Accounts::tell_second_factor`] only, and over after ten minutes.
    NeedsSecondFactor(NewSession),
    /// Nobody has this e-mail, or another password, or may not sign in: which, isn't told.
    Refused,
}

impl Accounts {
    /// Opens a session for whoever knows the password. It takes the same time whether or not
    /// anybody has this e-mail. `agent` is what his browser calls itself, `secret` is random.
    pub fn sign_in(
        &self,
        email: &str,
        password: &str,
        agent: &str,
        secret: [u8; 32],
        now: Timestamp,
    ) -> Result<SignIn, Error> {
        let known = self.known_password(
            "SELECT id, password FROM persons WHERE email_key = ?1 AND disabled_at IS NULL",
            &key_of(email),
        )?;
        let kept = known.as_ref().map(|(_, kept)| kept.as_str());
        let is_right = self.hashing.verify(password, kept)?;
        let Some((id, kept)) = known.filter(|_| is_right) else {
            return Ok(SignIn::Refused);
        };
        self.acting(Actor::Person(id), now).change(|change| {
            // He may have been disabled, or changed his password, since it was read.
            let unchanged: Option<i64> = change
                .transaction
                .prepare_cached(
                    "SELECT id FROM persons
                     WHERE id = ?1 AND password = ?2 AND disabled_at IS NULL",
                )?
                .query_row((id, &kept), |row| row.get(0))
                .optional()?;
            if unchanged.is_none() {
                return Ok(SignIn::Refused);
            }
            let person = find(change.transaction, id)?;
            let awaits = person.has_second_factor;
            let session = open(change, id, agent, awaits, secret)?;
            if awaits {
                return Ok(SignIn::NeedsSecondFactor(session));
            }
            change.note_person(id, Action::PersonSignedIn, "by password")?;
            Ok(SignIn::SignedIn(session))
        })
    }

    /// The session that a browser holds; it is seen now. One that awaits the second factor is
    /// found too.
    pub fn session(&self, text: &str, now: Timestamp) -> Result<Session, Error> {
        let hash = opaque::hash_of_sent(PREFIX, text).ok_or(Refusal::Unknown)?;
        let found = find_session(&self.read(), hash)?;
        let session = self.with_last_seen(found.ok_or(Refusal::Unknown)?);
        if !session.is_alive(now) {
            return Err(Refusal::Expired.into());
        }
        self.seen().insert(session.id, now);
        Ok(Session {
            last_seen: now,
            ..session
        })
    }

    /// The person's sessions that are alive, by age.
    pub fn sessions(&self, person: i64, now: Timestamp) -> Result<Vec<Session>, Error> {
        let connection = self.read();
        let mut statement = connection.prepare_cached(
            "SELECT * FROM sessions WHERE person = ?1 AND awaits_second_factor = 0 ORDER BY id",
        )?;
        let rows = statement.query_map([person], session)?;
        let sessions: Vec<Session> = rows.collect::<Result<_, _>>()?;
        let sessions = sessions.into_iter().map(|it| self.with_last_seen(it));
        Ok(sessions.filter(|session| session.is_alive(now)).collect())
    }

    /// Ends one session of the person, which may be over already.
    pub fn end_session(&self, person: i64, id: i64) -> Result<(), Error> {
        self.write().execute(
            "DELETE FROM sessions WHERE person = ?1 AND id = ?2",
            (person, id),
        )?;
        Ok(())
    }

    /// Ends all sessions of the person but this one, and says how many.
    pub fn end_other_sessions(&self, person: i64, kept: i64) -> Result<usize, Error> {
        Ok(self.write().execute(
            "DELETE FROM sessions WHERE person = ?1 AND id <> ?2",
            (person, kept),
        )?)
    }

    /// Whether this is the person's password: asked again before something grave. Whoever asks has
    /// to bound how often.
    pub fn is_password(&self, person: i64, password: &str) -> Result<bool, Error> {
        let known =
            self.known_password("SELECT id, password FROM persons WHERE id = ?1", &person)?;
        let kept = known.as_ref().map(|(_, kept)| kept.as_str());
        self.hashing.verify(password, kept)
    }

    /// Gives the person another password, if he knows the one that he has. All his sessions are
    /// over; the one that is answered is new. `None`: the old password is wrong. `salt` and
    /// `secret` are random.
    #[expect(
        clippy::too_many_arguments,
        reason = "two secrets, two passwords, and for whom"
    )]
    pub fn change_password(
        &self,
        person: i64,
        old: &str,
        new: &str,
        agent: &str,
        salt: [u8; 32],
        secret: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<NewSession>, Error> {
        refuse(password_faults(new, &self.person(person)?.email))?;
        if !self.is_password(person, old)? {
            return Ok(None);
        }
        let password = self.hashing.hash(new, salt)?;
        self.acting(Actor::Person(person), now).change(|change| {
            let Person {
                disabled_at: None, ..
            } = find(change.transaction, person)?
            else {
                return Ok(None);
            };
            change.transaction.execute(
                "UPDATE persons SET password = ?2 WHERE id = ?1",
                (person, &password),
            )?;
            change.end_access(person)?;
            change.note_person(person, Action::PasswordChanged, "")?;
            Ok(Some(open(change, person, agent, false, secret)?))
        })
    }

    fn known_password(
        &self,
        select: &str,
        by: &dyn rusqlite::ToSql,
    ) -> Result<Option<(i64, String)>, Error> {
        let connection = self.read();
        let found = connection
            .prepare_cached(select)?
            .query_row([by], |row| {
                Ok((row.get(0)?, row.get::<_, Option<String>>(1)?))
            })
            .optional()?;
        Ok(found.and_then(|(id, password)| Some((id, password?))))
    }

    fn with_last_seen(&self, mut session: Session) -> Session {
        let seen = self.seen().get(&session.id).copied();
        session.last_seen = session.last_seen.max(seen.unwrap_or(session.last_seen));
        session
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<i64, Timestamp>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    fn is_alive(&self, now: Timestamp) -> bool {
        let longest = if self.awaits_second_factor {
            WAITING
        } else {
            LONGEST
        };
        now < self.last_seen.plus(IDLE) && now < self.created_at.plus(longest)
    }
}

/// Opens a session in place of none: each time a new one, so that nobody can foist his own.
pub(super) fn open(
    change: &Change<'_>,
    person: i64,
    agent: &str,
    awaits_second_factor: bool,
    secret: [u8; 32],
) -> Result<NewSession, Error> {
    let now = change.now;
    // Those of everybody that are over whatever was seen of them since it was last written.
    change.transaction.execute(
        "DELETE FROM sessions WHERE created_at <= ?1
             OR (awaits_second_factor = 1 AND created_at <= ?2)",
        (now.plus(-LONGEST).0, now.plus(-WAITING).0),
    )?;
    change.transaction.execute(
        "DELETE FROM sessions WHERE id IN (
             SELECT id FROM sessions WHERE person = ?1
             ORDER BY last_seen DESC, id DESC LIMIT -1 OFFSET ?2)",
        (person, MOST - 1),
    )?;
    let agent: String = agent
        .chars()
        .filter(|c| !c.is_control())
        .take(AGENT_LENGTH)
        .collect();
    let text = opaque::text(PREFIX, secret);
    change.transaction.execute(
        "INSERT INTO sessions (person, hash, agent, created_at, last_seen, awaits_second_factor)
         VALUES (?1, ?2, ?3, ?4, ?4, ?5)",
        (
            person,
            opaque::hash(&text),
            &agent,
            now.0,
            awaits_second_factor,
        ),
    )?;
    let session = Session {
        id: change.transaction.last_insert_rowid(),
        person,
        agent,
        created_at: now,
        last_seen: now,
        awaits_second_factor,
    };
    Ok(NewSession { session, text })
}

/// The session of a text, alive and awaiting the second factor.
pub(super) fn awaiting(
    connection: &Connection,
    text: &str,
    now: Timestamp,
) -> Result<Session, Error> {
    let hash = opaque::hash_of_sent(PREFIX, text).ok_or(Refusal::Unknown)?;
    let session = find_session(connection, hash)?.ok_or(Refusal::Unknown)?;
    if !session.awaits_second_factor {
        return Err(Refusal::Unknown.into());
    }
    if !session.is_alive(now) {
        return Err(Refusal::Expired.into());
    }
    Ok(session)
}

/// Writes when sessions were last seen.
pub(crate) fn write_seen(
    transaction: &Transaction<'_>,
    seen: &HashMap<i64, Timestamp>,
) -> Result<(), Error> {
    let mut statement = transaction
        .prepare_cached("UPDATE sessions SET last_seen = max(last_seen, ?2) WHERE id = ?1")?;
    for (id, at) in seen {
        statement.execute((id, at.0))?;
    }
    Ok(())
}

fn find_session(connection: &Connection, hash: [u8; 32]) -> Result<Option<Session>, Error> {
    // Only of persons who may be here; of those who may not the sessions are deleted anyway.
    Ok(connection
        .prepare_cached(
            "SELECT sessions.* FROM sessions JOIN persons ON persons.id = person
             WHERE hash = ?1 AND disabled_at IS NULL",
        )?
        .query_row([hash], session)
        .optional()?)
}

fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        id: row.get("id")?,
        person: row.get("person")?,
        agent: row.get("agent")?,
        created_at: Timestamp(row.get("created_at")?),
        last_seen: Timestamp(row.get("last_seen")?),
        awaits_second_factor: row.get("awaits_second_factor")?,
    })
}
