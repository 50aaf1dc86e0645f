//! afsa-store-embedded.
