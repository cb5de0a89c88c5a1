//! Which server and which stream does the user want?

use std::path::Path;
use std::sync::Arc;

use super::Nats;
use crate::connect::broker::{Begin, Trust, Wire, look};
use crate::connect::network::{Look, Settings, SourceSpec};
use crate::connect::source::Source;
use crate::secret::{SecretPlace, place};
use crate::settings::Section;

/// A NATS server, and how it knows us.
#[derive(Debug, Clone)]
pub(super) struct Server {
    /// Addresses, each `nats://HOST:PORT` or `tls://HOST:PORT`.
    pub(super) urls: Vec<String>,
    pub(super) user: Option<String>,
    pub(super) password: Option<SecretPlace>,
    pub(super) token: Option<SecretPlace>,
    /// What `nsc` writes for a user: a JWT, and the seed of its key.
    pub(super) creds: Option<SecretPlace>,
    /// The seed of a key alone.
    pub(super) nkey: Option<SecretPlace>,
    pub(super) trust: Trust,
}

/// A JetStream stream, as a source.
#[derive(Debug, Clone)]
pub struct NatsSettings {
    pub(super) server: Server,
    /// The stream's name.
    pub(super) stream: String,
    /// Only messages of these subjects, if not all.
    pub(super) subject: Option<String>,
    pub(super) begin: Begin,
    wire: Wire,
}

impl Server {
    fn of(section: &mut Section<'_, '_>, base: &Path) -> Self {
        let at = section.place("url");
        let urls = section.required_texts("url");
        let is_server = |url: &String| {
            let parsed = url::Url::parse(url).ok();
            let known = |url: url::Url| ["nats", "tls"].contains(&url.scheme()) && url.has_host();
            parsed.is_some_and(known)
        };
        if let Some(wrong) = urls.iter().find(|url| !url.is_empty() && !is_server(url)) {
            let message = format!("url: \"{wrong}\" is not the address of a NATS server");
            section.problems.add(at, message, "write nats://HOST:4222, or tls://HOST:4222");
        }
        if urls.iter().any(|url| url.contains('@')) {
            let hint = "write user = \"...\" and password_env = \"...\"";
            section.problems.add(at, "url: a password has no place in a configuration", hint);
        }
        let server = Self {
            urls,
            user: section.text("user"),
            password: place(section, base, ["password_env", "password_file"]),
            token: place(section, base, ["token_env", "token_file"]),
            creds: place(section, base, ["creds_env", "creds_file"]),
            nkey: place(section, base, ["nkey_env", "nkey_file"]),
            trust: Trust::of(section, base),
        };
        if server.user.is_some() != server.password.is_some() {
            let at = section.place("user");
            let hint = "give user, and password_env or password_file";
            section.problems.add(at, "a user and a password go together", hint);
        }
        server
    }
}

impl NatsSettings {
    pub(super) fn of(
        section: &mut Section<'_, '_>,
        base: &Path,
        wire: fn(&mut Section<'_, '_>) -> Wire,
    ) -> Self {
        let server = Server::of(section, base);
        let at = section.place("stream");
        let stream = section.required_text("stream");
        if stream.contains([' ', '.', '*', '>', '/', '\\', '\t']) {
            let hint = "JetStream takes names without spaces, dots, slashes, * and >";
            section.problems.add(at, format!("stream: \"{stream}\" cannot be a name"), hint);
        }
        let subject = section.text("subject");
        let begin = Begin::of(section);
        Self { server, stream, subject, begin, wire: wire(section) }
    }
}

/// Reads `url`, `user`, and the place of `password`, `token`, `creds` or `nkey`, the files of [`Trust`],
/// `stream`, `subject`, `begin`, `map` and `html`.
pub(in crate::connect) fn configure(
    section: &mut Section<'_, '_>,
    base: &Path,
) -> Arc<dyn Settings> {
    Arc::new(NatsSettings::of(section, base, Wire::of))
}

impl Settings for NatsSettings {
    fn look(&self) -> Look {
        let server = &self.server;
        let secrets = [&server.password, &server.token, &server.creds, &server.nkey];
        look(secrets.into_iter().flatten(), Some(&server.trust))
    }

    fn open(&self, spec: SourceSpec) -> Box<dyn Source> {
        Box::new(Nats::new(self.clone(), &self.wire, &spec))
    }
}
