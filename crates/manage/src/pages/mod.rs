//! The pages, one file for what belongs together.

pub(crate) mod account;
pub(crate) mod apps;
pub(crate) mod audit;
pub(crate) mod clients;
pub(crate) mod code;
pub(crate) mod confirm;
pub(crate) mod figures;
pub(crate) mod home;
pub(crate) mod invitation;
pub(crate) mod keys;
pub(crate) mod members;
pub(crate) mod parts;
pub(crate) mod people;
pub(crate) mod preferences;
pub(crate) mod profile;
pub(crate) mod reset;
pub(crate) mod search;
pub(crate) mod second_factor;
pub(crate) mod settings;
pub(crate) mod setup;
pub(crate) mod shares;
pub(crate) mod sign_in;
pub(crate) mod sign_up;
pub(crate) mod things;
