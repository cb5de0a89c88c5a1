//! Does the matcher find what a naive search finds? Random queries over random texts.
//!
//! The oracle under `mention_oracle/` shares no code with the crate. For more cases:
//! `PROPTEST_CASES=200000 cargo test --release --test stages mention_oracle`.

mod query;
mod search;
mod text;

use proptest::prelude::*;
use resonanz_core::mention::{Context, Matcher, MentionScratch, Topic, Umlauts, parse};
use resonanz_core::post::{Lang, TopicId};

use query::{Defaults, Query};
use search::Oracle;
use text::{Reading, read, written};

fn topic(query: &Query, defaults: Defaults) -> Topic {
    Topic {
        query: query.write(),
        compounds: defaults.compounds,
        hashtags: defaults.hashtags,
        // Random texts hold hosts by chance; the oracle has no notion of them.
        links: true,
        umlauts: if defaults.apart { Umlauts::Apart } else { Umlauts::Equal },
        ..Topic::default()
    }
}

/// The spans that the oracle expects, merged; `None` if the query must not match.
fn expected(
    query: &Query,
    defaults: Defaults,
    tokens: &[usize],
    lang: &'static str,
) -> Option<Vec<(usize, usize)>> {
    let reading = if defaults.apart { Reading::Letters } else { Reading::Search };
    let text = read(tokens, reading);
    let oracle = Oracle { original: &written(tokens), text, defaults, lang };
    let mut spans = oracle.judge(query, true)?;
    spans.sort_unstable();
    let mut merged: Vec<(usize, usize)> = Vec::new();
    for (start, end) in spans {
        match merged.last_mut() {
            Some(last) if start < last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    Some(merged)
}

fn is_valid(query: &Query, defaults: Defaults) -> bool {
    let oracle = Oracle { original: "", text: read(&[], Reading::Search), defaults, lang: "en" };
    Oracle::anchored(query) && oracle.valid_query(query)
}

fn cases() -> ProptestConfig {
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() {
        ProptestConfig::default().cases
    } else {
        2_000
    };
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn the_matcher_finds_what_a_naive_search_finds(
        queries in prop::collection::vec((query::query(), query::defaults()), 1..4),
        texts in prop::collection::vec((query::tokens(0..14), any::<bool>()), 1..4),
    ) {
        for (query, defaults) in &queries {
            let parsed = parse(&query.write());
            prop_assert_eq!(parsed.is_ok(), is_valid(query, *defaults), "{}", query.write());
            if let Ok(expr) = parsed {
                prop_assert_eq!(parse(&expr.to_string()), Ok(expr));
            }
        }
        let queries: Vec<_> =
            queries.into_iter().filter(|(query, defaults)| is_valid(query, *defaults)).collect();
        let topics: Vec<Topic> =
            queries.iter().map(|(query, defaults)| topic(query, *defaults)).collect();
        let matcher = Matcher::compile(&topics, &|_| Vec::new()).expect("all are valid");
        let mut scratch = MentionScratch::default();
        for (tokens, english) in texts {
            let (text, lang) = (written(&tokens), if english { "en" } else { "de" });
            let context = Context { lang: Lang::parse(lang), ..Context::default() };
            let (mut mentions, mut spans) = (Vec::new(), Vec::new());
            matcher.find(&text, context, &mut scratch, &mut mentions, &mut spans);
            prop_assert_eq!(matcher.finds_any(&text, context, &mut scratch), !mentions.is_empty());
            for (id, (query, defaults)) in (0u32..).zip(&queries) {
                let found = mentions.iter().find(|mention| mention.topic == TopicId(id));
                let found = found.map(|mention| {
                    let range = mention.spans_start as usize..mention.spans_end as usize;
                    let spans = spans[range].iter();
                    spans.map(|span| (span.start as usize, span.end as usize)).collect::<Vec<_>>()
                });
                let want = expected(query, *defaults, &tokens, lang);
                let why = matcher.explain(&text, context, TopicId(id)).expect("the topic exists");
                prop_assert_eq!(&found, &want, "{} {:?} on {:?}", query.write(), defaults, text);
                prop_assert_eq!(why.held, want.is_some(), "{} on {:?}: {}", query.write(), text, why);
                for (start, end) in found.into_iter().flatten() {
                    prop_assert!(text.get(start..end).is_some());
                }
            }
        }
    }
}
