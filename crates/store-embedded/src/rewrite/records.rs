//! Files of records that live as long as a rewriting does: arrivals, and who was seen as whom.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use afsa_model::{Timestamp, VisitorKey};
use afsa_store::{Arrival, EventKey, Identity};

use crate::codec::{
    DecodeError, Decoder, Reader, SharedBlocks, SharedContexts, put_arrival_with, put_i64, put_u64,
};
use crate::error::{Context, Error};
use crate::people::Moment;

const BUFFER: usize = 64 << 10;

/// With these bytes records begin.
const ARRIVAL: u8 = 0;
const LINK: u8 = 1;

/// One record.
pub(super) enum Record {
    Arrival(Arrival),
    /// A hit told both the user and the visitor.
    Link {
        user: Arc<str>,
        moment: Moment,
        visitor: VisitorKey,
    },
}

/// Makes the record of an arrival.
pub(super) fn put_arrival_record(
    out: &mut Vec<u8>,
    arrival: &Arrival,
    contexts: &mut SharedContexts,
) {
    out.push(ARRIVAL);
    put_arrival_with(out, arrival, contexts);
}

/// Makes the record of a hit that told both its user and its visitor.
pub(super) fn put_link_record(out: &mut Vec<u8>, user: &str, moment: Moment, visitor: VisitorKey) {
    out.push(LINK);
    put_i64(out, moment.0.0);
    put_u64(out, moment.1);
    out.extend_from_slice(&visitor.0.to_be_bytes());
    out.extend_from_slice(user.as_bytes());
}

/// Appends records to a file.
pub(super) struct RecordFile {
    pub path: PathBuf,
    out: BufWriter<File>,
}

impl RecordFile {
    pub fn create(path: PathBuf) -> Result<RecordFile, Error> {
        let file = File::create(&path).context("create", &path)?;
        Ok(RecordFile {
            path,
            out: BufWriter::with_capacity(BUFFER, file),
        })
    }

    /// Appends a record as it stands in memory.
    pub fn put(&mut self, record: &[u8]) -> Result<(), Error> {
        let length = (record.len() as u32).to_be_bytes();
        self.out.write_all(&length).context("write", &self.path)?;
        self.out.write_all(record).context("write", &self.path)
    }

    /// Lets the file be read. Nothing is synced: after a crash it is of no use.
    pub fn finish(mut self) -> Result<PathBuf, Error> {
        self.out.flush().context("write", &self.path)?;
        Ok(self.path)
    }
}

/// The records of a file, in order. After an error there comes nothing.
pub(super) struct Records {
    path: PathBuf,
    file: BufReader<File>,
    /// Bytes not read yet.
    left: u64,
    decoder: Decoder,
    block: Vec<u8>,
}

impl Records {
    /// `blocks` are those with which the records were written.
    pub fn open(path: &Path, blocks: &Arc<SharedBlocks>) -> Result<Records, Error> {
        let file = File::open(path).context("open", path)?;
        let left = file.metadata().context("look at", path)?.len();
        Ok(Records {
            path: path.to_owned(),
            file: BufReader::with_capacity(BUFFER, file),
            left,
            decoder: Decoder::of_shared(blocks.clone()),
            block: Vec::new(),
        })
    }

    pub fn is_at_end(&self) -> bool {
        self.left == 0
    }

    /// Reads the next record as it was put, if there is one.
    pub fn next_raw(&mut self) -> Result<Option<&[u8]>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        let mut length = [0; 4];
        self.file
            .read_exact(&mut length)
            .context("read", &self.path)?;
        let length = u32::from_be_bytes(length);
        let rest = self.left.checked_sub(4 + u64::from(length));
        self.left = rest.ok_or_else(|| Error::damaged(&self.path, "a record is cut short"))?;
        self.block.resize(length as usize, 0);
        self.file
            .read_exact(&mut self.block)
            .context("read", &self.path)?;
        Ok(Some(&self.block))
    }

    fn read(&mut self) -> Result<Option<Record>, Error> {
        if self.next_raw()?.is_none() {
            return Ok(None);
        }
        record(&self.block, &mut self.decoder)
            .map(Some)
            .map_err(|error| Error::damaged(&self.path, error.to_string()))
    }
}

impl Iterator for Records {
    type Item = Result<Record, Error>;

    fn next(&mut self) -> Option<Result<Record, Error>> {
        let read = self.read();
        if read.is_err() {
            self.left = 0;
        }
        read.transpose()
    }
}

/// Hands over every record of the file, in order.
pub(super) fn for_each_record(
    path: &Path,
    blocks: &Arc<SharedBlocks>,
    mut take: impl FnMut(Record) -> Result<(), Error>,
) -> Result<(), Error> {
    Records::open(path, blocks)?.try_for_each(|record| take(record?))
}

/// Whose the arrival of a record is; `None` for other records.
pub(super) fn identity_of(record: &[u8]) -> Result<Option<Identity>, DecodeError> {
    let mut reader = Reader::new(record);
    match reader.u8()? {
        ARRIVAL => Decoder::identity(&mut reader).map(Some),
        _ => Ok(None),
    }
}

/// An arrival of which the hit isn't decoded yet.
pub(super) struct RawArrival<'a> {
    pub identity: Identity,
    pub event: Option<EventKey>,
    /// What [`Decoder::hit`] reads.
    pub hit: &'a [u8],
}

/// Reads the records in memory that begin at `offset`: the arrival, if the first is one, and where
/// the next begins.
pub(super) fn raw_at<'a>(
    bytes: &'a [u8],
    offset: usize,
) -> Result<(Option<RawArrival<'a>>, usize), DecodeError> {
    let mut reader = Reader::new(bytes.get(offset..).unwrap_or_default());
    let record = reader.block()?;
    let next = offset + 4 + record.len();
    let mut reader = Reader::new(record);
    if reader.u8()? != ARRIVAL {
        return Ok((None, next));
    }
    let arrival = RawArrival {
        identity: Decoder::identity(&mut reader)?,
        event: Decoder::event(&mut reader)?,
        hit: reader.rest(),
    };
    Ok((Some(arrival), next))
}

fn record(block: &[u8], decoder: &mut Decoder) -> Result<Record, DecodeError> {
    let mut reader = Reader::new(block);
    if reader.u8()? == ARRIVAL {
        return Ok(Record::Arrival(decoder.arrival(&mut reader)?));
    }
    let moment = (Timestamp(reader.i64()?), reader.u64()?);
    let visitor = VisitorKey(reader.u128()?);
    let user = std::str::from_utf8(reader.rest()).map_err(|_| reader.error("text"))?;
    Ok(Record::Link {
        user: user.into(),
        moment,
        visitor,
    })
}
