//! Chains of hashes: what shows that entries of the audit log were changed, left out or put in.

use afsa_model::AccountId;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row};
use sha2::{Digest, Sha256};

use crate::{Accounts, Error};

/// Begins every encoding, so that a hash can be of nothing else.
const FORM: &[u8] = b"afsa audit 1\n";
/// The chain of what belongs to no account.
const INSTALLATION: u32 = 0;
/// Entries that are followed before others may read.
const AT_A_TIME: u32 = 1_000;
const CHANGED: &str = "was changed";
const MISSING: &str = "is missing";

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
    /// Follows a chain from its first entry to its head.
    pub fn verify_audit(&self, account: Option<AccountId>) -> Result<AuditState, Error> {
        self.walk(chain_of(account))
    }

    /// Follows every chain there is: the installation's, then those of accounts, by number.
    pub fn verify_audits(&self) -> Result<Vec<(Option<AccountId>, AuditState)>, Error> {
        let chains = chains(&self.read())?;
        let walks = chains
            .into_iter()
            .map(|chain| Ok((account_of(chain), self.walk(chain)?)));
        walks.collect()
    }

    fn walk(&self, chain: u32) -> Result<AuditState, Error> {
        let mut walk = Walk::along(chain);
        loop {
            if let Some(state) = walk.step(&self.read())? {
                return Ok(state);
            }
        }
    }
}

/// The same of a file of accounts that is open for reading alone, of any version.
pub fn verify_audits(
    connection: &Connection,
) -> Result<Vec<(Option<AccountId>, AuditState)>, Error> {
    let walks = chains(connection)?.into_iter().map(|chain| {
        let mut walk = Walk::along(chain);
        loop {
            if let Some(state) = walk.step(connection)? {
                return Ok((account_of(chain), state));
            }
        }
    });
    walks.collect()
}

/// Every chain that has an entry or a head; a file of an older version has none.
fn chains(connection: &Connection) -> Result<Vec<u32>, Error> {
    let has_chains = connection
        .prepare("SELECT 1 FROM sqlite_master WHERE name = 'audit_heads'")?
        .exists([])?;
    if !has_chains {
        return Ok(Vec::new());
    }
    let mut statement = connection
        .prepare("SELECT chain FROM audit_heads UNION SELECT chain FROM audit ORDER BY chain")?;
    let chains = statement.query_map([], |row| row.get(0))?;
    Ok(chains.collect::<Result<_, _>>()?)
}

/// Where a chain ends.
pub(super) struct Head {
    pub count: i64,
    pub hash: [u8; 32],
}

pub(super) fn head(connection: &Connection, chain: u32) -> Result<Head, Error> {
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

/// A walk along a chain, some entries at a time, so that nobody else waits for the whole of it.
struct Walk {
    chain: u32,
    /// Entries that were as they should be.
    count: i64,
    /// The number that the last of them stood under.
    number: i64,
    /// Its hash.
    hash: [u8; 32],
}

impl Walk {
    fn along(chain: u32) -> Walk {
        Walk {
            chain,
            count: 0,
            number: i64::MIN,
            hash: [0; 32],
        }
    }

    /// Goes on, and says how the chain stands once its end is reached.
    fn step(&mut self, connection: &Connection) -> Result<Option<AuditState>, Error> {
        // What is read of entries and what of the head are of one moment.
        let moment = connection.unchecked_transaction()?;
        let mut statement = moment.prepare_cached(
            "SELECT * FROM audit WHERE chain = ?1 AND number > ?2 ORDER BY number LIMIT ?3",
        )?;
        let mut rows = statement.query((self.chain, self.number, AT_A_TIME))?;
        let mut is_end = true;
        while let Some(row) = rows.next()? {
            is_end = false;
            let number = self.count + 1;
            if let Some(what) = fault_of(row, self.chain, number, &self.hash)? {
                return Ok(Some(self.state(&moment, Some((number, what)))));
            }
            (self.count, self.number) = (number, number);
            self.hash = row.get("hash")?;
        }
        Ok(is_end.then(|| self.state(&moment, None)))
    }

    fn state(&self, connection: &Connection, fault: Option<(i64, &'static str)>) -> AuditState {
        // A head that cannot be read is a head that was changed.
        let head = head(connection, self.chain).unwrap_or(Head {
            count: -1,
            hash: [0; 32],
        });
        let at_the_end = if head.count > self.count {
            Some((self.count + 1, MISSING))
        } else if (head.count, head.hash) != (self.count, self.hash) {
            Some((self.count, "is not the one that the chain ended with"))
        } else {
            None
        };
        AuditState {
            entries: u64::try_from(head.count).unwrap_or(0),
            head: head.hash,
            fault: fault.or(at_the_end).map(|(entry, what)| AuditFault {
                entry: u64::try_from(entry).unwrap_or(0),
                what,
            }),
        }
    }
}

/// What is wrong with an entry that should have this number and follow this hash.
fn fault_of(
    row: &Row<'_>,
    chain: u32,
    number: i64,
    last: &[u8; 32],
) -> Result<Option<&'static str>, Error> {
    if row.get_ref("number")? != ValueRef::Integer(number) {
        return Ok(Some(MISSING));
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
        _ => return Ok(Some(CHANGED)),
    };
    let texts = [
        bytes("actor")?,
        bytes("action")?,
        bytes("subject")?,
        bytes("detail")?,
    ];
    let hash = hash_of(last, chain, number, at, texts);
    Ok((bytes("hash")? != hash).then_some(CHANGED))
}

/// Lengths stand before texts, so no two entries have one encoding.
pub(super) fn hash_of(
    last: &[u8; 32],
    chain: u32,
    number: i64,
    at: i64,
    texts: [&[u8]; 4],
) -> [u8; 32] {
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

pub(super) fn chain_of(account: Option<AccountId>) -> u32 {
    account.map_or(INSTALLATION, |account| account.0)
}

fn account_of(chain: u32) -> Option<AccountId> {
    (chain != INSTALLATION).then_some(AccountId(chain))
}
