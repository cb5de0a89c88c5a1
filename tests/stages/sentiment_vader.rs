//! Does the `vader` profile equal vaderSentiment 3.3.2, and do explanations agree?

use std::path::Path;

use resonanz_core::post::{Lang, Span};
use resonanz_core::sentiment::{Profile, Rule, Scope, Scorer, Scratch};
use serde_json::Value;

/// Compares one text with its expected numbers; none when equal.
fn difference(scorer: &Scorer, scratch: &mut Scratch, text: &str, want: &Value) -> Option<String> {
    let found = scorer.score(text, Lang::EN, scratch);
    let number = |key: &str| want.get(key).and_then(Value::as_f64).unwrap_or(f64::NAN);
    let equal = found.score.as_f64() == number("compound")
        && (found.pos, found.neu, found.neg) == (number("pos"), number("neu"), number("neg"));
    let shown: String = text.chars().take(200).collect();
    (!equal).then(|| format!("{shown:?}: {found:?}, expected {want}"))
}

fn lines(path: &Path) -> Vec<Value> {
    let file = std::fs::read_to_string(path).expect("a readable file");
    file.lines().map(|line| serde_json::from_str(line).expect("a JSON row")).collect()
}

#[test]
fn odd_texts_score_as_the_original() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/vader/odd.jsonl");
    let (scorer, mut scratch) = (Scorer::new(Profile::Vader), Scratch::default());
    let rows = lines(&path);
    assert_eq!(rows.len(), 400);
    for row in rows {
        let times = row["times"].as_u64().and_then(|times| usize::try_from(times).ok());
        let text = row["text"].as_str().unwrap_or_default().repeat(times.unwrap_or(1));
        assert_eq!(difference(&scorer, &mut scratch, &text, &row), None);
    }
}

/// Runs when `RESONANZ_EVAL_DIR` names a folder with `vader/*.jsonl`.
#[test]
fn evaluation_texts_score_as_the_original() {
    let Some(folder) = std::env::var_os("RESONANZ_EVAL_DIR") else { return };
    let (scorer, mut scratch) = (Scorer::new(Profile::Vader), Scratch::default());
    let mut compared = 0;
    for entry in std::fs::read_dir(Path::new(&folder).join("vader")).expect("a folder") {
        for row in lines(&entry.expect("a file").path()) {
            let text = row["text"].as_str().unwrap_or_default();
            assert_eq!(difference(&scorer, &mut scratch, text, &row["vader"]), None);
            compared += 1;
        }
    }
    assert!(compared > 20_000, "only {compared} texts compared");
}

/// The spans of every occurrence of `target`.
fn spans(text: &str, target: &str) -> Vec<Span> {
    let narrow = |at: usize| u32::try_from(at).expect("a short text");
    text.match_indices(target)
        .filter(|_| !target.is_empty())
        .map(|(at, found)| Span { start: narrow(at), end: narrow(at + found.len()) })
        .collect()
}

#[test]
fn explanations_agree_with_the_verdict() {
    let text = "I do NOT like the very bad gate 😍, but Acme is great!";
    let acme = spans(text, "Acme");
    for profile in [Profile::Vader, Profile::Resonanz] {
        let (scorer, mut scratch) = (Scorer::new(profile), Scratch::default());
        let explained = scorer.explain(text, Lang::EN, &acme);
        assert_eq!(explained.verdict, scorer.verdict(text, Lang::EN, &acme, &mut scratch));
        for reason in &explained.reasons {
            let first = reason.steps.first().map_or(reason.weight, |step| step.before);
            assert_eq!(first, reason.lexicon, "{reason:?}");
            let last = reason.steps.last().map_or(reason.lexicon, |step| step.after);
            assert_eq!(last, reason.weight, "{reason:?}");
            assert!(text.get(reason.span.start as usize..reason.span.end as usize).is_some());
        }
        let rules = |word: &str| -> Vec<Rule> {
            let reasons = explained.reasons.iter().filter(|reason| reason.word == word);
            reasons.flat_map(|reason| reason.steps.iter().map(|step| step.rule)).collect()
        };
        assert_eq!(rules("like"), [Rule::Negation, Rule::Contrast]);
        assert_eq!(rules("great"), [Rule::Contrast]);
        assert!(rules("bad").contains(&Rule::Booster));
    }
    let explained = Scorer::new(Profile::Resonanz).explain(text, Lang::EN, &acme);
    assert_eq!(explained.scope, Scope::Clause);
    let counted = explained.reasons.iter().filter(|reason| reason.counts_for_target);
    assert_eq!(counted.map(|reason| reason.word.as_str()).collect::<Vec<_>>(), ["great"]);
}

#[test]
fn vader_explains_emoji_in_place() {
    let text = "ä 💔💔 ok";
    let explained = Scorer::new(Profile::Vader).explain(text, Lang::EN, &[]);
    let found: Vec<_> = explained.reasons.iter().map(|r| (r.word.as_str(), r.span)).collect();
    let hearts = spans(text, "💔");
    let broken = [("broken", hearts[0]), ("broken", hearts[1])];
    assert_eq!(
        found.iter().copied().filter(|(word, _)| *word == "broken").collect::<Vec<_>>(),
        broken
    );
}

/// A small linear congruential generator: enough to mix texts, the same every time.
fn next(state: &mut u64) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*state >> 33).unwrap_or(0)
}

#[test]
fn any_text_and_any_span_is_scored_without_panic() {
    let parts = [
        "gut",
        "nicht",
        "ä",
        "ß",
        "💔",
        "👨‍👩‍👧",
        " ",
        "  ",
        "\n",
        ",",
        "!",
        "but",
        "aber",
        "@",
        "#",
        "http://x",
        "@acme",
        "’",
        "'",
        "e\u{301}",
        "\u{308}",
        "good",
        "BAD",
        "...",
        "\u{3000}",
        "中文",
        ":)",
        "-",
        "",
        "\u{212a}",
        "not",
        "schlecht",
        "sooooo",
        "only",
        "nur",
        "Verspätungschaos",
        "\0",
    ];
    let scorers = [Profile::Vader, Profile::Resonanz].map(Scorer::new);
    let langs = [Lang::EN, Lang::DE, Lang::UND];
    let (mut state, mut scratch) = (7, Scratch::default());
    for _ in 0..4_000 {
        let count = next(&mut state) % 24;
        let text: String = (0..count).map(|_| parts[next(&mut state) % parts.len()]).collect();
        let length = u32::try_from(text.len()).expect("a short text") + 3;
        let mut at = || u32::try_from(next(&mut state)).unwrap_or(0) % length;
        let spans: Vec<Span> = (0..3).map(|_| Span { start: at(), end: at() }).collect();
        for scorer in &scorers {
            for lang in langs {
                let verdict = scorer.verdict(&text, lang, &spans, &mut scratch);
                assert!((-10_000..=10_000).contains(&verdict.target.0), "{text:?}");
                assert_eq!(scorer.explain(&text, lang, &spans).verdict, verdict, "{text:?}");
            }
        }
    }
}

#[test]
fn versions_name_the_profile() {
    for profile in [Profile::Vader, Profile::Resonanz] {
        let scorer = Scorer::new(profile);
        let (name, hash) = scorer.version().split_once('-').expect("a hyphen");
        assert_eq!((name, hash.len()), (profile.as_str(), 8));
        assert_eq!(name.parse(), Ok(profile));
        assert_eq!(scorer.profile(), profile);
    }
    let error = "afinn".parse::<Profile>().expect_err("no profile");
    assert_eq!(error.to_string(), "\"afinn\" is not a sentiment profile; write vader or resonanz");
}
