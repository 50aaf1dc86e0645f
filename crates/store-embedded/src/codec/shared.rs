//! Contexts that stand once for all files of a rewriting: hits tell their numbers.
//!
//! A visit's hits have one client, a site's hits some thousand pages. Written out in each hit they
//! would be most of what is written and read again.

use std::sync::{Arc, PoisonError, RwLock};

use afsa_model::{Client, Origin, PageContext};
use hashbrown::HashMap;

use super::bytes::put_u64;
use super::encode::{PutContexts, put_block, put_client, put_origin, put_page};

/// Bytes of contexts that are kept in memory; further ones stand in their hits.
const MOST_BYTES: usize = 32 << 20;
/// As many contexts have numbers.
const MOST_NUMBERS: usize = 1 << 18;
/// Contexts of each kind that are known again by their place in memory.
const SEEN: usize = 1 << 12;

/// Contexts by number, as blocks.
#[derive(Default)]
pub(crate) struct SharedBlocks(RwLock<Vec<Arc<[u8]>>>);

impl SharedBlocks {
    pub fn get(&self, number: usize) -> Option<Arc<[u8]>> {
        let blocks = self.0.read().unwrap_or_else(PoisonError::into_inner);
        blocks.get(number).cloned()
    }

    fn add(&self, block: Arc<[u8]>) {
        let mut blocks = self.0.write().unwrap_or_else(PoisonError::into_inner);
        blocks.push(block);
    }
}

/// Writes the number of each context, and itself where there is no room for another.
#[derive(Default)]
pub(crate) struct SharedContexts {
    numbers: Numbers,
    clients: Seen<Client>,
    origins: Seen<Origin>,
    pages: Seen<PageContext>,
}

impl SharedContexts {
    /// What the numbers mean, also those that are still to come.
    pub fn blocks(&self) -> &Arc<SharedBlocks> {
        &self.numbers.blocks
    }
}

impl PutContexts for SharedContexts {
    fn client(&mut self, out: &mut Vec<u8>, client: &Arc<Client>) {
        self.clients.put(out, client, put_client, &mut self.numbers);
    }

    fn origin(&mut self, out: &mut Vec<u8>, origin: &Arc<Origin>) {
        self.origins.put(out, origin, put_origin, &mut self.numbers);
    }

    fn page(&mut self, out: &mut Vec<u8>, page: &Arc<PageContext>) {
        self.pages.put(out, page, put_page, &mut self.numbers);
    }
}

/// The numbers of blocks.
#[derive(Default)]
struct Numbers {
    blocks: Arc<SharedBlocks>,
    by_block: HashMap<Arc<[u8]>, u32>,
    bytes: usize,
    scratch: Vec<u8>,
}

impl Numbers {
    /// The number of what `write` writes; `None` where there is no room for another.
    fn of(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Option<u32> {
        self.scratch.clear();
        write(&mut self.scratch);
        if let Some(number) = self.by_block.get(self.scratch.as_slice()) {
            return Some(*number);
        }
        let number = self.by_block.len();
        if number >= MOST_NUMBERS || self.bytes + self.scratch.len() > MOST_BYTES {
            return None;
        }
        let shared: Arc<[u8]> = self.scratch.as_slice().into();
        self.blocks.add(shared.clone());
        self.bytes += shared.len();
        self.by_block.insert(shared, number as u32);
        Some(number as u32)
    }
}

/// The numbers of values met lately, which are held so that no other can take their place.
struct Seen<T>(Vec<Option<(Arc<T>, u32)>>);

impl<T> Default for Seen<T> {
    fn default() -> Seen<T> {
        Seen((0..SEEN).map(|_| None).collect())
    }
}

impl<T> Seen<T> {
    /// Appends a value's number from 1 on; or 0 and, as a block, itself.
    fn put(
        &mut self,
        out: &mut Vec<u8>,
        value: &Arc<T>,
        write: fn(&mut Vec<u8>, &T),
        numbers: &mut Numbers,
    ) {
        match self.number(value, || numbers.of(|out| write(out, value))) {
            Some(number) => put_u64(out, u64::from(number) + 1),
            None => {
                out.push(0);
                put_block(out, |out| write(out, value));
            }
        }
    }

    fn number(&mut self, value: &Arc<T>, make: impl FnOnce() -> Option<u32>) -> Option<u32> {
        // Neighbouring places in memory are some hundred bytes apart.
        let place = (Arc::as_ptr(value) as usize).wrapping_mul(0x9e37_79b9) >> 16;
        let slot = self.0.get_mut(place % SEEN)?;
        if let Some((seen, number)) = slot
            && Arc::ptr_eq(seen, value)
        {
            return Some(*number);
        }
        let number = make()?;
        *slot = Some((value.clone(), number));
        Some(number)
    }
}
