//! Invitations: whoever has the link and the e-mail becomes a member.

use afsa_model::{AccountId, DAY, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row};

use super::member;
use super::person::{check_email, find, find_by_email, key_of, refuse};
use super::{Action, Member, Right, Role};
use crate::acting::{Acting, Actor};
use crate::change::Faults;
use crate::error::unless_too_many;
use crate::{Accounts, Error, Refusal, opaque};

const KIND: &str = "invitation";
const PREFIX: &str = "afsa_in_";
const LIFETIME: i64 = 7 * DAY;
/// Invitations of an account that are open.
const MOST: u32 = 500;

/// What is kept of an invitation: never its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    pub id: i64,
    pub account: AccountId,
    /// Whose it is; of each account there is one for it.
    pub email: String,
    pub role: Role,
    pub created_at: Timestamp,
    /// Seven days later.
    pub expires_at: Timestamp,
}

/// An invitation with its text, which is known only now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedInvitation {
    pub invitation: Invitation,
    /// `afsa_in_…`, for the link.
    pub text: String,
}

impl Invitation {
    /// Whether it is for whoever has this e-mail, however that is written.
    pub fn is_for(&self, email: &str) -> bool {
        key_of(&self.email) == key_of(email)
    }
}

impl Accounts {
    /// The account's invitations, by age, also those that have expired.
    pub fn invitations(&self, account: AccountId) -> Result<Vec<Invitation>, Error> {
        let connection = self.read();
        let mut statement = connection
            .prepare_cached("SELECT * FROM invitations WHERE account = ?1 ORDER BY id")?;
        let mut rows = statement.query([account.0])?;
        let mut invitations = Vec::new();
        while let Some(row) = rows.next()? {
            invitations.push(invitation(row)?);
        }
        Ok(invitations)
    }

    pub fn invitation(&self, account: AccountId, id: i64) -> Result<Invitation, Error> {
        find_invitation(&self.read(), account, id)
    }

    /// The invitation of a link, without accepting it.
    pub fn invitation_of(&self, text: &str, now: Timestamp) -> Result<Invitation, Error> {
        find_by_text(&self.read(), text, now)
    }
}

impl Acting<'_> {
    /// Invites whoever has this e-mail. A new invitation replaces the one before. Only owners
    /// invite owners. `secret` is random.
    pub fn create_invitation(
        &self,
        account: AccountId,
        email: &str,
        role: Role,
        secret: [u8; 32],
    ) -> Result<CreatedInvitation, Error> {
        let mut faults = Faults::default();
        check_email(&mut faults, email);
        refuse(faults.0)?;
        let (email, key) = (email.trim(), key_of(email));
        self.change_in(account, Right::ManageMembers, |change| {
            if !change.role(account)?.is_some_and(|own| own.may_give(role)) {
                return Err(Error::NotAllowed);
            }
            if let Some(person) = find_by_email(change.transaction, email)?
                && member::is_member(change.transaction, account, person.id)?
            {
                let name = email.to_owned();
                return Err(Error::NameTaken {
                    kind: "member",
                    name,
                });
            }
            change.transaction.execute(
                "DELETE FROM invitations WHERE account = ?1 AND (email_key = ?2 OR expires_at <= ?3)",
                (account.0, &key, change.now.0),
            )?;
            unless_too_many(
                change.transaction,
                "SELECT count(*) FROM invitations WHERE account = ?1",
                [account.0],
                KIND,
                MOST,
            )?;
            let text = opaque::text(PREFIX, secret);
            let expires_at = change.now.plus(LIFETIME);
            change.transaction.execute(
                "INSERT INTO invitations
                     (account, email, email_key, role, hash, created_at, expires_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                (
                    account.0,
                    email,
                    &key,
                    role.name(),
                    opaque::hash(&text),
                    change.now.0,
                    expires_at.0,
                ),
            )?;
            let id = change.transaction.last_insert_rowid();
            let detail = format!("{email} as {role}");
            change.note(Some(account), Action::InvitationCreated, &subject(id), &detail)?;
            let invitation = find_invitation(change.transaction, account, id)?;
            Ok(CreatedInvitation { invitation, text })
        })
    }

    /// Makes the person who acts a member. His e-mail has to be the one that was invited: a link
    /// that was forwarded lets nobody else in. Of two who accept at once one finds it.
    pub fn accept_invitation(&self, text: &str) -> Result<Member, Error> {
        let Actor::Person(person) = self.actor else {
            return Err(Error::NotAllowed);
        };
        self.change(|change| {
            let invitation = find_by_text(change.transaction, text, change.now)?;
            let found = find(change.transaction, person)?;
            if !invitation.is_for(&found.email) || found.disabled_at.is_some() {
                return Err(Error::NotAllowed);
            }
            change
                .transaction
                .execute("DELETE FROM invitations WHERE id = ?1", [invitation.id])?;
            let account = invitation.account;
            let subject = subject(invitation.id);
            change.note(Some(account), Action::InvitationAccepted, &subject, "")?;
            member::insert(change, account, person, invitation.role)?;
            member::find_member(change.transaction, account, person)
        })
    }

    /// Takes an invitation back. Only owners take back that of an owner.
    pub fn withdraw_invitation(&self, account: AccountId, id: i64) -> Result<(), Error> {
        self.change_in(account, Right::ManageMembers, |change| {
            let invitation = find_invitation(change.transaction, account, id)?;
            let own = change.role(account)?;
            if !own.is_some_and(|own| own.may_give(invitation.role)) {
                return Err(Error::NotAllowed);
            }
            change
                .transaction
                .execute("DELETE FROM invitations WHERE id = ?1", [id])?;
            let detail = format!("{} as {}", invitation.email, invitation.role);
            change.note(
                Some(account),
                Action::InvitationWithdrawn,
                &subject(id),
                &detail,
            )
        })
    }
}

fn subject(id: i64) -> String {
    format!("invitation {id}")
}

fn find_invitation(
    connection: &Connection,
    account: AccountId,
    id: i64,
) -> Result<Invitation, Error> {
    let found = connection
        .prepare_cached("SELECT * FROM invitations WHERE account = ?1 AND id = ?2")?
        .query_row((account.0, id), |row| Ok(invitation(row)))
        .optional()?;
    found.unwrap_or(Err(Error::NotFound { kind: KIND, id }))
}

fn find_by_text(connection: &Connection, text: &str, now: Timestamp) -> Result<Invitation, Error> {
    let hash = opaque::hash_of_sent(PREFIX, text).ok_or(Refusal::Unknown)?;
    let found = connection
        .prepare_cached("SELECT * FROM invitations WHERE hash = ?1")?
        .query_row([hash], |row| Ok(invitation(row)))
        .optional()?;
    let invitation = found.unwrap_or(Err(Refusal::Unknown.into()))?;
    if invitation.expires_at <= now {
        return Err(Refusal::Expired.into());
    }
    Ok(invitation)
}

fn invitation(row: &Row<'_>) -> Result<Invitation, Error> {
    let role: String = row.get("role")?;
    Ok(Invitation {
        id: row.get("id")?,
        account: AccountId(row.get("account")?),
        email: row.get("email")?,
        role: role
            .parse()
            .map_err(|()| Error::Damaged("an unreadable role".into()))?,
        created_at: Timestamp(row.get("created_at")?),
        expires_at: Timestamp(row.get("expires_at")?),
    })
}
