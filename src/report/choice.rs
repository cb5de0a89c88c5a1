//! Is what somebody asks for one of what there is? If not, he is told what there is: an empty answer would
//! say that nobody spoke.

use serde::Deserialize;

use super::ask::Ask;
use super::error::ReportError;
use crate::intent::Intent;
use crate::post::{AuthorKey, Kind, Lang, cut_text};
use crate::settings::distance;
use crate::state::{Standing, verdict};

/// Longest wrong word that is told back, in bytes.
const WORD_BYTES_MAX: usize = 60;

#[derive(Deserialize)]
struct Name {
    name: String,
}

/// Where else than in the configuration names come from.
#[derive(Debug, Clone, Copy)]
enum Names {
    Topics,
    Sources,
    Groups,
}

impl Names {
    fn what(self) -> &'static str {
        match self {
            Self::Topics => "topic",
            Self::Sources => "source",
            Self::Groups => "group",
        }
    }

    fn sql(self) -> &'static str {
        match self {
            Self::Topics => {
                "SELECT DISTINCT topic AS name FROM panes UNION SELECT DISTINCT topic FROM alerts \
                 UNION SELECT DISTINCT topic FROM mentions"
            }
            Self::Sources => {
                "SELECT DISTINCT source AS name FROM panes UNION SELECT DISTINCT source FROM mentions"
            }
            Self::Groups => {
                "SELECT DISTINCT topic_group AS name FROM mentions WHERE topic_group IS NOT NULL"
            }
        }
    }
}

impl Ask<'_> {
    /// That there is a topic of this name.
    ///
    /// # Errors
    /// With the name nearest to it or all that there are, if there is none.
    pub async fn known_topic(&self, name: &str) -> Result<(), ReportError> {
        let configured = self.topics.iter().map(|topic| topic.name.as_str());
        self.known_name(Names::Topics, configured.collect(), name).await
    }

    /// That there is a source of this name.
    ///
    /// # Errors
    /// With the name nearest to it or all that there are, if there is none.
    pub async fn known_source(&self, name: &str) -> Result<(), ReportError> {
        let running = self.sources.iter().map(String::as_str);
        self.known_name(Names::Sources, running.collect(), name).await
    }

    /// That there is a group of topics of this name.
    pub(super) async fn known_group(&self, name: &str) -> Result<(), ReportError> {
        let configured = self.topics.iter().filter_map(|topic| topic.group.as_deref());
        self.known_name(Names::Groups, configured.collect(), name).await
    }

    async fn known_name(
        &self,
        names: Names,
        configured: Vec<&str>,
        name: &str,
    ) -> Result<(), ReportError> {
        if configured.contains(&name) {
            return Ok(());
        }
        let kept: Vec<Name> = self.rows(names.sql()).await?;
        let kept = kept.iter().map(|one| one.name.as_str());
        let mut all: Vec<&str> =
            configured.into_iter().chain(kept).filter(|name| !name.is_empty()).collect();
        if all.contains(&name) {
            return Ok(());
        }
        all.sort_unstable();
        all.dedup();
        let near = all.iter().map(|known| (distance(known, name), *known)).min();
        let near = near.filter(|(steps, _)| *steps <= 1 + name.len() / 3);
        Err(ReportError::Unknown {
            what: names.what(),
            name: cut_text(name, WORD_BYTES_MAX).to_owned(),
            near: near.map(|(_, near)| near.to_owned()),
            known: all.into_iter().map(str::to_owned).collect(),
        })
    }
}

/// A word is none of those that there are.
pub(crate) fn none_of(what: &'static str, word: &str, hint: &'static str) -> ReportError {
    let why = format!("\"{}\" is not known", cut_text(word, WORD_BYTES_MAX));
    ReportError::wrong(what, why, hint)
}

/// Verdicts, by their names.
pub(super) fn polarity(word: &str) -> Result<(), ReportError> {
    match verdict(word) {
        Some(_) => Ok(()),
        None => Err(none_of("polarity", word, "write negative, neutral or positive")),
    }
}

/// The intent of a name.
pub(crate) fn intent(word: &str) -> Result<Intent, ReportError> {
    let hint = "write churn, complaint, question, purchase, recommendation or praise";
    Intent::parse(word).ok_or_else(|| none_of("intent", word, hint))
}

/// Kinds of posts, by their names.
pub(super) fn kind(word: &str) -> Result<(), ReportError> {
    if Kind::ALL.iter().any(|kind| kind.as_str() == word) {
        return Ok(());
    }
    let hint = "write original, reply, repost, quote, comment, review or article";
    Err(none_of("kind", word, hint))
}

/// The codes under which a lake may hold a language, whichever of them names it.
pub(super) fn lang(word: &str) -> Result<Vec<String>, ReportError> {
    match Lang::parse(word) {
        Lang::UND if word != "und" => {
            Err(none_of("lang", word, "write an ISO 639 code, such as de or en, or und"))
        }
        lang => Ok(lang.codes().map(str::to_owned).collect()),
    }
}

/// The hash of an author.
pub(super) fn author(word: &str) -> Result<(), ReportError> {
    match AuthorKey::parse(word) {
        Some(_) => Ok(()),
        None => Err(none_of("author", word, "give the 32 digits that a mention has as its author")),
    }
}

/// How a mention of the inbox stands, by its name.
///
/// # Errors
/// With all names, if there is none of this one.
pub fn standing(word: &str) -> Result<Standing, ReportError> {
    let hint = "write open, assigned, answered or ignored";
    Standing::named(word).ok_or_else(|| none_of("state", word, hint))
}
