//! The sub-commands, one a file.

pub mod accounts;
pub mod demo;
pub mod import;
pub mod keys;
pub mod people;
pub mod rates;
pub mod serve;
pub mod verify;

use std::io;

use crate::config::ConfigError;

/// Why a command ended without having done its work.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{}", told(.0))]
    Accounts(#[from] afsa_accounts::Error),
    #[error(transparent)]
    Store(#[from] afsa_store::StoreError),
    #[error(transparent)]
    Embedded(#[from] afsa_store_embedded::Error),
    #[error(transparent)]
    Import(#[from] afsa_ingest::ImportError),
    #[error(transparent)]
    Rates(#[from] afsa_rates::RatesError),
    #[error(transparent)]
    Enrich(#[from] afsa_enrich::EnrichError),
    #[error("{what}: {error}")]
    File { what: String, error: io::Error },
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Asked to stop by a signal; the text says what is kept and how to go on.
    #[error("{0}")]
    Interrupted(String),
    #[error("{0}")]
    Other(String),
}

/// Field by field, as flags are called.
fn told(error: &afsa_accounts::Error) -> String {
    let afsa_accounts::Error::Invalid(faults) = error else {
        return error.to_string();
    };
    let lines: Vec<String> = faults
        .iter()
        .map(|fault| {
            format!(
                "{}: {}",
                fault.field.trim_start_matches("settings."),
                fault.detail
            )
        })
        .collect();
    lines.join("\n")
}
