//! What can go wrong with rates.

use crate::{LONGEST_TEXT, MOST_QUOTES};

/// Why there are no rates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RatesError {
    /// The build's own table is broken; no input can cause it.
    #[error("the table of rates in this build is damaged: {0}")]
    Shipped(&'static str),
    /// The bytes don't begin like any file of the European Central Bank's.
    #[error("neither the European Central Bank's archive nor its CSV or XML")]
    UnknownForm,
    /// The archive is cut off, wrong in its checksum, encrypted or the like.
    #[error("the archive of rates can't be read: {0}")]
    Archive(String),
    /// The archive is sound, but nothing in it is called `.csv` or `.xml`.
    #[error("the archive of rates holds neither CSV nor XML")]
    EmptyArchive,
    #[error("rates of more than {LONGEST_TEXT} bytes are not read")]
    TooLong,
    #[error("more than {MOST_QUOTES} rates are not read")]
    TooMany,
    /// A file of the bank's in which no rate could be read.
    #[error("no rate is in it{}", .0.as_ref().map(|first| format!("; {first}")).unwrap_or_default())]
    NoRates(Option<Box<crate::Warning>>),
    /// A line of an own list is wrong; lines count from 1.
    #[error("line {line}: {fault}")]
    Line { line: usize, fault: RowFault },
    /// What the caller named as reference is no code of a currency.
    #[error("{0} is no currency: three letters, such as USD")]
    Reference(String),
    /// Rates against one currency can't be laid over rates against another.
    #[error("rates quoted in {newer} can't be merged into rates quoted in {base}")]
    References { base: String, newer: String },
}

/// What is wrong with a row. Texts are the row's own, quoted, escaped and cut to a readable length.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowFault {
    #[error("{found} columns instead of {expected}")]
    Columns { expected: usize, found: usize },
    #[error("{0} is no date from 1900 to 2199: YYYY-MM-DD")]
    Date(String),
    #[error("{0} is no currency: three letters, such as USD")]
    Currency(String),
    #[error("{currency}: {text} is no rate: a plain decimal number above 0")]
    Number { currency: String, text: String },
    #[error("{currency}: {text} has more than 9 places after the point")]
    Places { currency: String, text: String },
    #[error("{currency}: {text} is above 9,223,372,036")]
    TooLarge { currency: String, text: String },
    /// The reference currency costs 1 of itself, always.
    #[error("{0} is the currency that the others are quoted in")]
    Reference(String),
    /// The XML breaks off or is malformed here; what follows was not read.
    #[error("the rest is no XML: {0}")]
    Markup(String),
}
