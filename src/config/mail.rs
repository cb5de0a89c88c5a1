//! By which server does mail leave, from whom and to whom? A `[[receiver]]` of kind `mail`.

use core::net::IpAddr;
use std::path::{Path, PathBuf};

use lettre::message::Mailbox;

use super::reach::Reach;
use crate::secret::SecretPlace;
use crate::settings::Section;

/// Most people whom one receiver tells.
const PEOPLE_MAX: usize = 50;

/// How mail leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailConfig {
    /// Name or address of the server.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How the way there is encrypted.
    pub encryption: Encryption,
    /// Certificates that are trusted instead of the public ones, in PEM.
    pub ca_file: Option<PathBuf>,
    /// Name of the account, if the server wants one; its password is the receiver's secret.
    pub user: Option<String>,
    /// Who writes.
    pub from: Mailbox,
    /// Who is told.
    pub to: Vec<Mailbox>,
}

/// How the way to a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// From the first byte (SMTPS, RFC 8314).
    Implicit,
    /// After the command `STARTTLS`, which must be there.
    StartTls,
    /// Not at all: only to servers of one's own network.
    None,
}

impl Encryption {
    /// The port that is usual for it.
    fn port(self) -> u16 {
        match self {
            Self::Implicit => 465,
            Self::StartTls => 587,
            Self::None => 25,
        }
    }
}

/// Reads the keys of a receiver of kind `mail`; `None` when one of them is wrong, which is noted.
pub(super) fn mail(section: &mut Section<'_, '_>, base: &Path, reach: Reach) -> Option<MailConfig> {
    let server = server(section);
    let (port, encryption) = way(section, reach);
    let ca_file = section.text("ca_file").map(|path| base.join(path));
    let user = section.text("user");
    let from = section.required_text("from");
    let at = section.place("from");
    let from = mailbox(section, &from, at);
    let to = people(section);
    Some(MailConfig { server: server?, port, encryption, ca_file, user, from: from?, to: to? })
}

/// The server's name: what a URL can hold, for it is looked up and compared as one.
fn server(section: &mut Section<'_, '_>) -> Option<String> {
    let server = section.required_text("server");
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let good = server.parse::<IpAddr>().is_ok()
        || (!server.is_empty() && server.len() <= 253 && server.chars().all(is_name));
    if !good && !server.is_empty() {
        let at = section.place("server");
        let hint = "write its name alone, as \"smtp.example.com\"; the port is a key of its own";
        section.problems.add(at, format!("\"{server}\" is not the name of a server"), hint);
    }
    good.then_some(server)
}

fn way(section: &mut Section<'_, '_>, reach: Reach) -> (u16, Encryption) {
    let ways = [
        ("implicit", Encryption::Implicit),
        ("starttls", Encryption::StartTls),
        ("none", Encryption::None),
    ];
    let chosen = section.choice("tls", &ways);
    let port = section.count("port");
    let encryption = chosen.unwrap_or(match port {
        None | Some(465) => Encryption::Implicit,
        Some(_) => Encryption::StartTls,
    });
    if encryption == Encryption::None && reach == Reach::Public {
        let at = section.place("tls");
        let hint =
            "write tls = \"starttls\", or add internal = true for a server of your own network";
        section.problems.add(at, "mail may not leave the network unencrypted", hint);
    }
    let port = match port.map(u16::try_from) {
        None => encryption.port(),
        Some(Ok(port)) if port > 0 => port,
        Some(_) => {
            let at = section.place("port");
            section.problems.add(at, "port is not one of 1 to 65535", "465, 587 and 25 are usual");
            encryption.port()
        }
    };
    (port, encryption)
}

fn people(section: &mut Section<'_, '_>) -> Option<Vec<Mailbox>> {
    let at = section.place("to");
    let Some(named) = section.texts("to") else {
        let hint = "add: to = [\"anna@example.com\"]";
        section.problems.add(at, "a receiver of kind mail needs \"to\"", hint);
        return None;
    };
    if named.is_empty() || named.len() > PEOPLE_MAX {
        let message = format!("to names {} people", named.len());
        let hint = format!("name 1 to {PEOPLE_MAX}; for more use a list of your mail server");
        section.problems.add(at, message, hint);
        return None;
    }
    let people = named.iter().map(|(person, at)| mailbox(section, person, *at));
    people.collect::<Vec<_>>().into_iter().collect()
}

/// An address of a person, with or without a name.
fn mailbox(section: &mut Section<'_, '_>, text: &str, at: usize) -> Option<Mailbox> {
    if text.is_empty() {
        return None;
    }
    let parsed = text.parse::<Mailbox>();
    if parsed.is_err() {
        let hint = "write \"anna@example.com\" or \"Anna Muster <anna@example.com>\"";
        section.problems.add(at, format!("\"{text}\" is not an address for mail"), hint);
    }
    parsed.ok()
}

/// Reports a user without a password, and a password without a user.
pub(super) fn check_login(
    section: &mut Section<'_, '_>,
    mail: Option<&MailConfig>,
    secret: Option<&SecretPlace>,
) {
    let (message, hint, key) = match mail.map(|mail| (mail.user.is_some(), secret.is_some())) {
        Some((true, false)) => {
            ("user has no password", "add: secret_env = \"NAME\", an environment variable", "user")
        }
        Some((false, true)) => ("a password without a user", "add: user = \"NAME\"", "secret_env"),
        _ => return,
    };
    let at = section.place(key);
    section.problems.add(at, message, hint);
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn problems_of_mail_have_their_place() {
        let mail = |keys: &str| {
            let text = format!("[[receiver]]\nname = \"m\"\nkind = \"mail\"\n{keys}");
            let errors = Config::parse(&text, "".as_ref()).err().unwrap_or_default();
            errors.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let whole = "server = \"h\"\nfrom = \"a@b.de\"\nto = [\"Ä B <c@d.de>\"]\n";
        for (keys, wanted) in [
            (format!("{whole}user = \"u\""), "7:8: user has no password"),
            (format!("{whole}secret_env = \"X\""), "7:14: a password without a user"),
            (format!("{whole}tls = \"none\""), "7:7: mail may not leave the network unencrypted"),
            (format!("{whole}port = 70000"), "7:8: port is not one of 1 to 65535"),
            (format!("{whole}url = \"https://h/\""), "7:1: unknown key \"url\""),
            (whole.replace("a@b.de", "a"), "5:8: \"a\" is not an address for mail"),
            (whole.replace("\"Ä B <c@d.de>\"", ""), "6:6: to names 0 people"),
            (whole.replace("\"h\"", "\"smtp://h\""), "4:10: \"smtp://h\" is not the name"),
            (whole.replace("\"h\"", "\"h:587\""), "4:10: \"h:587\" is not the name"),
        ] {
            let found = mail(&keys);
            assert!(found.len() == 1 && found[0].starts_with(wanted), "{keys}: {found:?}");
        }
        assert!(mail(whole).is_empty(), "{:?}", mail(whole));
    }
}
