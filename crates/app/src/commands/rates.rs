//! `afsa rates`.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use afsa_accounts::{Actor, MOST_OWN_RATES, OwnRateChoice};
use afsa_ingest::Clock;
use afsa_model::{AccountId, ExchangeRates, OwnRate, day_text, parse_day, quote_text};
use afsa_rates::{EURO, History, LONGEST_TEXT};
use clap::{Args, Subcommand};

use super::CommandError;
use crate::config::Config;
use crate::instance::open_accounts;
use crate::rates::RatesFile;
use crate::wiring::SystemClock;

#[derive(Subcommand)]
pub enum RatesCommand {
    /// Takes newer rates out of a file of the European Central Bank's, for all accounts. The file
    /// is downloaded by you: the program calls no address.
    Update {
        /// The bank's archive, CSV or XML (eurofxref-hist.zip, eurofxref-hist.csv,
        /// eurofxref-hist-90d.xml, eurofxref-daily.xml); `-` reads standard input.
        #[arg(long)]
        file: PathBuf,
    },
    /// Shows what one euro cost: the newest rate of every currency, or all of one.
    Show {
        /// Code of a currency: all its days.
        #[arg(long)]
        currency: Option<String>,
        /// The rates by which money of this day is converted.
        #[arg(long, value_name = "YYYY-MM-DD")]
        date: Option<String>,
    },
    /// Shows, takes or forgets the own rates of an account, which count before the bank's.
    Account(AccountRates),
}

#[derive(Args)]
pub struct AccountRates {
    #[arg(long)]
    account: AccountId,
    /// Lines `date,currency,quote`: what one unit of the account's currency cost that day, as in
    /// 2026-10-30,USD,1.1172; `-` reads standard input. They are added to those that are there.
    #[arg(long)]
    file: Option<PathBuf>,
    /// Another currency of which one unit cost that much.
    #[arg(long, value_name = "CURRENCY", requires = "file")]
    quoted_in: Option<String>,
    /// Forgets all own rates, before those of the file are taken.
    #[arg(long)]
    clear: bool,
}

pub fn run(
    command: RatesCommand,
    config: &Config,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    match command {
        RatesCommand::Update { file } => update(&file, config, out),
        RatesCommand::Show { currency, date } => show(currency, date, config, out),
        RatesCommand::Account(command) => account(command, config, out),
    }
}

fn update(path: &Path, config: &Config, out: &mut dyn Write) -> Result<(), CommandError> {
    let History {
        rates,
        warnings,
        further_warnings,
    } = afsa_rates::parse_ecb_history(&contents(path)?).map_err(|error| named(path, error))?;
    // Makes the data folder too.
    open_accounts(config)?;
    let file = RatesFile::new(config);
    file.change(|known| match known {
        None => Ok(rates.clone()),
        Some(known) => Ok(afsa_rates::merge(&known, &rates)?),
    })?;
    let quotes: usize = rates.series().map(|(_, days)| days.len()).sum();
    let days: BTreeSet<i32> = rates
        .series()
        .flat_map(|(_, days)| days.iter().map(|(day, _)| *day))
        .collect();
    let told = |day: Option<&i32>| day.copied().map(day_text).unwrap_or_default();
    writeln!(
        out,
        "{quotes} rates of {} currencies on {} days, {} to {}, are in {}",
        rates.series().count(),
        days.len(),
        told(days.first()),
        told(days.last()),
        file.path().display()
    )?;
    for warning in &warnings {
        writeln!(out, "left out: {warning}")?;
    }
    if further_warnings > 0 {
        writeln!(out, "left out: {further_warnings} more")?;
    }
    Ok(())
}

fn show(
    currency: Option<String>,
    date: Option<String>,
    config: &Config,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let rates = RatesFile::new(config).all()?;
    let code = currency.map(|code| code.to_ascii_uppercase());
    if let Some(code) = &code
        && !rates.series().any(|(known, _)| known == code)
    {
        return Err(CommandError::Other(no_such_currency(code, &rates)));
    }
    let day = match &date {
        None => None,
        Some(text) => Some(parse_day(text).ok_or_else(|| {
            CommandError::Other(format!("{text:?} is no date from 1900 to 2199: YYYY-MM-DD"))
        })?),
    };
    let chosen = rates
        .series()
        .filter(|(known, _)| code.as_deref().is_none_or(|code| code == *known));
    for (known, days) in chosen {
        if code.is_some() && day.is_none() {
            for (day, quote) in days {
                writeln!(out, "{},{known},{}", day_text(*day), quote_text(*quote))?;
            }
            continue;
        }
        let until = day.unwrap_or(i32::MAX);
        let count = days.partition_point(|(known, _)| *known <= until);
        let in_force = count.checked_sub(1).and_then(|at| days.get(at));
        match in_force {
            Some((day, quote)) => {
                writeln!(out, "{},{known},{}", day_text(*day), quote_text(*quote))?;
            }
            None => {
                let first = days.first().map(|(day, _)| day_text(*day));
                let first = first.unwrap_or_default();
                writeln!(out, "{known} has no rate before {first}")?;
            }
        }
    }
    Ok(())
}

fn no_such_currency(code: &str, rates: &ExchangeRates) -> String {
    let known: Vec<&str> = rates.series().map(|(code, _)| code).collect();
    format!(
        "no rate of {code:?} is known, but of {}; own rates of an account: afsa rates account",
        known.join(", ")
    )
}

fn account(
    command: AccountRates,
    config: &Config,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let AccountRates {
        account,
        file,
        quoted_in,
        clear,
    } = command;
    let accounts = open_accounts(config)?;
    let acting = accounts.acting(Actor::CommandLine, SystemClock.now());
    let settings = accounts.account(account)?.settings;
    let Some(path) = file else {
        if clear {
            let count = acting.delete_own_rates(account, &OwnRateChoice::default())?;
            writeln!(out, "{count} rates are forgotten")?;
            return Ok(());
        }
        let everything = OwnRateChoice::default();
        let (rates, _) = accounts.own_rates(account, &everything, MOST_OWN_RATES, 0)?;
        if rates.is_empty() {
            writeln!(out, "The account has no own rates.")?;
        }
        for rate in rates {
            let (day, quote) = (day_text(rate.day), quote_text(rate.quote));
            writeln!(
                out,
                "{day}: one {} cost {quote} {}",
                rate.reference, rate.currency
            )?;
        }
        return Ok(());
    };
    let reference = quoted_in.as_deref().unwrap_or(&settings.currency);
    let text = String::from_utf8(contents(&path)?)
        .map_err(|_| CommandError::Other(format!("{} is no UTF-8 text", path.display())))?;
    let read = afsa_rates::from_text(reference, &text).map_err(|error| named(&path, error))?;
    let reference = read.reference().unwrap_or(EURO);
    let rates: Vec<OwnRate> = read
        .series()
        .flat_map(|(currency, days)| {
            days.iter().map(move |(day, quote)| OwnRate {
                day: *day,
                reference: reference.into(),
                currency: currency.into(),
                quote: *quote,
            })
        })
        .collect();
    if clear {
        acting.replace_own_rates(account, &rates)?;
    } else {
        acting.add_own_rates(account, &rates)?;
    }
    let count = rates.len();
    writeln!(
        out,
        "{count} rates are taken, each what one {reference} cost"
    )?;
    Ok(())
}

fn contents(path: &Path) -> Result<Vec<u8>, CommandError> {
    let unreadable = |error: io::Error| CommandError::File {
        what: format!("{} can't be read", path.display()),
        error,
    };
    let input: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(io::stdin())
    } else {
        Box::new(std::fs::File::open(path).map_err(unreadable)?)
    };
    let mut bytes = Vec::new();
    // One more than is read of any, so that a longer one is refused and not cut.
    input
        .take(LONGEST_TEXT as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    Ok(bytes)
}

fn named(path: &Path, error: afsa_rates::RatesError) -> CommandError {
    CommandError::Other(format!("{}: {error}", path.display()))
}
