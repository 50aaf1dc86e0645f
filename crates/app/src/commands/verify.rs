//! `afsa verify`.

use std::io::Write;

use afsa_store_embedded::{verify, verify_database};

use super::CommandError;
use crate::config::Config;
use crate::instance::store_folder;

/// Files of SQLite beside the store.
const DATABASES: [&str; 2] = ["accounts.sqlite", "imports.sqlite"];

/// Reads every stored file and compares it with what was written. Writes nothing, so it works on a
/// copy that is mounted read-only.
pub fn run(config: &Config, out: &mut dyn Write) -> Result<(), CommandError> {
    let mut findings = Vec::new();
    for name in DATABASES {
        findings.extend(verify_database(&config.data_dir.join(name)));
    }
    for finding in &findings {
        writeln!(out, "{finding}")?;
    }
    let report = verify(&store_folder(config))?;
    for finding in &report.findings {
        writeln!(out, "{finding}")?;
    }
    writeln!(
        out,
        "{}, {} segments with {} hits, {} runs of event keys and {} log files were checked",
        DATABASES.join(", "),
        report.segments,
        report.hits,
        report.event_runs,
        report.log_files
    )?;
    let count = findings.len() + report.findings.len();
    if count == 0 {
        writeln!(out, "everything is as it was written")?;
        return Ok(());
    }
    Err(CommandError::Other(format!("{count} findings")))
}
