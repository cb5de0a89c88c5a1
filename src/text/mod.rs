//! How is a text read? Folding for matching, and where words begin and end.

mod fold;
mod boundary;

pub use boundary::{continues_word, is_word_char};
pub use fold::{Folded, fold_pattern};
