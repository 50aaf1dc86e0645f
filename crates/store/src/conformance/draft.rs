//! Arrivals written down briefly, for tests.

use std::sync::Arc;

use afsa_model::{
    Client, Custom, Decimal, Engagement, Event, Exclusion, Hit, HitKind, MINUTE, OrderFields,
    OrderState, OrderStatus, Origin, PageContext, Product, ProductAction, ProductHit, Promotion,
    Purchase, Refund, SECOND, Timestamp, VisitorKey, text,
};

use crate::{Arrival, EventKey, Identity};

/// Midnight between a Sunday and a Monday (2026-03-30, UTC): minute 0 of every draft.
pub const MONDAY: Timestamp = Timestamp(1_774_828_800_000);

/// An arrival in the making: at a minute counted from [`MONDAY`], of a numbered visitor.
#[derive(Clone, Debug)]
pub struct Draft(pub Arrival);

/// The key of a numbered visitor; 0 is nobody.
pub fn visitor(number: u64) -> VisitorKey {
    VisitorKey(u128::from(number) << 64 | u128::from(number))
}

/// The own key of a user.
pub fn user_key(user: &str) -> VisitorKey {
    let folded = user
        .bytes()
        .fold(7_u128, |key, byte| key * 257 + u128::from(byte));
    VisitorKey(folded << 32 | 0xffff)
}

impl Draft {
    pub fn new(minute: i64, number: u64, kind: HitKind) -> Draft {
        let identity = match number {
            0 => Identity::Nobody,
            number => Identity::Visitor(visitor(number)),
        };
        let hit = Hit {
            time: MONDAY.plus(minute * MINUTE),
            sequence: 0,
            visitor: VisitorKey::NOBODY,
            by_user: false,
            import: 0,
            exclusion: None,
            user: None,
            role: None,
            client: Arc::new(Client::default()),
            origin: None,
            page: None,
            custom: None,
            kind,
        };
        Draft(Arrival {
            identity,
            event: None,
            hit,
        })
    }

    pub fn page_view(minute: i64, number: u64, page: &str) -> Draft {
        Draft::new(minute, number, HitKind::PageView).at(page)
    }

    pub fn event(minute: i64, number: u64, category: &str, action: &str) -> Draft {
        let event = Event {
            category: text(category),
            action: text(action),
            ..Event::default()
        };
        Draft::new(minute, number, HitKind::Event(Box::new(event)))
    }

    /// `visible` in seconds.
    pub fn engagement(minute: i64, number: u64, visible: i64, scroll_depth: u8) -> Draft {
        let engagement = Engagement {
            visible: Some(visible * SECOND),
            scroll_depth: Some(scroll_depth),
        };
        Draft::new(minute, number, HitKind::Engagement(engagement))
    }

    pub fn products(minute: i64, number: u64, action: ProductAction, names: &[&str]) -> Draft {
        let products = names.iter().map(|name| product(name, "1", "1")).collect();
        let hit = ProductHit {
            action,
            list: None,
            step: None,
            option: None,
            products,
            promotions: Vec::new(),
        };
        Draft::new(minute, number, HitKind::Product(Box::new(hit)))
    }

    pub fn promotion(minute: i64, number: u64, action: ProductAction, name: &str) -> Draft {
        let promotion = Promotion {
            name: text(name),
            ..Promotion::default()
        };
        Draft::products(minute, number, action, &[]).product_hit(|hit| {
            hit.promotions.push(promotion);
        })
    }

    /// A purchase from a server: without a location.
    pub fn purchase(minute: i64, number: u64, id: &str, products: Vec<Product>) -> Draft {
        let order = OrderFields {
            id: text(id),
            ..OrderFields::default()
        };
        let purchase = Purchase { order, products };
        Draft::new(minute, number, HitKind::Purchase(Box::new(purchase)))
    }

    pub fn refund(minute: i64, number: u64, id: &str) -> Draft {
        let order = OrderFields {
            id: text(id),
            ..OrderFields::default()
        };
        let refund = Refund {
            order,
            products: Vec::new(),
        };
        Draft::new(minute, number, HitKind::Refund(Box::new(refund)))
    }

    pub fn order_status(minute: i64, number: u64, id: &str, state: OrderState) -> Draft {
        let order = OrderFields {
            id: text(id),
            state: Some(state),
            ..OrderFields::default()
        };
        Draft::new(
            minute,
            number,
            HitKind::OrderStatus(Box::new(OrderStatus { order })),
        )
    }

    /// Sets the location, and with it an origin that tells nothing yet.
    pub fn at(self, page: &str) -> Draft {
        let page = text(page);
        let draft = self.hit(|hit| {
            hit.origin.get_or_insert_default();
        });
        draft.page_context(|context| {
            context.has_location = true;
            context.hostname = text("example.com");
            context.page = page;
        })
    }

    /// Moves it by milliseconds.
    pub fn later(self, milliseconds: i64) -> Draft {
        self.hit(|hit| hit.time = hit.time.plus(milliseconds))
    }

    pub fn titled(self, title: &str) -> Draft {
        let title = text(title);
        self.page_context(|context| context.title = title)
    }

    pub fn page_context(self, change: impl FnOnce(&mut PageContext)) -> Draft {
        self.hit(|hit| {
            let mut context = hit.page.as_deref().cloned().unwrap_or_default();
            change(&mut context);
            hit.page = Some(Arc::new(context));
        })
    }

    pub fn custom(self, number: u8, value: &str) -> Draft {
        self.hit(|hit| {
            let custom = hit
                .custom
                .get_or_insert_with(|| Box::new(Custom::default()));
            custom.dimensions.push((number, value.into()));
            custom.dimensions.sort();
        })
    }

    pub fn country(self, country: &str) -> Draft {
        let client = Client {
            country: text(country),
            ..Client::default()
        };
        self.hit(|hit| hit.client = Arc::new(client))
    }

    pub fn campaign(self, campaign: &str) -> Draft {
        let origin = Origin {
            campaign: text(campaign),
            ..Origin::default()
        };
        self.hit(|hit| hit.origin = Some(Arc::new(origin)))
    }

    pub fn user(self, user: &str) -> Draft {
        self.hit(|hit| hit.user = text(user))
    }

    /// Told only by its user.
    pub fn by_user(self, user: &str) -> Draft {
        let mut draft = self.user(user);
        draft.0.identity = Identity::User(user_key(user));
        draft
    }

    pub fn identity(mut self, identity: Identity) -> Draft {
        self.0.identity = identity;
        self
    }

    pub fn event_key(mut self, key: u64) -> Draft {
        self.0.event = Some(EventKey(key));
        self
    }

    pub fn excluded(self, exclusion: Exclusion) -> Draft {
        self.hit(|hit| hit.exclusion = Some(exclusion))
    }

    pub fn hit(mut self, change: impl FnOnce(&mut Hit)) -> Draft {
        change(&mut self.0.hit);
        self
    }

    /// Changes a product action; nothing happens to another hit.
    pub fn product_hit(self, change: impl FnOnce(&mut ProductHit)) -> Draft {
        self.hit(|hit| {
            if let HitKind::Product(product_hit) = &mut hit.kind {
                change(product_hit);
            }
        })
    }

    /// Changes a purchase; nothing happens to another hit.
    pub fn order(self, change: impl FnOnce(&mut OrderFields)) -> Draft {
        self.hit(|hit| {
            if let HitKind::Purchase(purchase) = &mut hit.kind {
                change(&mut purchase.order);
            }
        })
    }

    /// The total of a purchase.
    pub fn revenue(self, revenue: &str) -> Draft {
        let revenue = decimal(revenue);
        self.order(|order| order.revenue = revenue)
    }
}

/// A product that is told by its name.
pub fn product(name: &str, price: &str, quantity: &str) -> Product {
    Product {
        name: text(name),
        price: decimal(price),
        quantity: decimal(quantity),
        ..Product::default()
    }
}

/// `None` where the text is no decimal.
pub fn decimal(number: &str) -> Option<Decimal> {
    number.parse().ok()
}
