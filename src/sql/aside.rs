//! Who computes what may take much memory? A process of its own, that can be ended at any time.
//!
//! Inside of this one nothing can be: what an operator builds in one step is there before anybody could
//! refuse it, and memory that is not to be had ends the whole process. The other one reads the same
//! lake, watches its own memory, and is gone with its question.

use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use datafusion::common::ScalarValue;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use super::answer::{Answer, BATCHES_AHEAD};
use super::due::Promises;
use super::error::SqlError;
use super::frames::{self, Ended, Rows};
use super::guard::Limits;
use super::pledge::Pledges;
use super::watch::EXCESS;
use crate::state::Site;

/// What the system kills a process with, such as one that takes the last memory there is.
const KILLED: i32 = 9;
/// Bytes read at once from the other process.
const READ_BYTES: usize = 256 * 1024;

/// Whose lake another process reads, and as whom.
#[derive(Debug, Clone)]
pub(super) struct Aside {
    program: &'static PathBuf,
    site: Site,
    /// Whether the audit log may be asked.
    pub(super) has_audit: bool,
    /// The user of PostgreSQL's catalog, if its clients ask.
    user: Option<String>,
    /// What is promised to people who wait for an answer.
    promises: Promises,
}

/// A question to another process.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Asked {
    pub(super) sql: String,
    /// Time that is left, in microseconds.
    pub(super) time_us: u64,
    pub(super) memory_mib: usize,
    pub(super) has_audit: bool,
    pub(super) user: Option<String>,
    /// What is promised to people who wait for an answer; `None` where no configuration is known.
    pub(super) pledges: Option<Pledges>,
}

impl Aside {
    /// `None` where this program cannot be started again.
    pub(super) fn of(site: &Site, user: Option<&str>, promises: &Promises) -> Option<Self> {
        let program = PROGRAM.get()?;
        let (user, promises) = (user.map(str::to_owned), promises.clone());
        Some(Self { program, site: site.clone(), has_audit: false, user, promises })
    }

    /// Has a statement answered, with the values of its parameters, until a moment.
    pub(super) async fn ask(
        &self,
        sql: &str,
        values: Vec<ScalarValue>,
        limits: Limits,
        end: Instant,
    ) -> Result<Answer, SqlError> {
        let time = end.saturating_duration_since(Instant::now());
        let asked = Asked {
            sql: sql.to_owned(),
            time_us: u64::try_from(time.as_micros()).unwrap_or(u64::MAX),
            memory_mib: limits.memory_mib,
            has_audit: self.has_audit,
            user: self.user.clone(),
            pledges: self.promises.known().and_then(|services| Pledges::of(&services)),
        };
        let asked =
            serde_json::to_vec(&asked).map_err(|error| SqlError::broken(&error.to_string()))?;
        let question = Question { asked, values: packed(values)?, limits };
        let mut child = self.start().map_err(|error| SqlError::alone(&error.to_string()))?;
        let ends = child.stdin.take().zip(child.stdout.take());
        let child = Arc::new(Mutex::new(child));
        let leash = Leash(Arc::clone(&child));
        let Some((stdin, stdout)) = ends else { return Err(SqlError::alone("it has no pipes")) };
        let (sender, batches) = mpsc::channel(BATCHES_AHEAD);
        let (columns, known) = oneshot::channel();
        let (ending, ended) = oneshot::channel::<()>();
        let work = move || {
            question.settle((stdin, stdout), &child, columns, &sender);
            drop((sender, ending));
            // Whoever waits for rows need not wait until its memory is cleared.
            let _ = locked(&child).wait();
        };
        let thread = std::thread::Builder::new().name("aside".to_owned()).spawn(work);
        thread.map_err(|error| SqlError::alone(&error.to_string()))?;
        let schema = timeout_at(end, known).await.map_err(|_| SqlError::late(limits))?;
        let schema = schema.map_err(|_| SqlError::broken("it was interrupted"))??;
        let work = tokio::spawn(async move {
            let _leash = leash;
            let _ = ended.await;
        });
        Ok(Answer::new(schema, batches, work, end, limits))
    }

    fn start(&self) -> io::Result<Child> {
        let mut command = Command::new(self.program);
        command.arg0("resonanz").arg("answer").arg("--lake").arg(self.site.root());
        if let Some(state) = self.site.named_state() {
            command.arg("--state").arg(state);
        }
        // Whoever started this process waits for news of it alone.
        command.env_remove("NOTIFY_SOCKET").env_remove("WATCHDOG_USEC");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()
    }
}

/// What is started with the command `answer`, if this process is the command `resonanz`.
static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// Lets sessions start this program again. Only the command `resonanz` says so: another program that uses
/// the library has no such command, and answers everything itself.
pub fn start_this_program_again() {
    // This file, also where a newer one took its place.
    let program = match cfg!(target_os = "linux") {
        true => Ok(PathBuf::from("/proc/self/exe")),
        false => std::env::current_exe(),
    };
    let _ = program.map(|program| PROGRAM.set(program));
}

fn locked(child: &Mutex<Child>) -> std::sync::MutexGuard<'_, Child> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends a process with the wish for its answer.
#[derive(Debug)]
struct Leash(Arc<Mutex<Child>>);

impl Drop for Leash {
    fn drop(&mut self) {
        // Where it is held, its end is waited for already.
        if let Ok(mut child) = self.0.try_lock() {
            let _ = child.kill();
        }
    }
}

type Columns = oneshot::Sender<Result<SchemaRef, SqlError>>;
type Batches = mpsc::Sender<Result<RecordBatch, SqlError>>;

/// What another process is given.
struct Question {
    asked: Vec<u8>,
    values: Vec<u8>,
    limits: Limits,
}

impl Question {
    /// Asks, and hands the columns and rows on as they come, or the error.
    fn settle(
        &self,
        (mut stdin, stdout): (ChildStdin, ChildStdout),
        child: &Mutex<Child>,
        columns: Columns,
        batches: &Batches,
    ) {
        let mut columns = Some(columns);
        let mut rows = Rows::of(BufReader::with_capacity(READ_BYTES, stdout));
        // What it does not read, it does not answer; why, its end tells.
        let _ = self.put(&mut stdin);
        let read = hand_on(&mut rows, &mut columns, batches);
        let error = match (rows.ended, read) {
            (Some(Ended::Whole), Ok(())) | (_, Err(Stop::Unwanted)) => return,
            (Some(Ended::Failed(error)), _) => error,
            (Some(Ended::Whole), Err(Stop::Broken(error))) => error.into(),
            (None, _) => {
                // It closed its side: it ends, or has to.
                let mut child = locked(child);
                drop(stdin);
                self.broken(child.wait())
            }
        };
        let _ = match columns {
            Some(columns) => columns.send(Err(error)).is_ok(),
            None => batches.blocking_send(Err(error)).is_ok(),
        };
    }

    fn put(&self, stdin: &mut ChildStdin) -> io::Result<()> {
        let mut out = BufWriter::new(stdin);
        frames::put(&mut out, frames::ASKED, &self.asked)?;
        frames::put(&mut out, frames::VALUES, &self.values)?;
        out.flush()
    }

    /// Why it ended without an answer.
    fn broken(&self, ended: io::Result<ExitStatus>) -> SqlError {
        match ended {
            Ok(status) if status.code() == Some(EXCESS) || status.signal() == Some(KILLED) => {
                SqlError::large(self.limits)
            }
            Ok(status) => SqlError::broken(&format!("its process ended with {status}")),
            Err(error) => SqlError::broken(&error.to_string()),
        }
    }
}

/// Why rows are read no further.
enum Stop {
    Unwanted,
    Broken(ArrowError),
}

fn hand_on(
    rows: &mut Rows<impl Read>,
    columns: &mut Option<Columns>,
    batches: &Batches,
) -> Result<(), Stop> {
    let mut reader = StreamReader::try_new(rows, None).map_err(Stop::Broken)?;
    if let Some(columns) = columns.take() {
        columns.send(Ok(reader.schema())).map_err(|_| Stop::Unwanted)?;
    }
    for batch in &mut reader {
        let batch = batch.map_err(Stop::Broken)?;
        batches.blocking_send(Ok(batch)).map_err(|_| Stop::Unwanted)?;
    }
    // Behind the last rows stands how they ended.
    let _ = io::copy(reader.get_mut(), &mut io::sink());
    Ok(())
}

/// Values as one row of an Arrow stream; nothing for none.
fn packed(values: Vec<ScalarValue>) -> Result<Vec<u8>, SqlError> {
    if values.is_empty() {
        return Ok(Vec::new());
    }
    let failed = |error: &dyn std::fmt::Display| SqlError::broken(&error.to_string());
    let arrays = values.iter().map(ScalarValue::to_array).collect::<Result<Vec<_>, _>>();
    let arrays = arrays.map_err(|error| failed(&error))?;
    let field =
        |array: &arrow::array::ArrayRef| Field::new("value", array.data_type().clone(), true);
    let schema = Arc::new(Schema::new(arrays.iter().map(field).collect::<Vec<_>>()));
    let row = RecordBatch::try_new(Arc::clone(&schema), arrays)?;
    let mut writer = StreamWriter::try_new(Vec::new(), &schema)?;
    writer.write(&row)?;
    Ok(writer.into_inner()?)
}

/// The values again.
pub(super) fn unpacked(bytes: &[u8]) -> Result<Vec<ScalarValue>, ArrowError> {
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let mut values = Vec::new();
    for row in StreamReader::try_new(bytes, None)? {
        for column in row?.columns() {
            let value = ScalarValue::try_from_array(column, 0);
            values.push(value.map_err(|error| ArrowError::from_external_error(Box::new(error)))?);
        }
    }
    Ok(values)
}
