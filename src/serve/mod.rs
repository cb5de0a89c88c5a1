//! How do people and machines look in? A small HTTP API over the running process and its lake.
//!
//! `GET /healthz`, `/metrics` (Prometheus text), `/api/topics`, `/api/trends`, `/api/alerts`.

mod api;
mod metrics;

pub use api::{Api, serve};
