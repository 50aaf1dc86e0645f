//! The made-up shop: pages and products by number.

use crate::Profile;
use crate::random::fixed;

const TOPICS: [&str; 20] = [
    "lamps", "chairs", "tables", "rugs", "mirrors", "shelves", "curtains", "cushions", "vases",
    "candles", "plates", "glasses", "kettles", "blankets", "clocks", "frames", "baskets", "stools",
    "desks", "benches",
];
const ADJECTIVES: [&str; 16] = [
    "oak", "linen", "brass", "small", "round", "blue", "woven", "folding", "enamel", "tall",
    "striped", "walnut", "garden", "winter", "velvet", "paper",
];
const BRANDS: [&str; 8] = [
    "Alder", "Brume", "Cadre", "Dune", "Erable", "Foyer", "Grain", "Hulot",
];

pub struct Site {
    pub pages: Vec<Page>,
    pub products: Vec<Product>,
}

pub struct Page {
    pub path: String,
    pub title: String,
    pub group: &'static str,
}

pub struct Product {
    pub sku: String,
    pub name: String,
    pub brand: &'static str,
    pub category: String,
    /// In cents.
    pub price: u64,
    pub page: Page,
}

impl Site {
    pub fn new(profile: &Profile) -> Site {
        let pages = (0..u64::from(profile.pages)).map(page).collect();
        let products = (0..u64::from(profile.products)).map(product).collect();
        Site { pages, products }
    }
}

fn page(number: u64) -> Page {
    let topic = TOPICS[(number % 20) as usize];
    let adjective = ADJECTIVES[(fixed(number, 1) % 16) as usize];
    match number {
        0 => Page {
            path: "/".to_owned(),
            title: "Home".to_owned(),
            group: "Home",
        },
        1..=20 => Page {
            path: format!("/{topic}/"),
            title: format!("All {topic}"),
            group: "Categories",
        },
        _ => Page {
            path: format!("/journal/{adjective}-{topic}-{number}"),
            title: format!("How we choose {adjective} {topic} (no. {number})"),
            group: "Journal",
        },
    }
}

fn product(number: u64) -> Product {
    let topic = TOPICS[(fixed(number, 2) % 20) as usize];
    let adjective = ADJECTIVES[(fixed(number, 3) % 16) as usize];
    let singular = topic.trim_end_matches('s');
    let name = format!(
        "{}{} {singular} {number}",
        adjective[..1].to_uppercase(),
        &adjective[1..]
    );
    Product {
        sku: format!("SKU-{:05}", 10_000 + number),
        page: Page {
            path: format!("/{topic}/{adjective}-{singular}-{number}"),
            title: name.clone(),
            group: "Products",
        },
        name,
        brand: BRANDS[(fixed(number, 4) % 8) as usize],
        category: format!("Home/{}{}", topic[..1].to_uppercase(), &topic[1..]),
        price: 490 + fixed(number, 5) % 24_000,
    }
}
