//! Taking history, and taking it out again.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::Arc;

use afsa_model::VisitorKey;
use afsa_store::{Arrival, EventKey, Identity, ImportSession, Outcome, StoreError, Undo};

use crate::account::Account;
use crate::engine::Engine;
use crate::error::{Context, Error};
use crate::events::{Run, Seen, write_run};
use crate::hot::PartId;
use crate::part::{Part, hits_of_cut, remove_folder};
use crate::rewrite::{Also, Rewrite};

/// Event keys of an import that are kept in memory before they are written to a run.
const MOST_KEYS: usize = 2_000_000;

/// An import under way.
pub(crate) struct Session {
    engine: Arc<Engine>,
    account: Arc<Account>,
    import: u32,
    /// `None` once it is finishing.
    rewrite: Option<Rewrite>,
    folder: PathBuf,
    keys: HashSet<EventKey>,
    runs: Vec<Arc<Run>>,
    /// Runs of the account from this id on came while the import was under way.
    first_run: u64,
}

impl Session {
    pub fn begin(
        engine: Arc<Engine>,
        account: Arc<Account>,
        import: u32,
    ) -> Result<Session, Error> {
        {
            let mut imports = account.imports();
            if import == 0
                || imports.finished.contains(&import)
                || imports.under_way.contains(&import)
            {
                return Err(Error::Unfit(format!("import {import} was there before")));
            }
            imports.under_way.push(import);
        }
        let name = format!("{}-{import}", account.id);
        let begun = Rewrite::begin(&engine, &name);
        if begun.is_err() {
            account.imports().under_way.retain(|other| *other != import);
        }
        let rewrite = begun?;
        Ok(Session {
            folder: rewrite.folder(),
            rewrite: Some(rewrite),
            first_run: engine.next_id(),
            engine,
            account,
            import,
            keys: HashSet::new(),
            runs: Vec::new(),
        })
    }

    fn take(&mut self, arrivals: Vec<Arrival>) -> Result<Vec<Outcome>, Error> {
        let Some(rewrite) = &mut self.rewrite else {
            return Err(Error::Unfit("the import is finished".into()));
        };
        let mut outcomes = Vec::with_capacity(arrivals.len());
        for mut arrival in arrivals {
            if let Some(event) = arrival.event {
                let is_double = self.keys.contains(&event)
                    || is_in(&self.runs, event)?
                    || self.account.events().look_up(event)? != Seen::Never;
                if is_double {
                    outcomes.push(Outcome::Duplicate);
                    continue;
                }
                self.keys.insert(event);
            }
            arrival.hit.sequence = self.account.next_sequence();
            arrival.hit.import = self.import;
            arrival.hit.by_user = matches!(arrival.identity, Identity::User(_));
            arrival.hit.visitor = VisitorKey::NOBODY;
            rewrite.put(&arrival)?;
            outcomes.push(Outcome::Accepted);
        }
        if self.keys.len() > MOST_KEYS {
            self.write_keys()?;
        }
        Ok(outcomes)
    }

    fn write_keys(&mut self) -> Result<(), Error> {
        if self.keys.is_empty() {
            return Ok(());
        }
        let mut keys: Vec<EventKey> = self.keys.drain().collect();
        keys.sort_unstable();
        let id = self.engine.next_id();
        let path = self.engine.run_path(id);
        write_run(&path, keys.len(), keys.iter().map(|key| Ok(*key)))?;
        self.runs
            .push(Arc::new(Run::new(id, self.import, keys.len() as u64, path)));
        Ok(())
    }

    fn complete(&mut self, progress: &dyn Fn(f64)) -> Result<(), Error> {
        let Some(rewrite) = self.rewrite.take() else {
            return Err(Error::Unfit("the import is finished".into()));
        };
        self.write_keys()?;
        let events_folder = self.engine.run_path(0);
        if let Some(folder) = events_folder.parent() {
            File::open(folder)
                .and_then(|folder| folder.sync_all())
                .context("sync", folder)?;
        }
        let account = self.account.clone();
        let _maintenance = account.maintain();
        // From here on live hits with one of the import's keys are refused for the moment, so
        // that those that came before decide, and none can come between.
        account.events().set_undecided(self.runs.clone());
        let undecided = Undecided(&account);
        self.engine.flush(&account)?;
        let since = {
            let events = account.events();
            let since = events.runs().iter().filter(|run| run.id >= self.first_run);
            since.cloned().collect::<Vec<_>>()
        };
        // A hit may have become durable between the flush and now: then its key is among the
        // newest, and it counts as the first.
        let is_double =
            |event: EventKey| Ok(is_in(&since, event)? || account.events().is_newest(event));
        let also = Also {
            added_import: Some(self.import),
            added_runs: self.runs.clone(),
            ..Also::default()
        };
        rewrite.finish(
            &self.engine,
            &account,
            HashMap::new(),
            &HashSet::new(),
            &is_double,
            also,
            progress,
        )?;
        drop(undecided);
        self.runs.clear();
        account.imports().finished.push(self.import);
        self.engine.merge(&account)
    }
}

/// Lets hits with the import's keys in again.
struct Undecided<'a>(&'a Account);

impl Drop for Undecided<'_> {
    fn drop(&mut self) {
        self.0.events().set_undecided(Vec::new());
    }
}

fn is_in(runs: &[Arc<Run>], event: EventKey) -> Result<bool, Error> {
    for run in runs {
        if run.contains(event)? {
            return Ok(true);
        }
    }
    Ok(false)
}

impl ImportSession for Session {
    fn push(&mut self, arrivals: Vec<Arrival>) -> Result<Vec<Outcome>, StoreError> {
        Ok(self.take(arrivals)?)
    }

    fn finish(mut self: Box<Self>, progress: &dyn Fn(f64)) -> Result<(), StoreError> {
        Ok(self.complete(progress)?)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.rewrite = None;
        remove_folder(&self.folder);
        for run in &self.runs {
            if let Err(error) = fs::remove_file(&run.path) {
                tracing::warn!(path = %run.path.display(), %error, "could not remove");
            }
        }
        self.account
            .imports()
            .under_way
            .retain(|other| *other != self.import);
    }
}

/// Takes every hit of the import out, with its event keys, and cuts the visits of its visitors
/// anew without them.
pub(crate) fn undo(engine: &Engine, account: &Account, import: u32) -> Result<Undo, Error> {
    let _maintenance = account.maintain();
    if import == 0 || !account.imports().finished.contains(&import) {
        return Err(Error::NoSuchImport);
    }
    engine.flush(account)?;
    let parts: Vec<Part> = account.state().parts.clone();
    if let Some(damaged) = parts.iter().find(|part| !part.is_sound()) {
        return Err(Error::damaged(
            &damaged.shared.folder,
            "an import cannot be undone without it",
        ));
    }
    let (mut visitors, users) = concerned(&parts, import)?;
    let mut owns: HashMap<Arc<str>, Option<VisitorKey>> = HashMap::new();
    for user in &users {
        let person = engine
            .manifest
            .person(account.id, user)?
            .unwrap_or_default();
        visitors.extend(person.visitors().chain(person.own));
        owns.insert(user.clone(), person.own);
    }
    let mut visitors: Vec<VisitorKey> = visitors.into_iter().collect();
    visitors.sort_unstable();
    let mut rewrite = Rewrite::begin(engine, &format!("{}-{import}-undo", account.id))?;
    let mut pulled: HashMap<PartId, HashSet<VisitorKey>> = HashMap::new();
    let mut undone = Undo::default();
    for part in &parts {
        let mut here = Vec::new();
        for visitor in &visitors {
            if !part.is_dead(*visitor) && part.may_hold(*visitor)? {
                here.push(*visitor);
            }
        }
        for (_, hits) in part.hits_of(&here)? {
            for hit in hits {
                if hit.import == import {
                    undone.hits += 1;
                    continue;
                }
                match hit.user.as_ref().and_then(|user| owns.get(user)) {
                    None => rewrite.put_stored(hit)?,
                    Some(own) => {
                        let identity = match own {
                            Some(own) if hit.by_user => Identity::User(*own),
                            _ if hit.visitor == VisitorKey::NOBODY => Identity::Nobody,
                            _ => Identity::Visitor(hit.visitor),
                        };
                        rewrite.put(&Arrival {
                            identity,
                            event: None,
                            hit,
                        })?;
                    }
                }
            }
        }
        pulled.insert(part.row.id, here.into_iter().collect());
    }
    let removed: Vec<Arc<Run>> = {
        let events = account.events();
        events
            .runs()
            .iter()
            .filter(|run| run.import == import)
            .cloned()
            .collect()
    };
    let also = Also {
        removed_import: Some(import),
        removed_runs: removed.iter().map(|run| run.id).collect(),
        ..Also::default()
    };
    let anew: HashSet<Arc<str>> = users;
    rewrite.finish(
        engine,
        account,
        pulled,
        &anew,
        &|_| Ok(false),
        also,
        &|_| {},
    )?;
    account.imports().finished.retain(|other| *other != import);
    for run in removed {
        // What stays is removed at the next start.
        let _ = fs::remove_file(&run.path);
    }
    engine.merge(account)?;
    Ok(undone)
}

/// Who has hits of the import, and of which users it told who they are.
fn concerned(
    parts: &[Part],
    import: u32,
) -> Result<(HashSet<VisitorKey>, HashSet<Arc<str>>), Error> {
    let (mut visitors, mut users) = (HashSet::new(), HashSet::new());
    for part in parts
        .iter()
        .filter(|part| part.row.imports.contains(&import))
    {
        for item in part.shared.segment()?.cuts() {
            let (visitor, cut) = item?;
            if part.is_dead(visitor) {
                continue;
            }
            for hit in hits_of_cut(part.without_removed(cut)) {
                if hit.import == import {
                    visitors.insert(visitor);
                    if !hit.by_user {
                        users.extend(hit.user);
                    }
                }
            }
        }
    }
    Ok((visitors, users))
}
