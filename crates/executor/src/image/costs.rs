//! What the campaigns of visits cost.

use afsa_model::Decimal;
use afsa_segments::Table;
use afsa_store::{CostMethod, Dimension, StoreError};
use arrow_array::Array;
use hashbrown::HashMap;

use super::columns::Loaded;
use super::{Amounts, Codes, Image, Thing};

/// What each scene's campaign is paid for, and its price; nothing where either isn't known.
pub(crate) struct Costs {
    /// Positions in [`METHODS`], counted from 1.
    methods: Codes,
    /// In millionths.
    prices: Amounts,
}

/// Campaigns that are paid as a whole, and the visits that they brought.
pub(crate) struct LumpSums {
    /// For each scene the position in `sums`, counted from 1.
    pub(crate) codes: Codes,
    pub(crate) sums: Vec<LumpSum>,
}

/// A campaign that is paid as a whole. Equal in all images of an account if it is the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LumpSum {
    /// Codes of its source, medium, name and id.
    campaign: [u32; 4],
    /// In millionths.
    pub(crate) price: i64,
}

const METHODS: [CostMethod; 4] = [
    CostMethod::Click,
    CostMethod::Order,
    CostMethod::OrderPercent,
    CostMethod::Total,
];

/// What tells campaigns apart, beside their cost.
const CAMPAIGN: [Dimension; 4] = [
    Dimension::CampaignSource,
    Dimension::CampaignMedium,
    Dimension::Campaign,
    Dimension::CampaignId,
];

impl Costs {
    pub(crate) fn of(&self, scene: usize) -> Option<(CostMethod, Decimal)> {
        let method = METHODS.get((self.methods.get(scene) as usize).checked_sub(1)?)?;
        Some((*method, Decimal::from_micros(self.prices.get(scene)?)))
    }

    /// The price of each scene that this method is told of.
    fn prices_of(&self, method: CostMethod) -> impl Iterator<Item = Option<i64>> + Clone {
        let price = move |scene| {
            let (told, price) = self.of(scene)?;
            (told == method).then_some(price.micros())
        };
        (0..self.methods.len()).map(price)
    }
}

impl Loaded for Costs {
    fn bytes(&self) -> usize {
        self.methods.bytes() + self.prices.bytes()
    }
}

impl Loaded for LumpSums {
    fn bytes(&self) -> usize {
        self.codes.bytes() + self.sums.len() * size_of::<LumpSum>()
    }
}

impl Image {
    pub(super) fn read_costs(&self) -> Result<Costs, StoreError> {
        let scenes = self.layout()?.scenes();
        let methods = self.reader().texts(Table::Visits, "cost_method")?;
        let prices = self.reader().times(Table::Visits, "cost")?;
        let (Some(methods), Some(prices)) = (methods, prices) else {
            return Ok(Costs {
                methods: Codes::Null(scenes),
                prices: Amounts::Nothing,
            });
        };
        let price = |scene: usize| {
            let is_told = scene < prices.len() && prices.is_valid(scene);
            is_told.then(|| prices.value(scene))
        };
        let method = |scene: usize| {
            let told = methods.get(scene).and_then(CostMethod::by_name);
            let told = told.filter(|_| price(scene).is_some());
            told.and_then(|told| METHODS.iter().position(|method| *method == told))
                .map_or(0, |at| at as u32 + 1)
        };
        Ok(Costs {
            methods: Codes::collect(METHODS.len() as u32, (0..scenes).map(method)),
            prices: Amounts::collect((0..scenes).map(price)),
        })
    }

    pub(super) fn read_click_costs(&self) -> Result<Amounts, StoreError> {
        let costs = self.costs()?;
        Ok(Amounts::collect(costs.prices_of(CostMethod::Click)))
    }

    pub(super) fn read_lump_sums(&self) -> Result<LumpSums, StoreError> {
        let costs = self.costs()?;
        let scenes = costs.methods.len();
        let prices = || costs.prices_of(CostMethod::Total);
        if prices().all(|price| price.is_none()) {
            return Ok(LumpSums {
                codes: Codes::Null(scenes),
                sums: Vec::new(),
            });
        }
        let mut columns = Vec::with_capacity(CAMPAIGN.len());
        for dimension in CAMPAIGN {
            columns.push(self.codes(Thing::Scene, dimension)?);
        }
        let mut sums = Vec::new();
        let mut known: HashMap<LumpSum, u32> = HashMap::new();
        let mut codes = Vec::with_capacity(scenes);
        for (scene, price) in prices().enumerate() {
            let Some(price) = price else {
                codes.push(0);
                continue;
            };
            let code = |at: usize| columns.get(at).map_or(0, |column| column.get(scene));
            let sum = LumpSum {
                campaign: std::array::from_fn(code),
                price,
            };
            codes.push(*known.entry(sum).or_insert_with(|| {
                sums.push(sum);
                sums.len() as u32
            }));
        }
        Ok(LumpSums {
            codes: Codes::collect(sums.len() as u32, codes.into_iter()),
            sums,
        })
    }
}
