//! The routes' collector over the ingest crate: decoding, then the pipeline, then the store.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use afsa_http::{
    CollectError, HitForm, Import, ImportForm, ImportReason, ImportState, Peer, Receipt,
    RejectedHit, Upload,
};
use afsa_ingest::{Accounts, Collector, Format, ImportError, ImportRecord, Imports};
use afsa_model::AccountId;
use afsa_store::StoreError;
use afsa_wire::json;
use axum::body::Bytes;
use futures_util::future::BoxFuture;

use crate::instance::NoteHits;

/// Hits that one batch may hold.
const MOST_HITS: usize = 1_000;

pub struct IngestCollector {
    pub accounts: Arc<dyn Accounts>,
    pub live: Collector,
    pub imports: Arc<Imports>,
    pub note_hits: NoteHits,
    /// Cleared while the server drains.
    pub is_open: AtomicBool,
}

impl afsa_http::Collector for IngestCollector {
    fn collect(
        &self,
        account: AccountId,
        _peer: Peer,
        form: HitForm,
        body: Bytes,
    ) -> BoxFuture<'_, Result<Receipt, CollectError>> {
        Box::pin(self.collect_batch(account, form, body))
    }

    fn begin_import(
        &self,
        account: AccountId,
        form: ImportForm,
    ) -> Result<Box<dyn Upload>, CollectError> {
        let format = match form {
            ImportForm::NdJson => Format::Ndjson,
            ImportForm::Combined => Format::Combined,
        };
        let (id, path) = self.imports.receive(account, format).map_err(failed)?;
        let mut upload = SpooledUpload {
            imports: self.imports.clone(),
            account,
            id,
            file: None,
            is_whole: false,
        };
        let file = File::create(path).map_err(|error| {
            CollectError::Unavailable(format!("no room for the import: {error}"))
        })?;
        upload.file = Some(BufWriter::new(file));
        Ok(Box::new(upload))
    }

    fn import(&self, account: AccountId, id: u32) -> Result<Import, CollectError> {
        self.imports.get(account, id).map(shown).map_err(failed)
    }

    fn imports(
        &self,
        account: AccountId,
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<Import>, u64), CollectError> {
        let (records, total) = self.imports.list(account, limit, offset).map_err(failed)?;
        Ok((records.into_iter().map(shown).collect(), total))
    }

    fn undo_import(&self, account: AccountId, id: u32) -> Result<Import, CollectError> {
        self.imports.undo(account, id).map(shown).map_err(failed)
    }

    fn is_ready(&self) -> bool {
        self.is_open.load(Ordering::Relaxed)
    }
}

impl IngestCollector {
    async fn collect_batch(
        &self,
        account: AccountId,
        form: HitForm,
        body: Bytes,
    ) -> Result<Receipt, CollectError> {
        let decoded = match form {
            HitForm::Json => json::decode_collect(&body, MOST_HITS),
            HitForm::NdJson => json::decode_ndjson(&body, MOST_HITS),
        };
        let decoded = decoded.map_err(|rejection| match rejection.error {
            "too_many" => CollectError::TooMany(MOST_HITS),
            _ => CollectError::Unreadable(rejection.to_string()),
        })?;
        let context = self
            .accounts
            .context(account)
            .ok_or_else(|| CollectError::Failed("the account is gone".to_owned()))?;
        let receipt = self
            .live
            .collect(&context, decoded.hits, decoded.rejected)
            .await
            .map_err(refused)?;
        (self.note_hits)(account, receipt.accepted as u64);
        Ok(Receipt {
            accepted: receipt.accepted as u64,
            duplicates: receipt.duplicates as u64,
            rejected: receipt
                .rejected
                .into_iter()
                .map(|(index, rejection)| RejectedHit {
                    index,
                    field: rejection.field,
                    error: rejection.error.to_owned(),
                    detail: rejection.detail,
                })
                .collect(),
        })
    }
}

/// An import on its way to its spool file.
struct SpooledUpload {
    imports: Arc<Imports>,
    account: AccountId,
    id: u32,
    file: Option<BufWriter<File>>,
    is_whole: bool,
}

impl Upload for SpooledUpload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.file {
            Some(file) => file.write_all(bytes),
            None => Ok(()),
        }
    }

    fn finish(mut self: Box<Self>) -> Result<Import, CollectError> {
        if let Some(mut file) = self.file.take() {
            file.flush()
                .map_err(|error| CollectError::Unavailable(error.to_string()))?;
        }
        let record = self
            .imports
            .received(self.account, self.id)
            .map_err(failed)?;
        self.is_whole = true;
        Ok(shown(record))
    }
}

impl Drop for SpooledUpload {
    fn drop(&mut self) {
        if self.is_whole {
            return;
        }
        let why = "the data did not come whole";
        if let Err(error) = self.imports.abandon(self.account, self.id, why) {
            tracing::warn!(import = self.id, %error, "an import could not be marked as failed");
        }
    }
}

fn shown(record: ImportRecord) -> Import {
    Import {
        id: record.id,
        form: match record.format {
            Format::Ndjson => ImportForm::NdJson,
            Format::Combined => ImportForm::Combined,
        },
        state: match record.state {
            afsa_ingest::ImportState::Running => ImportState::Running,
            afsa_ingest::ImportState::Done => ImportState::Done,
            afsa_ingest::ImportState::Failed => ImportState::Failed,
            afsa_ingest::ImportState::Undone => ImportState::Undone,
        },
        created_at: record.created_at,
        finished_at: record.finished_at,
        read: record.read,
        accepted: record.accepted,
        duplicates: record.duplicates,
        rejected: record.rejected,
        skipped: record.skipped,
        progress: record.progress,
        error: record.error,
        reasons: record
            .reasons
            .into_iter()
            .map(|reason| ImportReason {
                reason: reason.reason,
                count: reason.count,
                first_line: reason.first_line,
                detail: reason.detail,
            })
            .collect(),
    }
}

fn failed(error: ImportError) -> CollectError {
    match error {
        ImportError::NotFound(_) => CollectError::NoSuchImport,
        ImportError::NotDone(..) => CollectError::Conflict(error.to_string()),
        ImportError::TooMany(_) => CollectError::Unavailable(error.to_string()),
        ImportError::Store(error) => refused(error),
        ImportError::Ledger(_) | ImportError::Spool(_) => CollectError::Failed(error.to_string()),
    }
}

fn refused(error: StoreError) -> CollectError {
    match error {
        StoreError::Unavailable(why) => CollectError::Unavailable(why),
        other => CollectError::Failed(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::instance::Instance;
    use afsa_accounts::AccountChange;
    use afsa_http::Collector as _;
    use afsa_model::{MINUTE, Timestamp};

    #[tokio::test]
    async fn hits_count_once_whichever_way_they_come() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            data_dir: folder.path().to_owned(),
            ..Config::default()
        };
        let instance = Instance::open(&config).unwrap();
        let draft = AccountChange {
            name: Some("Shop".into()),
            url: Some("https://shop.example.com/".into()),
            ..AccountChange::default()
        };
        let now = instance.clock.now();
        let account = instance
            .accounts
            .acting(afsa_accounts::Actor::CommandLine, now)
            .create_account(&draft)
            .unwrap()
            .id;
        let collector = IngestCollector {
            accounts: instance.directory.clone(),
            live: Collector::new(
                instance.pipeline.clone(),
                instance.store.clone(),
                instance.clock.clone(),
            ),
            imports: instance.imports.clone(),
            note_hits: instance.note_hits.clone(),
            is_open: AtomicBool::new(true),
        };
        let hit = |event: &str| {
            format!(
                "{{\"type\":\"pageview\",\"event_id\":\"{event}\",\"visitor_id\":\"v\",\
                 \"timestamp\":\"{}\",\"location\":\"https://shop.example.com/\"}}\n",
                "2020-01-02T03:04:05Z"
            )
        };
        let live = |event: &str| hit(event).replace("\"timestamp\":\"2020-01-02T03:04:05Z\",", "");
        let counted = || {
            let from = now.plus(-15 * MINUTE);
            let accounts = &instance.accounts;
            accounts
                .hits_since(account, from, Timestamp(i64::MAX))
                .unwrap()
        };
        let body = format!("{}{}{}{{}}\n", live("a"), live("b"), live("a"));
        let receipt = collector
            .collect(account, Peer::default(), HitForm::NdJson, body.into())
            .await
            .unwrap();
        assert_eq!((receipt.accepted, receipt.duplicates), (2, 1));
        assert_eq!(receipt.rejected.len(), 1);
        assert_eq!(counted(), 2);
        let mut upload = collector.begin_import(account, ImportForm::NdJson).unwrap();
        let history = format!("{}{}{}no hit\n", hit("b"), hit("c"), hit("d"));
        upload.write(history.as_bytes()).unwrap();
        let import = upload.finish().unwrap();
        // Waits for the jobs that were begun.
        instance.imports.close();
        let import = collector.import(account, import.id).unwrap();
        assert_eq!(import.state, ImportState::Done);
        assert_eq!((import.accepted, import.duplicates), (2, 1));
        assert_eq!(counted(), 4);
        instance.close().unwrap();
        drop((collector, instance));
        let accounts = crate::instance::open_accounts(&config).unwrap();
        let kept = accounts.hits_since(account, now.plus(-15 * MINUTE), Timestamp(i64::MAX));
        assert_eq!(kept.unwrap(), 4);
    }

    #[test]
    fn an_account_has_so_many_imports_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            data_dir: folder.path().to_owned(),
            ..Config::default()
        };
        let instance = Instance::open(&config).unwrap();
        let receive = |account: u32| instance.imports.receive(AccountId(account), Format::Ndjson);
        let (first, _) = receive(1).unwrap();
        for _ in 1..16 {
            receive(1).unwrap();
        }
        let refused = failed(receive(1).unwrap_err());
        assert!(
            matches!(refused, CollectError::Unavailable(_)),
            "{refused:?}"
        );
        receive(2).unwrap();
        let imports = &instance.imports;
        imports.abandon(AccountId(1), first, "cut off").unwrap();
        receive(1).unwrap();
    }
}
