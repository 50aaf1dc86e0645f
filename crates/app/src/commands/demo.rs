//! `afsa demo`: a server with a demonstration account full of believable data.

use std::io::{BufReader, Read, Write};

use afsa_accounts::{AccountChange, Actor, NewKey, Scopes};
use afsa_ingest::{Format, ImportState};
use afsa_model::{AccountId, DAY, Timestamp};
use afsa_traffic::{Generator, Profile};

use super::{CommandError, serve};
use crate::config::Config;
use crate::instance::Instance;

/// What the account is called, by which it is found again.
const NAME: &str = "Demonstration shop";
const DAYS: u32 = 400;

pub fn run(config: &Config, visits: u64, out: &mut dyn Write) -> Result<(), CommandError> {
    let instance = Instance::open(config)?;
    let now = instance.clock.now();
    let known = instance
        .accounts
        .accounts()?
        .into_iter()
        .find(|account| account.name == NAME);
    let account = match known {
        Some(account) => account.id,
        None => fill(&instance, visits, now, out)?,
    };
    let acting = instance.accounts.acting(Actor::System, now);
    // Keys are shown once and never kept, so each start makes its own.
    for key in instance.accounts.keys(account)? {
        if key.name == NAME && key.revoked_at.is_none() {
            acting.revoke_key(account, key.id)?;
        }
    }
    let key = NewKey {
        name: NAME.to_owned(),
        scopes: Scopes::all(),
        expires_at: None,
    };
    let secret = instance.outside.randomness.bytes();
    let key = acting.create_key(account, &key, secret)?.text;
    let shown = Config {
        demo_account: config.demo_token.is_some().then_some(account.0),
        ..config.clone()
    };
    serve::serve(instance, &shown, out, |address, out| {
        writeln!(out, "\nThe account is {account}, its key is\n\n    {key}\n")?;
        if let Some(token) = &config.demo_token {
            let words = config.demo_words.join(", ");
            writeln!(
                out,
                "Everybody may look at it with the token {token}, also as {words}.\n"
            )?;
        }
        writeln!(out, "Read and try the API at {address}/docs, or paste:\n")?;
        let header = format!("-H 'Authorization: Bearer {key}'");
        writeln!(
            out,
            "curl {header} '{address}/v1/stats/summary?period=30d&compare=previous_period'\n"
        )?;
        writeln!(
            out,
            "curl {header} '{address}/v1/stats/pages?period=7d&limit=10'\n"
        )?;
        writeln!(
            out,
            "curl {header} '{address}/v1/stats/query?period=12mo&metrics=visitors,visits,revenue&dimensions=channel,device&format=csv'\n"
        )?;
        writeln!(
            out,
            "Ctrl-C stops the server; its data is in {}.",
            config.data_dir.display()
        )
    })
}

/// Makes the account with its data.
pub fn fill(
    instance: &Instance,
    visits: u64,
    now: Timestamp,
    out: &mut dyn Write,
) -> Result<AccountId, CommandError> {
    writeln!(out, "Making {visits} visits of the last {DAYS} days …")?;
    out.flush()?;
    let draft = AccountChange {
        name: Some(NAME.to_owned()),
        url: Some("https://shop.example.com/".to_owned()),
        timezone: Some("Europe/Paris".to_owned()),
        currency: Some("EUR".to_owned()),
        ..AccountChange::default()
    };
    let account = instance
        .accounts
        .acting(Actor::System, now)
        .create_account(&draft)?;
    afsa_store::Store::configure(instance.store.as_ref(), account.id, &account.settings);
    let today = now.0.div_euclid(DAY);
    let profile = Profile {
        until: now.0,
        ..Profile::shop(today - i64::from(DAYS) + 1, DAYS, visits)
    };
    let mut lines = BufReader::new(Lines {
        generator: Generator::new(20_260, profile),
        lines: Vec::new(),
        read: 0,
    });
    let record = instance
        .imports
        .run_here(account.id, Format::Ndjson, &mut lines, &|_, _| {})?;
    if record.state != ImportState::Done || record.rejected > 0 {
        let why = record
            .error
            .unwrap_or_else(|| format!("{:?}", record.reasons));
        return Err(CommandError::Other(format!(
            "the demonstration could not be made: {why}"
        )));
    }
    writeln!(out, "{} hits are stored.", record.accepted)?;
    Ok(account.id)
}

/// The generated lines as something to read.
struct Lines {
    generator: Generator,
    lines: Vec<u8>,
    read: usize,
}

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.read == self.lines.len() {
            self.lines.clear();
            self.read = 0;
            if !self.generator.next_visit(&mut self.lines) {
                return Ok(0);
            }
        }
        let length = buffer.len().min(self.lines.len() - self.read);
        buffer[..length].copy_from_slice(&self.lines[self.read..self.read + length]);
        self.read += length;
        Ok(length)
    }
}
