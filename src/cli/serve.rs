//! How is a lake served read-only, without sources?

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use super::entrance::{Entrance, is_beyond};
use super::places::{Found, LakePlace};
use super::postgres::door;
use super::query::LimitArgs;
use super::renew::Renewer;
use super::signals::stop_at_signal;
use super::{Ending, Failure, runtime};
use crate::config::{Config, Exposure, Guarded, PostgresConfig, SqlConfig};
use crate::lake::Folder;
use crate::live::{Progress, Stop};
use crate::secret::SecretPlace;
use crate::sentiment::{Profile, Scorer};
use crate::serve::{self, Api, ConfigFile, Doors, Reload, SqlGate};
use crate::sql::Limits;
use crate::state::Site;

/// Where it listens if nothing says otherwise.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8600);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    place: LakePlace,
    /// Where to listen [default: as [serve] of the configuration says, or 127.0.0.1:8600]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Allow a non-loopback address without [serve.tls]: behind a proxy that encrypts, or in a container of its own
    #[arg(long)]
    exposed: bool,
    /// A host name that requests may name, such as that of a proxy; IP addresses need none
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
    /// Where PostgreSQL clients (psql, Grafana, Metabase) may connect, such as 127.0.0.1:5432
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
    /// Allow a non-loopback address, although the connection is not encrypted
    #[arg(long)]
    postgres_exposed: bool,
}

pub(super) fn serve(args: &Args) -> Result<Ending, Failure> {
    let Found { site: lake, config } = args.place.find()?;
    let listen = args.listen.or(config.as_ref().and_then(|config| config.listen));
    let listen = listen.unwrap_or(LISTEN);
    let entrance = admitted(args, listen, config.as_ref(), &lake)?;
    let guarded = guarded(&entrance);
    Folder::read(&lake)?;
    let sql = gate(args, config.as_ref());
    let clients = clients(&args.clients, guarded)?;
    let runtime = runtime()?;
    runtime.block_on(async {
        let audit = entrance.begin(&lake, config.as_ref().map(|config| &config.lake));
        let clients = clients.map(|clients| {
            let named = match clients.password {
                Some(_) => format!("postgres://{}@", clients.user),
                None => "postgres://".to_owned(),
            };
            door(&clients, &lake, (&entrance, &audit), &sql).map(|door| (named, door))
        });
        let clients = clients.transpose()?;
        let listener = TcpListener::bind(listen).await;
        let listener = listener.map_err(|error| Failure::listen(listen, &error))?;
        // Who reads the address may end this at once.
        let (stop, mut stopped) = watch::channel(Stop::No);
        let (hang_up, hung_up) = mpsc::channel(1);
        stop_at_signal(stop, hang_up)?;
        let (scheme, address) = (entrance.scheme(), listener.local_addr()?);
        writeln!(io::stdout(), "serving {lake} on {scheme}://{address}")?;
        let (ask, asked) = mpsc::channel(1);
        // Nothing runs here: what is reloaded is all that it shows.
        let (shown, progress) = watch::channel(Progress::default());
        let place = lake.clone();
        let api = Api {
            progress,
            lake,
            topics: Arc::new([]),
            charter: Arc::new(config.as_ref().map(|of| of.charter.clone()).unwrap_or_default()),
            services: config.as_ref().map(|of| Arc::clone(&of.services)).unwrap_or_default(),
            scorer: Arc::new(Scorer::new(Profile::Resonanz)),
            // Without a token, changes are for this machine only.
            token: entrance.token.clone(),
            config: config.as_ref().map(|_| ConfigFile::new(args.place.config.path(), place)),
            access: entrance.access.clone(),
            tls: entrance.tls.clone(),
            audit: audit.clone(),
            hosts: hosts(args, config.as_ref()).into(),
            sql,
            doors: Doors::default(),
            reload: config.as_ref().map(|_| Reload::new(ask)).unwrap_or_default(),
        };
        if let Some((named, door)) = clients {
            writeln!(io::stdout(), "and on {named}{}/resonanz", door.open().await?)?;
        }
        let (apis, renewed) = watch::channel(api);
        let (place, beyond) = (args.place.clone(), is_beyond(listen));
        tokio::spawn(
            Renewer { place, entrance, beyond, apis, progress: shown }.attend(hung_up, asked),
        );
        tokio::select! {
            () = serve::serve(listener, renewed) => {}
            _ = stopped.wait_for(|stop| *stop != Stop::No) => {}
        }
        audit.end().await;
        Ok::<(), Failure>(())
    })?;
    runtime.shutdown_background();
    Ok(Ending::Done)
}

/// Where SQL is asked; by when answers are due only a configuration says.
fn gate(args: &Args, config: Option<&Config>) -> SqlGate {
    let sql = SqlGate::new(Limits::from(&args.limits), args.concurrent);
    match config {
        Some(config) => sql.promising(&config.services),
        None => sql,
    }
}

/// Host names of requests, those of the configuration too.
fn hosts(args: &Args, config: Option<&Config>) -> Vec<String> {
    let configured = config.map(|config| config.hosts.clone()).unwrap_or_default();
    args.host.iter().cloned().chain(configured).collect()
}

/// Who is let in, where nobody else reads along.
fn admitted(
    args: &Args,
    listen: SocketAddr,
    config: Option<&Config>,
    lake: &Site,
) -> Result<Entrance, Failure> {
    let entrance = match config {
        Some(config) => Entrance::fetch(config, is_beyond(listen), lake)?,
        None => Entrance::open(),
    };
    let guarded = guarded(&entrance);
    // What the configuration says was looked at with it.
    let refusal =
        args.listen.and_then(|listen| SqlConfig::refusal(listen, exposure(args.exposed), guarded));
    let Some((message, hint)) = refusal else { return Ok(entrance) };
    let hint = match guarded.login {
        true => "add [serve.tls] to the configuration; only where a proxy or a container encrypts or keeps others away: --exposed".to_owned(),
        false => format!("name a configuration with users: --config FILE; {hint}"),
    };
    Err(Failure::usage(format!("listen: {message}"), hint))
}

fn guarded(entrance: &Entrance) -> Guarded {
    Guarded { login: entrance.access.is_closed(), encrypted: entrance.tls.is_some() }
}

fn exposure(exposed: bool) -> Exposure {
    if exposed { Exposure::Network } else { Exposure::Loopback }
}

/// Where PostgreSQL clients are let in, if anywhere.
fn clients(args: &PostgresArgs, guarded: Guarded) -> Result<Option<PostgresConfig>, Failure> {
    let Some(listen) = args.postgres else { return Ok(None) };
    if let Some(message) = PostgresConfig::refusal(listen, exposure(args.postgres_exposed), guarded)
    {
        let hint = "listen on 127.0.0.1 and use a tunnel, add [serve.tls] to the configuration, or add --postgres-exposed";
        return Err(Failure::usage(format!("postgres: {message}"), hint));
    }
    let in_env = args.postgres_password_env.clone().map(SecretPlace::Env);
    let password = in_env.or(args.postgres_password_file.clone().map(SecretPlace::File));
    if password.is_none() && !guarded.login {
        let hint = "add --postgres-password-env NAME or --postgres-password-file FILE";
        return Err(Failure::usage("postgres needs a password", hint));
    }
    Ok(Some(PostgresConfig { listen, user: args.postgres_user.clone(), password }))
}
