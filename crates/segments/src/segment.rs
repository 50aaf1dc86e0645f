//! A segment on disk.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

use afsa_model::{Cut, VisitorKey};
use arrow_array::{Array, ArrayRef};
use arrow_select::concat::concat;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::PageIndexPolicy;

use crate::gather::Gathered;
use crate::layout::{self, Columns};
use crate::rows::{self, Cuts, RowSource};
use crate::write::{FORMAT_VERSION, VERSION_KEY, failed};
use crate::{ColumnSource, SegmentError, SegmentFiles, Table, stored, verify};

/// A segment on disk, read by column or by visitor. It holds no file open and caches nothing, so
/// its folder must stay for as long as it is used.
#[derive(Clone, Debug)]
pub struct Segment {
    folder: PathBuf,
    /// In the order of [`Table::ALL`].
    rows: [usize; 5],
}

impl Segment {
    /// Reads the footers of the segment in this folder.
    ///
    /// # Errors
    /// Where a file can't be read, is no Parquet, or has another version of the layout than this
    /// crate knows.
    pub fn open(folder: &Path) -> Result<Segment, SegmentError> {
        let mut segment = Segment {
            folder: folder.to_owned(),
            rows: [0; 5],
        };
        for (table, rows) in Table::ALL.into_iter().zip(&mut segment.rows) {
            let path = folder.join(table.file_name());
            let file = match File::open(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(failed("open", &path, &error)),
            };
            let metadata = metadata(&file, &path, PageIndexPolicy::Skip)?;
            let file_metadata = metadata.metadata().file_metadata();
            check_version(&path, &metadata)?;
            *rows = usize::try_from(file_metadata.num_rows())
                .ok()
                .filter(|rows| *rows <= i32::MAX as usize)
                .ok_or_else(|| damaged(&path, "its number of rows is out of range"))?;
        }
        Ok(segment)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The visits and loose hits of those of `visitors` who are here, ascending by key. However
    /// many they are, each file is gone through once.
    pub fn visitors(
        &self,
        visitors: &[VisitorKey],
    ) -> Result<Vec<(VisitorKey, Cut)>, SegmentError> {
        let found = rows::find(self, visitors)?;
        let gathered = Gathered::read(self, &found)?;
        rows::cuts_of(&gathered, found)
    }

    /// Every visitor's visits and loose hits, ascending by key, read batch by batch; hits of
    /// nobody come in several items. After an error there comes nothing.
    pub fn cuts(&self) -> Cuts<'_> {
        Cuts::new(self)
    }

    /// Compares the files with what was written: their lengths and checksums.
    pub fn check(&self, files: &SegmentFiles) -> Result<(), SegmentError> {
        verify::checksums(&self.folder, files)
    }

    /// Compares the files with what was written, then everything in them with what is promised:
    /// types, references between rows, order, and that every hit can be read.
    pub fn verify(&self, files: &SegmentFiles) -> Result<(), SegmentError> {
        self.check(files)?;
        verify::contents(self)
    }

    pub(crate) fn path(&self, table: Table) -> PathBuf {
        self.folder.join(table.file_name())
    }

    /// Names and types of the columns in a table's file.
    pub(crate) fn stored_columns(
        &self,
        table: Table,
    ) -> Result<Vec<(String, arrow_schema::DataType)>, SegmentError> {
        let path = self.path(table);
        let file = File::open(&path).map_err(|error| failed("open", &path, &error))?;
        let metadata = metadata(&file, &path, PageIndexPolicy::Skip)?;
        let fields = metadata.schema().fields();
        Ok(fields
            .iter()
            .map(|field| (field.name().clone(), field.data_type().clone()))
            .collect())
    }

    /// Reads all columns of ranges of rows, ascending and apart, as one.
    pub(crate) fn read_ranges(
        &self,
        table: Table,
        ranges: &[Range<usize>],
    ) -> Result<Columns, SegmentError> {
        let columns = self.read_stored(table, ranges, None)?;
        self.restored(
            table,
            columns,
            ranges.iter().map(ExactSizeIterator::len).sum(),
        )
    }

    fn restored(
        &self,
        table: Table,
        columns: Columns,
        rows: usize,
    ) -> Result<Columns, SegmentError> {
        stored::restore(table, columns, rows, |visits, name| {
            self.read_stored(Table::Visits, &[visits], Some(&[name]))
        })
    }

    /// Reads stored columns (all, or those of `names` that are there) of ranges of rows.
    fn read_stored(
        &self,
        table: Table,
        ranges: &[Range<usize>],
        names: Option<&[&str]>,
    ) -> Result<Columns, SegmentError> {
        let path = self.path(table);
        let mut columns = Columns::new(path.display().to_string());
        let total = self.rows(table);
        let end = ranges.last().map_or(0, |range| range.end);
        if end > total {
            let problem = format!("row {} of {total} is referred to", end - 1);
            return Err(damaged(&path, &problem));
        }
        let rows: usize = ranges.iter().map(ExactSizeIterator::len).sum();
        if rows == 0 {
            return Ok(columns);
        }
        let file = File::open(&path).map_err(|error| failed("open", &path, &error))?;
        // Of a part of the rows only the pages are read that hold them.
        let policy = match rows == total {
            true => PageIndexPolicy::Skip,
            false => PageIndexPolicy::Optional,
        };
        let metadata = metadata(&file, &path, policy)?;
        let schema = metadata.schema().clone();
        let projected = schema
            .fields()
            .iter()
            .enumerate()
            .filter_map(|(index, field)| {
                let wanted = names.is_none_or(|names| names.contains(&field.name().as_str()));
                wanted.then_some(index)
            });
        let projected: Vec<usize> = projected.collect();
        if projected.is_empty() {
            return Ok(columns);
        }
        let unreadable = |error: ParquetError| damaged(&path, &error.to_string());
        let mask = ProjectionMask::roots(metadata.parquet_schema(), projected);
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
            .with_projection(mask)
            .with_batch_size(rows);
        if rows < total {
            let ranges = ranges.iter().filter(|range| !range.is_empty()).cloned();
            let selection = RowSelection::from_consecutive_ranges(ranges, total);
            builder = builder.with_row_selection(selection);
        }
        let batches = builder.build().map_err(unreadable)?;
        let batches: Vec<_> = batches
            .collect::<Result<_, _>>()
            .map_err(|error| damaged(&path, &error.to_string()))?;
        let Some(first) = batches.first() else {
            return Err(damaged(&path, "it has fewer rows than it says"));
        };
        for (index, field) in first.schema().fields().iter().enumerate() {
            let parts: Vec<&dyn Array> = batches
                .iter()
                .map(|batch| batch.column(index).as_ref())
                .collect();
            let array = match batches.as_slice() {
                [one] => one.column(index).clone(),
                _ => concat(&parts).map_err(|error| damaged(&path, &error.to_string()))?,
            };
            if array.len() != rows {
                return Err(damaged(&path, "it has fewer rows than it says"));
            }
            columns.add(field.name(), array);
        }
        Ok(columns)
    }
}

impl ColumnSource for Segment {
    fn rows(&self, table: Table) -> usize {
        self.rows.get(table as usize).copied().unwrap_or_default()
    }

    fn column(&self, table: Table, name: &str) -> Result<Option<ArrayRef>, SegmentError> {
        let mut columns = self.read(table, 0..self.rows(table), Some(&[name]))?;
        let Some(array) = columns.remove(name) else {
            return Ok(None);
        };
        let expected = layout::describe(table)
            .into_iter()
            .find(|(column, _)| column == name);
        match expected {
            Some((_, data_type)) if *array.data_type() == data_type => Ok(Some(array)),
            Some(_) => {
                columns.add(name, array);
                Err(columns.mistyped(name))
            }
            // Added by a later version: nothing that this one knows.
            None => Ok(None),
        }
    }
}

impl RowSource for Segment {
    fn read(
        &self,
        table: Table,
        rows: Range<usize>,
        names: Option<&[&str]>,
    ) -> Result<Columns, SegmentError> {
        let needed: Option<Vec<&str>> = names.map(|names| {
            names
                .iter()
                .flat_map(|name| stored::needed(table, name))
                .collect()
        });
        let columns = self.read_stored(table, std::slice::from_ref(&rows), needed.as_deref())?;
        self.restored(table, columns, rows.len())
    }
}

fn metadata(
    file: &File,
    path: &Path,
    offset_index: PageIndexPolicy,
) -> Result<ArrowReaderMetadata, SegmentError> {
    let options = ArrowReaderOptions::new().with_offset_index_policy(offset_index);
    ArrowReaderMetadata::load(file, options).map_err(|error| damaged(path, &error.to_string()))
}

fn check_version(path: &Path, metadata: &ArrowReaderMetadata) -> Result<(), SegmentError> {
    let pairs = metadata.metadata().file_metadata().key_value_metadata();
    let version = pairs
        .into_iter()
        .flatten()
        .find(|pair| pair.key == VERSION_KEY);
    match version.and_then(|version| version.value.as_deref()) {
        Some(version) if version.parse() == Ok(FORMAT_VERSION) => Ok(()),
        Some(version) => Err(damaged(
            path,
            &format!("version {version} of the layout isn't known"),
        )),
        None => Err(damaged(path, "it is no file of a segment")),
    }
}

pub(crate) fn damaged(path: &Path, problem: &str) -> SegmentError {
    SegmentError::Damaged {
        path: path.display().to_string(),
        problem: problem.to_owned(),
    }
}
