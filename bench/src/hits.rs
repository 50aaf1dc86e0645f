//! The file of hits.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use afsa_traffic::{Generator, Profile};

use crate::Arguments;

/// 2025-01-01.
pub const FIRST_DAY: i64 = 20_089;

/// Writes the hits, unless the file is there, and tells how many there are.
pub fn write_if_missing(path: &Path, arguments: &Arguments) -> io::Result<u64> {
    let count = path.with_extension("count");
    if path.exists()
        && let Some(Ok(lines)) = BufReader::new(File::open(&count)?).lines().next()
        && let Ok(lines) = lines.parse()
    {
        return Ok(lines);
    }
    let profile = Profile {
        pages: arguments.pages,
        products: arguments.products,
        ..Profile::shop(FIRST_DAY, 365, arguments.visits)
    };
    let mut generator = Generator::new(arguments.seed, profile);
    let mut file = zstd::Encoder::new(File::create(path)?, 1)?;
    let mut lines = Vec::with_capacity(1 << 20);
    let mut written = 0;
    loop {
        let is_more = generator.next_visit(&mut lines);
        if lines.len() >= 1 << 20 || !is_more {
            written += lines.iter().filter(|byte| **byte == b'\n').count() as u64;
            file.write_all(&lines)?;
            lines.clear();
        }
        if !is_more {
            break;
        }
    }
    file.finish()?.sync_all()?;
    std::fs::write(count, written.to_string())?;
    Ok(written)
}
