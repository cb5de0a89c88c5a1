//! How is a lake served read-only, without sources?

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use super::entrance::{Entrance, is_beyond};
use super::places::{Found, LakePlace};
use super::postgres::door;
use super::query::span;
use super::renew::Renewer;
use super::signals::stop_at_signal;
use super::{Ending, Failure, runtime};
use crate::config::{Config, Exposure, Guarded, PostgresConfig, SqlConfig};
use crate::lake::Folder;
use crate::live::{Progress, Stop};
use crate::secret::SecretPlace;
use crate::serve::{self, Api, ConfigFile, Doors, Reload, SqlGate};
use crate::state::Site;
use crate::tuning;

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
    limits: ServeLimits,
    #[command(flatten)]
    clients: PostgresArgs,
}

/// What queries may use.
#[derive(Debug, clap::Args)]
struct ServeLimits {
    /// Maximum time of a query until its last row [default: as [serve] of the configuration says, or 1m]
    #[arg(long, value_name = "DURATION", value_parser = span)]
    timeout: Option<Duration>,
    /// Maximum memory of a query for joins, sorts and groups, in MiB [default: as [serve] of the
    /// configuration says, or 1024]
    #[arg(long, value_name = "MIB")]
    memory_mib: Option<usize>,
    /// Maximum number of queries at once; 0 switches them off [default: as [serve] of the
    /// configuration says, or 2]
    #[arg(long, value_name = "COUNT")]
    concurrent: Option<usize>,
}

/// Where PostgreSQL clients connect, as the one user there is.
#[derive(Debug, clap::Args)]
struct PostgresArgs {
    /// Where PostgreSQL clients (psql, Grafana, Metabase) may connect, such as 127.0.0.1:5432
    /// [default: as [serve] of the configuration says]
    #[arg(long, value_name = "ADDRESS")]
    postgres: Option<SocketAddr>,
    /// Let no PostgreSQL client in, whatever the configuration says
    #[arg(long, conflicts_with = "postgres")]
    no_postgres: bool,
    /// Name of their user [default: as [serve] of the configuration says, or resonanz]
    #[arg(long, value_name = "NAME")]
    postgres_user: Option<String>,
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
    let configured = config.as_ref().and_then(|config| config.listen);
    let listen = args.listen.or(configured).unwrap_or(LISTEN);
    let entrance = admitted(args, listen, config.as_ref(), &lake)?;
    let guarded = guarded(&entrance);
    Folder::read(&lake)?;
    let clients = clients(&args.clients, config.as_ref(), guarded)?;
    let sql = gate(&args.limits, config.as_ref(), clients.as_ref())?;
    let sentiment = config.as_ref().map(|config| config.sentiment.clone()).unwrap_or_default();
    let scorer = tuning::scorer(&sentiment)?;
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
            scorer,
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
            let opened = door.open().await.map_err(|failure| beside(failure, &args.clients));
            writeln!(io::stdout(), "and on {named}{}/resonanz", opened?)?;
        }
        let (apis, renewed) = watch::channel(api);
        let (place, beyond) = (args.place.clone(), is_beyond(listen));
        tokio::spawn(
            Renewer { place, begun: config, entrance, beyond, apis, progress: shown }
                .attend(hung_up, asked),
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

/// Where SQL is asked, and what it may use: as the options say, else as the configuration does. By when
/// answers are due, only a configuration says.
fn gate(
    args: &ServeLimits,
    config: Option<&Config>,
    clients: Option<&PostgresConfig>,
) -> Result<SqlGate, Failure> {
    let known = config.map(|config| config.sql).unwrap_or_default();
    let us = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
    let limits = SqlConfig {
        timeout_us: args.timeout.map_or(known.timeout_us, us),
        memory_mib: args.memory_mib.unwrap_or(known.memory_mib),
        concurrent: args.concurrent.unwrap_or(known.concurrent),
    };
    if clients.is_some() && limits.concurrent == 0 {
        let hint = "allow at least one with --concurrent, or add --no-postgres";
        return Err(Failure::usage("PostgreSQL clients need a query at once", hint));
    }
    let sql = SqlGate::of(limits);
    Ok(match config {
        Some(config) => sql.promising(&config.services),
        None => sql,
    })
}

/// Who serves beside a process of the same configuration needs to know how.
fn beside(failure: Failure, args: &PostgresArgs) -> Failure {
    if args.postgres.is_some() {
        return failure;
    }
    let hint = "a process of the same configuration may listen there: choose another address with --postgres, or add --no-postgres";
    Failure { hint: Some(hint.to_owned()), ..failure }
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

/// Where PostgreSQL clients are let in, if anywhere: as the options say, else as the configuration does.
fn clients(
    args: &PostgresArgs,
    config: Option<&Config>,
    guarded: Guarded,
) -> Result<Option<PostgresConfig>, Failure> {
    let configured = config.and_then(|config| config.postgres.clone());
    if args.no_postgres {
        return Ok(None);
    }
    let Some(listen) = args.postgres.or(configured.as_ref().map(|known| known.listen)) else {
        return Ok(None);
    };
    // What the configuration says was looked at with it.
    if args.postgres.is_some()
        && let Some(message) =
            PostgresConfig::refusal(listen, exposure(args.postgres_exposed), guarded)
    {
        let hint = "listen on 127.0.0.1 and use a tunnel, add [serve.tls] to the configuration, or add --postgres-exposed";
        return Err(Failure::usage(format!("postgres: {message}"), hint));
    }
    let (user, password) = match configured {
        Some(PostgresConfig { user, password, .. }) => (user, password),
        None => (PostgresConfig::USER.to_owned(), None),
    };
    let in_env = args.postgres_password_env.clone().map(SecretPlace::Env);
    let in_file = args.postgres_password_file.clone().map(SecretPlace::File);
    let password = in_env.or(in_file).or(password);
    if password.is_none() && !guarded.login {
        let hint = "add --postgres-password-env NAME or --postgres-password-file FILE";
        return Err(Failure::usage("postgres needs a password", hint));
    }
    let user = args.postgres_user.clone().unwrap_or(user);
    Ok(Some(PostgresConfig { listen, user, password }))
}
