//! How is a lake served read-only, without sources?

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::places::{Found, LakePlace};
use super::postgres::door;
use super::query::LimitArgs;
use super::{Ending, Failure, runtime};
use crate::config::{Exposure, PostgresConfig, SqlConfig};
use crate::lake::Folder;
use crate::live::Progress;
use crate::secret::SecretPlace;
use crate::sentiment::{Profile, Scorer};
use crate::serve::{self, Api, Doors, Reload, SqlGate};
use crate::sql::Limits;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    place: LakePlace,
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8600")]
    listen: SocketAddr,
    /// Allow an address beyond this machine, although whoever reaches it can read every text
    #[arg(long)]
    exposed: bool,
    /// A host name under which it is asked, such as that of a proxy; addresses need none
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,
    #[command(flatten)]
    limits: LimitArgs,
    /// Maximum number of queries at once
    #[arg(long, value_name = "COUNT", default_value_t = 2)]
    concurrent: usize,
    #[command(flatten)]
    clients: PostgresArgs,
}

/// Where PostgreSQL clients connect, as the one user there is.
#[derive(Debug, clap::Args)]
struct PostgresArgs {
    /// Let PostgreSQL clients (psql, Grafana, Metabase) read here, such as 127.0.0.1:5432
    #[arg(long, value_name = "ADDRESS")]
    postgres: Option<SocketAddr>,
    /// Name of their user
    #[arg(long, value_name = "NAME", default_value = PostgresConfig::USER)]
    postgres_user: String,
    /// Environment variable that holds the user's password
    #[arg(long, value_name = "NAME")]
    postgres_password_env: Option<String>,
    /// File that holds the user's password
    #[arg(long, value_name = "FILE", conflicts_with = "postgres_password_env")]
    postgres_password_file: Option<PathBuf>,
    /// Allow an address beyond this machine, although the connection is not encrypted
    #[arg(long)]
    postgres_exposed: bool,
}

pub(super) fn serve(args: &Args) -> Result<Ending, Failure> {
    if let Some(message) = SqlConfig::refusal(args.listen, exposure(args.exposed)) {
        let hint = "listen on 127.0.0.1 and use a proxy or a tunnel, or add --exposed";
        return Err(Failure::usage(format!("listen: {message}"), hint));
    }
    let Found { site: lake, config } = args.place.find()?;
    let (charter, services) =
        config.map(|config| (config.charter, config.services)).unwrap_or_default();
    Folder::read(&lake)?;
    let sql = SqlGate::new(Limits::from(&args.limits), args.concurrent);
    let clients = clients(&args.clients)?;
    let clients = clients.map(|clients| {
        let named = format!("postgres://{}@", clients.user);
        door(&clients, &lake, &sql).map(|door| (named, door))
    });
    let clients = clients.transpose()?;
    let runtime = runtime()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(args.listen).await;
        let listener = listener.map_err(|error| Failure::listen(args.listen, &error))?;
        writeln!(io::stdout(), "serving {lake} on http://{}", listener.local_addr()?)?;
        // Nothing runs here, so there is no progress to show.
        let (_still, progress) = watch::channel(Progress::default());
        let api = Api {
            progress,
            lake,
            topics: Arc::new([]),
            charter: Arc::new(charter),
            services,
            scorer: Arc::new(Scorer::new(Profile::Resonanz)),
            // Without a token, changes are for this machine only.
            token: None,
            hosts: args.host.clone().into(),
            sql,
            doors: Doors::default(),
            reload: Reload::default(),
        };
        if let Some((named, door)) = clients {
            writeln!(io::stdout(), "and on {named}{}/resonanz", door.open().await?)?;
        }
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::select! {
            () = serve::serve(listener, watch::channel(api).1) => {}
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        Ok::<(), Failure>(())
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
