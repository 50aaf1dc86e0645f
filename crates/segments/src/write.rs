//! From columns to files.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_array::{ArrayRef, new_null_array};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::{ColumnSource, SegmentError, Table, Tables, stored};

/// The version of the layout that is written, as the files' metadata have it under
/// [`VERSION_KEY`].
pub const FORMAT_VERSION: u32 = 1;
pub(crate) const VERSION_KEY: &str = "afsa.segment.version";

/// Rows of a row group. One group keeps one dictionary a column; only tables too large for a
/// reader's memory are divided.
const ROW_GROUP: usize = 1 << 24;
/// Bytes of a column's distinct texts up to which they are kept in a dictionary.
const DICTIONARY: usize = 1 << 30;
const LEVEL: i32 = 3;

/// A file of a segment, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentFile {
    /// Within the segment's folder.
    pub name: String,
    /// Bytes.
    pub length: u64,
    /// CRC-32 (IEEE) of the whole file.
    pub crc32: u32,
}

/// The files of a segment. A table without rows has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SegmentFiles {
    pub files: Vec<SegmentFile>,
}

impl SegmentFiles {
    /// Bytes of all files.
    pub fn length(&self) -> u64 {
        self.files.iter().map(|file| file.length).sum()
    }
}

/// Writes a segment's files into a folder, which is made if it isn't there. When this returns,
/// the files and their names are on disk; they are no segment until a manifest lists them.
///
/// # Errors
/// [`SegmentError::Io`]; what was written by then may be left behind under any of the names.
pub fn write(tables: &Tables, folder: &Path) -> Result<SegmentFiles, SegmentError> {
    fs::create_dir_all(folder).map_err(|error| failed("make", folder, &error))?;
    let mut files = Vec::new();
    for table in Table::ALL {
        if tables.rows(table) > 0 {
            files.push(write_table(tables, table, folder)?);
        }
    }
    sync_folder(folder)?;
    if let Some(parent) = folder
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        sync_folder(parent)?;
    }
    Ok(SegmentFiles { files })
}

fn sync_folder(folder: &Path) -> Result<(), SegmentError> {
    let sync = || File::open(folder)?.sync_all();
    sync().map_err(|error| failed("sync", folder, &error))
}

pub(crate) fn failed(operation: &'static str, path: &Path, problem: &io::Error) -> SegmentError {
    SegmentError::Io {
        operation,
        path: path.display().to_string(),
        problem: problem.to_string(),
    }
}

fn write_table(tables: &Tables, table: Table, folder: &Path) -> Result<SegmentFile, SegmentError> {
    let name = table.file_name();
    let path = folder.join(name);
    let unfinished = folder.join(format!("{name}.tmp"));
    let (batch, properties) = batch(tables, table)?;

    let file = File::create(&unfinished).map_err(|error| failed("create", &unfinished, &error))?;
    let written = (|| {
        let mut output = Counted {
            file: BufWriter::new(file),
            crc: Default::default(),
            length: 0,
        };
        let mut writer = ArrowWriter::try_new(&mut output, batch.schema(), Some(properties))?;
        writer.write(&batch)?;
        writer.close()?;
        output.flush()?;
        output.file.get_ref().sync_all()?;
        fs::rename(&unfinished, &path)?;
        Ok::<_, parquet::errors::ParquetError>(SegmentFile {
            name: name.to_owned(),
            length: output.length,
            crc32: output.crc.finalize(),
        })
    })();
    written.map_err(|error| {
        // Were it left, it would only take room; the first error is the one to tell.
        let _ = fs::remove_file(&unfinished);
        SegmentError::Io {
            operation: "write",
            path: path.display().to_string(),
            problem: error.to_string(),
        }
    })
}

/// A table as one batch, and how to write it.
fn batch(tables: &Tables, table: Table) -> Result<(RecordBatch, WriterProperties), SegmentError> {
    let columns = stored::store(tables, table)?;
    let described = stored::describe(table);
    let mut fields = Vec::new();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    for (name, data_type) in &described {
        if let Some(array) = columns.get(name) {
            fields.push(Field::new(name, data_type.clone(), array.null_count() > 0));
            arrays.push(array.clone());
        }
    }
    if fields.is_empty()
        && let Some((name, data_type)) = described.first()
    {
        // A file must have a column to have rows.
        fields.push(Field::new(name, data_type.clone(), true));
        arrays.push(new_null_array(data_type, tables.rows(table)));
    }
    let properties = properties(table, &fields)?;
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays);
    batch
        .map(|batch| (batch, properties))
        .map_err(|error| columns.damaged(error.to_string()))
}

fn properties(table: Table, fields: &[Field]) -> Result<WriterProperties, SegmentError> {
    let level = ZstdLevel::try_new(LEVEL).map_err(|error| SegmentError::Io {
        operation: "compress",
        path: table.file_name().to_owned(),
        problem: error.to_string(),
    })?;
    let version = KeyValue::new(VERSION_KEY.to_owned(), FORMAT_VERSION.to_string());
    let mut properties = WriterProperties::builder()
        .set_created_by("afsa".to_owned())
        .set_compression(Compression::ZSTD(level))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_key_value_metadata(Some(vec![version]));
    for field in fields {
        let path = ColumnPath::from(field.name().as_str());
        if let Some(encoding) = encoding(table, field.name()) {
            properties = properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path.clone(), encoding);
        }
        if matches!(field.data_type(), DataType::Dictionary(..)) {
            properties = properties.set_column_dictionary_page_size_limit(path, DICTIONARY);
        } else if matches!(field.data_type(), DataType::Timestamp(..)) {
            // Readers of many segments pass over those outside of a period.
            properties = properties.set_column_statistics_enabled(path, EnabledStatistics::Chunk);
        }
    }
    Ok(properties.build())
}

/// How columns are encoded that a dictionary doesn't suit.
fn encoding(table: Table, name: &str) -> Option<Encoding> {
    match (table, name) {
        (Table::Visits, "visitor") => Some(Encoding::DELTA_BYTE_ARRAY),
        (Table::Visits, "start" | "first_hit" | "duration" | "first_sequence")
        | (
            Table::Hits,
            "visit" | "time" | "time_in_visit" | "sequence" | "sequence_in_visit" | "time_on_page"
            | "visible",
        )
        | (Table::Items, "hit" | "position") => Some(Encoding::DELTA_BINARY_PACKED),
        _ => None,
    }
}

/// Counts and checks what goes into a file.
struct Counted {
    file: BufWriter<File>,
    crc: crc32fast::Hasher,
    length: u64,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.crc.update(bytes.get(..written).unwrap_or_default());
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
