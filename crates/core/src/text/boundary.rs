//! Where does a word begin and end, and what is an emoji?
//!
//! The simple word boundary of UTS #18: between a word character and anything else. Scripts
//! written without spaces (Han, Kana, Thai and their kin) have a boundary around every character.
//! Combining marks, joined emoji and flags hold together as in UAX #29.

/// Joins two emoji into one picture.
pub(super) const JOINER: char = '\u{200D}';

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

/// Whether a character is a picture that may be joined with others: emoji, their skin tones, and
/// the letters that flags are made of.
#[must_use]
pub fn is_emoji(c: char) -> bool {
    matches!(u32::from(c),
        0x2600..=0x27BF | 0x1F300..=0x1FAFF | 0x1F000..=0x1F0FF | 0x2B00..=0x2BFF
        | 0x231A..=0x231B | 0x23E9..=0x23FF)
        || is_flag_letter(c)
}

/// Whether a character gives the emoji before it a skin tone.
#[must_use]
pub fn is_skin_tone(c: char) -> bool {
    matches!(c, '\u{1F3FB}'..='\u{1F3FF}')
}

/// Regional indicators: two of them are a flag.
pub(super) fn is_flag_letter(c: char) -> bool {
    matches!(c, '\u{1F1E6}'..='\u{1F1FF}')
}

/// Tag characters, which follow a black flag to make it that of a region.
pub(super) fn is_flag_tag(c: char) -> bool {
    matches!(c, '\u{E0020}'..='\u{E007F}')
}

/// Whether nothing is seen of a character.
pub(super) fn is_ignorable(c: char) -> bool {
    matches!(u32::from(c),
        0x00AD | 0x034F | 0x061C | 0x180B..=0x180F | 0x200B..=0x200F | 0x202A..=0x202E
        | 0x2060..=0x206F | 0xFE00..=0xFE0F | 0xFEFF | 0xE0000..=0xE0FFF)
}

/// Whether a character is a syllable of Hangul. Korean adds particles to words without a space.
pub(crate) fn is_hangul(c: char) -> bool {
    matches!(c, '\u{AC00}'..='\u{D7A3}')
}

/// Whether the character's script is written without spaces between words.
pub(super) fn is_unspaced(c: char) -> bool {
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
