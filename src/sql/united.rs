//! How do the lakes of shards look as one? Their rows together, and each post once.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::JoinType;
use datafusion::dataframe::DataFrame;
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::functions_aggregate::expr_fn::{count, min, sum};
use datafusion::logical_expr::{col, lit};
use datafusion::prelude::SessionContext;

use super::scan::Part;
use crate::lake::Table;

/// What tells one version of a post.
const IDENTITY: [&str; 3] = ["source", "post_id", "received_at"];
/// The same where posts of several shards are counted.
const SEVERAL: [&str; 3] = ["several_source", "several_post_id", "several_received_at"];

/// A table over all of its parts.
pub(super) fn table(
    context: &SessionContext,
    table: Table,
    parts: &[Arc<Part>],
) -> QueryResult<Arc<dyn TableProvider>> {
    if let [only] = parts {
        return Ok(Arc::clone(only) as Arc<dyn TableProvider>);
    }
    match table {
        Table::Posts => posts(context, parts),
        Table::Mentions | Table::Panes | Table::Alerts | Table::Triage | Table::Audit => {
            let parts = parts.iter().map(|part| context.read_table(Arc::clone(part) as _));
            Ok(union(parts)?.into_view())
        }
    }
}

/// A post that topics of several shards match is kept by each of them: its first row counts, with the
/// topics of all.
fn posts(context: &SessionContext, parts: &[Arc<Part>]) -> QueryResult<Arc<dyn TableProvider>> {
    let part = |(number, part): (i64, &Arc<Part>)| {
        context.read_table(Arc::clone(part) as _)?.with_column("shard", lit(number))
    };
    let all = union((0i64..).zip(parts).map(part))?;
    let ids = all.clone().aggregate(
        IDENTITY.map(col).to_vec(),
        vec![
            count(lit(1)).alias("several_rows"),
            min(col("shard")).alias("several_first"),
            sum(col("topics")).alias("several_topics"),
        ],
    )?;
    let named = IDENTITY.iter().zip(SEVERAL).map(|(name, other)| col(*name).alias(other));
    let rest = ["several_first", "several_topics"].map(col);
    let several = ids.filter(col("several_rows").gt(lit(1)))?;
    let several = several.select(named.chain(rest).collect::<Vec<_>>())?;
    let joined = all.join(several, JoinType::Left, &IDENTITY, &SEVERAL, None)?;
    let first = col("several_first").is_null().or(col("shard").eq(col("several_first")));
    let schema = parts
        .first()
        .map(|part| part.schema())
        .unwrap_or_else(|| Arc::new(datafusion::arrow::datatypes::Schema::empty()));
    let columns = schema.fields().iter().map(|field| match field.name().as_str() {
        "topics" => coalesce(vec![col("several_topics"), col("topics")]).alias("topics"),
        name => col(name),
    });
    Ok(joined.filter(first)?.select(columns.collect::<Vec<_>>())?.into_view())
}

fn union(parts: impl Iterator<Item = QueryResult<DataFrame>>) -> QueryResult<DataFrame> {
    let mut all: Option<DataFrame> = None;
    for part in parts {
        let part = part?;
        all = Some(match all {
            Some(all) => all.union(part)?,
            None => part,
        });
    }
    all.ok_or_else(|| DataFusionError::Internal("a lake without tables".to_owned()))
}
