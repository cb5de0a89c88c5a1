//! How do people and machines look in? An HTTP API over the running process and its lake.
//!
//! `GET /healthz`, `/metrics` (Prometheus text) and the paths of `/api/v1`, which `contract` lists.
//! Only acknowledgements, silences, repeated messages, states of the inbox and reloads can be asked
//! for; `/ingest` leads to the doors
//! of sources.

mod door;
mod gate;
mod memo;
mod problem;
mod site;
mod ingest;
mod reload;
mod api;
mod recall;
mod intake;
mod parameters;
mod asked;
mod answers;
mod anew;
mod desk;
mod inbox;
mod feed;
mod metrics;
mod scoring;
mod reviews;
mod mcp;
mod sources;
mod sql;
mod contract;
mod pages;
mod router;
#[cfg(feature = "postgres")]
mod postgres;

pub use api::Api;
pub use gate::SqlGate;
pub use ingest::Doors;
#[cfg(feature = "postgres")]
pub use postgres::{PasswordError, Postgres};
pub use reload::{Reload, ReloadAsked};
pub use router::{serve, serve_relay};
