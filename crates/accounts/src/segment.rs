//! Segments: filters that an account keeps under a name.

use afsa_model::{AccountId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::change::{FILTER_LENGTH, Faults};
use crate::error::{unless_taken, unless_too_many};
use crate::people::audit::{changes, told};
use crate::people::{Action, Right};
use crate::{Accounts, Acting, Error, FieldFault};

/// Characters of a name.
const NAME_LENGTH: usize = 200;
/// Segments of an account.
const MOST: u32 = 500;

/// A stored segment of visits.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    pub id: i64,
    /// Unique in its account.
    pub name: String,
    /// The filter, as text that the caller has checked.
    pub filters: String,
    pub created_at: Timestamp,
}

/// What a new segment shall be, or what is to change of one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SegmentChange {
    pub name: Option<String>,
    pub filters: Option<String>,
}

impl Accounts {
    /// The account's segments, by age.
    pub fn segments(&self, account: AccountId) -> Result<Vec<Segment>, Error> {
        let connection = self.read();
        let mut statement =
            connection.prepare_cached("SELECT * FROM segments WHERE account = ?1 ORDER BY id")?;
        let rows = statement.query_map([account.0], segment)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub fn segment(&self, account: AccountId, id: i64) -> Result<Segment, Error> {
        find(&self.read(), account, id)
    }
}

impl Acting<'_> {
    /// Makes a segment. Name and filter are needed.
    pub fn create_segment(
        &self,
        account: AccountId,
        draft: &SegmentChange,
    ) -> Result<Segment, Error> {
        let blank = Segment {
            id: 0,
            name: String::new(),
            filters: String::new(),
            created_at: self.now,
        };
        let segment = draft.applied_to(blank)?;
        self.change_in(account, Right::EditThings, |change| {
            unless_too_many(
                change.transaction,
                "SELECT count(*) FROM segments WHERE account = ?1",
                [account.0],
                "segment",
                MOST,
            )?;
            let written = change.transaction.execute(
                "INSERT INTO segments (account, name, filters, created_at) VALUES (?1, ?2, ?3, ?4)",
                (account.0, &segment.name, &segment.filters, change.now.0),
            );
            unless_taken(written, "segment", &segment.name)?;
            let id = change.transaction.last_insert_rowid();
            let detail = told(&segment.fields());
            change.note(Some(account), Action::SegmentCreated, &subject(id), &detail)?;
            Ok(Segment { id, ..segment })
        })
    }

    pub fn update_segment(
        &self,
        account: AccountId,
        id: i64,
        wanted: &SegmentChange,
    ) -> Result<Segment, Error> {
        self.change_in(account, Right::EditThings, |change| {
            let before = find(change.transaction, account, id)?;
            let segment = wanted.applied_to(before.clone())?;
            let written = change.transaction.execute(
                "UPDATE segments SET name = ?3, filters = ?4 WHERE account = ?1 AND id = ?2",
                (account.0, id, &segment.name, &segment.filters),
            );
            unless_taken(written, "segment", &segment.name)?;
            let detail = changes(&before.fields(), &segment.fields());
            change.note(Some(account), Action::SegmentChanged, &subject(id), &detail)?;
            Ok(segment)
        })
    }

    pub fn delete_segment(&self, account: AccountId, id: i64) -> Result<(), Error> {
        self.change_in(account, Right::EditThings, |change| {
            let segment = find(change.transaction, account, id)?;
            change.transaction.execute(
                "DELETE FROM segments WHERE account = ?1 AND id = ?2",
                (account.0, id),
            )?;
            let detail = told(&segment.fields());
            change.note(Some(account), Action::SegmentDeleted, &subject(id), &detail)
        })
    }
}

impl Segment {
    /// What the audit log tells of it.
    fn fields(&self) -> [(&'static str, String); 2] {
        [
            ("name", self.name.clone()),
            ("filters", self.filters.clone()),
        ]
    }
}

impl SegmentChange {
    /// What is wrong with the fields given and, where it is to make a new segment, which are missing.
    pub fn faults(&self, is_new: bool) -> Vec<FieldFault> {
        let mut faults = Faults::default();
        if is_new || self.name.is_some() {
            let name = self.name.as_deref().unwrap_or_default();
            faults.check_text("name", name.trim(), NAME_LENGTH);
        }
        match self.filters.as_deref() {
            None if !is_new => {}
            None | Some("") => faults.add("filters", "missing", "must be a filter"),
            Some(filter) if filter.len() > FILTER_LENGTH => {
                let detail = format!("must be at most {FILTER_LENGTH} bytes of JSON");
                faults.add("filters", "too_long", detail);
            }
            Some(_) => {}
        }
        faults.0
    }

    fn applied_to(&self, mut segment: Segment) -> Result<Segment, Error> {
        let faults = self.faults(segment.name.is_empty());
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        if let Some(name) = &self.name {
            segment.name = name.trim().to_owned();
        }
        if let Some(filters) = &self.filters {
            segment.filters = filters.clone();
        }
        Ok(segment)
    }
}

fn subject(id: i64) -> String {
    format!("segment {id}")
}

fn find(connection: &Connection, account: AccountId, id: i64) -> Result<Segment, Error> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM segments WHERE account = ?1 AND id = ?2")?;
    let found = statement.query_row((account.0, id), segment).optional()?;
    found.ok_or(Error::NotFound {
        kind: "segment",
        id,
    })
}

fn segment(row: &Row<'_>) -> rusqlite::Result<Segment> {
    Ok(Segment {
        id: row.get("id")?,
        name: row.get("name")?,
        filters: row.get("filters")?,
        created_at: Timestamp(row.get("created_at")?),
    })
}
