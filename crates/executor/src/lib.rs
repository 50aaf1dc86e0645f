//! Answers questions over columns in memory, exactly and fast.
//!
//! An [`Image`] is a part of an account's data, sorted by visitor: dictionary codes and plain
//! numbers, loaded column by column on first use and dropped within a [`Budget`]. Images of one
//! account share a [`Vocabulary`], so that a value has one code everywhere. A [`Shard`] is the
//! images of one range of visitors, a large one under newer, smaller ones; [`execute`] answers a
//! question over all shards. Orders are told by hits of any image and belong to visits of any
//! other: an [`OrdersCell`] keeps them between questions.
//!
//! The way of a question: what was `found` in a shard that hasn't changed since is taken as it is.
//! For the others `world` gathers what it is asked of; `filter` turns the filter into
//! sets of rows; each `pass` counts one kind of thing for all of its measures, where a key is a
//! number made of the codes of the dimensions. Keys of which there are few have a place each
//! and are counted in bulk, others are looked up. Distinct visitors are counted by walking over
//! visits visitor by visitor: who isn't the last one counted in a group is a new one.
//!
//! ```
//! use std::sync::Arc;
//!
//! use afsa_executor::{Budget, Image, OrdersCell, Shard, Vocabulary, execute};
//! use afsa_model::{AccountSettings, Cut, VisitorKey};
//! use afsa_segments::encode;
//! use afsa_store::{Measure, Question};
//!
//! let tables = encode([(VisitorKey(7), Cut::default())])?;
//! let vocabulary = Arc::new(Vocabulary::default());
//! let image = Image::new(Arc::new(tables), &[], &[], &vocabulary, &Budget::new(1 << 30))?;
//! let shards = [Arc::new(Shard::new(vec![Arc::new(image)]))];
//! let question = Question { measures: vec![Measure::Visits], ..Question::default() };
//! let settings = AccountSettings::default();
//! let groups = execute(&shards, &OrdersCell::default(), &settings, &question)?;
//! assert_eq!(groups.rows[0].numbers, [0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bits;
mod conversions;
mod execute;
mod filter;
mod found;
mod goals;
mod image;
mod journeys;
mod key;
mod names;
mod orders;
mod part;
mod pass;
mod shard;
mod shop;
mod told;
mod world;

pub use conversions::conversions;
pub use execute::{execute, execute_anew, execute_of_keys, execute_page};
pub use image::{Budget, Image, Vocabulary};
pub use journeys::journeys;
pub use orders::OrdersCell;
pub use shard::Shard;
pub use shop::{carts, checkout, orders, sales};
