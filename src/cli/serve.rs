//! How is a lake served read-only, without sources?

use std::io::{self, Write};
use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::args::{PostgresArgs, Serve};
use super::postgres::door;
use super::{Ending, Failure, runtime};
use crate::config::{Exposure, PostgresConfig, SecretPlace, SqlConfig};
use crate::lake::Folder;
use crate::live::Progress;
use crate::serve::{self, Api, SqlGate};
use crate::sql::Limits;

pub(super) fn serve(args: &Serve) -> Result<Ending, Failure> {
    if let Some(message) = SqlConfig::refusal(args.listen, exposure(args.exposed)) {
        let hint = "listen on 127.0.0.1 and use a proxy or a tunnel, or add --exposed";
        return Err(Failure::usage(format!("listen: {message}"), hint));
    }
    let lake = args.at.site();
    Folder::read(&lake)?;
    let limits = Limits { time: args.timeout, memory_mib: args.memory_mib };
    let sql = SqlGate::new(limits, args.concurrent);
    let clients = clients(&args.clients)?;
    let clients = clients.map(|clients| {
        let named = format!("postgres://{}@", clients.user);
        door(&clients, &lake, &sql).map(|door| (named, door))
    });
    let clients = clients.transpose()?;
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
            hosts: args.host.clone().into(),
            sql,
        };
        if let Some((named, door)) = clients {
            writeln!(io::stdout(), "and on {named}{}/resonanz", door.open().await?)?;
        }
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::select! {
            () = serve::serve(listener, api) => {}
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        anyhow::Ok(())
    })?;
    runtime.shutdown_background();
    Ok(Ending::Done)
}

fn exposure(exposed: bool) -> Exposure {
    if exposed { Exposure::Network } else { Exposure::Loopback }
}

/// Where PostgreSQL clients are let in, if anywhere.
fn clients(args: &PostgresArgs) -> Result<Option<PostgresConfig>, Failure> {
    let Some(listen) = args.postgres else { return Ok(None) };
    if let Some(message) = PostgresConfig::refusal(listen, exposure(args.postgres_exposed)) {
        let hint = "listen on 127.0.0.1 and use a tunnel, or add --postgres-exposed";
        return Err(Failure::usage(format!("postgres: {message}"), hint));
    }
    let in_env = args.postgres_password_env.clone().map(SecretPlace::Env);
    let Some(password) = in_env.or(args.postgres_password_file.clone().map(SecretPlace::File))
    else {
        let hint = "add --postgres-password-env NAME or --postgres-password-file FILE";
        return Err(Failure::usage("postgres needs a password", hint));
    };
    Ok(Some(PostgresConfig { listen, user: args.postgres_user.clone(), password }))
}
