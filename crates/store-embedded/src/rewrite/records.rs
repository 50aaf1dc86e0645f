//! Files of records that live as long as a rewriting does: arrivals, and who was seen as whom.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use afsa_model::{Timestamp, VisitorKey};
use afsa_store::Arrival;

use crate::codec::{Decoder, Reader, put_arrival, put_i64, put_u64};
use crate::error::{Context, Error};
use crate::people::Moment;

const BUFFER: usize = 64 << 10;

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

/// Appends records to a file.
pub(super) struct RecordFile {
    pub path: PathBuf,
    out: BufWriter<File>,
    scratch: Vec<u8>,
}

impl RecordFile {
    pub fn create(path: PathBuf) -> Result<RecordFile, Error> {
        let file = File::create(&path).context("create", &path)?;
        Ok(RecordFile {
            path,
            out: BufWriter::with_capacity(BUFFER, file),
            scratch: Vec::new(),
        })
    }

    pub fn put(&mut self, arrival: &Arrival) -> Result<(), Error> {
        self.scratch.clear();
        self.scratch.push(0);
        put_arrival(&mut self.scratch, arrival);
        self.write()
    }

    pub fn put_link(
        &mut self,
        user: &str,
        moment: Moment,
        visitor: VisitorKey,
    ) -> Result<(), Error> {
        self.scratch.clear();
        self.scratch.push(1);
        put_i64(&mut self.scratch, moment.0.0);
        put_u64(&mut self.scratch, moment.1);
        self.scratch.extend_from_slice(&visitor.0.to_be_bytes());
        self.scratch.extend_from_slice(user.as_bytes());
        self.write()
    }

    fn write(&mut self) -> Result<(), Error> {
        let length = (self.scratch.len() as u32).to_be_bytes();
        self.out.write_all(&length).context("write", &self.path)?;
        self.out
            .write_all(&self.scratch)
            .context("write", &self.path)
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
    pub fn open(path: &Path) -> Result<Records, Error> {
        let file = File::open(path).context("open", path)?;
        let left = file.metadata().context("look at", path)?.len();
        Ok(Records {
            path: path.to_owned(),
            file: BufReader::with_capacity(BUFFER, file),
            left,
            decoder: Decoder::default(),
            block: Vec::new(),
        })
    }

    pub fn is_at_end(&self) -> bool {
        self.left == 0
    }

    fn read(&mut self) -> Result<Record, Error> {
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
        record(&self.block, &mut self.decoder)
            .map_err(|error| Error::damaged(&self.path, error.to_string()))
    }
}

impl Iterator for Records {
    type Item = Result<Record, Error>;

    fn next(&mut self) -> Option<Result<Record, Error>> {
        if self.left == 0 {
            return None;
        }
        let read = self.read();
        if read.is_err() {
            self.left = 0;
        }
        Some(read)
    }
}

/// Hands over every record of the file, in order.
pub(super) fn for_each_record(
    path: &Path,
    mut take: impl FnMut(Record) -> Result<(), Error>,
) -> Result<(), Error> {
    Records::open(path)?.try_for_each(|record| take(record?))
}

fn record(block: &[u8], decoder: &mut Decoder) -> Result<Record, crate::codec::DecodeError> {
    let mut reader = Reader::new(block);
    if reader.u8()? == 0 {
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
