//! Sorted runs of event keys in files.
//!
//! `magic | blocks | index | filter | footer`. A block holds up to 128 keys as differences of
//! variable length; the index has the first key and offset of each; the footer tells the lengths
//! and two checksums, over the blocks and over index and filter. Index and filter are read when
//! first needed and stay in memory: about two bytes a key.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
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
    /// What is wrong with it instead, where it can't be used.
    lookup: OnceLock<Result<Lookup, String>>,
}

#[derive(Debug)]
struct Lookup {
    file: Mutex<File>,
    /// First key and offset of each block, then an entry for the end.
    index: Vec<(u64, u64)>,
    bloom: Bloom,
    blocks_sum: u32,
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

    /// Whether the key is here. A damaged run is told once and holds nothing from then on: that
    /// some hit may count twice is better than that none is taken.
    pub fn contains(&self, key: EventKey) -> Result<bool, Error> {
        let Ok(lookup) = self.lookup()? else {
            return Ok(false);
        };
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

    /// Whether it can be used, as far as its files have been looked at.
    pub fn is_sound(&self) -> Result<bool, Error> {
        Ok(self.lookup()?.is_ok())
    }

    /// What was found wrong with it so far.
    pub fn damage(&self) -> Option<&str> {
        self.lookup.get()?.as_ref().err().map(String::as_str)
    }

    /// Every key, ascending, with the memory of a block. What is read is compared with its
    /// checksum, so nothing that is made of the keys counts before their end has come.
    pub fn keys(&self) -> Result<Keys<'_>, Error> {
        let lookup = match self.lookup()? {
            Ok(lookup) => lookup,
            Err(problem) => return Err(self.damaged(problem.as_str())),
        };
        let file = File::open(&self.path).context("open", &self.path)?;
        Ok(Keys {
            run: self,
            lookup,
            file: BufReader::with_capacity(1 << 16, file),
            hasher: Default::default(),
            next_block: 0,
            block: Vec::new().into_iter(),
            previous: None,
            count: 0,
            is_over: false,
        })
    }

    fn lookup(&self) -> Result<&Result<Lookup, String>, Error> {
        if let Some(lookup) = self.lookup.get() {
            return Ok(lookup);
        }
        let lookup = match Lookup::read(&self.path, self.keys) {
            Ok(lookup) => Ok(lookup),
            Err(Failure::Damaged(problem)) => Err(problem),
            // A file that is gone won't come back; other failures may pass.
            Err(Failure::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                Err("it is gone".into())
            }
            Err(Failure::Io(error)) => return Err(Error::io("read", &self.path, error)),
        };
        Ok(self.lookup.get_or_init(|| {
            if let Err(problem) = &lookup {
                let path = self.path.display();
                tracing::error!(%path, %problem, "event keys are damaged and left out");
            }
            lookup
        }))
    }

    fn damaged(&self, problem: impl Into<String>) -> Error {
        Error::damaged(&self.path, problem)
    }
}

/// Writes a run of keys, which are ascending and distinct, and makes it durable but for its name.
/// `room` is about how many there are; how many there were is returned.
pub(crate) fn write_run(
    path: &Path,
    room: usize,
    keys: impl Iterator<Item = Result<EventKey, Error>>,
) -> Result<u64, Error> {
    let file = File::create(path).context("create", path)?;
    let mut out = Summed {
        file: BufWriter::new(file),
        length: 0,
        hasher: Default::default(),
    };
    let write = |bytes: &[u8], out: &mut Summed| out.write(bytes).context("write", path);
    write(MAGIC, &mut out)?;
    let mut bloom = Bloom::with_room_for(room);
    let mut index: Vec<(u64, u64)> = Vec::new();
    let mut in_block = 0;
    let mut previous = 0;
    let mut count = 0;
    let mut step = Vec::with_capacity(10);
    for key in keys {
        let key = key?.0;
        count += 1;
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
    file.sync_all().context("sync", path)?;
    Ok(count)
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

enum Failure {
    Damaged(String),
    Io(std::io::Error),
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        match error.kind() {
            std::io::ErrorKind::UnexpectedEof => Failure::Damaged("it is cut short".into()),
            _ => Failure::Io(error),
        }
    }
}

impl From<&str> for Failure {
    fn from(problem: &str) -> Failure {
        Failure::Damaged(problem.into())
    }
}

impl Lookup {
    /// Reads the file once, comparing its checksums, and keeps index and filter.
    fn read(path: &Path, keys: u64) -> Result<Lookup, Failure> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let footer_at = length
            .checked_sub(FOOTER as u64)
            .ok_or("shorter than its footer")?;
        file.seek(SeekFrom::Start(footer_at))?;
        let mut footer = [0; FOOTER];
        file.read_exact(&mut footer)?;
        let word = |at: usize| -> u64 {
            let slice = footer
                .get(at..at + 8)
                .and_then(|slice| slice.try_into().ok());
            u64::from_le_bytes(slice.unwrap_or_default())
        };
        let (blocks_end, index_end, filter_end) = (word(0), word(8), word(16));
        let (blocks_sum, lookup_sum) = (word(24) as u32, (word(24) >> 32) as u32);
        if !footer.ends_with(MAGIC) {
            return Err("no event keys of a known version".into());
        }
        let entries = keys.div_ceil(KEYS_PER_BLOCK as u64) + 1;
        let fits = index_end.checked_sub(blocks_end) == Some(entries * 16)
            && index_end <= filter_end
            && filter_end == footer_at;
        if !fits {
            return Err("lengths that don't fit".into());
        }
        file.seek(SeekFrom::Start(0))?;
        let mut reader = BufReader::with_capacity(1 << 16, &file);
        let mut hasher = crc32fast::Hasher::new();
        let mut buffer = vec![0; 1 << 16];
        let mut left = blocks_end;
        let mut is_first = true;
        while left > 0 {
            let size = left.min(buffer.len() as u64) as usize;
            let chunk = buffer.get_mut(..size).unwrap_or_default();
            reader.read_exact(chunk)?;
            if std::mem::take(&mut is_first) && !chunk.starts_with(MAGIC) {
                return Err("no event keys of a known version".into());
            }
            hasher.update(chunk);
            left -= size as u64;
        }
        if hasher.finalize() != blocks_sum {
            return Err("the checksum of the keys is wrong".into());
        }
        let mut index = vec![0; (index_end - blocks_end) as usize];
        reader.read_exact(&mut index)?;
        let mut filter = vec![0; (filter_end - index_end) as usize];
        reader.read_exact(&mut filter)?;
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&index);
        hasher.update(&filter);
        if hasher.finalize() != lookup_sum {
            return Err("the checksum of index and filter is wrong".into());
        }
        let pairs = index.as_chunks::<16>().0.iter().map(|pair| {
            let (first, offset) = pair.split_at(8);
            (
                u64::from_le_bytes(first.try_into().unwrap_or_default()),
                u64::from_le_bytes(offset.try_into().unwrap_or_default()),
            )
        });
        let index = pairs.collect();
        Ok(Lookup {
            file: Mutex::new(file),
            index,
            bloom: Bloom::from_bytes(&filter),
            blocks_sum,
        })
    }
}

/// The keys of a run, read block by block. After an error there comes nothing.
pub(crate) struct Keys<'a> {
    run: &'a Run,
    lookup: &'a Lookup,
    file: BufReader<File>,
    hasher: crc32fast::Hasher,
    next_block: usize,
    block: std::vec::IntoIter<u64>,
    previous: Option<u64>,
    count: u64,
    is_over: bool,
}

impl Keys<'_> {
    fn try_next(&mut self) -> Result<Option<EventKey>, Error> {
        loop {
            if let Some(key) = self.block.next() {
                if self.previous.is_some_and(|previous| previous >= key) {
                    return Err(self.run.damaged("its keys are not ascending"));
                }
                self.previous = Some(key);
                self.count += 1;
                return Ok(Some(EventKey(key)));
            }
            if !self.read_block()? {
                return self.check().map(|()| None);
            }
        }
    }

    /// Reads the next block, the file's beginning before the first.
    fn read_block(&mut self) -> Result<bool, Error> {
        let at = self.next_block;
        let (Some((first, from)), Some((_, to))) =
            (self.lookup.index.get(at), self.lookup.index.get(at + 1))
        else {
            return Ok(false);
        };
        let before = if at == 0 { *from } else { 0 };
        let mut bytes = vec![0; (before + to.saturating_sub(*from)) as usize];
        self.file
            .read_exact(&mut bytes)
            .context("read", &self.run.path)?;
        self.hasher.update(&bytes);
        let mut reader = Reader::new(bytes.get(before as usize..).unwrap_or_default());
        let mut keys = vec![*first];
        let mut current = *first;
        while !reader.is_at_end() {
            let step = reader.u64();
            let step = step.map_err(|error| self.run.damaged(error.to_string()))?;
            current = current.wrapping_add(step);
            keys.push(current);
        }
        self.block = keys.into_iter();
        self.next_block += 1;
        Ok(true)
    }

    fn check(&mut self) -> Result<(), Error> {
        if self.count != self.run.keys {
            let problem = format!("{} keys instead of {}", self.count, self.run.keys);
            return Err(self.run.damaged(problem));
        }
        let sum = std::mem::take(&mut self.hasher).finalize();
        if self.count > 0 && sum != self.lookup.blocks_sum {
            return Err(self.run.damaged("the checksum of the keys is wrong"));
        }
        Ok(())
    }
}

impl Iterator for Keys<'_> {
    type Item = Result<EventKey, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let next = self.try_next().transpose();
        self.is_over = !matches!(next, Some(Ok(_)));
        next
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

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
            let all = run.keys().unwrap().map(|key| key.unwrap().0);
            assert_eq!(all.collect::<Vec<u64>>(), keys);
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
            let damaged = Run::new(1, 0, 3, run.path.clone());
            let read = damaged.keys().map(|keys| keys.count());
            assert!(
                matches!(read, Err(Error::Damaged { .. })),
                "bit {at}: {read:?}"
            );
            assert!(!damaged.contains(EventKey(3)).unwrap(), "bit {at}");
        }
        for length in 0..good.len() {
            fs::write(&run.path, &good[..length]).unwrap();
            let short = Run::new(1, 0, 3, run.path.clone());
            assert!(short.keys().is_err(), "{length} bytes");
        }
    }
}
