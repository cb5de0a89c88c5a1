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

#[derive(Clone, Copy)]
enum Null {
    No,
    Yes,
}

/// The columns of a table.
#[must_use]
pub fn arrow_schema(table: Table) -> SchemaRef {
    static SCHEMAS: LazyLock<[SchemaRef; 4]> = LazyLock::new(|| Table::ALL.map(build));
    Arc::clone(&SCHEMAS[table as usize])
}

fn build(table: Table) -> SchemaRef {
    use Null::{No, Yes};
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let (text, int, float) = (DataType::Utf8, DataType::Int64, DataType::Float64);
    let columns: Vec<(&str, &DataType, Null)> = match table {
        Table::Posts => vec![
            ("received_at", &time, No),
            ("posted_at", &time, No),
            ("source", &text, No),
            ("post_id", &text, No),
            ("author", &text, No),
            ("kind", &text, No),
            ("lang", &text, No),
            ("parent", &text, Yes),
            ("thread", &text, Yes),
            ("url", &text, Yes),
            ("reach", &int, Yes),
            ("engagement", &int, Yes),
            ("topics", &int, No),
            ("text", &text, No),
        ],
        Table::Mentions => vec![
            ("received_at", &time, No),
            ("posted_at", &time, No),
            ("topic", &text, No),
            ("brand", &text, Yes),
            ("topic_group", &text, Yes),
            ("source", &text, No),
            ("post_id", &text, No),
            ("author", &text, No),
            ("kind", &text, No),
            ("lang", &text, No),
            ("parent", &text, Yes),
            ("thread", &text, Yes),
            ("url", &text, Yes),
            ("reach", &int, Yes),
            ("engagement", &int, Yes),
            ("score", &float, No),
            ("target_score", &float, No),
            ("polarity", &text, No),
            ("terms", &text, No),
            ("scorer", &text, No),
            ("text", &text, No),
        ],
        Table::Panes => vec![
            ("start", &time, No),
            ("topic", &text, No),
            ("source", &text, No),
            ("lang", &text, No),
            ("mentions", &int, No),
            ("negative", &int, No),
            ("neutral", &int, No),
            ("positive", &int, No),
            ("score_sum", &int, No),
            ("score_square_sum", &int, No),
            ("reach_sum", &int, No),
            ("engagement_sum", &int, No),
            ("authors", &int, No),
            ("negative_authors", &int, No),
        ],
        Table::Alerts => vec![
            ("at", &time, No),
            ("alert_id", &text, No),
            ("rule", &text, No),
            ("rule_type", &text, No),
            ("topic", &text, No),
            ("transition", &text, No),
            ("severity", &text, No),
            ("started_at", &time, No),
            ("window_s", &int, No),
            ("measure", &text, No),
            ("observed", &int, No),
            ("expected", &float, Yes),
            ("p_value", &float, Yes),
            ("novelty", &float, Yes),
            ("mentions", &int, No),
            ("negative", &int, No),
            ("neutral", &int, No),
            ("positive", &int, No),
            ("mean_score", &float, No),
            ("authors", &int, No),
            ("evidence", &text, No),
        ],
    };
    let day = Field::new(DAY, DataType::Date32, false);
    let fields = columns
        .into_iter()
        .map(|(name, kind, null)| Field::new(name, kind.clone(), matches!(null, Yes)));
    Arc::new(Schema::new(std::iter::once(day).chain(fields).collect::<Vec<_>>()))
}
