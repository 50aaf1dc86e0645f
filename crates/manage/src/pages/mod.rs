//! The pages, one file for what belongs together.

pub(crate) mod home;
pub(crate) mod preferences;
pub(crate) mod sign_in;
