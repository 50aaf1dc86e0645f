//! The naive executor.
