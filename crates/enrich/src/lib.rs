//! afsa-enrich.
