//! How is a text meant? Scores one text in both languages, and one text that speaks of two brands.

#![allow(clippy::print_stdout, reason = "an example tells the person who runs it")]

use resonanz_core::post::{Lang, Span};
use resonanz_core::sentiment::{Profile, Scorer, Scratch};

fn main() {
    let scorer = Scorer::new(Profile::Resonanz);
    let mut scratch = Scratch::default();

    for text in [
        "Great service, thank you!",
        "On hold for 40 minutes and nobody answers.",
        "Seit drei Wochen keine Antwort. Nie wieder!",
    ] {
        let document = scorer.score(text, Lang::UND, &mut scratch);
        println!("{:+.2}  {text}", document.score.as_f64());
    }

    // A verdict about a target: where it is mentioned, in bytes.
    let text = "love Nike, but Adidas is terrible";
    for (start, end) in [(5, 9), (15, 21)] {
        let brand = text.get(start..end).unwrap_or_default();
        let at = [Span { start: start as u32, end: end as u32 }];
        let verdict = scorer.verdict(text, Lang::EN, &at, &mut scratch);
        println!("{:+.2}  {brand} in {text:?}", verdict.target.as_f64());
    }
}
