//! How is a topic written into a configuration that people keep by hand? By changing no more than what
//! differs: comments, order and everything else stay as they stand.

use core::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Config;
use crate::mention::{Topic, Umlauts};
use crate::settings::ConfigError;

/// Why a topic cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The configuration is wrong already.
    #[error("the configuration has problems of its own; the first is {0}")]
    Broken(ConfigError),
    /// It would be wrong with this topic.
    #[error("{0}")]
    Wrong(ConfigError),
    /// It is written in a way that is not understood here.
    #[error("the topic \"{0}\" is written in a form that cannot be changed here")]
    ByHand(String),
}

/// What tells one state of a topic from another: sixteen hexadecimal digits.
#[must_use]
pub fn topic_version(topic: &Topic) -> String {
    let mut hasher = blake3::Hasher::new();
    let flags = [topic.inflect, topic.compounds, topic.hashtags, topic.links];
    hasher.update(&flags.map(u8::from)).update(umlauts(topic).as_bytes());
    let labels = [&topic.brand, &topic.group, &topic.parent];
    let labels = labels.map(|label| label.as_deref().unwrap_or("\0"));
    let texts = [topic.name.as_str(), topic.query.as_str()].into_iter().chain(labels);
    for text in texts.chain(topic.accounts.iter().map(String::as_str)) {
        hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
    }
    hasher.finalize().to_hex().get(..16).unwrap_or_default().to_owned()
}

/// The text of a configuration with a topic in the place of the one of its name, or added at its end;
/// and what the whole then says.
///
/// # Errors
/// When the configuration is or would be wrong, or its topic is written in a way that is not
/// understood here.
pub fn with_topic(text: &str, base: &Path, topic: &Topic) -> Result<(String, Config), EditError> {
    let first = |errors: Vec<ConfigError>| errors.into_iter().next();
    let by_hand = || EditError::ByHand(topic.name.clone());
    let before = Config::parse(text, base)
        .map_err(|errors| first(errors).map_or_else(by_hand, EditError::Broken))?;
    let edited = match before.topics.iter().position(|known| known.name == topic.name) {
        None => added(text, topic),
        Some(place) => {
            let old = before.topics.get(place).ok_or_else(by_hand)?;
            changed(text, place, old, topic).ok_or_else(by_hand)?
        }
    };
    let after = Config::parse(&edited, base)
        .map_err(|errors| first(errors).map_or_else(by_hand, EditError::Wrong))?;
    let others = |config: &Config| {
        let others = config.topics.iter().filter(|other| other.name != topic.name);
        others.cloned().collect::<Vec<Topic>>()
    };
    let is_there = after.topics.iter().any(|written| written == topic);
    if is_there && others(&before) == others(&after) { Ok((edited, after)) } else { Err(by_hand()) }
}

/// The keys of a topic as they are written; `None` for what is as without the key.
fn written(topic: &Topic) -> [(&'static str, Option<String>); 10] {
    let text = |text: &Option<String>| text.as_deref().map(quoted);
    let flag = |is_set: bool| is_set.then(|| "true".to_owned());
    let accounts: Vec<String> = topic.accounts.iter().map(|account| quoted(account)).collect();
    [
        ("name", Some(quoted(&topic.name))),
        ("query", Some(quoted(&topic.query))),
        ("brand", text(&topic.brand)),
        ("group", text(&topic.group)),
        ("parent", text(&topic.parent)),
        ("accounts", (!accounts.is_empty()).then(|| format!("[{}]", accounts.join(", ")))),
        ("inflect", flag(topic.inflect)),
        ("compounds", flag(topic.compounds)),
        ("hashtags", flag(topic.hashtags)),
        ("links", flag(topic.links)),
    ]
}

fn umlauts(topic: &Topic) -> &'static str {
    match topic.umlauts {
        Umlauts::Equal => "equal",
        Umlauts::Apart => "apart",
    }
}

/// All keys, `umlauts` too.
fn keys(topic: &Topic) -> Vec<(&'static str, Option<String>)> {
    let apart = (topic.umlauts == Umlauts::Apart).then(|| quoted(umlauts(topic)));
    written(topic).into_iter().chain([("umlauts", apart)]).collect()
}

/// A text as TOML, in the quotes in which queries are read best.
fn quoted(text: &str) -> String {
    if text.contains('\'') || text.contains(char::is_control) {
        toml::Value::from(text).to_string()
    } else {
        format!("'{text}'")
    }
}

fn added(text: &str, topic: &Topic) -> String {
    let gap = match text {
        "" => "",
        text if text.ends_with("\n\n") => "",
        text if text.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    let lines = keys(topic).into_iter().filter_map(|(key, value)| Some((key, value?)));
    let lines = lines.map(|(key, value)| format!("{key} = {value}\n")).collect::<String>();
    format!("{text}{gap}[[topic]]\n{lines}")
}

/// The text with what differs between two states of a topic; `None` where that is not understood.
fn changed(text: &str, place: usize, old: &Topic, new: &Topic) -> Option<String> {
    let (root, _) = DeTable::parse_recoverable(text);
    let list = root.get_ref().get("topic")?.get_ref().as_array()?;
    let table = list.get(place)?.get_ref().as_table()?;
    let name = table.get("name")?.span();
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    for ((key, before), (_, after)) in keys(old).into_iter().zip(keys(new)) {
        if before == after {
            continue;
        }
        match (entry(table, key), after) {
            (Some((_, value)), Some(after)) => edits.push((value, after)),
            (Some((key, value)), None) => edits.push((line(text, key, value)?, String::new())),
            (None, Some(after)) => {
                let at = end_of_line(text, name.end);
                let own_line = text.get(start_of_line(text, name.start)..name.start)?;
                if !own_line.trim_start().starts_with("name") {
                    return None;
                }
                let mark = if text.get(..at)?.ends_with('\n') { "" } else { "\n" };
                edits.push((at..at, format!("{mark}{key} = {after}\n")));
            }
            (None, None) => return None,
        }
    }
    let mut edited = text.to_owned();
    edits.sort_by_key(|(range, _)| range.start);
    for (range, after) in edits.into_iter().rev() {
        text.get(range.clone())?;
        edited.replace_range(range, &after);
    }
    Some(edited)
}

/// Where a key and its value stand.
fn entry(table: &DeTable<'_>, key: &str) -> Option<(Range<usize>, Range<usize>)> {
    let found = table.iter().find(|(own, _)| {
        let own: &Spanned<std::borrow::Cow<'_, str>> = own;
        own.get_ref() == key
    });
    let (key, value): (_, &Spanned<DeValue<'_>>) = found?;
    Some((key.span(), value.span()))
}

/// The lines of a key that shares them with no other.
fn line(text: &str, key: Range<usize>, value: Range<usize>) -> Option<Range<usize>> {
    let (start, end) = (start_of_line(text, key.start), end_of_line(text, value.end));
    let before = text.get(start..key.start)?.trim();
    let after = text.get(value.end..end)?.trim();
    (before.is_empty() && (after.is_empty() || after.starts_with('#'))).then_some(start..end)
}

fn start_of_line(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1)
}

fn end_of_line(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |end| at + end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# ours\n[[topic]] # the brand\nname = \"acme\" # as in the lake\nquery = 'acme' # simple\nbrand = \"Acme\"\n\n[[topic]]\nquery = '''\nglobex\nOR hooli'''\nname = 'rest'\ninflect = true\n# the end";

    fn topic(name: &str) -> Topic {
        let config = Config::parse(FILE, "".as_ref()).expect("a configuration");
        config.topics.into_iter().find(|topic| topic.name == name).unwrap_or_default()
    }

    fn put(topic: &Topic) -> Result<String, EditError> {
        with_topic(FILE, "".as_ref(), topic).map(|(text, _)| text)
    }

    #[test]
    fn no_more_than_what_differs_is_changed() {
        assert_eq!(put(&topic("acme")).as_deref(), Ok(FILE));
        let query = Topic { query: "acme AND \"don't\"".to_owned(), ..topic("acme") };
        let wanted = FILE.replace("'acme' # simple", "\"acme AND \\\"don't\\\"\" # simple");
        let found = put(&query).expect("a text");
        let read = Config::parse(&found, "".as_ref()).expect("a configuration");
        assert_eq!(read.topics[0].query, query.query);
        assert!(found == wanted || found.contains("# simple"), "{found}");
        let bare = Topic { brand: None, group: Some("eu".to_owned()), ..topic("acme") };
        let wanted = FILE
            .replace("brand = \"Acme\"\n", "")
            .replace("# as in the lake\n", "# as in the lake\ngroup = 'eu'\n");
        assert_eq!(put(&bare).as_deref(), Ok(wanted.as_str()));
        let short = Topic { query: "globex".to_owned(), inflect: false, ..topic("rest") };
        let wanted =
            FILE.replace("'''\nglobex\nOR hooli'''", "'globex'").replace("inflect = true\n", "");
        assert_eq!(put(&short).as_deref(), Ok(wanted.as_str()));
    }

    #[test]
    fn a_new_topic_stands_at_the_end_and_a_wrong_one_nowhere() {
        let fresh = Topic { name: "neu".to_owned(), query: "grün".to_owned(), ..Topic::default() };
        let wanted = format!("{FILE}\n\n[[topic]]\nname = 'neu'\nquery = 'grün'\n");
        assert_eq!(put(&fresh).as_deref(), Ok(wanted.as_str()));
        let wrong = Topic { query: "grün AND".to_owned(), ..fresh.clone() };
        assert!(matches!(put(&wrong), Err(EditError::Wrong(_))), "{:?}", put(&wrong));
        let listed = "topic = [{ name = 'acme', query = 'acme' }]\n";
        let more = Topic {
            group: Some("eu".to_owned()),
            ..Topic { name: "acme".to_owned(), query: "acme".to_owned(), ..Topic::default() }
        };
        assert!(matches!(with_topic(listed, "".as_ref(), &more), Err(EditError::ByHand(_))));
        assert!(matches!(
            with_topic(listed, "".as_ref(), &fresh),
            Err(EditError::ByHand(_) | EditError::Wrong(_))
        ));
    }

    #[test]
    fn versions_tell_states_apart() {
        let known = topic("acme");
        for other in [
            Topic { brand: None, ..known.clone() },
            Topic { links: true, ..known.clone() },
            Topic { umlauts: Umlauts::Apart, ..known.clone() },
            Topic { accounts: vec!["acme".to_owned()], ..known.clone() },
        ] {
            assert_ne!(topic_version(&other), topic_version(&known));
        }
    }
}
