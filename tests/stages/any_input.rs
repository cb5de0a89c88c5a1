//! Does anything that comes from outside stop the process? Noise and damaged input of every kind.

use proptest::prelude::*;

use crate::damage::{cases, damaged, damaged_text};
use resonanz_core::decode::{AuthorHasher, Decoder, Format, Parcel};
use resonanz_core::mention::{Context, Dialect, Imported, Matcher, MentionScratch, Topic, import};
use resonanz_core::post::{Event, Lang, SourceId, Span, TEXT_BYTES_MAX};
use resonanz_core::sentiment::evaluate::Row;
use resonanz_core::sentiment::{Lexicon, Model, Profile, Scorer, Scratch};
use resonanz_core::time::{EventTime, parse_span};

const FRAME: &str = r#"{"did":"did:plc:a","time_us":1772366400000000,"kind":"commit","commit":{"rev":"r","operation":"create","collection":"app.bsky.feed.post","rkey":"k","record":{"$type":"app.bsky.feed.post","text":"Die Bahn ist schrecklich 😡","createdAt":"2026-03-01T12:00:00.000Z","langs":["de"],"reply":{"root":{"uri":"at://x/y/z","cid":"c"},"parent":{"uri":"at://x/y/z","cid":"c"}}}}}"#;
const EVENT: &str = r#"{"$type":"message","payload":{"$type":"network.bsky.jetstream.subscribeEvents#commit","seq":7,"did":"did:plc:a","time":"2026-03-01T12:00:00.000001Z","rev":"r","operation":"create","collection":"app.bsky.feed.post","rkey":"k","record":{"$type":"app.bsky.feed.post","text":"Die Bahn ist schrecklich","createdAt":"2026-03-01T12:00:00.000Z","langs":["de"]}}}"#;
const LINE: &str = r#"{"id":"1","text":"Acme is a terrible \"brand\" \ud83d\ude21","posted_at":"2026-03-01T12:00:00+01:00","received_at":1772366400000000,"source":"forum","author":"jo","kind":"reply","lang":"en","parent":"0","thread":"0","url":"https://example.org/1","reach":10,"engagement":2}"#;
const RELAYED: &str = r#"{"op":"edit","source":"sky","id":"1","author":"09090909090909090909090909090909","posted_at":1772366400000000,"received_at":1772366400000000,"kind":"reply","lang":"en","text":"Acme is a terrible \"brand\" \ud83d\ude21","reach":10}"#;
const QUERY: &str = r#"acme NEAR/5f (refund OR "money back"~3) -author:@jo inflect:Kunde raw:AT&T #tag kind:reply followers:>1000 NOT (su?ch OR such*)"#;
const DIALECTS: [Dialect; 5] =
    [Dialect::X, Dialect::Brandwatch, Dialect::Talkwalker, Dialect::Sprinklr, Dialect::Meltwater];
const LEXICON: &str = "zorpig\t3\tde\ta\nkaputt\t0\ngeht .. ab|aus\t-3\tde\n# a comment\n";

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
    #![proptest_config(cases(400))]

    #[test]
    fn every_frame_is_an_event_or_no_post_or_refused(
        (format, raw) in prop_oneof![
            damaged(FRAME).prop_map(|raw| (Format::Jetstream, raw)),
            damaged(LINE).prop_map(|raw| (Format::Archive, raw)),
            prop::collection::vec(any::<u8>(), 0..200).prop_map(|raw| (Format::Archive, raw)),
            prop::collection::vec(any::<u8>(), 0..200).prop_map(|raw| (Format::Jetstream, raw)),
            damaged(EVENT).prop_map(|raw| (Format::JetstreamEvents, raw)),
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
    fn every_message_of_a_relay_is_an_event_or_refused(raw in damaged(RELAYED)) {
        let source = SourceId::new("stream");
        let mut decoder = Decoder::new(Format::Archive, source.clone(), AuthorHasher::of_keys());
        let mut parcel = Parcel::new(&source);
        let beat = decoder.decode_relayed(&raw, &mut parcel);
        let outcomes = parcel.events.len() + parcel.refused.len();
        prop_assert_eq!(outcomes + usize::from(beat.is_some()), 1);
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
