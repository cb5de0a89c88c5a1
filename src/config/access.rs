//! Who may come in, as whom, and what may they do? Users, tokens and proxies of `[serve]`, and the
//! certificate with which it encrypts.

use core::net::IpAddr;
use std::path::{Path, PathBuf};

use argon2::password_hash::phc::PasswordHash;
use serde::Serialize;
use toml::Spanned;
use toml::de::DeValue;

use crate::secret::{SecretPlace, place};
use crate::settings::{Problems, Section};
use crate::time::{DAY_US, MINUTE_US};

/// Longest name of a user or a token, in bytes.
const NAME_BYTES_MAX: usize = 64;
/// Most memory that one check of a password may take, in KiB.
const HASH_KIB_MAX: u32 = 256 * 1024;
/// Most passes over it.
const HASH_PASSES_MAX: u32 = 64;

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// See everything but the audit log.
    Read,
    /// That, and acknowledge, silence, send again, and work on what came in.
    Operate,
    /// That, and change topics, and see the audit log.
    Admin,
    /// Send posts to sources of type `ingest`, and nothing else.
    Ingest,
}

impl Role {
    /// All roles with their names.
    pub const ALL: [(&'static str, Self); 4] = [
        ("read", Self::Read),
        ("operate", Self::Operate),
        ("admin", Self::Admin),
        ("ingest", Self::Ingest),
    ];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Operate => "operate",
            Self::Admin => "admin",
            Self::Ingest => "ingest",
        }
    }

    /// Whether who has this role may do what needs another.
    #[must_use]
    pub fn allows(self, needed: Self) -> bool {
        match self {
            // What arrives by a person's token cannot be told from what a source sent.
            Self::Admin => needed != Self::Ingest,
            Self::Operate => matches!(needed, Self::Operate | Self::Read),
            Self::Read => needed == Self::Read,
            Self::Ingest => needed == Self::Ingest,
        }
    }
}

/// A person who logs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserConfig {
    /// Unique among users and tokens.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Argon2id hash of the password in PHC's notation; `None` for one whom only a proxy lets in.
    pub password_hash: Option<String>,
}

/// A program that shows a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenConfig {
    /// Unique among users and tokens.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The token, or what proves it.
    pub proof: TokenProof,
}

/// How a token is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenProof {
    /// It is kept somewhere.
    Kept(SecretPlace),
    /// Only its BLAKE3 hash is known.
    Hash([u8; 32]),
}

/// Addresses that begin alike, such as `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    bits: u32,
}

impl Network {
    /// Reads an address, or one with the bits that count behind it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let first = address.parse::<IpAddr>().ok()?.to_canonical();
        let most = if first.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        (bits <= most).then_some(Self { first, bits })
    }

    /// Whether an address is among them.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(other)) => {
                let differ = first.to_bits() ^ other.to_bits();
                differ.checked_shr(32 - self.bits).unwrap_or(0) == 0
            }
            (IpAddr::V6(first), IpAddr::V6(other)) => {
                let differ = first.to_bits() ^ other.to_bits();
                differ.checked_shr(128 - self.bits).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

/// Files with which `[serve]` encrypts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsConfig {
    /// The certificate and those that vouch for it, in PEM.
    pub cert: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
}

/// Who may come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessConfig {
    /// People.
    pub users: Vec<UserConfig>,
    /// Programs.
    pub tokens: Vec<TokenConfig>,
    /// Proxies whose word on a request's origin counts.
    pub proxies: Vec<Network>,
    /// The header in which such a proxy says who asks, in small letters.
    pub sso_header: Option<String>,
    /// The role of those whom only the proxy knows; without one they are not let in.
    pub sso_role: Option<Role>,
    /// How long a login lasts.
    pub session_us: i64,
    /// How it encrypts, if it does.
    pub tls: Option<TlsConfig>,
}

impl Default for AccessConfig {
    fn default() -> Self {
        Self {
            users: Vec::new(),
            tokens: Vec::new(),
            proxies: Vec::new(),
            sso_header: None,
            sso_role: None,
            session_us: DAY_US / 2,
            tls: None,
        }
    }
}

impl AccessConfig {
    /// Whether somebody could log in or show a token, and must.
    #[must_use]
    pub fn demands_login(&self) -> bool {
        !self.users.is_empty()
            || self.tokens.iter().any(|token| token.role != Role::Ingest)
            || self.sso_header.is_some()
    }

    /// Whether a token may send posts to any door.
    #[must_use]
    pub fn has_ingest_token(&self) -> bool {
        self.tokens.iter().any(|token| token.role.allows(Role::Ingest))
    }
}

/// Reads what `[serve]` says of who may come in.
pub(super) fn access(section: &mut Section<'_, '_>, base: &Path) -> AccessConfig {
    let defaults = AccessConfig::default();
    let users = section.inside("user");
    let users = users.into_iter().map(|value| user(value, section.problems)).collect();
    let tokens = section.inside("token");
    let tokens = tokens.into_iter().map(|value| token(value, base, section.problems)).collect();
    let tls = section.inside("tls");
    let tls = tls.into_iter().next().and_then(|value| tls_files(value, base, section.problems));
    let access = AccessConfig {
        users,
        tokens,
        proxies: proxies(section),
        sso_header: section.text("sso_header").map(|name| name.to_ascii_lowercase()),
        sso_role: section.choice("sso_role", &Role::ALL),
        session_us: section.span("session", MINUTE_US).unwrap_or(defaults.session_us),
        tls,
    };
    check(section, &access);
    access
}

fn proxies(section: &mut Section<'_, '_>) -> Vec<Network> {
    let mut found = Vec::new();
    for (text, at) in section.texts("proxies").unwrap_or_default() {
        match Network::parse(&text) {
            Some(network) => found.push(network),
            None => section.problems.add(
                at,
                format!("proxies: \"{text}\" is not an address"),
                "write an IP address, or a network such as 10.0.0.0/8",
            ),
        }
    }
    found
}

/// Reports what is right by itself and wrong together.
fn check(section: &mut Section<'_, '_>, access: &AccessConfig) {
    if let Some(header) = &access.sso_header {
        let at = section.place("sso_header");
        let is_name = !header.is_empty()
            && header.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !is_name {
            let hint = "write it as the proxy sends it: sso_header = \"x-remote-user\"";
            section.problems.add(at, format!("\"{header}\" is not the name of a header"), hint);
        }
        if access.proxies.is_empty() {
            let message = "sso_header: anybody could send this header";
            section.problems.add(at, message, "name the proxy: proxies = [\"10.0.0.5\"]");
        }
        let nobody = access.sso_role.is_none() && access.users.is_empty();
        if nobody {
            let hint = "add: sso_role = \"read\", or a [[serve.user]] for everybody who may log in";
            section.problems.add(at, "sso_header: nobody could log in", hint);
        }
    } else if let Some(user) = access.users.iter().find(|user| user.password_hash.is_none()) {
        let message = format!("user \"{}\" has no password", user.name);
        let hint = format!(
            "create it with: resonanz users add {} --role {}",
            user.name,
            user.role.as_str()
        );
        section.problems.add(section.place("user"), message, hint);
    }
    let mut names: Vec<&str> = access.users.iter().map(|user| user.name.as_str()).collect();
    names.extend(access.tokens.iter().map(|token| token.name.as_str()));
    // That of `token_env` has this name.
    names.extend(section.has("token_env").then_some("token"));
    names.sort_unstable();
    for pair in names.windows(2) {
        if let [one, other] = pair
            && one == other
            && !one.is_empty()
        {
            let at = section.place("user");
            let message = format!("two users or tokens of [serve] are called \"{one}\"");
            section.problems.add(at, message, "give one of them another name");
        }
    }
}

/// A name that can stand in logs and headers.
fn name(section: &mut Section<'_, '_>) -> String {
    let name = section.required_text("name");
    let is_plain = name.len() <= NAME_BYTES_MAX && !name.contains(char::is_control);
    if !is_plain || name.trim() != name {
        let at = section.place("name");
        let hint = format!("write at most {NAME_BYTES_MAX} bytes, without spaces around them");
        section.problems.add(at, "this cannot be the name of a user or a token", hint);
    }
    name
}

fn user<'i>(value: &Spanned<DeValue<'i>>, problems: &mut Problems<'i>) -> UserConfig {
    let mut section = Section::open("[[serve.user]]", Some(value), problems);
    let name = name(&mut section);
    let role = section.required_choice("role", &Role::ALL).unwrap_or(Role::Read);
    if role == Role::Ingest {
        let at = section.place("role");
        let hint = "give it a token: resonanz users token NAME --role ingest";
        section.problems.add(at, "the role ingest is for programs", hint);
    }
    let password_hash = section.text("password_hash");
    if let Some(reason) = password_hash.as_deref().and_then(unfit) {
        let at = section.place("password_hash");
        let hint = format!("create it with: resonanz users add {name} --role {}", role.as_str());
        section.problems.add(at, format!("password_hash: {reason}"), hint);
    }
    section.finish();
    UserConfig { name, role, password_hash }
}

/// Why a text is no hash of a password that can be checked in bounded time and memory.
fn unfit(text: &str) -> Option<&'static str> {
    let Ok(hash) = PasswordHash::new(text) else {
        return Some("this is not the hash of a password");
    };
    if hash.algorithm.as_str() != "argon2id" {
        return Some("this is not an argon2id hash");
    }
    if hash.salt.is_none() || hash.hash.is_none() {
        return Some("this hash is truncated");
    }
    match argon2::Params::try_from(&hash) {
        Ok(params) if params.m_cost() <= HASH_KIB_MAX && params.t_cost() <= HASH_PASSES_MAX => None,
        Ok(_) => Some("this hash takes more memory or passes than a login may"),
        Err(_) => Some("the parameters of this hash cannot be understood"),
    }
}

fn token<'i>(
    value: &Spanned<DeValue<'i>>,
    base: &Path,
    problems: &mut Problems<'i>,
) -> TokenConfig {
    let mut section = Section::open("[[serve.token]]", Some(value), problems);
    let name = name(&mut section);
    let role = section.required_choice("role", &Role::ALL).unwrap_or(Role::Read);
    let kept = place(&mut section, base, ["token_env", "token_file"]);
    let written = section.text("token_hash");
    let hash = written.as_deref().map(digits);
    let proof = match (kept, hash) {
        (Some(place), None) => TokenProof::Kept(place),
        (None, Some(Some(hash))) => TokenProof::Hash(hash),
        (kept, hash) => {
            let message = match (kept, hash) {
                (_, Some(None)) => "token_hash is not 64 hexadecimal digits",
                (None, None) => "[[serve.token]] needs a token",
                _ => "give either token_hash, or where the token is",
            };
            let at = section.place("token_hash");
            let hint =
                format!("create one with: resonanz users token {name} --role {}", role.as_str());
            section.problems.add(at, message, hint);
            TokenProof::Hash([0; 32])
        }
    };
    section.finish();
    TokenConfig { name, role, proof }
}

/// 64 hexadecimal digits as bytes.
fn digits(text: &str) -> Option<[u8; 32]> {
    blake3::Hash::from_hex(text).ok().map(|hash| *hash.as_bytes())
}

fn tls_files<'i>(
    value: &Spanned<DeValue<'i>>,
    base: &Path,
    problems: &mut Problems<'i>,
) -> Option<TlsConfig> {
    let mut section = Section::open("[serve.tls]", Some(value), problems);
    let [cert, key] = ["cert", "key"].map(|key| section.required_text(key));
    section.finish();
    let is_whole = !cert.is_empty() && !key.is_empty();
    is_whole.then(|| TlsConfig { cert: base.join(cert), key: base.join(key) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_what_begins_alike() {
        for (network, address, held) in [
            ("10.0.0.0/8", "10.9.8.7", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "::ffff:127.0.0.1", true),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("fd00::/8", "fd12::1", true),
            ("fd00::/8", "10.0.0.1", false),
        ] {
            let parsed = Network::parse(network).expect("a network");
            assert_eq!(parsed.holds(address.parse().expect("an address")), held, "{network}");
        }
        for wrong in ["", "10.0.0.0/33", "proxy.example", "10.0.0.0/-1"] {
            assert_eq!(Network::parse(wrong), None, "{wrong}");
        }
    }
}
