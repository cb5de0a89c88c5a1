//! What can never be heard from the sources that there are? Fields that their format leaves empty.
//!
//! A query that asks for followers of a source that tells none is correct and never holds.

use super::SourceConfig;
use crate::connect::Telling;
use crate::mention::{Expr, Field};

const NUMBERS_HINT: &str = "Jetstream gives neither followers nor likes: remove it, or add a source \
                            that gives them";
const DID_HINT: &str = "Jetstream names accounts by DID: write it as did:plc:..., which \
                        https://public.api.bsky.app/xrpc/com.atproto.identity.resolveHandle?handle=NAME \
                        says of a handle such as acme.bsky.social";
const HANDLE_HINT: &str = "Bluesky names accounts by DID: write the whole handle, as acme.bsky.social, \
                           whose DID is looked up by a source of type bluesky, or the DID itself; \
                           Nostr by key: write npub1..., or name@site where a site tells it";

/// What never holds, where in the query, and what to do.
#[derive(Debug)]
pub(super) struct Unheard {
    pub(super) at: usize,
    pub(super) message: String,
    pub(super) hint: &'static str,
}

/// What the sources of a query tell.
#[derive(Debug)]
pub(super) struct Heard<'c> {
    tellings: Vec<Telling>,
    /// Names of all sources, if posts of no others can come.
    names: Option<Vec<&'c str>>,
}

impl<'c> Heard<'c> {
    /// Of all sources, or of those that the query is bound to.
    pub(super) fn by(expr: &Expr, sources: &'c [SourceConfig]) -> Self {
        let parts = match expr {
            Expr::And(parts) => parts.as_slice(),
            _ => &[],
        };
        let bound = |source: &&SourceConfig| {
            parts.iter().all(|part| match part {
                Expr::Field(Field::Source(name)) => *name == source.name.as_str(),
                _ => true,
            })
        };
        let tellings = |sources: Vec<&SourceConfig>| {
            let told: Option<Vec<Telling>> =
                sources.iter().map(|source| source.settings.telling()).collect();
            told.unwrap_or_default()
        };
        let closed = !sources.is_empty() && sources.iter().all(|s| s.settings.telling().is_some());
        let names = closed.then(|| sources.iter().map(|source| source.name.as_str()).collect());
        Self { tellings: tellings(sources.iter().filter(bound).collect()), names }
    }

    /// The fields of a query that none of the sources fills so.
    pub(super) fn unheard(&self, expr: &Expr, query: &str) -> Vec<Unheard> {
        let mut found = Vec::new();
        self.collect(expr, query, &mut found);
        found
    }

    fn collect(&self, expr: &Expr, query: &str, found: &mut Vec<Unheard>) {
        match expr {
            Expr::And(parts) | Expr::Or(parts) => {
                parts.iter().for_each(|part| self.collect(part, query, found));
            }
            Expr::Not(inner) => self.collect(inner, query, found),
            Expr::Field(field) => {
                if let Some((message, hint)) = self.never(field) {
                    let written = field.to_string().to_lowercase();
                    let name = written.split_once(':').map_or("", |(name, _)| name);
                    let query = query.to_ascii_lowercase();
                    let at = query.find(&written).or_else(|| query.find(&format!("{name}:")));
                    found.push(Unheard { at: at.unwrap_or(0), message, hint });
                }
            }
            Expr::Term(_) | Expr::Slop { .. } | Expr::Near { .. } => {}
        }
    }

    /// Why a field holds for no post, if that is so.
    fn never(&self, field: &Field) -> Option<(String, &'static str)> {
        if let (Field::Source(name), Some(names)) = (field, &self.names)
            && !names.contains(&name.as_str())
        {
            let message = format!("no source is called \"{name}\", so {field} never holds");
            return Some((message, "write the name of a [[source]]"));
        }
        let none = |told: &dyn Fn(&Telling) -> bool| {
            !self.tellings.is_empty() && !self.tellings.iter().any(told)
        };
        let (silent, hint) = match field {
            Field::Followers(_) => (none(&|telling| telling.reach), NUMBERS_HINT),
            Field::Engagement(_) => (none(&|telling| telling.engagement), NUMBERS_HINT),
            Field::Kind(kind) => (
                none(&|telling| telling.kinds.contains(kind)),
                "Jetstream has originals, replies and quotes: remove it, or add a source that has it",
            ),
            Field::Author(name) => (none(&|telling| name.starts_with(telling.authors)), DID_HINT),
            Field::Site(site) => (
                none(&|telling| {
                    let rest = telling.host.strip_suffix(site.as_str());
                    telling.host.is_empty()
                        || rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
                }),
                "the address of a post on Bluesky is on bsky.app; links in texts are not asked",
            ),
            _ => (false, ""),
        };
        silent
            .then(|| (format!("no post of the sources here has {field}, so it never holds"), hint))
    }
}

/// Why an account never answers, if no source calls accounts so.
pub(super) fn accounts_unheard(account: &str, sources: &[SourceConfig]) -> Option<Unheard> {
    let told: Option<Vec<Telling>> =
        sources.iter().map(|source| source.settings.telling()).collect();
    let told = told.filter(|told| !told.is_empty())?;
    let known = told.iter().any(|telling| is_called(account, telling));
    let message = format!("no source here names accounts like \"{account}\", so it is never seen");
    (!known).then_some(Unheard { at: 0, message, hint: HANDLE_HINT })
}

/// Whether a source that tells this calls accounts so, or finds out what it calls them.
fn is_called(account: &str, telling: &Telling) -> bool {
    account.starts_with(telling.authors) || telling.handles.is_some_and(|handles| handles(account))
}

/// Why nothing that our accounts write is noticed on a source which calls accounts otherwise, while
/// others know them.
pub(super) fn accounts_missed(accounts: &[String], sources: &[SourceConfig]) -> Option<Unheard> {
    let telling = |source: &SourceConfig| source.settings.telling();
    // Where all name accounts so, each account is told of by itself.
    if accounts.is_empty() || sources.iter().all(|source| telling(source).is_some()) {
        return None;
    }
    let is_called_so = |telling: &Telling| accounts.iter().any(|own| is_called(own, telling));
    let missed = sources
        .iter()
        .find(|source| telling(source).is_some_and(|telling| !is_called_so(&telling)))?;
    let message = format!(
        "source \"{}\" calls none of your accounts so: replies of yours there are not noticed",
        missed.name
    );
    Some(Unheard { at: 0, message, hint: HANDLE_HINT })
}

/// Why a least reach keeps every mention out, if no source tells any.
pub(super) fn reach_unheard(sources: &[SourceConfig]) -> Option<Unheard> {
    let told: Option<Vec<Telling>> =
        sources.iter().map(|source| source.settings.telling()).collect();
    let told = told.filter(|told| !told.is_empty())?;
    let message = "no source here provides followers or views, so this rule never fires".to_owned();
    (!told.iter().any(|telling| telling.reach)).then_some(Unheard {
        at: 0,
        message,
        hint: NUMBERS_HINT,
    })
}

/// Why a rule on a source hears nothing, if no source has the name.
pub(super) fn source_unheard(name: &str, sources: &[SourceConfig]) -> Option<Unheard> {
    let closed = !sources.is_empty() && sources.iter().all(|s| s.settings.telling().is_some());
    let known = sources.iter().any(|source| source.name.as_str() == name);
    let message = format!("no source is called \"{name}\", so this rule hears nothing");
    let hint = "write the name of a [[source]]";
    (closed && !known).then_some(Unheard { at: 0, message, hint })
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    const JETSTREAM: &str = "[[source]]\nname = \"sky\"\ntype = \"websocket\"\nurl = \"ws://x\"\n";
    const LINES: &str = "[[source]]\nname = \"lines\"\ntype = \"stdin\"\n";

    fn warnings(sources: &str, rest: &str) -> Vec<(usize, usize)> {
        let text = format!("{rest}{sources}");
        let config = Config::parse(&text, "".as_ref()).expect(&text);
        config.warnings.iter().map(|warning| (warning.line, warning.column)).collect()
    }

    #[test]
    fn what_no_source_tells_is_named_with_its_place() {
        let rows: [(&str, &[(usize, usize)]); 14] = [
            ("query = 'a followers:>9'", &[(3, 12)]),
            ("query = 'a -engagement:5'", &[(3, 13)]),
            ("query = 'a kind:review'", &[(3, 12)]),
            ("query = 'a kind:reply lang:de'", &[]),
            ("query = 'a author:acme_help'", &[(3, 12)]),
            ("query = 'a author:did:plc:x'", &[]),
            ("query = 'a site:example.org'", &[(3, 12)]),
            ("query = 'a site:bsky.app'", &[]),
            ("query = 'a source:sky'", &[]),
            ("query = 'a source:skye'", &[(3, 12)]),
            ("query = 'a'\naccounts = [\"did:plc:x\", \"@acme\"]", &[(4, 26)]),
            ("query = 'a or b | c'", &[(3, 12), (3, 17)]),
            ("query = '''\na or b'''", &[(4, 3)]),
            ("query = 'a'", &[]),
        ];
        for (topic, want) in rows {
            let topic = format!("[[topic]]\nname = \"t\"\n{topic}\n");
            assert_eq!(warnings(JETSTREAM, &topic), want, "{topic}");
            // Lines of a file may tell anything, and bear names of their own.
            let both = warnings(&format!("{JETSTREAM}{LINES}"), &topic);
            let own = if topic.contains(" or ") { want } else { &[] };
            assert_eq!(both, own, "{topic}");
        }
        let bound = "[[topic]]\nname = \"t\"\nquery = 'a followers:>9 source:sky'\n";
        assert_eq!(warnings(&format!("{JETSTREAM}{LINES}"), bound), [(3, 12)]);
        let handles = |accounts: &str| {
            let topic = format!("[[topic]]\nname = \"t\"\nquery = 'a'\naccounts = [{accounts}]\n");
            warnings(&format!("{JETSTREAM}{LINES}"), &topic)
        };
        // Whoever names a handle alone would miss all replies on Bluesky.
        assert_eq!(handles("\"@acme\""), [(4, 12)]);
        assert_eq!(handles("\"@acme\", \"did:plc:x\""), []);
    }

    #[test]
    fn rules_that_never_fire_are_named() {
        let topic = "[[topic]]\nname = \"t\"\nquery = 'a'\naccounts = [\"did:plc:x\"]\n";
        let rule = "[[rule]]\nname = \"r\"\ntype = \"unanswered\"\nreach = 9\nsource = \"y\"\n";
        assert_eq!(warnings(JETSTREAM, &format!("{topic}{rule}")), [(8, 9), (9, 10)]);
        assert_eq!(warnings(LINES, &format!("{topic}{rule}")), []);
    }

    #[test]
    fn the_starter_warns_of_nothing() {
        let table = |text: &str| text.parse::<toml::Table>().expect("TOML");
        for text in [Config::STARTER, Config::STARTER_DE] {
            let config = Config::parse(text, "".as_ref()).expect("the starter is correct");
            assert_eq!(config.warnings, []);
            assert_eq!(table(text), table(Config::STARTER), "one and the same in both languages");
        }
    }
}
