//! Rates of exchange that an account tells by itself.

use afsa_model::{AccountId, OwnRate, parse_day, parse_quote};
use rusqlite::{Connection, Row, Transaction};

use crate::change::Faults;
use crate::people::{Action, Right};
use crate::{Accounts, Acting, Error, FieldFault};

/// Own rates of an account: those of ten currencies for 27 years.
pub const MOST_OWN_RATES: u32 = 100_000;

/// A rate as somebody typed it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OwnRateDraft {
    /// `2026-10-30`.
    pub date: Option<String>,
    /// Three letters.
    pub currency: Option<String>,
    /// What one of the reference cost, as a plain decimal of at most 9 places.
    pub quote: Option<String>,
    /// Three letters.
    pub reference: Option<String>,
}

/// Which of the own rates are meant; all of them unless told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnRateChoice {
    /// Of this currency, quoted or as reference.
    pub currency: Option<String>,
    /// First and last day, counted from 1970-01-01.
    pub from: Option<i32>,
    pub to: Option<i32>,
}

impl OwnRateDraft {
    /// The rate, or every fault of its fields. Without a reference it is quoted in this currency.
    pub fn rate(&self, reference: &str) -> Result<OwnRate, Vec<FieldFault>> {
        let mut faults = Faults::default();
        let day = faults.required("date", &self.date).and_then(|date| {
            let detail = "must be a date from 1900 to 2199, such as 2026-10-30";
            faults.unless(parse_day(date), "date", detail)
        });
        let code = "must be the code of a currency, three letters such as USD";
        let currency = faults
            .required("currency", &self.currency)
            .and_then(|currency| faults.unless(currency_code(currency), "currency", code));
        let quote = faults.required("quote", &self.quote).and_then(|quote| {
            match parse_quote(quote.trim()) {
                Ok(quote) => Some(quote),
                Err(error) => faults.unless(None, "quote", &error.to_string()),
            }
        });
        let reference = self.reference.as_deref().unwrap_or(reference);
        let reference = faults.unless(currency_code(reference), "reference", code);
        if currency.is_some() && currency == reference {
            let detail = "must be another one than the currency";
            faults.add("reference", "contradiction", detail);
        }
        match (day, currency, quote, reference) {
            (Some(day), Some(currency), Some(quote), Some(reference)) if faults.0.is_empty() => {
                Ok(OwnRate {
                    day,
                    reference: reference.into(),
                    currency: currency.into(),
                    quote,
                })
            }
            _ => Err(faults.0),
        }
    }
}

impl Faults {
    fn required<'a>(&mut self, field: &'static str, text: &'a Option<String>) -> Option<&'a str> {
        let text = text.as_deref().map(str::trim).unwrap_or_default();
        if text.is_empty() {
            self.add(field, "missing", "must not be empty");
            return None;
        }
        Some(text)
    }

    fn unless<T>(&mut self, read: Option<T>, field: &'static str, detail: &str) -> Option<T> {
        if read.is_none() {
            self.add(field, "malformed", detail);
        }
        read
    }
}

/// Three letters in upper case. Codes that ISO 4217 doesn't have are taken too: what an order was
/// paid in is for the shop to say.
fn currency_code(text: &str) -> Option<String> {
    let text = text.trim();
    let is_code = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_code.then(|| text.to_ascii_uppercase())
}

impl Accounts {
    /// Own rates of the account, by day and currencies, `limit` of them after `offset` others, and
    /// how many there are in all.
    pub fn own_rates(
        &self,
        account: AccountId,
        choice: &OwnRateChoice,
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<OwnRate>, u64), Error> {
        let connection = self.read();
        let (currency, from, to) = choice.bounds();
        let mut statement = connection.prepare_cached(&format!(
            "SELECT * FROM own_rates WHERE {CHOSEN} ORDER BY day, first, second LIMIT ?5 OFFSET ?6"
        ))?;
        let rows = statement.query_map((account.0, &currency, from, to, limit, offset), rate)?;
        let rates = rows.collect::<Result<_, _>>()?;
        let total: i64 = connection
            .prepare_cached(&format!("SELECT count(*) FROM own_rates WHERE {CHOSEN}"))?
            .query_row((account.0, currency, from, to), |row| row.get(0))?;
        Ok((rates, u64::try_from(total).unwrap_or(0)))
    }
}

impl Acting<'_> {
    /// Keeps these rates beside those that are there, all or none; of the same day and currencies
    /// the new one stays.
    pub fn add_own_rates(&self, account: AccountId, rates: &[OwnRate]) -> Result<(), Error> {
        self.change_own_rates(account, |transaction| {
            add(transaction, account, rates)?;
            Ok(((), format!("{} added", rates.len())))
        })
    }

    /// Keeps these rates and no other.
    pub fn replace_own_rates(&self, account: AccountId, rates: &[OwnRate]) -> Result<(), Error> {
        self.change_own_rates(account, |transaction| {
            transaction.execute("DELETE FROM own_rates WHERE account = ?1", [account.0])?;
            add(transaction, account, rates)?;
            Ok(((), format!("{} in place of all", rates.len())))
        })
    }

    /// Forgets rates and says how many they were.
    pub fn delete_own_rates(
        &self,
        account: AccountId,
        choice: &OwnRateChoice,
    ) -> Result<u64, Error> {
        let (currency, from, to) = choice.bounds();
        self.change_own_rates(account, |transaction| {
            let deleted = transaction.execute(
                &format!("DELETE FROM own_rates WHERE {CHOSEN}"),
                (account.0, currency, from, to),
            )?;
            Ok((deleted as u64, format!("{deleted} deleted")))
        })
    }

    /// Runs a step that says with what it answers what it has done.
    fn change_own_rates<T>(
        &self,
        account: AccountId,
        step: impl FnOnce(&Transaction<'_>) -> Result<(T, String), Error>,
    ) -> Result<T, Error> {
        self.change_in(account, Right::EditThings, |change| {
            change.transaction.execute(
                "UPDATE accounts SET own_rates = own_rates + 1 WHERE id = ?1",
                [account.0],
            )?;
            let (changed, detail) = step(change.transaction)?;
            let kept: u32 = change.transaction.query_row(
                "SELECT count(*) FROM own_rates WHERE account = ?1",
                [account.0],
                |row| row.get(0),
            )?;
            if kept > MOST_OWN_RATES {
                return Err(Error::TooMany {
                    kind: "own rate",
                    most: MOST_OWN_RATES,
                });
            }
            change.note(Some(account), Action::RatesChanged, "own rates", &detail)?;
            Ok(changed)
        })
    }
}

/// Of an account (1), a currency or '' (2), from a day (3) to another (4).
const CHOSEN: &str =
    "account = ?1 AND (?2 = '' OR ?2 IN (first, second)) AND day BETWEEN ?3 AND ?4";

impl OwnRateChoice {
    fn bounds(&self) -> (String, i32, i32) {
        let currency = self.currency.as_deref().unwrap_or_default();
        (
            currency.to_ascii_uppercase(),
            self.from.unwrap_or(i32::MIN),
            self.to.unwrap_or(i32::MAX),
        )
    }
}

fn add(transaction: &Transaction<'_>, account: AccountId, rates: &[OwnRate]) -> Result<(), Error> {
    let mut statement = transaction.prepare_cached(
        "INSERT OR REPLACE INTO own_rates (account, day, first, second, is_turned, quote)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for rate in rates {
        let (reference, currency) = (&*rate.reference, &*rate.currency);
        let is_turned = currency < reference;
        let (first, second) = (reference.min(currency), reference.max(currency));
        statement.execute((account.0, rate.day, first, second, is_turned, rate.quote))?;
    }
    Ok(())
}

/// All of an account.
pub(crate) fn read_all(connection: &Connection, account: AccountId) -> Result<Vec<OwnRate>, Error> {
    let mut statement = connection.prepare_cached("SELECT * FROM own_rates WHERE account = ?1")?;
    let rows = statement.query_map([account.0], rate)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn rate(row: &Row<'_>) -> rusqlite::Result<OwnRate> {
    let first: String = row.get("first")?;
    let second: String = row.get("second")?;
    let (reference, currency) = if row.get("is_turned")? {
        (second, first)
    } else {
        (first, second)
    };
    Ok(OwnRate {
        day: row.get("day")?,
        reference: reference.into(),
        currency: currency.into(),
        quote: row.get("quote")?,
    })
}
