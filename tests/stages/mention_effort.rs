//! Is the work that a text makes bounded, whatever text and query? Counted in steps, not in time.

use proptest::prelude::*;
use resonanz_core::mention::{Context, Matcher, MentionScratch, Topic, Umlauts};

/// Longest text and query here; a query may not be longer.
const BYTES_MAX: usize = 64 * 1024;
/// A step takes a few nanoseconds.
const STEPS_MAX: u64 = 16_000_000;

/// A unit, over and over.
fn filled(unit: &str, bytes: usize) -> String {
    unit.repeat(bytes / unit.len())
}

/// As many terms as fit into a query.
fn listed(join: &str, term: impl Fn(usize) -> String) -> String {
    let mut query = term(0);
    for index in 1.. {
        let next = term(index);
        if query.len() + join.len() + next.len() > BYTES_MAX {
            break;
        }
        query.push_str(join);
        query.push_str(&next);
    }
    query
}

/// How many steps a text takes under a query; `None` if the query is refused.
fn steps(query: &str, umlauts: Umlauts, text: &str) -> Option<u64> {
    let topic = Topic { query: query.to_owned(), umlauts, ..Topic::default() };
    let matcher = Matcher::compile(&[topic], &|_| Vec::new()).ok()?;
    let (mut mentions, mut spans) = (Vec::new(), Vec::new());
    let mut scratch = MentionScratch::default();
    matcher.find(text, Context::default(), &mut scratch, &mut mentions, &mut spans);
    Some(scratch.steps())
}

#[test]
fn the_worst_texts_known_take_few_steps() {
    let words = filled(&format!("{} ", "a".repeat(250)), BYTES_MAX);
    let far = filled("a ", BYTES_MAX / 2) + &"x ".repeat(200) + &filled("b ", BYTES_MAX / 3);
    let nest =
        |unit: &'static str| listed(" OR ", |index| format!("\"{}\"", unit.repeat(index + 1)));
    let letter =
        |index: usize, place: u32| char::from(b'b' + (index / 24_usize.pow(place) % 24) as u8);
    let rows = [
        ("*a*a*".to_owned(), filled("a", BYTES_MAX)),
        ("*a*a*a*a*a*a*a*a*".to_owned(), words.clone()),
        (format!("{}*b*a", "*a".repeat(100)), filled(&format!("{}b ", "a".repeat(240)), BYTES_MAX)),
        ("*a* NEAR/100 *b*".to_owned(), filled("ab ", BYTES_MAX)),
        (listed(" OR ", |index| format!("*{}*", "a".repeat(index + 1))), words.clone()),
        (listed(" OR ", |index| format!("{}*", "a".repeat(index + 1))), words.clone()),
        (listed(" OR ", |index| format!("inflect:compound:{}", "a".repeat(index + 3))), words),
        (
            listed(" OR ", |i| format!("*aaaa*{}*{}*", letter(i, 0), letter(i, 1))),
            filled("aaaabcdefghijklmnopqrstuvwxyz ", BYTES_MAX),
        ),
        (nest("a."), filled("a.", BYTES_MAX)),
        (nest("東"), filled("東", BYTES_MAX)),
        (nest("🇩🇪"), filled("🇩🇪", BYTES_MAX)),
        (
            listed(" OR ", |index| format!("raw:\"{}\"", "a-".repeat(index + 1))),
            filled("a-", BYTES_MAX),
        ),
        (listed(" ", |index| format!("a NEAR/{} b", index % 100)), far.clone()),
        (listed(" OR ", |index| format!("\"a b c{}\"~9", index % 10)), far),
        (format!("\"{}\"~100", filled("a ", BYTES_MAX - 8).trim()), filled("a ", BYTES_MAX)),
        (format!("\"{}\"", filled("*a* ", BYTES_MAX - 8).trim()), filled("a ", BYTES_MAX)),
        (
            listed(" ", |index| letter(index, 0).to_string()),
            filled("b c d e f g h i j ", BYTES_MAX),
        ),
    ];
    for (query, text) in rows {
        let start: String = query.chars().take(60).collect();
        for umlauts in [Umlauts::Equal, Umlauts::Apart] {
            let steps = steps(&query, umlauts, &text);
            assert!(steps.is_none_or(|steps| steps < STEPS_MAX), "{start}: {steps:?}");
        }
    }
}

fn unit() -> impl Strategy<Value = String> {
    let tokens = [
        "a", "b", "a", " ", "-", ".", "ä", "ß", "東", "👍", "&amp;", "_", "²", "한", "'", "\u{301}",
    ];
    let token = prop::sample::select(tokens.to_vec());
    prop::collection::vec(token, 1..6).prop_map(|tokens| tokens.concat())
}

/// A term that a unit makes at a place of the query.
fn term(shape: usize, unit: &str, index: usize) -> String {
    let text = unit.repeat(index % 40 + 1);
    match shape {
        0 => format!("\"{text}\""),
        1 => format!("*{}*", unit.trim().chars().map(String::from).collect::<Vec<_>>().join("*")),
        2 => format!("\"*{text}*\""),
        3 => format!("\"{text}\"~{}", index % 100),
        4 => format!("compound:\"{text}\""),
        5 => format!("inflect:\"{text}\""),
        _ => format!("\"{text}?\""),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_takes_few_steps(
        (text, query) in (unit(), unit()),
        (left, right) in (0..7usize, 0..7usize),
        join in prop::sample::select(vec![" OR ", " ", " NEAR/100 ", " NEAR/9 "]),
        apart in any::<bool>(),
    ) {
        let text = filled(&text, BYTES_MAX);
        let query = listed(join, |index| {
            let (one, two) = (term(left, &query, index), term(right, &query, index + 1));
            if join.contains("NEAR") { one } else { format!("({one} {two})") }
        });
        let umlauts = if apart { Umlauts::Apart } else { Umlauts::Equal };
        let steps = steps(&query, umlauts, &text);
        prop_assert!(steps.is_none_or(|steps| steps < STEPS_MAX), "{:?}", steps);
    }
}
