//! Where does a word begin and end?
//!
//! The simple word boundary of UTS #18: between a word character and anything else. Scripts
//! written without spaces (Han, Kana, Thai and their kin) have a boundary around every character.

/// Whether a character belongs to words: letters, digits, marks and the underscore.
#[must_use]
pub fn is_word_char(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c)
}

/// Whether a word goes on from `left` to `right`, so that no boundary lies between them.
#[must_use]
pub fn continues_word(left: char, right: char) -> bool {
    is_word_char(left) && is_word_char(right) && !(is_unspaced(left) || is_unspaced(right))
}

/// Whether the character's script is written without spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c),
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF
        | 0x3040..=0x30FF | 0x31F0..=0x31FF | 0x3400..=0x4DBF
        | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_end_where_readers_see_it() {
        let rows = [
            ('a', 'b', true),
            ('a', '1', true),
            ('a', '\'', false),
            ('ß', 'e', true),
            ('e', '\u{301}', true),
            ('東', '京', false),
            ('a', '東', false),
            ('🙂', 'a', false),
        ];
        for (left, right, want) in rows {
            assert_eq!(continues_word(left, right), want, "{left} {right}");
        }
    }
}
