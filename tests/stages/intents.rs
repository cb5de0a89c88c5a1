//! Is what a writer wants found, however it is typed? Plain rows, and posts that no pattern was tuned
//! on, with floors.

use resonanz_core::analyze::Analyzer;
use resonanz_core::intent::Intent;
use resonanz_core::mention::{Matcher, Topic};
use resonanz_core::post::{AuthorKey, Kind, Lang, Post, SourceId, Span, TopicId};
use resonanz_core::sentiment::intents::IntentSample;
use resonanz_core::sentiment::intents::evaluate::IntentTally;
use resonanz_core::sentiment::{Profile, Scorer, Scratch};
use resonanz_core::time::EventTime;

use Intent::{Churn, Complaint, Praise, Purchase, Question, Recommendation};

const HELD_OUT: [(&str, &str); 2] = [
    ("en", include_str!("../../models/intents/en-held-out.jsonl")),
    ("de", include_str!("../../models/intents/de-held-out.jsonl")),
];

/// Texts about a brand, `@` in them, with an intent that they must have, and one that they must not.
const ROWS: [(&str, &str, Option<Intent>, Option<Intent>); 36] = [
    ("en", "gonna cancel my @ sub if they dont sort this", Some(Churn), Some(Praise)),
    ("en", "I'm cancelling my contract with @", Some(Churn), Some(Praise)),
    ("en", "I'm not cancelling my @ contract", None, Some(Churn)),
    ("en", "won't be shopping at @ anymore", Some(Churn), Some(Question)),
    ("en", "@ cancelled my flight three hours before takeoff", Some(Complaint), Some(Churn)),
    ("en", "@ won't let me cancel", Some(Complaint), Some(Recommendation)),
    ("en", "how is @ still in business", Some(Complaint), Some(Question)),
    ("en", "what time does @ open tomorow", Some(Question), Some(Complaint)),
    ("en", "where can I buy @ shoes in berlin", Some(Purchase), Some(Complaint)),
    ("en", "how do I return my @ shoes", Some(Question), Some(Purchase)),
    ("en", "ordered from @ three weeks ago and still nothing", Some(Complaint), Some(Purchase)),
    ("en", "you should all switch to @", Some(Recommendation), Some(Churn)),
    ("en", "i would never recommend @", Some(Complaint), Some(Recommendation)),
    ("en", "can't recommend @ enough", Some(Recommendation), Some(Complaint)),
    ("en", "thanks for nothing @", Some(Complaint), Some(Praise)),
    ("en", "cheers @ for the free upgrade", Some(Praise), Some(Complaint)),
    ("en", "We're hiring! @ is looking for drivers, apply now", None, Some(Purchase)),
    ("en", "@ recalls chocolate bars", None, Some(Complaint)),
    ("en", "buying @ shares tomorrow", None, Some(Purchase)),
    ("de", "kündige mein @ abo wenn das so weitergeht", Some(Churn), Some(Praise)),
    ("de", "mit @ bin ich durch", Some(Churn), Some(Question)),
    ("de", "@ lässt mich nicht kündigen", Some(Complaint), Some(Churn)),
    ("de", "Habt ihr bei @ noch alle Tassen im Schrank?", Some(Complaint), Some(Question)),
    ("de", "@, warum muss ich fünfmal anrufen?", Some(Complaint), Some(Question)),
    ("de", "wann macht @ morgen auf", Some(Question), Some(Complaint)),
    ("de", "wo kann ich @ schuhe in berlin kaufen", Some(Purchase), Some(Complaint)),
    ("de", "vor drei wochen bei @ bestellt und immer noch nix da", Some(Complaint), Some(Purchase)),
    ("de", "kann ich nur empfehlen, @", Some(Recommendation), Some(Complaint)),
    ("de", "kann @ leider nicht empfehlen", Some(Complaint), Some(Recommendation)),
    ("de", "kauf nie wieder bei @", Some(Churn), Some(Recommendation)),
    ("de", "@ eröffnet Filiale in Leipzig", None, Some(Purchase)),
    ("de", "@ hat mir super geholfen, danke an Frau Kern!", Some(Praise), Some(Complaint)),
    ("de", "@ sucht Fahrer in Kassel (m/w/d), jetzt bewerben", None, Some(Purchase)),
    (
        "de",
        "@-Kunden können bis Ende März kündigen, sagt die Verbraucherzentrale",
        None,
        Some(Churn),
    ),
    ("de", "lohnt sich @ oder soll ich warten", Some(Purchase), Some(Complaint)),
    ("de", "20 Jahre @ und nie einen Grund zu wechseln gehabt", Some(Praise), Some(Churn)),
];

#[test]
fn plain_texts_say_what_their_writers_want() {
    let (scorer, mut scratch) = (Scorer::new(Profile::Resonanz), Scratch::default());
    let mut wrong = Vec::new();
    for (lang, text, has, lacks) in ROWS {
        let start = u32::try_from(text.find('@').expect("a brand")).expect("short");
        for name in ["acme", "Acme"] {
            let text = text.replace('@', name);
            let spans = [Span { start, end: start + 4 }];
            let found = scorer.verdict(&text, Lang::parse(lang), &spans, &mut scratch).intents;
            let right = has.is_none_or(|has| found.get(has).is_some())
                && lacks.is_none_or(|lacks| found.get(lacks).is_none());
            if !right {
                wrong.push(format!("{text}: {}", found.joined()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn who_leaves_one_for_the_other_is_lost_to_the_one_and_won_by_the_other() {
    let (scorer, mut scratch) = (Scorer::new(Profile::Resonanz), Scratch::default());
    let rows = [
        ("en", "I moved to Acme from Hooli and it's so much better"),
        ("de", "bin von Hooli zu Acme gewechselt, viel besser"),
    ];
    for (lang, text) in rows {
        let mut intents = |name: &str| {
            let start = u32::try_from(text.find(name).expect(name)).expect("short");
            let end = start + u32::try_from(name.len()).expect("short");
            scorer.verdict(text, Lang::parse(lang), &[Span { start, end }], &mut scratch).intents
        };
        let (left, won) = (intents("Hooli"), intents("Acme"));
        assert!(left.get(Churn).is_some() && left.get(Purchase).is_none(), "{text}: {left:?}");
        assert!(won.get(Purchase).is_some() && won.get(Churn).is_none(), "{text}: {won:?}");
    }
}

#[test]
fn posts_that_no_pattern_was_tuned_on_are_read_right_as_often_as_we_say() {
    let (scorer, mut scratch) = (Scorer::new(Profile::Resonanz), Scratch::default());
    for (lang, posts) in HELD_OUT {
        let mut tally = IntentTally::default();
        for row in posts.lines().map(|line| IntentSample::parse(line).expect(line)) {
            let found = scorer.verdict(&row.text, row.lang, &row.spans, &mut scratch).intents;
            tally.observe(&row.intents, &found);
        }
        assert!(tally.macro_f1() >= 0.79, "{lang}: {}", tally.macro_f1());
        for one in tally.measures() {
            assert!(one.labelled >= 20 && one.precision >= 0.74, "{lang}: {one:?}");
        }
    }
}

#[test]
fn an_explanation_names_the_words_and_the_vader_profile_wants_nothing() {
    let text = "where can I buy Acme shoes";
    let spans = [Span { start: 16, end: 20 }];
    let why = Scorer::new(Profile::Resonanz).explain(text, Lang::EN, &spans);
    let purchase = why.intents.iter().find(|reason| reason.intent == Purchase).expect("a reason");
    assert!(purchase.percent >= 50, "{purchase:?}");
    assert_eq!(why.verdict.intents.get(Purchase), Some(purchase.percent));
    let cue = purchase.cues.first().expect("words");
    assert_eq!(text.get(cue.start as usize..cue.end as usize), Some("where can I buy"));
    assert!(why.to_lines(text).contains("\"where can I buy\""), "{}", why.to_lines(text));
    assert_eq!(why.to_json(text)["intents"][0]["intent"], "question");

    let plain = Scorer::new(Profile::Vader).explain(text, Lang::EN, &spans);
    assert!(plain.intents.is_empty() && plain.verdict.intents.is_empty());
}

#[test]
fn what_an_account_of_the_topic_says_is_no_intent_of_a_customer() {
    let topic = Topic { name: "acme".into(), query: "acme".into(), ..Topic::default() };
    let matcher = Matcher::compile(&[topic], &|_| Vec::new()).expect("a query");
    let accounts = [(AuthorKey([7; 16]), vec![TopicId(0)])].into();
    let analyzer = Analyzer::new(matcher, Scorer::new(Profile::Resonanz), Vec::new());
    let analyzer = analyzer.with_accounts(accounts);
    let post = |author: u8| Post {
        id: author.to_string().into(),
        source: SourceId::new("net"),
        author: AuthorKey([author; 16]),
        posted_at: EventTime(0),
        received_at: EventTime(0),
        kind: Kind::Original,
        parent: None,
        thread: None,
        lang: Lang::EN,
        text: "We love acme, where can I buy one?".into(),
        url: None,
        reach: None,
        engagement: None,
    };
    let found = analyzer.analyze_batch(&mut [post(7), post(8)]);
    let wants: Vec<bool> = found.list.iter().map(|one| one.verdict.intents.is_empty()).collect();
    assert_eq!(wants, [true, false]);
}
