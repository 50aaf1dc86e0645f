//! Sorted runs of event keys in files.
//!
//! `magic | blocks | index | filter | footer`. A block holds up to 128 keys as differences of
//! variable length; the index has the first key and offset of each; the footer tells the lengths
//! and two checksums, over the blocks and over index and filter. Index and filter are read when
//! first needed and stay in memory: about two bytes a key.

use std::fs::{self, File};
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use afsa_store::EventKey;

use crate::bloom::Bloom;
use crate::codec::{Reader, put_u64};
use crate::error::{Context, Error};

const MAGIC: &[u8; 8] = b"afsaevt\x01";
const KEYS_PER_BLOCK: usize = 128;
const FOOTER: usize = 40;

/// A run of event keys on disk.
#[derive(Debug)]
pub(crate) struct Run {
    pub id: u64,
    pub import: u32,
    pub keys: u64,
    pub path: PathBuf,
    lookup: OnceLock<Lookup>,
}

#[derive(Debug)]
struct Lookup {
    file: Mutex<File>,
    /// First key and offset of each block, then an entry for the end.
    index: Vec<(u64, u64)>,
    bloom: Bloom,
}

impl Run {
    pub fn new(id: u64, import: u32, keys: u64, path: PathBuf) -> Run {
        Run {
            id,
            import,
            keys,
            path,
            lookup: OnceLock::new(),
        }
    }

    pub fn contains(&self, key: EventKey) -> Result<bool, Error> {
        let lookup = self.lookup()?;
        if !lookup.bloom.may_contain(key.0) {
            return Ok(false);
        }
        // The last entry is no block: it tells where the last one ends.
        let blocks = lookup
            .index
            .get(..lookup.index.len().saturating_sub(1))
            .unwrap_or_default();
        let after = blocks.partition_point(|(first, _)| *first <= key.0);
        let Some(at) = after.checked_sub(1) else {
            return Ok(false);
        };
        match (lookup.index.get(at), lookup.index.get(at + 1)) {
            (Some((first, from)), Some((_, to))) => {
                self.block_contains(lookup, *first, *from, *to, key)
            }
            _ => Ok(false),
        }
    }

    fn block_contains(
        &self,
        lookup: &Lookup,
        first: u64,
        from: u64,
        to: u64,
        key: EventKey,
    ) -> Result<bool, Error> {
        let length = to.saturating_sub(from) as usize;
        let mut bytes = vec![0; length];
        {
            let mut file = lookup.file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(from))
                .context("seek in", &self.path)?;
            file.read_exact(&mut bytes).context("read", &self.path)?;
        }
        let mut reader = Reader::new(&bytes);
        let mut current = first;
        loop {
            if current >= key.0 {
                return Ok(current == key.0);
            }
            if reader.is_at_end() {
                return Ok(false);
            }
            let step = reader
                .u64()
                .map_err(|error| self.damaged(error.to_string()))?;
            current = current.wrapping_add(step);
        }
    }

    /// Every key, ascending.
    pub fn read_all(&self) -> Result<Vec<EventKey>, Error> {
        let bytes = fs::read(&self.path).context("read", &self.path)?;
        let parts = Parts::of(&bytes).map_err(|problem| self.damaged(problem))?;
        let mut keys = Vec::with_capacity(self.keys.min(bytes.len() as u64) as usize);
        for pair in parts.index.windows(2) {
            let [(first, from), (_, to)] = pair else {
                continue;
            };
            let block = bytes
                .get(*from as usize..*to as usize)
                .ok_or_else(|| self.damaged("a block lies outside of the file"))?;
            let mut reader = Reader::new(block);
            let mut current = *first;
            keys.push(EventKey(current));
            while !reader.is_at_end() {
                let step = reader
                    .u64()
                    .map_err(|error| self.damaged(error.to_string()))?;
                current = current.wrapping_add(step);
                keys.push(EventKey(current));
            }
        }
        if keys.len() as u64 != self.keys {
            return Err(self.damaged(format!("{} keys instead of {}", keys.len(), self.keys)));
        }
        Ok(keys)
    }

    fn lookup(&self) -> Result<&Lookup, Error> {
        if let Some(lookup) = self.lookup.get() {
            return Ok(lookup);
        }
        let bytes = fs::read(&self.path).context("read", &self.path)?;
        let parts = Parts::of(&bytes).map_err(|problem| self.damaged(problem))?;
        let file = File::open(&self.path).context("open", &self.path)?;
        let lookup = Lookup {
            file: Mutex::new(file),
            index: parts.index,
            bloom: Bloom::from_bytes(parts.bloom),
        };
        Ok(self.lookup.get_or_init(|| lookup))
    }

    fn damaged(&self, problem: impl Into<String>) -> Error {
        Error::damaged(&self.path, problem)
    }
}

/// Writes a run of keys, which are ascending and distinct, and makes it durable but for its name.
pub(crate) fn write_run(
    path: &Path,
    count: usize,
    keys: impl Iterator<Item = Result<EventKey, Error>>,
) -> Result<(), Error> {
    let file = File::create(path).context("create", path)?;
    let mut out = Summed {
        file: BufWriter::new(file),
        length: 0,
        hasher: Default::default(),
    };
    let write = |bytes: &[u8], out: &mut Summed| out.write(bytes).context("write", path);
    write(MAGIC, &mut out)?;
    let mut bloom = Bloom::with_room_for(count);
    let mut index: Vec<(u64, u64)> = Vec::new();
    let mut in_block = 0;
    let mut previous = 0;
    let mut step = Vec::with_capacity(10);
    for key in keys {
        let key = key?.0;
        bloom.insert(key);
        if in_block == 0 {
            index.push((key, out.length));
        } else {
            step.clear();
            put_u64(&mut step, key.wrapping_sub(previous));
            write(&step, &mut out)?;
        }
        previous = key;
        in_block = (in_block + 1) % KEYS_PER_BLOCK;
    }
    index.push((previous, out.length));
    let blocks_end = out.length;
    let blocks_sum = std::mem::take(&mut out.hasher).finalize();
    for (first, offset) in &index {
        write(&first.to_le_bytes(), &mut out)?;
        write(&offset.to_le_bytes(), &mut out)?;
    }
    let index_end = out.length;
    write(&bloom.to_bytes(), &mut out)?;
    let filter_end = out.length;
    let lookup_sum = std::mem::take(&mut out.hasher).finalize();
    let mut footer = Vec::with_capacity(FOOTER);
    footer.extend_from_slice(&blocks_end.to_le_bytes());
    footer.extend_from_slice(&index_end.to_le_bytes());
    footer.extend_from_slice(&filter_end.to_le_bytes());
    footer.extend_from_slice(&blocks_sum.to_le_bytes());
    footer.extend_from_slice(&lookup_sum.to_le_bytes());
    footer.extend_from_slice(MAGIC);
    write(&footer, &mut out)?;
    let file = out
        .file
        .into_inner()
        .map_err(|error| error.into_error())
        .context("write", path)?;
    file.sync_all().context("sync", path)
}

struct Summed {
    file: BufWriter<File>,
    length: u64,
    hasher: crc32fast::Hasher,
}

impl Summed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.length += bytes.len() as u64;
        self.hasher.update(bytes);
        self.file.write_all(bytes)
    }
}

/// A run's file taken apart and checked.
struct Parts<'a> {
    index: Vec<(u64, u64)>,
    bloom: &'a [u8],
}

impl Parts<'_> {
    fn of(bytes: &[u8]) -> Result<Parts<'_>, String> {
        let footer_at = bytes
            .len()
            .checked_sub(FOOTER)
            .ok_or("shorter than its footer")?;
        let (body, footer) = bytes.split_at(footer_at);
        if !body.starts_with(MAGIC) || !footer.ends_with(MAGIC) {
            return Err("no event keys of a known version".into());
        }
        let word = |at: usize| -> u64 {
            let slice = footer
                .get(at..at + 8)
                .and_then(|slice| slice.try_into().ok());
            u64::from_le_bytes(slice.unwrap_or_default())
        };
        let part = |from: u64, to: u64| {
            body.get(from as usize..to as usize)
                .ok_or("lengths that don't fit".to_owned())
        };
        let (blocks_end, index_end, filter_end) = (word(0), word(8), word(16));
        let sums = word(24);
        if crc32fast::hash(part(0, blocks_end)?) != sums as u32 {
            return Err("the checksum of the keys is wrong".into());
        }
        if crc32fast::hash(part(blocks_end, filter_end)?) != (sums >> 32) as u32 {
            return Err("the checksum of index and filter is wrong".into());
        }
        let pairs = part(blocks_end, index_end)?.as_chunks::<16>().0;
        let index = pairs.iter().map(|pair| {
            let (first, offset) = pair.split_at(8);
            (
                u64::from_le_bytes(first.try_into().unwrap_or_default()),
                u64::from_le_bytes(offset.try_into().unwrap_or_default()),
            )
        });
        Ok(Parts {
            index: index.collect(),
            bloom: part(index_end, filter_end)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(folder: &Path, keys: &[u64]) -> Run {
        let path = folder.join("1.run");
        write_run(&path, keys.len(), keys.iter().map(|key| Ok(EventKey(*key)))).unwrap();
        Run::new(1, 0, keys.len() as u64, path)
    }

    #[test]
    fn finds_what_is_there_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let spread = |number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let check = |mut keys: Vec<u64>| {
            keys.sort_unstable();
            keys.dedup();
            let run = written(folder.path(), &keys);
            for key in &keys {
                assert!(
                    run.contains(EventKey(*key)).unwrap(),
                    "{key} of {}",
                    keys.len()
                );
                let next = key.wrapping_add(1);
                let is_there = keys.binary_search(&next).is_ok();
                assert_eq!(run.contains(EventKey(next)).unwrap(), is_there);
            }
            let all: Vec<u64> = run.read_all().unwrap().iter().map(|key| key.0).collect();
            assert_eq!(all, keys);
        };
        check(vec![]);
        check(vec![0]);
        check(vec![0, u64::MAX]);
        check((0..128).collect());
        check((0..129).map(|number| number * 2).collect());
        check((0..3_000).map(spread).collect());
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let run = written(folder.path(), &[3, 5, 1 << 40]);
        let good = fs::read(&run.path).unwrap();
        for at in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[at / 8] ^= 1 << (at % 8);
            fs::write(&run.path, &bad).unwrap();
            let damaged = Run::new(1, 0, 3, run.path.clone()).read_all();
            assert!(
                matches!(damaged, Err(Error::Damaged { .. })),
                "bit {at}: {damaged:?}"
            );
        }
        for length in 0..good.len() {
            fs::write(&run.path, &good[..length]).unwrap();
            assert!(
                Run::new(1, 0, 3, run.path.clone()).read_all().is_err(),
                "{length} bytes"
            );
        }
    }
}
