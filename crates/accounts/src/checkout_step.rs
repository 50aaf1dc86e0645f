//! What an account calls the steps of its checkout.

use afsa_model::{AccountId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::change::Faults;
use crate::error::{unless_taken, unless_too_many};
use crate::people::audit::{changes, told};
use crate::people::{Action, Right};
use crate::{Accounts, Acting, Error, FieldFault};

/// Characters of a label.
const LABEL_LENGTH: usize = 200;
/// Named steps of an account.
const MOST: u32 = 100;
/// What [`Error`]s call it.
const KIND: &str = "checkout step";

/// A step of the checkout with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckoutStep {
    /// As hits tell it; unique in its account.
    pub number: i64,
    pub label: String,
    pub created_at: Timestamp,
}

/// What a new step shall be, or what is to change of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckoutStepChange {
    /// 0 to 4,294,967,295, as in hits.
    pub number: Option<i64>,
    pub label: Option<String>,
}

impl Accounts {
    /// The account's named steps, by number.
    pub fn checkout_steps(&self, account: AccountId) -> Result<Vec<CheckoutStep>, Error> {
        let connection = self.read();
        let mut statement = connection
            .prepare_cached("SELECT * FROM checkout_steps WHERE account = ?1 ORDER BY number")?;
        let rows = statement.query_map([account.0], step)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub fn checkout_step(&self, account: AccountId, number: i64) -> Result<CheckoutStep, Error> {
        find(&self.read(), account, number)
    }
}

impl Acting<'_> {
    /// Names a step. Number and label are needed.
    pub fn create_checkout_step(
        &self,
        account: AccountId,
        draft: &CheckoutStepChange,
    ) -> Result<CheckoutStep, Error> {
        let faults = draft.faults(true);
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        let step = draft.applied_to(CheckoutStep {
            number: 0,
            label: String::new(),
            created_at: self.now,
        })?;
        self.change_in(account, Right::EditThings, |change| {
            unless_too_many(
                change.transaction,
                "SELECT count(*) FROM checkout_steps WHERE account = ?1",
                [account.0],
                KIND,
                MOST,
            )?;
            let written = change.transaction.execute(
                "INSERT INTO checkout_steps (account, number, label, created_at)
                 VALUES (?1, ?2, ?3, ?4)",
                (account.0, step.number, &step.label, change.now.0),
            );
            unless_taken(written, KIND, &step.number.to_string())?;
            let detail = told(&step.fields());
            let subject = subject(step.number);
            change.note(
                Some(account),
                Action::CheckoutStepCreated,
                &subject,
                &detail,
            )?;
            Ok(step)
        })
    }

    /// Gives a step another label, or another number that is free.
    pub fn update_checkout_step(
        &self,
        account: AccountId,
        number: i64,
        wanted: &CheckoutStepChange,
    ) -> Result<CheckoutStep, Error> {
        self.change_in(account, Right::EditThings, |change| {
            let before = find(change.transaction, account, number)?;
            let step = wanted.applied_to(before.clone())?;
            let written = change.transaction.execute(
                "UPDATE checkout_steps SET number = ?3, label = ?4
                 WHERE account = ?1 AND number = ?2",
                (account.0, number, step.number, &step.label),
            );
            unless_taken(written, KIND, &step.number.to_string())?;
            let detail = changes(&before.fields(), &step.fields());
            let subject = subject(number);
            change.note(
                Some(account),
                Action::CheckoutStepChanged,
                &subject,
                &detail,
            )?;
            Ok(step)
        })
    }

    pub fn delete_checkout_step(&self, account: AccountId, number: i64) -> Result<(), Error> {
        self.change_in(account, Right::EditThings, |change| {
            let step = find(change.transaction, account, number)?;
            change.transaction.execute(
                "DELETE FROM checkout_steps WHERE account = ?1 AND number = ?2",
                (account.0, number),
            )?;
            let detail = told(&step.fields());
            let subject = subject(number);
            change.note(
                Some(account),
                Action::CheckoutStepDeleted,
                &subject,
                &detail,
            )
        })
    }
}

impl CheckoutStep {
    /// What the audit log tells of it.
    fn fields(&self) -> [(&'static str, String); 2] {
        [
            ("number", self.number.to_string()),
            ("label", self.label.clone()),
        ]
    }
}

impl CheckoutStepChange {
    /// What is wrong with the fields given and, where it is to name another step, which are
    /// missing.
    pub fn faults(&self, is_new: bool) -> Vec<FieldFault> {
        let mut faults = Faults::default();
        match self.number {
            Some(number) => {
                faults.check_range("number", number, 0, i64::from(u32::MAX));
            }
            None if is_new => faults.add("number", "missing", "must be the number of a step"),
            None => {}
        }
        if is_new || self.label.is_some() {
            let label = self.label.as_deref().unwrap_or_default();
            faults.check_text("label", label.trim(), LABEL_LENGTH);
        }
        faults.0
    }

    fn applied_to(&self, mut step: CheckoutStep) -> Result<CheckoutStep, Error> {
        let faults = self.faults(false);
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        step.number = self.number.unwrap_or(step.number);
        if let Some(label) = &self.label {
            step.label = label.trim().to_owned();
        }
        Ok(step)
    }
}

fn subject(number: i64) -> String {
    format!("checkout step {number}")
}

fn find(connection: &Connection, account: AccountId, number: i64) -> Result<CheckoutStep, Error> {
    let mut statement = connection
        .prepare_cached("SELECT * FROM checkout_steps WHERE account = ?1 AND number = ?2")?;
    let found = statement.query_row((account.0, number), step).optional()?;
    found.ok_or_else(|| missing(number))
}

fn missing(number: i64) -> Error {
    Error::NotFound {
        kind: KIND,
        id: number,
    }
}

fn step(row: &Row<'_>) -> rusqlite::Result<CheckoutStep> {
    Ok(CheckoutStep {
        number: row.get("number")?,
        label: row.get("label")?,
        created_at: Timestamp(row.get("created_at")?),
    })
}
