//! Is what other programs really send heard? Servers of others, started here, written to through
//! their own doors.
//!
//! One file for each peer. They need programs that `.ci/run` installs, so a plain `cargo test` leaves
//! them out: `cargo test --test peers` runs them.

#[allow(dead_code, reason = "each suite uses its own part")]
#[path = "../end_to_end/support.rs"]
mod support;
mod brokers;
#[cfg(feature = "postgres")]
mod drivers;
mod kafka;
mod nats;
mod nostr;
mod relay;
mod wordpress;
