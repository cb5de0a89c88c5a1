//! Whose name is kept, and whose post must not come back?
//!
//! Pure: the key and the erased are values. Names of authors become keyed hashes before a post
//! leaves its decoder, in the author and wherever else they stand: ids, threads, addresses. What
//! texts tell of persons is taken out, where that is wanted, behind matching and scoring.
#![doc = include_str!("privacy.md")]

mod author;
mod erased;
mod keyring;
mod names;
mod redact;
mod spelling;

pub use author::{AuthorHasher, Names};
pub use erased::{Erased, Lasting, Marker, Tombstone, Withdrawal};
pub use keyring::{Keyring, Rotation};
pub use names::keyed_query;
pub use redact::{Personal, Piece, Redactor};
pub use spelling::spellings;
