//! How does a process answer the one question for which it was started? Over its standard input and
//! output, with an eye on its memory.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use arrow::error::ArrowError;
use arrow::ipc::writer::StreamWriter;
use tokio::time::Instant;

use super::answer::Answer;
use super::aside::Asked;
#[cfg(feature = "postgres")]
use super::aside::unpacked;
use super::due::Promises;
use super::error::SqlError;
use super::frames;
use super::guard::Limits;
use super::pieces::batch_bytes;
#[cfg(feature = "postgres")]
use super::postgres::PgCatalog;
use super::query::Session;
use super::watch;
use crate::lake::{Folder, LakeError};
use crate::state::Site;

/// The rows of an answer that are handed on at once have at most this part of the memory of a query.
const SHARE: usize = 4;
const MIB: usize = 1024 * 1024;

/// Answers the question on standard input, for the process that started this one.
///
/// # Errors
/// When nobody asks, or takes the answer.
pub async fn answer_alone(site: &Site) -> io::Result<()> {
    yield_memory();
    let mut input = io::stdin();
    let asked: Asked = serde_json::from_slice(&frames::take(&mut input, frames::ASKED)?)?;
    let values = frames::take(&mut input, frames::VALUES)?;
    // Nothing more comes: the other side is gone, and with it the wish for an answer.
    let leash = std::thread::Builder::new().name("leash".to_owned());
    leash.spawn(move || {
        let _ = input.read(&mut [0]);
        std::process::exit(0);
    })?;
    let mut out = BufWriter::with_capacity(MIB, io::stdout());
    match rows(site, &asked, &values, &mut out).await {
        Ok(()) => frames::put(&mut out, frames::END, &[])?,
        Err(Stop::Gone(error)) => return Err(error),
        Err(Stop::Failed(error)) => {
            frames::put(&mut out, frames::ERROR, &serde_json::to_vec(&error)?)?;
        }
    }
    out.flush()
}

fn unknown() -> SqlError {
    SqlError::broken("a zone or a region of [service] is not known to its process")
}

/// Where memory ends for all, the system takes this process first: the other one has more to lose.
fn yield_memory() {
    let score = OpenOptions::new().write(true).open("/proc/self/oom_score_adj");
    let _ = score.and_then(|mut score| score.write_all(b"1000"));
}

/// Why rows end early.
enum Stop {
    Failed(SqlError),
    Gone(io::Error),
}

impl From<SqlError> for Stop {
    fn from(error: SqlError) -> Self {
        Self::Failed(error)
    }
}

impl From<ArrowError> for Stop {
    fn from(error: ArrowError) -> Self {
        Self::Failed(error.into())
    }
}

async fn rows(site: &Site, asked: &Asked, values: &[u8], out: &mut impl Write) -> Result<(), Stop> {
    let limits =
        Limits { time: Duration::from_micros(asked.time_us), memory_mib: asked.memory_mib };
    let mut answer = begun(site, asked, values, limits).await?;
    let schema = answer.schema();
    let mut writer = StreamWriter::try_new(Vec::new(), &schema)?;
    let bytes_max = limits.memory_mib.saturating_mul(MIB) / SHARE;
    loop {
        let next = answer.next().await?;
        match &next {
            Some(batch) => {
                let bytes = batch_bytes(batch);
                if bytes > bytes_max {
                    return Err(SqlError::long_row(bytes, bytes_max).into());
                }
                writer.write(batch)?;
            }
            None => writer.finish()?,
        }
        let bytes = std::mem::take(writer.get_mut());
        let put = frames::put(out, frames::ROWS, &bytes).and_then(|()| out.flush());
        put.map_err(Stop::Gone)?;
        if next.is_none() {
            return Ok(());
        }
    }
}

async fn begun(
    site: &Site,
    asked: &Asked,
    values: &[u8],
    limits: Limits,
) -> Result<Answer, SqlError> {
    let closed = |error: LakeError| SqlError::broken(&error.to_string());
    let folder = Folder::read(site).map_err(closed)?;
    let end = Instant::now() + limits.time;
    let services = match &asked.pledges {
        Some(pledges) => Some(pledges.services().ok_or_else(unknown)?),
        None => None,
    };
    let promises = services.map_or_else(Promises::default, |own| Promises::of(&Arc::new(own)));
    #[cfg(feature = "postgres")]
    if let Some(user) = &asked.user {
        let values = unpacked(values)?;
        let catalog = PgCatalog::open(&folder, user).await.map_err(closed)?;
        let session = catalog.session(&folder, limits, &promises).await.map_err(closed)?;
        watch::begin(limits);
        let prepared = session.prepare(&asked.sql, end).await?;
        return session.run(prepared, values, end).await;
    }
    let session = Session::open_for(&folder, limits, &promises, &asked.sql).await;
    let mut session = session.map_err(closed)?;
    if asked.has_audit {
        session.add_audit(&folder, &asked.sql).await.map_err(closed)?;
    }
    watch::begin(limits);
    session.query(&asked.sql).await
}
