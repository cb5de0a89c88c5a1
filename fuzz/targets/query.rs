//! Does every query compile or say where not, and does what it finds lie in the text? A query, a line
//! end, a text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use resonanz_core::mention::{Context, Dialect, Imported, Matcher, MentionScratch, Topic, import};
use resonanz_core::privacy::keyed_query;

const DIALECTS: [Dialect; 5] =
    [Dialect::X, Dialect::Brandwatch, Dialect::Talkwalker, Dialect::Sprinklr, Dialect::Meltwater];

fuzz_target!(|input: &str| {
    let (query, text) = input.split_once('\n').unwrap_or((input, "acme is terrible"));
    let _ = keyed_query(query, &|_| Default::default());
    let topic = Topic { query: query.to_owned(), ..Topic::default() };
    match Matcher::compile(&[topic], &|_| Vec::new()) {
        Err(errors) => {
            for (_, error) in errors {
                assert!(query.is_char_boundary(error.at));
                assert!(!error.render(query).is_empty() && !error.message.is_empty());
            }
        }
        Ok(matcher) => {
            let (mut mentions, mut spans) = (Vec::new(), Vec::new());
            let mut scratch = MentionScratch::default();
            matcher.find(text, Context::default(), &mut scratch, &mut mentions, &mut spans);
            for span in spans {
                assert!(text.get(span.start as usize..span.end as usize).is_some());
            }
        }
    }
    for dialect in DIALECTS {
        let Ok(Imported { query: imported, .. }) = import(dialect, query) else { continue };
        let topic = Topic { query: imported.clone(), ..Topic::default() };
        let compiled = Matcher::compile(&[topic], &|_| Vec::new());
        assert!(compiled.is_ok(), "{query} became {imported}: {:?}", compiled.err());
    }
});
