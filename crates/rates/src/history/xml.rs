//! The bank's XML: a `Cube` with a `time` for each day, in it a `Cube` with `currency` and `rate`
//! for each quote.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::Warnings;
use crate::collected::Collected;
use crate::{EURO, RatesError, RowFault, field};

/// The bank's elements lie four deep. A limit keeps memory small: the reader remembers all that are
/// open.
const DEEPEST: usize = 64;

/// Stops with a warning where the text is no longer XML: what came before was whole.
pub(super) fn read(
    text: &str,
    collected: &mut Collected,
    warnings: &mut Warnings,
) -> Result<(), RatesError> {
    let mut reader = Reader::from_str(text);
    let mut lines = Lines {
        text,
        read: 0,
        line: 1,
    };
    let mut day = None;
    let mut depth = 0_usize;
    let mut depth_of_day = 0_usize;
    loop {
        let start = reader.buffer_position();
        let event = reader.read_event();
        let malformed = match &event {
            Ok(Event::Eof) if depth > 0 => Some("it breaks off".to_owned()),
            Ok(_) if depth > DEEPEST => Some("elements lie too deep".to_owned()),
            Ok(Event::Eof) => return Ok(()),
            Ok(_) => None,
            Err(error) => Some(error.to_string()),
        };
        if let Some(reason) = malformed {
            let day = day.and_then(|day: Day| day.ok());
            warnings.add(
                lines.line_of(start),
                day,
                RowFault::Markup(field::excerpt(&reason)),
            );
            return Ok(());
        }
        match event {
            Ok(Event::Start(element)) => {
                depth += 1;
                if let Some(found) = day_of(&element, lines.line_of(start), warnings) {
                    (day, depth_of_day) = (Some(found), depth);
                } else {
                    quote(&element, lines.line_of(start), day, collected, warnings)?;
                }
            }
            Ok(Event::Empty(element)) => {
                quote(&element, lines.line_of(start), day, collected, warnings)?;
            }
            Ok(Event::End(_)) => {
                depth = depth.saturating_sub(1);
                if depth < depth_of_day {
                    day = None;
                }
            }
            _ => {}
        }
    }
}

/// A day that a `Cube` told, or that one told something that is no day, which was named then.
type Day = Result<i32, Unreadable>;

#[derive(Clone, Copy)]
struct Unreadable;

fn day_of(element: &BytesStart, line: usize, warnings: &mut Warnings) -> Option<Day> {
    let time = cube_attribute(element, "time")?;
    Some(field::day(time.trim()).map_err(|fault| {
        warnings.add(line, None, fault);
        Unreadable
    }))
}

/// Notes the quote that the element tells, if it tells one.
fn quote(
    element: &BytesStart,
    line: usize,
    day: Option<Day>,
    collected: &mut Collected,
    warnings: &mut Warnings,
) -> Result<(), RatesError> {
    let (Some(code), Some(rate)) = (
        cube_attribute(element, "currency"),
        cube_attribute(element, "rate"),
    ) else {
        return Ok(());
    };
    let day = match day {
        Some(Ok(day)) => day,
        Some(Err(Unreadable)) => return Ok(()),
        None => {
            warnings.add(line, None, RowFault::Date(field::excerpt("")));
            return Ok(());
        }
    };
    match read_quote(code.trim(), rate.trim()) {
        Ok((currency, quote)) => collected.add(&currency, day, quote),
        Err(fault) => {
            warnings.add(line, Some(day), fault);
            Ok(())
        }
    }
}

fn read_quote(code: &str, rate: &str) -> Result<(String, i64), RowFault> {
    let currency = field::currency(code)?;
    if currency == EURO {
        return Err(RowFault::Reference(currency));
    }
    let quote = field::quote(&currency, rate)?;
    Ok((currency, quote))
}

/// The attribute of a `Cube` as written: dates, codes and numbers need no escapes, and text with one is none
/// of them.
fn cube_attribute(element: &BytesStart, name: &str) -> Option<String> {
    if element.local_name().as_ref() != "Cube" {
        return None;
    }
    let attribute = element.try_get_attribute(name).ok().flatten()?;
    Some(attribute.value.into_owned())
}

/// Counts line ends as the reading goes on, each byte once.
struct Lines<'a> {
    text: &'a str,
    read: usize,
    line: usize,
}

impl Lines<'_> {
    fn line_of(&mut self, position: u64) -> usize {
        let position = usize::try_from(position)
            .unwrap_or(usize::MAX)
            .min(self.text.len());
        let passed = self
            .text
            .as_bytes()
            .get(self.read..position)
            .unwrap_or_default();
        self.line += passed.iter().filter(|byte| **byte == b'\n').count();
        self.read = self.read.max(position);
        self.line
    }
}
