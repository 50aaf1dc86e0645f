//! `afsa verify`.

use std::io::Write;

use super::CommandError;
use crate::config::Config;
use crate::instance::store_folder;

/// Reads every stored file and compares it with what was written.
pub fn run(config: &Config, out: &mut dyn Write) -> Result<(), CommandError> {
    let report = afsa_store_embedded::verify(&store_folder(config))?;
    for finding in &report.findings {
        writeln!(out, "{finding}")?;
    }
    writeln!(
        out,
        "{} segments with {} hits, {} runs of event keys and {} log files were checked",
        report.segments, report.hits, report.event_runs, report.log_files
    )?;
    if report.findings.is_empty() {
        writeln!(out, "everything is as it was written")?;
        return Ok(());
    }
    Err(CommandError::Other(format!(
        "{} findings",
        report.findings.len()
    )))
}
