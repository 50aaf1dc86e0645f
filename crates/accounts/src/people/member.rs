//! Members: which person is what in which account.

use afsa_model::{AccountId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row};

use super::person::find;
use super::{Action, Right, Role};
use crate::acting::{Acting, Actor, Change};
use crate::error::{unless_taken, unless_too_many};
use crate::{Account, Accounts, Error};

const KIND: &str = "member";
/// Members of an account.
const MOST: u32 = 1_000;

/// A person in an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub person: i64,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub since: Timestamp,
}

/// An account that a person reaches.
#[derive(Clone, Debug, PartialEq)]
pub struct Membership {
    pub account: Account,
    pub role: Role,
}

impl Accounts {
    /// The account's members, by how long they are.
    pub fn members(&self, account: AccountId) -> Result<Vec<Member>, Error> {
        let connection = self.read();
        let mut statement = connection.prepare_cached(
            "SELECT person, email, name, role, since FROM members
             JOIN persons ON persons.id = person WHERE account = ?1 ORDER BY since, person",
        )?;
        let mut rows = statement.query([account.0])?;
        let mut members = Vec::new();
        while let Some(row) = rows.next()? {
            members.push(member(row)?);
        }
        Ok(members)
    }

    pub fn member(&self, account: AccountId, person: i64) -> Result<Member, Error> {
        find_member(&self.read(), account, person)
    }

    /// What the person is in the account: the operator is an owner of each.
    pub fn role(&self, account: AccountId, person: i64) -> Result<Option<Role>, Error> {
        role_of(&self.read(), account, person)
    }

    /// The accounts that a person reaches, by number: the operator all of them.
    pub fn accounts_of(&self, person: i64) -> Result<Vec<Membership>, Error> {
        let mut memberships = Vec::new();
        let is_operator = self.person(person)?.is_operator;
        let roles = self.roles_of(person)?;
        for account in self.accounts()? {
            let role = roles.iter().find(|(id, _)| *id == account.id);
            match role.map(|(_, role)| *role) {
                _ if is_operator => memberships.push(Membership {
                    account,
                    role: Role::Owner,
                }),
                Some(role) => memberships.push(Membership { account, role }),
                None => {}
            }
        }
        Ok(memberships)
    }

    fn roles_of(&self, person: i64) -> Result<Vec<(AccountId, Role)>, Error> {
        let connection = self.read();
        let mut statement =
            connection.prepare_cached("SELECT account, role FROM members WHERE person = ?1")?;
        let mut rows = statement.query([person])?;
        let mut roles = Vec::new();
        while let Some(row) = rows.next()? {
            roles.push((AccountId(row.get("account")?), role(row)?));
        }
        Ok(roles)
    }
}

impl Acting<'_> {
    /// Makes somebody a member without asking him, which is the operator's and the command line's.
    pub fn add_member(&self, account: AccountId, person: i64, role: Role) -> Result<Member, Error> {
        self.change_in(account, Right::ManageMembers, |change| {
            change.require_operator()?;
            insert(change, account, person, role)?;
            find_member(change.transaction, account, person)
        })
    }

    /// Makes a member something else. Only owners make owners or unmake them, and one always stays.
    pub fn change_role(
        &self,
        account: AccountId,
        person: i64,
        wanted: Role,
    ) -> Result<Member, Error> {
        self.change_in(account, Right::ManageMembers, |change| {
            let member = find_member(change.transaction, account, person)?;
            if member.role == wanted {
                return Ok(member);
            }
            require_to_give(change, account, member.role)?;
            require_to_give(change, account, wanted)?;
            change.transaction.execute(
                "UPDATE members SET role = ?3 WHERE account = ?1 AND person = ?2",
                (account.0, person, wanted.name()),
            )?;
            require_an_owner(change, account, member.role)?;
            let detail = format!("{} → {wanted}", member.role);
            note(change, account, Action::MemberRoleChanged, person, &detail)?;
            find_member(change.transaction, account, person)
        })
    }

    /// Takes a member out of the account. Everybody may go by himself, unless he is the only owner.
    pub fn remove_member(&self, account: AccountId, person: i64) -> Result<(), Error> {
        self.change(|change| {
            let role = change.role(account)?;
            let member = match find_member(change.transaction, account, person) {
                Ok(member) => member,
                // Whoever is nothing here doesn't learn who is.
                Err(_) if role.is_none() => return Err(Error::NotAllowed),
                Err(error) => return Err(error),
            };
            if change.actor != Actor::Person(person) {
                change.require(account, Right::ManageMembers)?;
                require_to_give(change, account, member.role)?;
            }
            change.transaction.execute(
                "DELETE FROM members WHERE account = ?1 AND person = ?2",
                (account.0, person),
            )?;
            require_an_owner(change, account, member.role)?;
            let detail = format!("was {}", member.role);
            note(change, account, Action::MemberRemoved, person, &detail)
        })
    }
}

/// Makes a person a member.
pub(crate) fn insert(
    change: &Change<'_>,
    account: AccountId,
    person: i64,
    role: Role,
) -> Result<(), Error> {
    let email = find(change.transaction, person)?.email;
    unless_too_many(
        change.transaction,
        "SELECT count(*) FROM members WHERE account = ?1",
        [account.0],
        KIND,
        MOST,
    )?;
    let written = change.transaction.execute(
        "INSERT INTO members (account, person, role, since) VALUES (?1, ?2, ?3, ?4)",
        (account.0, person, role.name(), change.now.0),
    );
    unless_taken(written, KIND, &email)?;
    note(change, account, Action::MemberAdded, person, role.name())
}

/// What the person is in the account.
pub(crate) fn role_of(
    connection: &Connection,
    account: AccountId,
    person: i64,
) -> Result<Option<Role>, Error> {
    let found = connection
        .prepare_cached(
            "SELECT iif(is_operator, 'owner', role) AS role FROM persons
             LEFT JOIN members ON members.person = persons.id AND account = ?1
             WHERE persons.id = ?2 AND disabled_at IS NULL",
        )?
        .query_row((account.0, person), |row| {
            Ok(match row.get_ref("role")? {
                rusqlite::types::ValueRef::Null => None,
                _ => Some(role(row)),
            })
        })
        .optional()?;
    found.flatten().transpose()
}

fn require_to_give(change: &Change<'_>, account: AccountId, role: Role) -> Result<(), Error> {
    match change.role(account)? {
        Some(own) if own.may_give(role) => Ok(()),
        _ => Err(Error::NotAllowed),
    }
}

/// Takes the change back where an owner went who was the last.
fn require_an_owner(change: &Change<'_>, account: AccountId, was: Role) -> Result<(), Error> {
    let has_owner: bool = change
        .transaction
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM members WHERE account = ?1 AND role = 'owner')",
        )?
        .query_row([account.0], |row| row.get(0))?;
    if was == Role::Owner && !has_owner {
        return Err(Error::LastOwner(account));
    }
    Ok(())
}

fn note(
    change: &Change<'_>,
    account: AccountId,
    action: Action,
    person: i64,
    detail: &str,
) -> Result<(), Error> {
    change.note(Some(account), action, &format!("person {person}"), detail)
}

/// Whether the person is a member by himself, not as the operator.
pub(super) fn is_member(
    connection: &Connection,
    account: AccountId,
    person: i64,
) -> Result<bool, Error> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM members WHERE account = ?1 AND person = ?2")?
        .exists((account.0, person))?)
}

pub(super) fn find_member(
    connection: &Connection,
    account: AccountId,
    person: i64,
) -> Result<Member, Error> {
    let found = connection
        .prepare_cached(
            "SELECT person, email, name, role, since FROM members
             JOIN persons ON persons.id = person WHERE account = ?1 AND person = ?2",
        )?
        .query_row((account.0, person), |row| Ok(member(row)))
        .optional()?;
    found.unwrap_or(Err(Error::NotFound {
        kind: KIND,
        id: person,
    }))
}

fn member(row: &Row<'_>) -> Result<Member, Error> {
    Ok(Member {
        person: row.get("person")?,
        email: row.get("email")?,
        name: row.get("name")?,
        role: role(row)?,
        since: Timestamp(row.get("since")?),
    })
}

fn role(row: &Row<'_>) -> Result<Role, Error> {
    let text: String = row.get("role")?;
    text.parse()
        .map_err(|()| Error::Damaged("an unreadable role".into()))
}
