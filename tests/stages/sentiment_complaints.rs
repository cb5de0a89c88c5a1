//! Is a plain complaint found, however it is typed? Posts that nothing was fitted to, with floors.

use resonanz_core::post::{Lang, Polarity, Span};
use resonanz_core::sentiment::evaluate::{Report, Row, Tally};
use resonanz_core::sentiment::{Profile, Scorer, Scratch};

/// Posts of our own wording, written before the rules that judge them.
const ENGLISH: &str = include_str!("../fixtures/posts/en.jsonl");
const GERMAN: &str = include_str!("../fixtures/posts/de.jsonl");
/// Short posts by kind: idioms, irony, dialect, names, comparisons; words were mended by them.
const SHORT_ENGLISH: &str = include_str!("../fixtures/posts/short-en.jsonl");
const SHORT_GERMAN: &str = include_str!("../fixtures/posts/short-de.jsonl");
/// Plain short posts about invented companies, written before the rules; half of them never looked at.
const PLAIN_ENGLISH: &str = include_str!("../fixtures/posts/plain-en.jsonl");
const PLAIN_GERMAN: &str = include_str!("../fixtures/posts/plain-de.jsonl");
/// Posts as customers type them, of eleven trades, written before the words that came with them: those that
/// words were mended by, and those of which only sums were read.
const FRESH_ENGLISH: &str = include_str!("../fixtures/posts/fresh-en.jsonl");
const FRESH_GERMAN: &str = include_str!("../fixtures/posts/fresh-de.jsonl");
const SEALED_ENGLISH: &str = include_str!("../fixtures/posts/sealed-en.jsonl");
const SEALED_GERMAN: &str = include_str!("../fixtures/posts/sealed-de.jsonl");
/// More of them, in more trades: of the first, words were mended by; of the sealed only sums were read.
const TYPED_ENGLISH: &str = include_str!("../fixtures/posts/typed-en.jsonl");
const TYPED_GERMAN: &str = include_str!("../fixtures/posts/typed-de.jsonl");
const TYPED_SEALED_ENGLISH: &str = include_str!("../fixtures/posts/typed-sealed-en.jsonl");
const TYPED_SEALED_GERMAN: &str = include_str!("../fixtures/posts/typed-sealed-de.jsonl");
/// Posts as they come in a mixed stream, written by a hand that wrote nothing else here; only sums were read.
const MIXED_ENGLISH: &str = include_str!("../fixtures/posts/mixed-en.jsonl");
const MIXED_GERMAN: &str = include_str!("../fixtures/posts/mixed-de.jsonl");

/// Short complaints about a brand; `@` is its name.
const COMPLAINTS: [(&str, &str); 40] = [
    ("en", "@ sucks"),
    ("en", "@ is a scam"),
    ("en", "I hate @"),
    ("en", "@ support is useless"),
    ("en", "@ lost my parcel"),
    ("en", "@ never called me back"),
    ("en", "worst app ever, @"),
    ("en", "@ charged me twice"),
    ("en", "still waiting for my refund from @"),
    ("en", "do not buy from @"),
    ("en", "@ ripped me off"),
    ("en", "what a joke, @"),
    ("en", "never again @"),
    ("en", "@ is garbage"),
    ("en", "so disappointed in @"),
    ("en", "@ customer service is a nightmare"),
    ("en", "the @ app keeps crashing"),
    ("en", "shame on @"),
    ("en", "@ ruined our holiday"),
    ("en", "fed up with @"),
    ("de", "@ ist das Letzte"),
    ("de", "@ nervt"),
    ("de", "@ ist einfach nur schlecht"),
    ("de", "nie wieder @"),
    ("de", "Finger weg von @"),
    ("de", "der Service von @ ist eine Katastrophe"),
    ("de", "@ hat mich abgezockt"),
    ("de", "warte seit drei Wochen auf mein Paket von @"),
    ("de", "@ geht nicht ans Telefon"),
    ("de", "bin so enttäuscht von @"),
    ("de", "@ hat doppelt abgebucht"),
    ("de", "die App von @ stürzt dauernd ab"),
    ("de", "@ ist eine Frechheit"),
    ("de", "Saftladen, dieses @"),
    ("de", "@ meldet sich nicht"),
    ("de", "was für ein Mist, @"),
    ("de", "unverschämt, was @ da abzieht"),
    ("de", "@ hat mein Paket verloren"),
    ("de", "ich hasse @"),
    ("de", "@ Kundendienst unterirdisch"),
];

/// Another way to type a text.
type Dress = fn(&str) -> String;

fn report(posts: &str) -> Report {
    let (scorer, mut scratch) = (Scorer::new(Profile::Resonanz), Scratch::default());
    let mut tally = Tally::default();
    for line in posts.lines() {
        let row = Row::parse(line).expect("a labelled post");
        let verdict = scorer.verdict(&row.text, row.lang, &row.spans, &mut scratch);
        tally.observe(row.gold, verdict.polarity);
    }
    tally.finalize()
}

/// Recall and precision of negative.
fn negative(report: &Report) -> [f64; 2] {
    let count = |cells: u64| f64::from(u32::try_from(cells).expect("some hundred posts"));
    let cells = &report.confusion;
    let right = count(cells[0][0]);
    [right / count(cells[0].iter().sum()), right / count(cells.iter().map(|row| row[0]).sum())]
}

#[test]
fn posts_of_our_own_wording_are_understood() {
    let sets = [
        (ENGLISH, 220, [0.81, 0.85, 0.82]),
        (GERMAN, 220, [0.80, 0.85, 0.82]),
        (SHORT_ENGLISH, 773, [0.88, 0.90, 0.86]),
        (SHORT_GERMAN, 809, [0.90, 0.93, 0.88]),
        (PLAIN_ENGLISH, 294, [0.91, 0.90, 0.88]),
        (PLAIN_GERMAN, 294, [0.87, 0.93, 0.89]),
        (FRESH_ENGLISH, 303, [0.88, 0.94, 0.87]),
        (FRESH_GERMAN, 304, [0.88, 0.93, 0.87]),
        (SEALED_ENGLISH, 60, [0.75, 0.90, 0.78]),
        (SEALED_GERMAN, 60, [0.85, 0.92, 0.85]),
        (TYPED_ENGLISH, 235, [0.84, 0.92, 0.84]),
        (TYPED_GERMAN, 229, [0.87, 0.87, 0.80]),
        (TYPED_SEALED_ENGLISH, 61, [0.63, 0.77, 0.70]),
        (TYPED_SEALED_GERMAN, 61, [0.58, 0.72, 0.62]),
        (MIXED_ENGLISH, 200, [0.78, 0.82, 0.77]),
        (MIXED_GERMAN, 200, [0.81, 0.78, 0.75]),
    ];
    for (posts, rows, floors) in sets {
        let report = report(posts);
        assert_eq!(report.rows, rows);
        let [recall, precision] = negative(&report);
        let found = [recall, precision, report.macro_f1];
        let held = found.iter().zip(floors).all(|(found, floor)| *found >= floor);
        assert!(held, "recall, precision of negative, macro-F1: {found:.3?}, floors {floors:?}");
    }
}

#[test]
fn short_complaints_are_found_in_any_dress() {
    let (scorer, mut scratch) = (Scorer::new(Profile::Resonanz), Scratch::default());
    let dresses: [(&str, Dress); 4] = [
        ("plain", |text| text.to_owned()),
        ("capitals", |text| text.to_uppercase()),
        ("exclaimed", |text| format!("{text}!!!")),
        ("addressed", |text| format!("@someone {text} https://t.example/x1")),
    ];
    for (dress, wear) in dresses {
        let mut missed = Vec::new();
        for (lang, pattern) in COMPLAINTS {
            let text = wear(&pattern.replace('@', "Voltara"));
            let from = text.to_lowercase().find("voltara").expect("the brand is named");
            let at = |at: usize| u32::try_from(at).expect("a short text");
            let span = Span { start: at(from), end: at(from + "Voltara".len()) };
            let verdict = scorer.verdict(&text, Lang::parse(lang), &[span], &mut scratch);
            if verdict.polarity != Polarity::Negative {
                missed.push(text);
            }
        }
        assert!(
            missed.len() <= 2,
            "{dress}: {} of {} missed: {missed:#?}",
            missed.len(),
            COMPLAINTS.len()
        );
    }
}
