//! What an account's data looks like at one moment: shards of images for questions, and the same
//! visits for whoever reads them one by one.

use std::ops::ControlFlow;
use std::sync::Arc;

use afsa_executor::{Image, OrdersCell, Shard, execute};
use afsa_model::{AccountId, AccountSettings, Hit, Timestamp, Visit, VisitorKey};
use afsa_segments::{ColumnSource, Cuts, Tables};
use afsa_store::{
    Activity, CartHistory, CartPage, CheckoutFunnel, Dimension, Groups, JourneyEnd, Journeys,
    Order, Page, Paged, Question, Sales, Snapshot, StoreError, Value,
};
use hashbrown::HashSet;

use crate::error::Error;
use crate::part::Part;
use crate::rows::{VisitorRows, hits_of_visits};
use crate::tier::row_numbers;

/// Some visits of one shard, the dead left out.
#[derive(Clone)]
pub(crate) struct Source {
    pub prefix: u64,
    pub image: Arc<Image>,
    pub rows: Rows,
    pub dead: Arc<HashSet<VisitorKey>>,
    pub dead_rows: Arc<Vec<VisitorRows>>,
    pub removed_before: Option<Timestamp>,
}

#[derive(Clone)]
pub(crate) enum Rows {
    Part(Part),
    Tables(Arc<Tables>),
}

/// Everything of one account at one moment.
pub(crate) struct View {
    pub account: AccountId,
    pub settings: AccountSettings,
    pub shards: Vec<Arc<Shard>>,
    pub orders: Arc<OrdersCell>,
    pub sources: Vec<Source>,
    pub stored_bytes: u64,
    /// Hits of segments that are damaged and left out.
    pub missing_hits: u64,
}

impl Source {
    fn cuts(&self) -> Result<Cuts<'_>, Error> {
        Ok(match &self.rows {
            Rows::Part(part) => part.shared.segment()?.cuts(),
            Rows::Tables(tables) => tables.cuts(),
        })
    }

    fn for_each(
        &self,
        visit: &mut dyn FnMut(&Visit),
        loose: &mut dyn FnMut(&Hit),
    ) -> Result<(), Error> {
        for item in self.cuts()? {
            let (visitor, mut cut) = item?;
            if self.dead.contains(&visitor) {
                continue;
            }
            if let Rows::Part(part) = &self.rows {
                cut = part.without_removed(cut);
            }
            cut.visits.iter().for_each(&mut *visit);
            cut.loose.iter().for_each(&mut *loose);
        }
        Ok(())
    }

    fn activity(&self) -> Result<Activity, Error> {
        if self.removed_before.is_some() {
            return self.counted_activity();
        }
        let (source, visits, hits, first, last): (&dyn ColumnSource, _, _, _, _) = match &self.rows
        {
            Rows::Part(part) => {
                let row = &part.row;
                let (first, last) = (Some(row.first_hit), Some(row.last_hit));
                (part.shared.segment()?, row.visits, row.hits, first, last)
            }
            Rows::Tables(tables) => {
                let summary = tables.summary();
                let (first, last) = (summary.first_hit, summary.last_hit);
                (&**tables, summary.visits, summary.hits, first, last)
            }
        };
        let mut activity = Activity {
            first_hit: first,
            last_hit: last,
            hits,
            visits,
            stored_bytes: 0,
        };
        if self
            .dead_rows
            .iter()
            .any(|rows| !rows.visits.is_empty() || !rows.loose.is_empty())
        {
            let (dead_visits, dead_loose) = row_numbers(&self.dead_rows);
            let hits = hits_of_visits(source, dead_visits.iter().copied())?;
            activity.visits = activity.visits.saturating_sub(dead_visits.len() as u64);
            activity.hits = activity.hits.saturating_sub(hits + dead_loose.len() as u64);
            if activity.hits == 0 {
                (activity.first_hit, activity.last_hit) = (None, None);
            }
        }
        Ok(activity)
    }

    fn counted_activity(&self) -> Result<Activity, Error> {
        let mut visits = 0;
        let mut times: Vec<Timestamp> = Vec::new();
        let mut hits = 0;
        let mut loose = Vec::new();
        let mut see = |time: Timestamp| {
            hits += 1;
            match times.as_mut_slice() {
                [first, last] => (*first, *last) = (time.min(*first), time.max(*last)),
                _ => times = vec![time, time],
            }
        };
        self.for_each(
            &mut |visit| {
                visits += 1;
                visit.hits.iter().for_each(|hit| see(hit.time));
            },
            &mut |hit| loose.push(hit.time),
        )?;
        loose.into_iter().for_each(&mut see);
        Ok(Activity {
            first_hit: times.first().copied(),
            last_hit: times.last().copied(),
            hits,
            visits,
            stored_bytes: 0,
        })
    }
}

impl Snapshot for View {
    fn account(&self) -> AccountId {
        self.account
    }

    fn aggregate(&self, question: &Question) -> Result<Groups, StoreError> {
        let answer = execute(&self.shards, &self.orders, &self.settings, question);
        self.or_set_apart(answer)
    }

    fn page(&self, question: &Question, page: &Page) -> Result<Paged, StoreError> {
        let (shards, cell) = (&self.shards, &self.orders);
        let paged = afsa_executor::execute_page(shards, cell, &self.settings, question, page);
        self.or_set_apart(paged)
    }

    fn of_keys(&self, question: &Question, keys: &[Vec<Value>]) -> Result<Groups, StoreError> {
        let (shards, cell) = (&self.shards, &self.orders);
        let groups = afsa_executor::execute_of_keys(shards, cell, &self.settings, question, keys);
        self.or_set_apart(groups)
    }

    fn orders(
        &self,
        question: &Question,
        each: &mut dyn FnMut(Order) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let (shards, cell) = (&self.shards, &self.orders);
        let told = afsa_executor::orders(shards, cell, &self.settings, question, each);
        self.or_set_apart(told)
    }

    fn sales(&self, question: &Question) -> Result<Sales, StoreError> {
        let sales = afsa_executor::sales(&self.shards, &self.orders, &self.settings, question);
        self.or_set_apart(sales)
    }

    fn conversions(&self, question: &Question) -> Result<Vec<JourneyEnd>, StoreError> {
        let (shards, cell) = (&self.shards, &self.orders);
        let conversions = afsa_executor::conversions(shards, cell, &self.settings, question);
        self.or_set_apart(conversions)
    }

    fn journeys(
        &self,
        ends: &[JourneyEnd],
        dimensions: &[Dimension],
    ) -> Result<Journeys, StoreError> {
        let (shards, cell) = (&self.shards, &self.orders);
        let journeys = afsa_executor::journeys(shards, cell, &self.settings, ends, dimensions);
        self.or_set_apart(journeys)
    }

    fn checkout(&self, question: &Question) -> Result<CheckoutFunnel, StoreError> {
        let funnel = afsa_executor::checkout(&self.shards, &self.orders, &self.settings, question);
        self.or_set_apart(funnel)
    }

    fn carts(&self, question: &Question, page: &CartPage) -> Result<Vec<CartHistory>, StoreError> {
        let (shards, cell) = (&self.shards, &self.orders);
        let carts = afsa_executor::carts(shards, cell, &self.settings, question, page);
        self.or_set_apart(carts)
    }

    fn warnings(&self) -> Vec<String> {
        if self.missing_hits == 0 {
            return Vec::new();
        }
        vec![format!(
            "{} hits are missing: their files are damaged and were set apart; the operator finds them \
             named by `afsa verify`",
            self.missing_hits
        )]
    }

    fn activity(&self) -> Result<Activity, StoreError> {
        let mut whole = Activity {
            stored_bytes: self.stored_bytes,
            ..Activity::default()
        };
        for source in &self.sources {
            let part = self.or_set_apart(source.activity().map_err(StoreError::from))?;
            whole.first_hit = [whole.first_hit, part.first_hit]
                .into_iter()
                .flatten()
                .min();
            whole.last_hit = whole.last_hit.max(part.last_hit);
            whole.hits += part.hits;
            whole.visits += part.visits;
        }
        Ok(whole)
    }

    fn for_each_visit(
        &self,
        visit: &mut dyn FnMut(&Visit),
        loose: &mut dyn FnMut(&Hit),
    ) -> Result<(), StoreError> {
        for source in &self.sources {
            let done = source.for_each(visit, loose);
            self.or_set_apart(done.map_err(StoreError::from))?;
        }
        Ok(())
    }
}

impl View {
    /// Whether no damage was found of what it is made of.
    pub fn is_sound(&self) -> bool {
        let is_sound = |source: &Source| match &source.rows {
            Rows::Part(part) => part.shared.damage().is_none(),
            Rows::Tables(_) => true,
        };
        self.sources.iter().all(is_sound)
    }

    /// Where damage shows only while a question is answered, looks which segments it is in: the
    /// next snapshot leaves them out.
    fn or_set_apart<T>(&self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(StoreError::Damaged(_)) = &answer {
            for source in &self.sources {
                if let Rows::Part(part) = &source.rows {
                    part.shared.check_again();
                }
            }
        }
        answer
    }
}
