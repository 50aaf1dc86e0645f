//! afsa-ingest.
