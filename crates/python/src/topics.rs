//! Who is listened for, as Python says it? Topics from dicts, lists and configurations.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};
use resonanz_core::mention::{Topic, Umlauts};
use resonanz_core::sentiment::Lexicon;

use crate::failure::{LexiconError, kind, value};

/// What a topic may say; lexicons are texts by the time they come here.
const KEYS: &str = "name, query, brand, group, parent, accounts, inflect, compounds, hashtags, \
                    links, umlauts, lexicons";

/// A topic with the words that count for it alone.
#[derive(Debug)]
pub(crate) struct Listened {
    pub(crate) topic: Topic,
    pub(crate) lexicons: Vec<Lexicon>,
}

/// Reads a list of dicts, as the configuration's `[[topic]]` tables.
pub(crate) fn read(from: &Bound<'_, PyList>) -> PyResult<Vec<Listened>> {
    if from.is_empty() {
        return Err(value("no topic; give at least one, as {\"acme\": \"acme -job\"}"));
    }
    let topics: Vec<Listened> = from.iter().map(|topic| one(&topic)).collect::<PyResult<_>>()?;
    let mut names: Vec<&str> = topics.iter().map(|of| of.topic.name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(value(format!("two topics are called \"{}\"", pair[0]))),
        None => Ok(topics),
    }
}

fn one(from: &Bound<'_, PyAny>) -> PyResult<Listened> {
    let table = from.cast::<PyDict>().map_err(|_| kind("a topic is a dict with name and query"))?;
    let mut topic = Topic::default();
    let mut lexicons = Vec::new();
    for (key, given) in table {
        let key: String = key.extract()?;
        match key.as_str() {
            "name" => topic.name = text(&key, &given)?,
            "query" => topic.query = text(&key, &given)?,
            "brand" => topic.brand = Some(text(&key, &given)?),
            "group" => topic.group = Some(text(&key, &given)?),
            "parent" => topic.parent = Some(text(&key, &given)?),
            "accounts" => {
                let accounts: Vec<String> =
                    given.extract().map_err(|_| kind("accounts is a list of names"))?;
                let plain = |name: String| name.trim().trim_start_matches('@').to_owned();
                topic.accounts = accounts.into_iter().map(plain).collect();
            }
            "inflect" => topic.inflect = given.extract()?,
            "compounds" => topic.compounds = given.extract()?,
            "hashtags" => topic.hashtags = given.extract()?,
            "links" => topic.links = given.extract()?,
            "umlauts" => {
                topic.umlauts = match text(&key, &given)?.as_str() {
                    "equal" => Umlauts::Equal,
                    "apart" => Umlauts::Apart,
                    other => {
                        return Err(value(format!("umlauts \"{other}\"; write equal or apart")));
                    }
                }
            }
            "lexicons" => {
                let texts: Vec<String> = given.extract()?;
                for text in texts {
                    let lexicon = Lexicon::parse(&text);
                    lexicons.push(lexicon.map_err(|e| LexiconError::new_err(e.to_string()))?);
                }
            }
            other => return Err(value(format!("a topic has no \"{other}\"; it has {KEYS}"))),
        }
    }
    if topic.name.is_empty() || topic.query.trim().is_empty() {
        return Err(value("a topic needs a name and a query"));
    }
    Ok(Listened { topic, lexicons })
}

fn text(key: &str, given: &Bound<'_, PyAny>) -> PyResult<String> {
    let text = given.cast::<PyString>().map_err(|_| kind(format!("{key} is a string")))?;
    Ok(text.to_cow()?.into_owned())
}
