//! Has every text scores within their range, and is what is taken out of it taken out for good? The
//! first byte picks the language, the second where the target stands.
#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use resonanz_core::post::{Lang, Span};
use resonanz_core::privacy::{Personal, Redactor, spellings};
use resonanz_core::sentiment::{Profile, Scorer, Scratch};

const ALL: [Personal; 5] =
    [Personal::Email, Personal::Phone, Personal::Iban, Personal::Card, Personal::Handle];

thread_local! {
    static SCORERS: RefCell<([Scorer; 2], Redactor)> = RefCell::new((
        [Profile::Vader, Profile::Resonanz].map(Scorer::new),
        Redactor::new(ALL, ["acme"]),
    ));
}

fuzz_target!(|input: (u8, u8, &str)| {
    let (lang, at, text) = input;
    let lang = [Lang::EN, Lang::DE, Lang::UND][usize::from(lang % 3)];
    let start = text.floor_char_boundary(usize::from(at));
    let end = text.ceil_char_boundary((start + 5).min(text.len()));
    let span = Span { start: start as u32, end: end as u32 };
    SCORERS.with_borrow(|(scorers, redactor)| {
        let mut scratch = Scratch::default();
        for scorer in scorers {
            let document = scorer.score(text, lang, &mut scratch);
            let verdict = scorer.verdict(text, lang, &[span], &mut scratch);
            for score in [document.score, verdict.document, verdict.target] {
                assert!((-1.0..=1.0).contains(&score.as_f64()));
            }
            assert_eq!(scorer.explain(text, lang, &[span]).verdict, verdict);
        }
        for piece in redactor.pieces(text) {
            assert!(text.get(piece.start..piece.end).is_some());
        }
        if let Some(redacted) = redactor.redacted(text) {
            assert_ne!(redacted, text);
        }
    });
    let _ = spellings(text);
});
