//! Is everybody told what he should be, and nobody else? The desk under any traffic and any orders.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use resonanz_core::alert::Transition;
use resonanz_core::desk::{
    Ack, Book, Case, Grouping, Hold, Notice, Orders, Silence, Subject, Told,
};
use resonanz_core::time::{EventTime, MINUTE_US};

const RECEIVERS: [&str; 2] = ["day", "night"];
/// Topics, the topic above each, and its brand.
const TOPICS: [(&str, Option<&str>, &str); 4] =
    [("acme", None, "A"), ("phone", Some("acme"), "A"), ("tablet", None, "A"), ("zeta", None, "Z")];

/// What happens in one minute.
#[derive(Debug, Clone)]
struct Minute {
    /// Topics whose alert moves on: quiet, fired, escalated, resolved, quiet again.
    moves: [bool; 4],
    silenced: Option<usize>,
    acknowledged: bool,
}

fn minutes() -> impl Strategy<Value = Vec<Minute>> {
    let silenced = prop::option::weighted(0.4, 0usize..4);
    let minute = (any::<[bool; 4]>(), silenced, prop::bool::weighted(0.2));
    let minute =
        minute.prop_map(|(moves, silenced, acknowledged)| Minute { moves, silenced, acknowledged });
    prop::collection::vec(minute, 1..40)
}

fn subject(topic: usize, episode: usize, transition: Transition) -> Subject {
    let (name, parent, brand) = TOPICS[topic];
    Subject {
        alert_id: format!("{name}-{episode}"),
        transition,
        rule: "many".to_owned(),
        rule_type: "threshold".to_owned(),
        severity: "warning".to_owned(),
        topic: name.to_owned(),
        ancestors: parent.into_iter().map(str::to_owned).collect(),
        labels: BTreeMap::from([("brand".to_owned(), brand.to_owned())]),
        steps: Vec::new(),
        policy: None,
    }
}

fn orders(minute: &Minute, now: EventTime) -> Orders {
    let silence = |topic: usize| Silence {
        id: format!("silence-{topic}"),
        topic: Some(TOPICS[topic].0.to_owned()),
        rule: None,
        labels: BTreeMap::new(),
        starts: now,
        ends: now.shift(1),
        author: String::new(),
        comment: String::new(),
    };
    let ack = |episode: usize| {
        let (alert_id, author) = (format!("zeta-{episode}"), "Kim".to_owned());
        (alert_id.clone(), Ack { alert_id, at: now, author, comment: String::new() })
    };
    let acks = (0..40).filter(|_| minute.acknowledged).map(ack).collect();
    Orders { silences: minute.silenced.map(silence).into_iter().collect(), acks, now }
}

/// Plays the minutes; `again` hands everything over twice and stores the book in between. Gives what
/// was told, and the book.
fn play(minutes: &[Minute], grouping: &Grouping, again: bool) -> (Vec<Told>, Book) {
    let mut book = Book::new([], grouping.clone());
    let (mut told, mut steps) = (Vec::new(), [0usize; 4]);
    for (number, minute) in (1i64..).zip(minutes) {
        let at = EventTime(number * MINUTE_US);
        let mut subjects = Vec::new();
        for topic in (0..4).filter(|&topic| minute.moves[topic]) {
            let transition = match steps[topic] % 4 {
                0 => Some(Transition::Fired),
                1 => Some(Transition::Escalated),
                2 => Some(Transition::Resolved),
                _ => None,
            };
            subjects.extend(transition.map(|now| subject(topic, steps[topic] / 4, now)));
            steps[topic] += 1;
        }
        let ids: Vec<String> = subjects
            .iter()
            .map(|subject| format!("{}.{}", subject.alert_id, subject.transition.as_str()))
            .collect();
        let notices = subjects.iter().zip(&ids).flat_map(|(subject, id)| {
            RECEIVERS.map(|receiver| Notice { id, receiver, at, subject })
        });
        let notices: Vec<Notice<'_>> = notices.collect();
        let orders = orders(minute, at);
        told.extend(book.take(&notices, &orders).tell);
        told.extend(book.review(&orders).tell);
        if again {
            let stored = serde_json::to_string(&book.cases().collect::<Vec<_>>()).expect("JSON");
            let cases: Vec<Case> = serde_json::from_str(&stored).expect("what was stored");
            book = Book::new(cases, grouping.clone());
            assert_eq!(book.take(&notices, &orders).tell, [], "what is known changes nothing");
        }
    }
    (told, book)
}

fn groupings() -> impl Strategy<Value = Grouping> {
    let by = prop::collection::vec(Just("brand".to_owned()), 0..2);
    (by, 1i64..20).prop_map(|(by, minutes)| Grouping { by, span_us: minutes * MINUTE_US })
}

proptest! {
    #[test]
    fn an_end_is_told_to_whoever_was_told_of_the_beginning(minutes in minutes(), grouping in groupings()) {
        let (told, book) = play(&minutes, &grouping, false);
        let mut seen = BTreeSet::new();
        let mut last: BTreeMap<(&str, &str), EventTime> = BTreeMap::new();
        for one in &told {
            let whom = (one.alert_id.as_str(), one.receiver.as_str());
            prop_assert!(seen.insert((whom, &one.letter.id)), "{one:?} is told twice");
            let before = last.insert(whom, one.letter.at);
            prop_assert!(before < Some(one.letter.at), "{one:?} comes too late");
            prop_assert!(!one.letter.id.ends_with("resolved") || before.is_some(), "{one:?} ends nothing");
        }
        for case in book.cases().filter(|case| !case.is_firing()) {
            for receiver in RECEIVERS {
                let (id, ended) = (case.subject.alert_id.as_str(), format!("{}.resolved", case.subject.alert_id));
                let knows = last.contains_key(&(id, receiver));
                prop_assert_eq!(knows, seen.contains(&((id, receiver), &ended)), "{} {}", id, receiver);
            }
        }
    }

    #[test]
    fn whoever_is_spared_a_message_knows_of_the_matter(minutes in minutes(), grouping in groupings()) {
        let (_, mut book) = play(&minutes, &grouping, false);
        // Nobody wants anything any more.
        book.review(&Orders { now: EventTime(i64::MAX), ..Orders::default() });
        for case in book.cases().filter(|case| case.is_firing()) {
            for (receiver, seat) in case.seats.iter().filter(|(_, seat)| !seat.held.is_empty()) {
                let (Some(Hold::Muted(other)) | Some(Hold::Grouped(other))) = seat.reasons.last() else {
                    panic!("{case:?} is held without a reason");
                };
                let other = book.case(other).expect("it is known");
                prop_assert!(other.is_firing() && other.has_told(receiver), "{case:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_restart_at_any_point_changes_nothing(minutes in minutes(), grouping in groupings()) {
        prop_assert_eq!(play(&minutes, &grouping, true).0, play(&minutes, &grouping, false).0);
    }
}

#[test]
fn of_a_rule_that_is_no_more_nothing_is_told() {
    let all = Minute { moves: [true; 4], silenced: Some(1), acknowledged: false };
    let (_, book) = play(&[all], &Grouping::default(), false);
    let held = book.case("phone-0").expect("it is known");
    assert!(held.is_firing() && !held.has_told("day"));
    let mut book = book.without(|subject| subject.topic != "phone" && subject.topic != "acme");
    let later = Orders { now: EventTime(i64::MAX), ..Orders::default() };
    assert_eq!(book.review(&later).tell, []);
    assert_eq!(book.cases().filter(|case| case.is_firing()).count(), 2);
}
