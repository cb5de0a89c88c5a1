//! Which columns does each table have?
//!
//! Times are microseconds, UTC. Scores run from -1 to 1 in ten-thousandths; the `panes` table
//! keeps their sums as whole ten-thousandths, so that totals over any window stay exact. Nulls
//! mean unknown. Tables are partitioned by `day`, the UTC day of reception (of the pane in
//! `panes`, of the transition in `alerts`).

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// A table of the lake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Table {
    /// One row per kept post.
    Posts,
    /// One row per post and topic it mentions.
    Mentions,
    /// One row per closed minute, topic, source and language.
    Panes,
    /// One row per transition of an alert.
    Alerts,
}

impl Table {
    /// All tables, in the order in which they are committed.
    pub const ALL: [Self; 4] = [Self::Posts, Self::Mentions, Self::Panes, Self::Alerts];

    /// The name of the table and of its folder.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Posts => "posts",
            Self::Mentions => "mentions",
            Self::Panes => "panes",
            Self::Alerts => "alerts",
        }
    }
}

/// Partition column of every table.
pub(super) const DAY: &str = "day";

/// The columns after `day`: name and kind, with a question mark where nulls are allowed.
fn columns(table: Table) -> &'static str {
    match table {
        Table::Posts => {
            "received_at time, posted_at time, source text, post_id text, author text, kind text, \
             lang text, parent text?, thread text?, url text?, reach int?, engagement int?, \
             topics int, text text"
        }
        Table::Mentions => {
            "received_at time, posted_at time, topic text, brand text?, topic_group text?, \
             source text, post_id text, author text, kind text, lang text, parent text?, thread text?, \
             url text?, reach int?, engagement int?, score float, target_score float, polarity text, \
             terms text, scorer text, text text"
        }
        Table::Panes => {
            "start time, topic text, source text, lang text, mentions int, negative int, neutral int, \
             positive int, copies int, negative_copies int, positive_copies int, score_sum int, score_square_sum int, reach_sum int, engagement_sum int, \
             authors int, negative_authors int"
        }
        Table::Alerts => {
            "at time, alert_id text, rule text, rule_type text, topic text, transition text, \
             severity text, started_at time, window_s int, measure text, observed int, \
             expected float?, p_value float?, novelty float?, dispersion float?, coordination text, \
             labels text, mentions int, negative int, neutral int, \
             positive int, copies int, mean_score float, authors int, evidence text"
        }
    }
}

/// The columns of a table.
#[must_use]
pub fn arrow_schema(table: Table) -> SchemaRef {
    static SCHEMAS: LazyLock<[SchemaRef; 4]> = LazyLock::new(|| Table::ALL.map(build));
    Arc::clone(&SCHEMAS[table as usize])
}

fn build(table: Table) -> SchemaRef {
    let fields = columns(table).split(", ").map(|column| {
        let (name, kind) = column.split_once(' ').unwrap_or((column, "text"));
        let data_type = match kind.trim_end_matches('?') {
            "time" => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            "int" => DataType::Int64,
            "float" => DataType::Float64,
            _ => DataType::Utf8,
        };
        Field::new(name, data_type, kind.ends_with('?'))
    });
    let day = Field::new(DAY, DataType::Date32, false);
    Arc::new(Schema::new(std::iter::once(day).chain(fields).collect::<Vec<_>>()))
}
