//! One visit as lines.

use std::io::Write as _;

use crate::Profile;
use crate::random::{Random, fixed};
use crate::site::{Page, Product, Site};
use crate::world::{AGENTS, ARRIVALS, Agent, COUNTRIES, Country, ROBOTS};

pub struct Visit<'a> {
    pub profile: &'a Profile,
    pub site: &'a Site,
    pub random: &'a mut Random,
    pub lines: &'a mut Vec<u8>,
    pub number: u64,
    pub visitor: u64,
    /// Of the next hit, milliseconds since 1970.
    pub time: i64,
    pub hits: u32,
    /// Where the line under way begins in `lines`.
    pub line_start: usize,
}

/// What stays the same through a visit.
struct Client {
    user_agent: &'static str,
    screen: &'static str,
    language: &'static str,
    address: [u8; 4],
}

impl Visit<'_> {
    pub fn write(&mut self) {
        let client = self.client();
        let query = self.arrival_query();
        let site = self.site;
        let landing = &site.pages[self.random.skewed(site.pages.len() as u64) as usize];
        let is_interested = self.random.chance(0.55);
        let referrer = query.0;
        self.page_view(&client, landing, &query.1, referrer);
        if !is_interested {
            if self.random.chance(0.35) {
                self.engagement(&client, landing);
            }
            return;
        }
        let mut page = landing;
        let more = 1 + self.random.exponential(2.2) as u32;
        for _ in 0..more.min(40) {
            self.read(&client, page);
            if self.random.chance(0.3) && !self.site.products.is_empty() {
                let index = self.random.skewed(self.site.products.len() as u64) as usize;
                let product = &site.products[index];
                page = &product.page;
                self.page_view(&client, page, "", "");
                if self.shop(&client, product) {
                    return;
                }
                continue;
            }
            let index = self.random.skewed(self.site.pages.len() as u64) as usize;
            page = &site.pages[index];
            self.page_view(&client, page, "", "");
            if self.random.chance(0.12) {
                self.event(&client, page);
            }
        }
        if self.random.chance(0.6) {
            self.engagement(&client, page);
        }
    }

    fn client(&mut self) -> Client {
        let mut own = Random::new(fixed(self.visitor, 11));
        let Country { language, network } = own.weighted(COUNTRIES);
        let Agent { user_agent, screen } = own.weighted(AGENTS);
        let address = [
            network.0,
            network.1,
            (own.below(255)) as u8,
            (1 + own.below(253)) as u8,
        ];
        let is_robot = self.random.chance(0.01);
        let user_agent = if is_robot {
            self.random.weighted(ROBOTS)
        } else {
            user_agent
        };
        Client {
            user_agent,
            screen,
            language,
            address,
        }
    }

    /// Referrer, and the query of the first page.
    fn arrival_query(&mut self) -> (&'static str, String) {
        let arrival = self.random.weighted(ARRIVALS);
        let query = if arrival.query.ends_with("gclid=") {
            format!("{}{:016x}", arrival.query, self.random.next())
        } else {
            arrival.query.to_owned()
        };
        (arrival.referrer, query)
    }

    fn read(&mut self, client: &Client, page: &Page) {
        let seconds = 3.0 + self.random.exponential(38.0);
        self.time += (seconds * 1_000.0) as i64;
        if self.random.chance(0.5) {
            self.engagement(client, page);
        }
    }

    /// Looks at a product, maybe orders; tells whether the visit ended with an order.
    fn shop(&mut self, client: &Client, product: &Product) -> bool {
        self.product(client, product, "detail", 1, "");
        if !self.random.chance(0.22) {
            return false;
        }
        self.time += 8_000 + self.random.below(60_000) as i64;
        let quantity = 1 + self.random.skewed(4);
        self.product(client, product, "add", quantity, "");
        if !self.random.chance(0.45) {
            return false;
        }
        self.time += 10_000 + self.random.below(90_000) as i64;
        self.product(client, product, "checkout", quantity, r#","step":1"#);
        self.time += 20_000 + self.random.below(120_000) as i64;
        self.product(client, product, "checkout", quantity, r#","step":2"#);
        if !self.random.chance(0.65) {
            return false;
        }
        self.time += 15_000 + self.random.below(60_000) as i64;
        self.purchase(client, product, quantity);
        true
    }

    fn page_view(&mut self, client: &Client, page: &Page, query: &str, referrer: &str) {
        self.begin("pageview", client, page, query);
        let _ = write!(
            self.lines,
            r#","title":"{}","content_group1":"{}""#,
            page.title, page.group
        );
        if !referrer.is_empty() {
            let _ = write!(self.lines, r#","referrer":"{referrer}""#);
        }
        self.end();
    }

    fn engagement(&mut self, client: &Client, page: &Page) {
        let visible = 1.0 + self.random.exponential(24.0);
        let depth = 10 + self.random.below(91);
        self.time += 900;
        self.begin("engagement", client, page, "");
        let _ = write!(
            self.lines,
            r#","visible_seconds":{visible:.1},"scroll_depth":{depth}"#
        );
        self.end();
    }

    fn event(&mut self, client: &Client, page: &Page) {
        const EVENTS: &[(u32, (&str, &str, &str))] = &[
            (50, ("click", "inside", "menu")),
            (25, ("click", "outbound", "https://partner.example.org/")),
            (12, ("download", "none", "/files/catalogue.pdf")),
            (8, ("form", "submit", "newsletter")),
            (5, ("video", "start", "how-we-work")),
        ];
        let (category, action, label) = *self.random.weighted(EVENTS);
        self.time += 1_500;
        self.begin("event", client, page, "");
        let _ = write!(
            self.lines,
            r#","category":"{category}","action":"{action}","label":"{label}""#
        );
        if label.starts_with("http") || label.starts_with('/') {
            let _ = write!(self.lines, r#","url":"{label}""#);
        }
        self.end();
    }

    fn product(
        &mut self,
        client: &Client,
        product: &Product,
        action: &str,
        quantity: u64,
        more: &str,
    ) {
        self.time += 400;
        self.begin("product", client, &product.page, "");
        let _ = write!(self.lines, r#","action":"{action}"{more},"products":["#);
        self.product_fields(product, quantity);
        self.lines.push(b']');
        self.end();
    }

    fn purchase(&mut self, client: &Client, product: &Product, quantity: u64) {
        let cents = product.price * quantity;
        let tax = cents / 6;
        let shipping = if cents > 6_000 { 0 } else { 590 };
        let total = cents + shipping;
        self.begin("purchase", client, &product.page, "");
        let _ = write!(
            self.lines,
            r#","order":{{"id":"W{:08}","revenue":"{}","tax":"{}","shipping":"{}","currency":"EUR"}},"products":["#,
            self.number,
            Cents(total),
            Cents(tax),
            Cents(shipping)
        );
        self.product_fields(product, quantity);
        self.lines.push(b']');
        self.end();
    }

    fn product_fields(&mut self, product: &Product, quantity: u64) {
        let _ = write!(
            self.lines,
            r#"{{"id":"{}","name":"{}","brand":"{}","category":"{}","price":"{}","quantity":{quantity}}}"#,
            product.sku,
            product.name,
            product.brand,
            product.category,
            Cents(product.price)
        );
    }

    /// Begins a line; it is taken back at its end where it lies behind the profile's end.
    fn begin(&mut self, hit_type: &str, client: &Client, page: &Page, query: &str) {
        self.line_start = self.lines.len();
        let [a, b, c, d] = client.address;
        let _ = write!(
            self.lines,
            r#"{{"type":"{hit_type}","event_id":"{:x}-{}","timestamp":"{}","visitor_id":"{:016x}","ip":"{a}.{b}.{c}.{d}","user_agent":"{}","language":"{}","screen":"{}","location":"https://{}{}{query}""#,
            self.number,
            self.hits,
            Instant(self.time),
            fixed(self.visitor, 12),
            client.user_agent,
            client.language,
            client.screen,
            self.profile.host,
            page.path,
        );
    }

    fn end(&mut self) {
        self.hits += 1;
        if self.time > self.profile.until {
            self.lines.truncate(self.line_start);
            return;
        }
        self.lines.extend_from_slice(b"}\n");
    }
}

/// An amount of money in cents.
struct Cents(u64);

impl std::fmt::Display for Cents {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// An instant in RFC 3339, UTC.
struct Instant(i64);

impl std::fmt::Display for Instant {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (day, rest) = (self.0.div_euclid(86_400_000), self.0.rem_euclid(86_400_000));
        let (year, month, day) = civil(day);
        write!(
            formatter,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
            rest / 3_600_000,
            rest / 60_000 % 60,
            rest / 1_000 % 60,
            rest % 1_000
        )
    }
}

/// Year, month and day of a day counted from 1970-01-01: eras of 400 years that begin in March.
fn civil(day: i64) -> (i64, i64, i64) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    (
        year_of_era + era * 400 + i64::from(month <= 2),
        month,
        day_of_month,
    )
}
