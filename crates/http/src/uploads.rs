//! How many imports may come in at a time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use afsa_model::AccountId;

/// The uploads under way.
pub(crate) struct Uploads {
    most: usize,
    under_way: Mutex<Vec<AccountId>>,
}

/// Leave for one upload, given back when dropped.
pub(crate) struct Upload {
    uploads: Arc<Uploads>,
    account: AccountId,
}

impl Uploads {
    pub(crate) fn new(most: usize) -> Uploads {
        Uploads {
            most,
            under_way: Mutex::default(),
        }
    }

    /// `None` where as many are under way as may be. One account gets no more than half of them,
    /// so slow senders of one leave room for the others.
    pub(crate) fn begin(self: &Arc<Self>, account: AccountId) -> Option<Upload> {
        let mut under_way = self.under_way();
        let own = under_way.iter().filter(|of| **of == account).count();
        if under_way.len() >= self.most || own >= self.most.div_ceil(2) {
            return None;
        }
        under_way.push(account);
        Some(Upload {
            uploads: self.clone(),
            account,
        })
    }

    fn under_way(&self) -> MutexGuard<'_, Vec<AccountId>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let mut under_way = self.uploads.under_way();
        if let Some(place) = under_way.iter().position(|of| *of == self.account) {
            under_way.swap_remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_in_all_and_half_of_them_of_one_account() {
        let uploads = Arc::new(Uploads::new(4));
        let begin = |account: u32| uploads.begin(AccountId(account));
        let first = begin(1).unwrap();
        let _second = begin(1).unwrap();
        assert!(begin(1).is_none());
        let _third = begin(2).unwrap();
        let fourth = begin(3).unwrap();
        assert!(begin(4).is_none());
        drop(first);
        let _fifth = begin(4).unwrap();
        drop(fourth);
        assert!(begin(1).is_some());
        assert!(Arc::new(Uploads::new(1)).begin(AccountId(1)).is_some());
        assert!(Arc::new(Uploads::new(0)).begin(AccountId(1)).is_none());
    }
}
