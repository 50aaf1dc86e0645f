//! `afsa verify`.

use std::io::Write;

use super::CommandError;
use crate::config::Config;
use crate::instance::store_folder;

/// Reads every stored file and compares it with what was written.
pub fn run(config: &Config, out: &mut dyn Write) -> Result<(), CommandError> {
    let report = afsa_store_embedded::verify(&store_folder(config))?;
    for fault in &report.faults {
        writeln!(out, "{fault}")?;
    }
    writeln!(
        out,
        "{} files, {} bytes, {} visits, {} hits checked",
        report.files, report.bytes, report.visits, report.hits
    )?;
    if report.faults.is_empty() {
        writeln!(out, "everything is as it was written")?;
        return Ok(());
    }
    Err(CommandError::Other(format!(
        "{} faults",
        report.faults.len()
    )))
}
