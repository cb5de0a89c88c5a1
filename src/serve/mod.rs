//! How do people and machines look in? A small HTTP API over the running process and its lake.
//!
//! `GET /healthz`, `/metrics` (Prometheus text), `/api/sources`, `/api/topics`, `/api/trends`, `/api/alerts`,
//! `/api/silences`, `/api/sql`. Only acknowledgements and silences can be written.

mod door;
mod intake;
mod parameters;
mod desk;
mod api;
mod metrics;
mod sources;
mod sql;
#[cfg(feature = "postgres")]
mod postgres;

pub use api::{Api, serve};
#[cfg(feature = "postgres")]
pub use postgres::{PasswordError, Postgres};
pub use sql::SqlGate;
