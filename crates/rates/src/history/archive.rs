//! The zip archive in which the bank packs its CSV.

use std::io::{Cursor, Read};

use zip::ZipArchive;

use crate::{LONGEST_TEXT, RatesError};

/// How a zip archive begins.
pub(super) const MARK: &[u8] = b"PK\x03\x04";

/// The first file called `.csv` or `.xml`, unpacked. Its checksum is compared; its size is bound by
/// what comes out, not by what the archive claims.
pub(super) fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, RatesError> {
    let damaged = |error: &dyn std::fmt::Display| RatesError::Archive(error.to_string());
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
    let is_table = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.ends_with(".csv") || name.ends_with(".xml")
    };
    let position = (0..archive.len())
        .find(|at| {
            archive
                .name_for_index(*at)
                .is_some_and(|name| name.is_ok_and(|name| is_table(&name)))
        })
        .ok_or(RatesError::EmptyArchive)?;
    let file = archive
        .by_index(position)
        .map_err(|error| damaged(&error))?;
    let mut text = Vec::new();
    let limit = u64::try_from(LONGEST_TEXT)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    file.take(limit)
        .read_to_end(&mut text)
        .map_err(|error| damaged(&error))?;
    if text.len() > LONGEST_TEXT {
        return Err(RatesError::TooLong);
    }
    Ok(text)
}
