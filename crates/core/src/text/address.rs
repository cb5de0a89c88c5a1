//! Where in a text stand addresses: links, hosts and e-mail addresses?
//!
//! An address begins at a scheme (`https://`), at `www.`, at a host with a path or with three
//! labels or more (`shop.example.com`), or at the name before an `@host.tld`. It ends at white
//! space, at an unpaired bracket or at a quote; marks at its end belong to the text around it. What
//! stands before it without a space, as in `Terrible:https://..`, is text. `Booking.com` alone
//! is told apart: people write so of the brand. `@acme.example.com` is a handle. Linear in the text.

use super::boundary::{is_emoji, is_unspaced};

/// What an address looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddressForm {
    /// Something to follow: with a scheme, `www.`, a path, or a host of three labels.
    Link,
    /// An e-mail address.
    Mail,
    /// A host of two labels and nothing else, which may as well be a name: Booking.com.
    Name,
}

/// An address in a text, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) form: AddressForm,
}

/// Last labels that make a host of two words with a full stop between them. Countries whose code is
/// an English or German word are left out: people forget the space behind a full stop.
const HOST_ENDS: [&str; 62] = [
    "com", "org", "net", "edu", "gov", "mil", "int", "info", "biz", "io", "ai", "app", "dev", "de",
    "ch", "eu", "uk", "fr", "es", "nl", "pl", "cz", "dk", "fi", "gr", "hu", "pt", "ru", "ro", "sk",
    "bg", "hr", "lt", "lv", "ee", "ie", "ua", "tr", "il", "jp", "cn", "kr", "tw", "hk", "sg", "nz",
    "ca", "br", "mx", "ar", "za", "co", "tv", "cc", "fm", "blog", "shop", "online", "xyz",
    "example", "news", "local",
];
/// Those that need a path behind them, since they are words or common ends of sentences.
const PATH_ENDS: [&str; 21] = [
    "at", "be", "it", "is", "in", "me", "my", "to", "so", "us", "no", "se", "gl", "gg", "ly", "li",
    "au", "link", "page", "site", "social",
];
/// Labels that belong to the end before a country: `amazon.co.uk` has two labels.
const INNER_ENDS: [&str; 8] = ["co", "com", "org", "net", "ac", "gov", "edu", "or"];
const SCHEMES: [&str; 4] = ["https", "http", "ftps", "ftp"];

/// Appends the addresses of a text in order; they do not overlap.
pub(crate) fn addresses(text: &str, found: &mut Vec<Address>) {
    let bytes = text.as_bytes();
    // Parameters alone are rare: only they need a look at each question mark.
    let marked = memchr::memchr(b'=', bytes).is_some();
    let mut done = 0;
    let mut at = 0;
    while let Some(ahead) = next_mark(bytes.get(at..).unwrap_or_default(), marked) {
        at += ahead;
        if !may_be_inside(bytes, at) {
            at += 1;
            continue;
        }
        let address = match bytes.get(at) {
            Some(b':') => schemed(text, done, at),
            Some(b'?') => parameters(text, done, at),
            _ => hosted(text, done, at),
        };
        match address {
            Seen::Address(address) => {
                found.push(address);
                done = address.end;
                at = address.end;
            }
            Seen::Until(end) => {
                done = end.max(done);
                at = end.max(at + 1);
            }
            Seen::Nothing => at += 1,
        }
    }
}

/// The next byte that an address may have.
fn next_mark(bytes: &[u8], marked: bool) -> Option<usize> {
    if marked {
        return bytes.iter().position(|byte| matches!(byte, b'.' | b':' | b'@' | b'?'));
    }
    memchr::memchr3(b'.', b':', b'@', bytes)
}

/// Whether a mark stands as in an address: most full stops end a sentence.
fn may_be_inside(bytes: &[u8], at: usize) -> bool {
    let next = bytes.get(at + 1);
    match bytes.get(at) {
        Some(b':') => next == Some(&b'/'),
        Some(b'.' | b'@') => next.is_some_and(|&byte| byte.is_ascii_alphanumeric() || byte >= 0x80),
        _ => true,
    }
}

/// What was seen at a mark.
enum Seen {
    Address(Address),
    /// No address, nor any that begins before this place.
    Until(usize),
    Nothing,
}

/// A link at the `:` of its scheme.
fn schemed(text: &str, done: usize, colon: usize) -> Seen {
    let after = text.get(colon..).unwrap_or_default();
    let Some(rest) = after.strip_prefix("://") else { return Seen::Nothing };
    if !rest.chars().next().is_some_and(is_inner) {
        return Seen::Nothing;
    }
    let before = text.get(done..colon).unwrap_or_default();
    let letters = before.len() - before.trim_end_matches(|c: char| c.is_ascii_alphanumeric()).len();
    let scheme = before.get(before.len() - letters..).unwrap_or_default();
    let known = SCHEMES.iter().find(|known| ends_with(scheme, known));
    let start = colon - known.map_or(letters, |known| known.len());
    if start == colon {
        return Seen::Nothing;
    }
    let end = link_end(text, colon + "://".len());
    Seen::Address(Address { start, end, form: AddressForm::Link })
}

/// The rest of a link that begins a chunk, as `?target=1`.
fn parameters(text: &str, done: usize, mark: usize) -> Seen {
    let before = text.get(done..mark).unwrap_or_default();
    if before.chars().next_back().is_some_and(|c| !c.is_whitespace()) {
        return Seen::Nothing;
    }
    let rest = text.get(mark + 1..).unwrap_or_default();
    let name = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric()).len();
    let value = rest.get(name..).and_then(|rest| rest.strip_prefix('='));
    if name == 0 || !value.and_then(|value| value.chars().next()).is_some_and(is_inner) {
        return Seen::Nothing;
    }
    Seen::Address(Address { start: mark, end: link_end(text, mark + 1), form: AddressForm::Link })
}

/// A host or an e-mail address, from a `.` or an `@` in it.
fn hosted(text: &str, done: usize, mark: usize) -> Seen {
    let before = text.get(done..mark).unwrap_or_default();
    let start = mark - (before.len() - before.trim_end_matches(is_run).len());
    let rest = text.get(mark..).unwrap_or_default();
    let own = rest.strip_prefix('@').unwrap_or(rest);
    let end = text.len() - own.trim_start_matches(is_run).len();
    let until = if rest.starts_with('@') { mark } else { end };
    let run = text.get(start..until).unwrap_or_default();
    let sign = text.get(..start).and_then(|before| before.chars().next_back());
    let follows = text.get(until..).unwrap_or_default();
    if follows.starts_with('@') {
        let local = run.trim_start_matches(|c: char| !c.is_alphanumeric());
        let host = text.get(until + 1..).unwrap_or_default();
        let host = host.get(..host.len() - host.trim_start_matches(is_run).len());
        let host = host.unwrap_or_default().trim_end_matches(|c: char| !c.is_alphanumeric());
        let named = matches!(sign, Some('@'));
        if !named && !local.is_empty() && is_host(host) {
            let address = Address {
                start: until - local.len(),
                end: until + 1 + host.len(),
                form: AddressForm::Mail,
            };
            return Seen::Address(address);
        }
        return Seen::Until(until + 1);
    }
    if sign == Some('@') {
        return Seen::Until(until);
    }
    match host_in(run, follows) {
        Some((offset, host, form)) => {
            let start = start + offset;
            let end = match form {
                AddressForm::Link => link_end(text, start + host),
                _ => start + host,
            };
            Seen::Address(Address { start, end, form })
        }
        None => Seen::Until(until),
    }
}

/// The host in a run of letters, digits and `.-_%+`: its place, length and form.
fn host_in(run: &str, follows: &str) -> Option<(usize, usize, AddressForm)> {
    // After what is no part of a host, and after two full stops, a host may begin.
    let broken = run.rfind(['_', '%', '+']).map_or(0, |at| at + 1);
    let tail = run.get(broken..)?;
    let trimmed = tail.trim_end_matches(['.', '-']);
    let dots = trimmed.rfind("..").map_or(0, |at| at + 2);
    let host = trimmed.get(dots..)?;
    let lead = host.len() - host.trim_start_matches(['.', '-']).len();
    let host = host.get(lead..)?;
    let start = broken + dots + lead;
    let behind = host_parts(host)?;
    if let Some(at) = find_www(host) {
        return Some((start + at, host.len() - at, AddressForm::Link));
    }
    // What was cut off at the end of the run stands between the host and what follows.
    let path = trimmed.len() == tail.len() && begins_path(follows);
    let Host { labels, last, first_is_lower } = behind;
    let known = HOST_ENDS.contains(&last.as_str());
    if path && (known || PATH_ENDS.contains(&last.as_str())) {
        return Some((start, host.len(), AddressForm::Link));
    }
    if !known || !first_is_lower {
        return None;
    }
    let form = if labels > 2 { AddressForm::Link } else { AddressForm::Name };
    Some((start, host.len(), form))
}

/// What is asked of a host's labels.
struct Host {
    /// How many, with what belongs to the end before a country counted as part of it.
    labels: usize,
    /// The last, in small letters.
    last: String,
    /// Whether the last one begins with a small letter, unless all are capitals: in `end.De facto` a
    /// sentence begins.
    first_is_lower: bool,
}

fn host_parts(host: &str) -> Option<Host> {
    let (rest, last) = host.rsplit_once('.')?;
    if last.len() < 2 || !last.chars().all(char::is_alphabetic) || rest.is_empty() {
        return None;
    }
    let well = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
    if !rest.split('.').all(well) {
        return None;
    }
    let mut labels = rest.split('.').count() + 1;
    let inner = rest.rsplit('.').next().unwrap_or_default();
    if labels > 2 && last.len() == 2 && INNER_ENDS.iter().any(|end| end.eq_ignore_ascii_case(inner))
    {
        labels -= 1;
    }
    let shouts = !host.chars().any(char::is_lowercase);
    let first_is_lower = shouts || last.starts_with(char::is_lowercase);
    Some(Host { labels, last: last.to_lowercase(), first_is_lower })
}

/// Where `www.` begins in a host, at the start of one of its labels.
fn find_www(host: &str) -> Option<usize> {
    let begins = |at: &usize| {
        let label = host.get(*at..).unwrap_or_default();
        label.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("www.")) && label.len() > 4
    };
    std::iter::once(0).chain(host.match_indices('.').map(|(at, _)| at + 1)).find(begins)
}

fn is_host(host: &str) -> bool {
    let ends = host.rsplit_once('.').is_some_and(|(rest, last)| {
        !rest.is_empty() && last.chars().count() > 1 && last.chars().all(char::is_alphabetic)
    });
    ends && !host.starts_with(['.', '-'])
}

/// Whether a path, a port, parameters or a fragment follow a host.
fn begins_path(follows: &str) -> bool {
    let mut chars = follows.chars();
    let (mark, next) = (chars.next(), chars.next());
    match mark {
        Some('/') => true,
        Some('?' | '#') => next.is_some_and(is_run),
        Some(':') => next.is_some_and(|c| c.is_ascii_digit()),
        _ => false,
    }
}

/// Where a link ends that goes on at `from`.
fn link_end(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    let mut open = 0u32;
    let inside = |&(_, c): &(usize, char)| {
        match c {
            '(' => open += 1,
            ')' if open > 0 => open -= 1,
            c => return is_inner(c),
        }
        true
    };
    let len = rest.char_indices().take_while(inside).last().map_or(0, |(at, c)| at + c.len_utf8());
    let link = rest.get(..len).unwrap_or_default();
    let link = link.trim_end_matches(|c: char| {
        matches!(c, '.' | ',' | ':' | ';' | '!' | '?' | '…' | '*' | '_' | '~' | '\'' | '’' | '(')
    });
    from + link.len()
}

/// What may stand within a link.
fn is_inner(c: char) -> bool {
    if c.is_ascii() {
        return c > ' '
            && !matches!(
                c,
                '"' | '<' | '>' | '`' | '{' | '}' | '[' | ']' | '(' | ')' | '|' | '\u{7F}'
            );
    }
    !(c.is_whitespace()
        || is_emoji(c)
        || matches!(
            c,
            '“' | '”' | '„' | '«' | '»' | '‹' | '›' | '…' | '\u{3000}'
                ..='\u{303F}' | '！' | '？' | '，' | '；' | '：' | '（' | '）' | '｢' | '｣'
        ))
}

/// What a host and the name before an `@` are made of.
fn is_run(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '%' | '+');
    }
    c.is_alphanumeric() && !is_unspaced(c)
}

fn ends_with(text: &str, end: &str) -> bool {
    let start = text.len().checked_sub(end.len());
    start.and_then(|at| text.get(at..)).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text with links in `[ ]`, e-mail addresses in `{ }` and names in `< >`.
    fn shown(text: &str) -> String {
        let (mut found, mut shown, mut at) = (Vec::new(), String::new(), 0);
        addresses(text, &mut found);
        for address in found {
            let part = |start, end| text.get(start..end).expect("addresses lie on char boundaries");
            let (open, close) = match address.form {
                AddressForm::Link => ('[', ']'),
                AddressForm::Mail => ('{', '}'),
                AddressForm::Name => ('<', '>'),
            };
            let own = part(address.start, address.end);
            shown.push_str(&format!("{}{open}{own}{close}", part(at, address.start)));
            at = address.end;
        }
        shown + text.get(at..).unwrap_or_default()
    }

    #[test]
    fn addresses_begin_and_end_where_readers_see_it() {
        let rows = [
            ("see https://t.co/a-b, ok", "see [https://t.co/a-b], ok"),
            ("Bad!http://x.y/z bad", "Bad![http://x.y/z] bad"),
            ("Fazit:https://x.y", "Fazit:[https://x.y]"),
            ("brokenHTTPS://x.y/z.", "broken[HTTPS://x.y/z]."),
            ("(bad)https://x.y/(z)) ok", "(bad)[https://x.y/(z)]) ok"),
            ("https://x.y/z\u{A0}bad", "[https://x.y/z]\u{A0}bad"),
            ("\"https://x.y/z\"bad", "\"[https://x.y/z]\"bad"),
            ("https://x.y/zß?a=1#b😡", "[https://x.y/zß?a=1#b]😡"),
            ("at://did:plc:x/y", "[at://did:plc:x/y]"),
            ("a :// b", "a :// b"),
            ("://x", "://x"),
            ("www.example.net is", "[www.example.net] is"),
            ("so...www.example.net", "so...[www.example.net]"),
            ("example.org/a?b=c.", "[example.org/a?b=c]."),
            ("youtu.be/Ab1 wow", "[youtu.be/Ab1] wow"),
            ("go to shop.example.org!", "go to [shop.example.org]!"),
            ("Booking.com is down", "<Booking.com> is down"),
            ("Amazon.co.uk's bad", "<Amazon.co.uk>'s bad"),
            ("BOOKING.COM", "<BOOKING.COM>"),
            ("ASP.NET and Node.js", "<ASP.NET> and Node.js"),
            (".NET 8.0 e.g. this", ".NET 8.0 e.g. this"),
            ("so sad.De facto over", "so sad.De facto over"),
            ("I hate it.So bad", "I hate it.So bad"),
            ("he.she/they", "he.she/they"),
            ("tim@example.com, ok", "{tim@example.com}, ok"),
            ("<tim.x+y@mail.example.com>", "<{tim.x+y@mail.example.com}>"),
            ("mailto:tim@example.com", "mailto:{tim@example.com}"),
            ("@acme.example.com hi", "@acme.example.com hi"),
            ("@acme@mastodon.example hi", "@acme@mastodon.example hi"),
            ("a@b", "a@b"),
            ("me @ example.com", "me @ <example.com>"),
            ("#test.com now", "#<test.com> now"),
            ("?target=_blank x", "[?target=_blank] x"),
            ("what?a=b", "what?a=b"),
            ("müller.de/x", "[müller.de/x]"),
            ("例example.com/x。", "例[example.com/x]。"),
        ];
        for (text, want) in rows {
            assert_eq!(shown(text), want, "{text}");
        }
    }

    #[test]
    fn addresses_take_linear_time() {
        for unit in ["a.", "a@", ".", "a:", "://a", "a_", "?a=", "www.", "a.com", "ß."] {
            let text = unit.repeat(65_536 / unit.len());
            let mut found = Vec::new();
            addresses(&text, &mut found);
            let ordered = found.windows(2).all(|pair| pair[0].end <= pair[1].start);
            assert!(ordered, "{unit}");
        }
    }
}
