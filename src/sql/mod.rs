//! What does the lake answer? SQL over its committed rows, for people and for PostgreSQL clients.
//!
//! Tables, views and functions of ours over embedded DataFusion, which can read and nothing else.
//! How the questions come in over a network, `serve` knows.
#![doc = include_str!("sql.md")]

mod guard;
mod hints;
mod error;
mod utc;
mod pieces;
mod growth;
mod wide;
mod spread;
mod json;
mod operators;
mod priority;
mod functions;
mod scan;
mod united;
mod drivers;
mod due;
mod wanted;
mod pledge;
mod reviews;
mod views;
mod statement;
mod named;
mod waiting;
mod beside;
mod sheet;
mod format;
mod frames;
mod watch;
mod answer;
mod aside;
mod arithmetic;
mod sums;
mod weigh;
mod query;
mod audit;
mod letters;
mod ready;
mod snapshots;
#[cfg(feature = "postgres")]
mod postgres;
mod alone;

pub use alone::answer_alone;
pub use answer::Answer;
pub use aside::start_this_program_again;
pub use due::Promises;
pub use error::{SqlError, SqlFault};
pub use format::{AnswerWriter, QueryFormat};
pub use guard::Limits;
#[cfg(feature = "postgres")]
pub(crate) use postgres::{DATABASE, PgCatalog, Prepared, SERVER_VERSION, setting_of_all};
pub use query::Session;
pub use sheet::{Cell, Sheet};
pub use snapshots::Snapshots;
pub use views::View;
pub(crate) use wanted::as_of;
