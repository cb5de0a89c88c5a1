//! How does `serve` take its configuration anew? Users, tokens, certificate, goals, promises and the
//! scorer; the lake, the addresses and the limits stay.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use super::Failure;
use super::entrance::Entrance;
use super::places::{Found, LakePlace};
use super::reload::{kept, note, wanted, words};
use crate::config::Config;
use crate::live::Progress;
use crate::serve::{Api, ReloadAsked};
use crate::tuning;

/// Takes configurations while a lake is served.
pub(super) struct Renewer {
    /// Where the configuration is, and the lake.
    pub(super) place: LakePlace,
    /// The one that it started with, if there is one: what stays until the next start is of it.
    pub(super) begun: Option<Config>,
    pub(super) entrance: Entrance,
    /// Whether other machines reach this process.
    pub(super) beyond: bool,
    pub(super) apis: watch::Sender<Api>,
    /// In which health and metrics show what became of it.
    pub(super) progress: watch::Sender<Progress>,
}

impl Renewer {
    /// Takes the configuration anew at each signal, and whenever somebody asks for it over HTTP.
    pub(super) async fn attend(
        mut self,
        mut signals: mpsc::Receiver<()>,
        mut asked: mpsc::Receiver<ReloadAsked>,
    ) {
        while let Some(asking) = wanted(&mut signals, &mut asked).await {
            let taken = self.take().await;
            note(&self.progress, &taken);
            if let Some(asking) = asking {
                let _ = asking.send(taken.map_err(|failure| words(&failure)));
            }
        }
    }

    async fn take(&mut self) -> Result<Value, Failure> {
        let place = self.place.clone();
        let Found { site, config } = tokio::task::spawn_blocking(move || place.find()).await??;
        let present = self.apis.borrow().clone();
        if site != present.lake {
            let message = format!("the lake of a running process stays {}", present.lake);
            return Err(Failure::usage(message, "restart to serve another lake"));
        }
        let Some(config) = config else {
            let message = "this lake is served without a configuration";
            return Err(Failure::usage(message, "restart with --config FILE"));
        };
        let scorer = tuning::scorer(&config.sentiment)?;
        let fresh = Entrance::fetch(&config, self.beyond, &site)?;
        let opened = fresh.fits(&self.entrance, self.beyond)?;
        let token = fresh.token.clone();
        self.entrance.take(fresh);
        self.apis.send_replace(Api {
            charter: Arc::new(config.charter.clone()),
            services: Arc::clone(&config.services),
            scorer,
            token,
            sql: present.sql.forgetful().promising(&config.services),
            ..present
        });
        let warnings = config.warnings.iter().map(ToString::to_string);
        let stays = self.begun.iter().flat_map(|begun| {
            let hosts = (begun.hosts != config.hosts)
                .then(|| "[serve] hosts takes effect at the next start".to_owned());
            kept(begun, &config).chain(hosts)
        });
        let warnings: Vec<String> = warnings.chain(stays).chain(opened).collect();
        Ok(json!({
            "sources": config.sources.len(),
            "topics": config.topics.len(),
            "rules": config.rules.len(),
            "receivers": config.receivers.len(),
            "silent_ms": 0,
            "warnings": warnings,
        }))
    }
}
