//! Where do posts come from? Connectors, and decoders for each wire format.
//!
//! A connector turns bytes into parcels of events and puts them into one bounded inbox; when it is
//! full, the connector waits, and so does the socket behind it.

pub mod decode;
mod backoff;
mod file;
mod input;
mod lines;
mod parcel;
mod websocket;

pub use backoff::Backoff;
pub use file::{follow_file, read_file, read_stdin};
pub use input::{Chunk, Chunks, Input, InputError, Layout, Read, Rows, TableRows, find_inputs};
pub use lines::{Block, Lines, LinesError, bundled_lines, numbered, open_lines};
pub use parcel::{Cursor, Inbox, Parcel, Refused};
pub use websocket::{WebSocketSource, websocket};
