//! Who is told? A receiver ready to be called: secrets fetched, address and template read.

use std::net::Ipv6Addr;
use std::time::Duration;

use reqwest::Url;

use super::format::Style;
use super::letterbox::Letterbox;
use super::receiver_fault::ReceiverFault;
use super::sign::{SecretError, Signer};
use crate::config::{About, Format, Reach, ReceiverConfig, UrlPlace};
use crate::secret::{Secret, SecretPlace};

/// Who is told, ready to be called.
#[derive(Debug, Clone)]
pub struct Receiver {
    /// Its name.
    pub name: String,
    /// Its address; whoever knows it may be able to post there, so it is never printed.
    pub url: Address,
    /// How it is told by mail, if it is.
    pub mail: Option<Letterbox>,
    /// How its messages are written.
    pub style: Style,
    /// How its messages are signed, if they are.
    pub signer: Option<Signer>,
    /// Which addresses it may have.
    pub reach: Reach,
    /// Who is told instead once it is disabled.
    pub fallback: Option<String>,
    /// After which time without a success it is disabled.
    pub disable_after: Duration,
    /// What it is told of.
    pub about: About,
}

/// An address of which only scheme and host are ever printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(pub Url);

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}/…", self.0.scheme(), self.0.host_str().unwrap_or_default())
    }
}

/// A receiver that cannot be called; names neither its secret nor its address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("receiver \"{receiver}\": {fault}")]
pub struct ReceiverError {
    /// Name of the receiver.
    pub receiver: String,
    /// What is wrong with it.
    pub fault: ReceiverFault,
}

impl ReceiverError {
    /// How to mend it.
    #[must_use]
    pub fn hint(&self) -> String {
        match &self.fault {
            ReceiverFault::Missing(fault) => fault.hint(),
            ReceiverFault::Secret(_) => {
                "make one with: echo \"whsec_$(openssl rand -base64 24)\"".to_owned()
            }
            ReceiverFault::Certificates(_) => {
                "ca_file holds the certificate of the server, or of its issuer, in PEM".to_owned()
            }
            ReceiverFault::Url(_) => Reach::Public.refusal("").unwrap_or_default().to_owned(),
            ReceiverFault::Template(_) => {
                "a template has title, summary, todo, facts, posts, action, type, timestamp, id and data"
                    .to_owned()
            }
        }
    }
}

impl Receiver {
    /// Fetches what the configuration only names.
    ///
    /// # Errors
    /// When a secret is missing or malformed, or the address or the template cannot be used.
    pub fn fetch(config: &ReceiverConfig) -> Result<Self, ReceiverError> {
        Self::read(config).map_err(|fault| ReceiverError { receiver: config.name.clone(), fault })
    }

    fn read(config: &ReceiverConfig) -> Result<Self, ReceiverFault> {
        let secret = config.secret.as_ref().map(SecretPlace::fetch).transpose()?;
        let secret = secret.as_ref().map(Secret::expose);
        let signer = match (&config.format, secret) {
            (Format::PagerDuty, Some(key)) if key.trim().is_empty() => {
                return Err(SecretError::Empty.into());
            }
            // Its secret is a key of the body, or a password.
            (Format::PagerDuty | Format::Mail, _) | (_, None) => None,
            (_, Some(secret)) => Some(Signer::new(secret)?),
        };
        Ok(Self {
            name: config.name.clone(),
            url: Address(address(config)?),
            mail: config.mail.as_ref().map(|mail| Letterbox::read(mail, secret)).transpose()?,
            style: Style::new(&config.format, config.evidence, &config.reader, secret)?,
            signer,
            reach: config.reach,
            fallback: config.fallback.clone(),
            disable_after: Duration::from_micros(
                u64::try_from(config.disable_after_us).unwrap_or(0),
            ),
            about: config.about,
        })
    }
}

fn address(config: &ReceiverConfig) -> Result<Url, ReceiverFault> {
    if let Some(mail) = &config.mail {
        let text = match mail.server.parse::<Ipv6Addr>() {
            Ok(address) => format!("smtp://[{address}]:{}", mail.port),
            Err(_) => format!("smtp://{}:{}", mail.server, mail.port),
        };
        let mut url: Url =
            text.parse().map_err(|_| ReceiverFault::Url("it names no server".to_owned()))?;
        // Other people are another address: what was wrong with one is forgotten with it.
        let people: Vec<String> = mail.to.iter().map(|to| to.email.to_string()).collect();
        url.set_path(&people.join(","));
        return Ok(url);
    }
    let text = match &config.url {
        UrlPlace::Plain(url) => url.clone(),
        UrlPlace::Secret(place) => place.fetch()?.expose().to_owned(),
    };
    let text = text.trim();
    if let Some(hint) = config.reach.refusal(text) {
        return Err(ReceiverFault::Url(hint.to_owned()));
    }
    let url: Url = text.parse().map_err(|_| ReceiverFault::Url("it is not a URL".to_owned()))?;
    match url.host_str() {
        Some(_) => Ok(url),
        None => Err(ReceiverFault::Url("it has no host".to_owned())),
    }
}
