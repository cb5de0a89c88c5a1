//! Does the product hold from outside? The real binary against real sockets, files and readers.

mod answers;
mod ask;
mod backtest;
mod bucket;
mod cli;
mod couriers;
mod damage;
mod deliveries;
mod desk;
mod doors;
mod evidence;
mod exports;
mod fedi;
mod drivers;
mod erase;
mod erase_kills;
mod evolution;
mod files;
mod following;
mod hook;
mod memory;
mod order;
mod manual;
mod mastodon;
mod pipeline;
mod places;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "postgres")]
mod postgres_wire;
mod privacy;
mod replace;
mod report;
mod reprocess;
mod service;
mod sources;
mod sources_apart;
mod store;
mod streams;
mod study;
mod sql_http;
mod support;
mod terminal;
mod traces;
mod trouble;
mod upkeep;
