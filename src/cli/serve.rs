//! How is a lake served read-only, without sources?

use std::io::{self, Write};
use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::args::Serve;
use super::{Ending, Failure, runtime};
use crate::lake::{Folder, Limits};
use crate::live::Progress;
use crate::serve::{self, Api, SqlGate};

pub(super) fn serve(args: &Serve) -> Result<Ending, Failure> {
    let lake = args.at.site();
    Folder::read(&lake)?;
    let limits = Limits { time: args.timeout, memory_mib: args.memory_mib };
    let runtime = runtime()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(args.listen).await;
        let listener = listener.with_context(|| format!("cannot listen on {}", args.listen))?;
        writeln!(io::stdout(), "serving {lake} on http://{}", listener.local_addr()?)?;
        // Nothing runs here, so there is no progress to show.
        let (_still, progress) = watch::channel(Progress::default());
        let api = Api {
            progress,
            lake,
            topics: Arc::new([]),
            // Without a token, changes are for this machine only.
            token: None,
            sql: SqlGate::new(limits, args.concurrent),
        };
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::select! {
            served = serve::serve(listener, api) => served?,
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        anyhow::Ok(())
    })?;
    runtime.shutdown_background();
    Ok(Ending::Done)
}
