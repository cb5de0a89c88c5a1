//! Does the product hold from outside? The real binary against real sockets, files and readers.

mod cli;
mod desk;
mod files;
mod pipeline;
mod sources;
mod study;
mod support;
