//! How are PostgreSQL clients let in: with which password, and where?

use super::Failure;
use super::entrance::Entrance;
use crate::config::PostgresConfig;
use crate::secret::SecretPlace;
use crate::serve::{Audit, SqlGate};
use crate::state::Site;

pub(super) use door::Door;

/// Fetches the password, so that what is wrong with it is known before anything begins.
pub(super) fn door(
    config: &PostgresConfig,
    lake: &Site,
    (entrance, audit): (&Entrance, &Audit),
    sql: &SqlGate,
) -> Result<Door, Failure> {
    let password = config.password.as_ref().map(SecretPlace::fetch).transpose();
    let password =
        password.map_err(|fault| Failure::usage(format!("postgres: {fault}"), fault.hint()))?;
    let password = password.as_ref().map(|password| password.expose());
    Door::new(config, password, lake, (entrance, audit), sql)
}

#[cfg(feature = "postgres")]
mod door {
    use std::net::SocketAddr;

    use tokio::net::TcpListener;

    use super::super::Failure;
    use super::super::entrance::Entrance;
    use crate::config::PostgresConfig;
    use crate::serve::{Audit, Postgres, SqlGate};
    use crate::state::Site;

    /// A lake ready for PostgreSQL clients.
    pub(in crate::cli) struct Door(Postgres, SocketAddr);

    impl Door {
        pub(super) fn new(
            config: &PostgresConfig,
            password: Option<&str>,
            lake: &Site,
            (entrance, audit): (&Entrance, &Audit),
            sql: &SqlGate,
        ) -> Result<Self, Failure> {
            let user = password.map(|password| (config.user.as_str(), password));
            let known = (entrance.access.clone(), entrance.tls.clone(), audit.clone());
            let made = Postgres::new(lake.clone(), user, known, sql.clone());
            let postgres = made.map_err(|error| {
                let hint = "make one with: openssl rand -base64 24";
                Failure::usage(format!("postgres: {error}"), hint)
            })?;
            Ok(Self(postgres, config.listen))
        }

        /// Serves from now on; says where.
        pub(in crate::cli) async fn open(self) -> Result<SocketAddr, Failure> {
            let Self(postgres, address) = self;
            let listener = TcpListener::bind(address).await;
            let listener = listener.map_err(|error| Failure::listen(address, &error))?;
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
    use super::super::entrance::Entrance;
    use crate::config::PostgresConfig;
    use crate::serve::{Audit, SqlGate};
    use crate::state::Site;

    /// What this build does not have.
    pub(in crate::cli) enum Door {}

    impl Door {
        pub(super) fn new(
            _: &PostgresConfig,
            _: Option<&str>,
            _: &Site,
            _: (&Entrance, &Audit),
            _: &SqlGate,
        ) -> Result<Self, Failure> {
            let hint = "build it with the Cargo feature postgres, which is on by default";
            Err(Failure::usage("this build of resonanz cannot serve PostgreSQL clients", hint))
        }

        pub(in crate::cli) async fn open(self) -> Result<SocketAddr, Failure> {
            match self {}
        }
    }
}
