//! What may an assistant ask? The standard questions as tools of the Model Context Protocol, read-only.
//!
//! An answer names the posts that it rests on, so that a person can check it. Authors are keyed
//! hashes, as in the lake. Nothing here changes anything: what an assistant would like to be done comes
//! back as a proposal that a person must carry out. Texts of posts are quotations from strangers, and
//! the assistant is told so.
#![doc = include_str!("assistants.md")]

mod refusal;
mod tools;
mod cut;
mod evidence;
mod office;
mod assistant;
mod server;
mod rpc;

pub use assistant::Assistant;
pub use refusal::Refusal;
pub use rpc::respond;
pub use server::serve_stdio;
pub use tools::TOOLS;
