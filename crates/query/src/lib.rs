//! afsa-query.
