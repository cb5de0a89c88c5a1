//! resonanz listens to what is said in public about brands and topics, and says how it is meant.
//!
//! A library first: score a text ([`sentiment::Scorer`]), find topics in posts
//! ([`mention::Matcher`]), or run the whole pure [`engine::Engine`] with windows and alerts, without
//! any I/O. The shells around it (sources, lake, webhooks, HTTP) are public as well.
//!
//! # Glossary
//! - **post**: one public utterance. **topic**: a named query. **mention**: a post speaking of a topic.
//! - **verdict**: how it speaks of it; **score**: from -1 to 1; **polarity**: its sign.
//! - **finding**: post, topic and verdict. **pane**: the totals of one minute, topic, source and
//!   language. **window**: a rolling sum of panes.
//! - **watermark**: the event time up to which the picture is complete; **lateness**: how long it
//!   waits.
//! - **rule**: what is worth an **alert**; an alert **fires**, **escalates** and **resolves**.
//!   **receiver**: who is told; **delivery**: one message to one receiver.
//! - **lake**: the Delta tables. **cursor**: where a source goes on.
//!
//! The order of the modules is the order of the data and of dependence: each uses only those above
//! it. Up to [`config`] they are pure: no I/O, no clock, no async.

// vocabulary
pub mod time;
pub mod post;
pub mod privacy;
// pure stages
pub mod text;
pub mod mention;
pub mod sentiment;
pub mod analyze;
pub mod window;
pub mod alert;
pub mod desk;
pub mod engine;
pub mod config;
// shells
pub mod connect;
pub mod tuning;
pub mod lake;
pub mod notify;
pub mod live;
pub mod reprocess;
pub mod serve;
pub mod replay;
pub mod cli;
