//! What does input look like that was damaged on its way?

use proptest::prelude::*;

/// As many cases as `PROPTEST_CASES` asks for, or few.
pub(crate) fn cases(few: u32) -> ProptestConfig {
    let asked = ProptestConfig::default();
    let is_asked = std::env::var_os("PROPTEST_CASES").is_some();
    ProptestConfig { cases: if is_asked { asked.cases } else { few }, ..asked }
}

/// A cut, a repetition, a swap, or something foreign put in.
#[derive(Debug, Clone)]
enum Damage {
    Cut(prop::sample::Index, usize),
    Repeat(prop::sample::Index, usize, usize),
    Insert(prop::sample::Index, Vec<u8>),
    Flip(prop::sample::Index, u8),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<prop::sample::Index>;
    let foreign = prop_oneof![
        prop::collection::vec(any::<u8>(), 1..6),
        prop::sample::select(vec![
            "(",
            ")",
            "\"",
            "\\",
            "\u{0}",
            "NOT ",
            "NEAR/99999999999",
            "~",
            "*",
            "?",
            ":",
            "-",
            "\u{202e}",
            "e\u{301}",
            "ﬁ",
            "ß",
            "İ",
            "👩‍👩‍👧",
            "1e999",
            "-9223372036854775808",
            "null",
            "[[",
            "{",
            "\t",
            "\n",
            "\r\n",
            "\u{feff}",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop_oneof![
        (at(), 1usize..40).prop_map(|(at, length)| Damage::Cut(at, length)),
        (at(), 1usize..30, 1usize..60)
            .prop_map(|(at, length, times)| Damage::Repeat(at, length, times)),
        (at(), foreign).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        (at(), any::<u8>()).prop_map(|(at, byte)| Damage::Flip(at, byte)),
    ]
}

/// A sound input with a few wounds.
pub(crate) fn damaged(sound: &'static str) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(damage(), 0..5).prop_map(move |wounds| {
        let mut bytes = sound.as_bytes().to_vec();
        for wound in wounds {
            let length = bytes.len().max(1);
            match wound {
                Damage::Cut(at, count) => {
                    let start = at.index(length).min(bytes.len());
                    bytes.drain(start..(start + count).min(bytes.len()));
                }
                Damage::Repeat(at, count, times) => {
                    let start = at.index(length).min(bytes.len());
                    let part = bytes[start..(start + count).min(bytes.len())].repeat(times);
                    bytes.splice(start..start, part);
                }
                Damage::Insert(at, part) => {
                    let start = at.index(length).min(bytes.len());
                    bytes.splice(start..start, part);
                }
                Damage::Flip(at, byte) => {
                    if let Some(place) = bytes.get_mut(at.index(length)) {
                        *place ^= byte;
                    }
                }
            }
        }
        bytes
    })
}

/// The same as text.
pub(crate) fn damaged_text(sound: &'static str) -> impl Strategy<Value = String> {
    damaged(sound).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}
