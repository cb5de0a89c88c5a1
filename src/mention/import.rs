//! How does a rule of another tool read here? Rules of X's filtered stream.
//!
//! Operators are those of X's public documentation: keywords, phrases, `#`, `@`, `from:`, `to:`,
//! `url:`, `lang:`, `is:`, `has:` and the rest, negation, OR and groups. AND binds tighter than OR
//! there as here. What asks for something that posts do not carry here is left out and named.

use super::error::QueryError;
use super::parse::parse;

/// Rewrites a rule of X's filtered stream as a query; and names, as written, what it could not carry
/// over.
///
/// Leaving a part out makes the query match more posts where the part stood beside others, fewer
/// where it was an alternative of an OR, and the reverse below a negation: look at the list before
/// you rely on the query. `@name` finds the handle in the text; `to:name` becomes a reply that
/// names the handle.
///
/// # Errors
/// If what is left is no query, for example because no term is left.
///
/// # Example
/// ```
/// let (query, lost) = resonanz::mention::import_x_rule("(acme OR \"acme inc\") -is:retweet has:media")?;
/// assert_eq!(query, "(acme OR \"acme inc\") AND NOT kind:repost");
/// assert_eq!(lost, ["has:media"]);
/// # Ok::<(), resonanz::mention::QueryError>(())
/// ```
pub fn import_x_rule(rule: &str) -> Result<(String, Vec<String>), QueryError> {
    let mut reader = Reader { rest: rule, lost: Vec::new() };
    let query = reader.any();
    let expr = parse(&query.unwrap_or_default())?;
    Ok((expr.to_string(), reader.lost))
}

struct Reader<'r> {
    rest: &'r str,
    lost: Vec<String>,
}

impl<'r> Reader<'r> {
    fn any(&mut self) -> Option<String> {
        let mut parts = Vec::new();
        loop {
            parts.extend(self.all());
            if !self.take("OR") {
                break;
            }
        }
        join(&parts, " OR ")
    }

    fn all(&mut self) -> Option<String> {
        let mut parts = Vec::new();
        loop {
            self.rest = self.rest.trim_start();
            if self.rest.is_empty() || self.rest.starts_with(')') || self.next_word() == "OR" {
                break;
            }
            if !self.take("AND") {
                parts.extend(self.part());
            }
        }
        join(&parts, " ")
    }

    fn part(&mut self) -> Option<String> {
        if let Some(rest) = self.rest.strip_prefix('-') {
            self.rest = rest;
            return self.part().map(|part| format!("NOT {part}"));
        }
        if let Some(rest) = self.rest.strip_prefix('(') {
            self.rest = rest;
            let inner = self.any();
            self.rest = self.rest.trim_start();
            self.rest = self.rest.strip_prefix(')').unwrap_or(self.rest);
            return inner.map(|inner| format!("({inner})"));
        }
        let word = self.next_word();
        self.rest = self.rest.get(word.len()..).unwrap_or_default();
        let value = self.quoted();
        if word.is_empty() && value.is_none() {
            // Neither word nor quote: a stray character.
            let mut chars = self.rest.chars();
            self.lost.extend(chars.next().map(String::from));
            self.rest = chars.as_str();
            return None;
        }
        let found = operator(word, value);
        if found.is_none() {
            let value = value.map(|value| format!("\"{value}\"")).unwrap_or_default();
            self.lost.push(format!("{word}{value}"));
        }
        found
    }

    fn quoted(&mut self) -> Option<&'r str> {
        let (value, rest) = self.rest.strip_prefix('"')?.split_once('"')?;
        self.rest = rest;
        Some(value)
    }

    fn take(&mut self, operator: &str) -> bool {
        self.rest = self.rest.trim_start();
        let seen = self.next_word() == operator;
        if seen {
            self.rest = self.rest.get(operator.len()..).unwrap_or_default();
        }
        seen
    }

    fn next_word(&self) -> &'r str {
        let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"');
        self.rest.get(..self.rest.find(ends).unwrap_or(self.rest.len())).unwrap_or_default()
    }
}

fn join(parts: &[String], with: &str) -> Option<String> {
    match parts {
        [] => None,
        [only] => Some(only.clone()),
        _ => Some(parts.join(with)),
    }
}

/// One operator with its value in quotes, if it has one; `None` if it says nothing here.
fn operator(word: &str, quoted: Option<&str>) -> Option<String> {
    let Some((name, value)) = word.split_once(':') else {
        return match quoted {
            None => Some(plain(word)),
            Some(phrase) if word.is_empty() => Some(format!("\"{phrase}\"")),
            Some(_) => None,
        };
    };
    let value = quoted.unwrap_or(value);
    match name {
        "from" => Some(format!("author:\"{value}\"")),
        "to" => Some(format!("(\"@{value}\" kind:reply)")),
        "url" => Some(format!("url:\"{value}\"")),
        "lang" => Some(format!("lang:{value}")),
        "conversation_id" => Some(format!("thread:\"{value}\"")),
        "in_reply_to_tweet_id" => Some(format!("in-reply-to:\"{value}\"")),
        "followers_count" => Some(format!("followers:{}", count(value))),
        "is" => match value {
            "reply" => Some("kind:reply".to_owned()),
            "retweet" => Some("kind:repost".to_owned()),
            "quote" => Some("kind:quote".to_owned()),
            _ => None,
        },
        "http" | "https" => Some(plain(word)),
        _ => None,
    }
}

/// A keyword: wildcards and operators of ours are none of theirs.
fn plain(word: &str) -> String {
    if word.contains(['*', '?']) { format!("raw:{word}") } else { format!("\"{word}\"") }
}

/// A number there means at least so many.
fn count(value: &str) -> String {
    if value.contains("..") { value.to_owned() } else { format!(">={value}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_read_as_queries() {
        let rows = [
            ("cat dog", "cat AND dog", ""),
            ("cat OR dog bird", "cat OR dog AND bird", ""),
            ("#acme @acme -\"free shipping\"", "#acme AND @acme AND NOT \"free shipping\"", ""),
            ("acme from:nasa", "acme AND author:nasa", ""),
            ("to:acme help", "@acme AND kind:reply AND help", ""),
            ("acme (is:reply OR is:verified)", "acme AND kind:reply", "is:verified"),
            ("acme -has:links lang:de", "acme AND lang:de", "has:links"),
            ("acme url:\"acme.com/x\"", "acme AND url:acme.com/x", ""),
            ("acme followers_count:500", "acme AND followers:>=500", ""),
            ("acme place:\"new york\"", "acme", "place:\"new york\""),
            ("acme near", "acme AND near", ""),
        ];
        for (rule, query, lost) in rows {
            let want = (query.to_owned(), lost.split_terminator(',').map(str::to_owned).collect());
            assert_eq!(import_x_rule(rule), Ok(want), "{rule}");
        }
        assert!(import_x_rule("has:media").is_err());
        assert!(import_x_rule("from:nasa").is_err());
    }
}
