//! Who saw, changed and took out what? Written down where people log in, for the table `audit`.
//!
//! What changes something is durable before it is answered; reads are counted by the minute, and a
//! kill loses those of the running one. No text, no statement and no secret is part of it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::Method;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, interval};

use super::access::{Access, Viewer};
use super::deed::{Asked, Changed, clipped};
use crate::config::Retention;
use crate::lake::AuditBook;
use crate::state::{AuditEntry, Site};
use crate::system::wall_clock;
use crate::time::MINUTE_US;

/// Lines that wait to be written.
const WAITING_MAX: usize = 1_024;
/// Kinds of reads that are counted at once.
const KINDS_MAX: usize = 4_096;
/// Distance of commits.
const COMMIT: Duration = Duration::from_secs(60);
/// Distance of upkeep.
const UPKEEP: Duration = Duration::from_secs(3_600);
/// How long an answer waits for its line.
const WAIT: Duration = Duration::from_secs(5);
/// Who tried to log in under a name that nobody bears, or with a token that is none.
const UNKNOWN: &str = "?";

/// Where lines of the audit log go, if anywhere. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Audit(Option<Arc<Lines>>);

#[derive(Debug)]
struct Lines {
    /// Nothing is written while nobody has to log in.
    access: Access,
    sender: mpsc::Sender<Line>,
    lost: AtomicU64,
}

#[derive(Debug)]
enum Line {
    /// Counted with others alike.
    Counted(Box<AuditEntry>),
    /// Written at once; then whoever waits is told.
    Written(Box<AuditEntry>, oneshot::Sender<()>),
    /// All is written and committed; then whoever waits is told.
    End(oneshot::Sender<()>),
}

impl Audit {
    /// Writes the audit log of a lake while people have to log in there, within a runtime.
    #[must_use]
    pub fn begin(site: Site, retention: Retention, vacuum_us: i64, access: Access) -> Self {
        if !site.has_state() {
            if access.is_closed() {
                tracing::warn!(
                    "no audit log is written: the lake is in a bucket, and no state folder is known"
                );
            }
            return Self::default();
        }
        let (sender, lines) = mpsc::channel(WAITING_MAX);
        let clerk = Clerk { site, retention, vacuum_us, book: None, counted: BTreeMap::new() };
        tokio::spawn(clerk.work(lines));
        Self(Some(Arc::new(Lines { access, sender, lost: AtomicU64::new(0) })))
    }

    /// Writes and commits what is left.
    pub async fn end(&self) {
        let Some(lines) = &self.0 else { return };
        let (sender, done) = oneshot::channel();
        if lines.sender.send(Line::End(sender)).await.is_ok() {
            let _ = tokio::time::timeout(WAIT, done).await;
        }
    }

    /// Somebody logged in, or tried to with the name of a user, if it is one: others are not written
    /// down, for people mistake one field for the other.
    pub(super) async fn login(
        &self,
        name: Option<&str>,
        peer: Option<IpAddr>,
        viewer: Option<&Viewer>,
        door: &str,
    ) {
        let action = if viewer.is_some() { "login" } else { "login_failed" };
        let mut entry = entry(viewer, action, "login", door, peer);
        if viewer.is_none() {
            entry.who = name.map_or_else(|| UNKNOWN.to_owned(), clipped);
        }
        match viewer {
            Some(_) => self.write(entry).await,
            // Those who guess do not make everybody wait for the disk.
            None => self.count(entry),
        }
    }

    /// Somebody logged out.
    pub(super) async fn logout(&self, viewer: &Viewer) {
        self.write(entry(Some(viewer), "logout", "login", "http", None)).await;
    }

    /// A request of somebody who is known was answered.
    pub(super) async fn answered(
        &self,
        viewer: &Viewer,
        peer: Option<IpAddr>,
        mut asked: Asked,
        (status, changed): (u16, Option<&Changed>),
    ) {
        asked.topic = changed.map(|Changed(topic)| clipped(topic)).or(asked.topic);
        let is_refused = status == 401 || status == 403;
        let action = if is_refused { "refused" } else { asked.action };
        let mut entry = entry(Some(viewer), action, &asked.what, "http", peer);
        (entry.topic, entry.detail, entry.status) = (asked.topic, asked.detail, Some(status));
        let is_read = matches!(asked.method, Method::GET | Method::HEAD) || action != "change";
        if is_read { self.count(entry) } else { self.write(entry).await }
    }

    /// A PostgreSQL client asked something.
    pub(super) fn queried(&self, viewer: &Viewer, peer: Option<IpAddr>) {
        self.count(entry(Some(viewer), "export", "sql", "postgres", peer));
    }

    /// Where lines go now, if anywhere.
    fn lines(&self) -> Option<&Lines> {
        self.0.as_deref().filter(|lines| lines.access.is_closed())
    }

    fn count(&self, entry: AuditEntry) {
        let Some(lines) = self.lines() else { return };
        if lines.sender.try_send(Line::Counted(Box::new(entry))).is_err() {
            lines.lose();
        }
    }

    async fn write(&self, entry: AuditEntry) {
        let Some(lines) = self.lines() else { return };
        let (sender, done) = oneshot::channel();
        let written = async {
            lines.sender.send(Line::Written(Box::new(entry), sender)).await.ok()?;
            done.await.ok()
        };
        if !matches!(tokio::time::timeout(WAIT, written).await, Ok(Some(()))) {
            lines.lose();
        }
    }
}

impl Lines {
    fn lose(&self) {
        if self.lost.fetch_add(1, Ordering::Relaxed).wrapping_add(1).is_power_of_two() {
            tracing::error!("lines of the audit log are lost");
        }
    }
}

fn entry(
    viewer: Option<&Viewer>,
    action: &str,
    what: &str,
    door: &str,
    peer: Option<IpAddr>,
) -> AuditEntry {
    AuditEntry {
        at: wall_clock(),
        who: viewer.map(|viewer| viewer.name.to_string()).unwrap_or_default(),
        role: viewer.map(|viewer| viewer.role.as_str().to_owned()),
        action: action.to_owned(),
        what: what.to_owned(),
        topic: None,
        detail: None,
        status: None,
        peer: peer.map(|peer| peer.to_canonical().to_string()),
        door: door.to_owned(),
        count: 1,
    }
}

/// What reads have in common that are counted together.
type Kind = (i64, String, String, String, Option<String>, Option<String>, Option<u16>);

/// Who writes the lines down.
struct Clerk {
    site: Site,
    retention: Retention,
    vacuum_us: i64,
    /// Once there is a lake.
    book: Option<AuditBook>,
    counted: BTreeMap<Kind, AuditEntry>,
}

impl Clerk {
    async fn work(mut self, mut lines: mpsc::Receiver<Line>) {
        // What a kill left behind does not wait for the next line.
        if self.site.own("audit").is_dir() {
            self.open().await;
            self.settle().await;
        }
        let (mut due, mut tended) = (interval(COMMIT), Instant::now());
        due.reset();
        loop {
            tokio::select! {
                line = lines.recv() => match line {
                    None => return,
                    Some(Line::Counted(entry)) => self.count(*entry).await,
                    Some(Line::Written(entry, done)) => {
                        self.write(std::slice::from_ref(&*entry)).await;
                        let _ = done.send(());
                    }
                    Some(Line::End(done)) => {
                        self.settle().await;
                        let _ = done.send(());
                    }
                },
                _ = due.tick() => {
                    self.settle().await;
                    if tended.elapsed() >= UPKEEP {
                        tended = Instant::now();
                        self.tend().await;
                    }
                }
            }
        }
    }

    async fn count(&mut self, entry: AuditEntry) {
        let kind = (
            entry.at.0.div_euclid(MINUTE_US),
            entry.who.clone(),
            entry.action.clone(),
            entry.what.clone(),
            entry.topic.clone(),
            entry.detail.clone().or(entry.peer.clone()),
            entry.status,
        );
        if let Some(known) = self.counted.get_mut(&kind) {
            known.count += 1;
            return;
        }
        if self.counted.len() >= KINDS_MAX {
            self.flush().await;
        }
        self.counted.insert(kind, entry);
    }

    async fn flush(&mut self) {
        let entries: Vec<AuditEntry> = std::mem::take(&mut self.counted).into_values().collect();
        self.write(&entries).await;
    }

    /// Writes and commits what waits.
    async fn settle(&mut self) {
        self.flush().await;
        if let Some(book) = &mut self.book
            && let Err(error) = book.commit().await
        {
            tracing::warn!(%error, hint = error.hint(), "the audit log waits for the lake");
        }
    }

    async fn write(&mut self, entries: &[AuditEntry]) {
        if entries.is_empty() {
            return;
        }
        if self.book.is_none() {
            self.open().await;
        }
        let count = entries.len();
        let Some(book) = &mut self.book else {
            tracing::error!(count, "lines of the audit log are lost");
            return;
        };
        if let Err(error) = tokio::task::block_in_place(|| book.write(entries)) {
            let hint = error.hint();
            tracing::error!(%error, hint, count, "lines of the audit log are lost");
        }
    }

    async fn open(&mut self) {
        match AuditBook::open(&self.site).await {
            Ok(book) => self.book = Some(book),
            Err(error) => {
                tracing::error!(%error, hint = error.hint(), "the audit log cannot be opened");
            }
        }
    }

    async fn tend(&mut self) {
        let Some(book) = &mut self.book else { return };
        if let Err(error) = book.tend(self.retention, self.vacuum_us, wall_clock()).await {
            tracing::warn!(%error, hint = error.hint(), "the audit log cannot be tidied");
        }
    }
}
