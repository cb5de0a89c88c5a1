//! Does `resonanz` understand what lexicon scorers get wrong? One row for each known weakness.

use resonanz_core::post::{Lang, Polarity, Span};
use resonanz_core::sentiment::{Profile, Scorer, Scratch};

/// Every occurrence of `target`.
fn spans(text: &str, target: &str) -> Vec<Span> {
    let narrow = |at: usize| u32::try_from(at).expect("a short text");
    text.match_indices(target)
        .filter(|_| !target.is_empty())
        .map(|(at, found)| Span { start: narrow(at), end: narrow(at + found.len()) })
        .collect()
}

fn check(rows: &[(&str, &str, &str, Polarity)]) {
    let (scorer, mut scratch) = (Scorer::new(Profile::Resonanz), Scratch::default());
    let mut wrong = Vec::new();
    for &(lang, text, target, want) in rows {
        let verdict = scorer.verdict(text, Lang::parse(lang), &spans(text, target), &mut scratch);
        if verdict.polarity != want {
            wrong.push(format!("{text} [{target}] {}", verdict.target.as_f64()));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

use Polarity::{Negative, Neutral, Positive};

#[test]
fn who_says_nothing_means_nothing() {
    let (scorer, mut scratch) = (Scorer::new(Profile::Resonanz), Scratch::default());
    for text in ["", "  \n", "\u{ad}\u{200b}"] {
        assert_eq!(scorer.score(text, Lang::UND, &mut scratch).score.0, 0, "{text:?}");
    }
}

#[test]
fn a_name_is_no_opinion() {
    check(&[
        ("en", "@united can you tell me the gate", "@united", Neutral),
        ("en", "Best Buy opens at nine", "Best Buy", Neutral),
        ("en", "Southwest flies to Denver on Monday", "Southwest", Neutral),
        ("de", "Die Gute Butter GmbH zieht um", "Gute Butter GmbH", Neutral),
    ]);
}

#[test]
fn neutral_stays_neutral() {
    check(&[
        ("en", "The meeting starts at 10 in room 4", "", Neutral),
        ("en", "Apple will present its results on Thursday http://t.co/x", "Apple", Neutral),
        ("de", "Der Zug nach Köln fährt um 12:30 Uhr von Gleis 3", "", Neutral),
        ("de", "Die Bahn baut in Hamburg einen neuen Bahnhof", "Bahn", Neutral),
        ("de", "Guten Morgen Berlin", "", Neutral),
    ]);
}

#[test]
fn english_negations_reach_their_opinion() {
    check(&[
        ("en", "I don't think the service at Acme is good", "Acme", Negative),
        ("en", "Nobody would call this good", "", Negative),
        ("en", "hardly a success", "", Negative),
        ("en", "The battery life could be better", "", Negative),
        ("en", "not only good", "", Positive),
        ("en", "no problem at all", "", Positive),
        ("en", "The screen is not bad", "", Positive),
        ("en", "I can't wait for the new Pixel", "Pixel", Positive),
    ]);
}

#[test]
fn german_negations_also_stand_behind() {
    check(&[
        ("de", "Das gefällt mir nicht", "", Negative),
        ("de", "Gut ist der Service nicht", "", Negative),
        ("de", "Der Service ist nicht gut", "", Negative),
        ("de", "Das ist kein guter Service", "", Negative),
        ("de", "Nicht nur gut, sondern super", "", Positive),
        ("de", "kein Problem", "", Positive),
        ("de", "Das ist nicht schlecht", "", Positive),
        ("de", "Ich bin sehr zufrieden", "", Positive),
    ]);
}

#[test]
fn german_words_have_many_forms() {
    check(&[
        ("de", "Verspätungschaos in Köln", "Köln", Negative),
        ("de", "So eine Servicewüste", "", Negative),
        ("de", "Was für ein Scheißladen", "", Negative),
        ("de", "Das regt mich so auf", "", Negative),
        ("de", "Der Service lässt zu wünschen übrig", "", Negative),
        ("de", "Grossartig", "", Positive),
        ("de", "Das ist schoen", "", Positive),
        ("de", "Die Bahn ist mal wieder total verspaetet", "Bahn", Negative),
        ("de", "Leider keine Antwort vom Kundendienst", "", Negative),
        ("de", "Zum Glück kam der Zug", "", Positive),
        ("de", "Die App stürzt ab, so ein Mist", "App", Negative),
    ]);
}

#[test]
fn comparisons_have_two_sides() {
    check(&[
        ("en", "Samsung is better than Apple", "Samsung", Positive),
        ("en", "Samsung is better than Apple", "Apple", Negative),
        ("en", "Samsung is worse than Apple", "Samsung", Negative),
        ("en", "Samsung is worse than Apple", "Apple", Positive),
        ("de", "Samsung ist besser als Apple", "Samsung", Positive),
        ("de", "Samsung ist besser als Apple", "Apple", Negative),
        ("en", "Samsung is miles ahead of Apple", "Samsung", Positive),
        ("en", "Samsung is miles ahead of Apple", "Apple", Negative),
        ("en", "Samsung is no match for Apple", "Samsung", Negative),
        ("en", "Samsung is no match for Apple", "Apple", Positive),
        ("de", "Samsung kommt an Apple nicht ran", "Samsung", Negative),
        ("de", "Samsung kommt an Apple nicht ran", "Apple", Positive),
        ("de", "Bin von Acme zu Globex gewechselt und endlich zufrieden", "Acme", Negative),
        ("de", "Bin von Acme zu Globex gewechselt und endlich zufrieden", "Globex", Positive),
    ]);
}

#[test]
fn a_but_divides() {
    check(&[
        ("en", "love Nike, but Adidas is terrible", "Nike", Positive),
        ("en", "love Nike, but Adidas is terrible", "Adidas", Negative),
        ("de", "Der Zug war schön, aber das Personal unverschämt", "Zug", Positive),
        ("de", "Der Zug war schön, aber das Personal unverschämt", "Personal", Negative),
        ("de", "Die Fahrt war lang, aber das Personal war super freundlich", "", Positive),
    ]);
}

#[test]
fn irony_that_says_so_is_understood() {
    check(&[
        ("en", "Great service as always #sarcasm", "", Negative),
        ("en", "I just love waiting for my luggage #not", "", Negative),
        ("en", "thanks for nothing", "", Negative),
        ("de", "Toller Service, wirklich #ironie", "", Negative),
        ("de", "Na toll, der Zug fällt aus", "", Negative),
        ("en", "Brilliant, the app is broken again", "", Negative),
        ("de", "Klasse, mein Paket ist kaputt", "", Negative),
        ("en", "Brilliant, my parcel is here", "", Positive),
        ("en", "Brilliant, but the battery died", "", Negative),
    ]);
}

#[test]
fn hashtags_stretched_words_and_emoji_count() {
    check(&[
        ("en", "#VeryHappy with the new phone", "", Positive),
        ("en", "flight cancelled again #fail", "", Negative),
        ("en", "soooo goooood", "", Positive),
        ("de", "Danke 😍", "", Positive),
        ("de", "Das ist ja suuuper", "", Positive),
        ("en", "my new phone 💔", "", Negative),
        ("en", "this update is a waste of time", "", Negative),
        ("und", "Das ist ja eine Katastrophe mit dem Zug", "", Negative),
        ("und", "This is such a great thing to see", "", Positive),
    ]);
}

#[test]
fn thanks_that_stand_alone_beside_a_complaint_mock() {
    check(&[
        ("en", "My parcel never arrived. Thanks Acme", "Acme", Negative),
        ("en", "Great job Acme, third appointment missed", "Acme", Negative),
        ("de", "Kein Internet seit Tagen. Danke Acme", "Acme", Negative),
        ("de", "Bravo Acme, mein Koffer ist weg", "Acme", Negative),
        ("en", "There is no coach 5. Thanks Acme", "Acme", Negative),
        ("en", "Thanks Acme for the quick refund", "Acme", Positive),
        ("de", "Danke Acme, das ging schnell", "Acme", Positive),
    ]);
}

#[test]
fn a_sign_sets_one_above_the_other() {
    check(&[
        ("en", "Acme > Globex", "Acme", Positive),
        ("en", "Acme > Globex", "Globex", Negative),
        ("en", "honestly Acme &gt;&gt; Globex", "Globex", Negative),
        ("de", "Acme < Globex, wie immer", "Acme", Negative),
        ("de", "Acme < Globex, wie immer", "Globex", Positive),
        ("en", "Go to Settings > Acme to link the account", "Acme", Neutral),
        ("en", "File > Export > Acme", "Acme", Neutral),
        ("en", "The plan has 5 > 3 lines with Acme", "Acme", Neutral),
    ]);
}

#[test]
fn who_insists_on_a_fact_complains() {
    check(&[
        ("en", "Six weeks for a new card, Acme. Six.", "Acme", Negative),
        ("de", "Acme schickt die Unterlagen per Fax. Per Fax.", "Acme", Negative),
        ("en", "the slots on Acme are gone at 8:01. every. single. day.", "Acme", Negative),
        ("en", "Acme opens on Monday. See you there.", "Acme", Neutral),
        ("en", "Acme opens its first store in Berlin today. #Berlin", "Acme", Neutral),
        ("en", "Acme is coming to Vienna in the spring. Vienna!", "Acme", Neutral),
        ("en", "Radio Acme plays Yesterday by the Beatles. The Beatles.", "Acme", Neutral),
        ("de", "Neuer Router von Acme ab Montag im Handel. #Router #Acme", "Acme", Neutral),
        ("de", "Acme kommt im Herbst nach Leipzig. Leipzig!", "Acme", Neutral),
        ("de", "Acme ist offen. Mo. Di. Mi. von 9 bis 12", "Acme", Neutral),
    ]);
}

#[test]
fn few_words_in_quotes_mock() {
    check(&[
        ("en", "Acme says the part is \"on its way\" for the whole of May", "Acme", Negative),
        (
            "de",
            "Bei Acme heißt das „modernisiert“, bei mir im Bad wird es dunkel",
            "Acme",
            Negative,
        ),
        ("en", "What does \"in transit\" mean on the Acme page?", "Acme", Neutral),
        ("en", "Acme presents \"Blue Hour\" in the town hall on Friday", "Acme", Neutral),
        ("en", "Acme sells a 27\" monitor and a 32\" tv", "Acme", Neutral),
    ]);
}

#[test]
fn a_fact_may_stand_in_the_next_sentence() {
    check(&[
        ("en", "Acme sold me 100 meg. I get 12", "Acme", Negative),
        ("en", "Acme said 20 minutes. It's been two hours", "Acme", Negative),
        ("en", "asked Acme for a towel three times, slept in my coat", "Acme", Negative),
        ("en", "The Acme course takes 3 weeks to complete", "Acme", Neutral),
        ("en", "In transit since Monday, Acme says", "Acme", Neutral),
        ("de", "Bei Acme stehen zwei verschiedene Termine zur Wahl", "Acme", Neutral),
    ]);
}
