//! Which Jetstream server does the user want?

use std::path::Path;
use std::sync::Arc;

use super::Jetstream;
use crate::connect::network::{Settings, SourceSpec, Telling};
use crate::connect::source::Source;
use crate::decode::Format;
use crate::post::Kind;
use crate::settings::Section;

/// A Jetstream server.
#[derive(Debug, Clone)]
pub struct JetstreamSettings {
    /// `ws` or `wss`, without a cursor.
    pub url: String,
}

/// Reads `url` and `format`.
pub(in crate::connect) fn configure(section: &mut Section<'_, '_>, _: &Path) -> Arc<dyn Settings> {
    let url = section.required_text("url");
    let at = section.place("url");
    if !url.is_empty() && !url.starts_with("ws://") && !url.starts_with("wss://") {
        section.problems.add(
            at,
            format!("\"{url}\" is not a WebSocket address"),
            "it must begin with wss:// or ws://",
        );
    }
    if url.contains("compress=true") {
        section.problems.warn(
            at,
            "frames that the server compresses cannot be read",
            "remove compress=true from the address",
        );
    }
    section.choice("format", &[("jetstream", ())]);
    Arc::new(JetstreamSettings { url })
}

impl Settings for JetstreamSettings {
    /// Accounts are DIDs, and a post comes without numbers.
    fn telling(&self) -> Option<Telling> {
        Some(Telling {
            reach: false,
            engagement: false,
            kinds: &[Kind::Original, Kind::Reply, Kind::Quote],
            authors: "did:",
            host: "bsky.app",
        })
    }

    fn open(&self, spec: SourceSpec) -> Box<dyn Source> {
        let decoder = spec.decoder(Format::Jetstream);
        Box::new(Jetstream::new(self.url.clone(), decoder, spec.cursor))
    }
}
