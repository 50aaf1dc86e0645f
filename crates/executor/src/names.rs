//! What products are called: by the name told last, wherever it was told.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use afsa_store::{Dimension, StoreError, Traffic, Value};
use arrow_array::Array;
use hashbrown::HashMap;

use crate::image::{Chosen, Codes, Image, Loaded, NO_ROW, SelectionKey, Thing, Vocabulary};

/// A name that a row told of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ToldName {
    /// A code of [`Dimension::ProductSku`].
    pub(crate) sku: u32,
    pub(crate) is_excluded: bool,
    /// Its time, its place in the order of arrival, and among the rows of its hit.
    pub(crate) when: (i64, u64, u32),
    /// A code of [`Dimension::Product`].
    pub(crate) name: u32,
}

impl Loaded for Vec<ToldName> {
    fn bytes(&self) -> usize {
        self.len() * size_of::<ToldName>()
    }
}

/// The last name of each product, for people and for what is excluded.
#[derive(Default)]
pub(crate) struct LatestNames(HashMap<(u32, bool), ToldName>);

impl LatestNames {
    pub(crate) fn note(&mut self, told: ToldName) {
        let known = self.0.entry((told.sku, told.is_excluded)).or_insert(told);
        if known.when < told.when {
            *known = told;
        }
    }

    pub(crate) fn into_names(self) -> Vec<ToldName> {
        self.0.into_values().collect()
    }
}

/// The names of all products of one traffic.
#[derive(Debug)]
pub(crate) struct Names {
    version: u64,
    /// By code of [`Dimension::ProductSku`], the code of [`Dimension::Product`].
    products: Vec<u32>,
}

impl PartialEq for Names {
    fn eq(&self, other: &Names) -> bool {
        self.products == other.products
    }
}

impl Names {
    /// Of what images and orders told, whose vocabulary this is. A product of which no name was
    /// told is called what tells it apart.
    pub(crate) fn of(
        told: impl IntoIterator<Item = ToldName>,
        traffic: Traffic,
        vocabulary: &Vocabulary,
    ) -> Names {
        static VERSIONS: AtomicU64 = AtomicU64::new(1);
        let is_excluded = traffic == Traffic::Excluded;
        let (skus, words) = (
            vocabulary.of(Dimension::ProductSku),
            vocabulary.of(Dimension::Product),
        );
        let mut words = words.write();
        let mut products = vec![0];
        products.extend(skus.read().values().iter().map(|sku| match sku {
            Value::Text(sku) => words.code_of_text(sku),
            _ => 0,
        }));
        let mut latest = LatestNames::default();
        for told in told
            .into_iter()
            .filter(|told| told.is_excluded == is_excluded)
        {
            latest.note(told);
        }
        for told in latest.into_names() {
            if let Some(product) = products.get_mut(told.sku as usize) {
                *product = told.name;
            }
        }
        Names {
            version: VERSIONS.fetch_add(1, Ordering::Relaxed),
            products,
        }
    }

    /// Never 0, and never that of names that say otherwise.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// What the product is called that this code tells apart.
    #[inline]
    pub(crate) fn code_of(&self, sku: u32) -> u32 {
        self.products.get(sku as usize).copied().unwrap_or(0)
    }

    /// What products are called, from what tells them apart.
    pub(crate) fn codes(&self, skus: &Codes) -> Codes {
        let greatest = self.products.iter().copied().max().unwrap_or(0);
        let names = (0..skus.len()).map(|row| self.code_of(skus.get(row)));
        Codes::collect(greatest, names)
    }
}

impl Image {
    /// What the rows of its living visits and hits called their products last.
    pub(crate) fn told_names(&self) -> Result<Arc<Vec<ToldName>>, StoreError> {
        let key = SelectionKey {
            chosen: Chosen::Names,
            traffic: Traffic::People,
            filter: None,
        };
        self.selections().get(key, || self.read_told_names())
    }

    fn read_told_names(&self) -> Result<Vec<ToldName>, StoreError> {
        use afsa_segments::Table;
        let things = self.things(Thing::Product)?;
        // Products without a name are numbered too, so that they can be called something.
        let skus = self.codes(Thing::Product, Dimension::ProductSku)?;
        let Some(names) = self.reader().texts(Table::Items, "name")? else {
            return Ok(Vec::new());
        };
        let (starts, moments) = (self.starts()?, self.moments(Thing::Product)?);
        let excluded = self.excluded()?;
        let sequences = self.reader().sequences(Table::Hits, "sequence")?;
        let named = things.rows.iter().filter(|row| **row != NO_ROW);
        let words = self.vocabulary().of(Dimension::Product);
        let codes = names.codes(named.map(|row| *row as usize), &mut words.write());
        let mut told = LatestNames::default();
        for scene in 0..things.offsets.scenes() {
            if self.dead().is_some_and(|dead| dead.get(scene)) {
                continue;
            }
            for at in things.offsets.of(scene) {
                let row = things.rows[at];
                let name = names.key(row as usize).map_or(0, |key| codes[key]);
                if row == NO_ROW || name == 0 {
                    continue;
                }
                let hit = things.hit_rows[at] as usize;
                let sequence = sequences
                    .as_ref()
                    .filter(|sequences| sequences.is_valid(hit));
                told.note(ToldName {
                    sku: skus.get(at),
                    is_excluded: excluded.get(scene),
                    when: (
                        moments.get(starts.get(scene), at),
                        sequence.map_or(0, |sequences| sequences.value(hit)),
                        row,
                    ),
                    name,
                });
            }
        }
        Ok(told.into_names())
    }
}
