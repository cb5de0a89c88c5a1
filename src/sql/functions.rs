//! What can SQL ask of a text? Functions over the scorer and the query language.
//!
//! They judge the text alone, by the shipped lexicons and model: what a configuration adds to them
//! stands in the columns of `mentions`.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, LazyLock};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, ListBuilder, StringArray, StringBuilder,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    TypeSignature, Volatility,
};

use super::priority::{priority, priority_parts};
use super::utc::quick_date_trunc;
use crate::mention::{Context, Expr, Matcher, MentionScratch, QueryError, Topic, parse};
use crate::post::Lang;
use crate::sentiment::{Profile, Scorer, Scratch};
use crate::tuning;

/// All functions.
pub(super) fn all() -> [ScalarUDF; 9] {
    [
        quick_date_trunc(),
        priority(),
        priority_parts(),
        Function::udf(Name::Intents, &[1, 2]),
        Function::udf(Name::Sentiment, &[1, 2]),
        Function::udf(Name::SentimentConfidence, &[1, 2]),
        Function::udf(Name::ExplainSentiment, &[1, 2, 3]),
        Function::udf(Name::Matches, &[2]),
        Function::udf(Name::SplitTerms, &[1]),
    ]
}

/// A query in `matches` or `explain_sentiment` that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("query of {function}: {source}")]
pub(super) struct MatchesError {
    /// Which of them.
    function: &'static str,
    /// The query as given.
    pub(super) query: String,
    /// Where and why.
    pub(super) source: QueryError,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Name {
    Sentiment,
    SentimentConfidence,
    ExplainSentiment,
    Intents,
    Matches,
    SplitTerms,
}

impl Name {
    fn as_str(self) -> &'static str {
        match self {
            Self::Sentiment => "sentiment",
            Self::SentimentConfidence => "sentiment_confidence",
            Self::ExplainSentiment => "explain_sentiment",
            Self::Intents => "intents",
            Self::Matches => "matches",
            Self::SplitTerms => "split_terms",
        }
    }
}

/// A function of texts.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Function {
    name: Name,
    signature: Signature,
}

impl Function {
    fn udf(name: Name, arities: &[usize]) -> ScalarUDF {
        let texts = arities.iter().map(|&count| TypeSignature::String(count)).collect();
        let signature = Signature::one_of(texts, Volatility::Immutable);
        ScalarUDF::new_from_impl(Self { name, signature })
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.name.as_str()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> QueryResult<DataType> {
        Ok(match self.name {
            Name::Sentiment | Name::SentimentConfidence => DataType::Float64,
            Name::ExplainSentiment | Name::Intents => DataType::Utf8,
            Name::Matches => DataType::Boolean,
            Name::SplitTerms => DataType::new_list(DataType::Utf8, true),
        })
    }

    /// A constant query is looked at here, so that a wrong one is known before a row is read.
    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> QueryResult<FieldRef> {
        if matches!(self.name, Name::Matches | Name::ExplainSentiment)
            && let Some(Some(query)) = arguments.scalar_arguments.get(1)
            && let Some(Some(query)) = query.try_as_str()
        {
            matcher(self.name, query)?;
        }
        Ok(Arc::new(Field::new(self.name(), self.return_type(&[])?, true)))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> QueryResult<ColumnarValue> {
        let constant = arguments.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { arguments.number_rows };
        let texts = arguments.args.iter().map(|arg| {
            let array = cast(&arg.to_array(rows)?, &DataType::Utf8)?;
            Ok(array.as_string::<i32>().clone())
        });
        let texts: Vec<StringArray> = texts.collect::<QueryResult<_>>()?;
        let answer = match self.name {
            Name::Sentiment => judged(&texts, |text, lang, scratch| {
                SCORER.score(text, lang, scratch).score.as_f64()
            }),
            Name::SentimentConfidence => judged(&texts, |text, lang, scratch| {
                f64::from(SCORER.score(text, lang, scratch).confidence) / 100.0
            }),
            Name::ExplainSentiment => explain_sentiment(&texts),
            Name::Intents => intents(&texts),
            Name::Matches => matches(&texts),
            Name::SplitTerms => split_terms(&texts),
        }?;
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&answer, 0)?));
        }
        Ok(ColumnarValue::Array(answer))
    }
}

static SCORER: LazyLock<Arc<Scorer>> = LazyLock::new(|| tuning::shipped(Profile::Resonanz));

/// A number for each text as a whole; the language is guessed unless given.
fn judged(
    arguments: &[StringArray],
    judge: impl Fn(&str, Lang, &mut Scratch) -> f64,
) -> QueryResult<ArrayRef> {
    let Some(texts) = arguments.first() else { return Ok(Arc::new(StringArray::new_null(0))) };
    let mut scratch = Scratch::default();
    let numbers = texts
        .iter()
        .enumerate()
        .map(|(row, text)| Some(judge(text?, lang(arguments.get(1), row), &mut scratch)));
    Ok(Arc::new(numbers.collect::<Float64Array>()))
}

/// What the writer of each text wants, as column `intents` has it.
fn intents(arguments: &[StringArray]) -> QueryResult<ArrayRef> {
    let Some(texts) = arguments.first() else { return Ok(Arc::new(StringArray::new_null(0))) };
    let mut scratch = Scratch::default();
    let wants = texts.iter().enumerate().map(|(row, text)| {
        let found = SCORER.verdict(text?, lang(arguments.get(1), row), &[], &mut scratch);
        Some(found.intents.joined())
    });
    Ok(Arc::new(wants.collect::<StringArray>()))
}

fn lang(langs: Option<&StringArray>, row: usize) -> Lang {
    langs
        .filter(|langs| langs.is_valid(row))
        .map_or(Lang::UND, |langs| Lang::parse(langs.value(row)))
}

/// What made the verdict on what a query finds in a text, as JSON; on the text as a whole without a
/// query, and null where the query finds nothing.
fn explain_sentiment(arguments: &[StringArray]) -> QueryResult<ArrayRef> {
    let Some(texts) = arguments.first() else { return Ok(Arc::new(StringArray::new_null(0))) };
    let (mut matchers, mut scratch) = (Matchers::default(), MentionScratch::default());
    let (mut mentions, mut spans) = (Vec::new(), Vec::new());
    let explained: QueryResult<StringArray> = texts
        .iter()
        .enumerate()
        .map(|(row, text)| {
            let Some(text) = text else { return Ok(None) };
            let query = arguments.get(1).filter(|queries| queries.is_valid(row));
            mentions.clear();
            spans.clear();
            if let Some(query) = query.map(|queries| queries.value(row)) {
                let matcher = matchers.get(Name::ExplainSentiment, query)?;
                let context = Context::default();
                matcher.find(text, context, &mut scratch, &mut mentions, &mut spans);
                let Some(mention) = mentions.first() else { return Ok(None) };
                spans.truncate(mention.subject_end as usize);
                spans.drain(..(mention.spans_end as usize).min(spans.len()));
            }
            let explained = SCORER.explain(text, lang(arguments.get(2), row), &spans);
            Ok(Some(explained.to_json(text).to_string()))
        })
        .collect();
    Ok(Arc::new(explained?))
}

/// Whether a text matches a query, each distinct query of a batch compiled once.
fn matches(arguments: &[StringArray]) -> QueryResult<ArrayRef> {
    let [texts, queries] = arguments else { return Ok(Arc::new(BooleanArray::new_null(0))) };
    let mut matchers = Matchers::default();
    let mut scratch = MentionScratch::default();
    let found: QueryResult<BooleanArray> = texts
        .iter()
        .zip(queries)
        .map(|(text, query)| {
            let (Some(text), Some(query)) = (text, query) else { return Ok(None) };
            let matcher = matchers.get(Name::Matches, query)?;
            Ok(Some(matcher.finds_any(text, Context::default(), &mut scratch)))
        })
        .collect();
    Ok(Arc::new(found?))
}

/// The distinct queries of a batch, each compiled once.
#[derive(Default)]
struct Matchers<'q>(HashMap<&'q str, Matcher>);

impl<'q> Matchers<'q> {
    fn get(&mut self, function: Name, query: &'q str) -> QueryResult<&Matcher> {
        Ok(match self.0.entry(query) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(matcher(function, query)?),
        })
    }
}

fn matcher(function: Name, query: &str) -> QueryResult<Matcher> {
    let error = |source| {
        let (function, query) = (function.as_str(), query.to_owned());
        DataFusionError::External(Box::new(MatchesError { function, query, source }))
    };
    if holds_field(&parse(query).map_err(error)?) {
        let message = "a bare text has no fields such as lang: or kind:".to_owned();
        let hint = "ask the column: WHERE matches(text, 'acme') AND lang = 'en'";
        return Err(error(QueryError { at: 0, message, hint }));
    }
    let topic = Topic { query: query.to_owned(), ..Topic::default() };
    Matcher::compile(&[topic], &|_| Vec::new()).map_err(|errors| {
        let unknown = QueryError { at: 0, message: "cannot be compiled".to_owned(), hint: "" };
        error(errors.into_iter().next().map_or(unknown, |(_, source)| source))
    })
}

/// Recursion is bounded by the parser.
fn holds_field(query: &Expr) -> bool {
    match query {
        Expr::Field(_) => true,
        Expr::And(parts) | Expr::Or(parts) => parts.iter().any(holds_field),
        Expr::Not(inner) => holds_field(inner),
        Expr::Term(_) | Expr::Near { .. } | Expr::Slop { .. } => false,
    }
}

/// Column `terms` of `mentions` as a list, in lower case, each once.
fn split_terms(arguments: &[StringArray]) -> QueryResult<ArrayRef> {
    let mut lists = ListBuilder::new(StringBuilder::new());
    for joined in arguments.iter().flatten() {
        let mut terms: Vec<String> = joined
            .into_iter()
            .flat_map(|joined| joined.split(" | "))
            .filter(|term| !term.is_empty())
            .map(str::to_lowercase)
            .collect();
        terms.sort_unstable();
        terms.dedup();
        terms.iter().for_each(|term| lists.values().append_value(term));
        lists.append(joined.is_some());
    }
    Ok(Arc::new(lists.finish()))
}
