//! What stands in a table of the file? Typed access that remembers every problem with its place.

mod near;
mod place;

use std::fmt;
use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use near::visible;
pub(crate) use near::{distance, nearest};
pub(crate) use place::content_place;

use crate::time::parse_span;

/// Something wrong in a configuration file, or something that may not do what was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// How to mend it; may be empty.
    pub hint: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

/// Problems found so far.
#[derive(Debug)]
pub(crate) struct Problems<'i> {
    text: &'i str,
    errors: Vec<(usize, ConfigError)>,
    warnings: Vec<(usize, ConfigError)>,
}

/// What was found, in the order of the file.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) errors: Vec<ConfigError>,
    pub(crate) warnings: Vec<ConfigError>,
}

impl<'i> Problems<'i> {
    pub(crate) fn new(text: &'i str) -> Self {
        Self { text, errors: Vec::new(), warnings: Vec::new() }
    }

    /// Notes a problem at a byte offset.
    pub(crate) fn add(&mut self, at: usize, message: impl Into<String>, hint: impl Into<String>) {
        let error = self.placed(at, message.into(), hint.into());
        self.errors.push((at, error));
    }

    /// Notes what may not do what was meant.
    pub(crate) fn warn(&mut self, at: usize, message: impl Into<String>, hint: impl Into<String>) {
        let warning = self.placed(at, message.into(), hint.into());
        self.warnings.push((at, warning));
    }

    fn placed(&self, at: usize, message: String, hint: String) -> ConfigError {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        ConfigError {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
            message: visible(message),
            hint: visible(hint),
        }
    }

    pub(crate) fn into_found(self) -> Found {
        let ordered = |mut found: Vec<(usize, ConfigError)>| {
            found.sort_by_key(|(at, _)| *at);
            found.into_iter().map(|(_, error)| error).collect()
        };
        Found { errors: ordered(self.errors), warnings: ordered(self.warnings) }
    }

    /// The text itself, to look at what stands at an offset.
    pub(crate) fn text(&self) -> &'i str {
        self.text
    }
}

/// One table of the file, such as `[lake]` or one `[[rule]]`.
pub(crate) struct Section<'p, 'i> {
    name: &'static str,
    table: Option<&'p DeTable<'i>>,
    at: usize,
    asked: Vec<&'static str>,
    /// Keys that are not asked for, and what to write in place of them.
    elsewhere: Vec<(String, String)>,
    pub(crate) problems: &'p mut Problems<'i>,
}

impl<'p, 'i> Section<'p, 'i> {
    /// Opens a table; `None` stands for an absent one, in which every key is absent.
    pub(crate) fn open(
        name: &'static str,
        value: Option<&'p Spanned<DeValue<'i>>>,
        problems: &'p mut Problems<'i>,
    ) -> Self {
        let table = value.and_then(|value| value.get_ref().as_table());
        let at = value.map_or(0, |value| value.span().start);
        if value.is_some() && table.is_none() {
            problems.add(
                at,
                format!("{name} must be a table"),
                format!("write it as {name} on a line of its own"),
            );
        }
        Self { name, table, at, asked: Vec::new(), elsewhere: Vec::new(), problems }
    }

    /// Where the table begins.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Where a key's value begins, or else the table.
    pub(crate) fn place(&self, key: &str) -> usize {
        self.table.and_then(|table| table.get(key)).map_or(self.at, |value| value.span().start)
    }

    pub(crate) fn text(&mut self, key: &'static str) -> Option<String> {
        let (value, span) = self.value(key)?;
        let found = value.as_str().map(str::to_owned);
        self.expect(found, key, &span, "a text in quotes")
    }

    pub(crate) fn required_text(&mut self, key: &'static str) -> String {
        let (is_there, text) = (self.has(key), self.text(key));
        // What is of another type is told already.
        if !is_there || text.as_deref() == Some("") {
            self.needs(key);
        }
        text.unwrap_or_default()
    }

    /// Texts that must be there: a list, or one text with commas between them.
    pub(crate) fn required_texts(&mut self, key: &'static str) -> Vec<String> {
        let (is_there, texts) = (self.has(key), self.text_or_texts(key));
        let parts = texts.iter().flatten().flat_map(|(text, _)| text.split(',').map(str::trim));
        let parts: Vec<_> = parts.filter(|part| !part.is_empty()).map(str::to_owned).collect();
        if !is_there || (texts.is_some() && parts.is_empty()) {
            self.needs(key);
        }
        parts
    }

    fn needs(&mut self, key: &'static str) {
        let (at, message) = (self.place(key), format!("{} needs a \"{key}\"", self.name));
        self.problems.add(at, message, format!("add: {key} = \"...\""));
    }

    pub(crate) fn flag(&mut self, key: &'static str) -> bool {
        let Some((value, span)) = self.value(key) else { return false };
        let found = value.as_bool();
        self.expect(found, key, &span, "true or false").unwrap_or(false)
    }

    pub(crate) fn count(&mut self, key: &'static str) -> Option<u64> {
        let (value, span) = self.value(key)?;
        let found =
            value.as_integer().and_then(|int| u64::from_str_radix(int.as_str(), int.radix()).ok());
        self.expect(found, key, &span, "a whole number, 0 or more")
    }

    pub(crate) fn number(&mut self, key: &'static str, allowed: Range<f64>) -> Option<f64> {
        let (value, span) = self.value(key)?;
        let float = value.as_float().and_then(|float| float.as_str().parse().ok());
        let int = value.as_integer().and_then(|int| int.as_str().parse().ok());
        let found =
            float.or(int).filter(|number: &f64| *number > allowed.start && *number < allowed.end);
        self.expect(
            found,
            key,
            &span,
            &format!("a number above {} and below {}", allowed.start, allowed.end),
        )
    }

    /// A share in steps of 0.01, as a whole number of hundredths.
    pub(crate) fn hundredths(
        &mut self,
        key: &'static str,
        allowed: RangeInclusive<u8>,
    ) -> Option<u8> {
        let (value, span) = self.value(key)?;
        let float = value.as_float().and_then(|float| float.as_str().parse::<f64>().ok());
        let found = allowed
            .clone()
            .find(|&hundredths| float.is_some_and(|float| float == f64::from(hundredths) / 100.0));
        let [least, most] = [allowed.start(), allowed.end()].map(|&end| f64::from(end) / 100.0);
        let wanted = format!(
            "a number from {least} to {most} in steps of 0.01, as {:.2}",
            (least + most) / 2.0
        );
        self.expect(found, key, &span, &wanted)
    }

    /// A span of time in microseconds, a multiple of `unit_us`.
    pub(crate) fn span(&mut self, key: &'static str, unit_us: i64) -> Option<i64> {
        let (value, span) = self.value(key)?;
        let found =
            value.as_str().and_then(|text| parse_span(text).ok()).filter(|us| us % unit_us == 0);
        let unit = crate::time::format_span(unit_us);
        self.expect(found, key, &span, &format!("a span of time, a multiple of {unit}, as \"15m\""))
    }

    /// A span of time, or the word `never`, which is `None`.
    pub(crate) fn span_or_never(&mut self, key: &'static str, unit_us: i64) -> Option<Option<i64>> {
        let (value, span) = self.value(key)?;
        let found = match value.as_str() {
            Some("never") => Some(None),
            Some(text) => parse_span(text).ok().filter(|us| us % unit_us == 0).map(Some),
            None => None,
        };
        let unit = crate::time::format_span(unit_us);
        let wanted = format!("\"never\" or a span of time, a multiple of {unit}, as \"30d\"");
        self.expect(found, key, &span, &wanted)
    }

    /// One of a few words.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&str, T)],
    ) -> Option<T> {
        self.choice_or(key, choices, |_| None)
    }

    /// One of a few words; `meant` says what to write in place of some others.
    pub(crate) fn choice_or<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&str, T)],
        meant: fn(&str) -> Option<String>,
    ) -> Option<T> {
        let (value, span) = self.value(key)?;
        let written = value.as_str().unwrap_or_default();
        let found = choices.iter().find(|(word, _)| *word == written).map(|(_, choice)| *choice);
        if let Some(hint) = value.as_str().filter(|_| found.is_none()).and_then(meant) {
            self.problems.add(span.start, format!("{key} is \"{written}\""), hint);
            return None;
        }
        let words: Vec<String> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        let near = nearest(written, choices.iter().map(|(word, _)| *word));
        let near = near.map_or(String::new(), |near| format!(" (did you mean \"{near}\"?)"));
        self.expect(found, key, &span, &format!("one of {}{near}", words.join(", ")))
    }

    /// One of a few words, which must be there.
    pub(crate) fn required_choice<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&str, T)],
    ) -> Option<T> {
        self.needs_choice(key, choices);
        self.choice(key, choices)
    }

    /// Reports that one of a few words is missing, if none is there.
    pub(crate) fn needs_choice<T>(&mut self, key: &'static str, choices: &[(&str, T)]) {
        if !self.has(key) {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            let hint = format!("add {key} = \"...\": {}", words.join(", "));
            self.problems.add(self.at, format!("{} needs a \"{key}\"", self.name), hint);
        }
    }

    /// A list of texts, each with its place.
    pub(crate) fn texts(&mut self, key: &'static str) -> Option<Vec<(String, usize)>> {
        let (value, span) = self.value(key)?;
        let found = value.as_array().and_then(|list| {
            list.iter()
                .map(|entry| Some((entry.get_ref().as_str()?.to_owned(), entry.span().start)))
                .collect()
        });
        self.expect(found, key, &span, "a list of texts, as [\"a\", \"b\"]")
    }

    /// A list of tables, each to be opened as a section of its own.
    pub(crate) fn list(&mut self, key: &'static str) -> Vec<&'p Spanned<DeValue<'i>>> {
        let Some((value, span)) = self.value(key) else { return Vec::new() };
        let found = value.as_array().map(|list| list.iter().collect());
        let wanted = "a list of tables, as [{ after = \"15m\", to = \"lead\" }]";
        self.expect(found, key, &span, wanted).unwrap_or_default()
    }

    /// A text or a list of texts, each with its place.
    pub(crate) fn text_or_texts(&mut self, key: &'static str) -> Option<Vec<(String, usize)>> {
        let one = self.table.and_then(|table| table.get(key)?.get_ref().as_str());
        let Some(text) = one.map(str::to_owned) else { return self.texts(key) };
        self.asked.push(key);
        Some(vec![(text, self.place(key))])
    }

    /// A table inside, which is opened by another [`Section`].
    pub(crate) fn inner(&mut self, key: &'static str) -> Option<&'p Spanned<DeValue<'i>>> {
        self.asked.push(key);
        self.table?.get(key)
    }

    /// A table of texts, in order of name.
    pub(crate) fn pairs(&mut self, key: &'static str) -> Vec<(String, String)> {
        let Some((value, span)) = self.value(key) else { return Vec::new() };
        let found = value.as_table().and_then(|table| {
            let pair = |(name, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
                let name: &std::borrow::Cow<'_, str> = name.get_ref();
                Some((name.to_string(), value.get_ref().as_str()?.to_owned()))
            };
            table.iter().map(pair).collect::<Option<Vec<_>>>()
        });
        let mut pairs = self
            .expect(found, key, &span, "a table of texts, as { team = \"care\" }")
            .unwrap_or_default();
        pairs.sort();
        pairs
    }

    /// A table inside this one, or each of a list of them, as it stands.
    pub(crate) fn inside(&mut self, key: &'static str) -> Vec<&'p Spanned<DeValue<'i>>> {
        self.asked.push(key);
        let Some(value) = self.table.and_then(|table| table.get(key)) else { return Vec::new() };
        value.get_ref().as_array().map_or_else(|| vec![value], |list| list.iter().collect())
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    /// Notes what to write in place of a key that nobody asks for.
    pub(crate) fn elsewhere(&mut self, key: &str, hint: impl Into<String>) {
        self.elsewhere.push((key.to_owned(), hint.into()));
    }

    /// Reports every key that nobody asked for.
    pub(crate) fn finish(self) {
        let Some(table) = self.table else { return };
        for (key, _) in table {
            let name = key.get_ref().as_ref();
            if self.asked.contains(&name) {
                continue;
            }
            let near = self.asked.iter().min_by_key(|known| distance(known, name));
            let meant = self.elsewhere.iter().find(|(key, _)| key == name);
            let hint = match (meant, near) {
                (Some((_, hint)), _) => hint.clone(),
                (_, Some(known)) if distance(known, name) <= 2 => {
                    format!("did you mean \"{known}\"?")
                }
                _ => format!("the keys here are {}", self.asked.join(", ")),
            };
            let message = format!("unknown key \"{name}\" in {}", self.name);
            self.problems.add(key.span().start, message, hint);
        }
    }

    fn value(&mut self, key: &'static str) -> Option<(&'p DeValue<'i>, Range<usize>)> {
        self.asked.push(key);
        let value = self.table?.get(key)?;
        Some((value.get_ref(), value.span()))
    }

    fn expect<T>(
        &mut self,
        found: Option<T>,
        key: &str,
        span: &Range<usize>,
        wanted: &str,
    ) -> Option<T> {
        if found.is_none() {
            let raw: String =
                self.problems.text.get(span.clone()).unwrap_or_default().chars().take(40).collect();
            let (message, hint) = (format!("{key} is {raw}"), format!("it must be {wanted}"));
            self.problems.add(span.start, message, hint);
        }
        found
    }
}
