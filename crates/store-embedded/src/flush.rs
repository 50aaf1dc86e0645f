//! From memory to segments.

use std::fs::File;
use std::sync::Arc;

use afsa_model::{Cut, Timestamp, VisitorKey};
use afsa_segments::{Tables, encode, write};

use crate::account::Account;
use crate::engine::Engine;
use crate::error::{Context, Error};
use crate::events::{Run, write_run};
use crate::hot::FROZEN;
use crate::manifest::{Change, FileRow, RunRow, SegmentRow};
use crate::part::{Part, remove_folder};

impl Engine {
    /// Writes everything of the account that is in memory. Hits go on coming meanwhile. The caller
    /// holds the account's maintenance lock.
    pub fn flush(&self, account: &Account) -> Result<(), Error> {
        // What an earlier flush failed to write comes first.
        self.write_frozen(account)?;
        let mut state = account.settled(&self.manifest)?;
        state.encode_dirty(&self.budget)?;
        if state.hot.visitors.is_empty() && state.hot.covers <= account.flushed() {
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
            let cuts: Vec<(VisitorKey, Cut)> = visitors
                .into_iter()
                .map(|visitor| (visitor, frozen.hot.cut(visitor, rules)))
                .collect();
            let mut row = state.row;
            row.flushed = frozen.hot.covers;
            (cuts, frozen.events.clone(), row)
        };
        let tables = encode(cuts)?;
        let part = self.write_segment(account, &tables, 0, 0)?;
        let run = self.write_events(&events)?;
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
        // Where this fails nobody knows whether the next start will find the change: files stay,
        // and what no manifest lists is removed then.
        self.manifest.commit(&change)?;
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
        account.events().thaw(run.map(Arc::new));
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
        let files = match write(tables, &folder) {
            Ok(files) => files,
            Err(error) => {
                remove_folder(&folder);
                return Err(error.into());
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
        Ok(Some(Part::new(row, folder)))
    }

    fn write_events(&self, events: &[afsa_store::EventKey]) -> Result<Option<Run>, Error> {
        if events.is_empty() {
            return Ok(None);
        }
        let id = self.next_id();
        let path = self.run_path(id);
        write_run(&path, events.len(), events.iter().map(|key| Ok(*key)))?;
        if let Some(folder) = path.parent() {
            File::open(folder)
                .and_then(|folder| folder.sync_all())
                .context("sync", folder)?;
        }
        Ok(Some(Run::new(id, 0, events.len() as u64, path)))
    }
}

pub(crate) fn run_row(account: &Account, run: &Run) -> RunRow {
    RunRow {
        id: run.id,
        account: account.id,
        import: run.import,
        keys: run.keys,
    }
}
