//! How are PostgreSQL clients let in: with which password, and where?

use super::Failure;
use crate::config::PostgresConfig;
use crate::serve::SqlGate;
use crate::state::Site;

pub(super) use door::Door;

/// Fetches the password, so that what is wrong with it is known before anything begins.
pub(super) fn door(config: &PostgresConfig, lake: &Site, sql: &SqlGate) -> Result<Door, Failure> {
    let password = config
        .password
        .fetch()
        .map_err(|fault| Failure::usage(format!("postgres: {fault}"), fault.hint()))?;
    Door::new(config, password.expose(), lake, sql)
}

#[cfg(feature = "postgres")]
mod door {
    use std::net::SocketAddr;

    use anyhow::Context;
    use tokio::net::TcpListener;

    use super::super::Failure;
    use crate::config::PostgresConfig;
    use crate::serve::{Postgres, SqlGate};
    use crate::state::Site;

    /// A lake ready for PostgreSQL clients.
    pub(in crate::cli) struct Door(Postgres, SocketAddr);

    impl Door {
        pub(super) fn new(
            config: &PostgresConfig,
            password: &str,
            lake: &Site,
            sql: &SqlGate,
        ) -> Result<Self, Failure> {
            let made = Postgres::new(lake.clone(), &config.user, password, sql.clone());
            let postgres = made.map_err(|error| {
                let hint = "make one with: openssl rand -base64 24";
                Failure::usage(format!("postgres: {error}"), hint)
            })?;
            Ok(Self(postgres, config.listen))
        }

        /// Serves from now on; says where.
        pub(in crate::cli) async fn open(self) -> anyhow::Result<SocketAddr> {
            let Self(postgres, address) = self;
            let listener = TcpListener::bind(address)
                .await
                .with_context(|| format!("cannot listen on {address}"))?;
            let address = listener.local_addr()?;
            tracing::info!(%address, "PostgreSQL clients can connect");
            tokio::spawn(postgres.serve(listener));
            Ok(address)
        }
    }
}

#[cfg(not(feature = "postgres"))]
mod door {
    use std::net::SocketAddr;

    use super::super::Failure;
    use crate::config::PostgresConfig;
    use crate::serve::SqlGate;
    use crate::state::Site;

    /// What this build does not have.
    pub(in crate::cli) enum Door {}

    impl Door {
        pub(super) fn new(
            _: &PostgresConfig,
            _: &str,
            _: &Site,
            _: &SqlGate,
        ) -> Result<Self, Failure> {
            let hint = "build it with the Cargo feature postgres, which is on by default";
            Err(Failure::usage("this resonanz cannot serve PostgreSQL clients", hint))
        }

        pub(in crate::cli) async fn open(self) -> anyhow::Result<SocketAddr> {
            match self {}
        }
    }
}
