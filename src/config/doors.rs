//! Can what others send reach the sources that wait for it, and only from those who may send it?

use core::net::SocketAddr;

use toml::de::DeTable;

use super::SourceConfig;
use super::access::AccessConfig;
use crate::settings::Problems;

/// Reports sources that nobody can reach, or everybody.
pub(super) fn check_doors<'i>(
    root: &DeTable<'i>,
    sources: &[SourceConfig],
    listen: Option<SocketAddr>,
    access: &AccessConfig,
    problems: &mut Problems<'i>,
) {
    let written = root.get("source").and_then(|value| value.get_ref().as_array());
    for (source, value) in sources.iter().zip(written.into_iter().flatten()) {
        let Some(door) = source.settings.door() else { continue };
        let (at, name) = (value.span().start, source.name.as_str());
        match listen {
            None => {
                let message =
                    format!("source \"{name}\" waits for requests, but nothing listens for them");
                problems.add(at, message, "add: [serve] listen = \"127.0.0.1:8600\"");
            }
            Some(listen)
                if !listen.ip().to_canonical().is_loopback()
                    && !door.is_guarded()
                    && !access.has_ingest_token() =>
            {
                let message =
                    format!("source \"{name}\": other machines could send anything to it");
                problems.add(at, message, "add: token_env = \"NAME\", or token_file = \"...\"");
            }
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn doors_are_reached_and_guarded() {
        let network = "listen = \"0.0.0.0:8600\"\nexposed = true\n";
        let token = "[[serve.token]]\nname = \"g\"\nrole = \"read\"\ntoken_env = \"G\"\n";
        let rows = [
            ("", "", Some("1:1: source \"in\" waits for requests")),
            ("", "listen = \"127.0.0.1:8600\"", None),
            ("", &format!("{network}{token}"), Some("1:1: source \"in\": other")),
            (
                "",
                &format!(
                    "{network}{token}[[serve.token]]\nname = \"n\"\nrole = \"ingest\"\ntoken_env = \"N\""
                ),
                None,
            ),
            ("token_env = \"T\"", &format!("{network}{token}"), None),
            ("map = { text = \"/a\", op = \"/b\" }", "listen = \"127.0.0.1:8600\"", None),
            ("map = { txt = \"/a\" }", "listen = \"[::1]:1\"", Some("4:7: map: \"txt\" is not")),
            ("map = { source = \"a\" }", "listen = \"[::1]:1\"", Some("4:7: map: posts carry")),
            ("body_mib = 65", "listen = \"[::1]:1\"", Some("4:12: body_mib is 65")),
        ];
        for (keys, serve, wanted) in rows {
            let text =
                format!("[[source]]\nname = \"in\"\ntype = \"ingest\"\n{keys}\n[serve]\n{serve}\n");
            let found = Config::parse(&text, "".as_ref()).err().unwrap_or_default();
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            assert_eq!(found.len(), usize::from(wanted.is_some()), "{text}: {found:?}");
            let said = found.first().map_or("", String::as_str);
            assert!(said.starts_with(wanted.unwrap_or_default()), "{text}: {said}");
        }
    }
}
