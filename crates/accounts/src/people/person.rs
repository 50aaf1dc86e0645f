//! Persons: who can sign in.

use afsa_model::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row};

use super::{Action, Purpose, password_faults, token};
use crate::acting::{Acting, Actor, Change};
use crate::change::{Faults, turns_text};
use crate::database::folded;
use crate::error::unless_taken;
use crate::listed::{Listed, Part};
use crate::{Accounts, Error, FieldFault};

const KIND: &str = "person";
/// Characters of a name.
const NAME_LENGTH: usize = 200;
/// Bytes of an e-mail, as SMTP bounds it.
const EMAIL_LENGTH: usize = 254;
/// Languages that pages and mails are written in.
const LANGUAGES: [&str; 2] = ["en", "fr"];

/// Somebody who can sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: i64,
    /// As he wrote it; nobody else has it, however it is written.
    pub email: String,
    pub name: String,
    /// `en` or `fr`.
    pub language: String,
    /// Owns the installation: an owner of every account.
    pub is_operator: bool,
    pub has_password: bool,
    pub has_second_factor: bool,
    pub created_at: Timestamp,
    /// Since when the e-mail is known to be his.
    pub confirmed_at: Option<Timestamp>,
    /// Since when he cannot sign in.
    pub disabled_at: Option<Timestamp>,
}

/// Who a new person shall be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewPerson {
    pub email: String,
    pub name: String,
    /// `en` or `fr`.
    pub language: String,
}

/// What is to change of a person; `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonChange {
    pub name: Option<String>,
    pub language: Option<String>,
}

impl NewPerson {
    pub fn faults(&self) -> Vec<FieldFault> {
        let mut faults = Faults::default();
        check_email(&mut faults, &self.email);
        faults.check_text("name", &self.name, NAME_LENGTH);
        check_language(&mut faults, &self.language);
        faults.0
    }

    fn faults_with_password(&self, password: &str) -> Vec<FieldFault> {
        let mut faults = self.faults();
        faults.extend(password_faults(password, &self.email));
        faults
    }
}

impl Accounts {
    /// Everybody, by age.
    pub fn persons(&self) -> Result<Vec<Person>, Error> {
        let connection = self.read();
        let mut statement = connection.prepare_cached("SELECT * FROM persons ORDER BY id")?;
        let rows = statement.query_map([], person)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Those whose name or e-mail holds the text, however it is written; all where it is empty.
    pub fn persons_called(&self, text: &str, part: Part) -> Result<Listed<Person>, Error> {
        const CHOSEN: &str = "FROM persons
             WHERE ?1 = '' OR instr(folded(name), ?1) OR instr(folded(email), ?1)";
        let connection = self.read();
        let text = folded(text);
        let total = connection
            .prepare_cached(&format!("SELECT count(*) {CHOSEN}"))?
            .query_row([&text], |row| row.get(0))?;
        let mut statement = connection
            .prepare_cached(&format!("SELECT * {CHOSEN} ORDER BY id LIMIT ?2 OFFSET ?3"))?;
        let rows = statement.query_map((&text, part.limit, part.offset), person)?;
        let rows = rows.collect::<Result<_, _>>()?;
        Ok(Listed { rows, total })
    }

    pub fn person(&self, id: i64) -> Result<Person, Error> {
        find(&self.read(), id)
    }

    /// Whoever has this e-mail, however it is written.
    pub fn person_by_email(&self, email: &str) -> Result<Option<Person>, Error> {
        find_by_email(&self.read(), email)
    }

    /// Whether there is anybody; until then the installation waits for its owner.
    pub fn has_people(&self) -> Result<bool, Error> {
        has_people(&self.read())
    }

    /// The first person of an installation, its operator, comes by a link that was shown on its
    /// console. `salt` is random.
    pub fn set_up(
        &self,
        token: &str,
        new: &NewPerson,
        password: &str,
        salt: [u8; 32],
        now: Timestamp,
    ) -> Result<Person, Error> {
        refuse(new.faults_with_password(password))?;
        self.token(token, Purpose::Setup, now)?;
        let password = self.hashing.hash(password, salt)?;
        self.acting(Actor::System, now).change(|change| {
            token::take(change, token, &[Purpose::Setup])?;
            if has_people(change.transaction)? {
                return Err(Error::NotAllowed);
            }
            insert(change, new, Some(&password), Some(now))
        })
    }

    /// Somebody makes himself known; his e-mail is still to be confirmed. An e-mail that is in use
    /// is answered by [`Error::NameTaken`], which is not to be told him: tell the e-mail. Nobody
    /// becomes the operator this way.
    pub fn sign_up(
        &self,
        new: &NewPerson,
        password: &str,
        salt: [u8; 32],
        now: Timestamp,
    ) -> Result<Person, Error> {
        refuse(new.faults_with_password(password))?;
        let password = self.hashing.hash(password, salt)?;
        let acting = self.acting(Actor::System, now);
        let made = acting.change(|change| {
            if !has_people(change.transaction)? {
                return Err(Error::NotSetUp);
            }
            insert(change, new, Some(&password), None)
        });
        if let Err(Error::NameTaken { .. }) = made {
            // Whoever measures must not learn that nothing was written: neither a person nor, as
            // follows where there is one, the link that confirms his e-mail.
            for purpose in [Purpose::Welcome, Purpose::Confirm] {
                acting.change(|change| token::make_for_nobody(change, purpose, salt))?;
            }
        }
        made
    }
}

impl Acting<'_> {
    /// Makes a person who has no password yet; the first is the operator.
    pub fn create_person(&self, new: &NewPerson) -> Result<Person, Error> {
        refuse(new.faults())?;
        self.change(|change| {
            change.require_operator()?;
            insert(change, new, None, None)
        })
    }

    /// Changes what the change names of oneself, or as the operator of anybody.
    pub fn change_person(&self, id: i64, wanted: &PersonChange) -> Result<Person, Error> {
        self.change(|change| {
            change.require_person(id)?;
            let person = find(change.transaction, id)?;
            let mut faults = Faults::default();
            let name = wanted.name.as_deref().unwrap_or(&person.name).trim();
            let language = wanted.language.as_deref().unwrap_or(&person.language);
            faults.check_text("name", name, NAME_LENGTH);
            check_language(&mut faults, language);
            refuse(faults.0)?;
            change.transaction.execute(
                "UPDATE persons SET name = ?2, language = ?3 WHERE id = ?1",
                (id, name, language),
            )?;
            change.note_person(id, Action::PersonChanged, "")?;
            find(change.transaction, id)
        })
    }

    /// From now on he cannot sign in, and his sessions are over, as is what he let apps do. The
    /// operator stays.
    pub fn disable_person(&self, id: i64) -> Result<Person, Error> {
        self.change(|change| {
            change.require_operator()?;
            let person = find(change.transaction, id)?;
            if person.is_operator {
                return Err(Error::NotAllowed);
            }
            if person.disabled_at.is_none() {
                change.transaction.execute(
                    "UPDATE persons SET disabled_at = ?2 WHERE id = ?1",
                    (id, change.now.0),
                )?;
                change.end_access(id)?;
                crate::oauth::revoke_of(change, id, None, "its person was shut out")?;
                change.note_person(id, Action::PersonDisabled, "")?;
            }
            find(change.transaction, id)
        })
    }

    /// He can sign in again.
    pub fn enable_person(&self, id: i64) -> Result<Person, Error> {
        self.change(|change| {
            change.require_operator()?;
            let person = find(change.transaction, id)?;
            if person.disabled_at.is_some() {
                change
                    .transaction
                    .execute("UPDATE persons SET disabled_at = NULL WHERE id = ?1", [id])?;
                change.note_person(id, Action::PersonEnabled, "")?;
            }
            find(change.transaction, id)
        })
    }
}

impl Change<'_> {
    /// Writes down what is done to a person, in the chain of the installation.
    pub(crate) fn note_person(&self, id: i64, action: Action, detail: &str) -> Result<(), Error> {
        self.note(None, action, &format!("person {id}"), detail)
    }

    /// Refuses persons who are not the operator.
    pub(crate) fn require_operator(&self) -> Result<(), Error> {
        match self.actor {
            Actor::CommandLine | Actor::System => Ok(()),
            Actor::Person(id) if find(self.transaction, id)?.is_operator => Ok(()),
            _ => Err(Error::NotAllowed),
        }
    }

    /// Refuses those who are neither this person nor the operator.
    pub(crate) fn require_person(&self, id: i64) -> Result<(), Error> {
        match self.actor {
            Actor::Person(actor) if actor == id => Ok(()),
            _ => self.require_operator(),
        }
    }

    /// Ends all sessions of a person, and all links that were sent to him.
    pub(crate) fn end_access(&self, person: i64) -> Result<(), Error> {
        for statement in [
            "DELETE FROM sessions WHERE person = ?1",
            "DELETE FROM one_time_tokens WHERE person = ?1",
        ] {
            self.transaction
                .prepare_cached(statement)?
                .execute([person])?;
        }
        Ok(())
    }
}

pub(crate) fn find(connection: &Connection, id: i64) -> Result<Person, Error> {
    connection
        .prepare_cached("SELECT * FROM persons WHERE id = ?1")?
        .query_row([id], person)
        .optional()?
        .ok_or(Error::NotFound { kind: KIND, id })
}

pub(crate) fn find_by_email(connection: &Connection, email: &str) -> Result<Option<Person>, Error> {
    Ok(connection
        .prepare_cached("SELECT * FROM persons WHERE email_key = ?1")?
        .query_row([key_of(email)], person)
        .optional()?)
}

fn has_people(connection: &Connection) -> Result<bool, Error> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM persons)")?
        .query_row([], |row| row.get(0))?)
}

fn insert(
    change: &Change<'_>,
    new: &NewPerson,
    password: Option<&str>,
    confirmed_at: Option<Timestamp>,
) -> Result<Person, Error> {
    let email = new.email.trim();
    let is_operator = !has_people(change.transaction)?;
    let written = change.transaction.execute(
        "INSERT INTO persons
             (email, email_key, name, language, is_operator, password, created_at, confirmed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        (
            email,
            key_of(email),
            new.name.trim(),
            &new.language,
            is_operator,
            password,
            change.now.0,
            confirmed_at.map(|at| at.0),
        ),
    );
    unless_taken(written, KIND, email)?;
    let id = change.transaction.last_insert_rowid();
    let detail = if is_operator { "the operator" } else { "" };
    change.note_person(id, Action::PersonCreated, detail)?;
    find(change.transaction, id)
}

/// What stands for an e-mail where it is compared.
pub(crate) fn key_of(email: &str) -> String {
    email.trim().to_lowercase()
}

pub(crate) fn refuse(faults: Vec<FieldFault>) -> Result<(), Error> {
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Error::Invalid(faults))
    }
}

/// What is wrong with an e-mail.
pub fn email_faults(email: &str) -> Vec<FieldFault> {
    let mut faults = Faults::default();
    check_email(&mut faults, email);
    faults.0
}

/// Something that a mail can be sent to, and that is safe wherever it is written.
pub(crate) fn check_email(faults: &mut Faults, email: &str) {
    let email = email.trim();
    let is_plain = |c: char| {
        let is_seen = !c.is_whitespace() && !c.is_control() && !turns_text(c);
        is_seen && !r#"<>()[]",;:\"#.contains(c)
    };
    let is_host = |host: &str| {
        host.split('.').all(|label| {
            !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        })
    };
    let is_address = email.split_once('@').is_some_and(|(person, host)| {
        !person.is_empty()
            && person.len() <= 64
            && person.chars().all(is_plain)
            && !host.contains('@')
            && is_host(host)
    });
    if email.is_empty() {
        faults.add("email", "missing", "must not be empty");
    } else if email.len() > EMAIL_LENGTH {
        let detail = format!("must be at most {EMAIL_LENGTH} bytes");
        faults.add("email", "too_long", detail);
    } else if !is_address {
        faults.add(
            "email",
            "malformed",
            "must be an e-mail, such as ada@example.com",
        );
    }
}

fn check_language(faults: &mut Faults, language: &str) {
    if !LANGUAGES.contains(&language) {
        let detail = format!("must be one of {}", LANGUAGES.join(", "));
        faults.add("language", "unknown_value", detail);
    }
}

fn person(row: &Row<'_>) -> rusqlite::Result<Person> {
    let instant = |column: &str| {
        row.get::<_, Option<i64>>(column)
            .map(|at| at.map(Timestamp))
    };
    Ok(Person {
        id: row.get("id")?,
        email: row.get("email")?,
        name: row.get("name")?,
        language: row.get("language")?,
        is_operator: row.get("is_operator")?,
        has_password: row.get_ref("password")? != rusqlite::types::ValueRef::Null,
        has_second_factor: instant("totp_confirmed_at")?.is_some(),
        created_at: Timestamp(row.get("created_at")?),
        confirmed_at: instant("confirmed_at")?,
        disabled_at: instant("disabled_at")?,
    })
}
