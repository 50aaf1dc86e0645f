//! `afsa keys`.

use std::io::Write;

use afsa_accounts::{Actor, NewKey, Scope, Scopes};
use afsa_ingest::Clock;
use afsa_model::{AccountId, DAY};
use clap::Subcommand;

use super::CommandError;
use crate::config::Config;
use crate::instance::open_accounts;
use crate::wiring::{SystemClock, random_bytes};

#[derive(Subcommand)]
pub enum KeysCommand {
    /// Makes a key and prints it: the only time that it is shown.
    Create {
        /// Number of the account that the key opens.
        #[arg(long)]
        account: AccountId,
        /// What the key is for.
        #[arg(long)]
        name: String,
        /// Scopes by commas; all of them if left out.
        #[arg(long, value_delimiter = ',', value_name = "SCOPES")]
        scopes: Option<Vec<Scope>>,
        /// Days after which it expires; never if left out.
        #[arg(long, value_name = "DAYS")]
        expires_in_days: Option<u32>,
    },
    /// Lists the keys of an account.
    List {
        /// Number of the account.
        #[arg(long)]
        account: AccountId,
    },
    /// Makes a key open nothing any more.
    Revoke {
        /// Number of the account.
        #[arg(long)]
        account: AccountId,
        /// Id of the key, as `afsa keys list` tells it.
        id: i64,
    },
}

pub fn run(command: KeysCommand, config: &Config, out: &mut dyn Write) -> Result<(), CommandError> {
    let accounts = open_accounts(config)?;
    let now = SystemClock.now();
    let acting = accounts.acting(Actor::CommandLine, now);
    match command {
        KeysCommand::Create {
            account,
            name,
            scopes,
            expires_in_days,
        } => {
            let scopes = scopes.map_or_else(Scopes::all, |scopes| scopes.into_iter().collect());
            let expires_at = expires_in_days.map(|days| now.plus(i64::from(days) * DAY));
            let new = NewKey {
                name,
                scopes,
                expires_at,
            };
            let created = acting.create_key(account, &new, random_bytes())?;
            writeln!(out, "{}", created.text)?;
        }
        KeysCommand::List { account } => {
            accounts.account(account)?;
            let keys = accounts.keys(account)?;
            if keys.is_empty() {
                writeln!(
                    out,
                    "No keys yet. Make one: afsa keys create --account {account} --name …"
                )?;
            }
            for key in keys {
                let state = if key.revoked_at.is_some() {
                    "revoked"
                } else if key.expires_at.is_some_and(|expiry| expiry <= now) {
                    "expired"
                } else {
                    "valid"
                };
                writeln!(out, "{}  {state}  {}  {}", key.id, key.name, key.scopes)?;
            }
        }
        KeysCommand::Revoke { account, id } => {
            let key = acting.revoke_key(account, id)?;
            writeln!(out, "key {} ({}) opens nothing any more", key.id, key.name)?;
        }
    }
    Ok(())
}
