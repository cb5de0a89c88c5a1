//! Which texts does a term stand for? From a term to the literals an automaton finds, and what must
//! stand to their left and right.

use super::Umlauts;
use super::expr::Term;
use super::german::{Stem, stems};
use crate::text::{Folded, is_word_char, spread_umlauts, without_accents};

/// One way to match a term: a literal to find, and what must stand around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    /// The bytes to find in a text folded for searching.
    pub(super) literal: Vec<u8>,
    pub(super) around: Option<Box<Around>>,
}

/// What must stand around a literal, besides word boundaries at both ends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Around {
    /// From the literal to the left.
    pub(super) left: Box<[Element]>,
    /// From the literal to the right; if `is_word`, all of the pattern from its start.
    pub(super) right: Box<[Element]>,
    /// Whether it has wildcards and keeps to one word.
    pub(super) is_word: bool,
    /// The literal with its umlauts, where ä and ae differ.
    pub(super) strict: Option<Box<str>>,
    /// The original's very characters.
    pub(super) raw: Option<Box<str>>,
}

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Element {
    /// Any of these texts.
    Text(Box<[Literal]>),
    /// One word character, `?`; or all that one character of the original was spread to.
    One,
    /// One word character of the original with its marks, where ä and ae differ.
    Unit,
    /// Any run of word characters, `*`. At an end of the pattern, all of them.
    Run,
}

/// A fixed text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Literal {
    /// As in a text folded for searching, but small.
    pub(super) loose: Box<str>,
    /// With its umlauts, where ä and ae differ.
    pub(super) strict: Option<Box<str>>,
}

/// All ways to match a term; at least one.
pub(super) fn patterns(term: &Term, umlauts: Umlauts) -> Vec<Pattern> {
    if term.raw {
        let raw = Some(term.text.clone().into_boxed_str());
        let around = Some(Box::new(Around { raw, ..Around::default() }));
        let mut folded = Folded::default();
        folded.fold(&term.text);
        return vec![Pattern { literal: folded.as_bytes().to_vec(), around }];
    }
    let words: Vec<Vec<Vec<Part>>> = term.text.split(' ').map(|word| forms(word, term)).collect();
    let longest = |forms: &Vec<Vec<Part>>| forms.iter().map(|form| literal_bytes(form)).min();
    let lead = (0..words.len()).max_by_key(|&index| words.get(index).and_then(longest));
    let lead = lead.unwrap_or(0);
    let own = words.get(lead).map(Vec::as_slice).unwrap_or_default();
    let mut found = Vec::new();
    for form in own {
        let mut parts = Vec::new();
        for (index, forms) in words.iter().enumerate() {
            if index > 0 {
                push_text(&mut parts, " ");
            }
            let chosen = if index == lead { form.clone() } else { any_of(forms) };
            for part in chosen {
                match part {
                    Part::Text(text) => push_text(&mut parts, &text),
                    other => parts.push(other),
                }
            }
        }
        found.extend(anchor(&parts, umlauts));
    }
    found
}

/// A part of a pattern while it is put together; texts have their umlauts.
#[derive(Debug, Clone)]
enum Part {
    Text(String),
    Choice(Vec<String>),
    One,
    Run,
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    match parts.last_mut() {
        Some(Part::Text(last)) => last.push_str(text),
        _ => parts.push(Part::Text(text.to_owned())),
    }
}

fn literal_bytes(form: &[Part]) -> usize {
    let bytes = |part: &Part| if let Part::Text(text) = part { text.len() } else { 0 };
    form.iter().map(bytes).max().unwrap_or(0)
}

/// The forms of one word, by the options of its term.
fn forms(word: &str, term: &Term) -> Vec<Vec<Part>> {
    let wild = word.contains(['*', '?']);
    let stems = if term.inflect && !wild { stems(word) } else { Vec::new() };
    let mut forms: Vec<Vec<Part>> = if stems.is_empty() { vec![glob(word)] } else { Vec::new() };
    forms.extend(stems.into_iter().map(inflected));
    if term.compound {
        for form in &mut forms {
            let inner = std::mem::take(form);
            form.push(Part::Run);
            form.extend(inner.into_iter().skip_while(|part| matches!(part, Part::Run)));
            if !matches!(form.last(), Some(Part::Run)) {
                form.push(Part::Run);
            }
        }
    }
    forms
}

fn inflected(stem: Stem) -> Vec<Part> {
    let endings = stem.endings.iter().map(|&ending| ending.to_owned()).collect();
    vec![Part::Text(stem.text), Part::Choice(endings)]
}

fn glob(word: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    for c in word.chars() {
        match c {
            '*' if matches!(parts.last(), Some(Part::Run)) => {}
            '*' => parts.push(Part::Run),
            '?' => parts.push(Part::One),
            c => push_text(&mut parts, c.encode_utf8(&mut [0; 4])),
        }
    }
    parts
}

/// The forms of a word that does not lead, as one sequence. Only inflection gives several, which
/// differ between the same wildcards.
fn any_of(forms: &[Vec<Part>]) -> Vec<Part> {
    let [first, ..] = forms else { return Vec::new() };
    if let [only] = forms {
        return only.clone();
    }
    let whole = |form: &Vec<Part>| -> Vec<String> {
        let mut texts = vec![String::new()];
        for part in form {
            let endings: &[String] = match part {
                Part::Text(text) => std::slice::from_ref(text),
                Part::Choice(endings) => endings,
                Part::One | Part::Run => continue,
            };
            let join = |ending: &String| -> Vec<String> {
                texts.iter().map(|text| format!("{text}{ending}")).collect()
            };
            texts = endings.iter().flat_map(join).collect();
        }
        texts
    };
    let choice = Part::Choice(forms.iter().flat_map(whole).collect());
    if matches!(first.first(), Some(Part::Run)) {
        vec![Part::Run, choice, Part::Run]
    } else {
        vec![choice]
    }
}

/// Picks the longest text as the literal to find, in one or both of its cases.
fn anchor(parts: &[Part], umlauts: Umlauts) -> Vec<Pattern> {
    let bytes = |part: &Part| literal_bytes(std::slice::from_ref(part));
    let at = (0..parts.len()).max_by_key(|&index| parts.get(index).map(bytes)).unwrap_or(0);
    let Some(Part::Text(text)) = parts.get(at) else { return Vec::new() };
    let (left, right) = (parts.get(..at).unwrap_or_default(), parts.get(at + 1..));
    let apart = umlauts == Umlauts::Apart;
    let around = if is_word(parts) {
        let right = parts.iter().map(|part| element(part, umlauts)).collect();
        Around { right, is_word: true, ..Around::default() }
    } else {
        Around {
            left: left.iter().rev().map(|part| element(part, umlauts)).collect(),
            right: right.unwrap_or_default().iter().map(|part| element(part, umlauts)).collect(),
            strict: apart.then(|| without_accents(text).into()),
            ..Around::default()
        }
    };
    let around = (around != Around::default()).then(|| Box::new(around));
    let first = marked(&spread_umlauts(text));
    // After a wildcard the literal may begin a word or go on with one.
    let mut literals = vec![first];
    if !left.is_empty()
        && let Some(first) = literals.first()
        && first.first().is_some_and(u8::is_ascii_uppercase)
    {
        let mut inner = first.clone();
        inner.iter_mut().take(1).for_each(|byte| *byte = byte.to_ascii_lowercase());
        literals.push(inner);
    }
    literals.into_iter().map(|literal| Pattern { literal, around: around.clone() }).collect()
}

/// Whether a pattern has wildcards and keeps to one word.
fn is_word(parts: &[Part]) -> bool {
    let wild = parts.iter().any(|part| matches!(part, Part::One | Part::Run));
    wild && parts.iter().all(|part| match part {
        Part::Text(text) => text.chars().all(is_word_char),
        Part::Choice(texts) => texts.iter().all(|text| text.chars().all(is_word_char)),
        Part::One | Part::Run => true,
    })
}

fn element(part: &Part, umlauts: Umlauts) -> Element {
    let literal = |text: &String| Literal {
        loose: spread_umlauts(text).into(),
        strict: (umlauts == Umlauts::Apart).then(|| without_accents(text).into()),
    };
    match part {
        Part::Text(text) => Element::Text([literal(text)].into()),
        Part::Choice(texts) => Element::Text(texts.iter().map(literal).collect()),
        Part::One if umlauts == Umlauts::Apart => Element::Unit,
        Part::One => Element::One,
        Part::Run => Element::Run,
    }
}

/// The bytes of a literal in a text folded for searching, in which words begin with capitals.
fn marked(loose: &str) -> Vec<u8> {
    let mut folded = Folded::default();
    // A space in front of a literal would be lost in folding: fold it behind a letter.
    folded.fold_piece(&format!("x{loose}"));
    if loose.starts_with(' ') {
        return folded.as_bytes().get(1..).unwrap_or_default().to_vec();
    }
    folded.fold_piece(loose);
    folded.as_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mention::{Expr, parse};

    #[test]
    fn terms_become_literals() {
        let rows = [
            ("acme", "Acme"),
            ("\"Customer service\"", "Customer Service"),
            ("support*", "Support"),
            ("*port", "Port port"),
            ("su?port", "Port port"),
            ("#tag", "#Tag"),
            ("inflect:haus", "Haus Haeus"),
            ("\"new* bahn\"", " Bahn"),
            ("AT&T", "At&T"),
        ];
        for (query, want) in rows {
            let Ok(Expr::Term(term)) = parse(query) else { panic!("{query} is a term") };
            let literals: Vec<String> = patterns(&term, Umlauts::Equal)
                .iter()
                .map(|pattern| String::from_utf8_lossy(&pattern.literal).into_owned())
                .collect();
            assert_eq!(literals.join(" "), want, "{query}");
        }
    }
}
