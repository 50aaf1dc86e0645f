//! afsa-accounts.
