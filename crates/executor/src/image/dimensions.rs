//! Reading dimensions as codes of the vocabulary.

use afsa_segments::Table;
use afsa_store::{Dimension, StoreError};
use arrow_array::Array;

use super::{Codes, Image, NO_ROW, Numbered, Thing};

/// Whether things of this kind can have the dimension in columns of their own.
fn column_of(thing: Thing, dimension: Dimension) -> Option<Stored> {
    use Dimension::*;
    let name = dimension.to_string();
    match thing {
        Thing::Scene => Some(Stored::Text(Table::Visits, name)),
        Thing::Hit | Thing::PageView | Thing::Event => match dimension {
            Page | PageTitle | ContentGroup(_) | Custom(_) | EventCategory | EventAction
            | EventLabel | EventType | EventUrl => Some(Stored::Text(Table::Hits, name)),
            _ => None,
        },
        Thing::Product => match dimension {
            ProductSku => Some(Stored::either((Table::Items, "id"), (Table::Items, "name"))),
            Brand | Category | Variant => Some(Stored::Text(Table::Items, name)),
            CategoryLevel(level) => Some(Stored::CategoryLevel(level)),
            ProductList => Some(Stored::either(
                (Table::Items, "list"),
                (Table::Hits, "list"),
            )),
            ListPosition => Some(Stored::Number(Table::Items, "position")),
            CheckoutStep => Some(Stored::Number(Table::Hits, "checkout_step")),
            CheckoutOption | Page | PageTitle | ContentGroup(_) | Custom(_) => {
                Some(Stored::Text(Table::Hits, name))
            }
            _ => None,
        },
        Thing::Promotion => match dimension {
            Promotion => Some(Stored::either((Table::Items, "name"), (Table::Items, "id"))),
            PromotionCreative => Some(Stored::Text(Table::Items, "creative".into())),
            PromotionPosition => Some(Stored::Text(Table::Items, "promotion_position".into())),
            Page | PageTitle | ContentGroup(_) | Custom(_) => Some(Stored::Text(Table::Hits, name)),
            _ => None,
        },
        Thing::Order | Thing::OrderRow | Thing::Refund | Thing::RefundRow => None,
    }
}

enum Stored {
    Text(Table, String),
    /// The first that is told.
    Either([(Table, &'static str); 2]),
    Number(Table, &'static str),
    CategoryLevel(u8),
}

impl Stored {
    fn either(first: (Table, &'static str), second: (Table, &'static str)) -> Stored {
        Stored::Either([first, second])
    }
}

/// The level of a category, counted from 1; levels without a name are skipped.
pub(crate) fn category_level(category: &str, level: u8) -> Option<&str> {
    let mut levels = category.split('/').filter(|level| !level.is_empty());
    levels.nth(usize::from(level).checked_sub(1)?)
}

impl Image {
    /// Things that don't have the dimension themselves have null.
    pub(super) fn read_codes(
        &self,
        thing: Thing,
        dimension: Dimension,
    ) -> Result<Codes, StoreError> {
        let layout = self.layout()?;
        let things = self.things(thing)?;
        let Some(source) = column_of(thing, dimension) else {
            return Ok(Codes::Null(things.len));
        };
        // The row in the table that holds the column, for a thing.
        let row_in = |table: Table, row: usize| -> usize {
            let rows = match table {
                Table::Hits if !things.hit_rows.is_empty() => &things.hit_rows,
                _ => &things.rows,
            };
            match rows.get(row) {
                // Scenes past the visits and actions without a product have no row there.
                Some(&NO_ROW) => usize::MAX,
                Some(row) => *row as usize,
                None if table == Table::Visits && row >= layout.visits => usize::MAX,
                None => row,
            }
        };
        let reader = self.reader();
        let words = self.vocabulary.of(dimension);
        match source {
            Stored::Text(table, name) => {
                let Some(texts) = reader.texts(table, &name)? else {
                    return Ok(Codes::Null(things.len));
                };
                let rows = || (0..things.len).map(|row| row_in(table, row));
                let map = texts.codes(rows(), &mut words.write());
                let greatest = map.iter().copied().max().unwrap_or(0);
                let code = |row| texts.key(row).map_or(0, |key| map[key]);
                Ok(Codes::collect(greatest, rows().map(code)))
            }
            Stored::Either(columns) => {
                let mut sources = Vec::new();
                for (table, name) in columns {
                    if let Some(texts) = reader.texts(table, name)? {
                        let rows = (0..things.len).map(|row| row_in(table, row));
                        let map = texts.codes(rows, &mut words.write());
                        sources.push((table, texts, map));
                    }
                }
                let code = |row: usize| {
                    let told = sources.iter().filter_map(|(table, texts, map)| {
                        texts.key(row_in(*table, row)).map(|key| map[key])
                    });
                    told.filter(|code| *code != 0).take(1).next().unwrap_or(0)
                };
                let greatest = sources.iter().flat_map(|(_, _, map)| map).copied().max();
                Ok(Codes::collect(
                    greatest.unwrap_or(0),
                    (0..things.len).map(code),
                ))
            }
            Stored::Number(table, name) => {
                let Some(numbers) = reader.numbers(table, name)? else {
                    return Ok(Codes::Null(things.len));
                };
                let mut words = words.write();
                let code = |row: usize| {
                    let row = row_in(table, row);
                    if row >= numbers.len() || numbers.is_null(row) {
                        return 0;
                    }
                    words.code_of_number(i64::from(numbers.value(row)))
                };
                let codes: Vec<u32> = (0..things.len).map(code).collect();
                let greatest = codes.iter().copied().max().unwrap_or(0);
                Ok(Codes::collect(greatest, codes.into_iter()))
            }
            Stored::CategoryLevel(level) => {
                let categories = self.codes(thing, Dimension::Category)?;
                let map = self.category_levels(level, &mut words.write());
                let greatest = map.iter().copied().max().unwrap_or(0);
                let code = |row| map.get(categories.get(row) as usize).copied().unwrap_or(0);
                Ok(Codes::collect(greatest, (0..things.len).map(code)))
            }
        }
    }

    /// For each code of a category, that of its level.
    fn category_levels(&self, level: u8, words: &mut Numbered) -> Vec<u32> {
        let categories = self.vocabulary.of(Dimension::Category);
        let categories = categories.read();
        let levels = categories.values().iter().map(|value| match value {
            afsa_store::Value::Text(text) => {
                category_level(text, level).map_or(0, |name| words.code_of_text(name))
            }
            _ => 0,
        });
        std::iter::once(0).chain(levels).collect()
    }
}
