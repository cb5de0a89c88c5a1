//! What of a foreign text may stand in a message? What can be seen, on one line.

/// A text without characters that steer, hide or turn the writing around; any white space is one
/// space.
pub(super) fn clean(text: &str) -> String {
    let seen = |c: char| if c.is_whitespace() { Some(' ') } else { (!is_unseen(c)).then_some(c) };
    let seen: String = text.chars().filter_map(seen).collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A clean text of at most so many characters, cut between words where that loses little.
pub(super) fn shortened(text: &str, chars: usize) -> String {
    let text = clean(text);
    let Some((end, _)) = text.char_indices().nth(chars) else { return text };
    let short = text.get(..end).unwrap_or_default();
    let space = short.rfind(' ').filter(|&at| at * 4 > end * 3);
    let short = short.get(..space.unwrap_or(end)).unwrap_or_default();
    format!("{} …", short.trim_end())
}

/// Controls, marks of direction, and what has no shape. Joiners stay: emoji and scripts need them.
pub(super) fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_or_hides_is_gone_and_people_are_left() {
        for (text, wanted) in [
            ("one\r\n\ttwo\u{2028}three", "one two three"),
            ("\u{1b}[31mred\u{7}", "[31mred"),
            ("a\u{202e}b\u{2066}c\u{200f}d\u{feff}e\u{e0041}f", "abcdef"),
            ("family 👨\u{200d}👩\u{200d}👧", "family 👨\u{200d}👩\u{200d}👧"),
        ] {
            assert_eq!(clean(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn texts_are_cut_between_words_where_that_loses_little() {
        for (text, wanted) in [
            ("short enough", "short enough"),
            ("twelve chars and more", "twelve chars …"),
            ("averyveryverylongword", "averyveryvery …"),
            ("äöü äöü äöü äöü", "äöü äöü äöü …"),
        ] {
            assert_eq!(shortened(text, 13), wanted, "{text}");
        }
    }
}
