//! Under which form are two spellings the same? Case, width, umlauts, spaces, invisible characters.
//!
//! Folding maps a text to the form in which patterns are compared: HTML entities decoded, Unicode
//! NFKC and lowercase, İ and ı as i, final sigma as sigma, all apostrophes as the straight one, all
//! hyphens and the short dash as the hyphen, runs of white space and control characters as one
//! space; zero-width and other default-ignorable characters vanish, except those that join emoji,
//! and so does the trade mark sign behind a word. In texts Latin letters lose their accents, in the form
//! for searching ä ö ü ß become ae oe ue ss as well; terms keep both, as written. Look-alikes of other scripts (Cyrillic а for Latin a) stay apart: telling a trick
//! from a name needs the whole word's script.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::boundary::{JOINER, is_emoji, is_flag_tag, is_ignorable, is_word_char};
use super::folded::{Folded, Form};
use super::letters::Letters;

/// Folds a term without spreading umlauts or marking words, and trims it: ä stays ä. `*` and `?` may
/// be wildcards.
///
/// Folding the outcome again changes nothing.
#[must_use]
pub fn fold_letters(term: &str) -> String {
    let mut folded = Folded::new(Form::Term);
    let mut text = term.to_owned();
    // A few rounds are enough: what one leaves uncomposed, the next composes.
    for _ in 0..4 {
        folded.fold_piece(&text);
        let next = String::from_utf8_lossy(folded.as_bytes()).trim().to_owned();
        if next == text {
            break;
        }
        text = next;
    }
    part_edges(&text)
}

/// Makes hyphens of underscores at an edge of a word, as in texts; a wildcard stands for letters.
fn part_edges(term: &str) -> String {
    let mut parted = String::with_capacity(term.len());
    let goes_on = |c: char| is_word_char(c) || matches!(c, '*' | '?');
    let mut rest = term;
    while let Some(at) = rest.find('_') {
        let (before, run) = rest.split_at(at);
        let after = run.trim_start_matches('_');
        let inner = before.chars().next_back().or(parted.chars().next_back()).is_some_and(goes_on)
            && after.chars().next().is_some_and(goes_on);
        parted.push_str(before);
        parted.push_str(&if inner { "_" } else { "-" }.repeat(run.len() - after.len()));
        rest = after;
    }
    parted + rest
}

/// Writes ä ö ü ß as ae oe ue ss, and other Latin letters without accents, in a term that
/// [`fold_letters`] gave.
#[must_use]
pub fn spread_umlauts(term: &str) -> String {
    let mut spread = String::with_capacity(term.len());
    for c in term.chars() {
        match spread_of(c) {
            Some(pair) => spread.push_str(pair),
            None => spread.push(without_accent(c)),
        }
    }
    spread
}

/// Writes Latin letters without accents in a term that [`fold_letters`] gave; ä stays ä.
pub(crate) fn without_accents(term: &str) -> String {
    term.chars().map(without_accent).collect()
}

pub(super) fn spread_of(c: char) -> Option<&'static str> {
    match c {
        'ä' => Some("ae"),
        'ö' => Some("oe"),
        'ü' => Some("ue"),
        'ß' => Some("ss"),
        _ => None,
    }
}

/// A small Latin letter without its accent: people write Citroën and Citroen. The umlauts ä ö ü are
/// letters of their own, and Vietnamese tones are left as they are.
pub(super) fn without_accent(c: char) -> char {
    match c {
        'à'..='ã' | 'å' | 'ā' | 'ă' | 'ą' | 'ǎ' => 'a',
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => 'c',
        'ď' | 'đ' => 'd',
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => 'e',
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => 'g',
        'ĥ' | 'ħ' => 'h',
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' => 'i',
        'ĵ' => 'j',
        'ķ' => 'k',
        'ĺ' | 'ļ' | 'ľ' | 'ł' => 'l',
        'ñ' | 'ń' | 'ņ' | 'ň' => 'n',
        'ò'..='õ' | 'ø' | 'ō' | 'ŏ' | 'ő' => 'o',
        'ŕ' | 'ŗ' | 'ř' => 'r',
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => 's',
        'ţ' | 'ť' | 'ŧ' | 'ț' => 't',
        'ù'..='û' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => 'u',
        'ŵ' => 'w',
        'ý' | 'ÿ' | 'ŷ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        c => c,
    }
}

/// What follows the first character of a cluster.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tail {
    /// Whether marks do, which are appended to the cluster.
    pub(super) marks: bool,
    /// Whether a trade mark or its like ends the word.
    pub(super) sealed: bool,
}

/// Takes the rest of the cluster that `first` begins: its marks, and what is invisible between.
pub(super) fn take_cluster(first: char, letters: &mut Letters<'_>, cluster: &mut String) -> Tail {
    let mut tail = Tail::default();
    while let Some((_, next)) = letters.next_if(|next| goes_on(first, next)) {
        if is_trade_mark(next) || is_claim(next) {
            tail.sealed = true;
        } else if !is_ignorable(next) {
            cluster.push(next);
            tail.marks = true;
        }
    }
    tail
}

/// End in bytes of the cluster that begins at `at`, without invisible characters that trail it.
pub(super) fn cluster_end(text: &str, at: usize) -> usize {
    let mut letters = Letters::new(text, at);
    let Some((_, first)) = letters.next() else { return text.len() };
    let mut end = letters.at();
    while let Some((_, next)) = letters.next_if(|next| goes_on(first, next)) {
        if is_mark(next) || is_trade_mark(next) {
            end = letters.at();
        }
    }
    end
}

/// Whether a character belongs to the cluster that `first` begins.
fn goes_on(first: char, next: char) -> bool {
    if next.is_ascii() {
        return false;
    }
    if is_mark(next) || is_ignorable(next) {
        return !(is_joint(next) && (is_emoji(first) || is_joint(first)));
    }
    is_trade_mark(next) || (is_claim(next) && is_word_char(first))
}

/// Combining marks, the vowels and ends of Hangul syllables, and the voicing of half-width Kana.
fn is_mark(c: char) -> bool {
    is_combining_mark(c) || matches!(c, '\u{1160}'..='\u{11FF}' | '\u{FF9E}' | '\u{FF9F}')
}

/// Signs of the trade in letters, which belong to the word before them.
pub(super) fn is_trade_mark(c: char) -> bool {
    matches!(c, '™' | '℠')
}

/// Signs of the trade that are pictures: behind a word they say nothing of it.
fn is_claim(c: char) -> bool {
    matches!(c, '®' | '©' | '℗')
}

/// How a character that folds to letters or digits without being one stands to its neighbors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// Raised or lowered, as in Acme² and CO₂: a word ends before it, or goes on.
    Raised,
    /// A sign of its own, as ① or ㎏: words end on both sides.
    Whole,
}

pub(super) fn sign_of(c: char) -> Option<Sign> {
    match u32::from(c) {
        0x00AA
        | 0x00BA
        | 0x00B2
        | 0x00B3
        | 0x00B9
        | 0x02B0..=0x02B8
        | 0x02E0..=0x02E4
        | 0x1D2C..=0x1D6A
        | 0x1D9B..=0x1DBF
        | 0x2070..=0x209C => Some(Sign::Raised),
        0x00BC..=0x00BE | 0x2150..=0x215F | 0x2460..=0x24FF | 0x3200..=0x33FF => Some(Sign::Whole),
        0x2100..=0x214F if !c.is_alphabetic() => Some(Sign::Whole),
        _ => None,
    }
}

/// Joiners and tags are part of the picture they follow, with a place of their own.
pub(super) fn is_joint(c: char) -> bool {
    c == JOINER || is_flag_tag(c)
}

/// Hyphens and apostrophes that differ from the ASCII ones in looks only.
pub(super) fn plain_sign(c: char) -> char {
    match c {
        '‘' | '’' | '‛' | '′' | 'ʹ' | 'ʻ' | 'ʼ' | '´' | '`' | '＇' => '\'',
        '‐' | '‑' | '‒' | '–' | '−' => '-',
        c => c,
    }
}

/// What a letter without marks folds to, if that is known without tables; most letters of Western
/// texts, typographic quotes and emoji are. NFKC takes tens of nanoseconds for each character.
pub(super) fn fold_simple(c: char) -> Option<char> {
    match u32::from(c) {
        0x00C0..=0x00D6 | 0x00D8..=0x00DE => char::from_u32(u32::from(c) + 32),
        0x00DF..=0x00FF | 0x2014 | 0x2015 | 0x201C..=0x201E | 0x20AC => Some(c),
        0x00B4
        | 0x02B9
        | 0x02BB
        | 0x02BC
        | 0x2010..=0x2013
        | 0x2018
        | 0x2019
        | 0x201B
        | 0x2032
        | 0x2212 => Some(plain_sign(c)),
        0x0130 | 0x0131 => Some('i'),
        0x0430..=0x045F | 0x03B1..=0x03C1 | 0x03C3..=0x03C9 => Some(c),
        0x0410..=0x042F => char::from_u32(u32::from(c) + 32),
        0x4E00..=0x9FFF | 0x3041..=0x3096 | 0x30A1..=0x30FA => Some(c),
        _ if is_emoji(c) => Some(c),
        _ => None,
    }
}

/// Folds a cluster by the tables of Unicode.
pub(super) fn fold_cluster(cluster: &str, mut push: impl FnMut(char)) {
    let mut last = ' ';
    for normal in cluster.chars().map(plain_sign).nfkc().flat_map(char::to_lowercase).nfc() {
        let folded = match plain_sign(normal) {
            'ς' => 'σ',
            'ı' => 'i',
            // The dot of a small İ.
            '\u{307}' if last == 'i' => continue,
            c if is_ignorable(c) => continue,
            c => c,
        };
        push(folded);
        last = folded;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_fold_together() {
        let rows = [
            ("Straße", "strasse"),
            ("STRASSE", "strasse"),
            ("Müller", "mueller"),
            ("Mu\u{308}ller", "mueller"),
            ("Mu\u{200B}\u{308}ller", "mueller"),
            ("Ａｃｍｅ", "acme"),
            ("ac\u{200B}me", "acme"),
            ("ac\u{200D}me", "acme"),
            ("a  b\n\tc ", "a b c"),
            ("don’t don´t don`t don′t donʼt don＇t", "don't don't don't don't don't don't"),
            ("S‐Bahn S‑Bahn S–Bahn S−Bahn", "s-bahn s-bahn s-bahn s-bahn"),
            ("_Acme_ a_b _* a_*", "-acme- a_b -* a_*"),
            ("AT&amp;T don&#39;t M&uuml;ller", "at&t don't mueller"),
            ("Acme™ Acme® C++™ ©2024", "acme acme c++ ©2024"),
            ("İZMİR ISPARTA ısparta i\u{307}", "izmir isparta isparta i"),
            ("\u{1112}\u{1161}\u{11AB} ｶﾞ", "한 ガ"),
            ("É e\u{301}", "e e"),
            ("L’Oréal Citroën Nestlé", "l'oreal citroen nestle"),
            ("Škoda Łódź Ørsted Çağ", "skoda lodz orsted cag"),
            ("việt", "việt"),
            ("ΟΔΟΣ", "οδοσ"),
            ("❤\u{FE0F}", "❤"),
            ("👨‍👩‍👧", "👨‍👩‍👧"),
        ];
        for (text, want) in rows {
            assert_eq!(spread_umlauts(&fold_letters(text)), want, "{text}");
        }
    }

    #[test]
    fn the_short_way_agrees_with_the_tables() {
        for c in (0x80..=0x1FFFF).filter_map(char::from_u32) {
            let mut by_table = String::new();
            fold_cluster(&c.to_string(), |c| by_table.push(c));
            if let Some(simple) = fold_simple(c) {
                assert_eq!(by_table, simple.to_string(), "{:x}", u32::from(c));
            }
        }
    }
}
