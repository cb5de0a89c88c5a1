//! How do people and machines look in? An HTTP API over the running process and its lake.
//!
//! `GET /healthz`, `/metrics` (Prometheus text) and the paths of `/api/v1`, which `contract` lists.
//! `access` knows who somebody is, `admit` lets them in or not; `/ingest` leads to the doors of
//! sources.
#![doc = include_str!("http.md")]
#![doc = include_str!("access.md")]
#![doc = include_str!("postgres.md")]

mod access;
mod deed;
mod audit;
mod config_file;
mod tls;
mod door;
mod gate;
mod memo;
mod kept;
mod problem;
mod site;
mod length;
mod ingest;
mod reload;
mod api;
mod apart;
mod recall;
mod intake;
mod parameters;
mod files;
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
mod topics;
mod contract;
mod pages;
mod warm;
mod admit;
mod router;
#[cfg(feature = "postgres")]
mod postgres;

pub use access::{Access, AccessFault, HashError, hash_password};
pub use api::Api;
pub use audit::Audit;
pub use config_file::ConfigFile;
pub use gate::SqlGate;
pub use ingest::Doors;
#[cfg(feature = "postgres")]
pub use postgres::{PasswordError, Postgres};
pub use reload::{Reload, ReloadAsked};
pub use router::{serve, serve_relay};
pub use tls::{Tls, TlsError};
