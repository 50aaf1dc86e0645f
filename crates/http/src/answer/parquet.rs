//! Tables as Parquet: numbers as numbers, money as exact decimals.

use std::sync::Arc;

use afsa_query::{ColumnType, DimensionType, Figure, MetricUnit};
use afsa_store::Value as Key;
use parquet::basic::{Compression, LogicalType, Repetition, Type as PhysicalType};
use parquet::data_type::{
    ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray, FixedLenByteArrayType,
    Int64Type,
};
use parquet::errors::{ParquetError, Result};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use serde_json::Value;

use super::figure::{digits_of, whole};
use super::listing::{self, Cell, Listing};
use crate::question::Answered;

/// A table of figures.
pub(crate) fn table(answered: &Answered) -> Result<Vec<u8>> {
    file(columns(answered))
}

/// A list of things.
pub(crate) fn list(listing: &Listing) -> Result<Vec<u8>> {
    file(
        listing
            .columns
            .iter()
            .map(|it| listed(it, listing))
            .collect(),
    )
}

/// A file of one row group; an answer has at most some thousands of rows.
fn file(columns: Vec<Column>) -> Result<Vec<u8>> {
    let fields = columns
        .iter()
        .map(|column| column.schema().map(Arc::new))
        .collect::<Result<Vec<_>>>()?;
    let schema = Type::group_type_builder("answer")
        .with_fields(fields)
        .build()?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .build();
    let mut writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    for column in columns {
        column.write(&mut group)?;
    }
    group.close()?;
    writer.into_inner()
}

struct Column {
    name: String,
    cells: Cells,
}

/// The values of a column, `None` where there is none.
enum Cells {
    Texts(Vec<Option<ByteArray>>),
    Wholes(Vec<Option<i64>>),
    Numbers(Vec<Option<f64>>),
    Amounts {
        cells: Vec<Option<FixedLenByteArray>>,
        digits: u32,
    },
}

fn columns(answered: &Answered) -> Vec<Column> {
    let answer = &answered.answer;
    let digits = digits_of(&answered.plan.currency);
    let rows = &answer.rows;
    let mut columns = Vec::new();
    let mut metrics: Vec<(&str, MetricUnit)> = Vec::new();
    for (index, column) in answer.columns.iter().enumerate() {
        let keys = rows
            .iter()
            .map(|row| row.keys.get(index).unwrap_or(&Key::Null));
        let cells = match column.column_type {
            ColumnType::Metric(unit) => {
                metrics.push((&column.name, unit));
                continue;
            }
            ColumnType::Dimension(DimensionType::Number) => Cells::Wholes(
                keys.map(|key| match key {
                    Key::Number(number) => Some(*number),
                    _ => None,
                })
                .collect(),
            ),
            ColumnType::Dimension(_) => Cells::Texts(
                keys.map(|key| match key {
                    Key::Text(text) => Some(ByteArray::from(text.as_bytes().to_vec())),
                    Key::Number(number) => Some(ByteArray::from(number.to_string().into_bytes())),
                    Key::Null => None,
                })
                .collect(),
            ),
        };
        columns.push(Column {
            name: column.name.clone(),
            cells,
        });
    }
    let figure = |figures: Option<&Vec<Figure>>, index: usize| -> Figure {
        figures
            .and_then(|figures| figures.get(index).copied())
            .flatten()
    };
    for (index, (name, unit)) in metrics.iter().enumerate() {
        let figures = rows.iter().map(|row| figure(Some(&row.values), index));
        columns.push(Column {
            name: (*name).to_owned(),
            cells: cells(figures, *unit, digits),
        });
    }
    if answered.plan.comparison.is_some() {
        for (index, (name, unit)) in metrics.iter().enumerate() {
            let figures = rows.iter().map(|row| figure(row.previous.as_ref(), index));
            let name = format!("previous_{name}");
            columns.push(Column {
                name,
                cells: cells(figures, *unit, digits),
            });
        }
        for (index, (name, _)) in metrics.iter().enumerate() {
            let figures = rows.iter().map(|row| figure(row.change.as_ref(), index));
            let name = format!("change_{name}");
            columns.push(Column {
                name,
                cells: cells(figures, MetricUnit::Rate, digits),
            });
        }
    }
    columns
}

fn listed(column: &listing::Column, listing: &Listing) -> Column {
    let rows = listing.rows.iter();
    let told = rows.map(|row| row.get(&column.name).filter(|it| !it.is_null()));
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let cells = match column.cell {
        Cell::Text => {
            let cell = |told: Option<&Value>| Some(ByteArray::from(text(told?).into_bytes()));
            Cells::Texts(told.map(cell).collect())
        }
        Cell::Whole => Cells::Wholes(told.map(|told| told?.as_i64()).collect()),
        Cell::Number => Cells::Numbers(told.map(|told| told?.as_f64()).collect()),
        Cell::Money => {
            // Each is told with its currency's digits, and all of a column are the same in a file.
            let told: Vec<Option<String>> = told.map(|told| told.map(text)).collect();
            let fraction = |text: &String| text.split_once('.').map_or(0, |(_, it)| it.len());
            let digits = told.iter().flatten().map(fraction).max().unwrap_or(0);
            let digits = digits.max(listing.digits());
            let cell = |told: &Option<String>| decimal(told.as_ref()?, digits);
            Cells::Amounts {
                cells: told.iter().map(cell).collect(),
                digits: digits as u32,
            }
        }
    };
    Column {
        name: column.name.clone(),
        cells,
    }
}

/// A decimal number with so many digits after the point.
fn decimal(text: &str, digits: usize) -> Option<FixedLenByteArray> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let units: i128 = format!("{whole}{fraction:0<digits$}").parse().ok()?;
    Some(FixedLenByteArray::from(units.to_be_bytes().to_vec()))
}

fn cells(figures: impl Iterator<Item = Figure>, unit: MetricUnit, digits: u32) -> Cells {
    match unit {
        MetricUnit::Count => Cells::Wholes(figures.map(whole).collect()),
        MetricUnit::Money => Cells::Amounts {
            cells: figures
                .map(|figure| {
                    let units = figure?.rounded(digits)?;
                    Some(FixedLenByteArray::from(units.to_be_bytes().to_vec()))
                })
                .collect(),
            digits,
        },
        MetricUnit::Rate
        | MetricUnit::Seconds
        | MetricUnit::Days
        | MetricUnit::Percent
        | MetricUnit::Number => Cells::Numbers(
            figures
                .map(|figure| figure.map(|fraction| fraction.to_f64()))
                .collect(),
        ),
    }
}

impl Column {
    fn schema(&self) -> Result<Type> {
        let builder = |physical| {
            Type::primitive_type_builder(&self.name, physical).with_repetition(Repetition::OPTIONAL)
        };
        match &self.cells {
            Cells::Texts(_) => builder(PhysicalType::BYTE_ARRAY)
                .with_logical_type(Some(LogicalType::String))
                .build(),
            Cells::Wholes(_) => builder(PhysicalType::INT64).build(),
            Cells::Numbers(_) => builder(PhysicalType::DOUBLE).build(),
            Cells::Amounts { digits, .. } => {
                let scale = i32::try_from(*digits).unwrap_or(2);
                builder(PhysicalType::FIXED_LEN_BYTE_ARRAY)
                    .with_length(16)
                    .with_precision(38)
                    .with_scale(scale)
                    .with_logical_type(Some(LogicalType::decimal(scale, 38)))
                    .build()
            }
        }
    }

    fn write(self, group: &mut SerializedRowGroupWriter<'_, Vec<u8>>) -> Result<()> {
        match self.cells {
            Cells::Texts(cells) => write::<ByteArrayType>(group, cells),
            Cells::Wholes(cells) => write::<Int64Type>(group, cells),
            Cells::Numbers(cells) => write::<DoubleType>(group, cells),
            Cells::Amounts { cells, .. } => write::<FixedLenByteArrayType>(group, cells),
        }
    }
}

fn write<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    cells: Vec<Option<T::T>>,
) -> Result<()> {
    let mut column = group
        .next_column()?
        .ok_or_else(|| ParquetError::General("more columns than the schema has".into()))?;
    let levels: Vec<i16> = cells.iter().map(|cell| i16::from(cell.is_some())).collect();
    let values: Vec<T::T> = cells.into_iter().flatten().collect();
    column
        .typed::<T>()
        .write_batch(&values, Some(&levels), None)?;
    column.close()
}
