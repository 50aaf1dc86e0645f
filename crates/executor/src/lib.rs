//! afsa-executor.
