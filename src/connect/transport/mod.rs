//! How do bytes get here, whatever they say? Files, pipes and sockets, apart from the networks.

mod block;
mod http;
mod incoming;
mod latch;
mod lines;
mod packed;
mod pipe;
mod sse;
mod sent;
mod signature;
mod token;
mod websocket;

pub use block::{Block, numbered};
pub(crate) use http::retry_after;
pub(super) use http::{
    ASKED_MAX, Answer, BODY_BYTES_MAX, Http, Rate, Validators, asked_wait, links,
};
pub use incoming::{Door, Head, Reply, Said};
pub(super) use latch::Latch;
pub use lines::{Lines, LinesError, bundled_lines, open_lines};
pub(super) use packed::decompressed;
pub(super) use pipe::{PipeLines, Writers, is_stream};
pub(super) use sent::EventStream;
pub(super) use signature::{is_signed, is_signed_by_hub};
pub(super) use sse::{EventReader, Sent, SentEvent};
pub(super) use token::Token;
pub(super) use websocket::{Incoming, MESSAGE_BYTES_MAX, Refusal, WebSocket};
