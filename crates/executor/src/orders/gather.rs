//! What hits told of orders, taken out of the columns of their image.

use std::sync::Arc;

use afsa_model::{
    Decimal, Hit, HitKind, OrderFields, OrderState, OrderStatus, PageContext, Purchase, Refund,
    Timestamp, VisitorKey,
};
use afsa_segments::Table;
use afsa_store::StoreError;
use arrow_array::{Array, UInt8Array};

use super::columns::{hash_of, places_of};
use super::exclusion;
use super::items::{Items, micros};
use super::texts::TextColumn;
use crate::image::{Amounts, Codes, Image, Instants, Pinned, Reader};

/// The purchases, refunds and order statuses among the hits of one image, as columns.
pub(crate) struct ToldOrders {
    scenes: Vec<u32>,
    /// In `Hits`.
    rows: Vec<u32>,
    kinds: Vec<u8>,
    visitors: Vec<VisitorKey>,
    times: Vec<i64>,
    sequences: Vec<u64>,
    /// 0 for none.
    exclusions: Codes,
    /// 0 where none is told.
    states: Codes,
    /// [`NO_PAGE`], or whether the page has a location.
    locations: Codes,
    /// Of each order's id.
    id_hashes: Vec<u64>,
    /// Numbers of hits by the hash of the order that they speak of.
    by_order: Vec<(u64, u32)>,
    user: TextColumn,
    hostname: TextColumn,
    pub(crate) page: TextColumn,
    pub(crate) title: TextColumn,
    pub(crate) content_groups: Vec<TextColumn>,
    pub(crate) dimensions: Vec<TextColumn>,
    pub(crate) id: TextColumn,
    pub(crate) affiliation: TextColumn,
    pub(crate) currency: TextColumn,
    pub(crate) coupon: TextColumn,
    amounts: Vec<Amounts>,
    pub(crate) items: Items,
    /// Scenes below are visits, which began at these times.
    visits: usize,
    starts: Arc<Instants>,
    /// What it takes of the bound on memory.
    #[allow(dead_code, reason = "it is held")]
    pinned: Option<Pinned>,
}

const PURCHASE: u8 = 5;
const REFUND: u8 = 6;
const ORDER_STATUS: u8 = 7;

const NO_PAGE: u32 = 0;
const WITHOUT_LOCATION: u32 = 1;
const WITH_LOCATION: u32 = 2;

const AMOUNTS: [&str; 8] = [
    "order_revenue",
    "order_revenue_net",
    "order_revenue_tax",
    "order_shipping",
    "order_shipping_net",
    "order_shipping_tax",
    "order_tax",
    "order_coupon_value",
];

/// Orders are mostly told by one page: the last that was made is shared where it is the same again.
#[derive(Default)]
pub(crate) struct LastPage(Option<Arc<PageContext>>);

impl ToldOrders {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn scene(&self, hit: usize) -> usize {
        self.scenes[hit] as usize
    }

    /// Its row in `Hits`.
    pub(super) fn row(&self, hit: usize) -> u32 {
        self.rows[hit]
    }

    pub(super) fn time(&self, hit: usize) -> i64 {
        self.times[hit]
    }

    pub(super) fn sequence(&self, hit: usize) -> u64 {
        self.sequences[hit]
    }

    pub(super) fn visitor(&self, hit: usize) -> VisitorKey {
        self.visitors[hit]
    }

    pub(super) fn id_hash(&self, hit: usize) -> u64 {
        self.id_hashes[hit]
    }

    /// The start of the visit that the hit lies in.
    pub(super) fn visit(&self, hit: usize) -> Option<Timestamp> {
        let scene = self.scene(hit);
        (scene < self.visits).then(|| Timestamp(self.starts.get(scene)))
    }

    pub(super) fn bytes(&self) -> usize {
        // Scene, row, kind, visitor, time, sequence and two hashes with a number.
        const A_HIT: usize = 4 + 4 + 1 + 16 + 8 + 8 + 8 + 16;
        let texts = [
            &self.user,
            &self.hostname,
            &self.page,
            &self.title,
            &self.id,
            &self.affiliation,
            &self.currency,
            &self.coupon,
        ];
        let others = self.content_groups.iter().chain(&self.dimensions);
        let texts = texts.into_iter().chain(others).map(TextColumn::bytes);
        let amounts = self.amounts.iter().map(Amounts::bytes);
        self.len() * A_HIT + texts.chain(amounts).sum::<usize>() + self.items.bytes()
    }

    /// The hits that speak of this order.
    pub(super) fn of_order<'a>(&'a self, id: &'a str) -> impl Iterator<Item = usize> + 'a {
        let found = places_of(&self.by_order, hash_of(id));
        found.filter(move |hit| self.id.get(*hit) == Some(id))
    }

    /// As much of the hit as decides what becomes of its order. Products are told by their texts
    /// only where some of the order may have been given back: there are millions of them.
    pub(super) fn hit(&self, hit: usize, may_be_given_back: bool) -> Hit {
        let order = self.deciding_fields(hit);
        let products = || {
            let rows = self.items.of(hit);
            if may_be_given_back {
                rows.map(|row| self.items.product(row)).collect()
            } else {
                rows.map(|row| self.items.priced(row)).collect()
            }
        };
        let kind = match self.kinds[hit] {
            PURCHASE => HitKind::Purchase(Box::new(Purchase {
                order,
                products: products(),
            })),
            REFUND => HitKind::Refund(Box::new(Refund {
                order,
                products: products(),
            })),
            _ => HitKind::OrderStatus(Box::new(OrderStatus { order })),
        };
        Hit {
            time: Timestamp(self.times[hit]),
            sequence: self.sequences[hit],
            visitor: self.visitors[hit],
            by_user: false,
            import: 0,
            exclusion: exclusion(self.exclusions.get(hit)),
            user: self.user.text(hit),
            role: None,
            client: Arc::default(),
            origin: None,
            page: None,
            custom: None,
            kind,
        }
    }

    /// Whether it gives something of its order back.
    pub(super) fn is_refund(&self, hit: usize) -> bool {
        self.kinds[hit] == REFUND
    }

    /// What the hit told of its order.
    pub(super) fn fields(&self, hit: usize) -> OrderFields {
        OrderFields {
            affiliation: self.affiliation.text(hit),
            coupon: self.coupon.text(hit),
            ..self.deciding_fields(hit)
        }
    }

    /// Without what decides nothing.
    fn deciding_fields(&self, hit: usize) -> OrderFields {
        let amount = |at: usize| self.amounts[at].get(hit).map(Decimal::from_micros);
        OrderFields {
            id: self.id.text(hit),
            affiliation: None,
            currency: self.currency.text(hit),
            coupon: None,
            revenue: amount(0),
            revenue_net: amount(1),
            revenue_tax: amount(2),
            shipping: amount(3),
            shipping_net: amount(4),
            shipping_tax: amount(5),
            tax: amount(6),
            coupon_value: amount(7),
            state: match self.states.get(hit) {
                0 => None,
                1 => Some(OrderState::Pending),
                3 => Some(OrderState::Cancelled),
                _ => Some(OrderState::Completed),
            },
        }
    }

    /// The page that told it.
    pub(super) fn page_of(
        &self,
        hit: usize,
        LastPage(last): &mut LastPage,
    ) -> Option<Arc<PageContext>> {
        let location = self.locations.get(hit);
        if location == NO_PAGE {
            return None;
        }
        let groups = |last: &PageContext| {
            let mut groups = last.content_groups.iter().zip(&self.content_groups);
            groups.all(|(last, column)| last.as_deref() == column.get(hit))
        };
        if let Some(last) = last
            && last.has_location == (location == WITH_LOCATION)
            && last.hostname.as_deref() == self.hostname.get(hit)
            && last.page.as_deref() == self.page.get(hit)
            && last.title.as_deref() == self.title.get(hit)
            && groups(last)
        {
            return Some(last.clone());
        }
        let mut page = PageContext {
            has_location: location == WITH_LOCATION,
            hostname: self.hostname.text(hit),
            page: self.page.text(hit),
            title: self.title.text(hit),
            content_groups: Default::default(),
        };
        let groups = page.content_groups.iter_mut().zip(&self.content_groups);
        groups.for_each(|(group, column)| *group = column.text(hit));
        Some(last.insert(Arc::new(page)).clone())
    }
}

impl Image {
    pub(crate) fn read_told_orders(&self) -> Result<ToldOrders, StoreError> {
        let (reader, layout) = (self.reader(), self.layout()?);
        let kinds = reader.small(Table::Hits, "kind")?;
        let kinds: &[u8] = kinds.as_ref().map_or(&[], |kinds| kinds.values());
        let is_told = |row: &u32| matches!(kinds[*row as usize], PURCHASE | REFUND | ORDER_STATUS);
        let rows: Vec<u32> = (0..kinds.len() as u32).filter(is_told).collect();
        let (scenes, visitors) = self.whose(&rows)?;
        let locations = locations(&reader, &rows)?;
        let texts = |name: &str| TextColumn::read(&reader, Table::Hits, name, &rows, |_| true);
        // Where no page was told, nothing of one was.
        let of_page = |name: &str| {
            let is_told = |at: usize| locations.get(at) != NO_PAGE;
            TextColumn::read(&reader, Table::Hits, name, &rows, is_told)
        };
        let times = reader.times(Table::Hits, "time")?;
        let sequences = reader.sequences(Table::Hits, "sequence")?;
        let id = texts("order_id")?;
        let id_hashes: Vec<u64> = (0..rows.len())
            .map(|hit| id.get(hit).map_or(0, hash_of))
            .collect();
        let mut by_order: Vec<(u64, u32)> = id_hashes.iter().copied().zip(0..).collect();
        by_order.sort_unstable();
        let mut told = ToldOrders {
            scenes,
            kinds: rows.iter().map(|row| kinds[*row as usize]).collect(),
            visitors,
            times: values(&rows, |row| times.as_ref().map_or(0, |it| it.value(row))),
            sequences: values(&rows, |row| {
                sequences.as_ref().map_or(0, |it| it.value(row))
            }),
            exclusions: numbers(&rows, reader.small(Table::Hits, "exclusion")?, 1),
            states: numbers(&rows, reader.small(Table::Hits, "order_state")?, 2),
            id_hashes,
            by_order,
            user: texts("user_id")?,
            hostname: of_page("hostname")?,
            page: of_page("page")?,
            title: of_page("page_title")?,
            content_groups: (1..=5)
                .map(|number| of_page(&format!("content_group{number}")))
                .collect::<Result<_, _>>()?,
            dimensions: (1..=20)
                .map(|number| texts(&format!("dimension{number}")))
                .collect::<Result<_, _>>()?,
            id,
            affiliation: texts("order_affiliation")?,
            currency: texts("order_currency")?,
            coupon: texts("order_coupon")?,
            amounts: AMOUNTS
                .iter()
                .map(|name| micros(&reader, Table::Hits, name, &rows))
                .collect::<Result<_, _>>()?,
            items: Items::read(&reader, &rows)?,
            visits: layout.visits,
            starts: self.starts()?,
            locations,
            rows,
            pinned: None,
        };
        told.pinned = Some(Pinned::new(self.budget(), told.bytes()));
        Ok(told)
    }

    /// The scene and the visitor of each of these rows of the hits, ascending.
    fn whose(&self, rows: &[u32]) -> Result<(Vec<u32>, Vec<VisitorKey>), StoreError> {
        let (layout, visitors) = (self.layout()?, self.visitors()?);
        let lone_visitors = self.lone_visitors()?;
        let (mut scenes, mut keys) = (Vec::new(), Vec::new());
        let (mut scene, mut position) = (0, 0);
        for row in rows {
            while layout.first_hit(scene + 1) <= *row as usize {
                scene += 1;
            }
            let visitor = match scene.checked_sub(layout.visits) {
                Some(lone) => lone_visitors.get(lone).copied(),
                None => {
                    while visitors.run(position).end <= scene {
                        position += 1;
                    }
                    Some(visitors.keys[position])
                }
            };
            scenes.push(scene as u32);
            keys.push(visitor.unwrap_or(VisitorKey::NOBODY));
        }
        Ok((scenes, keys))
    }
}

fn values<T>(rows: &[u32], value: impl Fn(usize) -> T) -> Vec<T> {
    rows.iter().map(|row| value(*row as usize)).collect()
}

/// Numbers of which 0 stands for nothing; what is told as 0 is `zero`.
fn numbers(rows: &[u32], column: Option<UInt8Array>, zero: u32) -> Codes {
    let Some(column) = column else {
        return Codes::Null(rows.len());
    };
    let number = |row: &u32| {
        let row = *row as usize;
        let is_told = column.is_valid(row);
        match u32::from(column.value(row)) {
            _ if !is_told => 0,
            0 => zero,
            number => number,
        }
    };
    Codes::collect(u8::MAX.into(), rows.iter().map(number))
}

fn locations(reader: &Reader, rows: &[u32]) -> Result<Codes, StoreError> {
    let Some(column) = reader.flags(Table::Hits, "has_location")? else {
        return Ok(Codes::Null(rows.len()));
    };
    let location = |row: &u32| {
        let row = *row as usize;
        match column.is_valid(row).then(|| column.value(row)) {
            None => NO_PAGE,
            Some(false) => WITHOUT_LOCATION,
            Some(true) => WITH_LOCATION,
        }
    };
    Ok(Codes::collect(WITH_LOCATION, rows.iter().map(location)))
}
