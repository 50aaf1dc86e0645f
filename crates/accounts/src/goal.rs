//! Goals: what an account counts as a conversion.

use afsa_model::{AccountId, Decimal, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::change::{FILTER_LENGTH, Faults};
use crate::error::{unless_taken, unless_too_many};
use crate::people::audit::{changes, told};
use crate::people::{Action, Right};
use crate::{Accounts, Acting, Error, FieldFault};

/// Characters of a name.
const NAME_LENGTH: usize = 200;
/// Goals of an account.
const MOST: u32 = 500;

/// A stored goal.
#[derive(Clone, Debug, PartialEq)]
pub struct Goal {
    pub id: i64,
    /// Unique in its account.
    pub name: String,
    /// The filter that hits must match, as text that the caller has checked.
    pub matches: String,
    /// What a conversion is worth in the account's currency.
    pub value: Option<Decimal>,
    /// Only the first match in a visit counts.
    pub once_per_visit: bool,
    pub created_at: Timestamp,
}

/// What a new goal shall be, or what is to change of one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GoalChange {
    pub name: Option<String>,
    pub matches: Option<String>,
    /// `Some(None)` takes the value away.
    pub value: Option<Option<Decimal>>,
    pub once_per_visit: Option<bool>,
}

impl Accounts {
    /// The account's goals, by age.
    pub fn goals(&self, account: AccountId) -> Result<Vec<Goal>, Error> {
        let connection = self.read();
        let mut statement =
            connection.prepare_cached("SELECT * FROM goals WHERE account = ?1 ORDER BY id")?;
        let mut rows = statement.query([account.0])?;
        let mut goals = Vec::new();
        while let Some(row) = rows.next()? {
            goals.push(goal(row)?);
        }
        Ok(goals)
    }

    pub fn goal(&self, account: AccountId, id: i64) -> Result<Goal, Error> {
        find(&self.read(), account, id)
    }
}

impl Acting<'_> {
    /// Makes a goal. Name and filter are needed.
    pub fn create_goal(&self, account: AccountId, draft: &GoalChange) -> Result<Goal, Error> {
        let blank = Goal {
            id: 0,
            name: String::new(),
            matches: String::new(),
            value: None,
            once_per_visit: false,
            created_at: self.now,
        };
        let goal = draft.applied_to(blank)?;
        self.change_in(account, Right::EditThings, |change| {
            unless_too_many(
                change.transaction,
                "SELECT count(*) FROM goals WHERE account = ?1",
                [account.0],
                "goal",
                MOST,
            )?;
            let written = change.transaction.execute(
                "INSERT INTO goals (account, name, match, value, once_per_visit, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                (
                    account.0,
                    &goal.name,
                    &goal.matches,
                    goal.value.map(|value| value.to_string()),
                    goal.once_per_visit,
                    change.now.0,
                ),
            );
            unless_taken(written, "goal", &goal.name)?;
            let id = change.transaction.last_insert_rowid();
            let detail = told(&goal.fields());
            change.note(Some(account), Action::GoalCreated, &subject(id), &detail)?;
            Ok(Goal { id, ..goal })
        })
    }

    pub fn update_goal(
        &self,
        account: AccountId,
        id: i64,
        wanted: &GoalChange,
    ) -> Result<Goal, Error> {
        self.change_in(account, Right::EditThings, |change| {
            let before = find(change.transaction, account, id)?;
            let goal = wanted.applied_to(before.clone())?;
            let written = change.transaction.execute(
                "UPDATE goals SET name = ?3, match = ?4, value = ?5, once_per_visit = ?6
                 WHERE account = ?1 AND id = ?2",
                (
                    account.0,
                    id,
                    &goal.name,
                    &goal.matches,
                    goal.value.map(|value| value.to_string()),
                    goal.once_per_visit,
                ),
            );
            unless_taken(written, "goal", &goal.name)?;
            let detail = changes(&before.fields(), &goal.fields());
            change.note(Some(account), Action::GoalChanged, &subject(id), &detail)?;
            Ok(goal)
        })
    }

    pub fn delete_goal(&self, account: AccountId, id: i64) -> Result<(), Error> {
        self.change_in(account, Right::EditThings, |change| {
            let goal = find(change.transaction, account, id)?;
            change.transaction.execute(
                "DELETE FROM goals WHERE account = ?1 AND id = ?2",
                (account.0, id),
            )?;
            let detail = told(&goal.fields());
            change.note(Some(account), Action::GoalDeleted, &subject(id), &detail)
        })
    }
}

impl Goal {
    /// What the audit log tells of it.
    fn fields(&self) -> [(&'static str, String); 4] {
        let value = self.value.map(|value| value.to_string());
        [
            ("name", self.name.clone()),
            ("match", self.matches.clone()),
            ("value", value.unwrap_or_else(|| "none".into())),
            ("once_per_visit", self.once_per_visit.to_string()),
        ]
    }
}

impl GoalChange {
    /// What is wrong with the fields given and, where it is to make a new goal, which are missing.
    pub fn faults(&self, is_new: bool) -> Vec<FieldFault> {
        let mut faults = Faults::default();
        if is_new || self.name.is_some() {
            let name = self.name.as_deref().unwrap_or_default();
            faults.check_text("name", name.trim(), NAME_LENGTH);
        }
        match self.matches.as_deref() {
            None if !is_new => {}
            None | Some("") => faults.add("match", "missing", "must be a filter"),
            Some(filter) if filter.len() > FILTER_LENGTH => {
                let detail = format!("must be at most {FILTER_LENGTH} bytes of JSON");
                faults.add("match", "too_long", detail);
            }
            Some(_) => {}
        }
        faults.0
    }

    fn applied_to(&self, mut goal: Goal) -> Result<Goal, Error> {
        let faults = self.faults(goal.name.is_empty());
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        if let Some(name) = &self.name {
            goal.name = name.trim().to_owned();
        }
        if let Some(matches) = &self.matches {
            goal.matches = matches.clone();
        }
        goal.value = self.value.unwrap_or(goal.value);
        goal.once_per_visit = self.once_per_visit.unwrap_or(goal.once_per_visit);
        Ok(goal)
    }
}

fn subject(id: i64) -> String {
    format!("goal {id}")
}

fn find(connection: &Connection, account: AccountId, id: i64) -> Result<Goal, Error> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM goals WHERE account = ?1 AND id = ?2")?;
    let found = statement
        .query_row((account.0, id), |row| Ok(goal(row)))
        .optional()?;
    found.unwrap_or(Err(Error::NotFound { kind: "goal", id }))
}

fn goal(row: &Row<'_>) -> Result<Goal, Error> {
    let value: Option<String> = row.get("value")?;
    let value = value
        .map(|value| value.parse())
        .transpose()
        .map_err(|error| Error::Damaged(format!("a goal's value: {error}")))?;
    Ok(Goal {
        id: row.get("id")?,
        name: row.get("name")?,
        matches: row.get("match")?,
        value,
        once_per_visit: row.get("once_per_visit")?,
        created_at: Timestamp(row.get("created_at")?),
    })
}
