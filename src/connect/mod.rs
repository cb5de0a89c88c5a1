//! Where do posts come from? Connectors.
//!
//! A connector turns bytes into parcels of events and puts them into one bounded inbox; when it is
//! full, the connector waits, and so does the socket behind it.

mod backoff;
mod file;
mod input;
mod lines;
mod websocket;

pub use backoff::Backoff;
pub use file::{follow_file, read_file, read_stdin};
pub use input::{Chunk, Chunks, Input, InputError, Layout, Read, Rows, TableRows, find_inputs};
pub use lines::{Block, Lines, LinesError, bundled_lines, numbered, open_lines};
pub use websocket::{WebSocketSource, websocket};

/// The bounded way to the engine; sending waits while it is full.
pub type Inbox = tokio::sync::mpsc::Sender<crate::decode::Parcel>;
