//! What does the API read, and how is a question of ours answered within the limits of all?

use std::sync::Arc;

use axum::extract::FromRef;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::timeout;

use super::access::Access;
use super::audit::Audit;
use super::config_file::ConfigFile;
use super::gate::SqlGate;
use super::ingest::Doors;
use super::problem::{Problem, failed, failure};
use super::reload::Reload;
use super::tls::Tls;
use crate::config::{Charter, Services};
use crate::lake::{Folder, LakeError};
use crate::live::Progress;
use crate::mention::Topic;
use crate::notify::Configured;
use crate::report::{Ask, Known};
use crate::sentiment::Scorer;
use crate::sql::Session;
use crate::state::Site;

/// Most rows of one answer.
pub(super) const ROWS_MAX: usize = 10_000;

/// What the API reads.
#[derive(Debug, Clone)]
pub struct Api {
    /// State of the running process.
    pub progress: watch::Receiver<Progress>,
    /// Where the lake is.
    pub lake: Site,
    /// What is listened for.
    pub topics: Arc<[Topic]>,
    /// Goals, pages that say what to do, and what the law wants.
    pub charter: Arc<Charter>,
    /// What is promised to people who wait for an answer.
    pub services: Arc<Services>,
    /// What scores texts and explains verdicts.
    pub scorer: Arc<Scorer>,
    /// What whoever wants to change something must know where nobody logs in, if anything.
    pub token: Option<Arc<str>>,
    /// Where its topics are written, if it has a configuration.
    pub config: Option<ConfigFile>,
    /// Who may come in.
    pub access: Access,
    /// With what it encrypts, if it does.
    pub tls: Option<Tls>,
    /// Where it is written down who saw and changed what.
    pub audit: Audit,
    /// Names under which it is asked, beside addresses and names without a dot.
    pub hosts: Arc<[String]>,
    /// What queries may use.
    pub sql: SqlGate,
    /// Where sources take what others bring.
    pub doors: Doors,
    /// Who reads the configuration anew.
    pub reload: Reload,
}

impl FromRef<Api> for watch::Receiver<Progress> {
    fn from_ref(api: &Api) -> Self {
        api.progress.clone()
    }
}

impl Api {
    /// What a silence may be about, by the configuration.
    pub(super) fn configured(&self) -> Configured<'_> {
        let topics = self.topics.iter().map(|topic| topic.name.as_str()).collect();
        let rules = self.charter.rules.iter().map(String::as_str).collect();
        Configured { topics, rules }
    }

    /// What the running process knows besides the rows of its lake.
    pub(super) fn known(&self) -> Known {
        let services = Arc::clone(&self.services);
        Known { services, ..self.progress.borrow().known() }
    }
}

/// A question of ours: the lake, open within the limits of all SQL, and its place among others.
pub(super) struct Own {
    pub(super) folder: Folder,
    pub(super) session: Session,
    /// Another one once anything in the lake or beside it is.
    pub(super) version: u64,
    _place: OwnedSemaphorePermit,
}

impl Own {
    /// Who comes while too many are answered waits as long as a query may take.
    ///
    /// # Errors
    /// What to answer, when there is no place in time, or the lake cannot be read.
    pub(super) async fn begin(api: &Api) -> Result<Self, Response> {
        let limits = api.sql.limits;
        let waited = timeout(limits.time, Arc::clone(&api.sql.own).acquire_owned());
        let Ok(Ok(place)) = waited.await else {
            return Err(failure(StatusCode::SERVICE_UNAVAILABLE, "too many queries at once"));
        };
        let opened = async {
            let folder = Folder::read(&api.lake)?;
            let (session, version) = api.sql.snapshots.versioned(&folder, limits).await?;
            Ok::<_, LakeError>(Self { folder, session, version, _place: place })
        };
        opened.await.map_err(|error| failed(&error.into()))
    }

    /// Opens the lake anew, so that it shows what others did meanwhile.
    ///
    /// # Errors
    /// What to answer, when the lake cannot be read.
    pub(super) async fn renew(&mut self, api: &Api) -> Result<(), Response> {
        let opened = api.sql.snapshots.versioned(&self.folder, api.sql.limits).await;
        (self.session, self.version) = opened.map_err(|error| failed(&error.into()))?;
        Ok(())
    }

    /// Who answers the standard questions.
    ///
    /// # Errors
    /// What to answer, when the lake cannot be read.
    pub(super) async fn ask<'a>(&'a self, api: &'a Api) -> Result<Ask<'a>, Response> {
        let ask = Ask::new(&self.session, &self.folder, &api.topics, api.known()).await;
        let ask = ask.map(|ask| ask.promised(&api.charter));
        ask.map_err(|error| Problem::from(error).into_response())
    }
}
