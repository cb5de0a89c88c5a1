//! How is a text read? Folding for matching, and where words begin and end.

mod boundary;
mod fold;
mod folded;

pub use boundary::{continues_word, is_emoji, is_skin_tone, is_word_char};
pub use fold::{fold_letters, spread_umlauts};
pub use folded::{Folded, Form};
