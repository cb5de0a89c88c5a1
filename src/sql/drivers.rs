//! What changed? The table function `drivers`: words and pairs that tell one span of a topic's posts
//! from another.
//!
//! `drivers(topic, from, to [, against_from, against_to [, polarity]])`. The words of both spans are
//! read from `mentions` when the rows are asked for, the first span before the second, so that only
//! words of the first are held.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, TimeUnit};
use datafusion::catalog::{
    Session as CatalogSession, TableFunctionArgs, TableFunctionImpl, TableProvider,
};
use datafusion::common::ScalarValue;
use datafusion::datasource::{TableType, provider_as_source};
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, col, lit};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream, execute_stream};
use futures_util::StreamExt;

use crate::alert::{Term, telling_terms};
use crate::post::Polarity;
use crate::time::EventTime;
use crate::window::{OwnWords, Wording};

/// What it is called.
pub(super) const NAME: &str = "drivers";
/// Most terms of an answer, and how many there are at least while there are words.
const TERMS_MAX: usize = 50;
const TERMS_MIN: usize = 10;
/// Posts read of each span, the latest ones: their words take some 30 MB.
const POSTS_MAX: usize = 20_000;

/// The function, over one version of the mentions.
#[derive(Debug)]
pub(super) struct Drivers {
    pub(super) mentions: Arc<dyn TableProvider>,
}

impl TableFunctionImpl for Drivers {
    fn call_with_args(
        &self,
        asked: TableFunctionArgs<'_, '_>,
    ) -> QueryResult<Arc<dyn TableProvider>> {
        let question = Question::of(asked.exprs())?;
        Ok(Arc::new(Comparison { mentions: Arc::clone(&self.mentions), question }))
    }
}

/// From, inclusive, and to, exclusive.
type Span = (EventTime, EventTime);

/// What is to be compared.
#[derive(Debug)]
struct Question {
    topic: String,
    span: Span,
    against: Span,
    /// `None` takes all.
    polarity: Option<Polarity>,
}

impl Question {
    fn of(arguments: &[Expr]) -> QueryResult<Self> {
        let (topic, times, polarity) = match arguments {
            [topic, times @ .., polarity] if times.len() == 4 => (topic, times, Some(polarity)),
            [topic, times @ ..] if matches!(times.len(), 2 | 4) => (topic, times, None),
            _ => {
                return Err(wrong(
                    "takes a topic, from, to, then optionally against_from, against_to, then a polarity",
                ));
            }
        };
        let times: Vec<EventTime> = times.iter().map(time).collect::<QueryResult<_>>()?;
        let (span, against) = match *times.as_slice() {
            [from, to] => ((from, to), (from.shift(-to.since(from)), from)),
            [from, to, against_from, against_to] => ((from, to), (against_from, against_to)),
            _ => return Err(wrong("takes two or four times")),
        };
        if span.0 >= span.1 || against.0 >= against.1 {
            return Err(wrong("takes spans that end after they begin"));
        }
        let polarity = match polarity.map(text).transpose()?.as_deref() {
            None | Some("negative") => Some(Polarity::Negative),
            Some("neutral") => Some(Polarity::Neutral),
            Some("positive") => Some(Polarity::Positive),
            Some("all") => None,
            Some(_) => {
                return Err(wrong("knows the polarities negative, neutral, positive and all"));
            }
        };
        Ok(Self { topic: text(topic)?, span, against, polarity })
    }

    fn rows(&self, (from, to): Span) -> Expr {
        let instant =
            |at: EventTime| lit(ScalarValue::TimestampMicrosecond(Some(at.0), Some("UTC".into())));
        let span = col("posted_at").gt_eq(instant(from)).and(col("posted_at").lt(instant(to)));
        let wanted = col("topic").eq(lit(self.topic.clone())).and(span);
        match self.polarity {
            Some(polarity) => wanted.and(col("polarity").eq(lit(polarity.as_str()))),
            None => wanted,
        }
    }
}

fn wrong(what: &str) -> DataFusionError {
    DataFusionError::Plan(format!("drivers {what}"))
}

fn text(argument: &Expr) -> QueryResult<String> {
    match argument {
        Expr::Literal(value, _) => match value.try_as_str() {
            Some(Some(text)) => Ok(text.to_owned()),
            _ => Err(wrong("takes a topic and a polarity as texts")),
        },
        _ => Err(wrong("takes constants, not columns")),
    }
}

/// A constant time: a timestamp, a day, or one of both as text.
fn time(argument: &Expr) -> QueryResult<EventTime> {
    let Expr::Literal(value, _) = argument else {
        return Err(wrong("takes constants, not columns"));
    };
    if let Some(Some(text)) = value.try_as_str() {
        let day = if text.len() == 10 { "T00:00:00Z" } else { "" };
        return EventTime::parse(&format!("{text}{day}"))
            .map_err(|error| wrong(&format!("cannot read the time {text:?}: {error}")));
    }
    let kind = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    match value.cast_to(&kind) {
        Ok(ScalarValue::TimestampMicrosecond(Some(at), _)) => Ok(EventTime(at)),
        _ => Err(wrong("takes times such as '2026-03-04' or now() - INTERVAL '1 day'")),
    }
}

/// The rows of one call.
#[derive(Debug)]
struct Comparison {
    mentions: Arc<dyn TableProvider>,
    question: Question,
}

impl Comparison {
    /// How the latest posts of a span are read.
    async fn read(
        &self,
        state: &dyn CatalogSession,
        span: Span,
    ) -> QueryResult<Arc<dyn ExecutionPlan>> {
        let mentions = provider_as_source(Arc::clone(&self.mentions));
        let latest = vec![col("posted_at").sort(false, true), col("post_id").sort(true, true)];
        let plan = LogicalPlanBuilder::scan("mentions", mentions, None)?
            .filter(self.question.rows(span))?
            .sort_with_limit(latest, Some(POSTS_MAX))?
            .project([col("text"), col("terms"), col("similarity")])?
            .build()?;
        state.create_physical_plan(&plan).await
    }
}

#[async_trait::async_trait]
impl TableProvider for Comparison {
    fn schema(&self) -> SchemaRef {
        Arc::new(Schema::new(vec![
            Field::new("term", DataType::Utf8, false),
            Field::new("posts", DataType::Int64, false),
            Field::new("usual", DataType::Int64, false),
            Field::new("z", DataType::Float64, false),
        ]))
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    async fn scan(
        &self,
        state: &dyn CatalogSession,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> QueryResult<Arc<dyn ExecutionPlan>> {
        let (span, against) = (self.question.span, self.question.against);
        let (here, there) = (self.read(state, span).await?, self.read(state, against).await?);
        let schema = self.schema();
        let reading = Arc::new(Reading { schema: Arc::clone(&schema), here, there });
        let plan =
            StreamingTableExec::try_new(schema, vec![reading], projection, [], false, limit)?;
        Ok(Arc::new(plan))
    }
}

/// Both spans, to be read.
#[derive(Debug)]
struct Reading {
    schema: SchemaRef,
    here: Arc<dyn ExecutionPlan>,
    there: Arc<dyn ExecutionPlan>,
}

impl PartitionStream for Reading {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (here, there) = (Arc::clone(&self.here), Arc::clone(&self.there));
        let schema = Arc::clone(&self.schema);
        let rows = async move { rows(schema, compare(here, there, context).await?) };
        let stream = futures_util::stream::once(rows);
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), stream))
    }
}

async fn compare(
    here: Arc<dyn ExecutionPlan>,
    there: Arc<dyn ExecutionPlan>,
    context: Arc<TaskContext>,
) -> QueryResult<Vec<Term>> {
    let (mut wording, mut own) = (Wording::default(), OwnWords::default());
    let observed = |text: &str, terms: &str| {
        own.learn(terms.split(" | "));
        wording.observe(text);
    };
    each(here, Arc::clone(&context), observed).await?;
    each(there, context, |text, _| wording.compare(text)).await?;
    Ok(telling_terms(&wording.without(&own), TERMS_MAX, TERMS_MIN))
}

/// Visits text and terms of each post; a text that is repeated word for word counts once.
async fn each(
    plan: Arc<dyn ExecutionPlan>,
    context: Arc<TaskContext>,
    mut visit: impl FnMut(&str, &str),
) -> QueryResult<()> {
    let mut stream = execute_stream(plan, context)?;
    let mut seen = HashSet::new();
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        let column = |place: usize, kind: &DataType| -> QueryResult<ArrayRef> {
            Ok(cast(batch.column(place), kind)?)
        };
        let texts = column(0, &DataType::Utf8)?;
        let terms = column(1, &DataType::Utf8)?;
        let alike = column(2, &DataType::Int64)?;
        let (texts, terms) = (texts.as_string::<i32>(), terms.as_string::<i32>());
        let alike = alike.as_primitive::<Int64Type>();
        for (row, (text, terms)) in texts.iter().zip(terms).enumerate() {
            if alike.is_null(row) || seen.insert(alike.value(row)) {
                visit(text.unwrap_or_default(), terms.unwrap_or_default());
            }
        }
    }
    Ok(())
}

fn rows(schema: SchemaRef, terms: Vec<Term>) -> QueryResult<RecordBatch> {
    let counts = |of: fn(&Term) -> u32| -> ArrayRef {
        Arc::new(terms.iter().map(|term| i64::from(of(term))).collect::<Int64Array>())
    };
    let names: StringArray = terms.iter().map(|term| Some(term.term.as_ref())).collect();
    let z: Float64Array = terms.iter().map(|term| term.z).collect();
    let columns = vec![
        Arc::new(names) as ArrayRef,
        counts(|term| term.count),
        counts(|term| term.usual),
        Arc::new(z),
    ];
    Ok(RecordBatch::try_new(schema, columns)?)
}
