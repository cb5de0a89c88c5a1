//! Which brokers and which topic does the user want?

use std::path::Path;
use std::sync::Arc;

use super::Kafka;
use crate::connect::broker::{Begin, Trust, Wire, look};
use crate::connect::network::{Look, Settings, SourceSpec};
use crate::connect::source::Source;
use crate::secret::{SecretPlace, place};
use crate::settings::Section;

/// How a broker asks for a name and a password.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Sasl {
    #[default]
    Plain,
    Scram256,
    Scram512,
}

/// Brokers, and how they know us.
#[derive(Debug, Clone)]
pub(super) struct Cluster {
    /// Each `HOST:PORT`; one that answers is enough.
    pub(super) brokers: Vec<String>,
    pub(super) sasl: Sasl,
    pub(super) user: Option<String>,
    pub(super) password: Option<SecretPlace>,
    /// How connections are encrypted, if they are.
    pub(super) tls: Option<Trust>,
}

/// A topic of a cluster that speaks Kafka's protocol, as a source.
#[derive(Debug, Clone)]
pub struct KafkaSettings {
    pub(super) cluster: Cluster,
    /// The topic's name.
    pub(super) topic: String,
    pub(super) begin: Begin,
    wire: Wire,
}

impl Cluster {
    fn of(section: &mut Section<'_, '_>, base: &Path) -> Self {
        let at = section.place("brokers");
        let brokers = section.required_texts("brokers");
        let is_broker = |broker: &String| {
            let port = broker.rsplit_once(':').and_then(|(host, port)| {
                port.parse::<u16>().ok().filter(|_| !host.is_empty() && !host.contains('/'))
            });
            port.is_some()
        };
        if let Some(wrong) = brokers.iter().find(|broker| !is_broker(broker)) {
            let message = format!("brokers: \"{wrong}\" is not the address of a broker");
            section.problems.add(
                at,
                message,
                "write HOST:PORT, as [\"kafka-1:9092\", \"kafka-2:9092\"]",
            );
        }
        let words =
            [("plain", Sasl::Plain), ("scram-256", Sasl::Scram256), ("scram-512", Sasl::Scram512)];
        let (is_encrypted, trust) = (section.flag("tls"), Trust::of(section, base));
        if !is_encrypted && !trust.is_empty() {
            let message = "ca_file, cert_file and key_file do nothing without TLS";
            let at = section.at();
            section.problems.add(at, message, "add tls = true");
        }
        let cluster = Self {
            tls: is_encrypted.then_some(trust),
            brokers,
            sasl: section.choice("sasl", &words).unwrap_or_default(),
            user: section.text("user"),
            password: place(section, base, ["password_env", "password_file"]),
        };
        if cluster.user.is_some() != cluster.password.is_some() {
            let at = section.place("user");
            let hint = "give user, and password_env or password_file";
            section.problems.add(at, "a user and a password go together", hint);
        }
        cluster
    }
}

impl KafkaSettings {
    pub(super) fn of(
        section: &mut Section<'_, '_>,
        base: &Path,
        wire: fn(&mut Section<'_, '_>) -> Wire,
    ) -> Self {
        let cluster = Cluster::of(section, base);
        let topic = section.required_text("topic");
        let begin = Begin::of(section);
        Self { cluster, topic, begin, wire: wire(section) }
    }
}

/// Reads `brokers`, `tls`, `ca_file`, `cert_file`, `key_file`, `sasl`, `user`, `password_env`, `password_file`,
/// `topic`, `begin`, `map` and `html`.
pub(in crate::connect) fn configure(
    section: &mut Section<'_, '_>,
    base: &Path,
) -> Arc<dyn Settings> {
    Arc::new(KafkaSettings::of(section, base, Wire::of))
}

impl Settings for KafkaSettings {
    fn look(&self) -> Look {
        look(self.cluster.password.iter(), self.cluster.tls.as_ref())
    }

    fn open(&self, spec: SourceSpec) -> Box<dyn Source> {
        Box::new(Kafka::new(self.clone(), &self.wire, &spec))
    }
}
