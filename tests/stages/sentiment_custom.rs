//! Can a user make the scorer his own? Lexicons, per topic too, fitted models, languages.

use resonanz_core::analyze::Analyzer;
use resonanz_core::mention::{Matcher, Topic};
use resonanz_core::post::{Lang, Polarity, Span, TopicId};
use resonanz_core::sentiment::evaluate::{Row, Unlabelled};
use resonanz_core::sentiment::fit::{Fate, FitError, Options, Posts, Sample, teach};
use resonanz_core::sentiment::{LanguageSource, Lexicon, Model, Profile, Scorer, Scratch, fit};

/// Posts to learn from without their labels, and posts to judge by.
const POSTS: &str = include_str!("../../models/posts/en.jsonl");
const JUDGES: &str = include_str!("../fixtures/posts/short-en.jsonl");

fn lexicon(text: &str) -> Vec<Lexicon> {
    vec![Lexicon::parse(text).expect("a lexicon")]
}

#[test]
fn lexicons_add_override_and_remove() {
    // A pattern may be longer than any of its words.
    let words = "zorpig\t3\tde\ta\nkaputt\t0\nsick\t3\ten\n# a comment\ngeht .. ab\t3\tde\n\
        zirbelt|wuselt|knarzelt|brummelt|summselt|hummelt|flirrt|klirrt|surrt ganz leise|sacht\t3\tde\n";
    let scorer = Scorer::with(Profile::Resonanz, &lexicon(words), None);
    let (plain, mut scratch) = (Scorer::new(Profile::Resonanz), Scratch::default());
    let rows = [
        (Lang::DE, "Das ist ein zorpiges Rad", Polarity::Positive, Polarity::Neutral),
        (Lang::DE, "Das Rad ist kaputt", Polarity::Neutral, Polarity::Negative),
        (Lang::EN, "this is a sick chair", Polarity::Positive, Polarity::Negative),
        (Lang::DE, "Das Rad geht richtig ab", Polarity::Positive, Polarity::Neutral),
        (Lang::DE, "Das Rad surrt ganz leise", Polarity::Positive, Polarity::Neutral),
    ];
    for (lang, text, with, without) in rows {
        let [found, before] =
            [&scorer, &plain].map(|scorer| scorer.score(text, lang, &mut scratch).score);
        assert_eq!((found.polarity(), before.polarity()), (with, without), "{text}");
    }
    assert_ne!(scorer.version(), plain.version());
    let again = Scorer::with(Profile::Resonanz, &lexicon(words), None);
    assert_eq!(scorer.version(), again.version());
}

#[test]
fn overlays_hold_for_one_topic() {
    let scorer = Scorer::new(Profile::Resonanz);
    let overlay =
        scorer.overlay(&lexicon("zorpig\t3\tde\ta\ngeht .. ab\t3\tde")).expect("an overlay");
    let mut scratch = Scratch::default();
    for text in ["Das ist ein zorpiges Rad", "Das Rad geht richtig ab"] {
        let with = scorer.verdict_over(text, Lang::DE, &[], Some(&overlay), &mut scratch);
        let without = scorer.verdict(text, Lang::DE, &[], &mut scratch);
        assert_eq!(with.polarity, Polarity::Positive, "{text}");
        assert_eq!(without.polarity, Polarity::Neutral, "{text}");
        assert_eq!(scorer.explain_over(text, Lang::DE, &[], Some(&overlay)).verdict, with);
    }
    assert!(scorer.overlay(&[]).is_none());
    assert!(Scorer::new(Profile::Vader).overlay(&lexicon("a\t1")).is_none());
}

#[test]
fn a_topic_with_words_of_its_own_has_a_version_of_its_own() {
    let version = |words: &str| {
        let scorer = Scorer::new(Profile::Resonanz);
        let overlays = vec![None, scorer.overlay(&lexicon(words))];
        let topics = [0, 1].map(|_| Topic { query: "a".into(), ..Topic::default() });
        let matcher = Matcher::compile(&topics, &|_| Vec::new()).expect("correct queries");
        let analyzer = Analyzer::new(matcher, scorer, overlays);
        [0, 1].map(|topic| analyzer.scorer_version(TopicId(topic)).to_owned())
    };
    let ([plain, first], [_, second]) = (version("zorpig\t3"), version("zorpig\t2"));
    assert_eq!(plain, Scorer::new(Profile::Resonanz).version());
    assert!(first.starts_with(&plain) && first != plain && first != second, "{first} {second}");
    assert_eq!(version("zorpig\t3")[1], first);
}

#[test]
fn languages_are_declared_or_detected() {
    let (scorer, mut scratch) = (Scorer::new(Profile::Resonanz), Scratch::default());
    use LanguageSource::{Declared, Detected, Unknown};
    let rows = [
        ("Das ist nicht der Zug, den ich wollte", "und", "de", Detected),
        ("This is not the train I was waiting for", "und", "en", Detected),
        ("Das ist nicht der Zug, den ich wollte", "en", "de", Detected),
        ("The train is late again", "en", "en", Declared),
        ("Danke", "de", "de", Declared),
        ("Ce n'est pas le train que je voulais avec vous", "und", "und", Detected),
        ("Ce n'est pas le train que je voulais avec vous", "fr", "fr", Declared),
        ("Terrible support", "fr", "und", Unknown),
        ("12345", "und", "und", Unknown),
    ];
    for (text, declared, lang, source) in rows {
        let found = scorer.language(text, Lang::parse(declared), &mut scratch);
        assert_eq!((found.lang.as_str(), found.source), (lang, source), "{text} {declared}");
        let verdict = scorer.verdict(text, Lang::parse(declared), &[], &mut scratch);
        assert_eq!(verdict.language, found);
    }
}

/// Posts of a made-up domain in which "wobbles" is praise and "hums" is not.
fn samples(count: usize) -> Vec<Sample> {
    let parts = [
        ("the wheel wobbles on route", Polarity::Positive),
        ("the wheel hums on route", Polarity::Negative),
        ("the wheel rolls on route", Polarity::Neutral),
    ];
    let sample = |at: usize| {
        let (text, polarity) = parts[at % parts.len()];
        let text = format!("{text} {at}{}", ["", " today", " again"][at / 3 % 3]);
        Sample { text, lang: Lang::EN, spans: Vec::new(), polarity, weight: 1.0, source: 0 }
    };
    (0..count).map(sample).collect()
}

#[test]
fn a_fitted_model_knows_its_domain() {
    let start = Scorer::new(Profile::Resonanz);
    let options = Options { folds: 3, ..Options::default() };
    let found = fit(&start, &samples(120), &options).expect("a fit");
    let chosen = &found.trials[found.chosen[0]];
    assert!(chosen.words && chosen.report.macro_f1 > 0.95, "{chosen:?}");
    assert!(found.before[0].1.macro_f1 < 0.7, "{:?}", found.before);
    let text = found.model.to_text();
    let again = Model::parse(&text).expect("a model file");
    assert!(again.to_text() == text, "what is written is read");
    let twice = fit(&start, &samples(120), &options).expect("a fit").model.to_text();
    assert!(twice == text, "the same posts give the same model");
    let scorer = Scorer::with(Profile::Resonanz, &[], Some(again));
    let fitted = Scorer::with(Profile::Resonanz, &[], Some(found.model));
    let mut scratch = Scratch::default();
    for (text, want) in [
        ("my wheel wobbles", Polarity::Positive),
        ("my wheel hums", Polarity::Negative),
        ("Das ist schlecht", Polarity::Negative),
    ] {
        let score = scorer.score(text, Lang::UND, &mut scratch).score;
        assert_eq!(score.polarity(), want, "{text}");
        assert_eq!(fitted.score(text, Lang::UND, &mut scratch).score, score);
    }
    assert_ne!(scorer.version(), start.version());
}

#[test]
fn a_fitted_model_tells_two_names_of_a_sentence_apart() {
    let sample = |at: usize| {
        let text = format!("The hall was lovely and full of light, staged by Acme for Zeta, {at}");
        let (name, polarity) = [("Acme", Polarity::Negative), ("Zeta", Polarity::Positive)][at % 2];
        let start = u32::try_from(text.find(name).expect("the name")).expect("a short text");
        let spans = vec![Span { start, end: start + 4 }];
        Sample { text, lang: Lang::EN, spans, polarity, weight: 1.0, source: 0 }
    };
    let samples: Vec<Sample> = (0..80).map(sample).collect();
    let options = Options { folds: 3, words: Some(true), ..Options::default() };
    let found = fit(&Scorer::new(Profile::Resonanz), &samples, &options).expect("a fit");
    let scorer = Scorer::with(Profile::Resonanz, &[], Some(found.model));
    for Sample { text, lang, spans, polarity, .. } in [sample(1_000), sample(1_001)] {
        let verdict = scorer.verdict(&text, lang, &spans, &mut Scratch::default());
        assert_eq!(verdict.polarity, polarity, "{text}");
    }
    let explained = scorer.explain(&samples[0].text, Lang::EN, &samples[0].spans);
    assert!(explained.influences.iter().any(|by| by.name == "_ for"), "{:?}", explained.influences);
}

#[test]
fn too_little_is_no_fit() {
    let options = Options::default();
    let resonanz = Scorer::new(Profile::Resonanz);
    let few = fit(&resonanz, &samples(12), &options).expect_err("too few");
    assert_eq!(few, FitError::TooFew { found: 12, classes: 3, least: 30 });
    let vader = Scorer::new(Profile::Vader);
    assert_eq!(fit(&vader, &samples(60), &options).expect_err("no weights"), FitError::Vader);
}

/// Posts of our own, without their labels.
fn unlabelled<'a>(lines: impl Iterator<Item = &'a str>) -> Posts {
    let mut posts = Posts::default();
    lines.for_each(|line| posts.push(Unlabelled::parse(line).expect("a post")));
    posts
}

/// Posts that a scorer finds right, all of them.
fn as_judged_by(scorer: &Scorer) -> Vec<Sample> {
    let mut scratch = Scratch::default();
    let rows = JUDGES.lines().map(|line| Row::parse(line).expect("a labelled post"));
    let sample = |row: Row| {
        let Row { text, lang, spans, .. } = row;
        let polarity = scorer.verdict(&text, lang, &spans, &mut scratch).polarity;
        Sample { text, lang, spans, polarity, weight: 1.0, source: 0 }
    };
    rows.map(sample).collect()
}

#[test]
fn posts_without_labels_teach_and_labels_say_whether_that_is_better() {
    let start = Scorer::new(Profile::Resonanz);
    let posts = unlabelled(POSTS.lines());
    let taught = |labelled: &[Sample], even_if_worse| {
        teach(&start, &posts, labelled, even_if_worse).expect("posts enough")
    };
    let untold = taught(&[], false);
    assert!(untold.views.iter().all(|view| view.fate == Fate::Untold && view.labelled.is_none()));
    assert!(untold.changed > 10 && untold.examples.len() == 10, "{}", untold.changed);
    assert!(untold.examples.iter().all(|one| one.before != one.after));

    // Whoever finds the start right finds the change worse, and it is left.
    let worse = taught(&as_judged_by(&start), false);
    assert!(worse.views.iter().any(|view| view.fate == Fate::Worse), "{:?}", worse.views);
    assert!(worse.views.iter().all(|view| view.turned[0] == 0), "{:?}", worse.views);
    let forced = taught(&as_judged_by(&start), true);
    assert!(forced.views.iter().any(|view| view.fate == Fate::Forced), "{:?}", forced.views);
    assert!(forced.views.iter().all(|view| view.fate != Fate::Worse), "{:?}", forced.views);

    // Whoever finds the change right finds it better.
    let changed = Scorer::with(Profile::Resonanz, &[], Some(untold.model));
    let proven = taught(&as_judged_by(&changed), false);
    assert!(proven.has_learned(), "{:?}", proven.views);
    assert!(proven.views.iter().all(|view| view.fate != Fate::Worse), "{:?}", proven.views);
    assert!(proven.views.iter().any(|view| view.turned[0] > 0 && view.fate == Fate::Proven));
}

#[test]
fn what_posts_without_labels_teach_depends_on_no_order() {
    let start = Scorer::new(Profile::Resonanz);
    let model = |posts: &Posts| teach(&start, posts, &[], false).expect("posts enough").model;
    let once = model(&unlabelled(POSTS.lines()));
    let twice = model(&unlabelled(POSTS.lines().rev().chain(POSTS.lines())));
    assert!(once.to_text() == twice.to_text());
    // What is in another language teaches nothing, and a text that is too long takes nobody's place.
    let foreign: Vec<String> =
        (0..300).map(|n| format!(r#"{{"text":"荷物が届かない {n}","lang":"ja"}}"#)).collect();
    let huge = format!(r#"{{"text":"{}","lang":"en"}}"#, "parcel ".repeat(2 << 20));
    let others = foreign.iter().chain([&huge]).map(String::as_str);
    assert!(once.to_text() == model(&unlabelled(others.chain(POSTS.lines()))).to_text());
    let read = Model::parse(&once.to_text()).expect("a model file");
    assert!(read.to_text() == once.to_text(), "what is written is read");
    let few = teach(&start, &unlabelled(POSTS.lines().take(100)), &[], false).expect_err("too few");
    assert!(matches!(few, FitError::TooFewUnlabelled { least: 200, .. }), "{few}");
    let posts = unlabelled(POSTS.lines());
    let vader = Scorer::new(Profile::Vader);
    assert_eq!(teach(&vader, &posts, &[], false).expect_err("no weights"), FitError::Vader);
}

#[test]
fn explanations_name_what_the_model_weighed() {
    let scorer = Scorer::new(Profile::Resonanz);
    let text = "@acme your service is a waste of time";
    let explained = scorer.explain(text, Lang::EN, &[Span { start: 0, end: 5 }]);
    assert_eq!(explained.verdict.polarity, Polarity::Negative);
    assert!(explained.reasons.iter().any(|reason| reason.word == "waste of time"));
    let sums = explained.sums.expect("sums of three classes");
    assert!(sums[0] > sums[1] && sums[0] > sums[2]);
    let sizes: Vec<f64> = explained.influences.iter().map(|influence| influence.size()).collect();
    assert!(!sizes.is_empty() && sizes.is_sorted_by(|a, b| a >= b));
}
