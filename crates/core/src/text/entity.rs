//! Which character does an HTML entity stand for?
//!
//! Many sources hand on texts as they stood in a page: `AT&amp;T`, `don&#39;t`, `&lt;3`. Named entities
//! of HTML 4 for Latin letters, signs and punctuation are known, and all numeric ones. What was
//! escaped twice, as `&amp;#39;`, is read as one entity.

/// How often an entity may be escaped over.
const ROUNDS_MAX: usize = 3;
/// Longest name or number between `&` and `;`.
const NAME_BYTES_MAX: usize = 10;

/// What the entity at the start of `bytes` stands for, and its length in bytes; `None` if there is
/// none. `bytes` begins with the `&`, and the entity ends with a `;`.
pub(crate) fn entity(bytes: &[u8]) -> Option<(char, usize)> {
    let (mut decoded, mut len) = reference(bytes.strip_prefix(b"&")?)?;
    len += 1;
    for _ in 1..ROUNDS_MAX {
        if decoded != '&' {
            break;
        }
        let Some((inner, more)) = bytes.get(len..).and_then(reference) else { break };
        decoded = inner;
        len += more;
    }
    Some((decoded, len))
}

/// The character of what stands between `&` and `;`, and its length with the `;`.
fn reference(bytes: &[u8]) -> Option<(char, usize)> {
    let end = bytes.iter().take(NAME_BYTES_MAX + 1).position(|&byte| byte == b';')?;
    let name = std::str::from_utf8(bytes.get(..end)?).ok()?;
    let decoded = match name.strip_prefix('#') {
        Some(number) => numbered(number)?,
        None => NAMED.iter().find(|(known, _)| *known == name)?.1,
    };
    Some((decoded, end + 1))
}

fn numbered(number: &str) -> Option<char> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            u32::from_str_radix(digits, 16).ok()?
        }
        None if number.bytes().all(|byte| byte.is_ascii_digit()) => number.parse().ok()?,
        _ => return None,
    };
    // Pages that call themselves Latin-1 mean Windows-1252, and browsers read them so.
    let known = code.checked_sub(0x80).and_then(|place| WINDOWS_1252.get(place as usize));
    known.copied().or_else(|| char::from_u32(code)).filter(|&c| c != '\0')
}

const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž', '\u{8F}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}', 'ž', 'Ÿ',
];

/// The commonest first: they are looked for one after the other.
const NAMED: [(&str, char); 134] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", '\u{A0}'),
    ("auml", 'ä'),
    ("ouml", 'ö'),
    ("uuml", 'ü'),
    ("szlig", 'ß'),
    ("Auml", 'Ä'),
    ("Ouml", 'Ö'),
    ("Uuml", 'Ü'),
    ("rsquo", '’'),
    ("lsquo", '‘'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("sbquo", '‚'),
    ("bdquo", '„'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("lsaquo", '‹'),
    ("rsaquo", '›'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("hellip", '…'),
    ("bull", '•'),
    ("euro", '€'),
    ("pound", '£'),
    ("yen", '¥'),
    ("cent", '¢'),
    ("trade", '™'),
    ("reg", '®'),
    ("copy", '©'),
    ("shy", '\u{AD}'),
    ("zwnj", '\u{200C}'),
    ("zwj", '\u{200D}'),
    ("ensp", '\u{2002}'),
    ("emsp", '\u{2003}'),
    ("thinsp", '\u{2009}'),
    ("AMP", '&'),
    ("LT", '<'),
    ("GT", '>'),
    ("QUOT", '"'),
    ("num", '#'),
    ("commat", '@'),
    ("excl", '!'),
    ("quest", '?'),
    ("lpar", '('),
    ("rpar", ')'),
    ("colon", ':'),
    ("semi", ';'),
    ("comma", ','),
    ("period", '.'),
    ("sol", '/'),
    ("lowbar", '_'),
    ("dollar", '$'),
    ("percnt", '%'),
    ("equals", '='),
    ("plus", '+'),
    ("hearts", '♥'),
    ("iexcl", '¡'),
    ("iquest", '¿'),
    ("sect", '§'),
    ("deg", '°'),
    ("acute", '´'),
    ("prime", '′'),
    ("middot", '·'),
    ("times", '×'),
    ("divide", '÷'),
    ("plusmn", '±'),
    ("minus", '−'),
    ("para", '¶'),
    ("ordf", 'ª'),
    ("ordm", 'º'),
    ("sup1", '¹'),
    ("sup2", '²'),
    ("sup3", '³'),
    ("frac12", '½'),
    ("frac14", '¼'),
    ("frac34", '¾'),
    ("Agrave", 'À'),
    ("Aacute", 'Á'),
    ("Acirc", 'Â'),
    ("Atilde", 'Ã'),
    ("Aring", 'Å'),
    ("AElig", 'Æ'),
    ("Ccedil", 'Ç'),
    ("Egrave", 'È'),
    ("Eacute", 'É'),
    ("Ecirc", 'Ê'),
    ("Euml", 'Ë'),
    ("Igrave", 'Ì'),
    ("Iacute", 'Í'),
    ("Icirc", 'Î'),
    ("Iuml", 'Ï'),
    ("Ntilde", 'Ñ'),
    ("Ograve", 'Ò'),
    ("Oacute", 'Ó'),
    ("Ocirc", 'Ô'),
    ("Otilde", 'Õ'),
    ("Oslash", 'Ø'),
    ("Ugrave", 'Ù'),
    ("Uacute", 'Ú'),
    ("Ucirc", 'Û'),
    ("Yacute", 'Ý'),
    ("agrave", 'à'),
    ("aacute", 'á'),
    ("acirc", 'â'),
    ("atilde", 'ã'),
    ("aring", 'å'),
    ("aelig", 'æ'),
    ("ccedil", 'ç'),
    ("egrave", 'è'),
    ("eacute", 'é'),
    ("ecirc", 'ê'),
    ("euml", 'ë'),
    ("igrave", 'ì'),
    ("iacute", 'í'),
    ("icirc", 'î'),
    ("iuml", 'ï'),
    ("ntilde", 'ñ'),
    ("ograve", 'ò'),
    ("oacute", 'ó'),
    ("ocirc", 'ô'),
    ("otilde", 'õ'),
    ("oslash", 'ø'),
    ("ugrave", 'ù'),
    ("uacute", 'ú'),
    ("ucirc", 'û'),
    ("yacute", 'ý'),
    ("yuml", 'ÿ'),
    ("OElig", 'Œ'),
    ("oelig", 'œ'),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_read_as_browsers_do() {
        let rows = [
            ("&amp;T", Some(('&', 5))),
            ("&uuml;ber", Some(('ü', 6))),
            ("&#39;s", Some(('\'', 5))),
            ("&#x2019;s", Some(('’', 8))),
            ("&#X41;", Some(('A', 6))),
            ("&#146;s", Some(('’', 6))),
            ("&amp;#39;s", Some(('\'', 9))),
            ("&amp;amp;lt;", Some(('<', 12))),
            ("&amp; b;", Some(('&', 5))),
            ("& amp;", None),
            ("&unheard;", None),
            ("&amp", None),
            ("&;", None),
            ("&#;", None),
            ("&#x;", None),
            ("&#0;", None),
            ("&#xD800;", None),
            ("&#99999999;", None),
            ("&#+39;", None),
            ("&Ü;", None),
            ("amp;", None),
        ];
        for (text, want) in rows {
            assert_eq!(entity(text.as_bytes()), want, "{text}");
        }
    }
}
