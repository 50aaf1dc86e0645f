//! The product rows of purchases and refunds.

use std::ops::Range;

use afsa_model::{Decimal, Product};
use afsa_segments::Table;
use afsa_store::StoreError;
use arrow_array::Array;

use super::texts::TextColumn;
use crate::image::{Amounts, Reader};

/// Columns of product rows, in the order of the hits that told them.
pub(crate) struct Items {
    /// Where those of each hit begin, and the end.
    starts: Vec<u32>,
    pub(crate) id: TextColumn,
    pub(crate) name: TextColumn,
    pub(crate) brand: TextColumn,
    pub(crate) category: TextColumn,
    pub(crate) variant: TextColumn,
    pub(crate) coupon: TextColumn,
    pub(crate) list: TextColumn,
    currency: TextColumn,
    /// In millionths.
    price: Amounts,
    /// In millionths of a piece.
    quantity: Amounts,
    position: Amounts,
}

const ITEM_PRODUCT: u8 = 1;

impl Items {
    /// Those of these rows of the hits, ascending.
    pub(super) fn read(reader: &Reader, hits: &[u32]) -> Result<Items, StoreError> {
        let of = reader.numbers(Table::Items, "hit")?;
        let of: &[u32] = of.as_ref().map_or(&[], |of| of.values());
        let kinds = reader.small(Table::Items, "item")?;
        let is_product = |row: &usize| {
            let kinds = kinds.as_ref().filter(|kinds| kinds.is_valid(*row));
            kinds.is_some_and(|kinds| kinds.value(*row) == ITEM_PRODUCT)
        };
        let (mut starts, mut rows) = (Vec::with_capacity(hits.len() + 1), Vec::new());
        let mut from = 0;
        for hit in hits {
            starts.push(rows.len() as u32);
            from += of[from..].partition_point(|of| of < hit);
            let here = of[from..].iter().take_while(|of| *of == hit).count();
            let products = (from..from + here).filter(is_product);
            rows.extend(products.map(|row| row as u32));
            from += here;
        }
        starts.push(rows.len() as u32);
        let texts = |name| TextColumn::read(reader, Table::Items, name, &rows, |_| true);
        let positions = reader.numbers(Table::Items, "position")?;
        let position = |row: &u32| {
            let row = *row as usize;
            let told = positions.as_ref().filter(|it| it.is_valid(row))?;
            Some(i64::from(told.value(row)))
        };
        Ok(Items {
            starts,
            id: texts("id")?,
            name: texts("name")?,
            brand: texts("brand")?,
            category: texts("category")?,
            variant: texts("variant")?,
            coupon: texts("coupon")?,
            list: texts("list")?,
            currency: texts("currency")?,
            price: micros(reader, Table::Items, "price", &rows)?,
            quantity: micros(reader, Table::Items, "quantity", &rows)?,
            position: Amounts::collect(rows.iter().map(position)),
        })
    }

    pub(super) fn bytes(&self) -> usize {
        let texts = [
            &self.id,
            &self.name,
            &self.brand,
            &self.category,
            &self.variant,
            &self.coupon,
            &self.list,
            &self.currency,
        ];
        let amounts = [&self.price, &self.quantity, &self.position];
        self.starts.len() * 4
            + texts.iter().map(|texts| texts.bytes()).sum::<usize>()
            + amounts.iter().map(|amounts| amounts.bytes()).sum::<usize>()
    }

    /// The rows of the hit of this number.
    pub(crate) fn of(&self, hit: usize) -> Range<usize> {
        self.starts[hit] as usize..self.starts[hit + 1] as usize
    }

    /// A missing quantity is 1, in millionths.
    pub(crate) fn pieces(&self, row: usize) -> i64 {
        self.quantity.get(row).unwrap_or(Decimal::SCALE)
    }

    pub(crate) fn position(&self, row: usize) -> Option<i64> {
        self.position.get(row)
    }

    /// Only what it cost.
    pub(super) fn priced(&self, row: usize) -> Product {
        Product {
            currency: self.currency.text(row),
            price: self.price.get(row).map(Decimal::from_micros),
            quantity: self.quantity.get(row).map(Decimal::from_micros),
            ..Product::default()
        }
    }

    pub(super) fn product(&self, row: usize) -> Product {
        Product {
            id: self.id.text(row),
            name: self.name.text(row),
            brand: self.brand.text(row),
            category: self.category.text(row),
            variant: self.variant.text(row),
            coupon: self.coupon.text(row),
            list: self.list.text(row),
            currency: self.currency.text(row),
            price: self.price.get(row).map(Decimal::from_micros),
            quantity: self.quantity.get(row).map(Decimal::from_micros),
            position: self.position.get(row).and_then(|it| u32::try_from(it).ok()),
        }
    }
}

/// Decimals of these rows of a column.
pub(super) fn micros(
    reader: &Reader,
    table: Table,
    name: &str,
    rows: &[u32],
) -> Result<Amounts, StoreError> {
    let Some(column) = reader.times(table, name)? else {
        return Ok(Amounts::Nothing);
    };
    Ok(Amounts::collect(rows.iter().map(|row| {
        let row = *row as usize;
        column.is_valid(row).then(|| column.value(row))
    })))
}
