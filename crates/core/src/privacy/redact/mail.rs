//! Where do e-mail addresses and handles stand? What lies around each `@`.

use super::{Personal, Piece};

/// Longest name before an `@`, and longest host behind it, in bytes: what mail allows.
const LOCAL_BYTES_MAX: usize = 64;
const HOST_BYTES_MAX: usize = 253;
/// Longest handle in bytes, without a server.
const NAME_BYTES_MAX: usize = 64;
/// How people write the sign so that machines do not see it.
const SIGNS: [&str; 9] =
    ["(at)", "[at]", "{at}", "(@)", "[@]", "&#64;", "&commat;", "＠", "\\u0040"];
const DOTS: [&str; 8] = ["(dot)", "[dot]", "{dot}", "(punkt)", "[punkt]", "{punkt}", "(.)", "[.]"];

/// Appends e-mail addresses and handles, perhaps overlapping.
pub(super) fn find(text: &str, found: &mut Vec<Piece>) {
    let bytes = text.as_bytes();
    for at in memchr::memchr_iter(b'@', bytes) {
        match mail(text, at, at + 1, Spaces::None) {
            Some(piece) => found.push(piece),
            None => found.extend(handle(text, at)),
        }
    }
    for at in memchr::memchr3_iter(b'(', b'[', b'{', bytes) {
        hidden(text, at, found);
    }
    for at in memchr::memchr3_iter(b'&', 0xEF, b'\\', bytes) {
        hidden(text, at, found);
    }
}

/// An address whose sign is written in another way.
fn hidden(text: &str, at: usize, found: &mut Vec<Piece>) {
    if let Some(sign) = SIGNS.iter().find(|sign| starts(text, at, sign)) {
        found.extend(mail(text, at, at + sign.len(), Spaces::One));
    }
}

/// Whether spaces may stand around the sign.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spaces {
    None,
    One,
}

/// An e-mail address whose sign lies between two places.
fn mail(text: &str, sign: usize, behind: usize, spaces: Spaces) -> Option<Piece> {
    let (mut end_of_local, mut host) = (sign, behind);
    if spaces == Spaces::One {
        end_of_local = text.get(..sign)?.trim_end_matches(' ').len().max(sign.checked_sub(1)?);
        host += usize::from(text.as_bytes().get(host) == Some(&b' '));
    }
    let local = run_before(text, end_of_local, LOCAL_BYTES_MAX, is_local);
    let local = local.trim_start_matches(|c: char| !c.is_alphanumeric());
    let (start, length) = (end_of_local - local.len(), host_len(text, host)?);
    // `@name@server.tld` is a handle.
    if local.is_empty() || text.get(..start)?.ends_with('@') {
        return None;
    }
    Some(Piece { start, end: host + length, kind: Personal::Email })
}

/// The length of the host at a place: labels with full stops between them, the last one of letters.
fn host_len(text: &str, from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    let (mut at, mut label, mut last) = (0, 0, None);
    while at < HOST_BYTES_MAX {
        let tail = rest.get(at..)?;
        let c = tail.chars().next();
        if let Some(c) = c.filter(|c| c.is_alphanumeric() || *c == '-') {
            at += c.len_utf8();
            continue;
        }
        let own = rest.get(label..at)?;
        if is_top(own) && label > 0 {
            last = Some(at);
        }
        let dot = match c {
            Some('.') => Some(1),
            Some('(' | '[' | '{' | ' ') => hidden_dot(tail),
            _ => None,
        };
        match dot.filter(|_| !own.is_empty()) {
            Some(length) => {
                at += length;
                label = at;
            }
            None => break,
        }
    }
    last
}

/// The length of a full stop in other words, with the spaces around it.
fn hidden_dot(tail: &str) -> Option<usize> {
    let lead = usize::from(tail.starts_with(' '));
    let dot = DOTS.iter().find(|dot| starts(tail, lead, dot))?;
    let end = lead + dot.len();
    Some(end + usize::from(tail.as_bytes().get(end) == Some(&b' ')))
}

fn is_top(label: &str) -> bool {
    label.chars().count() >= 2 && label.chars().all(char::is_alphabetic)
}

/// A name behind an `@` at a place, with its server if one is named; the sign is not part of it.
fn handle(text: &str, at: usize) -> Option<Piece> {
    let before = text.get(..at)?.chars().next_back();
    if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '@')) {
        return None;
    }
    let start = at + 1;
    let name = run_behind(text, start, NAME_BYTES_MAX, |c| is_local(c) && !matches!(c, '%' | '+'));
    let name = name.trim_end_matches(['.', '-']);
    if !name.chars().any(char::is_alphabetic) {
        return None;
    }
    let end = start + name.len();
    let server = text.get(end..).filter(|rest| rest.starts_with('@'));
    let server = server.and_then(|_| host_len(text, end + 1)).map_or(0, |length| length + 1);
    Some(Piece { start, end: end + server, kind: Personal::Handle })
}

fn is_local(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '%' | '+')
}

/// The run of fitting characters that ends at a place; empty where it is longer than so many bytes.
fn run_before(text: &str, end: usize, most: usize, fits: fn(char) -> bool) -> &str {
    let from = text.floor_char_boundary(end.saturating_sub(most + 4));
    let window = text.get(from..end).unwrap_or_default();
    let run = window.len() - window.trim_end_matches(fits).len();
    if run > most { "" } else { window.get(window.len() - run..).unwrap_or_default() }
}

/// The run of fitting characters that begins at a place; empty where it is longer than so many bytes.
fn run_behind(text: &str, start: usize, most: usize, fits: fn(char) -> bool) -> &str {
    let to = text.ceil_char_boundary((start + most + 4).min(text.len()));
    let window = text.get(start..to).unwrap_or_default();
    let run = window.len() - window.trim_start_matches(fits).len();
    if run > most { "" } else { window.get(..run).unwrap_or_default() }
}

/// Whether a part stands at a place, in whatever case.
fn starts(text: &str, at: usize, part: &str) -> bool {
    let found = text.as_bytes().get(at..at + part.len());
    found.is_some_and(|found| found.eq_ignore_ascii_case(part.as_bytes()))
}
