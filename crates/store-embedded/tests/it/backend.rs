//! Stores in folders that live as long as a test.

use std::sync::Arc;

use afsa_store::Store;
use afsa_store::conformance::Backend;
use afsa_store_embedded::{EmbeddedStore, Options};
use tempfile::TempDir;

/// Opens a store with these changes to its options.
pub struct InFolder {
    pub folder: TempDir,
    pub change: fn(&mut Options),
}

impl InFolder {
    pub fn new(change: fn(&mut Options)) -> InFolder {
        InFolder {
            folder: tempfile::tempdir().unwrap(),
            change,
        }
    }

    pub fn open(&self) -> Arc<EmbeddedStore> {
        let mut options = Options::new(self.folder.path());
        (self.change)(&mut options);
        Arc::new(EmbeddedStore::open(options).unwrap())
    }
}

impl Backend for InFolder {
    fn fresh(&mut self) -> Arc<dyn Store> {
        self.folder = tempfile::tempdir().unwrap();
        self.open()
    }

    fn reopen(&mut self) -> Option<Arc<dyn Store>> {
        Some(self.open())
    }
}
