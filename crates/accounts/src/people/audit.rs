//! What was done, by whom, in chains that show what was changed afterwards.

use std::str::FromStr;

use afsa_model::{AccountId, Timestamp};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row};
use sha2::{Digest, Sha256};

use crate::acting::Change;
use crate::{Accounts, Error};

/// Bytes of a subject or detail; what is longer is cut.
const TEXT_LENGTH: usize = 4_000;
/// Characters told of one value.
const VALUE_LENGTH: usize = 200;
/// The chain of what belongs to no account.
const INSTALLATION: u32 = 0;
/// Begins every encoding, so that a hash can be of nothing else.
const FORM: &[u8] = b"afsa audit 1\n";

macro_rules! actions {
    ($($variant:ident $word:literal)*) => {
        /// What was done, as a fixed word.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action {
            $($variant,)*
        }

        impl Action {
            pub const ALL: &[Action] = &[$(Action::$variant,)*];

            /// The word that is shown, stored and sent.
            pub fn name(self) -> &'static str {
                match self {
                    $(Action::$variant => $word,)*
                }
            }
        }
    };
}

actions! {
    AccountCreated "account.created"
    SettingsChanged "settings.changed"
    PlanChanged "plan.changed"
    GoalCreated "goal.created"
    GoalChanged "goal.changed"
    GoalDeleted "goal.deleted"
    SegmentCreated "segment.created"
    SegmentChanged "segment.changed"
    SegmentDeleted "segment.deleted"
    CheckoutStepCreated "checkout_step.created"
    CheckoutStepChanged "checkout_step.changed"
    CheckoutStepDeleted "checkout_step.deleted"
    RatesChanged "rates.changed"
    KeyCreated "key.created"
    KeyRenamed "key.renamed"
    KeyRevoked "key.revoked"
    ClientCreated "client.created"
    ClientChanged "client.changed"
    ClientSecretRotated "client.secret_rotated"
    ClientDeleted "client.deleted"
    AppConnected "app.connected"
    AppRevoked "app.revoked"
    ShopApproved "shop.approved"
    MemberAdded "member.added"
    MemberRoleChanged "member.role_changed"
    MemberRemoved "member.removed"
    InvitationCreated "invitation.created"
    InvitationAccepted "invitation.accepted"
    InvitationWithdrawn "invitation.withdrawn"
    ShareCreated "share.created"
    ShareChanged "share.changed"
    ShareRevoked "share.revoked"
    PersonCreated "person.created"
    PersonChanged "person.changed"
    PersonDisabled "person.disabled"
    PersonEnabled "person.enabled"
    PersonSignedIn "person.signed_in"
    EmailConfirmed "person.email_confirmed"
    EmailChanged "person.email_changed"
    PasswordChanged "person.password_changed"
    PasswordReset "person.password_reset"
    SecondFactorEnabled "person.second_factor_enabled"
    SecondFactorDisabled "person.second_factor_disabled"
    SecondFactorLocked "person.second_factor_locked"
    RecoveryCodesMade "person.recovery_codes_made"
    RecoveryCodeUsed "person.recovery_code_used"
}

impl FromStr for Action {
    type Err = ();

    fn from_str(input: &str) -> Result<Action, ()> {
        let mut all = Action::ALL.iter();
        all.find(|action| action.name() == input).copied().ok_or(())
    }
}

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its number in its chain, from 1 without a gap.
    pub id: u64,
    /// `None`: it belongs to the installation.
    pub account: Option<AccountId>,
    pub at: Timestamp,
    /// As [`crate::Actor`] is written.
    pub actor: String,
    /// As [`Action::name`] tells it.
    pub action: String,
    /// What it was done to: `key 4`, `person 2`.
    pub subject: String,
    /// What else there is to say, for people.
    pub detail: String,
    pub hash: [u8; 32],
}

/// Which entries are wanted, newest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuditChoice {
    pub action: Option<Action>,
    /// Only entries older than the one of this id, where a page before has ended.
    pub before: Option<u64>,
}

/// How far a chain is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditState {
    /// Entries that the chain should have.
    pub entries: u64,
    /// The hash of the last; whoever notes it elsewhere notices even a chain that was forged whole.
    pub head: [u8; 32],
    pub fault: Option<AuditFault>,
}

/// The first entry that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditFault {
    /// The entry's number, which may be one that is missing.
    pub entry: u64,
    pub what: &'static str,
}

impl Accounts {
    /// Entries of an account's chain, or of the installation's, newest first.
    pub fn audit(
        &self,
        account: Option<AccountId>,
        choice: AuditChoice,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, Error> {
        let connection = self.read();
        let before = choice
            .before
            .map_or(i64::MAX, |id| i64::try_from(id).unwrap_or(i64::MAX));
        let chain = chain_of(account);
        let action = choice.action.map(Action::name);
        let mut statement = connection.prepare_cached(match action {
            Some(_) => {
                "SELECT * FROM audit WHERE chain = ?1 AND number < ?2 AND action = ?4
                 ORDER BY number DESC LIMIT ?3"
            }
            None => {
                "SELECT * FROM audit WHERE chain = ?1 AND number < ?2 AND ?4 IS NULL
                 ORDER BY number DESC LIMIT ?3"
            }
        })?;
        let mut rows = statement.query((chain, before, limit, action))?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            entries.push(entry(row, account)?);
        }
        Ok(entries)
    }

    /// Follows a chain from its first entry to its head.
    pub fn verify_audit(&self, account: Option<AccountId>) -> Result<AuditState, Error> {
        verify(&self.read(), chain_of(account))
    }

    /// Follows every chain there is: the installation's, then those of accounts, by number.
    pub fn verify_audits(&self) -> Result<Vec<(Option<AccountId>, AuditState)>, Error> {
        verify_audits(&self.read())
    }
}

/// The same of a file of accounts that is open for reading alone, of any version.
pub fn verify_audits(
    connection: &Connection,
) -> Result<Vec<(Option<AccountId>, AuditState)>, Error> {
    let has_chains = connection
        .prepare("SELECT 1 FROM sqlite_master WHERE name = 'audit_heads'")?
        .exists([])?;
    if !has_chains {
        return Ok(Vec::new());
    }
    let mut statement = connection
        .prepare("SELECT chain FROM audit_heads UNION SELECT chain FROM audit ORDER BY chain")?;
    let chains: Vec<u32> = statement
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let verified = chains.into_iter().map(|chain| {
        let account = (chain != INSTALLATION).then_some(AccountId(chain));
        Ok((account, verify(connection, chain)?))
    });
    verified.collect()
}

/// Writes an entry behind the last of its chain, in the transaction of what it tells of.
pub(crate) fn append(
    change: &Change<'_>,
    account: Option<AccountId>,
    action: Action,
    subject: &str,
    detail: &str,
) -> Result<(), Error> {
    let chain = chain_of(account);
    let head = head(change.transaction, chain)?;
    let number = head.count + 1;
    let actor = change.actor.to_string();
    let (subject, detail) = (cut(subject), cut(detail));
    let texts = [&actor, action.name(), subject, detail].map(str::as_bytes);
    let hash = hash_of(&head.hash, chain, number, change.now.0, texts);
    change.transaction.execute(
        "INSERT INTO audit (chain, number, at, actor, action, subject, detail, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        (
            chain,
            number,
            change.now.0,
            &actor,
            action.name(),
            subject,
            detail,
            hash,
        ),
    )?;
    change.transaction.execute(
        "INSERT INTO audit_heads (chain, count, hash) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET count = excluded.count, hash = excluded.hash",
        (chain, number, hash),
    )?;
    Ok(())
}

/// What something is, as the detail of an entry.
pub(crate) fn told(fields: &[(&str, String)]) -> String {
    let told = fields
        .iter()
        .map(|(name, value)| format!("{name}: {}", short(value)));
    told.collect::<Vec<_>>().join("; ")
}

/// What of something is another now, as the detail of an entry; empty if nothing is.
pub(crate) fn changes<const N: usize>(
    before: &[(&str, String); N],
    after: &[(&str, String); N],
) -> String {
    let changed = before
        .iter()
        .zip(after)
        .filter(|(before, after)| before.1 != after.1);
    let told = changed
        .map(|(before, after)| format!("{}: {} → {}", before.0, short(&before.1), short(&after.1)));
    told.collect::<Vec<_>>().join("; ")
}

fn short(value: &str) -> String {
    match value.char_indices().nth(VALUE_LENGTH) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

struct Head {
    count: i64,
    hash: [u8; 32],
}

fn head(connection: &Connection, chain: u32) -> Result<Head, Error> {
    let found = connection
        .prepare_cached("SELECT count, hash FROM audit_heads WHERE chain = ?1")?
        .query_row([chain], |row| {
            Ok(Head {
                count: row.get(0)?,
                hash: row.get(1)?,
            })
        })
        .optional()?;
    Ok(found.unwrap_or(Head {
        count: 0,
        hash: [0; 32],
    }))
}

fn verify(connection: &Connection, chain: u32) -> Result<AuditState, Error> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM audit WHERE chain = ?1 ORDER BY number")?;
    let mut rows = statement.query([chain])?;
    let mut last = [0_u8; 32];
    let mut number = 0_i64;
    let mut fault = None;
    while let Some(row) = rows.next()? {
        number += 1;
        fault = fault_of(row, chain, number, &last)?;
        if fault.is_some() {
            break;
        }
        last = row.get("hash")?;
    }
    // A head that cannot be read is a head that was changed.
    let head = head(connection, chain).unwrap_or(Head {
        count: -1,
        hash: [0; 32],
    });
    if fault.is_none() && (head.count, head.hash) != (number, last) {
        let what = match head.count > number {
            true => "is missing",
            false => "is not the one that the chain ended with",
        };
        fault = Some((
            if head.count > number {
                number + 1
            } else {
                number
            },
            what,
        ));
    }
    Ok(AuditState {
        entries: u64::try_from(head.count).unwrap_or(0),
        head: head.hash,
        fault: fault.map(|(entry, what)| AuditFault {
            entry: u64::try_from(entry).unwrap_or(0),
            what,
        }),
    })
}

/// What is wrong with an entry that should have this number and follow this hash.
fn fault_of(
    row: &Row<'_>,
    chain: u32,
    number: i64,
    last: &[u8; 32],
) -> Result<Option<(i64, &'static str)>, Error> {
    if row.get_ref("number")? != ValueRef::Integer(number) {
        return Ok(Some((number, "is missing")));
    }
    let bytes = |column| -> Result<&[u8], Error> {
        // Of bytes that are no text too the hash can be taken: it is another one.
        Ok(match row.get_ref(column)? {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes,
            _ => &[],
        })
    };
    let at = match row.get_ref("at")? {
        ValueRef::Integer(at) => at,
        _ => return Ok(Some((number, CHANGED))),
    };
    let texts = [
        bytes("actor")?,
        bytes("action")?,
        bytes("subject")?,
        bytes("detail")?,
    ];
    let hash = hash_of(last, chain, number, at, texts);
    Ok((bytes("hash")? != hash).then_some((number, CHANGED)))
}

const CHANGED: &str = "was changed";

/// Lengths stand before texts, so no two entries have one encoding.
fn hash_of(last: &[u8; 32], chain: u32, number: i64, at: i64, texts: [&[u8]; 4]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(FORM);
    hasher.update(last);
    hasher.update(chain.to_be_bytes());
    hasher.update(number.to_be_bytes());
    hasher.update(at.to_be_bytes());
    for text in texts {
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text);
    }
    hasher.finalize().into()
}

fn chain_of(account: Option<AccountId>) -> u32 {
    account.map_or(INSTALLATION, |account| account.0)
}

fn cut(text: &str) -> &str {
    let end = (0..=TEXT_LENGTH.min(text.len()))
        .rev()
        .find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

fn entry(row: &Row<'_>, account: Option<AccountId>) -> Result<AuditEntry, Error> {
    let text = |column| -> Result<String, Error> {
        // A damaged entry is still to be seen.
        Ok(match row.get_ref(column)? {
            ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            _ => String::new(),
        })
    };
    let number: i64 = row.get("number")?;
    Ok(AuditEntry {
        id: u64::try_from(number).unwrap_or(0),
        account,
        at: Timestamp(row.get("at")?),
        actor: text("actor")?,
        action: text("action")?,
        subject: text("subject")?,
        detail: text("detail")?,
        hash: row.get("hash").unwrap_or_default(),
    })
}
