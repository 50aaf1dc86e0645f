//! One import: a stream of history into the store.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};
use std::str::FromStr;

use afsa_store::{Arrival, ImportSession, Outcome, Store, StoreError};
use afsa_wire::log_line::{self, Site};
use afsa_wire::{DecodedHit, Rejection, json};
use memchr::{memchr, memchr_iter, memrchr};
use rayon::prelude::*;

use crate::pipeline::Moment;
use crate::{AccountContext, Pipeline};

/// A line longer than this is refused without being read to memory.
const LONGEST_LINE: usize = 4 << 20;
/// Bytes that are decoded as one piece of work.
const CHUNK: usize = 256 << 10;
/// Pieces under way at once.
const CHUNKS: usize = 16;
/// Reasons that are told apart, with their details; further ones are counted together.
const MOST_REASONS: usize = 100;
/// Details of one reason that are told apart: many name what was sent, and no two are alike.
const MOST_DETAILS: usize = 10;
/// Stands for details that are not told apart.
const OTHER_DETAILS: &str = "other details";

/// What the lines of an import are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One hit of `POST /v1/collect` a line.
    Ndjson,
    /// Web server logs in common, combined or vhost-combined form.
    Combined,
}

impl Format {
    pub fn word(self) -> &'static str {
        match self {
            Format::Ndjson => "ndjson",
            Format::Combined => "combined",
        }
    }
}

impl FromStr for Format {
    type Err = String;
    fn from_str(word: &str) -> Result<Format, String> {
        match word {
            "ndjson" => Ok(Format::Ndjson),
            "combined" => Ok(Format::Combined),
            _ => Err(format!("{word:?} is none of ndjson, combined")),
        }
    }
}

/// What an import came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Lines, but for empty ones.
    pub read: u64,
    pub accepted: u64,
    pub duplicates: u64,
    /// Lines that could not be taken.
    pub rejected: u64,
    /// Log lines that are no page view: assets, errors, redirects …
    pub skipped: u64,
    /// By reason and detail.
    pub reasons: BTreeMap<(String, String), ReasonTally>,
}

/// How many lines, and the first of them, counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ReasonTally {
    pub count: u64,
    pub first_line: u64,
}

impl Tally {
    fn note(&mut self, reason: String, line: u64, detail: String) {
        let mut key = (reason, detail);
        if !self.reasons.contains_key(&key) {
            let (reason, _) = &key;
            let told = self
                .reasons
                .range((reason.clone(), String::new())..)
                .take_while(|((told, _), _)| told == reason)
                .count();
            if told >= MOST_DETAILS || (told > 0 && self.reasons.len() >= MOST_REASONS) {
                key.1 = OTHER_DETAILS.to_owned();
            } else if self.reasons.len() >= MOST_REASONS {
                key = ("other".to_owned(), OTHER_DETAILS.to_owned());
            }
        }
        let tally = self.reasons.entry(key).or_insert(ReasonTally {
            count: 0,
            first_line: line,
        });
        tally.count += 1;
    }
}

/// Why an import ended without being done.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("the data can't be read after line {line}: {error}")]
    Unreadable { line: u64, error: io::Error },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads gzip, zstd or plain text, told apart by the first bytes; members may follow each other.
pub fn decompressed<'a>(input: impl Read + Send + 'a) -> io::Result<Box<dyn BufRead + Send + 'a>> {
    let mut input = BufReader::with_capacity(CHUNK, input);
    let start = input.fill_buf()?;
    Ok(if start.starts_with(&[0x1f, 0x8b]) {
        Box::new(BufReader::with_capacity(
            CHUNK,
            flate2::bufread::MultiGzDecoder::new(input),
        ))
    } else if start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        Box::new(BufReader::with_capacity(
            CHUNK,
            zstd::Decoder::with_buffer(input)?,
        ))
    } else {
        Box::new(input)
    })
}

/// How the lines of an import are to be understood.
pub struct Source<'a> {
    pub pipeline: &'a Pipeline,
    pub account: &'a AccountContext,
    pub format: Format,
    pub moment: Moment,
}

/// Reads every line, takes what is good, and makes it visible at the end. `progress` is told the
/// tally so far and, while the store works at the end, the fraction that is done.
pub fn run(
    store: &dyn Store,
    import: u32,
    source: &Source<'_>,
    input: &mut (dyn BufRead + Send),
    progress: &(dyn Fn(&Tally, Option<f64>) + Sync),
) -> Result<Tally, RunError> {
    let mut session = store.begin_import(source.account.id, import)?;
    let mut tally = Tally::default();
    let decode = |chunk: &Chunk| decoded(source, chunk);
    let mut reader = ChunkReader {
        input,
        line: 0,
        carry: Vec::new(),
        spare: Vec::new(),
        is_at_end: false,
    };
    let (mut chunks, mut next_chunks): (Vec<Chunk>, Vec<Chunk>) = Default::default();
    let mut waiting: Vec<Decoded> = Vec::new();
    reader.next_chunks(&mut chunks)?;
    loop {
        let is_last = chunks.is_empty();
        // While the store takes what was decoded, the next lines are decoded, and those after
        // them read.
        let (read, (taken, decoded)) = rayon::join(
            || reader.next_chunks(&mut next_chunks),
            || {
                rayon::join(
                    || take(session.as_mut(), &mut tally, std::mem::take(&mut waiting)),
                    || chunks.par_iter().map(decode).collect::<Vec<Decoded>>(),
                )
            },
        );
        taken?;
        progress(&tally, None);
        if is_last {
            break;
        }
        read?;
        waiting = decoded;
        std::mem::swap(&mut chunks, &mut next_chunks);
    }
    session.finish(&|fraction| progress(&tally, Some(fraction)))?;
    Ok(tally)
}

/// Whole lines, and the number of the first of them.
struct Chunk {
    first_line: u64,
    /// Ends of lines.
    lines: usize,
    bytes: Vec<u8>,
}

struct ChunkReader<'a> {
    input: &'a mut (dyn BufRead + Send),
    /// Lines handed out so far.
    line: u64,
    /// The beginning of a line whose end wasn't read yet.
    carry: Vec<u8>,
    /// Buffers of chunks that were decoded: fresh ones would be paid for page by page.
    spare: Vec<Vec<u8>>,
    is_at_end: bool,
}

impl ChunkReader<'_> {
    /// Puts the next chunks in the place of those before; none at the end.
    fn next_chunks(&mut self, chunks: &mut Vec<Chunk>) -> Result<(), RunError> {
        self.spare.extend(chunks.drain(..).map(|chunk| chunk.bytes));
        while chunks.len() < CHUNKS && !self.is_at_end {
            chunks.push(self.next_chunk()?);
        }
        Ok(())
    }

    fn next_chunk(&mut self) -> Result<Chunk, RunError> {
        let mut bytes = self
            .spare
            .pop()
            .unwrap_or_else(|| Vec::with_capacity(2 * CHUNK));
        bytes.clear();
        bytes.append(&mut self.carry);
        while bytes.len() < CHUNK || memchr(b'\n', &bytes).is_none() {
            if bytes.len() > LONGEST_LINE + CHUNK && memchr(b'\n', &bytes).is_none() {
                // Only the start of an overlong line is kept: enough for it to be refused.
                self.skip_line().map_err(|error| self.unreadable(error))?;
                bytes.push(b'\n');
                break;
            }
            let read = self
                .input
                .fill_buf()
                .map_err(|error| RunError::Unreadable {
                    line: self.line,
                    error,
                })?;
            if read.is_empty() {
                self.is_at_end = true;
                break;
            }
            bytes.extend_from_slice(read);
            let length = read.len();
            self.input.consume(length);
        }
        if !self.is_at_end {
            let end = memrchr(b'\n', &bytes).map_or(bytes.len(), |at| at + 1);
            self.carry.extend_from_slice(&bytes[end..]);
            bytes.truncate(end);
        }
        let chunk = Chunk {
            first_line: self.line + 1,
            lines: memchr_iter(b'\n', &bytes).count(),
            bytes,
        };
        self.line += chunk.lines as u64;
        Ok(chunk)
    }

    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let read = self.input.fill_buf()?;
            if read.is_empty() {
                return Ok(());
            }
            let end = memchr(b'\n', read);
            let length = end.map_or(read.len(), |at| at + 1);
            self.input.consume(length);
            if end.is_some() {
                return Ok(());
            }
        }
    }

    fn unreadable(&self, error: io::Error) -> RunError {
        RunError::Unreadable {
            line: self.line,
            error,
        }
    }
}

/// What a chunk's lines came to.
#[derive(Default)]
struct Decoded {
    read: u64,
    skipped: u64,
    arrivals: Vec<Arrival>,
    /// (line, reason, detail, whether it is a rejection and not a skip).
    notes: Vec<(u64, String, String, bool)>,
}

fn decoded(source: &Source<'_>, chunk: &Chunk) -> Decoded {
    let mut decoded = Decoded {
        // A hit has at least a type and a time; blank lines ask for no room.
        arrivals: Vec::with_capacity(chunk.lines.min(chunk.bytes.len() / 64) + 1),
        ..Decoded::default()
    };
    let ends = memchr_iter(b'\n', &chunk.bytes).chain([chunk.bytes.len()]);
    let mut start = 0;
    for (index, end) in ends.enumerate() {
        let line = &chunk.bytes[start..end];
        start = end + 1;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        decoded.read += 1;
        let number = chunk.first_line + index as u64;
        let hit = match decode_line(source.format, source.account, line) {
            Ok(hit) => hit,
            Err(Refused::Skipped(reason)) => {
                decoded.skipped += 1;
                decoded.notes.push((number, reason, String::new(), false));
                continue;
            }
            Err(Refused::Rejected(rejection)) => {
                decoded.notes.push(rejection_note(number, rejection));
                continue;
            }
        };
        match source.pipeline.arrival(source.account, hit, &source.moment) {
            Ok(arrival) => decoded.arrivals.push(arrival),
            Err(rejection) => decoded.notes.push(rejection_note(number, rejection)),
        }
    }
    decoded
}

enum Refused {
    Skipped(String),
    Rejected(Rejection),
}

fn decode_line(
    format: Format,
    account: &AccountContext,
    line: &[u8],
) -> Result<DecodedHit, Refused> {
    if line.len() > LONGEST_LINE {
        return Err(Refused::Rejected(Rejection {
            field: String::new(),
            error: "too_long",
            detail: format!("a line has at most {LONGEST_LINE} bytes"),
        }));
    }
    match format {
        Format::Ndjson => json::decode_line(line).map_err(Refused::Rejected),
        Format::Combined => {
            let line = log_line::parse(line).map_err(Refused::Rejected)?;
            let site = Site {
                host: &account.default_host,
                is_https: account.is_https,
            };
            line.into_hit(site)
                .map_err(|skip| Refused::Skipped(skip.to_string()))
        }
    }
}

fn rejection_note(line: u64, rejection: Rejection) -> (u64, String, String, bool) {
    let reason = if rejection.field.is_empty() {
        rejection.error.to_owned()
    } else {
        // Positions in lists would make a reason of each row.
        let field: String = rejection
            .field
            .chars()
            .filter(|c| !c.is_ascii_digit())
            .collect();
        format!("{}: {}", field, rejection.error)
    };
    (line, reason, rejection.detail, true)
}

fn take(
    session: &mut dyn ImportSession,
    tally: &mut Tally,
    decoded: Vec<Decoded>,
) -> Result<(), StoreError> {
    for part in decoded {
        tally.read += part.read;
        tally.skipped += part.skipped;
        for (line, reason, detail, is_rejection) in part.notes {
            tally.rejected += u64::from(is_rejection);
            tally.note(reason, line, detail);
        }
        if part.arrivals.is_empty() {
            continue;
        }
        let outcomes = session.push(part.arrivals)?;
        let accepted = outcomes
            .iter()
            .filter(|outcome| **outcome == Outcome::Accepted)
            .count();
        tally.accepted += accepted as u64;
        tally.duplicates += (outcomes.len() - accepted) as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_told_apart_by_their_details_up_to_a_bound() {
        let mut tally = Tally::default();
        for line in 1..=100 {
            tally.note("type: missing".into(), line, String::new());
            let detail = format!("t{} is no instant", line % 50);
            tally.note("timestamp: malformed".into(), line, detail);
            let order = if line % 2 == 0 { "no id" } else { "no revenue" };
            tally.note("order: missing".into(), line, order.into());
        }
        let counted = |reason: &str, detail: &str| {
            let tally = tally.reasons.get(&(reason.into(), detail.into()));
            tally.map(|tally| (tally.count, tally.first_line))
        };
        assert_eq!(counted("type: missing", ""), Some((100, 1)));
        assert_eq!(counted("order: missing", "no id"), Some((50, 2)));
        assert_eq!(counted("order: missing", "no revenue"), Some((50, 1)));
        let malformed = "timestamp: malformed";
        assert_eq!(counted(malformed, "t3 is no instant"), Some((2, 3)));
        assert_eq!(counted(malformed, OTHER_DETAILS), Some((80, 11)));
        assert_eq!(tally.reasons.len(), 1 + 2 + MOST_DETAILS + 1);
        for line in 0..1_000 {
            tally.note(format!("reason {line}"), line, "detail".into());
            tally.note(format!("reason {line}"), line, "another".into());
        }
        assert!(tally.reasons.len() <= 2 * MOST_REASONS);
        let all: u64 = tally.reasons.values().map(|tally| tally.count).sum();
        assert_eq!(all, 300 + 2_000);
    }

    fn chunks_of(input: &[u8], buffer: usize) -> Vec<(u64, Vec<u8>)> {
        let mut input = BufReader::with_capacity(buffer, input);
        let mut reader = ChunkReader {
            input: &mut input,
            line: 0,
            carry: Vec::new(),
            spare: Vec::new(),
            is_at_end: false,
        };
        let (mut chunks, mut all) = (Vec::new(), Vec::new());
        loop {
            reader.next_chunks(&mut chunks).unwrap();
            if chunks.is_empty() {
                return all;
            }
            all.extend(
                chunks
                    .iter()
                    .map(|chunk| (chunk.first_line, chunk.bytes.clone())),
            );
        }
    }

    #[test]
    fn chunks_are_whole_lines_and_know_their_number() {
        let mut input = Vec::new();
        for number in 0..40_000 {
            input.extend(format!("{number} {}\n", "x".repeat(number % 60)).bytes());
        }
        for end in ["", "the last line has no end"] {
            let input = [&input[..], end.as_bytes()].concat();
            for buffer in [97, 8_192, 1 << 20] {
                let chunks = chunks_of(&input, buffer);
                let whole: Vec<u8> = chunks.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
                assert!(whole == input, "with a buffer of {buffer}");
                let mut line = 1;
                for (first_line, bytes) in &chunks {
                    assert_eq!(*first_line, line);
                    line += memchr_iter(b'\n', bytes).count() as u64;
                }
                let (last, others) = chunks.split_last().unwrap();
                assert!(others.iter().all(|(_, bytes)| bytes.ends_with(b"\n")));
                assert!(last.1.ends_with(end.as_bytes()));
            }
        }
    }

    #[test]
    fn an_endless_line_is_cut_and_the_next_one_read() {
        let mut input = vec![b'x'; 3 * LONGEST_LINE];
        input.extend(b"\nnext\n");
        let chunks = chunks_of(&input, 8_192);
        let whole: Vec<u8> = chunks.into_iter().flat_map(|(_, bytes)| bytes).collect();
        assert!(whole.len() < 2 * LONGEST_LINE, "it was kept whole");
        assert!(whole.ends_with(b"\nnext\n"));
    }
}
