//! `afsa people`.

use std::io::Write;

use afsa_accounts::people::{NewPerson, Person, Purpose};
use afsa_accounts::{Accounts, Actor};
use afsa_ingest::Clock;
use clap::Subcommand;

use super::CommandError;
use crate::config::Config;
use crate::instance::open_accounts;
use crate::wiring::{SystemClock, random_bytes};

#[derive(Subcommand)]
pub enum PeopleCommand {
    /// Makes a person and prints a link, for once, to choose a password; the first person owns the
    /// installation.
    Create {
        #[arg(long)]
        email: String,
        /// What people call him.
        #[arg(long)]
        name: String,
        /// Of pages and mails: en or fr.
        #[arg(long, default_value = "en")]
        language: String,
    },
    /// Lists everybody.
    List,
    /// Prints a link, for once, to choose a new password; the old one counts until it is used.
    ResetPassword {
        /// E-mail of the person.
        email: String,
        /// Ends the second factor too, for who has lost it and the recovery codes.
        #[arg(long)]
        without_second_factor: bool,
    },
    /// Signs a person out everywhere and lets him in no more.
    Disable {
        /// E-mail of the person.
        email: String,
    },
    /// Lets a person in again.
    Enable {
        /// E-mail of the person.
        email: String,
    },
}

pub fn run(
    command: PeopleCommand,
    config: &Config,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let accounts = open_accounts(config)?;
    let acting = accounts.acting(Actor::CommandLine, SystemClock.now());
    let address = config.address(config.listen);
    // The link is on standard output alone, so that it can be handed on by a program.
    let choose = |person: &Person, purpose: Purpose| {
        let token = acting.invite_to_choose_password(person.id, purpose, random_bytes())?;
        Ok::<String, CommandError>(link(&address, "reset/choose", &token))
    };
    match command {
        PeopleCommand::Create {
            email,
            name,
            language,
        } => {
            let new = NewPerson {
                email,
                name,
                language,
            };
            let person = acting.create_person(&new)?;
            writeln!(out, "{}", choose(&person, Purpose::Welcome)?)?;
        }
        PeopleCommand::List => list(&accounts, out)?,
        PeopleCommand::ResetPassword {
            email,
            without_second_factor,
        } => {
            let person = find(&accounts, &email)?;
            if without_second_factor && person.has_second_factor {
                acting.remove_second_factor(person.id)?;
            }
            writeln!(out, "{}", choose(&person, Purpose::Reset)?)?;
        }
        PeopleCommand::Disable { email } => {
            let person = find(&accounts, &email)?;
            if person.is_operator {
                let why = "owns the installation and cannot be disabled";
                return Err(CommandError::Other(format!("{} {why}", person.email)));
            }
            acting.disable_person(person.id)?;
            writeln!(out, "{} can sign in no more", person.email)?;
        }
        PeopleCommand::Enable { email } => {
            let person = find(&accounts, &email)?;
            acting.enable_person(person.id)?;
            writeln!(out, "{} can sign in again", person.email)?;
        }
    }
    Ok(())
}

/// The link by which the operator comes, as long as there is nobody: each one replaces the one
/// before, and it is good for a day.
pub fn setup_link(accounts: &Accounts, address: &str) -> Result<Option<String>, CommandError> {
    if accounts.has_people()? {
        return Ok(None);
    }
    let token = accounts.setup_token(random_bytes(), SystemClock.now())?;
    Ok(Some(link(address, "setup", &token)))
}

fn link(address: &str, page: &str, token: &str) -> String {
    format!("{address}/manage/{page}?token={token}")
}

fn find(accounts: &Accounts, email: &str) -> Result<Person, CommandError> {
    accounts.person_by_email(email)?.ok_or_else(|| {
        CommandError::Other(format!(
            "nobody has the e-mail {email:?}; see afsa people list"
        ))
    })
}

fn list(accounts: &Accounts, out: &mut dyn Write) -> Result<(), CommandError> {
    let persons = accounts.persons()?;
    if persons.is_empty() {
        writeln!(
            out,
            "Nobody yet. Make the owner: afsa people create --email … --name …"
        )?;
    }
    for person in persons {
        let mut notes = Vec::new();
        for (is_so, note) in [
            (person.is_operator, "owns the installation"),
            (person.disabled_at.is_some(), "disabled"),
            (!person.has_password, "without a password"),
            (person.confirmed_at.is_none(), "e-mail not confirmed"),
            (person.has_second_factor, "with a second factor"),
        ] {
            if is_so {
                notes.push(note);
            }
        }
        let notes = notes.join(", ");
        let line = format!("{}  {}  {}  {notes}", person.id, person.email, person.name);
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
