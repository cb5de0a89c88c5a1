//! Which fields and distances has another tool, and what says the same here?

/// A tool whose queries can be imported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Dialect {
    /// Rules of X's filtered stream.
    #[default]
    X,
    /// Queries of Brandwatch Consumer Research.
    Brandwatch,
    /// Queries of Talkwalker.
    Talkwalker,
    /// Advanced queries of Sprinklr's listening topics.
    Sprinklr,
    /// Boolean searches of Meltwater.
    Meltwater,
}

/// What becomes of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Carried {
    /// A field or a term of ours.
    Query(String),
    /// A text to look for in the whole post: its part is not known here.
    Text(String),
    Nothing,
}

impl Dialect {
    /// Whether operators may be written in small letters.
    pub(super) fn any_case(self) -> bool {
        self == Self::Meltwater
    }

    /// Whether a word asks where terms stand in a way that there is not here, beside them.
    pub(super) fn is_context(self, word: &str) -> bool {
        let name = word.trim_end_matches(|c: char| c.is_ascii_digit() || c == '/');
        match self {
            Self::X | Self::Brandwatch | Self::Sprinklr => false,
            Self::Talkwalker => false,
            Self::Meltwater => name.eq_ignore_ascii_case("ATLEAST"),
        }
    }

    /// Reads `NEAR/5` and its kin: how many words, if that is known, and whether order counts.
    pub(super) fn distance(self, word: &str) -> Option<(Option<u32>, bool)> {
        if self == Self::X {
            return None;
        }
        let upper = if self.any_case() { word.to_ascii_uppercase() } else { word.to_owned() };
        let (name, digits) = upper.split_once('/').unwrap_or((&upper, ""));
        let (digits, forward) = match digits.strip_suffix(['f', 'F']) {
            Some(digits) => (digits, true),
            None => (digits, name == "ONEAR"),
        };
        match name {
            "NEAR" | "ONEAR" if digits.is_empty() => {
                // Meltwater's own distance where none is given.
                Some(((self == Self::Meltwater).then_some(4), forward))
            }
            "NEAR" | "ONEAR" => digits.parse().ok().map(|words| (Some(words), forward)),
            "SENTENCE" | "PARAGRAPH" if self == Self::Talkwalker => Some((None, false)),
            _ => None,
        }
    }
}

/// One field of another tool with its value.
pub(super) fn carry(dialect: Dialect, name: &str, value: &str) -> Carried {
    let value = value.trim();
    if value.is_empty() || value.contains('"') {
        return Carried::Nothing;
    }
    if dialect == Dialect::X {
        return carry_x(name, value);
    }
    let name = name.to_ascii_lowercase();
    let name = name.rsplit('.').next().unwrap_or_default();
    let query = |text: String| Carried::Query(text);
    match name {
        "title" | "message" | "content" | "text" | "body" | "ingress" | "headline" | "subject"
        | "openingtext" | "exacttitle" => Carried::Text(value.to_owned()),
        "raw" | "exactmessage" => query(format!("raw:\"{value}\"")),
        "author" | "from" | "authorname" | "username" | "screenname" => {
            query(format!("author:\"{}\"", value.trim_start_matches('@')))
        }
        "site" | "domain" | "domainurl" | "host" | "sourceurl" => site(value),
        "url" | "posturl" => query(format!("url:\"{value}\"")),
        "lang" | "language" => language(value),
        "hashtag" | "hashtags" if is_word(value) => {
            query(format!("\"#{}\"", value.trim_start_matches('#')))
        }
        "at_mentions" | "mention" | "mentions" | "mentioned" if is_word(value) => {
            query(format!("\"@{}\"", value.trim_start_matches('@')))
        }
        "followers" | "authorfollowers" | "followers_count" => followers(value),
        "engagementtype" | "posttype" | "messagetype" => kind(value),
        _ => Carried::Nothing,
    }
}

fn carry_x(name: &str, value: &str) -> Carried {
    Carried::Query(match name {
        "from" => format!("author:\"{value}\""),
        "to" => format!("(\"@{value}\" kind:reply)"),
        "url" => format!("url:\"{value}\""),
        "lang" => return language(value),
        "conversation_id" => format!("thread:\"{value}\""),
        "in_reply_to_tweet_id" | "in_reply_to_status_id" => format!("in-reply-to:\"{value}\""),
        // A number there means at least so many.
        "followers_count" if value.contains("..") => format!("followers:{value}"),
        "followers_count" => format!("followers:>={value}"),
        "is" => return kind(value),
        _ => return Carried::Nothing,
    })
}

fn is_word(value: &str) -> bool {
    !value.contains(char::is_whitespace)
}

/// A host, or an address with a path.
fn site(value: &str) -> Carried {
    let rest = value.split_once("://").map_or(value, |(_, rest)| rest);
    let rest = rest.strip_prefix("www.").unwrap_or(rest).trim_end_matches('/');
    Carried::Query(if rest.contains('/') {
        format!("url:\"{rest}\"")
    } else {
        format!("site:\"{rest}\"")
    })
}

fn language(value: &str) -> Carried {
    const NAMES: [(&str, &str); 12] = [
        ("english", "en"),
        ("german", "de"),
        ("french", "fr"),
        ("spanish", "es"),
        ("italian", "it"),
        ("dutch", "nl"),
        ("portuguese", "pt"),
        ("polish", "pl"),
        ("turkish", "tr"),
        ("japanese", "ja"),
        ("korean", "ko"),
        ("arabic", "ar"),
    ];
    let lower = value.to_ascii_lowercase();
    let known = NAMES.iter().find(|(name, _)| *name == lower);
    let code = known.map_or(lower.as_str(), |(_, code)| code);
    let is_code =
        (2..=3).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphabetic());
    if is_code { Carried::Query(format!("lang:{code}")) } else { Carried::Nothing }
}

/// `1000`, `>1000`, `1000..5000` or `1000 TO 5000`.
fn followers(value: &str) -> Carried {
    let range =
        value.replace(" TO ", "..").replace(" to ", "..").replace("..*", "").replace(' ', "");
    let is_number = range.bytes().all(|byte| byte.is_ascii_digit());
    let least = !range.contains("..") && value.contains('*');
    Carried::Query(match range.as_str() {
        range if least && is_number => format!("followers:>={range}"),
        range => format!("followers:{range}"),
    })
}

fn kind(value: &str) -> Carried {
    let kind = match value.to_ascii_lowercase().as_str() {
        "reply" | "replies" => "reply",
        "retweet" | "repost" | "share" => "repost",
        "quote" => "quote",
        "comment" => "comment",
        _ => return Carried::Nothing,
    };
    Carried::Query(format!("kind:{kind}"))
}

#[cfg(test)]
mod tests {
    use super::Dialect::{Brandwatch, Meltwater, Sprinklr, Talkwalker, X};
    use crate::mention::import;

    #[test]
    fn queries_of_other_tools_read_as_ours() {
        let rows = [
            (X, "cat dog", "cat AND dog", ""),
            (X, "cat OR dog bird", "cat OR dog AND bird", ""),
            (X, "#a @b -\"free trip\"", "#a AND @b AND NOT \"free trip\"~0", ""),
            (X, "acme from:nasa", "acme AND author:nasa", ""),
            (X, "to:acme help", "@acme AND kind:reply AND help", ""),
            (X, "acme (is:reply OR is:verified)", "acme AND kind:reply", "is:verified"),
            (X, "acme -has:links lang:de", "acme AND lang:de", "has:links"),
            (X, "acme followers_count:500", "acme AND followers:>=500", ""),
            (X, "acme place:\"new york\"", "acme", "place:\"new york\""),
            (X, "acme geo:[1.5 2.5 16km] x", "acme AND x", "geo:[1.5 2.5 16km]"),
            (X, "\"sea food\"~4 OR \"pie\"~2", "\"sea food\"~4 OR pie", ""),
            (X, "acme near f*n", "acme AND near AND raw:\"f*n\"", ""),
            (Brandwatch, "a NEAR/3f (b OR \"c d\")", "a NEAR/3f (b OR \"c d\")", ""),
            (Brandwatch, "\"a b\"~6 NOT raw:US", "a NEAR/6 b AND NOT raw:US", ""),
            (Brandwatch, "(a AND (b OR c))~5", "a NEAR/5 (b OR c)", ""),
            (Brandwatch, "title:(a OR b) country:uk", "a OR b", "title: country:uk"),
            (Brandwatch, "a site:www.x.com", "a AND site:x.com", ""),
            (Brandwatch, "a site:x.com/news", "a AND url:x.com/news", ""),
            (Brandwatch, "a author:(b OR c)", "a AND (author:b OR author:c)", ""),
            (Brandwatch, "a engagementType:RETWEET", "a AND kind:repost", ""),
            (Brandwatch, "a authorFollowers:[9 TO 99]", "a AND followers:9..99", ""),
            (Brandwatch, "(a AND b) NEAR/4 c", "a AND b AND c", "NEAR/4"),
            (Brandwatch, "hashtags:a at_mentions:b", "#a AND @b", ""),
            (Brandwatch, "<<<our brand>>> a NOT {AcMe}", "a AND NOT raw:AcMe", ""),
            (Talkwalker, "a AND NOT b -site:”c.de”", "a AND NOT b AND NOT site:c.de", ""),
            (Talkwalker, "a SENTENCE b lang:de", "a AND b AND lang:de", "SENTENCE"),
            (Talkwalker, "a ONEAR/2 b sourcecountry:de", "a NEAR/2f b", "sourcecountry:de"),
            (Sprinklr, "message: (\"a b\" AND c)", "\"a b\" AND c", "message:"),
            (Sprinklr, "a author: \"b c\" language: en", "a AND author:\"b c\" AND lang:en", ""),
            (Sprinklr, "exactMessage:\"AcMe\"", "raw:AcMe", ""),
            (Meltwater, "a and (b or c) not \"d e*\"", "a AND (b OR c) AND NOT \"d e*\"", ""),
            (Meltwater, "a near b ONEAR/9 c", "a NEAR/4 b NEAR/9f c", ""),
            (Meltwater, "{AcMe} not near/5 b", "raw:AcMe AND NOT b", "near/5"),
            (Meltwater, "ingress:a atleast3 b", "a AND b", "ingress: atleast3"),
        ];
        for (dialect, rule, query, lost) in rows {
            let imported = import(dialect, rule).expect(rule);
            assert_eq!((&*imported.query, &*imported.lost.join(" ")), (query, lost), "{rule}");
        }
        let faults = [("has:media", 0), ("a -\"b", 3), ("(a", 0), ("a) b", 1), ("from:a", 0)];
        for (rule, at) in faults {
            assert_eq!(import(X, rule).map_err(|error| error.at), Err(at), "{rule}");
        }
    }
}
