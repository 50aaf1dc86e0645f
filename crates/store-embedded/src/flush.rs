//! From memory to segments.

use std::sync::Arc;

use afsa_model::{Cut, Timestamp, VisitorKey};
use afsa_segments::{SegmentFiles, Tables, encode, write};

use crate::account::Account;
use crate::disk::remove_folder;
use crate::engine::Engine;
use crate::error::{Context, Error};
use crate::hot::FROZEN;
use crate::manifest::{Change, FileRow, SegmentRow};
use crate::part::Part;
use crate::runs::run_row;

impl Engine {
    /// Writes everything of the account that is in memory. Hits go on coming meanwhile. The caller
    /// holds the account's maintenance lock.
    pub fn flush(&self, account: &Account) -> Result<(), Error> {
        // What an earlier flush failed to write comes first.
        self.write_frozen(account)?;
        let mut state = account.settled(&self.manifest)?;
        state.encode_dirty(&self.budget)?;
        if state.hot.is_empty() && state.hot.covers <= account.flushed() {
            return Ok(());
        }
        let events = account.events().freeze();
        state.freeze(events);
        account.reset_unflushed();
        drop(state);
        self.write_frozen(account)
    }

    fn write_frozen(&self, account: &Account) -> Result<(), Error> {
        let (cuts, events, mut row) = {
            let state = account.state();
            let Some(frozen) = &state.frozen else {
                return Ok(());
            };
            let rules = state.rules();
            let visitors = frozen.hot.sorted_visitors();
            let nobody = (VisitorKey::NOBODY, frozen.hot.cut_nobody(0));
            let cuts = visitors
                .into_iter()
                .map(|visitor| (visitor, frozen.hot.cut(visitor, rules)));
            let cuts: Vec<(VisitorKey, Cut)> = std::iter::once(nobody).chain(cuts).collect();
            let mut row = state.row;
            row.flushed = frozen.hot.covers;
            (cuts, frozen.events.clone(), row)
        };
        let tables = encode(cuts)?;
        let part = self.write_segment(account, &tables, 0, 0)?;
        let run = match events.is_empty() {
            true => None,
            false => Some(self.write_keys(0, events.len(), events.iter().map(|key| Ok(*key)))?),
        };
        let mut state = account.state();
        row.next_sequence = account.sequences_end();
        let mut change = Change::of(row);
        change
            .added_segments
            .extend(part.iter().map(|part| part.row.clone()));
        change
            .added_runs
            .extend(run.iter().map(|run| run_row(account, run)));
        let Some(frozen) = &state.frozen else {
            return Ok(());
        };
        change.people = frozen.people.clone();
        let mut dead = Vec::new();
        for (index, part) in state.parts.iter().enumerate() {
            if let Some(pulled) = frozen.hot.pulled.get(&part.row.id) {
                let mut all: Vec<VisitorKey> = part.row.dead.iter().copied().collect();
                all.extend(pulled);
                all.sort_unstable();
                all.dedup();
                let all = Arc::new(all);
                change.dead.push((part.row.id, all.clone()));
                dead.push((index, all));
            }
        }
        self.commit(&change)?;
        for (index, all) in dead {
            if let Some(part) = state.parts.get_mut(index) {
                part.row.dead = all;
            }
        }
        if let Some(pulled) = state.hot.pulled.remove(&FROZEN)
            && let Some(part) = &part
        {
            state.hot.pulled.insert(part.row.id, pulled);
        }
        state.parts.extend(part);
        state.row = row;
        state.frozen = None;
        state.shown.forget_view();
        account.events().thaw(run);
        account.set_flushed(row.flushed);
        Ok(())
    }

    /// Writes a segment, which nothing lists yet; `None` where there is nothing to write.
    pub fn write_segment(
        &self,
        account: &Account,
        tables: &Tables,
        bits: u8,
        prefix: u64,
    ) -> Result<Option<Part>, Error> {
        let summary = tables.summary();
        if summary.hits == 0 {
            return Ok(None);
        }
        let id = self.next_id();
        let folder = self.segment_folder(id);
        let written = || -> Result<SegmentFiles, Error> {
            self.disk.before(&folder).context("write", &folder)?;
            let files = write(tables, &folder)?;
            self.disk.after(&folder).context("write", &folder)?;
            Ok(files)
        };
        let files = match written() {
            Ok(files) => files,
            Err(error) => {
                remove_folder(&*self.disk, &folder);
                return Err(error);
            }
        };
        let files = files.files.into_iter().map(|file| FileRow {
            name: file.name,
            length: file.length,
            checksum: file.crc32,
        });
        let row = SegmentRow {
            id,
            account: account.id,
            bits,
            prefix,
            visits: summary.visits,
            hits: summary.hits,
            first_hit: summary.first_hit.unwrap_or(Timestamp::MIN),
            last_hit: summary.last_hit.unwrap_or(Timestamp::MAX),
            imports: summary.imports.clone(),
            removed_before: None,
            dead: Arc::default(),
            files: files.collect(),
        };
        Ok(Some(Part::new(row, folder, self.disk.clone())))
    }
}
