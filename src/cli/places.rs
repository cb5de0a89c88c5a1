//! Which configuration is meant, and which lake? The same options and defaults for every command.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use super::{Failure, config_file};
use crate::config::{Config, Shard};
use crate::state::Site;

/// The configuration that is read where none is named.
const CONFIG: &str = "resonanz.toml";

/// Which configuration.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ConfigAt {
    /// The configuration file [default: resonanz.toml]
    #[arg(long, value_name = "FILE", env = "RESONANZ_CONFIG", hide_env_values = true)]
    config: Option<PathBuf>,
}

impl ConfigAt {
    pub(super) fn path(&self) -> &Path {
        self.config.as_deref().unwrap_or(Path::new(CONFIG))
    }

    /// Whether somebody named it.
    pub(super) fn is_named(&self) -> bool {
        self.config.is_some()
    }

    /// Reads it; prints every problem to standard error.
    pub(super) fn load(&self) -> Result<Config, Failure> {
        config_file::load(self.path())
    }
}

/// Which lake, and which configuration.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct LakePlace {
    /// Folder of the lake, or s3://BUCKET/PREFIX [default: as the configuration says]
    #[arg(long, value_name = "DIR", env = "RESONANZ_LAKE", hide_env_values = true)]
    pub(super) lake: Option<PathBuf>,
    /// Folder that only the writer of a lake in a bucket needs [default: as the configuration says]
    #[arg(long, value_name = "DIR")]
    pub(super) state: Option<PathBuf>,
    #[command(flatten)]
    pub(super) config: ConfigAt,
}

/// A lake, and the configuration that is known to be about it.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) site: Site,
    pub(super) config: Option<Config>,
}

impl LakePlace {
    /// The lake of the options, else that of the configuration.
    pub(super) fn site(&self) -> Result<Site, Failure> {
        Ok(self.find()?.site)
    }

    /// The same with its configuration: one that is named, or one that names this lake.
    pub(super) fn find(&self) -> Result<Found, Failure> {
        let state = self.state.as_deref();
        let Some(lake) = &self.lake else {
            let path = self.config.path();
            if self.config.config.is_none() && !path.exists() {
                let message = format!("no lake is named, and there is no {CONFIG} here to name it");
                return Err(Failure::usage(message, "add --lake DIR, or --config FILE"));
            }
            let config = self.config.load()?;
            let site = Site::new(&config.lake.path, state.or(config.lake.state.as_deref()));
            return Ok(Found { site, config: Some(config) });
        };
        let config = match self.config.config {
            Some(_) => Some(self.config.load()?),
            // One that happens to lie here counts only if it is about this lake.
            None => config_file::glance(Path::new(CONFIG))
                .filter(|config| Site::from(&config.lake).root() == Site::from(lake).root()),
        };
        let known = config.as_ref().filter(|config| config.lake.path == *lake);
        let state = state.or(known.and_then(|config| config.lake.state.as_deref()));
        Ok(Found { site: Site::new(lake, state), config })
    }

    /// The configuration, with the lake of the options in the place of its own.
    pub(super) fn configured(&self) -> Result<Config, Failure> {
        let mut config = self.config.load()?;
        if let Some(lake) = &self.lake
            && *lake != config.lake.path
        {
            config.lake.path.clone_from(lake);
            config.lake.state = None;
        }
        if let Some(state) = &self.state {
            config.lake.state = Some(state.clone());
        }
        Ok(config)
    }
}

/// Where HTTP is served, if several processes of one machine share a configuration.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct PortArg {
    // Not from the environment: Kubernetes sets RESONANZ_PORT beside a service of that name.
    /// Serve HTTP at this port of the address that the configuration names, else of 127.0.0.1
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
}

impl PortArg {
    /// The configuration with this port in the place of its own.
    pub(super) fn of(&self, mut config: Config) -> Config {
        if let Some(port) = self.port {
            let ip = config.listen.map_or(Ipv4Addr::LOCALHOST.into(), |listen| listen.ip());
            config.listen = Some(SocketAddr::new(ip, port));
        }
        config
    }
}

/// Which shard.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct ShardArg {
    /// Keep only the topics of one shard, such as 2/3 for the second of three, in a folder below the lake
    #[arg(long, value_name = "I/N", env = "RESONANZ_SHARD", hide_env_values = true)]
    shard: Option<Shard>,
}

impl ShardArg {
    /// What of the configuration is the shard's own, if there are shards.
    pub(super) fn of(&self, config: Config) -> Result<Config, Failure> {
        let Some(shard) = self.shard.or(config.shard) else { return Ok(config) };
        if shard.of() > 1 && config.author_key_file.is_none() {
            let hint =
                "add: [privacy] author_key_file = \"author.key\", the same file for all of them";
            return Err(Failure::usage("shards need one key for the names of authors", hint));
        }
        // Whoever reads the place would see the lake, and none of the shards in it.
        if Site::from(&config.lake).own("lake.json").exists() {
            let message = format!("{} is a lake itself", config.lake.path.display());
            return Err(Failure::usage(message, "give the shards another folder with --lake DIR"));
        }
        Ok(config.sharded(shard))
    }
}
