//! `afsa accounts`.

use std::io::Write;

use afsa_accounts::{Account, AccountChange, Actor};
use afsa_ingest::Clock;
use afsa_model::AccountId;
use clap::{Args, Subcommand};

use super::CommandError;
use crate::config::Config;
use crate::instance::open_accounts;
use crate::wiring::SystemClock;

#[derive(Subcommand)]
pub enum AccountsCommand {
    /// Makes an account and prints its number.
    Create {
        /// What people call the site.
        #[arg(long)]
        name: String,
        /// Address of the site, as in https://shop.example.com/.
        #[arg(long)]
        url: String,
        #[command(flatten)]
        settings: SettingFlags,
    },
    /// Lists all accounts.
    List,
    /// Shows everything about one account.
    Show {
        /// Number of the account, with or without leading zeros.
        account: AccountId,
    },
    /// Changes what is named, and leaves the rest.
    Update {
        account: AccountId,
        #[arg(long)]
        name: Option<String>,
        #[arg(long)]
        url: Option<String>,
        #[command(flatten)]
        settings: SettingFlags,
    },
}

#[derive(Args, Clone, Default)]
pub struct SettingFlags {
    /// IANA zone in which days are told, as in Europe/Paris.
    #[arg(long)]
    timezone: Option<String>,
    /// ISO 4217 code in which money is summed.
    #[arg(long)]
    currency: Option<String>,
    /// Minutes without a hit that end a visit, 5 to 240.
    #[arg(long, value_name = "MINUTES")]
    visit_timeout: Option<i64>,
    /// Query parameters that stay part of a page, by commas.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    kept_parameters: Option<Vec<String>>,
    /// Addresses or networks of the account's own people, by commas.
    #[arg(long, value_delimiter = ',', value_name = "NETWORKS")]
    excluded_addresses: Option<Vec<String>>,
    /// Months after which hits are removed; 0 keeps them for ever.
    #[arg(long, value_name = "MONTHS")]
    retention_months: Option<i64>,
}

impl SettingFlags {
    fn change(self, name: Option<String>, url: Option<String>) -> AccountChange {
        AccountChange {
            name,
            url,
            timezone: self.timezone,
            currency: self.currency,
            visit_timeout_minutes: self.visit_timeout,
            kept_parameters: self.kept_parameters,
            excluded_addresses: self.excluded_addresses,
            retention_months: self
                .retention_months
                .map(|months| (months != 0).then_some(months)),
            ..AccountChange::default()
        }
    }
}

pub fn run(
    command: AccountsCommand,
    config: &Config,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let accounts = open_accounts(config)?;
    let acting = accounts.acting(Actor::CommandLine, SystemClock.now());
    match command {
        AccountsCommand::Create {
            name,
            url,
            settings,
        } => {
            let draft = settings.change(Some(name), Some(url));
            let account = acting.create_account(&draft)?;
            writeln!(out, "{}", account.id)?;
        }
        AccountsCommand::List => {
            let all = accounts.accounts()?;
            if all.is_empty() {
                writeln!(
                    out,
                    "No accounts yet. Make one: afsa accounts create --name … --url …"
                )?;
            }
            for account in all {
                writeln!(out, "{}  {}  {}", account.id, account.name, account.url)?;
            }
        }
        AccountsCommand::Show { account } => show(&accounts.account(account)?, out)?,
        AccountsCommand::Update {
            account,
            name,
            url,
            settings,
        } => {
            show(
                &acting.update_account(account, &settings.change(name, url))?,
                out,
            )?;
        }
    }
    Ok(())
}

fn show(account: &Account, out: &mut dyn Write) -> Result<(), CommandError> {
    let settings = &account.settings;
    let list = |values: &[std::sync::Arc<str>]| values.join(", ");
    writeln!(out, "number              {}", account.id)?;
    writeln!(out, "name                {}", account.name)?;
    writeln!(out, "url                 {}", account.url)?;
    writeln!(out, "timezone            {}", settings.timezone)?;
    writeln!(out, "currency            {}", settings.currency)?;
    writeln!(
        out,
        "visit timeout       {} minutes",
        settings.visit_timeout / afsa_model::MINUTE
    )?;
    writeln!(
        out,
        "order window        {} hours",
        settings.order_window / afsa_model::HOUR
    )?;
    writeln!(
        out,
        "kept parameters     {}",
        list(&settings.kept_parameters)
    )?;
    writeln!(
        out,
        "internal hosts      {}",
        list(&settings.internal_hosts)
    )?;
    writeln!(
        out,
        "excluded addresses  {}",
        list(&settings.excluded_addresses)
    )?;
    writeln!(
        out,
        "excluded roles      {}",
        list(&settings.excluded_roles)
    )?;
    match settings.retention_months {
        Some(months) => writeln!(out, "retention           {months} months")?,
        None => writeln!(out, "retention           for ever")?,
    }
    Ok(())
}
