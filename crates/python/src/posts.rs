//! What does a table of posts hold? The columns that queries may ask for, as posts.

use std::borrow::Cow;
use std::collections::HashMap;

use arrow_array::RecordBatch;
use pyo3::prelude::*;
use resonanz_core::post::{AuthorKey, Kind, Lang, Post, SourceId, TEXT_BYTES_MAX, cut_text};
use resonanz_core::privacy::AuthorHasher;
use resonanz_core::time::EventTime;

use crate::columns::{Langs, Texts, names};
use crate::counts::Counts;
use crate::failure::value;

/// The columns of a table of posts.
pub(crate) struct Columns {
    text: Texts,
    lang: Langs,
    source: Option<Texts>,
    author: Option<Texts>,
    kind: Option<Texts>,
    url: Option<Texts>,
    parent: Option<Texts>,
    thread: Option<Texts>,
    reach: Option<Counts>,
    engagement: Option<Counts>,
}

impl Columns {
    /// Reads them.
    pub(crate) fn read(table: &RecordBatch) -> PyResult<Self> {
        let texts = |name: &str| {
            let column = table.column_by_name(name);
            column.map(|column| Texts::of(std::slice::from_ref(column), name)).transpose()
        };
        let counts = |name: &str| {
            table.column_by_name(name).map(|column| Counts::read(column, name)).transpose()
        };
        let ids = |name: &str| {
            let column = table.column_by_name(name).map(names);
            column.map(|column| Texts::of(&[column], name)).transpose()
        };
        let text = texts("text")?.ok_or_else(|| {
            let schema = table.schema();
            let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
            value(match names.as_slice() {
                [] => "posts has no column; it needs \"text\"".to_owned(),
                some => {
                    format!("posts has no column \"text\", only {}; rename yours", some.join(", "))
                }
            })
        })?;
        Ok(Self {
            text,
            lang: texts("lang")?.map_or(Langs::One(Lang::UND), Langs::Each),
            source: texts("source")?,
            author: ids("author")?,
            kind: texts("kind")?,
            url: texts("url")?,
            parent: ids("parent")?,
            thread: ids("thread")?,
            reach: counts("reach")?,
            engagement: counts("engagement")?,
        })
    }

    /// The posts of so many rows; names in ids and addresses become what `authors` makes of them.
    pub(crate) fn posts(&self, rows: usize, authors: &AuthorHasher) -> Vec<Post> {
        let mut sources: HashMap<&str, SourceId> = HashMap::new();
        let count = |column: &Option<Counts>, row| column.as_ref()?.get(row);
        (0..rows)
            .map(|row| {
                let source = self.source.as_ref().and_then(|of| of.get(row)).unwrap_or_default();
                let source = sources.entry(source).or_insert_with(|| SourceId::new(source));
                let author = self.author.as_ref().and_then(|of| of.get(row)).unwrap_or_default();
                let kind = self.kind.as_ref().and_then(|of| of.get(row)).unwrap_or_default();
                let id = |column| Some(authors.id(at(column, row)?, author).into());
                let url = at(&self.url, row).and_then(|url| authors.url(url, author));
                Post {
                    source: source.clone(),
                    author: authors.hash(author),
                    kind: kind_named(kind),
                    url: url.map(Into::into),
                    parent: id(&self.parent),
                    thread: id(&self.thread),
                    reach: count(&self.reach, row),
                    engagement: count(&self.engagement, row),
                    ..post(self.text.get(row), self.lang.get(row))
                }
            })
            .collect()
    }
}

/// What a column holds in a row.
fn at(column: &Option<Texts>, row: usize) -> Option<Cow<'_, str>> {
    column.as_ref()?.get(row).map(Cow::Borrowed)
}

/// Posts of which nothing is known but text and language.
pub(crate) fn posts_of_texts(texts: &Texts, langs: &Langs) -> Vec<Post> {
    (0..texts.len()).map(|row| post(texts.get(row), langs.get(row))).collect()
}

/// A post of which nothing is known but its text.
fn post(text: Option<&str>, lang: Lang) -> Post {
    Post {
        id: "".into(),
        source: SourceId::new(""),
        author: AuthorKey::default(),
        posted_at: EventTime(0),
        received_at: EventTime(0),
        kind: Kind::Original,
        parent: None,
        thread: None,
        lang,
        text: cut_text(text.unwrap_or_default(), TEXT_BYTES_MAX).into(),
        url: None,
        reach: None,
        engagement: None,
    }
}

/// The kind of this name; unknown ones are original, as in archives.
fn kind_named(name: &str) -> Kind {
    let kinds =
        [Kind::Reply, Kind::Repost, Kind::Quote, Kind::Comment, Kind::Review, Kind::Article];
    let name = name.trim().to_lowercase();
    kinds.into_iter().find(|kind| kind.as_str() == name).unwrap_or_default()
}
