//! How is a text read? Folding for matching, where words begin and end, entities and addresses.

mod boundary;
mod fold;
mod folded;
mod entity;
mod address;
mod plain;

pub(crate) use address::{Address, AddressForm, addresses};
pub use boundary::{continues_word, is_emoji, is_skin_tone, is_word_char};
pub(crate) use entity::entity;
pub use fold::{fold_letters, spread_umlauts};
pub use folded::{Folded, Form};
pub(crate) use plain::Plain;
