//! Random visits, made of a seed, with values that nobody sends.

use std::sync::Arc;

use afsa_model::*;

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    fn one_in(&mut self, number: u64) -> bool {
        self.below(number) == 0
    }

    fn text(&mut self) -> Arc<str> {
        match self.below(9) {
            0 => "\t\\n\n\"'\\".into(),
            1 => "Größe \u{1f980} \u{202e}".into(),
            2 => "\0".into(),
            3 => "x".repeat(self.below(3000) as usize + 1).into(),
            4 => "".into(),
            _ => format!("/page/{}", self.below(12)).into(),
        }
    }

    fn maybe_text(&mut self) -> Text {
        if self.one_in(2) {
            Some(self.text())
        } else {
            None
        }
    }

    fn number(&mut self) -> i64 {
        match self.below(8) {
            0 => i64::MIN,
            1 => i64::MAX,
            2 => 0,
            3 => -(self.below(1_000_000) as i64),
            _ => self.below(100_000_000) as i64,
        }
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Random) -> T) -> Option<T> {
        if self.one_in(2) {
            Some(make(self))
        } else {
            None
        }
    }

    fn decimal(&mut self) -> Option<Decimal> {
        self.maybe(|random| Decimal::from_micros(random.number()))
    }

    fn exclusion(&mut self) -> Option<Exclusion> {
        use Exclusion::*;
        [
            None,
            None,
            Some(Robot),
            Some(Monitor),
            Some(ReferrerSpam),
            Some(OwnPeople),
            Some(Behaviour),
        ][self.below(7) as usize]
    }

    fn client(&mut self) -> Client {
        if self.one_in(4) {
            return Client::default();
        }
        Client {
            country: self.maybe_text(),
            region: self.maybe_text(),
            city: self.maybe_text(),
            continent: self.maybe_text(),
            language: self.maybe_text(),
            device: self.maybe_text(),
            device_brand: self.maybe_text(),
            device_model: self.maybe_text(),
            browser: self.maybe_text(),
            browser_version: self.maybe_text(),
            os: self.maybe_text(),
            os_version: self.maybe_text(),
            screen: self.maybe_text(),
            viewport: self.maybe_text(),
            cms: self.maybe_text(),
        }
    }

    fn origin(&mut self) -> Origin {
        if self.one_in(4) {
            return Origin::default();
        }
        Origin {
            channel: self.maybe_text(),
            source: self.maybe_text(),
            referrer: self.maybe_text(),
            referrer_host: self.maybe_text(),
            search_engine: self.maybe_text(),
            keyword: self.maybe_text(),
            social_network: self.maybe_text(),
            ai_assistant: self.maybe_text(),
            campaign: self.maybe_text(),
            campaign_source: self.maybe_text(),
            campaign_medium: self.maybe_text(),
            campaign_term: self.maybe_text(),
            campaign_content: self.maybe_text(),
            campaign_id: self.maybe_text(),
            click_id_name: self.maybe_text(),
            click_id: self.maybe_text(),
            cost_method: self.maybe_text(),
            cost: self.decimal(),
        }
    }

    fn page(&mut self) -> PageContext {
        PageContext {
            has_location: self.one_in(2),
            hostname: self.maybe_text(),
            page: self.maybe_text(),
            title: self.maybe_text(),
            content_groups: std::array::from_fn(|_| self.maybe_text()),
        }
    }

    fn custom(&mut self) -> Custom {
        let chosen =
            |random: &mut Random| (1..=20).filter(|_| random.one_in(4)).collect::<Vec<u8>>();
        let mut custom = Custom {
            dimensions: chosen(self).into_iter().map(|n| (n, self.text())).collect(),
            metrics: chosen(self)
                .into_iter()
                .map(|n| (n, Decimal::from_micros(self.number())))
                .collect(),
        };
        if custom == Custom::default() {
            custom.metrics.push((20, Decimal::ZERO));
        }
        custom
    }

    fn product(&mut self) -> Product {
        Product {
            id: self.maybe_text(),
            name: self.maybe_text(),
            brand: self.maybe_text(),
            category: self.maybe_text(),
            variant: self.maybe_text(),
            coupon: self.maybe_text(),
            list: self.maybe_text(),
            currency: self.maybe_text(),
            price: self.decimal(),
            quantity: self.decimal(),
            position: self.maybe(|random| random.next() as u32),
        }
    }

    fn products(&mut self) -> Vec<Product> {
        (0..self.below(4)).map(|_| self.product()).collect()
    }

    fn promotions(&mut self) -> Vec<Promotion> {
        let promotion = |random: &mut Random| Promotion {
            id: random.maybe_text(),
            name: random.maybe_text(),
            creative: random.maybe_text(),
            position: random.maybe_text(),
        };
        (0..self.below(3)).map(|_| promotion(self)).collect()
    }

    fn order(&mut self) -> OrderFields {
        use OrderState::*;
        OrderFields {
            id: self.maybe_text(),
            affiliation: self.maybe_text(),
            currency: self.maybe_text(),
            coupon: self.maybe_text(),
            revenue: self.decimal(),
            revenue_net: self.decimal(),
            revenue_tax: self.decimal(),
            shipping: self.decimal(),
            shipping_net: self.decimal(),
            shipping_tax: self.decimal(),
            tax: self.decimal(),
            coupon_value: self.decimal(),
            state: [None, Some(Pending), Some(Completed), Some(Cancelled)][self.below(4) as usize],
        }
    }

    fn timing_or_exception(&mut self) -> TimingOrException {
        TimingOrException {
            category: self.maybe_text(),
            action: self.maybe_text(),
            label: self.maybe_text(),
            value: self.decimal(),
            fatal: self.one_in(2),
        }
    }

    fn kind(&mut self) -> HitKind {
        use ProductAction::*;
        match self.below(14) {
            0 => HitKind::Event(Box::new(Event {
                category: self.maybe_text(),
                action: self.maybe_text(),
                label: self.maybe_text(),
                event_type: self.maybe_text(),
                url: self.maybe_text(),
                value: self.decimal(),
                non_interaction: self.one_in(2),
            })),
            1 => HitKind::Engagement(Engagement {
                visible: self.maybe(Random::number),
                scroll_depth: self.maybe(|random| random.below(101) as u8),
            }),
            2 | 3 => HitKind::Product(Box::new(ProductHit {
                action: [
                    Impression,
                    Click,
                    Detail,
                    Add,
                    Remove,
                    Checkout,
                    CheckoutOption,
                    PromotionView,
                    PromotionClick,
                ][self.below(9) as usize],
                list: self.maybe_text(),
                step: self.maybe(|random| random.next() as u32),
                option: self.maybe_text(),
                products: self.products(),
                promotions: self.promotions(),
            })),
            4 => HitKind::Purchase(Box::new(Purchase {
                order: self.order(),
                products: self.products(),
            })),
            5 => HitKind::Refund(Box::new(Refund {
                order: self.order(),
                products: self.products(),
            })),
            6 => HitKind::OrderStatus(Box::new(OrderStatus {
                order: self.order(),
            })),
            7 => HitKind::Visitor(Box::new(VisitorFields {
                fields: (0..self.below(4))
                    .map(|_| (self.text(), self.text()))
                    .collect(),
            })),
            8 => HitKind::Timing(Box::new(self.timing_or_exception())),
            9 => HitKind::Exception(Box::new(self.timing_or_exception())),
            _ => HitKind::PageView,
        }
    }

    fn hit(&mut self, visitor: VisitorKey, client: &Arc<Client>) -> Hit {
        Hit {
            time: Timestamp(self.number()),
            sequence: self.next() >> self.below(64),
            visitor,
            by_user: self.one_in(3),
            import: self.below(3) as u32,
            exclusion: self.exclusion(),
            user: self.maybe_text(),
            role: self.maybe_text(),
            client: match self.below(3) {
                0 => client.clone(),
                1 => Arc::new(Client::clone(client)),
                _ => Arc::new(self.client()),
            },
            origin: self.maybe(|random| Arc::new(random.origin())),
            page: self.maybe(|random| Arc::new(random.page())),
            custom: self.maybe(|random| Box::new(random.custom())),
            kind: self.kind(),
        }
    }

    fn hits(&mut self, visitor: VisitorKey, client: &Arc<Client>, most: u64) -> Vec<Hit> {
        let count = self.below(most + 1);
        let mut hits: Vec<Hit> = (0..count).map(|_| self.hit(visitor, client)).collect();
        hits.sort_by_key(|hit| (hit.time, hit.sequence));
        hits
    }

    fn visit(&mut self, visitor: VisitorKey) -> Visit {
        let client = Arc::new(self.client());
        let hits = self.hits(visitor, &client, 6);
        let views = hits
            .iter()
            .filter(|hit| hit.kind == HitKind::PageView)
            .count();
        let (one, other) = (self.number(), self.number());
        Visit {
            visitor,
            start: Timestamp(one.min(other)),
            end: Timestamp(one.max(other)),
            origin: Arc::new(self.origin()),
            client,
            hostname: self.maybe_text(),
            user: self.maybe_text(),
            role: self.maybe_text(),
            entry_page: self.maybe_text(),
            exit_page: self.maybe_text(),
            exclusion: self.exclusion(),
            is_bounce: self.one_in(2),
            hits,
            page_views: (0..views)
                .map(|_| PageViewMeasures {
                    time_on_page: self.maybe(Random::number),
                    scroll_depth: self.maybe(|random| random.below(101) as u8),
                })
                .collect(),
        }
    }

    /// Cuts of visitors, ascending by key, none of them empty.
    pub fn cuts(&mut self, visitors: usize) -> Vec<(VisitorKey, Cut)> {
        let mut keys: Vec<u128> = (0..visitors)
            .map(|index| match (index, self.below(4)) {
                (0, 0) => 0,
                (1, 0) => u128::MAX,
                (_, 1) => u128::from(self.next()),
                _ => u128::from(self.next()) << 64 | u128::from(self.next()),
            })
            .collect();
        keys.sort_unstable();
        keys.dedup();
        let cut = |random: &mut Random, visitor: VisitorKey| {
            let shape = random.below(4);
            let mut visits: Vec<Visit> = match shape {
                0 => Vec::new(),
                _ => (0..=random.below(3))
                    .map(|_| random.visit(visitor))
                    .collect(),
            };
            visits.sort_by_key(|visit| visit.start);
            let client = Arc::new(random.client());
            let mut loose = random.hits(visitor, &client, 3);
            if shape == 0 && loose.is_empty() {
                loose.push(random.hit(visitor, &client));
            }
            Cut { visits, loose }
        };
        keys.into_iter()
            .map(|key| (VisitorKey(key), cut(self, VisitorKey(key))))
            .collect()
    }
}
