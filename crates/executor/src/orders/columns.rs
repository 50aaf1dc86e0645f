//! Orders as columns beside those of their image.

use std::sync::{Arc, Mutex, PoisonError};

use afsa_model::{OrderState, Product};
use afsa_store::{Dimension, Kind, Value};
use afsa_visits::orders::Order;
use hashbrown::HashMap;

use crate::bits::Bits;
use crate::image::{Codes, Instants, Offsets, Thing, Vocabulary, category_level};

/// An order and the scene that it belongs to.
#[derive(PartialEq)]
pub(crate) struct Placed {
    pub(crate) scene: usize,
    pub(crate) order: Order,
    /// The row of its purchase among the hits, where it lies in the same scene.
    pub(crate) hit: Option<u32>,
    /// The site's own dimensions of its purchase.
    pub(crate) custom: Vec<(u8, Arc<str>)>,
}

/// The orders of the scenes of one part, by scene, time and arrival; their rows beside them.
pub(crate) struct PartOrders {
    placed: Vec<Placed>,
    pub(crate) offsets: Offsets,
    pub(crate) row_offsets: Offsets,
    /// Where the rows of each order begin, and the end.
    pub(crate) row_starts: Vec<u32>,
    /// The order of each row.
    pub(crate) order_of_row: Vec<u32>,
    pub(crate) times: Instants,
    codes: Mutex<HashMap<(Thing, Dimension), Arc<Codes>>>,
    coupons: Mutex<Option<Arc<Coupons>>>,
}

/// The coupons of each order: its own and its rows', each once; null where there is none.
pub(crate) struct Coupons {
    pub(crate) starts: Vec<u32>,
    pub(crate) codes: Vec<u32>,
}

impl Coupons {
    pub(crate) fn of(&self, order: usize) -> &[u32] {
        &self.codes[self.starts[order] as usize..self.starts[order + 1] as usize]
    }
}

impl PartOrders {
    pub(crate) fn new(scenes: usize, mut placed: Vec<Placed>) -> PartOrders {
        placed.sort_by_key(|it| (it.scene, it.order.time, it.order.sequence));
        let mut has = Bits::zeros(scenes);
        let mut has_rows = Bits::zeros(scenes);
        let (mut starts, mut scene_rows) = (Vec::new(), Vec::new());
        let (mut row_starts, mut order_of_row) = (vec![0], Vec::new());
        for (at, placed) in placed.iter().enumerate() {
            if !has.get(placed.scene) {
                has.set(placed.scene);
                starts.push(at as u32);
            }
            if !placed.order.rows.is_empty() && !has_rows.get(placed.scene) {
                has_rows.set(placed.scene);
                scene_rows.push(order_of_row.len() as u32);
            }
            order_of_row.extend(placed.order.rows.iter().map(|_| at as u32));
            row_starts.push(order_of_row.len() as u32);
        }
        starts.push(placed.len() as u32);
        scene_rows.push(order_of_row.len() as u32);
        PartOrders {
            offsets: Offsets::sparse(has, starts),
            row_offsets: Offsets::sparse(has_rows, scene_rows),
            times: Instants::from_values(placed.iter().map(|it| it.order.time.0).collect()),
            row_starts,
            order_of_row,
            placed,
            codes: Mutex::default(),
            coupons: Mutex::default(),
        }
    }

    pub(crate) fn is_same(&self, other: &PartOrders) -> bool {
        self.placed == other.placed
    }

    pub(crate) fn len(&self) -> usize {
        self.placed.len()
    }

    pub(crate) fn order(&self, order: usize) -> &Order {
        &self.placed[order].order
    }

    /// The row of its purchase among the hits, where it lies in the same scene.
    pub(crate) fn hit_of(&self, order: usize) -> Option<usize> {
        self.placed[order].hit.map(|hit| hit as usize)
    }

    pub(crate) fn is_cancelled(&self, order: usize) -> bool {
        self.order(order).state == OrderState::Cancelled
    }

    pub(crate) fn rows_of(&self, order: usize) -> std::ops::Range<usize> {
        self.row_starts[order] as usize..self.row_starts[order + 1] as usize
    }

    /// The order of a row, and the row itself.
    pub(crate) fn row(&self, row: usize) -> (&Order, &Product) {
        let order = self.order_of_row[row] as usize;
        let order_itself = self.order(order);
        (
            order_itself,
            &order_itself.rows[row - self.row_starts[order] as usize],
        )
    }

    /// The codes of a dimension that orders, or their rows, have one value of.
    pub(crate) fn codes(
        &self,
        thing: Thing,
        dimension: Dimension,
        vocabulary: &Vocabulary,
    ) -> Arc<Codes> {
        let mut kept = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        kept.entry((thing, dimension))
            .or_insert_with(|| Arc::new(self.make_codes(thing, dimension, vocabulary)))
            .clone()
    }

    pub(crate) fn coupons(&self, vocabulary: &Vocabulary) -> Arc<Coupons> {
        let mut kept = self.coupons.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get_or_insert_with(|| Arc::new(self.make_coupons(vocabulary)))
            .clone()
    }

    fn make_codes(&self, thing: Thing, dimension: Dimension, vocabulary: &Vocabulary) -> Codes {
        let words = vocabulary.of(dimension);
        let mut words = words.write();
        let mut code = |value: Value| match value {
            Value::Text(text) => words.code_of_text(&text),
            Value::Number(number) => words.code_of_number(number),
            Value::Null => 0,
        };
        let codes: Vec<u32> = match thing {
            Thing::Order => self
                .placed
                .iter()
                .map(|placed| code(of_order(placed, dimension)))
                .collect(),
            Thing::OrderRow => (0..self.order_of_row.len())
                .map(|row| {
                    let placed = &self.placed[self.order_of_row[row] as usize];
                    code(of_row(placed, self.row(row).1, dimension))
                })
                .collect(),
            _ => Vec::new(),
        };
        Codes::collect(codes.iter().copied().max().unwrap_or(0), codes.into_iter())
    }

    fn make_coupons(&self, vocabulary: &Vocabulary) -> Coupons {
        let words = vocabulary.of(Dimension::Coupon);
        let mut words = words.write();
        let mut coupons = Coupons {
            starts: vec![0],
            codes: Vec::new(),
        };
        for placed in &self.placed {
            let rows = placed.order.rows.iter().map(|row| &row.coupon);
            let told = std::iter::once(&placed.order.fields.coupon)
                .chain(rows)
                .flatten();
            let mut codes: Vec<u32> = told.map(|coupon| words.code_of_text(coupon)).collect();
            codes.sort_unstable();
            codes.dedup();
            if codes.is_empty() {
                codes.push(0);
            }
            coupons.codes.extend(codes);
            coupons.starts.push(coupons.codes.len() as u32);
        }
        coupons
    }
}

/// Values of the order as such and of the hit that told its purchase.
fn of_order(placed: &Placed, dimension: Dimension) -> Value {
    let order = &placed.order;
    let page = order.page.as_ref();
    let text = match dimension {
        Dimension::OrderId => Some(order.id.clone()),
        Dimension::Affiliation => order.fields.affiliation.clone(),
        Dimension::Currency => order.fields.currency.clone(),
        Dimension::OrderState => Some(match order.state {
            OrderState::Pending => "pending".into(),
            OrderState::Completed => "completed".into(),
            OrderState::Cancelled => "cancelled".into(),
        }),
        Dimension::Page => page.and_then(|page| page.page.clone()),
        Dimension::PageTitle => page.and_then(|page| page.title.clone()),
        Dimension::ContentGroup(number) => page.and_then(|page| {
            page.content_groups
                .get(usize::from(number).checked_sub(1)?)?
                .clone()
        }),
        Dimension::Custom(number) => {
            let told = placed.custom.iter().find(|(told, _)| *told == number);
            told.map(|(_, value)| value.clone())
        }
        _ => None,
    };
    text.map_or(Value::Null, Value::Text)
}

/// Values of the row itself, else of its order. Its coupon is its own, else the order's.
fn of_row(placed: &Placed, row: &Product, dimension: Dimension) -> Value {
    let text = match dimension {
        Dimension::Coupon => row
            .coupon
            .clone()
            .or_else(|| placed.order.fields.coupon.clone()),
        Dimension::ProductSku => row.id.clone().or_else(|| row.name.clone()),
        Dimension::Product => row.name.clone().or_else(|| row.id.clone()),
        Dimension::Brand => row.brand.clone(),
        Dimension::Category => row.category.clone(),
        Dimension::CategoryLevel(level) => {
            let category = row.category.as_ref();
            category.and_then(|category| category_level(category, level).map(Arc::from))
        }
        Dimension::Variant => row.variant.clone(),
        Dimension::ProductList => row.list.clone(),
        Dimension::ListPosition => {
            return row
                .position
                .map_or(Value::Null, |position| Value::Number(position.into()));
        }
        _ if dimension.kind() == Kind::ProductRow => None,
        _ => return of_order(placed, dimension),
    };
    text.map_or(Value::Null, Value::Text)
}
