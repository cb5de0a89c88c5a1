//! What can SQL ask of a text? Functions over the scorer and the query language.
//!
//! They judge the text alone, by the shipped lexicons and model: what a configuration adds to them
//! stands in the columns of `mentions`.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, ListBuilder, StringArray, StringBuilder,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    TypeSignature, Volatility,
};

use super::utc::quick_date_trunc;
use crate::mention::{Context, Expr, Matcher, MentionScratch, QueryError, Topic, parse};
use crate::post::Lang;
use crate::sentiment::{Profile, Scorer, Scratch};

/// All functions.
pub(super) fn all() -> [ScalarUDF; 4] {
    [
        quick_date_trunc(),
        Function::udf(Name::Sentiment, &[1, 2]),
        Function::udf(Name::Matches, &[2]),
        Function::udf(Name::SplitTerms, &[1]),
    ]
}

/// A query in `matches` that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("query of matches: {source}")]
pub(super) struct MatchesError {
    /// The query as given.
    pub(super) query: String,
    /// Where and why.
    pub(super) source: QueryError,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Name {
    Sentiment,
    Matches,
    SplitTerms,
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
        match self.name {
            Name::Sentiment => "sentiment",
            Name::Matches => "matches",
            Name::SplitTerms => "split_terms",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> QueryResult<DataType> {
        Ok(match self.name {
            Name::Sentiment => DataType::Float64,
            Name::Matches => DataType::Boolean,
            Name::SplitTerms => DataType::new_list(DataType::Utf8, true),
        })
    }

    /// A constant query is looked at here, so that a wrong one is known before a row is read.
    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> QueryResult<FieldRef> {
        if self.name == Name::Matches
            && let Some(Some(query)) = arguments.scalar_arguments.get(1)
            && let Some(Some(query)) = query.try_as_str()
        {
            matcher(query)?;
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
            Name::Sentiment => sentiment(&texts),
            Name::Matches => matches(&texts),
            Name::SplitTerms => split_terms(&texts),
        }?;
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&answer, 0)?));
        }
        Ok(ColumnarValue::Array(answer))
    }
}

/// The score of a text as a whole; the language is guessed unless given.
fn sentiment(arguments: &[StringArray]) -> QueryResult<ArrayRef> {
    static SCORER: LazyLock<Scorer> = LazyLock::new(|| Scorer::new(Profile::Resonanz));
    let Some(texts) = arguments.first() else { return Ok(Arc::new(StringArray::new_null(0))) };
    let langs = arguments.get(1);
    let mut scratch = Scratch::default();
    let scores = texts.iter().enumerate().map(|(row, text)| {
        let lang =
            langs.filter(|langs| langs.is_valid(row)).map(|langs| Lang::parse(langs.value(row)));
        let score = SCORER.score(text?, lang.unwrap_or(Lang::UND), &mut scratch).score;
        Some(score.as_f64())
    });
    Ok(Arc::new(scores.collect::<arrow::array::Float64Array>()))
}

/// Whether a text matches a query, each distinct query of a batch compiled once.
fn matches(arguments: &[StringArray]) -> QueryResult<ArrayRef> {
    let [texts, queries] = arguments else { return Ok(Arc::new(BooleanArray::new_null(0))) };
    let mut matchers: HashMap<&str, Matcher> = HashMap::new();
    let mut scratch = MentionScratch::default();
    let found: QueryResult<BooleanArray> = texts
        .iter()
        .zip(queries)
        .map(|(text, query)| {
            let (Some(text), Some(query)) = (text, query) else { return Ok(None) };
            if !matchers.contains_key(query) {
                matchers.insert(query, matcher(query)?);
            }
            let found = matchers
                .get(query)
                .map(|matcher| matcher.finds_any(text, Context::default(), &mut scratch));
            Ok(found)
        })
        .collect();
    Ok(Arc::new(found?))
}

fn matcher(query: &str) -> QueryResult<Matcher> {
    let error = |source| {
        DataFusionError::External(Box::new(MatchesError { query: query.to_owned(), source }))
    };
    if holds_field(&parse(query).map_err(error)?) {
        let message = "fields such as lang: or kind: are not known of a bare text".to_owned();
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
