//! Is a running process well? One question over HTTP, for health checks that know no more than an exit code.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::Client;
use serde_json::Value;
use toml::Table;

use super::output::people;
use super::places::ConfigAt;
use super::{Ending, Failure, config_file, runtime};

/// How long an answer may take: less than health checks wait themselves.
const TIMEOUT: Duration = Duration::from_secs(4);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigAt,
    /// Ask at this port, where the process was started with it
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
}

pub(super) fn health(args: &Args) -> Result<Ending, Failure> {
    let path = args.config.path();
    // A port says enough where there is no configuration, unless somebody named one.
    let is_needed = args.port.is_none() || args.config.is_named() || path.exists();
    let text = if is_needed { config_file::read(path)? } else { String::new() };
    let url = address(&text, args.port).map_err(|why| {
        let message = format!("{}: {why}", path.display());
        Failure::usage(message, "add: [serve] listen = \"127.0.0.1:8600\"; or --port PORT")
    })?;
    let (is_well, said) = runtime()?.block_on(ask(&url)).map_err(|error| Failure {
        error: anyhow::Error::new(error.without_url()).context(format!("no answer from {url}")),
        code: 1,
        hint: Some("start it with: resonanz run".to_owned()),
    })?;
    writeln!(people(), "{said}")?;
    Ok(if is_well { Ending::Done } else { Ending::Incomplete })
}

/// Where to ask. No more is read, so that a configuration that was refused meanwhile still says it, as
/// long as it is TOML and its `listen` and `tls` are those with which the process was started.
fn address(text: &str, port: Option<u16>) -> Result<String, String> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
    let serve = table.get("serve");
    let listen = serve.and_then(|serve| serve.get("listen")?.as_str());
    let mut at: SocketAddr = match (listen, port) {
        (Some(listen), _) => listen.parse().map_err(|_| format!("\"{listen}\" is no address"))?,
        (None, Some(port)) => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port),
        (None, None) => return Err("nothing is served".to_owned()),
    };
    at.set_port(port.unwrap_or(at.port()));
    match at.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => at.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => at.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    let is_encrypted = serve.is_some_and(|serve| serve.get("tls").is_some());
    Ok(format!("{}://{at}/healthz", if is_encrypted { "https" } else { "http" }))
}

/// Whether it is well, and in which words it says so.
async fn ask(url: &str) -> Result<(bool, String), reqwest::Error> {
    // Its certificate is for the name by which others come, not for this address.
    let client = Client::builder().timeout(TIMEOUT).no_proxy();
    let client = client.tls_danger_accept_invalid_certs(true).build()?;
    let response = client.get(url).send().await?;
    let status = response.status();
    let body: Value = serde_json::from_str(&response.text().await?).unwrap_or_default();
    let said = body.get("status").and_then(Value::as_str);
    Ok((status.is_success(), said.map_or_else(|| status.to_string(), str::to_owned)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_asked_where_the_configuration_says() {
        let listen = |address: &str, more: &str| format!("[serve]\nlisten = \"{address}\"\n{more}");
        let rows = [
            (listen("127.0.0.1:8600", ""), None, Ok("http://127.0.0.1:8600/healthz")),
            (listen("0.0.0.0:8600", "exposed = true"), None, Ok("http://127.0.0.1:8600/healthz")),
            (listen("[::]:443", "[serve.tls]"), None, Ok("https://[::1]:443/healthz")),
            (listen("10.0.0.7:80", ""), Some(8602), Ok("http://10.0.0.7:8602/healthz")),
            (String::new(), Some(8602), Ok("http://127.0.0.1:8602/healthz")),
            (String::new(), None, Err("nothing is served")),
            (listen("here", ""), None, Err("\"here\" is no address")),
        ];
        for (text, port, wanted) in rows {
            let got = address(&text, port);
            assert_eq!(got.as_deref().map_err(String::as_str), wanted, "{text}");
        }
    }
}
