//! Does anything that comes from outside stop the process? Noise and damaged input of every kind.

use std::path::Path;

use proptest::prelude::*;

use resonanz::config::Config;
use resonanz::connect::Parcel;
use resonanz::connect::decode::{AuthorHasher, Decoder, Format};
use resonanz::mention::{Context, Dialect, Imported, Matcher, MentionScratch, Topic, import};
use resonanz::post::{Event, Lang, SourceId, Span, TEXT_BYTES_MAX};
use resonanz::sentiment::evaluate::Row;
use resonanz::sentiment::{Lexicon, Model, Profile, Scorer, Scratch};
use resonanz::time::{EventTime, parse_span};

const FRAME: &str = r#"{"did":"did:plc:a","time_us":1772366400000000,"kind":"commit","commit":{"rev":"r","operation":"create","collection":"app.bsky.feed.post","rkey":"k","record":{"$type":"app.bsky.feed.post","text":"Die Bahn ist schrecklich 😡","createdAt":"2026-03-01T12:00:00.000Z","langs":["de"],"reply":{"root":{"uri":"at://x/y/z","cid":"c"},"parent":{"uri":"at://x/y/z","cid":"c"}}}}}"#;
const LINE: &str = r#"{"id":"1","text":"Acme is a terrible \"brand\" \ud83d\ude21","posted_at":"2026-03-01T12:00:00+01:00","received_at":1772366400000000,"source":"forum","author":"jo","kind":"reply","lang":"en","parent":"0","thread":"0","url":"https://example.org/1","reach":10,"engagement":2}"#;
const QUERY: &str = r#"acme NEAR/5f (refund OR "money back"~3) -author:@jo inflect:Kunde raw:AT&T #tag kind:reply followers:>1000 NOT (su?ch OR such*)"#;
const CONFIG: &str = r#"
[lake]
path = "lake"
commit_interval = "10s"
[engine]
lateness = "5s"
[sentiment]
profile = "resonanz"
[[source]]
name = "ws"
type = "websocket"
url = "wss://example.org/subscribe"
format = "jetstream"
[[topic]]
name = "acme"
query = 'acme NOT job'
[[receiver]]
name = "team"
url = "https://example.org/hook"
[[rule]]
name = "spike"
type = "spike"
window = "10m"
active = "mon-fri 08:00-18:00"
zone = "Europe/Berlin"
receivers = ["team"]
"#;
const DIALECTS: [Dialect; 5] =
    [Dialect::X, Dialect::Brandwatch, Dialect::Talkwalker, Dialect::Sprinklr, Dialect::Meltwater];
const LEXICON: &str = "zorpig\t3\tde\ta\nkaputt\t0\ngeht .. ab|aus\t-3\tde\n# a comment\n";

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
fn damaged(sound: &'static str) -> impl Strategy<Value = Vec<u8>> {
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

fn damaged_text(sound: &'static str) -> impl Strategy<Value = String> {
    damaged(sound).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Words, signs and marks that the rules look at, and noise between them.
fn text() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "acme",
        "Kunden",
        "nicht",
        "not",
        "but",
        "aber",
        "GREAT",
        "terrible",
        "refund",
        "money",
        "back",
        "!!!",
        "?",
        ":)",
        "😡",
        "👩‍👩‍👧",
        "#tag",
        "@jo",
        "AT&T",
        "https://example.org/a?b=c",
        "soooo",
        "n't",
        "’s",
        "\u{0301}",
        "\u{200d}",
        "İ",
        "ẞ",
        "ﬀ",
        "。",
        "\n",
    ]);
    let part = prop_oneof![4 => word.prop_map(str::to_owned), 1 => any::<String>()];
    prop::collection::vec((part, prop::sample::select(vec!["", " ", "  "])), 0..30)
        .prop_map(|parts| parts.into_iter().map(|(part, gap)| part + gap).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_frame_is_an_event_or_no_post_or_refused(
        (format, raw) in prop_oneof![
            damaged(FRAME).prop_map(|raw| (Format::Jetstream, raw)),
            damaged(LINE).prop_map(|raw| (Format::Archive, raw)),
            prop::collection::vec(any::<u8>(), 0..200).prop_map(|raw| (Format::Archive, raw)),
            prop::collection::vec(any::<u8>(), 0..200).prop_map(|raw| (Format::Jetstream, raw)),
        ]
    ) {
        let source = SourceId::new("s");
        let mut decoder = Decoder::new(format, source.clone(), AuthorHasher::new([7; 32]));
        let mut parcel = Parcel::new(&source);
        decoder.decode(&raw, &mut parcel);
        let outcomes = parcel.events.len() + parcel.refused.len();
        prop_assert_eq!(outcomes + usize::try_from(parcel.ignored).unwrap_or(9), 1);
        for event in &parcel.events {
            if let Event::Create(post) | Event::Edit(post) = event {
                prop_assert!(!post.id.is_empty() && post.text.len() <= TEXT_BYTES_MAX);
            }
        }
        for refused in &parcel.refused {
            prop_assert!(!refused.reason.is_empty());
        }
    }

    #[test]
    fn every_query_compiles_or_says_where_not(query in damaged_text(QUERY), text in text()) {
        let topic = Topic { query: query.clone(), ..Topic::default() };
        match Matcher::compile(std::slice::from_ref(&topic), &|_| Vec::new()) {
            Err(errors) => {
                let (_, error) = &errors[0];
                prop_assert!(query.is_char_boundary(error.at), "{} {}", query, error.at);
                prop_assert!(!error.render(&query).is_empty() && !error.message.is_empty());
            }
            Ok(matcher) => {
                let (mut mentions, mut spans) = (Vec::new(), Vec::new());
                let mut scratch = MentionScratch::default();
                matcher.find(&text, Context::default(), &mut scratch, &mut mentions, &mut spans);
                for Span { start, end } in spans {
                    prop_assert!(text.get(start as usize..end as usize).is_some());
                }
            }
        }
        for dialect in DIALECTS {
            let Ok(Imported { query: imported, .. }) = import(dialect, &query) else { continue };
            let topic = Topic { query: imported.clone(), ..Topic::default() };
            let compiled = Matcher::compile(&[topic], &|_| Vec::new());
            prop_assert!(compiled.is_ok(), "{} became {}: {:?}", query, imported, compiled.err());
        }
    }

    #[test]
    fn every_configuration_is_read_or_its_faults_are_placed(text in damaged_text(CONFIG)) {
        if let Err(errors) = Config::parse(&text, Path::new("/")) {
            prop_assert!(!errors.is_empty());
            let lines = text.split('\n').count();
            for error in errors {
                prop_assert!((1..=lines).contains(&error.line), "{error}\n{text}");
                prop_assert!(error.column >= 1 && !error.message.is_empty());
            }
        }
    }

    #[test]
    fn lexicons_models_rows_and_times_are_read_or_refused(
        lexicon in damaged_text(LEXICON),
        row in damaged_text(LINE),
        time in damaged_text("2026-03-01T12:00:00.123456+01:00"),
        span in damaged_text("90m"),
    ) {
        let lines = lexicon.lines().count();
        if let Err(error) = Lexicon::parse(&lexicon) {
            prop_assert!((1..=lines).contains(&error.line));
        }
        let _ = Model::parse(&lexicon);
        let _ = Row::parse(&row);
        let _ = EventTime::parse(&time).map(|time| EventTime::parse(&time.to_string()));
        let _ = parse_span(&span);
    }
}

#[test]
fn every_text_has_scores_within_their_range() {
    let scorers = [Profile::Vader, Profile::Resonanz].map(Scorer::new);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(1_000));
    let cases = (text(), any::<prop::sample::Index>(), 0usize..20);
    let outcome = runner.run(&cases, |(text, at, length)| {
        let at = at.index(text.len() + 1);
        let [start, end] = [at, at + length].map(|at| u32::try_from(at).unwrap_or(0));
        for scorer in &scorers {
            let mut scratch = Scratch::default();
            for lang in [Lang::UND, Lang::EN, Lang::DE] {
                let document = scorer.score(&text, lang, &mut scratch);
                let verdict = scorer.verdict(&text, lang, &[Span { start, end }], &mut scratch);
                for score in [document.score, verdict.document, verdict.target] {
                    prop_assert!((-1.0..=1.0).contains(&score.as_f64()), "{score:?}");
                }
                let explained = scorer.explain(&text, lang, &[Span { start, end }]);
                prop_assert_eq!(explained.verdict, verdict);
            }
        }
        Ok(())
    });
    outcome.expect("scores for any text");
}
