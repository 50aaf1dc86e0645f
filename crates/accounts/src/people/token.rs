//! Links that are used once: to confirm an e-mail, to choose a new password, to set up.

use std::str::FromStr;

use afsa_model::{DAY, HOUR, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row};

use super::person::{check_email, find, find_by_email, key_of, refuse};
use super::{Action, Person, password_faults};
use crate::acting::{Acting, Actor, Change};
use crate::change::Faults;
use crate::error::unless_taken;
use crate::{Accounts, Error, Refusal, opaque};

const PREFIX: &str = "afsa_ot_";
/// Stands for whoever is not there yet.
const NOBODY: i64 = 0;

/// What a link is for. Of each there is one at a time for a person: a new one replaces the old.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Makes the operator, on an installation where nobody is yet. One day.
    Setup,
    /// Confirms the e-mail of somebody who is signed in. Three days.
    Confirm,
    /// Chooses a new password. One hour.
    Reset,
    /// Chooses the first password, for somebody whom the operator made. Seven days.
    Welcome,
    /// Takes another e-mail, to which the link was sent. One day.
    ChangeEmail,
}

impl Purpose {
    pub const ALL: [Purpose; 5] = [
        Purpose::Setup,
        Purpose::Confirm,
        Purpose::Reset,
        Purpose::Welcome,
        Purpose::ChangeEmail,
    ];

    fn name(self) -> &'static str {
        match self {
            Purpose::Setup => "setup",
            Purpose::Confirm => "confirm",
            Purpose::Reset => "reset",
            Purpose::Welcome => "welcome",
            Purpose::ChangeEmail => "change_email",
        }
    }

    /// How long a link is good for, in milliseconds.
    pub fn lifetime(self) -> i64 {
        match self {
            Purpose::Reset => HOUR,
            Purpose::Setup | Purpose::ChangeEmail => DAY,
            Purpose::Confirm => 3 * DAY,
            Purpose::Welcome => 7 * DAY,
        }
    }
}

impl FromStr for Purpose {
    type Err = ();

    fn from_str(input: &str) -> Result<Purpose, ()> {
        Purpose::ALL
            .into_iter()
            .find(|purpose| purpose.name() == input)
            .ok_or(())
    }
}

/// What is kept of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub purpose: Purpose,
    /// `None` where it is to make somebody.
    pub person: Option<i64>,
    /// The e-mail that it is about.
    pub email: String,
    pub expires_at: Timestamp,
}

impl Accounts {
    /// What a link is for, without using it.
    pub fn token(&self, text: &str, purpose: Purpose, now: Timestamp) -> Result<Token, Error> {
        find_token(&self.read(), text, &[purpose], now)
    }

    /// A link's text with which the operator is made. `secret` is random.
    pub fn setup_token(&self, secret: [u8; 32], now: Timestamp) -> Result<String, Error> {
        self.acting(Actor::System, now)
            .change(|change| make(change, NOBODY, Purpose::Setup, "", secret))
    }

    /// For whoever says that he forgot his password: the person to whom the link is to be sent, and
    /// its text. `None` where there is nobody who could use it, which is not to be told him.
    /// `secret` is random.
    pub fn request_reset(
        &self,
        email: &str,
        secret: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<(Person, String)>, Error> {
        self.acting(Actor::System, now).change(|change| {
            let found = find_by_email(change.transaction, email)?;
            let Some(person) = found.filter(|person| person.disabled_at.is_none()) else {
                // Whoever measures must not learn that nothing was written.
                make_for_nobody(change, Purpose::Reset, secret)?;
                return Ok(None);
            };
            let text = make(change, person.id, Purpose::Reset, &person.email, secret)?;
            Ok(Some((person, text)))
        })
    }

    /// Takes the new password of whoever came by a link for that. He has shown that the e-mail is
    /// his; all his sessions and other links are over. `salt` is random.
    pub fn reset_password(
        &self,
        token: &str,
        password: &str,
        salt: [u8; 32],
        now: Timestamp,
    ) -> Result<Person, Error> {
        const PURPOSES: [Purpose; 2] = [Purpose::Reset, Purpose::Welcome];
        let found = find_token(&self.read(), token, &PURPOSES, now)?;
        refuse(password_faults(password, &found.email))?;
        let password = self.hashing.hash(password, salt)?;
        let person = found.person.unwrap_or(NOBODY);
        self.acting(Actor::Person(person), now).change(|change| {
            take(change, token, &PURPOSES)?;
            change.transaction.execute(
                "UPDATE persons SET password = ?2, confirmed_at = coalesce(confirmed_at, ?3)
                 WHERE id = ?1",
                (person, &password, now.0),
            )?;
            change.end_access(person)?;
            change.note_person(person, Action::PasswordReset, "")?;
            find(change.transaction, person)
        })
    }
}

impl Acting<'_> {
    /// A link's text for the person to confirm his e-mail. `secret` is random.
    pub fn request_confirmation(&self, person: i64, secret: [u8; 32]) -> Result<String, Error> {
        self.change(|change| {
            change.require_person(person)?;
            let email = find(change.transaction, person)?.email;
            make(change, person, Purpose::Confirm, &email, secret)
        })
    }

    /// The person who acts confirms his e-mail. He has to be signed in: whoever gets a mail by a
    /// stranger's wish must not make the stranger's password good by following its link.
    pub fn confirm_email(&self, person: i64, token: &str) -> Result<Person, Error> {
        self.change(|change| {
            change.require_person(person)?;
            let taken = take(change, token, &[Purpose::Confirm])?;
            if taken.person != Some(person) {
                return Err(Refusal::Unknown.into());
            }
            change.transaction.execute(
                "UPDATE persons SET confirmed_at = coalesce(confirmed_at, ?2) WHERE id = ?1",
                (person, change.now.0),
            )?;
            change.note_person(person, Action::EmailConfirmed, "")?;
            find(change.transaction, person)
        })
    }

    /// A link's text for the person to choose his password, for the operator to hand over.
    /// `purpose` is [`Purpose::Welcome`] or [`Purpose::Reset`]; `secret` is random.
    pub fn invite_to_choose_password(
        &self,
        person: i64,
        purpose: Purpose,
        secret: [u8; 32],
    ) -> Result<String, Error> {
        if !matches!(purpose, Purpose::Welcome | Purpose::Reset) {
            return Err(Error::NotAllowed);
        }
        self.change(|change| {
            change.require_operator()?;
            let email = find(change.transaction, person)?.email;
            make(change, person, purpose, &email, secret)
        })
    }

    /// A link's text to be sent to the new e-mail of a person whose password was asked for just
    /// now. `None` where somebody has that e-mail, which is not to be told him. `secret` is random.
    pub fn request_email_change(
        &self,
        person: i64,
        email: &str,
        secret: [u8; 32],
    ) -> Result<Option<String>, Error> {
        let mut faults = Faults::default();
        check_email(&mut faults, email);
        refuse(faults.0)?;
        self.change(|change| {
            change.require_person(person)?;
            find(change.transaction, person)?;
            let holder = find_by_email(change.transaction, email)?;
            if holder.is_some_and(|holder| holder.id != person) {
                make_for_nobody(change, Purpose::ChangeEmail, secret)?;
                return Ok(None);
            }
            let text = make(change, person, Purpose::ChangeEmail, email.trim(), secret)?;
            Ok(Some(text))
        })
    }

    /// The person who acts takes the e-mail to which the link was sent. Links that were sent to the
    /// old one are over.
    pub fn change_email(&self, person: i64, token: &str) -> Result<Person, Error> {
        self.change(|change| {
            change.require_person(person)?;
            let taken = take(change, token, &[Purpose::ChangeEmail])?;
            if taken.person != Some(person) {
                return Err(Refusal::Unknown.into());
            }
            let written = change.transaction.execute(
                "UPDATE persons SET email = ?2, email_key = ?3, confirmed_at = ?4 WHERE id = ?1",
                (person, &taken.email, key_of(&taken.email), change.now.0),
            );
            unless_taken(written, "person", &taken.email)?;
            change
                .transaction
                .execute("DELETE FROM one_time_tokens WHERE person = ?1", [person])?;
            change.note_person(person, Action::EmailChanged, "")?;
            find(change.transaction, person)
        })
    }
}

/// Keeps a new link in place of the one before.
fn make(
    change: &Change<'_>,
    person: i64,
    purpose: Purpose,
    email: &str,
    secret: [u8; 32],
) -> Result<String, Error> {
    let text = opaque::text(PREFIX, secret);
    change.transaction.execute(
        "INSERT OR REPLACE INTO one_time_tokens (person, purpose, hash, email, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        (
            person,
            purpose.name(),
            opaque::hash(&text),
            email,
            change.now.plus(purpose.lifetime()).0,
        ),
    )?;
    Ok(text)
}

/// Writes as much as a link takes, though there is nobody to have it.
pub(super) fn make_for_nobody(
    change: &Change<'_>,
    purpose: Purpose,
    secret: [u8; 32],
) -> Result<(), Error> {
    // No two links have one hash.
    let mut distinct = secret;
    for (into, from) in distinct.iter_mut().zip(purpose.name().bytes()) {
        *into ^= from;
    }
    make(change, NOBODY, purpose, "", distinct).map(drop)
}

/// Uses a link up.
pub(super) fn take(change: &Change<'_>, text: &str, purposes: &[Purpose]) -> Result<Token, Error> {
    let token = find_token(change.transaction, text, purposes, change.now)?;
    change.transaction.execute(
        "DELETE FROM one_time_tokens WHERE hash = ?1",
        [opaque::hash(text)],
    )?;
    Ok(token)
}

fn find_token(
    connection: &Connection,
    text: &str,
    purposes: &[Purpose],
    now: Timestamp,
) -> Result<Token, Error> {
    let hash = opaque::hash_of_sent(PREFIX, text).ok_or(Refusal::Unknown)?;
    let found = connection
        .prepare_cached("SELECT * FROM one_time_tokens WHERE hash = ?1")?
        .query_row([hash], |row| Ok(token(row)))
        .optional()?;
    let token = found.unwrap_or(Err(Refusal::Unknown.into()))?;
    if !purposes.contains(&token.purpose) {
        return Err(Refusal::Unknown.into());
    }
    if token.expires_at <= now {
        return Err(Refusal::Expired.into());
    }
    Ok(token)
}

fn token(row: &Row<'_>) -> Result<Token, Error> {
    let purpose: String = row.get("purpose")?;
    let person: i64 = row.get("person")?;
    Ok(Token {
        purpose: purpose
            .parse()
            .map_err(|()| Error::Damaged("an unreadable purpose of a link".into()))?,
        person: (person != NOBODY).then_some(person),
        email: row.get("email")?,
        expires_at: Timestamp(row.get("expires_at")?),
    })
}
