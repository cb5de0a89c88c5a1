//! How is a topic asked for in X's rule language? By a rule that meets at least what the query finds.
//!
//! What X cannot ask for is left away where that only brings more posts: the topic's own query
//! decides afterwards, but every post is billed. A query that asks for nothing that X knows fits no
//! rule.

use crate::mention::{Expr, Field, Term, Topic, Umlauts, read};
use crate::post::{Kind, Lang};
use crate::text::spread_umlauts;

/// Longest rule, in characters.
pub(super) const RULE_CHARS_MAX: usize = 1_024;

/// A topic as X is asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    /// In X's language.
    pub(super) value: String,
    /// Marks it as ours, with the name of the topic.
    pub(super) tag: String,
}

/// Why a topic fits no rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unfit {
    /// It is bound to other sources, so there is nothing to ask for.
    Elsewhere,
    /// X cannot be asked for it.
    Beyond(String),
}

/// How the tags of all rules of a source begin.
pub(super) fn tag_of(source: &str, topic: &str) -> String {
    format!("resonanz/{source}/{topic}")
}

/// What a part of a query asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Ask {
    /// This, in X's language; and whether it may stand alone.
    For(String, Alone),
    /// Every post, as far as X can tell.
    All,
    /// No post of this source.
    Nothing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Alone {
    /// Only beside a word, a phrase or an account.
    No,
    Yes,
}

/// The rule of a topic for a source.
///
/// # Errors
/// Why there is none.
pub(super) fn rule(topic: &Topic, source: &str) -> Result<Rule, Unfit> {
    let Ok(reading) = read(&topic.query) else {
        return Err(Unfit::Beyond("the query cannot be read".to_owned()));
    };
    let asked = Asking { topic, source }.wide(&reading.expr);
    let value = match asked {
        Ask::Nothing => return Err(Unfit::Elsewhere),
        Ask::For(value, Alone::Yes) => value,
        Ask::For(_, Alone::No) | Ask::All => {
            return Err(Unfit::Beyond(
                "X needs a whole word, a phrase or an account in every alternative".to_owned(),
            ));
        }
    };
    let value = outer(&value).to_owned();
    let chars = value.chars().count();
    if chars > RULE_CHARS_MAX {
        let reason = format!("its rule has {chars} characters, X takes {RULE_CHARS_MAX}");
        return Err(Unfit::Beyond(reason));
    }
    Ok(Rule { value, tag: tag_of(source, &topic.name) })
}

/// A rule without parentheses around all of it.
fn outer(value: &str) -> &str {
    let Some(inner) = value.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) else {
        return value;
    };
    let mut depth = 0i32;
    let mut quoted = false;
    for c in inner.chars() {
        quoted ^= c == '"';
        depth += match c {
            '(' if !quoted => 1,
            ')' if !quoted => -1,
            _ => 0,
        };
        if depth < 0 {
            return value;
        }
    }
    inner
}

struct Asking<'t> {
    topic: &'t Topic,
    source: &'t str,
}

impl Asking<'_> {
    /// What meets at least what the expression finds.
    fn wide(&self, expr: &Expr) -> Ask {
        match expr {
            Expr::Term(term) => self.term(term),
            Expr::Slop { phrase, .. } => {
                let words = phrase.text.split_whitespace();
                let term = |word: &str| Term { text: word.to_owned(), ..phrase.clone() };
                all(words.map(|word| self.term(&term(word))))
            }
            Expr::Near { operands, .. } => {
                all(operands.iter().map(|terms| any(terms.iter().map(|term| self.term(term)))))
            }
            Expr::And(parts) => all(parts.iter().map(|part| self.wide(part))),
            Expr::Or(parts) => any(parts.iter().map(|part| self.wide(part))),
            Expr::Not(inner) => self.not(inner),
            Expr::Field(field) => self.field(field),
        }
    }

    fn term(&self, term: &Term) -> Ask {
        let grows = term.inflect || term.compound || self.topic.inflect || self.topic.compounds;
        // X finds whole words alone, and reads no signs inside quotes but as gaps.
        if grows
            || term.text.contains(['*', '?', '"', '\\'])
            || !term.text.contains(char::is_alphanumeric)
        {
            return Ask::All;
        }
        let spread = spread_umlauts(&term.text);
        let mut forms = vec![quoted(&term.text)];
        if self.topic.umlauts == Umlauts::Equal && spread != term.text {
            forms.push(quoted(&spread));
        }
        if self.topic.hashtags && term.text.contains(' ') {
            forms.push(format!("#{}", term.text.replace(' ', "")));
        }
        any(forms.into_iter().map(|form| Ask::For(form, Alone::Yes)))
    }

    /// What an exclusion leaves; one that X could mean wider than we do is not handed on.
    fn not(&self, inner: &Expr) -> Ask {
        match inner {
            Expr::Field(Field::Kind(kind)) => match kind_of(*kind) {
                Some(kind) => Ask::For(format!("-{kind}"), Alone::No),
                None => Ask::All,
            },
            Expr::Field(Field::Lang(lang)) => {
                Ask::For(format!("-lang:{}", lang_of(*lang)), Alone::No)
            }
            Expr::Field(Field::Source(name)) if name == self.source => Ask::Nothing,
            _ => Ask::All,
        }
    }

    fn field(&self, field: &Field) -> Ask {
        match field {
            Field::Source(name) if name == self.source => Ask::All,
            Field::Source(_) => Ask::Nothing,
            Field::Lang(lang) => Ask::For(format!("lang:{}", lang_of(*lang)), Alone::No),
            Field::Author(name) => Ask::For(format!("from:{name}"), Alone::Yes),
            Field::Kind(kind) => match kind_of(*kind) {
                Some(kind) => Ask::For(kind.to_owned(), Alone::No),
                None if *kind == Kind::Original => Ask::All,
                None => Ask::Nothing,
            },
            _ => Ask::All,
        }
    }
}

/// X knows Hebrew and Indonesian by codes that were withdrawn.
fn lang_of(lang: Lang) -> String {
    match lang.as_str() {
        "he" => "iw".to_owned(),
        "id" => "in".to_owned(),
        code => code.to_owned(),
    }
}

fn kind_of(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Repost => Some("is:retweet"),
        Kind::Reply => Some("is:reply"),
        Kind::Quote => Some("is:quote"),
        _ => None,
    }
}

fn quoted(text: &str) -> String {
    let is_plain = text.chars().all(|c| c.is_alphanumeric() || c == '_');
    let is_word = !matches!(text, "or" | "and" | "not");
    if is_plain && is_word { text.to_owned() } else { format!("\"{text}\"") }
}

fn all(parts: impl Iterator<Item = Ask>) -> Ask {
    let (mut values, mut alone) = (Vec::new(), Alone::No);
    for part in parts {
        match part {
            Ask::Nothing => return Ask::Nothing,
            Ask::All => {}
            Ask::For(value, own) => {
                values.push(value);
                alone = alone.max(own);
            }
        }
    }
    match values.len() {
        0 => Ask::All,
        1 => Ask::For(values.remove(0), alone),
        _ => Ask::For(format!("({})", values.join(" ")), alone),
    }
}

fn any(parts: impl Iterator<Item = Ask>) -> Ask {
    let (mut values, mut alone) = (Vec::new(), Alone::Yes);
    for part in parts {
        match part {
            Ask::All => return Ask::All,
            Ask::Nothing => {}
            Ask::For(value, own) => {
                values.push(value);
                alone = alone.min(own);
            }
        }
    }
    match values.len() {
        0 => Ask::Nothing,
        1 => Ask::For(values.remove(0), alone),
        _ => Ask::For(format!("({})", values.join(" OR ")), alone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> String {
        let topic = Topic { name: "t".to_owned(), query: query.to_owned(), ..Topic::default() };
        match rule(&topic, "x") {
            Ok(rule) => rule.value,
            Err(Unfit::Elsewhere) => "elsewhere".to_owned(),
            Err(Unfit::Beyond(reason)) => reason.chars().take(7).collect(),
        }
    }

    #[test]
    fn rules_meet_at_least_what_queries_find() {
        let rows = [
            ("acme", "acme"),
            ("acme OR \"acme corp\"", "acme OR \"acme corp\""),
            ("(acme OR apex) (phone OR tv)", "(acme OR apex) (phone OR tv)"),
            ("acme -kind:repost", "acme -is:retweet"),
            ("acme lang:de -shop", "acme lang:de"),
            ("acme lang:heb", "acme lang:iw"),
            ("\"acme phone\"~3", "acme phone"),
            ("acme NEAR/5 (broken OR dead)", "acme (broken OR dead)"),
            ("acme followers:>99", "acme"),
            ("müller", "müller OR mueller"),
            ("nestlé", "nestlé OR nestle"),
            ("acme author:shop", "acme from:shop"),
            ("acme source:x", "acme"),
            ("acme source:y", "elsewhere"),
            ("acme kind:review", "elsewhere"),
            ("acm*", "X needs"),
            ("acme OR acm*", "X needs"),
        ];
        for (query, wanted) in rows {
            assert_eq!(asked(query), wanted, "{query}");
        }
        let long: Vec<String> = (0..200).map(|number| format!("word{number}")).collect();
        assert_eq!(asked(&long.join(" OR ")), "its rul");
    }
}
