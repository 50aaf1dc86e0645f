//! Reading what hits told of orders back out of columns.

use std::sync::Arc;

use afsa_model::{
    Custom, Decimal, Hit, HitKind, OrderFields, OrderState, OrderStatus, PageContext, Product,
    Purchase, Refund, Text, Timestamp, VisitorKey,
};
use afsa_segments::Table;
use afsa_store::StoreError;
use afsa_visits::orders::order_id;
use arrow_array::{Array, Int64Array, UInt8Array};

use super::columns::{hash_of, places_of};
use super::exclusion;
use crate::image::{Image, Loaded, Reader, Texts};

/// What the hits of one image told of orders.
pub(crate) struct ToldOrders {
    pub(crate) hits: Vec<ToldOrder>,
    /// Places in `hits` by the hash of the order that they speak of.
    by_order: Vec<(u64, u32)>,
}

impl ToldOrders {
    fn new(hits: Vec<ToldOrder>) -> ToldOrders {
        let mut by_order: Vec<(u64, u32)> = hits.iter().map(|hit| hit.id_hash).zip(0..).collect();
        by_order.sort_unstable();
        ToldOrders { hits, by_order }
    }

    /// The hits that speak of this order.
    pub(super) fn of_order<'a>(&'a self, id: &'a str) -> impl Iterator<Item = usize> + 'a {
        let found = places_of(&self.by_order, hash_of(id));
        found.filter(move |at| {
            self.hits[*at]
                .order_id()
                .is_some_and(|known| **known == *id)
        })
    }

    /// The orders that any hit speaks of, perhaps more than once.
    pub(super) fn ids(&self) -> impl Iterator<Item = &Arc<str>> {
        self.hits.iter().filter_map(ToldOrder::order_id)
    }
}

/// A purchase, refund or order status.
pub(crate) struct ToldOrder {
    pub(crate) scene: usize,
    /// Its row in `Hits`.
    pub(crate) row: u32,
    /// The start of the visit that it lies in.
    pub(crate) visit: Option<Timestamp>,
    /// Without client and origin, which orders don't need.
    pub(crate) hit: Hit,
    /// Of the order's id.
    pub(crate) id_hash: u64,
}

impl ToldOrder {
    /// The order that it speaks of.
    pub(super) fn order_id(&self) -> Option<&Arc<str>> {
        order_id(&self.hit)
    }
}

impl Loaded for ToldOrders {
    fn bytes(&self) -> usize {
        let of = |told: &ToldOrder| {
            let products = match &told.hit.kind {
                HitKind::Purchase(purchase) => purchase.products.len(),
                HitKind::Refund(refund) => refund.products.len(),
                _ => 0,
            };
            size_of::<ToldOrder>() + size_of::<Purchase>() + products * size_of::<Product>()
        };
        self.hits.iter().map(of).sum::<usize>() + self.by_order.len() * 16
    }
}

const PURCHASE: u8 = 5;
const REFUND: u8 = 6;
const ORDER_STATUS: u8 = 7;
const ITEM_PRODUCT: u8 = 1;

impl Image {
    pub(crate) fn read_told_orders(&self) -> Result<ToldOrders, StoreError> {
        let reader = self.reader();
        let kinds = reader.small(Table::Hits, "kind")?;
        let kinds: &[u8] = kinds.as_ref().map_or(&[], |kinds| kinds.values());
        let rows: Vec<usize> = (0..kinds.len())
            .filter(|row| matches!(kinds[*row], PURCHASE | REFUND | ORDER_STATUS))
            .collect();
        if rows.is_empty() {
            return Ok(ToldOrders::new(Vec::new()));
        }
        let layout = self.layout()?;
        let (starts, visitors) = (self.starts()?, self.visitors()?);
        let lone_visitors = self.lone_visitors()?;
        let columns = HitColumns::read(&reader)?;
        let items = Items::read(&reader)?;
        let mut hits = Vec::with_capacity(rows.len());
        let (mut scene, mut position, mut last_page) = (0, 0, None);
        for row in rows {
            while layout.first_hit(scene + 1) <= row {
                scene += 1;
            }
            let lone = scene.checked_sub(layout.visits);
            let visitor = match lone {
                Some(lone) => lone_visitors
                    .get(lone)
                    .copied()
                    .unwrap_or(VisitorKey::NOBODY),
                None => {
                    while visitors.run(position).end <= scene {
                        position += 1;
                    }
                    visitors.keys[position]
                }
            };
            let order = columns.order(row);
            let kind = match kinds[row] {
                PURCHASE => HitKind::Purchase(Box::new(Purchase {
                    order,
                    products: items.of(row),
                })),
                REFUND => HitKind::Refund(Box::new(Refund {
                    order,
                    products: items.of(row),
                })),
                _ => HitKind::OrderStatus(Box::new(OrderStatus { order })),
            };
            let visit = lone.is_none().then(|| Timestamp(starts.get(scene)));
            let hit = columns.hit(row, visitor, kind, &mut last_page);
            hits.push(ToldOrder {
                scene,
                row: row as u32,
                visit,
                id_hash: order_id(&hit).map_or(0, |id| hash_of(&**id)),
                hit,
            });
        }
        Ok(ToldOrders::new(hits))
    }
}

/// A column of texts, each made once.
struct SharedTexts(Option<(Texts, Vec<Arc<str>>)>);

impl SharedTexts {
    fn read(reader: &Reader, table: Table, name: &str) -> Result<SharedTexts, StoreError> {
        Ok(SharedTexts(reader.texts(table, name)?.map(|texts| {
            let shared = texts.shared();
            (texts, shared)
        })))
    }

    fn get(&self, row: usize) -> Text {
        let (texts, shared) = self.0.as_ref()?;
        let value = shared.get(texts.key(row)?)?;
        if value.is_empty() {
            None
        } else {
            Some(value.clone())
        }
    }
}

fn decimal(column: &Option<Int64Array>, row: usize) -> Option<Decimal> {
    let column = column.as_ref()?;
    (row < column.len() && column.is_valid(row)).then(|| Decimal::from_micros(column.value(row)))
}

fn small(column: &Option<UInt8Array>, row: usize) -> Option<u8> {
    let column = column.as_ref()?;
    (row < column.len() && column.is_valid(row)).then(|| column.value(row))
}

struct HitColumns {
    times: Option<Int64Array>,
    sequences: Option<arrow_array::UInt64Array>,
    exclusions: Option<UInt8Array>,
    has_location: Option<arrow_array::BooleanArray>,
    states: Option<UInt8Array>,
    users: SharedTexts,
    hostname: SharedTexts,
    page: SharedTexts,
    title: SharedTexts,
    content_groups: Vec<SharedTexts>,
    dimensions: Vec<SharedTexts>,
    id: SharedTexts,
    affiliation: SharedTexts,
    currency: SharedTexts,
    coupon: SharedTexts,
    amounts: [Option<Int64Array>; 8],
}

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

impl HitColumns {
    fn read(reader: &Reader) -> Result<HitColumns, StoreError> {
        let texts = |name: &str| SharedTexts::read(reader, Table::Hits, name);
        let mut amounts: [Option<Int64Array>; 8] = Default::default();
        for (amount, name) in amounts.iter_mut().zip(AMOUNTS) {
            *amount = reader.times(Table::Hits, name)?;
        }
        Ok(HitColumns {
            times: reader.times(Table::Hits, "time")?,
            sequences: reader.sequences(Table::Hits, "sequence")?,
            exclusions: reader.small(Table::Hits, "exclusion")?,
            has_location: reader.flags(Table::Hits, "has_location")?,
            states: reader.small(Table::Hits, "order_state")?,
            users: texts("user_id")?,
            hostname: texts("hostname")?,
            page: texts("page")?,
            title: texts("page_title")?,
            content_groups: (1..=5)
                .map(|number| texts(&format!("content_group{number}")))
                .collect::<Result<_, _>>()?,
            dimensions: (1..=20)
                .map(|number| texts(&format!("dimension{number}")))
                .collect::<Result<_, _>>()?,
            id: texts("order_id")?,
            affiliation: texts("order_affiliation")?,
            currency: texts("order_currency")?,
            coupon: texts("order_coupon")?,
            amounts,
        })
    }

    fn order(&self, row: usize) -> OrderFields {
        let [
            revenue,
            net,
            tax,
            shipping,
            shipping_net,
            shipping_tax,
            order_tax,
            coupon_value,
        ] = self.amounts.each_ref().map(|column| decimal(column, row));
        OrderFields {
            id: self.id.get(row),
            affiliation: self.affiliation.get(row),
            currency: self.currency.get(row),
            coupon: self.coupon.get(row),
            revenue,
            revenue_net: net,
            revenue_tax: tax,
            shipping,
            shipping_net,
            shipping_tax,
            tax: order_tax,
            coupon_value,
            state: small(&self.states, row).map(|state| match state {
                1 => OrderState::Pending,
                3 => OrderState::Cancelled,
                _ => OrderState::Completed,
            }),
        }
    }

    /// Orders are mostly told by one page: the last one is shared where it is the same again.
    fn hit(
        &self,
        row: usize,
        visitor: VisitorKey,
        kind: HitKind,
        last_page: &mut Option<Arc<PageContext>>,
    ) -> Hit {
        let has_location = self.has_location.as_ref();
        let has_location = has_location.filter(|column| column.is_valid(row));
        let page = has_location.map(|column| {
            let mut content_groups: [Text; 5] = Default::default();
            for (group, column) in content_groups.iter_mut().zip(&self.content_groups) {
                *group = column.get(row);
            }
            let page = PageContext {
                has_location: column.value(row),
                hostname: self.hostname.get(row),
                page: self.page.get(row),
                title: self.title.get(row),
                content_groups,
            };
            match last_page {
                Some(last) if **last == page => last.clone(),
                _ => last_page.insert(Arc::new(page)).clone(),
            }
        });
        let dimensions: Vec<(u8, Arc<str>)> = (1..)
            .zip(&self.dimensions)
            .filter_map(|(number, column)| Some((number, column.get(row)?)))
            .collect();
        Hit {
            time: Timestamp(self.times.as_ref().map_or(0, |column| column.value(row))),
            sequence: self
                .sequences
                .as_ref()
                .map_or(0, |column| column.value(row)),
            visitor,
            by_user: false,
            import: 0,
            exclusion: small(&self.exclusions, row).and_then(|it| exclusion(u32::from(it).max(1))),
            user: self.users.get(row),
            role: None,
            client: Arc::default(),
            origin: None,
            page,
            custom: (!dimensions.is_empty()).then(|| {
                Box::new(Custom {
                    dimensions,
                    metrics: Vec::new(),
                })
            }),
            kind,
        }
    }
}

/// Product rows by the row of their hit.
struct Items {
    hits: Vec<u32>,
    kinds: Option<UInt8Array>,
    texts: [SharedTexts; 8],
    price: Option<Int64Array>,
    quantity: Option<Int64Array>,
    position: Option<arrow_array::UInt32Array>,
}

impl Items {
    fn read(reader: &Reader) -> Result<Items, StoreError> {
        let texts = |name: &str| SharedTexts::read(reader, Table::Items, name);
        let hits = reader.numbers(Table::Items, "hit")?;
        Ok(Items {
            hits: hits.map_or_else(Vec::new, |hits| hits.values().to_vec()),
            kinds: reader.small(Table::Items, "item")?,
            texts: [
                texts("id")?,
                texts("name")?,
                texts("brand")?,
                texts("category")?,
                texts("variant")?,
                texts("coupon")?,
                texts("list")?,
                texts("currency")?,
            ],
            price: reader.times(Table::Items, "price")?,
            quantity: reader.times(Table::Items, "quantity")?,
            position: reader.numbers(Table::Items, "position")?,
        })
    }

    fn of(&self, hit: usize) -> Vec<Product> {
        let from = self.hits.partition_point(|of| (*of as usize) < hit);
        let is_of_hit = |row: &usize| self.hits[*row] as usize == hit;
        let rows = (from..self.hits.len()).take_while(is_of_hit);
        let is_product = |row: &usize| small(&self.kinds, *row) == Some(ITEM_PRODUCT);
        // Millions of orders have room for their rows and no more.
        let count = rows.clone().filter(is_product).count();
        let mut products = Vec::with_capacity(count);
        products.extend(rows.filter(is_product).map(|row| {
            let [id, name, brand, category, variant, coupon, list, currency] =
                self.texts.each_ref().map(|column| column.get(row));
            Product {
                id,
                name,
                brand,
                category,
                variant,
                coupon,
                list,
                currency,
                price: decimal(&self.price, row),
                quantity: decimal(&self.quantity, row),
                position: self
                    .position
                    .as_ref()
                    .filter(|column| column.is_valid(row))
                    .map(|column| column.value(row)),
            }
        }));
        products
    }
}
