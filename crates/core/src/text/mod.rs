//! How is a text read? Folding for matching, where words begin and end, entities and addresses, and
//! which words say something.

mod boundary;
mod entity;
mod letters;
mod fold;
mod folded;
mod folding;
mod address;
mod plain;
mod stop_words;
mod keywords;
mod html;
mod run;

pub(crate) use address::{Address, AddressForm, addresses};
pub(crate) use boundary::is_hangul;
pub use boundary::{continues_word, is_emoji, is_skin_tone, is_word_char};
pub(crate) use fold::without_accents;
pub use fold::{fold_letters, spread_umlauts};
pub use folded::{Folded, Form};
pub use html::{plain_of_entities, plain_of_html};
pub use keywords::{for_each_keyword, for_each_plain_word, keywords};
pub(crate) use letters::decoded;
pub(crate) use plain::Plain;
pub(crate) use run::{Run, eight, word};
