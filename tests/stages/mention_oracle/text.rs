//! How does the oracle read a text? By a table of tokens, cluster by cluster, one character at a
//! time; slow and plain, sharing nothing with the crate.

/// What a token does to its neighbors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Begins a cluster.
    Base,
    /// Begins a cluster that is a picture: a joiner after it stands on its own.
    Picture,
    /// Belongs to the cluster before it.
    Mark,
    /// Belongs to the cluster before it, and nothing is seen of it.
    Hidden,
    Joiner,
    /// Belongs to the cluster before it, is no letter, and ends the word.
    Seal,
    /// Begins a cluster; the word before it may end there.
    Raised,
}

/// As written, as folded with umlauts as they are, as folded for searching.
const TOKENS: [(&str, &str, &str, Role); 53] = [
    ("a", "a", "a", Role::Base),
    ("b", "b", "b", Role::Base),
    ("s", "s", "s", Role::Base),
    ("e", "e", "e", Role::Base),
    ("u", "u", "u", Role::Base),
    ("A", "a", "a", Role::Base),
    ("B", "b", "b", Role::Base),
    (" ", " ", " ", Role::Base),
    (" ", " ", " ", Role::Base),
    (" ", " ", " ", Role::Base),
    (" ", " ", " ", Role::Base),
    ("ä", "ä", "ae", Role::Base),
    ("Ä", "ä", "ae", Role::Base),
    ("a\u{308}", "ä", "ae", Role::Base),
    ("U\u{200B}\u{308}", "ü", "ue", Role::Base),
    ("ß", "ß", "ss", Role::Base),
    ("ẞ", "ß", "ss", Role::Base),
    ("é", "e", "e", Role::Base),
    ("e\u{301}", "e", "e", Role::Base),
    ("ａ", "a", "a", Role::Base),
    ("\u{A0}", " ", " ", Role::Base),
    ("\n", " ", " ", Role::Base),
    ("#", "#", "#", Role::Base),
    ("@", "@", "@", Role::Base),
    (",", ",", ",", Role::Base),
    (".", ".", ".", Role::Base),
    ("'", "'", "'", Role::Base),
    ("’", "'", "'", Role::Base),
    ("-", "-", "-", Role::Base),
    ("_", "_", "_", Role::Base),
    ("1", "1", "1", Role::Base),
    ("&", "&", "&", Role::Base),
    ("東", "東", "東", Role::Base),
    ("*", "*", "*", Role::Base),
    ("?", "?", "?", Role::Base),
    ("👍", "👍", "👍", Role::Picture),
    ("👨", "👨", "👨", Role::Picture),
    ("🏽", "🏽", "🏽", Role::Picture),
    ("❤\u{FE0F}", "❤", "❤", Role::Picture),
    ("❤", "❤", "❤", Role::Picture),
    ("🇩", "🇩", "🇩", Role::Picture),
    ("🇪", "🇪", "🇪", Role::Picture),
    ("\u{200D}", "\u{200D}", "\u{200D}", Role::Joiner),
    ("\u{200B}", "", "", Role::Hidden),
    ("\u{20E3}", "\u{20E3}", "\u{20E3}", Role::Mark),
    ("™", "", "", Role::Seal),
    ("²", "2", "2", Role::Raised),
    ("&#38;", "&", "&", Role::Base),
    ("–", "-", "-", Role::Base),
    ("İ", "i", "i", Role::Base),
    ("abe", "abe", "abe", Role::Base),
    ("bas", "bas", "bas", Role::Base),
    ("n", "n", "n", Role::Base),
];

pub(crate) const TOKENS_LEN: usize = TOKENS.len();

pub(crate) fn written(tokens: &[usize]) -> String {
    tokens.iter().map(|&token| TOKENS[token].0).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    Search,
    Letters,
}

/// A folded text: characters, and for each the bytes of its cluster in the original.
#[derive(Debug, Default, Clone)]
pub(crate) struct Text {
    pub(crate) chars: Vec<char>,
    pub(crate) clusters: Vec<(usize, usize)>,
    /// Places where a word ends although letters go on.
    seams: Vec<usize>,
}

pub(crate) fn is_picture(c: char) -> bool {
    matches!(c, '👍' | '👨' | '🏽' | '❤' | '🇩' | '🇪')
}

pub(crate) fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | 'ä' | 'ü' | 'ß' | '東' | '\u{20E3}')
}

fn goes_on(left: char, right: char) -> bool {
    is_word(left) && is_word(right) && left != '東' && right != '東'
}

pub(crate) fn read(tokens: &[usize], reading: Reading) -> Text {
    let mut text = read_term(tokens, reading);
    part_edges(&mut text.chars, is_word);
    text
}

/// As a text, but for underscores at the edges of words.
pub(crate) fn read_term(tokens: &[usize], reading: Reading) -> Text {
    let tokens: Vec<usize> = tokens.iter().flat_map(|&token| spelled(token)).collect();
    let mut text = Text::default();
    let mut byte = 0;
    let mut next = 0;
    let mut parted = false;
    while next < tokens.len() {
        let (source, letters, search, role) = TOKENS[tokens[next]];
        next += 1;
        let start = byte;
        byte += source.len();
        if role == Role::Seal {
            continue;
        }
        if role == Role::Raised && !parted && text.chars.last() != Some(&'2') {
            text.seams.push(text.chars.len());
        }
        let mut end = byte;
        let (mut marks, mut sealed) = (0, false);
        while next < tokens.len() {
            let (source, .., other) = TOKENS[tokens[next]];
            let joins = other == Role::Joiner && !matches!(role, Role::Picture | Role::Joiner);
            match other {
                Role::Mark => marks += 1,
                Role::Hidden => {}
                Role::Joiner if joins => {}
                Role::Seal => sealed = true,
                _ => break,
            }
            byte += source.len();
            next += 1;
            if matches!(other, Role::Mark | Role::Seal) {
                end = byte;
            }
        }
        let folded = if reading == Reading::Search { search } else { letters };
        let after = tokens.get(next).map(|&token| TOKENS[token].3);
        let before = text.chars.last().copied();
        let shown = match role {
            Role::Joiner => after == Some(Role::Picture) && before.is_some_and(is_picture),
            _ => true,
        };
        let space = folded == " " && before.is_none_or(|last| last == ' ');
        let own = if shown && !space { folded } else { "" };
        let own: Vec<char> = own.chars().chain(std::iter::repeat_n('\u{20E3}', marks)).collect();
        if let (Some(&last), Some(&first)) = (text.chars.last(), own.first()) {
            let goes_on = parted && goes_on(last, first);
            text.chars.extend(goes_on.then_some('·'));
            text.clusters.extend(goes_on.then_some((start, end)));
        }
        parted &= !shown;
        for c in own {
            text.chars.push(c);
            text.clusters.push((start, end));
        }
        parted |= sealed;
    }
    text
}

/// Makes hyphens of underscores at an edge of a word.
pub(crate) fn part_edges(chars: &mut [char], is_word: fn(char) -> bool) {
    let own = chars.to_vec();
    for at in (0..own.len()).filter(|&at| own[at] == '_') {
        let before = own[..at].iter().rev().find(|&&c| c != '_');
        let after = own[at..].iter().find(|&&c| c != '_');
        if !(before.is_some_and(|&c| is_word(c)) && after.is_some_and(|&c| is_word(c))) {
            chars[at] = '-';
        }
    }
}

/// A token of several letters as tokens of one.
fn spelled(token: usize) -> Vec<usize> {
    let letters = TOKENS[token].0;
    if letters.len() == 1 || !letters.is_ascii() || letters.starts_with('&') {
        return vec![token];
    }
    let find = |letter: char| TOKENS.iter().position(|token| token.0.chars().eq([letter]));
    letters.chars().filter_map(find).collect()
}

impl Text {
    /// Whether a word or picture goes on across the place.
    pub(crate) fn inside(&self, at: usize) -> bool {
        if at == 0 || at >= self.chars.len() || self.seams.contains(&at) {
            return false;
        }
        let (left, right) = (self.chars[at - 1], self.chars[at]);
        let flag = |c: &&char| matches!(**c, '🇩' | '🇪');
        if flag(&&left) && flag(&&right) {
            return self.chars[..at].iter().rev().take_while(flag).count() % 2 == 1;
        }
        goes_on(left, right) || left == '\u{200D}' || right == '\u{200D}' || right == '\u{20E3}'
    }

    /// How many words begin in a range.
    pub(crate) fn words(&self, start: usize, end: usize) -> usize {
        (start..end).filter(|&at| self.begins_word(at)).count()
    }

    fn begins_word(&self, at: usize) -> bool {
        let c = self.chars[at];
        if !(is_word(c) || (is_picture(c) && c != '🏽')) || self.inside(at) {
            return false;
        }
        !(at >= 2 && matches!(self.chars[at - 1], '\'' | '.') && goes_on(self.chars[at - 2], c))
    }

    /// Where the cluster that gave the character at `at` begins and ends among the characters.
    pub(crate) fn unit(&self, at: usize) -> (usize, usize) {
        let own = self.clusters[at];
        let start = (0..=at).rev().take_while(|&i| self.clusters[i] == own).last().unwrap_or(at);
        let len = self.clusters[at..].iter().take_while(|&&other| other == own).count();
        (start, at + len)
    }
}
