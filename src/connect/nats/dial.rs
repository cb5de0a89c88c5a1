//! How is a NATS server reached, and when is the connection gone?

use std::error::Error;

use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event};
use tokio::sync::watch;

use super::settings::Server;
use crate::connect::broker::{ANSWER, fetch};
use crate::connect::source::Fault;

/// A connection. The library would mend it by itself, unseen: whoever reads it goes on from a place
/// instead.
pub(super) struct Dialed {
    pub(super) client: Client,
    is_lost: watch::Receiver<bool>,
}

impl Dialed {
    /// Waits until the connection is gone.
    pub(super) async fn lost(&self) {
        let mut is_lost = self.is_lost.clone();
        // Nobody left who could say so means the same.
        let _ = is_lost.wait_for(|lost| *lost).await;
    }
}

/// Connects.
///
/// # Errors
/// Whose fault it is that there is no connection.
pub(super) async fn dial(server: &Server) -> Result<Dialed, Fault> {
    let (lose, is_lost) = watch::channel(false);
    let mut options = ConnectOptions::new()
        .name("resonanz")
        .connection_timeout(ANSWER)
        .request_timeout(Some(ANSWER))
        .max_reconnects(1)
        .event_callback(move |event| {
            if matches!(event, Event::Disconnected | Event::Closed) {
                lose.send_replace(true);
            }
            std::future::ready(())
        });
    if let (Some(user), Some(password)) = (&server.user, &server.password) {
        options = options.user_and_password(user.clone(), fetch(password)?);
    }
    if let Some(token) = &server.token {
        options = options.token(fetch(token)?);
    }
    if let Some(creds) = &server.creds {
        // The library wants the line end that secrets are read without.
        let creds = format!("{}\n", fetch(creds)?);
        options = options.credentials(&creds).map_err(|error| {
            Fault::user(format!("creds: {error}"), "give what `nsc generate creds` writes, whole")
        })?;
    }
    if let Some(seed) = &server.nkey {
        options = options.nkey(fetch(seed)?.trim().to_owned());
    }
    if let Some(ca) = &server.trust.ca {
        options = options.add_root_certificates(ca.clone());
    }
    if let Some((cert, key)) = &server.trust.own {
        options = options.add_client_certificate(cert.clone(), key.clone());
    }
    // Whoever names certificates does not want to be heard in the open.
    if server.urls.iter().any(|url| url.starts_with("tls:")) || !server.trust.is_empty() {
        options = options.require_tls(true);
    }
    let connected = tokio::time::timeout(ANSWER * 2, options.connect(&server.urls)).await;
    let connected =
        connected.map_err(|_| Fault::external(format!("{} does not answer", named(server))))?;
    let client = connected.map_err(|error| {
        let reason = format!("{}: {}", named(server), told(&error));
        match error.kind() {
            ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
                Fault::user(reason, "look at user, password, token, creds and nkey")
            }
            ConnectErrorKind::ServerParse => Fault::user(reason, "write nats://HOST:4222"),
            _ => Fault::external(reason),
        }
    })?;
    Ok(Dialed { client, is_lost })
}

fn named(server: &Server) -> String {
    server.urls.join(", ")
}

/// An error with its cause, in one line.
pub(super) fn told(error: &(dyn Error + 'static)) -> String {
    let all = std::iter::successors(Some(error), |error| (*error).source());
    let mut said = String::new();
    for error in all {
        let text = error.to_string();
        // Many say what their cause says, too.
        if text.contains(&said) {
            said = text;
        } else if !said.contains(&text) {
            said = format!("{said}: {text}");
        }
    }
    said
}
