//! By when was an answer promised? The service hours of a configuration, as a function of a mention's topic
//! and time; null where no configuration is known.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, PoisonError, RwLock};

use arrow::array::{Array, ArrayRef, AsArray, TimestampMicrosecondArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType};
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::config::Services;
use crate::time::EventTime;

const NAME: &str = "promised_until";

/// What is promised to people who wait for an answer, as far as it is known: one for all sessions of a
/// process, which see at once what it takes.
#[derive(Debug, Clone, Default)]
pub struct Promises(Arc<RwLock<Option<Arc<Services>>>>);

impl Promises {
    /// Those of a configuration.
    #[must_use]
    pub fn of(services: &Arc<Services>) -> Self {
        let promises = Self::default();
        promises.take(services);
        promises
    }

    /// Takes others from now on.
    pub fn take(&self, services: &Arc<Services>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(services));
    }

    pub(super) fn known(&self) -> Option<Arc<Services>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl PartialEq for Promises {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Promises {}

impl Hash for Promises {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

/// `promised_until(topic, posted_at)`: when the promise ends.
pub(super) fn promised_until(promises: &Promises) -> ScalarUDF {
    // A reload changes what it says.
    let signature = Signature::any(2, Volatility::Stable);
    ScalarUDF::new_from_impl(Function { promises: promises.clone(), signature })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Function {
    promises: Promises,
    signature: Signature,
}

pub(super) fn time() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &'static str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> QueryResult<DataType> {
        Ok(time())
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> QueryResult<ColumnarValue> {
        let ScalarFunctionArgs { args, number_rows, .. } = arguments;
        let [topic, posted_at] = args.as_slice() else {
            let message = "a promise is about a topic and a time".to_owned();
            return Err(DataFusionError::Plan(message));
        };
        let topics = cast(&topic.to_array(number_rows)?, &DataType::Utf8)?;
        let times = cast(&posted_at.to_array(number_rows)?, &time())?;
        let (topics, times) =
            (topics.as_string::<i32>(), times.as_primitive::<TimestampMicrosecondType>());
        let services = self.promises.known();
        let due = |row: usize| {
            if topics.is_null(row) || times.is_null(row) {
                return None;
            }
            let service = &services.as_ref()?.of(topics.value(row)).service;
            service.due(EventTime(times.value(row))).map(|due| due.0)
        };
        let due: TimestampMicrosecondArray = (0..number_rows).map(due).collect();
        Ok(ColumnarValue::Array(Arc::new(due.with_timezone("UTC")) as ArrayRef))
    }
}
