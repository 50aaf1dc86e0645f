//! Apps: who they say they are, and where they may have people sent back to.

use std::collections::HashSet;
use std::str::FromStr;

use afsa_model::{AccountId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row};
use subtle::ConstantTimeEq;

use crate::acting::{Acting, Change};
use crate::change::{Faults, turns_text};
use crate::error::unless_too_many;
use crate::oauth::{RedirectAddress, TokenRefusal};
use crate::people::{Action, Right};
use crate::{Accounts, Error, FieldFault, Scope, Scopes, opaque};

const KIND: &str = "client";
/// Characters of a name.
const NAME_LENGTH: usize = 100;
/// Clients of an account.
const MOST: u32 = 100;
/// Redirect addresses of a client.
pub const MOST_REDIRECTS: usize = 20;
/// Public ids of the plug-ins that every installation knows.
pub const PLUGINS: [&str; 2] = ["afsa_wordpress_plugin", "afsa_prestashop_plugin"];

/// How sure it is that an app is itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientKind {
    /// Runs where others can read it: has no secret, and proves by PKCE that it is who asked.
    Public,
    /// Runs on a server of its owner, and has a secret.
    Confidential,
    /// A published plug-in of shops: has no secret and knows no PKCE. Its codes go only where an
    /// account's owner lets them.
    Plugin,
}

impl ClientKind {
    /// The word that is shown, stored and sent.
    pub fn name(self) -> &'static str {
        match self {
            ClientKind::Public => "public",
            ClientKind::Confidential => "confidential",
            ClientKind::Plugin => "plugin",
        }
    }
}

impl FromStr for ClientKind {
    type Err = ();

    fn from_str(input: &str) -> Result<ClientKind, ()> {
        [
            ClientKind::Public,
            ClientKind::Confidential,
            ClientKind::Plugin,
        ]
        .into_iter()
        .find(|kind| kind.name() == input)
        .ok_or(())
    }
}

/// An app.
#[derive(Clone, Debug, PartialEq)]
pub struct Client {
    pub id: i64,
    /// Whose it is; `None`: the installation's.
    pub account: Option<AccountId>,
    /// The name that it has in requests.
    pub public_id: String,
    pub name: String,
    pub kind: ClientKind,
    /// None for plug-ins, whose places are approved by accounts.
    pub redirects: Vec<String>,
    /// The most that it may be granted.
    pub scopes: Scopes,
    pub created_at: Timestamp,
}

/// What a new client shall be.
#[derive(Clone, Debug, PartialEq)]
pub struct NewClient {
    pub name: String,
    /// Whether it has a secret.
    pub kind: ClientKind,
    pub redirects: Vec<String>,
    pub scopes: Scopes,
}

/// What is to change of one; `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClientChange {
    pub name: Option<String>,
    pub redirects: Option<Vec<String>>,
    pub scopes: Option<Scopes>,
}

/// A client with its secret, which is known only now.
#[derive(Clone, Debug, PartialEq)]
pub struct CreatedClient {
    pub client: Client,
    /// `None` where it needs none.
    pub secret: Option<String>,
}

impl NewClient {
    /// What is wrong with it.
    pub fn faults(&self) -> Vec<FieldFault> {
        let change = ClientChange {
            name: Some(self.name.clone()),
            redirects: Some(self.redirects.clone()),
            scopes: Some(self.scopes),
        };
        let mut faults = change.faults(self.kind);
        if self.kind == ClientKind::Plugin {
            faults.push(FieldFault {
                field: "type",
                error: "unknown_value",
                detail: "must be public or confidential".into(),
            });
        }
        faults
    }
}

impl ClientChange {
    /// What is wrong with it, were a client of this kind changed.
    pub fn faults(&self, kind: ClientKind) -> Vec<FieldFault> {
        let mut faults = Faults::default();
        if let Some(name) = &self.name {
            faults.check_text("name", name, NAME_LENGTH);
            if name.chars().any(turns_text) {
                faults.add(
                    "name",
                    "malformed",
                    "must not hold characters that turn or hide text",
                );
            }
        }
        if self.scopes.is_some_and(Scopes::is_empty) {
            let known = Scope::ALL.map(Scope::name).join(", ");
            let detail = format!("must name at least one of {known}");
            faults.add("scopes", "missing", detail);
        }
        if let Some(redirects) = &self.redirects {
            check_redirects(&mut faults, redirects, kind);
        }
        faults.0
    }
}

fn check_redirects(faults: &mut Faults, redirects: &[String], kind: ClientKind) {
    const FIELD: &str = "redirect_uris";
    if redirects.is_empty() {
        faults.add(FIELD, "missing", "must name at least one address");
    }
    if redirects.len() > MOST_REDIRECTS {
        faults.add(
            FIELD,
            "too_long",
            format!("must be at most {MOST_REDIRECTS} addresses"),
        );
        return;
    }
    let mut known = HashSet::new();
    for redirect in redirects {
        let shown: String = redirect.chars().take(80).collect();
        if let Err(fault) = RedirectAddress::parse(redirect, kind) {
            faults.add(FIELD, "malformed", format!("{shown:?} {fault}"));
        } else if !known.insert(redirect) {
            faults.add(FIELD, "repeated", format!("{shown:?} may be named once"));
        }
    }
}

impl Client {
    /// The address that a request names, if people may be sent back there. A plug-in's may be
    /// anywhere; it depends on the account, see [`Accounts::is_approved_place`].
    pub fn redirect(&self, asked: &str) -> Option<RedirectAddress> {
        let address = RedirectAddress::parse(asked, self.kind).ok()?;
        let is_registered = |registered: &String| {
            RedirectAddress::parse(registered, self.kind)
                .is_ok_and(|registered| address.is(&registered))
        };
        let fits = self.kind == ClientKind::Plugin || self.redirects.iter().any(is_registered);
        fits.then_some(address)
    }

    /// Whether its requests must begin with a challenge.
    pub fn needs_pkce(&self) -> bool {
        self.kind == ClientKind::Public
    }
}

impl Accounts {
    /// The clients of an account, by age.
    pub fn clients(&self, account: AccountId) -> Result<Vec<Client>, Error> {
        let connection = self.read();
        let mut statement = connection
            .prepare_cached("SELECT * FROM oauth_clients WHERE account = ?1 ORDER BY id")?;
        let mut rows = statement.query([account.0])?;
        let mut clients = Vec::new();
        while let Some(row) = rows.next()? {
            clients.push(client(row)?);
        }
        Ok(clients)
    }

    /// A client of an account.
    pub fn client(&self, account: AccountId, id: i64) -> Result<Client, Error> {
        find(&self.read(), account, id)
    }

    /// The client that calls itself so.
    pub fn client_named(&self, public_id: &str) -> Result<Option<Client>, Error> {
        let connection = self.read();
        let mut statement =
            connection.prepare_cached("SELECT * FROM oauth_clients WHERE public_id = ?1")?;
        let found = statement
            .query_row([public_id], |row| Ok(client(row)))
            .optional()?;
        found.transpose()
    }

    /// The client that calls itself so and has shown that it is: confidential ones by their
    /// secret, others by having none.
    pub fn authenticate_client(
        &self,
        public_id: &str,
        secret: Option<&str>,
    ) -> Result<Client, Error> {
        let client = self.client_named(public_id)?;
        // Hashed and compared for clients that aren't there, too: nobody learns which there are
        // from how long it takes.
        let shown = opaque::hash(secret.unwrap_or_default());
        let kept = match &client {
            Some(client) => self.secret_hash(client.id)?,
            None => None,
        };
        let is_itself = bool::from(kept.unwrap_or_default().ct_eq(&shown));
        match client {
            Some(client) if client.kind == ClientKind::Confidential && is_itself => Ok(client),
            Some(client) if client.kind != ClientKind::Confidential && secret.is_none() => {
                Ok(client)
            }
            _ => Err(TokenRefusal::Client.into()),
        }
    }

    fn secret_hash(&self, client: i64) -> Result<Option<[u8; 32]>, Error> {
        let connection = self.read();
        let mut statement =
            connection.prepare_cached("SELECT secret_hash FROM oauth_clients WHERE id = ?1")?;
        let found = statement.query_row([client], |row| row.get(0)).optional()?;
        Ok(found.flatten())
    }
}

impl Acting<'_> {
    /// Makes a client of 32 random bytes for its public id and 32 for its secret, if it has one.
    pub fn create_client(
        &self,
        account: AccountId,
        new: &NewClient,
        id: [u8; 32],
        secret: [u8; 32],
    ) -> Result<CreatedClient, Error> {
        let faults = new.faults();
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        self.change_in(account, Right::ManageAccess, |change| {
            unless_too_many(
                change.transaction,
                "SELECT count(*) FROM oauth_clients WHERE account = ?1",
                [account.0],
                KIND,
                MOST,
            )?;
            let secret = (new.kind == ClientKind::Confidential).then(|| secret_text(secret));
            change.transaction.execute(
                "INSERT INTO oauth_clients (account, public_id, name, kind, secret_hash, redirects,
                     scopes, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                (
                    account.0,
                    opaque::text("afsa_cl_", id),
                    new.name.trim(),
                    new.kind.name(),
                    secret.as_deref().map(opaque::hash),
                    new.redirects.join("\n"),
                    new.scopes.to_string(),
                    change.now.0,
                ),
            )?;
            let id = change.transaction.last_insert_rowid();
            let client = find(change.transaction, account, id)?;
            note(change, account, Action::ClientCreated, &client)?;
            Ok(CreatedClient { client, secret })
        })
    }

    pub fn update_client(
        &self,
        account: AccountId,
        id: i64,
        client_change: &ClientChange,
    ) -> Result<Client, Error> {
        self.change_in(account, Right::ManageAccess, |change| {
            let client = find(change.transaction, account, id)?;
            let faults = client_change.faults(client.kind);
            if !faults.is_empty() {
                return Err(Error::Invalid(faults));
            }
            let name = client_change.name.as_deref().unwrap_or(&client.name);
            let redirects = client_change.redirects.as_ref();
            change.transaction.execute(
                "UPDATE oauth_clients SET name = ?2, redirects = ?3, scopes = ?4 WHERE id = ?1",
                (
                    id,
                    name.trim(),
                    redirects.unwrap_or(&client.redirects).join("\n"),
                    client_change.scopes.unwrap_or(client.scopes).to_string(),
                ),
            )?;
            let client = find(change.transaction, account, id)?;
            note(change, account, Action::ClientChanged, &client)?;
            Ok(client)
        })
    }

    /// Gives a confidential client another secret; the one before counts no more. Others have
    /// none.
    pub fn rotate_client_secret(
        &self,
        account: AccountId,
        id: i64,
        secret: [u8; 32],
    ) -> Result<CreatedClient, Error> {
        self.change_in(account, Right::ManageAccess, |change| {
            let client = find(change.transaction, account, id)?;
            if client.kind != ClientKind::Confidential {
                return Err(Error::Invalid(vec![FieldFault {
                    field: "type",
                    error: "contradiction",
                    detail: "must be confidential: public clients have no secret".into(),
                }]));
            }
            let text = secret_text(secret);
            change.transaction.execute(
                "UPDATE oauth_clients SET secret_hash = ?2 WHERE id = ?1",
                (id, opaque::hash(&text)),
            )?;
            note(change, account, Action::ClientSecretRotated, &client)?;
            Ok(CreatedClient {
                client,
                secret: Some(text),
            })
        })
    }

    /// Deletes a client with all that it was granted.
    pub fn delete_client(&self, account: AccountId, id: i64) -> Result<(), Error> {
        self.change_in(account, Right::ManageAccess, |change| {
            let client = find(change.transaction, account, id)?;
            change
                .transaction
                .execute("DELETE FROM oauth_clients WHERE id = ?1", [id])?;
            note(change, account, Action::ClientDeleted, &client)
        })
    }
}

fn secret_text(secret: [u8; 32]) -> String {
    opaque::text("afsa_cs_", secret)
}

fn note(
    change: &Change<'_>,
    account: AccountId,
    action: Action,
    client: &Client,
) -> Result<(), Error> {
    let subject = format!("client {}", client.id);
    change.note(Some(account), action, &subject, &client.name)
}

fn find(connection: &Connection, account: AccountId, id: i64) -> Result<Client, Error> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM oauth_clients WHERE account = ?1 AND id = ?2")?;
    let found = statement
        .query_row((account.0, id), |row| Ok(client(row)))
        .optional()?;
    found.unwrap_or(Err(Error::NotFound { kind: KIND, id }))
}

pub(crate) fn find_any(connection: &Connection, id: i64) -> Result<Client, Error> {
    let mut statement = connection.prepare_cached("SELECT * FROM oauth_clients WHERE id = ?1")?;
    let found = statement
        .query_row([id], |row| Ok(client(row)))
        .optional()?;
    found.unwrap_or(Err(Error::NotFound { kind: KIND, id }))
}

fn client(row: &Row<'_>) -> Result<Client, Error> {
    let damaged = |what: &str| Error::Damaged(format!("a client's {what}"));
    let kind: String = row.get("kind")?;
    let scopes: String = row.get("scopes")?;
    Ok(Client {
        id: row.get("id")?,
        account: row.get::<_, Option<u32>>("account")?.map(AccountId),
        public_id: row.get("public_id")?,
        name: row.get("name")?,
        kind: kind.parse().map_err(|()| damaged("kind"))?,
        redirects: row
            .get::<_, String>("redirects")?
            .lines()
            .map(str::to_owned)
            .collect(),
        scopes: scopes.parse().map_err(|_| damaged("scopes"))?,
        created_at: Timestamp(row.get("created_at")?),
    })
}
