//! Who may look in from outside, and where? The table `[serve]`.

use core::net::SocketAddr;
use std::path::Path;

use toml::de::DeTable;

use super::access::{AccessConfig, access};
use crate::secret::{SecretPlace, place};
use crate::settings::{Problems, Section};
use crate::time::SECOND_US;

/// What SQL over HTTP and by PostgreSQL clients may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SqlConfig {
    /// Longest time of a query.
    pub timeout_us: i64,
    /// Most memory of a query for joins, sorts and groups.
    pub memory_mib: usize,
    /// Most queries at once.
    pub concurrent: usize,
}

/// Who could come in at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guarded {
    /// Whether nobody reads without logging in or showing a token.
    pub login: bool,
    /// Whether what is sent is encrypted.
    pub encrypted: bool,
}

impl SqlConfig {
    /// Why HTTP must not listen there, if so, and how to mend it.
    #[must_use]
    pub fn refusal(
        listen: SocketAddr,
        exposure: Exposure,
        guarded: Guarded,
    ) -> Option<(&'static str, &'static str)> {
        if listen.ip().to_canonical().is_loopback() {
            return None;
        }
        if !guarded.login {
            return Some((
                "other machines could read every text without login",
                "add a user (resonanz users add NAME --role admin) or a token (resonanz users token NAME), or listen on 127.0.0.1",
            ));
        }
        let is_meant = guarded.encrypted || exposure == Exposure::Network;
        (!is_meant).then_some((
            "passwords and texts would cross the network unencrypted",
            "add [serve.tls] with cert and key; only where a proxy or a container encrypts or keeps others away: exposed = true",
        ))
    }
}

impl Default for SqlConfig {
    /// A minute, 1 GiB, two.
    fn default() -> Self {
        Self { timeout_us: crate::time::MINUTE_US, memory_mib: 1_024, concurrent: 2 }
    }
}

/// Where PostgreSQL clients connect, and as whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresConfig {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The one user there is.
    pub user: String,
    /// Where the user's password is; without one only the users and tokens of `[serve]` come in.
    pub password: Option<SecretPlace>,
}

impl PostgresConfig {
    /// The user, unless another is given.
    pub const USER: &'static str = "resonanz";

    /// Why it must not listen there, if so.
    #[must_use]
    pub fn refusal(
        listen: SocketAddr,
        exposure: Exposure,
        guarded: Guarded,
    ) -> Option<&'static str> {
        let allowed = listen.ip().to_canonical().is_loopback()
            || guarded.encrypted
            || exposure == Exposure::Network;
        (!allowed).then_some("other machines would reach it without encryption")
    }
}

/// Who can reach a listener without encryption.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Exposure {
    /// This machine.
    #[default]
    Loopback,
    /// Whoever the network lets through.
    Network,
}

/// What `[serve]` says.
pub(super) struct Served {
    pub(super) listen: Option<SocketAddr>,
    pub(super) hosts: Vec<String>,
    pub(super) token_env: Option<String>,
    pub(super) access: AccessConfig,
    pub(super) sql: SqlConfig,
    pub(super) postgres: Option<PostgresConfig>,
}

pub(super) fn serve<'i>(root: &DeTable<'i>, base: &Path, problems: &mut Problems<'i>) -> Served {
    let mut section = Section::open("[serve]", root.get("serve"), problems);
    let token_env = section.text("token_env");
    let access = access(&mut section, base);
    let guarded = Guarded {
        login: access.demands_login() || token_env.is_some(),
        encrypted: access.tls.is_some(),
    };
    let listen = http(&mut section, guarded);
    let hosts = section.texts("hosts").unwrap_or_default();
    let hosts = hosts.into_iter().map(|(name, _)| name).collect();
    let defaults = SqlConfig::default();
    let number = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    let sql = SqlConfig {
        timeout_us: section.span("sql_timeout", SECOND_US).unwrap_or(defaults.timeout_us),
        memory_mib: section.count("sql_memory_mib").map_or(defaults.memory_mib, number),
        concurrent: section.count("sql_concurrent").map_or(defaults.concurrent, number).min(1_024),
    };
    let postgres = postgres(&mut section, base, sql, guarded);
    section.finish();
    Served { listen, hosts, token_env, access, sql, postgres }
}

fn exposure(section: &mut Section<'_, '_>, key: &'static str) -> Exposure {
    if section.flag(key) { Exposure::Network } else { Exposure::Loopback }
}

/// Where HTTP listens.
fn http(section: &mut Section<'_, '_>, guarded: Guarded) -> Option<SocketAddr> {
    let listen = address(section, "listen", "127.0.0.1:8600");
    let exposure = exposure(section, "exposed");
    if let Some((message, hint)) = SqlConfig::refusal(listen?, exposure, guarded) {
        let at = section.place("listen");
        section.problems.add(at, format!("listen: {message}"), hint);
    }
    listen
}

fn address(section: &mut Section<'_, '_>, key: &'static str, example: &str) -> Option<SocketAddr> {
    let text = section.text(key)?;
    let address = text.parse().ok();
    if address.is_none() {
        let at = section.place(key);
        section.problems.add(
            at,
            format!("\"{text}\" is not an address to listen on"),
            format!("write an IP address and a port, as {example}"),
        );
    }
    address
}

fn postgres(
    section: &mut Section<'_, '_>,
    base: &Path,
    sql: SqlConfig,
    guarded: Guarded,
) -> Option<PostgresConfig> {
    let listen = address(section, "postgres", "127.0.0.1:5432");
    let user = section.text("postgres_user").unwrap_or_else(|| PostgresConfig::USER.to_owned());
    let password = place(section, base, ["postgres_password_env", "postgres_password_file"]);
    let exposure = exposure(section, "postgres_exposed");
    let listen = listen?;
    let at = section.place("postgres");
    if !cfg!(feature = "postgres") {
        let hint = "build it with the Cargo feature postgres, which is on by default";
        section.problems.add(at, "this build of resonanz cannot serve PostgreSQL clients", hint);
    }
    if let Some(message) = PostgresConfig::refusal(listen, exposure, guarded) {
        let hint =
            "add [serve.tls], or write 127.0.0.1 and use a tunnel, or add: postgres_exposed = true";
        section.problems.add(at, format!("postgres: {message}"), hint);
    }
    if sql.concurrent == 0 {
        let at = section.place("sql_concurrent");
        section.problems.add(at, "postgres needs a query at once", "write sql_concurrent = 2");
    }
    if user.is_empty() {
        let at = section.place("postgres_user");
        section.problems.add(at, "postgres_user is empty", "leave it out for \"resonanz\"");
    }
    if password.is_none() && !guarded.login {
        let hint = "add: postgres_password_env = \"NAME\", or postgres_password_file = \"...\"";
        section.problems.add(at, "postgres needs a password", hint);
    }
    Some(PostgresConfig { listen, user, password })
}

#[cfg(test)]
#[cfg(feature = "postgres")]
mod tests {
    use crate::config::Config;

    #[test]
    fn nobody_is_let_in_without_a_password_or_from_elsewhere() {
        let password = "postgres_password_env = \"X\"";
        for (serve, wanted) in [
            ("postgres = \"127.0.0.1:5432\"", Some("2:12: postgres needs a password")),
            ("postgres = \"localhost\"", Some("2:12: \"localhost\" is not an address")),
            (
                &format!("postgres = \"0.0.0.0:5432\"\n{password}"),
                Some("2:12: postgres: other machines"),
            ),
            (&format!("postgres = \"[::1]:5432\"\n{password}"), None),
            (&format!("postgres = \"0.0.0.0:5432\"\n{password}\npostgres_exposed = true"), None),
            (
                &format!("postgres = \"127.0.0.1:1\"\n{password}\npostgres_user = \"\""),
                Some("4:17: postgres_user is empty"),
            ),
        ] {
            let found = Config::parse(&format!("[serve]\n{serve}"), "".as_ref()).err();
            let found = found.unwrap_or_default();
            match wanted {
                None => assert_eq!(found, [], "{serve}"),
                Some(wanted) => assert!(
                    found.len() == 1 && found[0].to_string().starts_with(wanted),
                    "{serve}: {found:?}"
                ),
            }
        }
    }
}

#[cfg(test)]
mod access_tests {
    use crate::config::Config;

    const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$D8L7ZLcWzG9y0GS9JwFenA$wQ1djdDty0FYa0z2hDGRH9n7kPSHT4XRucmMpPRjAWk";

    #[test]
    fn an_address_beyond_this_machine_has_login_and_encryption() {
        let there = "listen = \"0.0.0.0:8600\"\n";
        let user = format!(
            "[[serve.user]]\nname = \"kim\"\nrole = \"read\"\npassword_hash = \"{HASH}\"\n"
        );
        let tls = "[serve.tls]\ncert = \"c\"\nkey = \"k\"\n";
        let sender = "[[serve.token]]\nname = \"n\"\nrole = \"ingest\"\ntoken_env = \"N\"\n";
        let proxied = "proxies = [\"10.0.0.1\"]\nsso_header = \"x-user\"\n";
        for (serve, wanted) in [
            (there.to_owned(), Some("2:10: listen: other machines could read every text without")),
            (format!("{there}exposed = true\n"), Some("2:10: listen: other machines")),
            (format!("{there}{sender}"), Some("2:10: listen: other machines")),
            (format!("{there}{user}"), Some("2:10: listen: passwords and texts")),
            (format!("{there}{user}{tls}"), None),
            (format!("{there}exposed = true\n{user}"), None),
            (format!("{there}exposed = true\ntoken_env = \"T\"\n"), None),
            (user.replace(HASH, "hunter2"), Some("5:17: password_hash: this is not the hash")),
            (
                user.replace("argon2id", "argon2i"),
                Some("5:17: password_hash: this is not an argon2id hash"),
            ),
            (user.replace("m=19456", "m=9999999"), Some("5:17: password_hash: this hash takes")),
            (user.replace("\"read\"", "\"ingest\""), Some("4:8: the role ingest is for programs")),
            (user.replace("\"read\"", "\"boss\""), Some("4:8: role is \"boss\"")),
            (format!("{user}{user}"), Some("2:1: two users or tokens of [serve] are called")),
            (format!("{proxied}sso_role = \"read\"\n"), None),
            (proxied.to_owned(), Some("3:14: sso_header: nobody could log in")),
            (
                "sso_header = \"x\"\nsso_role = \"read\"\n".to_owned(),
                Some("2:14: sso_header: anybody"),
            ),
            (
                "proxies = [\"proxy.example\"]\n".to_owned(),
                Some("2:12: proxies: \"proxy.example\" is not an"),
            ),
            ("[serve.tls]\ncert = \"c\"\n".to_owned(), Some("2:1: [serve.tls] needs a \"key\"")),
        ] {
            let found = Config::parse(&format!("[serve]\n{serve}"), "".as_ref()).err();
            let found: Vec<String> =
                found.unwrap_or_default().iter().map(ToString::to_string).collect();
            assert_eq!(found.len(), usize::from(wanted.is_some()), "{serve}: {found:?}");
            let said = found.first().map_or("", String::as_str);
            assert!(said.starts_with(wanted.unwrap_or_default()), "{serve}: {said}");
        }
    }
}
