//! Members: which person is what in which account.

use afsa_model::{AccountId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row};

use super::person::find;
use super::{Action, Right, Role};
use crate::acting::{Acting, Actor, Change};
use crate::database::folded;
use crate::error::{unless_taken, unless_too_many};
use crate::listed::{Listed, Part};
use crate::{Account, Accounts, Error, account};

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

/// Which of the accounts that a person reaches are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct MembershipChoice<'a> {
    /// A part of the name or the address, however it is written, or the number.
    pub search: &'a str,
    /// Only accounts in which he has this right.
    pub right: Option<Right>,
    pub part: Part,
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
    pub fn accounts_of(
        &self,
        person: i64,
        choice: &MembershipChoice<'_>,
    ) -> Result<Listed<Membership>, Error> {
        const REACHED: &str = "WITH reached (account, role) AS (
                 SELECT account, role FROM members WHERE person = ?1 AND NOT ?2
                 UNION ALL SELECT id, 'owner' FROM accounts WHERE ?2),
             chosen AS (
                 SELECT accounts.*, reached.role FROM reached JOIN accounts ON id = account
                 WHERE instr(?3, ',' || reached.role || ',') AND (
                     ?4 = '' OR instr(folded(name), ?4) OR instr(folded(url), ?4)
                     OR printf('%08d', id) = ?4 OR printf('%d', id) = ?4))";
        let is_operator = self.person(person)?.is_operator;
        let roles = choice.roles();
        let search = folded(choice.search);
        let connection = self.read();
        let total = connection
            .prepare_cached(&format!("{REACHED} SELECT count(*) FROM chosen"))?
            .query_row((person, is_operator, &roles, &search), |row| row.get(0))?;
        let mut statement = connection.prepare_cached(&format!(
            "{REACHED} SELECT * FROM chosen ORDER BY id LIMIT ?5 OFFSET ?6"
        ))?;
        let part = (choice.part.limit, choice.part.offset);
        let mut found = statement.query((person, is_operator, &roles, &search, part.0, part.1))?;
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            let role = role(row)?;
            let account = self.completed(&connection, account::kept(row)?)?;
            rows.push(Membership { account, role });
        }
        Ok(Listed { rows, total })
    }
}

impl MembershipChoice<'_> {
    /// The roles that are asked for, as they are looked for in a text.
    fn roles(&self) -> String {
        let has = |role: &Role| self.right.is_none_or(|right| role.may(right));
        let names = Role::ALL.into_iter().filter(has).map(Role::name);
        format!(",{},", names.collect::<Vec<_>>().join(","))
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
            crate::oauth::revoke_of(change, person, Some(account), "its person was removed")?;
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
