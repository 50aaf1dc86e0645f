//! Changing anything: somebody does it, it is checked that he may, and it is written down.

use std::fmt;
use std::str::FromStr;

use afsa_model::{AccountId, Timestamp};
use rusqlite::{OptionalExtension, Transaction, TransactionBehavior};

use crate::people::{Action, Right, Role, audit, member};
use crate::{Accounts, Credential, Error};

/// Who changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A person, by his id: may do what his role in the account says.
    Person(i64),
    /// An API key, by its id. Its scopes are checked before it gets here; it does what an admin may.
    Key(i64),
    /// An app that a person has connected, by the id of its grant; like a key, but it lets nobody
    /// and nothing else in.
    App(i64),
    /// A share, by its id: changes nothing.
    Share(i64),
    /// Whoever has the data folder: may do everything.
    CommandLine,
    /// The program by itself.
    System,
}

impl From<Credential> for Actor {
    fn from(credential: Credential) -> Actor {
        match credential {
            Credential::Key(id) => Actor::Key(id),
            Credential::Token { grant, .. } => Actor::App(grant),
            Credential::Share(id) => Actor::Share(id),
            Credential::Look { person, .. } => Actor::Person(person),
        }
    }
}

impl fmt::Display for Actor {
    /// As the audit log keeps it: `person:3`, `command_line`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Actor::Person(id) => write!(formatter, "person:{id}"),
            Actor::Key(id) => write!(formatter, "key:{id}"),
            Actor::App(id) => write!(formatter, "app:{id}"),
            Actor::Share(id) => write!(formatter, "share:{id}"),
            Actor::CommandLine => formatter.write_str("command_line"),
            Actor::System => formatter.write_str("system"),
        }
    }
}

impl FromStr for Actor {
    type Err = ();

    fn from_str(input: &str) -> Result<Actor, ()> {
        let id = |text: &str| text.parse().map_err(|_| ());
        match input.split_once(':') {
            Some(("person", rest)) => Ok(Actor::Person(id(rest)?)),
            Some(("key", rest)) => Ok(Actor::Key(id(rest)?)),
            Some(("app", rest)) => Ok(Actor::App(id(rest)?)),
            Some(("share", rest)) => Ok(Actor::Share(id(rest)?)),
            None if input == "command_line" => Ok(Actor::CommandLine),
            None if input == "system" => Ok(Actor::System),
            _ => Err(()),
        }
    }
}

/// The accounts in somebody's hands at some moment: the way to everything that changes them.
///
/// What a person may not do in an account by his role is refused here as [`Error::NotAllowed`];
/// what is done stands in the audit log from the same transaction on.
#[derive(Clone, Copy)]
pub struct Acting<'a> {
    pub(crate) accounts: &'a Accounts,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Accounts {
    /// To change something as this actor, now.
    pub fn acting(&self, actor: Actor, now: Timestamp) -> Acting<'_> {
        Acting {
            accounts: self,
            actor,
            now,
        }
    }
}

impl<'a> Acting<'a> {
    pub fn accounts(&self) -> &'a Accounts {
        self.accounts
    }

    pub fn actor(&self) -> Actor {
        self.actor
    }

    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Runs a step in a transaction that is taken back if the step fails.
    pub(crate) fn change<T>(
        &self,
        step: impl FnOnce(&Change<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut connection = self.accounts.write();
        // Immediate: what is read in it cannot have been changed by another process before it writes.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let change = Change {
            transaction: &transaction,
            actor: self.actor,
            now: self.now,
        };
        let outcome = step(&change)?;
        transaction.commit()?;
        Ok(outcome)
    }

    /// The same for a change in an account, if the actor has this right there.
    pub(crate) fn change_in<T>(
        &self,
        account: AccountId,
        right: Right,
        step: impl FnOnce(&Change<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.change(|change| {
            change.require(account, right)?;
            step(change)
        })
    }
}

/// A change on its way.
pub(crate) struct Change<'a> {
    pub transaction: &'a Transaction<'a>,
    pub actor: Actor,
    pub now: Timestamp,
}

impl Change<'_> {
    /// Writes down what is done. `detail` holds no secret.
    pub(crate) fn note(
        &self,
        account: Option<AccountId>,
        action: Action,
        subject: &str,
        detail: &str,
    ) -> Result<(), Error> {
        audit::append(self, account, action, subject, detail)
    }

    /// Refuses whoever may not do this in the account, and accounts that aren't there.
    pub(crate) fn require(&self, account: AccountId, right: Right) -> Result<(), Error> {
        // Whatever an app makes to get in with, or whomever it lets in, would outlive what it was
        // granted.
        let lets_in = matches!(right, Right::ManageAccess | Right::ManageMembers);
        match self.role(account)? {
            _ if lets_in && matches!(self.actor, Actor::App(_)) => Err(Error::NotAllowed),
            Some(role) if role.may(right) => Ok(()),
            _ => Err(Error::NotAllowed),
        }
    }

    /// What the actor is in the account.
    pub(crate) fn role(&self, account: AccountId) -> Result<Option<Role>, Error> {
        let exists = self
            .transaction
            .prepare_cached("SELECT 1 FROM accounts WHERE id = ?1")?
            .query_row([account.0], |_| Ok(()))
            .optional()?;
        if exists.is_none() {
            // People aren't told which accounts there are.
            return match self.actor {
                Actor::Person(_) => Ok(None),
                _ => Err(Error::NoSuchAccount(account)),
            };
        }
        match self.actor {
            Actor::Person(person) => member::role_of(self.transaction, account, person),
            // An account's owners are out of reach for what may be lost like a key.
            Actor::Key(_) | Actor::App(_) => Ok(Some(Role::Admin)),
            Actor::Share(_) => Ok(None),
            Actor::CommandLine | Actor::System => Ok(Some(Role::Owner)),
        }
    }
}
