//! What does the user want of X, and how much may it cost?

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::X;
use super::probe::Probe;
use super::rule::{Unfit, rule};
use crate::connect::network::{Finding, Look, Settings, SourceSpec, UnfitTopic};
use crate::connect::source::Source;
use crate::mention::Topic;
use crate::secret::{SecretPlace, place};
use crate::settings::Section;
use crate::time::{DAY_US, SECOND_US};

const ADDRESS: &str = "https://api.x.com";
/// Fewest posts that a month may have: less is not worth a connection.
const CEILING_MIN: u64 = 10;

/// The API of X.
#[derive(Debug, Clone)]
pub struct XSettings {
    /// Its address, without a path.
    pub url: String,
    /// Where the bearer token of the app is.
    pub token: SecretPlace,
    /// Posts that may be read in a month.
    pub posts_a_month: u64,
    /// How often the latest posts are looked up for deletions; `None` is never.
    pub recheck: Option<Duration>,
}

/// Reads `token_env` or `token_file`, `posts_a_month`, `recheck` and `url`.
pub(in crate::connect) fn configure(
    section: &mut Section<'_, '_>,
    base: &Path,
) -> Arc<dyn Settings> {
    let at = section.at();
    let token = place(section, base, ["token_env", "token_file"]);
    if token.is_none() {
        section.problems.add(
            at,
            "a source of type x needs the bearer token of an app",
            "make an app at developer.x.com, and add: token_env = \"X_TOKEN\"",
        );
    }
    let ceiling = section.count("posts_a_month");
    if !section.has("posts_a_month") {
        section.problems.add(
            at,
            "a source of type x needs a ceiling: X bills every post that is read",
            "add as many posts as you want to pay for, as: posts_a_month = 10000",
        );
    } else if ceiling.is_some_and(|ceiling| ceiling < CEILING_MIN) {
        let at = section.place("posts_a_month");
        section.problems.add(at, "too few posts a month", format!("allow {CEILING_MIN} or more"));
    }
    let url = section.text("url").unwrap_or_else(|| ADDRESS.to_owned());
    let parsed = Url::parse(&url).ok();
    let is_safe = parsed.as_ref().is_some_and(|url| {
        let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        url.scheme() == "https" || (url.scheme() == "http" && is_local)
    });
    if !is_safe {
        let at = section.place("url");
        section.problems.add(
            at,
            format!("\"{url}\" is not an address to send a token to"),
            format!("leave url away, which means {ADDRESS}"),
        );
    }
    let recheck = section.span_or_never("recheck", SECOND_US).unwrap_or(Some(DAY_US));
    let recheck = recheck.and_then(|us| u64::try_from(us).ok()).filter(|us| *us > 0);
    Arc::new(XSettings {
        url: url.trim_end_matches('/').to_owned(),
        token: token.unwrap_or_else(|| SecretPlace::Env("X_TOKEN".to_owned())),
        posts_a_month: ceiling.unwrap_or(CEILING_MIN),
        recheck: recheck.map(Duration::from_micros),
    })
}

impl Settings for XSettings {
    fn look(&self) -> Look {
        match self.token.fetch() {
            Ok(_) => Look::Well,
            Err(fault) => Look::Fails(Finding { reason: fault.to_string(), hint: fault.hint() }),
        }
    }

    fn unfit(&self, source: &str, topics: &[Topic]) -> Vec<UnfitTopic> {
        let unfit = |(place, topic): (usize, &Topic)| {
            match rule(topic, source) {
            Err(Unfit::Beyond(reason)) => Some(UnfitTopic {
                place,
                finding: Finding {
                    reason: format!("X cannot be asked for topic \"{}\": {reason}", topic.name),
                    hint: "name whole words or phrases, or split the topic; other sources use it as it is"
                        .to_owned(),
                },
            }),
            Ok(_) | Err(Unfit::Elsewhere) => None,
        }
        };
        topics.iter().enumerate().filter_map(unfit).collect()
    }

    fn open(&self, spec: SourceSpec) -> Box<dyn Source> {
        Box::new(X::new(self.clone(), &spec))
    }

    fn probe(&self, spec: SourceSpec) -> Box<dyn Source> {
        let fits = |topic: &&Topic| rule(topic, spec.name.as_str()).is_ok();
        let rules = spec.topics.iter().filter(fits).count();
        Box::new(Probe::new(self.url.clone(), self.token.clone(), rules))
    }
}
