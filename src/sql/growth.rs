//! How large may what a function builds become? Functions whose answer can be far larger than their
//! arguments are asked for the size before they build it.
//!
//! DataFusion accounts for joins, sorts and groups, and not for values. A part of the memory of a
//! query is shared out among the calls of such functions in it.

use std::any::Any;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{AsArray, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, FieldRef, Int64Type, IntervalMonthDayNanoType, IntervalUnit, TimeUnit,
    TimestampMicrosecondType,
};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::interval_arithmetic::Interval;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::sort_properties::{ExprProperties, SortProperties};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, LogicalPlan, ReturnFieldArgs, ScalarFunctionArgs,
    ScalarUDF, ScalarUDFImpl, Signature,
};
use datafusion::prelude::SessionContext;

use super::guard::Limits;
use super::pieces::row_bytes;

/// Functions that can answer with more than they are given.
pub(super) const GROWING: [&str; 34] = [
    "array_append",
    "array_concat",
    "array_prepend",
    "array_repeat",
    "array_replace",
    "array_replace_all",
    "array_replace_n",
    "array_resize",
    "array_to_string",
    "array_union",
    "arrays_zip",
    "concat",
    "concat_ws",
    "encode",
    "flatten",
    "generate_series",
    "lpad",
    "make_array",
    "map",
    "map_entries",
    "named_struct",
    "overlay",
    "range",
    "regexp_match",
    "regexp_replace",
    "repeat",
    "replace",
    "rpad",
    "string_concat",
    "string_to_array",
    "struct",
    "translate",
    "regexp_split_to_array",
    "format",
];
/// Functions that compare every part of one argument with every part of another: over long values they
/// end at no limit of time.
pub(super) const SLOW: [&str; 3] = ["array_has_all", "array_has_any", "levenshtein"];
/// So many bytes by bytes of one row may be compared: some seconds.
const COMPARED_MAX: usize = 1 << 33;
/// What is shared out among calls, of the memory of a query.
const SHARE: usize = 4;
const MIB: usize = 1024 * 1024;
/// A call may always build so much.
const LEAST_BYTES: usize = 256 * 1024;

/// What would become too large, or take too long to be waited for.
#[derive(Debug, thiserror::Error)]
pub(super) enum GrowthError {
    #[error(
        "{function} would build {} MiB at once; in this query it may build {} MiB",
        .bytes.div_ceil(MIB), .allowed.div_ceil(MIB)
    )]
    Large { function: String, bytes: usize, allowed: usize },
    #[error("{function} would compare values of {one} and {other} bytes, each part with each")]
    Slow { function: String, one: usize, other: usize },
}

impl GrowthError {
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::Large { .. } => {
                "ask for less at once, or allow more: sql_memory_mib in [serve], or --memory-mib"
            }
            Self::Slow { .. } => "compare less of them, such as left(text, 1000)",
        }
    }
}

/// Puts the bound around the functions of a context, for what is computed while a plan is made.
pub(super) fn bound(context: &SessionContext, limits: Limits) {
    let known = context.state().scalar_functions().clone();
    for function in GROWING.iter().chain(&SLOW).filter_map(|name| known.get(*name)) {
        context.register_udf(Bounded::around(function, share(limits, 1)));
    }
}

/// Shares the memory out among the calls of a plan.
pub(super) fn bind(plan: LogicalPlan, limits: Limits) -> QueryResult<LogicalPlan> {
    let (mut calls, mut is_slow) = (0, false);
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|expression| {
                if let Expr::ScalarFunction(call) = expression {
                    calls += usize::from(GROWING.contains(&call.name()));
                    // `@>` and `<@` bring theirs past the registry.
                    is_slow |= SLOW.contains(&call.name());
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    if calls == 0 && !is_slow {
        return Ok(plan);
    }
    let allowed = share(limits, calls.max(1));
    let is_bound = |name: &str| GROWING.contains(&name) || SLOW.contains(&name);
    let bound = |expression: Expr| {
        expression.transform_up(|expression| match expression {
            Expr::ScalarFunction(call) if is_bound(call.name()) => {
                let func = Arc::new(Bounded::around(&call.func, allowed));
                Ok(Transformed::yes(Expr::ScalarFunction(ScalarFunction { func, ..call })))
            }
            other => Ok(Transformed::no(other)),
        })
    };
    let plan = plan.transform_up_with_subqueries(|node| node.map_expressions(bound))?;
    Ok(plan.data)
}

fn share(limits: Limits, calls: usize) -> usize {
    (limits.memory_mib.saturating_mul(MIB) / SHARE / calls).max(LEAST_BYTES)
}

/// A function that is asked for the size of its answer first.
#[derive(Debug)]
struct Bounded {
    inner: Arc<ScalarUDF>,
    /// Bytes.
    allowed: usize,
}

impl Bounded {
    /// Around a function, or in place of another bound.
    fn around(function: &Arc<ScalarUDF>, allowed: usize) -> ScalarUDF {
        let inner: &dyn Any = function.inner().as_ref();
        let plain = inner.downcast_ref::<Self>().map_or(function, |bounded| &bounded.inner);
        ScalarUDF::new_from_impl(Self { inner: Arc::clone(plain), allowed })
    }
}

impl Bounded {
    /// Refuses what one row of would take too long; between rows, it is ended from outside.
    fn check_time(&self, arguments: &ScalarFunctionArgs) -> QueryResult<()> {
        let rows = arguments.number_rows;
        let [one, other, ..] = arguments.args.as_slice() else { return Ok(()) };
        let pairs = bytes_of(one, rows)?.into_iter().zip(bytes_of(other, rows)?);
        let long = pairs.max_by_key(|(one, other)| one.saturating_mul(*other));
        match long {
            Some((one, other)) if one.saturating_mul(other) > COMPARED_MAX => {
                let function = self.name().to_owned();
                let error = GrowthError::Slow { function, one, other };
                Err(DataFusionError::External(error.into()))
            }
            _ => Ok(()),
        }
    }
}

impl PartialEq for Bounded {
    fn eq(&self, other: &Self) -> bool {
        self.inner == other.inner
    }
}

impl Eq for Bounded {}

impl Hash for Bounded {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
    }
}

impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn schema_name(&self, arguments: &[Expr]) -> QueryResult<String> {
        self.inner.inner().schema_name(arguments)
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn coerce_types(&self, types: &[DataType]) -> QueryResult<Vec<DataType>> {
        self.inner.inner().coerce_types(types)
    }

    fn return_type(&self, types: &[DataType]) -> QueryResult<DataType> {
        self.inner.inner().return_type(types)
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> QueryResult<FieldRef> {
        self.inner.inner().return_field_from_args(arguments)
    }

    fn simplify(
        &self,
        arguments: Vec<Expr>,
        context: &SimplifyContext,
    ) -> QueryResult<ExprSimplifyResult> {
        // What a function rewrites itself into would go around the bound.
        let _ = context;
        Ok(ExprSimplifyResult::Original(arguments))
    }

    fn evaluate_bounds(&self, input: &[&Interval]) -> QueryResult<Interval> {
        self.inner.inner().evaluate_bounds(input)
    }

    fn output_ordering(&self, inputs: &[ExprProperties]) -> QueryResult<SortProperties> {
        self.inner.inner().output_ordering(inputs)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> QueryResult<ColumnarValue> {
        if SLOW.contains(&self.name()) {
            self.check_time(&arguments)?;
            return self.inner.inner().invoke_with_args(arguments);
        }
        let allowed = self.allowed;
        let bytes = answer_bytes(self.name(), &arguments)?;
        if bytes > allowed {
            let error = GrowthError::Large { function: self.name().to_owned(), bytes, allowed };
            return Err(DataFusionError::External(error.into()));
        }
        self.inner.inner().invoke_with_args(arguments)
    }
}

/// At most how many bytes an answer has; never less.
fn answer_bytes(name: &str, arguments: &ScalarFunctionArgs) -> QueryResult<usize> {
    let constant = arguments.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
    let rows = if constant { 1 } else { arguments.number_rows };
    let args = &arguments.args;
    let given = |place: usize| args.get(place).map_or(Ok(Vec::new()), |arg| bytes_of(arg, rows));
    let counts = |place: usize| args.get(place).map_or(Ok(Vec::new()), |arg| ints_of(arg, rows));
    let product = |bytes: Vec<usize>, counts: Vec<i64>| {
        let each = bytes.into_iter().zip(counts);
        each.fold(0, |sum: usize, (bytes, count)| sum.saturating_add(times(bytes, count)))
    };
    Ok(match name {
        "repeat" => product(given(0)?, counts(1)?),
        // The longest letter has four bytes.
        "lpad" | "rpad" => product(vec![4; rows], counts(1)?),
        "array_repeat" => product(given(0)?, counts(1)?),
        "array_resize" => {
            let element = match args.get(2) {
                Some(arg) => bytes_of(arg, rows)?,
                None => vec![16; rows],
            };
            product(element, counts(1)?).saturating_add(sum(&given(0)?))
        }
        "range" | "generate_series" => series_bytes(args, rows)?,
        // Each letter of a text can be one that is replaced, and each group can stand there often.
        "replace" | "regexp_replace" => {
            let (texts, by) = (given(0)?, given(2)?);
            let each = texts.iter().zip(by.iter());
            each.fold(0, |sum: usize, (text, by)| {
                let letters = text.saturating_add(1);
                sum.saturating_add(letters.saturating_mul((*by).max(1)).saturating_add(*text))
            })
        }
        _ => {
            let mut all = 0_usize;
            for place in 0..args.len() {
                all = all.saturating_add(sum(&given(place)?));
            }
            all.saturating_mul(2)
        }
    })
}

fn sum(bytes: &[usize]) -> usize {
    bytes.iter().fold(0, |sum, bytes| sum.saturating_add(*bytes))
}

fn times(bytes: usize, count: i64) -> usize {
    bytes.saturating_mul(usize::try_from(count).unwrap_or_default())
}

/// Bytes of each row of an argument.
fn bytes_of(arg: &ColumnarValue, rows: usize) -> QueryResult<Vec<usize>> {
    match arg {
        ColumnarValue::Array(array) => Ok(row_bytes(array)),
        ColumnarValue::Scalar(scalar) => {
            let one = row_bytes(&scalar.to_array()?).first().copied().unwrap_or_default();
            Ok(vec![one; rows])
        }
    }
}

fn ints_of(arg: &ColumnarValue, rows: usize) -> QueryResult<Vec<i64>> {
    let array = cast(&arg.to_array(rows)?, &DataType::Int64)?;
    let ints: &Int64Array = array.as_primitive::<Int64Type>();
    Ok(ints.iter().map(Option::unwrap_or_default).collect())
}

/// Bytes of a series of numbers or times.
fn series_bytes(args: &[ColumnarValue], rows: usize) -> QueryResult<usize> {
    let is_time = args.first().is_some_and(|arg| arg.data_type().is_temporal());
    let (from, to, step) = match args {
        _ if is_time => (micros(args, 0, rows)?, micros(args, 1, rows)?, steps(args, rows)?),
        [to] => (vec![0; rows], ints_of(to, rows)?, vec![1; rows]),
        [from, to] => (ints_of(from, rows)?, ints_of(to, rows)?, vec![1; rows]),
        [from, to, step, ..] => (ints_of(from, rows)?, ints_of(to, rows)?, ints_of(step, rows)?),
        [] => return Ok(0),
    };
    let each = from.iter().zip(&to).zip(&step);
    Ok(each.fold(0, |sum: usize, ((from, to), step)| {
        let span = (i128::from(*to) - i128::from(*from)).unsigned_abs();
        let count = span / u128::from(step.unsigned_abs().max(1)) + 1;
        let bytes = usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(8);
        sum.saturating_add(bytes)
    }))
}

fn micros(args: &[ColumnarValue], place: usize, rows: usize) -> QueryResult<Vec<i64>> {
    let Some(arg) = args.get(place) else { return Ok(vec![0; rows]) };
    let array = cast(&arg.to_array(rows)?, &DataType::Timestamp(TimeUnit::Microsecond, None))?;
    let times = array.as_primitive::<TimestampMicrosecondType>();
    Ok(times.iter().map(Option::unwrap_or_default).collect())
}

/// The shortest that each interval can be, in microseconds.
fn steps(args: &[ColumnarValue], rows: usize) -> QueryResult<Vec<i64>> {
    const DAY_US: i64 = 86_400_000_000;
    let Some(arg) = args.get(2) else { return Ok(vec![DAY_US; rows]) };
    let array = cast(&arg.to_array(rows)?, &DataType::Interval(IntervalUnit::MonthDayNano))?;
    let steps = array.as_primitive::<IntervalMonthDayNanoType>();
    let one = |step: Option<arrow::datatypes::IntervalMonthDayNano>| {
        let step = step.unwrap_or_default();
        let days = i64::from(step.months).saturating_mul(28).saturating_add(step.days.into());
        days.saturating_mul(DAY_US).saturating_add(step.nanoseconds / 1_000)
    };
    Ok(steps.iter().map(one).collect())
}
