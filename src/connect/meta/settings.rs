//! Which page or account does the user listen to, and with which secrets?

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::{MetaDoor, MetaSource};
use crate::connect::network::{Finding, Look, Settings, SourceSpec};
use crate::connect::source::Source;
use crate::connect::transport::Door;
use crate::secret::{SecretFault, SecretPlace, place};
use crate::settings::Section;
use crate::time::{DAY_US, SECOND_US};

/// Where the Graph API is, with its version.
const GRAPH: &str = "https://graph.facebook.com/v25.0";
/// The same for tokens of Instagram's own login.
const INSTAGRAM: &str = "https://graph.instagram.com/v25.0";

/// A page on Facebook, or an account on Instagram.
#[derive(Debug, Clone)]
pub struct MetaSettings {
    pub(super) places: Places,
    pub(super) graph: Graph,
    door: Arc<MetaDoor>,
}

/// Where the secrets are.
#[derive(Debug, Clone, Default)]
pub(super) struct Places {
    /// The secret of the app, under which Meta signs.
    pub(super) secret: Option<SecretPlace>,
    /// What Meta must show when the webhook is set up.
    pub(super) verify: Option<SecretPlace>,
    /// A token to read again what came without its text.
    pub(super) token: Option<SecretPlace>,
}

/// By which login the token was had.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Login {
    #[default]
    Facebook,
    Instagram,
}

/// What is asked of the Graph API.
#[derive(Debug, Clone)]
pub(super) struct Graph {
    pub(super) url: String,
    pub(super) login: Login,
    /// The page whose feed is read now and then, and how often; `None` for none.
    pub(super) poll: Option<(String, Duration)>,
    /// How far back posts are looked at again for new comments.
    pub(super) look_back_us: i64,
}

/// Reads `secret`, `verify_token` and `token` (each `_env` or `_file`), `page`, `poll`, `look_back`,
/// `login` and `graph`.
pub(in crate::connect) fn configure(
    section: &mut Section<'_, '_>,
    base: &Path,
) -> Arc<dyn Settings> {
    let secret = place(section, base, ["secret_env", "secret_file"]);
    let verify = place(section, base, ["verify_token_env", "verify_token_file"]);
    let token = place(section, base, ["token_env", "token_file"]);
    for (place, name, what) in [
        (&secret, "secret", "the secret of the app, under which Meta signs"),
        (&verify, "verify_token", "the text that Meta shows when the webhook is set up"),
    ] {
        if place.is_none() {
            let message = format!("a source of type meta needs a {name}: {what}");
            let hint = format!("add: {name}_env = \"NAME\", or {name}_file = \"...\"");
            section.problems.add(section.at(), message, hint);
        }
    }
    let page = section.text("page");
    let poll = section.span_or_never("poll", SECOND_US);
    let at = section.place("page");
    if let Some(page) = &page
        && (page.is_empty() || !page.bytes().all(|byte| byte.is_ascii_digit()))
    {
        let hint = "write the page's id, a number: it stands under About, Page transparency";
        section.problems.add(at, format!("\"{page}\" is not the id of a page"), hint);
    }
    if page.is_some() && token.is_none() {
        let hint = "add: token_env = \"NAME\", or token_file = \"...\"";
        section.problems.add(at, "a page's feed is read with a page access token", hint);
    }
    let every = poll.unwrap_or(Some(15 * 60 * SECOND_US));
    let every = every.and_then(|us| u64::try_from(us).ok()).map(Duration::from_micros);
    let look_back_us = section.span("look_back", SECOND_US).unwrap_or(7 * DAY_US);
    let logins = [("facebook", Login::Facebook), ("instagram", Login::Instagram)];
    let login = section.choice("login", &logins).unwrap_or_default();
    let url = section.text("graph").unwrap_or_else(|| match login {
        Login::Facebook => GRAPH.to_owned(),
        Login::Instagram => INSTAGRAM.to_owned(),
    });
    let url = url.trim_end_matches('/').to_owned();
    if !url.starts_with("https://") && !url.starts_with("http://127.0.0.1") {
        let (at, hint) = (section.place("graph"), format!("write it as \"{GRAPH}\""));
        section.problems.add(at, format!("\"{url}\" is not an HTTPS address"), hint);
    }
    if let (Login::Instagram, Some(SecretPlace::Env(name))) = (login, &token) {
        let (at, hint) = (section.place("token_env"), "keep it in a file: token_file = \"...\"");
        let message = format!("the token in {name} is not renewed before it ends");
        section.problems.warn(at, message, hint);
    }
    let graph = Graph { url, login, poll: page.zip(every), look_back_us };
    let places = Places { secret, verify, token };
    Arc::new(MetaSettings { places, graph, door: Arc::new(MetaDoor::default()) })
}

impl Settings for MetaSettings {
    fn look(&self) -> Look {
        let Places { secret, verify, token } = &self.places;
        let missing = [secret, verify, token].into_iter().flatten();
        let missing = missing.filter_map(|place| place.fetch().err()).next();
        let finding =
            |fault: SecretFault| Finding { reason: fault.to_string(), hint: fault.hint() };
        if let Some(fault) = missing {
            return Look::Fails(finding(fault));
        }
        let renewed = token.as_ref().filter(|place| {
            self.graph.login == Login::Instagram && matches!(place, SecretPlace::File(_))
        });
        match renewed.map(SecretPlace::try_replacing) {
            Some(Err(fault)) => Look::Warns(finding(fault)),
            _ => Look::Well,
        }
    }

    fn door(&self) -> Option<Arc<dyn Door>> {
        Some(Arc::clone(&self.door) as Arc<dyn Door>)
    }

    fn open(&self, spec: SourceSpec) -> Box<dyn Source> {
        let (places, graph) = (self.places.clone(), self.graph.clone());
        Box::new(MetaSource::new(places, graph, Arc::clone(&self.door), spec))
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn secrets_and_pages_are_asked_for() {
        let good = "secret_env = \"A\"\nverify_token_env = \"B\"\n";
        let rows = [
            (good.to_owned(), None),
            ("secret_env = \"A\"\n".to_owned(), Some("needs a verify_token")),
            (format!("{good}page = \"12\"\n"), Some("read with a page access token")),
            (format!("{good}token_env = \"C\"\npage = \"acme\"\n"), Some("not the id of a page")),
            (format!("{good}token_env = \"C\"\npage = \"12\"\npoll = \"5m\"\n"), None),
            (format!("{good}graph = \"http://h\"\n"), Some("not an HTTPS address")),
        ];
        for (keys, wanted) in rows {
            let text = format!(
                "[serve]\nlisten = \"127.0.0.1:1\"\n[[source]]\nname = \"fb\"\ntype = \"meta\"\n{keys}"
            );
            let found = Config::parse(&text, "".as_ref()).err().unwrap_or_default();
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            assert_eq!(found.len(), usize::from(wanted.is_some()), "{keys}: {found:?}");
            assert!(found.concat().contains(wanted.unwrap_or_default()), "{keys}: {found:?}");
        }
    }
}
