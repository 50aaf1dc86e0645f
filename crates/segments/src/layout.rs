//! The columns of each table, once for writing and reading.

use std::collections::BTreeMap;

use afsa_model::{Client, OrderFields, Origin, Product};
use arrow_array::types::{Int64Type, UInt8Type, UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType};
use arrow_schema::DataType;

use crate::builders::{
    Build, DecimalBuilder, FlagBuilder, KeyBuilder, NumberBuilder, Put, TextBuilder,
};
use crate::readers::{DecimalReader, FlagReader, KeyReader, Load, NumberReader, Take, TextReader};
use crate::{SegmentError, Table};

/// Columns by name, all of the same rows.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    /// What errors name: the file, or the table in memory.
    path: String,
    by_name: BTreeMap<String, ArrayRef>,
}

impl Columns {
    pub fn new(path: impl Into<String>) -> Columns {
        Columns {
            path: path.into(),
            by_name: BTreeMap::new(),
        }
    }

    pub fn add(&mut self, name: &str, array: ArrayRef) {
        self.by_name.insert(name.to_owned(), array);
    }

    pub fn remove(&mut self, name: &str) -> Option<ArrayRef> {
        self.by_name.remove(name)
    }

    pub fn get(&self, name: &str) -> Option<&ArrayRef> {
        self.by_name.get(name)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &ArrayRef)> {
        self.by_name
            .iter()
            .map(|(name, array)| (name.as_str(), array))
    }

    pub fn slice(&self, offset: usize, rows: usize) -> Columns {
        let slices = self.by_name.iter().map(|(name, array)| {
            let offset = offset.min(array.len());
            (
                name.clone(),
                array.slice(offset, rows.min(array.len() - offset)),
            )
        });
        Columns {
            path: self.path.clone(),
            by_name: slices.collect(),
        }
    }

    pub fn damaged(&self, problem: impl Into<String>) -> SegmentError {
        SegmentError::Damaged {
            path: self.path.clone(),
            problem: problem.into(),
        }
    }

    pub fn mistyped(&self, name: &str) -> SegmentError {
        let found = self.get(name).map(|array| array.data_type().to_string());
        let found = found.unwrap_or_default();
        self.damaged(format!("column {name} has the unexpected type {found}"))
    }
}

/// What the columns of a table are, by kind: builders, or readers.
pub(crate) trait Form {
    type Text;
    type Number<T: ArrowPrimitiveType>;
    type Decimal;
    type Flag;
    type Key;
}

pub(crate) enum Building {}

impl Form for Building {
    type Text = TextBuilder;
    type Number<T: ArrowPrimitiveType> = NumberBuilder<T>;
    type Decimal = DecimalBuilder;
    type Flag = FlagBuilder;
    type Key = KeyBuilder;
}

pub(crate) enum Reading {}

impl Form for Reading {
    type Text = TextReader;
    type Number<T: ArrowPrimitiveType> = NumberReader<T>;
    type Decimal = DecimalReader;
    type Flag = FlagReader;
    type Key = KeyReader;
}

/// Describes a field whose type only the compiler can name.
fn describe_as<S, L: Load>(_: impl Fn(&S) -> &L, name: &str, into: &mut Vec<(String, DataType)>) {
    L::describe(name, into);
}

/// Declares structs of columns named as their fields; records in them bring their own names.
macro_rules! columns {
    ($($(#[$doc:meta])* $table:ident($prefix:literal) { $($field:ident: $kind:ty,)* })*) => {$(
        $(#[$doc])*
        pub(crate) struct $table<F: Form> {
            $(pub $field: $kind,)*
        }

        impl Default for $table<Building> {
            fn default() -> Self {
                $table { $($field: Default::default(),)* }
            }
        }

        impl Build for $table<Building> {
            fn finish(
                self,
                _: &str,
                rows: usize,
                into: &mut Columns,
            ) -> Result<(), SegmentError> {
                $(self.$field.finish(concat!($prefix, stringify!($field)), rows, into)?;)*
                Ok(())
            }
        }

        impl Load for $table<Reading> {
            fn load(_: &str, from: &Columns) -> Result<Self, SegmentError> {
                Ok($table {
                    $($field: Load::load(concat!($prefix, stringify!($field)), from)?,)*
                })
            }

            fn describe(_: &str, into: &mut Vec<(String, DataType)>) {
                $(describe_as(
                    |columns: &Self| &columns.$field,
                    concat!($prefix, stringify!($field)),
                    into,
                );)*
            }
        }
    )*};
}

/// Declares columns that hold a record of the model, field by field.
macro_rules! record {
    ($(#[$doc:meta])* $columns:ident($prefix:literal) of $model:ident {
        $($field:ident: $kind:ty,)*
    }) => {
        columns! { $(#[$doc])* $columns($prefix) { $($field: $kind,)* } }

        impl Put for $columns<Building> {
            type Value = $model;

            fn put(&mut self, row: usize, value: &$model) {
                $(self.$field.put(row, &value.$field);)*
            }
        }

        impl Take for $columns<Reading> {
            type Value = $model;

            #[allow(clippy::needless_update)]
            fn take(&self, row: usize) -> $model {
                $model { $($field: self.$field.take(row),)* ..$model::default() }
            }
        }
    };
}

columns! {
    VisitColumns("") {
        visitor: F::Key,
        start: F::Number<Int64Type>,
        end: F::Number<Int64Type>,
        first_hit: F::Number<UInt32Type>,
        hits: F::Number<UInt32Type>,
        exclusion: F::Number<UInt8Type>,
        is_bounce: F::Flag,
        origin: OriginColumns<F>,
        client: ClientColumns<F>,
        hostname: F::Text,
        entry_page: F::Text,
        exit_page: F::Text,
        user_id: F::Text,
        user_role: F::Text,
    }

    HitColumns("") {
        visit: F::Number<UInt32Type>,
        visitor: F::Key,
        kind: F::Number<UInt8Type>,
        time: F::Number<Int64Type>,
        sequence: F::Number<UInt64Type>,
        by_user: F::Flag,
        import: F::Number<UInt32Type>,
        exclusion: F::Number<UInt8Type>,
        user_id: F::Text,
        user_role: F::Text,
        client: F::Number<UInt32Type>,
        origin: F::Number<UInt32Type>,
        has_location: F::Flag,
        hostname: F::Text,
        page: F::Text,
        page_title: F::Text,
        content_group: [F::Text; 5],
        dimension: [F::Text; 20],
        metric: [F::Decimal; 20],
        event_category: F::Text,
        event_action: F::Text,
        event_label: F::Text,
        event_type: F::Text,
        event_url: F::Text,
        event_value: F::Decimal,
        non_interaction: F::Flag,
        visible: F::Number<Int64Type>,
        scroll: F::Number<UInt8Type>,
        time_on_page: F::Number<Int64Type>,
        scroll_depth: F::Number<UInt8Type>,
        product_action: F::Number<UInt8Type>,
        list: F::Text,
        checkout_step: F::Number<UInt32Type>,
        checkout_option: F::Text,
        order: OrderColumns<F>,
        order_state: F::Number<UInt8Type>,
        visitor_fields: F::Text,
    }

    ItemColumns("") {
        hit: F::Number<UInt32Type>,
        item: F::Number<UInt8Type>,
        product: ProductColumns<F>,
        creative: F::Text,
        promotion_position: F::Text,
    }
}

record! {
    ClientColumns("") of Client {
        country: F::Text,
        region: F::Text,
        city: F::Text,
        continent: F::Text,
        language: F::Text,
        device: F::Text,
        device_brand: F::Text,
        device_model: F::Text,
        browser: F::Text,
        browser_version: F::Text,
        os: F::Text,
        os_version: F::Text,
        screen: F::Text,
        viewport: F::Text,
        cms: F::Text,
    }
}

record! {
    OriginColumns("") of Origin {
        channel: F::Text,
        source: F::Text,
        referrer: F::Text,
        referrer_host: F::Text,
        search_engine: F::Text,
        keyword: F::Text,
        social_network: F::Text,
        ai_assistant: F::Text,
        campaign: F::Text,
        campaign_source: F::Text,
        campaign_medium: F::Text,
        campaign_term: F::Text,
        campaign_content: F::Text,
        campaign_id: F::Text,
        click_id_name: F::Text,
        click_id: F::Text,
        cost_method: F::Text,
        cost: F::Decimal,
    }
}

record! {
    /// All of an order but its state.
    OrderColumns("order_") of OrderFields {
        id: F::Text,
        affiliation: F::Text,
        currency: F::Text,
        coupon: F::Text,
        revenue: F::Decimal,
        revenue_net: F::Decimal,
        revenue_tax: F::Decimal,
        shipping: F::Decimal,
        shipping_net: F::Decimal,
        shipping_tax: F::Decimal,
        tax: F::Decimal,
        coupon_value: F::Decimal,
    }
}

record! {
    ProductColumns("") of Product {
        id: F::Text,
        name: F::Text,
        brand: F::Text,
        category: F::Text,
        variant: F::Text,
        coupon: F::Text,
        list: F::Text,
        currency: F::Text,
        price: F::Decimal,
        quantity: F::Decimal,
        position: F::Number<UInt32Type>,
    }
}

/// The names and types of a table's columns.
pub(crate) fn describe(table: Table) -> Vec<(String, DataType)> {
    let mut columns = Vec::new();
    match table {
        Table::Visits => VisitColumns::<Reading>::describe("", &mut columns),
        Table::Hits => HitColumns::<Reading>::describe("", &mut columns),
        Table::Items => ItemColumns::<Reading>::describe("", &mut columns),
        Table::Clients => ClientColumns::<Reading>::describe("", &mut columns),
        Table::Origins => OriginColumns::<Reading>::describe("", &mut columns),
    }
    columns
}
