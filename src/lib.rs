//! resonanz listens to what is said in public about brands and topics, and says how it is meant.
//!
//! A library first: score a text ([`sentiment::Scorer`]), find topics in posts
//! ([`mention::Matcher`]), or run the whole pure [`engine::Engine`] with windows and alerts. These
//! stages are the crate `resonanz-core`, which needs neither runtime nor query engine; who wants no
//! more than them depends on it alone. The shells around it (sources, lake, webhooks, HTTP) are
//! public as well.
//!
//! A **lake** is the Delta tables; a **cursor** is where a source goes on. Further words are in the
//! glossary of `resonanz-core`.
//!
//! The order of the modules is the order of the data and of dependence: each uses only those above
//! it. [`settings`] and [`chart`] are pure as the core is: no I/O, no clock, no async.

// the pure stages, in their order
#[doc(inline)]
pub use resonanz_core::{
    alert, analyze, decode, desk, engine, intent, mention, portable, post, priority, privacy,
    promise, sentiment, text, time, window,
};
pub mod settings;
pub mod chart;
// shells
pub mod system;
pub mod secret;
pub mod connect;
pub mod config;
pub mod policy;
pub mod tuning;
pub mod state;
pub mod lake;
pub mod sql;
pub mod notify;
pub mod report;
pub mod review;
pub mod assist;
pub mod inbox;
pub mod live;
pub mod relay;
pub mod reprocess;
pub mod serve;
pub mod replay;
pub mod cli;
