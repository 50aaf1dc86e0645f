//! Reading arrivals back.

use std::borrow::Cow;
use std::sync::Arc;

use afsa_model::{
    Client, Custom, Decimal, Engagement, Event, Exclusion, Hit, HitKind, OrderFields, OrderState,
    OrderStatus, Origin, PageContext, Product, ProductAction, ProductHit, Promotion, Purchase,
    Refund, Text, Timestamp, TimingOrException, VisitorFields, VisitorKey,
};
use afsa_store::{Arrival, EventKey, Identity};
use hashbrown::HashMap;

use super::bytes::{DecodeError, Reader};
use super::shared::SharedBlocks;

/// So many different blocks or texts are remembered before all are forgotten.
const MOST_REMEMBERED: usize = 1 << 15;

/// Decodes arrivals, sharing what is equal.
#[derive(Default)]
pub(crate) struct Decoder {
    texts: HashMap<Box<[u8]>, Arc<str>>,
    clients: Contexts<Client>,
    origins: Contexts<Origin>,
    pages: Contexts<PageContext>,
    /// Where contexts are numbered: what the numbers mean.
    shared: Option<Arc<SharedBlocks>>,
}

/// Where a context stands.
enum Place<'a> {
    Here(&'a [u8]),
    Shared(usize),
}

/// Contexts of one kind that were decoded before.
struct Contexts<T> {
    by_block: HashMap<Box<[u8]>, Arc<T>>,
    by_number: Vec<Option<Arc<T>>>,
}

impl<T> Default for Contexts<T> {
    fn default() -> Contexts<T> {
        Contexts {
            by_block: HashMap::new(),
            by_number: Vec::new(),
        }
    }
}

impl<T> Contexts<T> {
    fn get(&self, place: &Place<'_>) -> Option<Arc<T>> {
        match place {
            Place::Here(block) => self.by_block.get(*block).cloned(),
            Place::Shared(number) => self.by_number.get(*number)?.clone(),
        }
    }

    fn remember(&mut self, place: &Place<'_>, context: Arc<T>) {
        match place {
            Place::Here(block) => remember(&mut self.by_block, block, context),
            Place::Shared(number) => {
                if self.by_number.len() <= *number {
                    self.by_number.resize(*number + 1, None);
                }
                if let Some(slot) = self.by_number.get_mut(*number) {
                    *slot = Some(context);
                }
            }
        }
    }
}

impl Decoder {
    /// Reads arrivals whose contexts are numbered.
    pub fn of_shared(blocks: Arc<SharedBlocks>) -> Decoder {
        Decoder {
            shared: Some(blocks),
            ..Decoder::default()
        }
    }

    fn place<'a>(&self, from: &mut Reader<'a>) -> Result<Place<'a>, DecodeError> {
        if self.shared.is_none() {
            return Ok(Place::Here(from.block()?));
        }
        match from.u32()? {
            0 => Ok(Place::Here(from.block()?)),
            number => Ok(Place::Shared(number as usize - 1)),
        }
    }

    fn block<'a>(
        &self,
        place: &Place<'a>,
        from: &Reader<'_>,
    ) -> Result<Cow<'a, [u8]>, DecodeError> {
        match (place, &self.shared) {
            (Place::Here(block), _) => Ok(Cow::Borrowed(block)),
            (Place::Shared(number), Some(blocks)) => match blocks.get(*number) {
                Some(block) => Ok(Cow::Owned(block.to_vec())),
                None => Err(from.error("unknown context")),
            },
            (Place::Shared(_), None) => Err(from.error("unknown context")),
        }
    }

    pub fn arrival(&mut self, from: &mut Reader<'_>) -> Result<Arrival, DecodeError> {
        Ok(Arrival {
            identity: Decoder::identity(from)?,
            event: Decoder::event(from)?,
            hit: self.hit(from)?,
        })
    }

    /// Whose an arrival is, with which it begins.
    pub fn identity(from: &mut Reader<'_>) -> Result<Identity, DecodeError> {
        Ok(match from.u8()? {
            0 => Identity::Nobody,
            1 => Identity::Visitor(VisitorKey(from.u128()?)),
            2 => Identity::User(VisitorKey(from.u128()?)),
            3 => Identity::Cookieless {
                today: VisitorKey(from.u128()?),
                yesterday: VisitorKey(from.u128()?),
            },
            4 => Identity::Fingerprint(from.u128()?),
            _ => return Err(from.error("unknown identity")),
        })
    }

    /// What follows the identity.
    pub fn event(from: &mut Reader<'_>) -> Result<Option<EventKey>, DecodeError> {
        match from.u8()? {
            0 => Ok(None),
            1 => Ok(Some(EventKey(from.fixed_u64()?))),
            _ => Err(from.error("unknown event tag")),
        }
    }

    /// When the hit was, of which the arrival's rest consists.
    pub fn time(mut from: Reader<'_>) -> Result<Timestamp, DecodeError> {
        from.u8()?;
        Ok(Timestamp(from.i64()?))
    }

    /// The arrival's rest.
    pub fn hit(&mut self, from: &mut Reader<'_>) -> Result<Hit, DecodeError> {
        let flags = from.u8()?;
        let has = |bit: u8| flags & (1 << bit) != 0;
        let time = Timestamp(from.i64()?);
        let sequence = from.u64()?;
        let visitor = if has(1) {
            VisitorKey(from.u128()?)
        } else {
            VisitorKey::NOBODY
        };
        let import = if has(2) { from.u32()? } else { 0 };
        let exclusion = if has(3) { Some(exclusion(from)?) } else { None };
        let user = self.text(from)?;
        let role = self.text(from)?;
        let client = self.client(from)?;
        let origin = if has(4) {
            Some(self.origin(from)?)
        } else {
            None
        };
        let page = if has(5) { Some(self.page(from)?) } else { None };
        let custom = if has(6) {
            Some(Box::new(self.custom(from)?))
        } else {
            None
        };
        let kind = self.kind(from)?;
        Ok(Hit {
            time,
            sequence,
            visitor,
            by_user: has(0),
            import,
            exclusion,
            user,
            role,
            client,
            origin,
            page,
            custom,
            kind,
        })
    }

    fn client(&mut self, from: &mut Reader<'_>) -> Result<Arc<Client>, DecodeError> {
        let place = self.place(from)?;
        if let Some(known) = self.clients.get(&place) {
            return Ok(known);
        }
        let block = self.block(&place, from)?;
        let mut inner = Reader::new(&block);
        let client = Arc::new(Client {
            country: self.text(&mut inner)?,
            region: self.text(&mut inner)?,
            city: self.text(&mut inner)?,
            continent: self.text(&mut inner)?,
            language: self.text(&mut inner)?,
            device: self.text(&mut inner)?,
            device_brand: self.text(&mut inner)?,
            device_model: self.text(&mut inner)?,
            browser: self.text(&mut inner)?,
            browser_version: self.text(&mut inner)?,
            os: self.text(&mut inner)?,
            os_version: self.text(&mut inner)?,
            screen: self.text(&mut inner)?,
            viewport: self.text(&mut inner)?,
            cms: self.text(&mut inner)?,
        });
        self.clients.remember(&place, client.clone());
        Ok(client)
    }

    fn origin(&mut self, from: &mut Reader<'_>) -> Result<Arc<Origin>, DecodeError> {
        let place = self.place(from)?;
        if let Some(known) = self.origins.get(&place) {
            return Ok(known);
        }
        let block = self.block(&place, from)?;
        let mut inner = Reader::new(&block);
        let origin = Arc::new(Origin {
            channel: self.text(&mut inner)?,
            source: self.text(&mut inner)?,
            referrer: self.text(&mut inner)?,
            referrer_host: self.text(&mut inner)?,
            search_engine: self.text(&mut inner)?,
            keyword: self.text(&mut inner)?,
            social_network: self.text(&mut inner)?,
            ai_assistant: self.text(&mut inner)?,
            campaign: self.text(&mut inner)?,
            campaign_source: self.text(&mut inner)?,
            campaign_medium: self.text(&mut inner)?,
            campaign_term: self.text(&mut inner)?,
            campaign_content: self.text(&mut inner)?,
            campaign_id: self.text(&mut inner)?,
            click_id_name: self.text(&mut inner)?,
            click_id: self.text(&mut inner)?,
            cost_method: self.text(&mut inner)?,
            cost: decimal(&mut inner)?,
        });
        self.origins.remember(&place, origin.clone());
        Ok(origin)
    }

    fn page(&mut self, from: &mut Reader<'_>) -> Result<Arc<PageContext>, DecodeError> {
        let place = self.place(from)?;
        if let Some(known) = self.pages.get(&place) {
            return Ok(known);
        }
        let block = self.block(&place, from)?;
        let mut inner = Reader::new(&block);
        let has_location = inner.u8()? != 0;
        let hostname = self.text(&mut inner)?;
        let page = self.text(&mut inner)?;
        let title = self.text(&mut inner)?;
        let mut content_groups: [Text; 5] = Default::default();
        for group in &mut content_groups {
            *group = self.text(&mut inner)?;
        }
        let context = Arc::new(PageContext {
            has_location,
            hostname,
            page,
            title,
            content_groups,
        });
        self.pages.remember(&place, context.clone());
        Ok(context)
    }

    fn custom(&mut self, from: &mut Reader<'_>) -> Result<Custom, DecodeError> {
        let mut custom = Custom::default();
        for _ in 0..from.count()? {
            custom.dimensions.push((from.u8()?, self.present(from)?));
        }
        for _ in 0..from.count()? {
            custom
                .metrics
                .push((from.u8()?, Decimal::from_micros(from.i64()?)));
        }
        Ok(custom)
    }

    fn kind(&mut self, from: &mut Reader<'_>) -> Result<HitKind, DecodeError> {
        Ok(match from.u8()? {
            1 => HitKind::PageView,
            2 => HitKind::Event(Box::new(Event {
                category: self.text(from)?,
                action: self.text(from)?,
                label: self.text(from)?,
                event_type: self.text(from)?,
                url: self.text(from)?,
                value: decimal(from)?,
                non_interaction: from.u8()? != 0,
            })),
            3 => {
                let told = from.u8()?;
                HitKind::Engagement(Engagement {
                    visible: if told & 1 != 0 {
                        Some(from.i64()?)
                    } else {
                        None
                    },
                    scroll_depth: if told & 2 != 0 {
                        Some(from.u8()?)
                    } else {
                        None
                    },
                })
            }
            4 => HitKind::Product(Box::new(self.product_hit(from)?)),
            5 => HitKind::Purchase(Box::new(Purchase {
                order: self.order(from)?,
                products: self.products(from)?,
            })),
            6 => HitKind::Refund(Box::new(Refund {
                order: self.order(from)?,
                products: self.products(from)?,
            })),
            7 => HitKind::OrderStatus(Box::new(OrderStatus {
                order: self.order(from)?,
            })),
            8 => {
                let mut told = VisitorFields::default();
                for _ in 0..from.count()? {
                    told.fields.push((self.present(from)?, self.present(from)?));
                }
                HitKind::Visitor(Box::new(told))
            }
            9 => HitKind::Timing(Box::new(self.timing(from)?)),
            10 => HitKind::Exception(Box::new(self.timing(from)?)),
            _ => return Err(from.error("unknown kind of hit")),
        })
    }

    fn product_hit(&mut self, from: &mut Reader<'_>) -> Result<ProductHit, DecodeError> {
        let action = match from.u8()? {
            1 => ProductAction::Impression,
            2 => ProductAction::Click,
            3 => ProductAction::Detail,
            4 => ProductAction::Add,
            5 => ProductAction::Remove,
            6 => ProductAction::Checkout,
            7 => ProductAction::CheckoutOption,
            8 => ProductAction::PromotionView,
            9 => ProductAction::PromotionClick,
            _ => return Err(from.error("unknown product action")),
        };
        let list = self.text(from)?;
        let option = self.text(from)?;
        let step = number(from)?;
        let products = self.products(from)?;
        let mut promotions = Vec::new();
        for _ in 0..from.count()? {
            promotions.push(Promotion {
                id: self.text(from)?,
                name: self.text(from)?,
                creative: self.text(from)?,
                position: self.text(from)?,
            });
        }
        Ok(ProductHit {
            action,
            list,
            step,
            option,
            products,
            promotions,
        })
    }

    fn products(&mut self, from: &mut Reader<'_>) -> Result<Vec<Product>, DecodeError> {
        let mut products = Vec::new();
        for _ in 0..from.count()? {
            products.push(Product {
                id: self.text(from)?,
                name: self.text(from)?,
                brand: self.text(from)?,
                category: self.text(from)?,
                variant: self.text(from)?,
                coupon: self.text(from)?,
                list: self.text(from)?,
                currency: self.text(from)?,
                price: decimal(from)?,
                quantity: decimal(from)?,
                position: number(from)?,
            });
        }
        Ok(products)
    }

    fn order(&mut self, from: &mut Reader<'_>) -> Result<OrderFields, DecodeError> {
        Ok(OrderFields {
            id: self.text(from)?,
            affiliation: self.text(from)?,
            currency: self.text(from)?,
            coupon: self.text(from)?,
            revenue: decimal(from)?,
            revenue_net: decimal(from)?,
            revenue_tax: decimal(from)?,
            shipping: decimal(from)?,
            shipping_net: decimal(from)?,
            shipping_tax: decimal(from)?,
            tax: decimal(from)?,
            coupon_value: decimal(from)?,
            state: match from.u8()? {
                0 => None,
                1 => Some(OrderState::Pending),
                2 => Some(OrderState::Completed),
                3 => Some(OrderState::Cancelled),
                _ => return Err(from.error("unknown order state")),
            },
        })
    }

    fn timing(&mut self, from: &mut Reader<'_>) -> Result<TimingOrException, DecodeError> {
        Ok(TimingOrException {
            category: self.text(from)?,
            action: self.text(from)?,
            label: self.text(from)?,
            value: decimal(from)?,
            fatal: from.u8()? != 0,
        })
    }

    fn text(&mut self, from: &mut Reader<'_>) -> Result<Text, DecodeError> {
        let bytes = from.bytes()?;
        if bytes.is_empty() {
            Ok(None)
        } else {
            self.shared(from, bytes).map(Some)
        }
    }

    /// A text that may be empty, of a pair.
    fn present(&mut self, from: &mut Reader<'_>) -> Result<Arc<str>, DecodeError> {
        let bytes = from.bytes()?;
        self.shared(from, bytes)
    }

    fn shared(&mut self, from: &Reader<'_>, bytes: &[u8]) -> Result<Arc<str>, DecodeError> {
        if let Some(known) = self.texts.get(bytes) {
            return Ok(known.clone());
        }
        let text = std::str::from_utf8(bytes).map_err(|_| from.error("text that isn't UTF-8"))?;
        let text: Arc<str> = text.into();
        remember(&mut self.texts, bytes, text.clone());
        Ok(text)
    }
}

fn remember<T>(known: &mut HashMap<Box<[u8]>, T>, bytes: &[u8], value: T) {
    if known.len() >= MOST_REMEMBERED {
        known.clear();
    }
    known.insert(bytes.into(), value);
}

fn exclusion(from: &mut Reader<'_>) -> Result<Exclusion, DecodeError> {
    Ok(match from.u8()? {
        1 => Exclusion::Robot,
        2 => Exclusion::Monitor,
        3 => Exclusion::ReferrerSpam,
        4 => Exclusion::OwnPeople,
        5 => Exclusion::Behaviour,
        _ => return Err(from.error("unknown exclusion")),
    })
}

fn decimal(from: &mut Reader<'_>) -> Result<Option<Decimal>, DecodeError> {
    match from.u8()? {
        0 => Ok(None),
        1 => Ok(Some(Decimal::from_micros(from.i64()?))),
        _ => Err(from.error("unknown decimal tag")),
    }
}

fn number(from: &mut Reader<'_>) -> Result<Option<u32>, DecodeError> {
    let value = from.u64()?;
    match value.checked_sub(1) {
        None => Ok(None),
        Some(value) => u32::try_from(value)
            .map(Some)
            .map_err(|_| from.error("number above 32 bits")),
    }
}
