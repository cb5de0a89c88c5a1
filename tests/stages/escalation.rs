//! Is the next one told when nobody takes care in time, and nobody when somebody does?

use std::collections::BTreeMap;

use resonanz_core::alert::{EscalationStep, Transition};
use resonanz_core::desk::{
    Ack, Book, Case, Grouping, Hold, Notice, Orders, Silence, Subject, Told,
};
use resonanz_core::time::{EventTime, MINUTE_US};

/// What happens in a minute of the day.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Turn {
    Fires,
    Escalates,
    Resolves,
    Acknowledged,
    TakenBack,
    Silenced,
    Heard,
    /// The process is killed,
    Killed,
    /// and starts again.
    Restart,
}

fn subject(transition: Transition) -> Subject {
    let step =
        |minutes, to: &str| EscalationStep { after_us: minutes * MINUTE_US, to: to.to_owned() };
    Subject {
        alert_id: "a".to_owned(),
        transition,
        rule: "many".to_owned(),
        rule_type: "threshold".to_owned(),
        severity: "warning".to_owned(),
        topic: "acme".to_owned(),
        ancestors: Vec::new(),
        labels: BTreeMap::new(),
        steps: vec![step(5, "lead"), step(10, "board")],
        policy: None,
    }
}

/// What an alert's next transition brings at a minute of the day.
fn take(book: &mut Book, orders: &Orders, minute: i64, transition: Transition) -> Vec<Told> {
    let subject = subject(transition);
    // What happens lies an hour back by then: only the time of day counts.
    let at = EventTime((minute - 60) * MINUTE_US);
    let id = |step: &str| format!("a.{}{step}", transition.as_str());
    let ids = [id(""), id(".step1"), id(".step2")];
    let receivers = ["team", "lead", "board"];
    let notices = receivers.iter().zip(&ids);
    let notices = notices.map(|(receiver, id)| Notice { id, receiver, at, subject: &subject });
    let notices: Vec<Notice<'_>> = notices.collect();
    let first = book.take(&notices, orders).tell;
    assert_eq!(book.take(&notices, orders).tell, [], "what is known changes nothing");
    first
}

/// Plays what happens by the minute, up to minute 30; who was told what, in which minute.
fn play(turns: &[(i64, Turn)]) -> Vec<String> {
    let mut book = Book::new([], Grouping::default());
    let mut orders = Orders::default();
    let mut told = Vec::new();
    let mut is_down = false;
    for minute in 0..=30 {
        orders.now = EventTime(minute * MINUTE_US);
        let mut turn = Vec::new();
        for (_, what) in turns.iter().filter(|(at, _)| *at == minute) {
            match what {
                Turn::Fires => turn.extend(take(&mut book, &orders, minute, Transition::Fired)),
                Turn::Escalates => {
                    turn.extend(take(&mut book, &orders, minute, Transition::Escalated));
                }
                Turn::Resolves => {
                    turn.extend(take(&mut book, &orders, minute, Transition::Resolved));
                }
                Turn::Acknowledged => {
                    let ack = Ack {
                        alert_id: "a".to_owned(),
                        at: orders.now,
                        author: "Kim".to_owned(),
                        comment: String::new(),
                    };
                    orders.acks.insert("a".to_owned(), ack);
                }
                Turn::TakenBack => drop(orders.acks.remove("a")),
                Turn::Silenced => orders.silences.push(Silence {
                    id: "s".to_owned(),
                    topic: Some("acme".to_owned()),
                    rule: None,
                    labels: BTreeMap::new(),
                    starts: orders.now,
                    ends: EventTime(i64::MAX),
                    author: String::new(),
                    comment: String::new(),
                }),
                Turn::Heard => orders.silences.clear(),
                Turn::Killed => is_down = true,
                Turn::Restart => {
                    is_down = false;
                    let kept = serde_json::to_string(&book.cases().collect::<Vec<_>>());
                    let cases: Vec<Case> =
                        serde_json::from_str(&kept.expect("JSON")).expect("what was stored");
                    book = Book::new(cases, Grouping::default());
                }
            }
        }
        if !is_down {
            turn.extend(book.review(&orders).tell);
        }
        told.extend(turn.into_iter().map(|one| {
            let (_, what) = one.letter.id.split_once('.').expect("an id");
            format!("{minute} {} {what}", one.receiver)
        }));
    }
    told
}

#[test]
fn the_next_one_is_told_until_somebody_takes_care() {
    use Turn::{
        Acknowledged, Escalates, Fires, Heard, Killed, Resolves, Restart, Silenced, TakenBack,
    };
    /// What happens at which minute, and who is told what when.
    type Row<'a> = (&'a [(i64, Turn)], &'a [&'a str]);
    let rows: [Row<'_>; 9] = [
        (&[(0, Fires)], &["0 team fired", "5 lead fired.step1", "10 board fired.step2"]),
        (
            &[(0, Fires), (3, Restart), (7, Restart)],
            &["0 team fired", "5 lead fired.step1", "10 board fired.step2"],
        ),
        (&[(0, Fires), (4, Acknowledged)], &["0 team fired"]),
        (&[(0, Fires), (6, Acknowledged)], &["0 team fired", "5 lead fired.step1"]),
        // Taken back, what is overdue is told at once, and the next one as much later.
        (
            &[(0, Fires), (4, Acknowledged), (7, TakenBack)],
            &["0 team fired", "7 lead fired.step1", "12 board fired.step2"],
        ),
        (
            &[(0, Fires), (3, Killed), (20, Restart)],
            &["0 team fired", "20 lead fired.step1", "25 board fired.step2"],
        ),
        // The time begins with the first message, and not with the alert.
        (
            &[(0, Silenced), (1, Fires), (8, Heard)],
            &["8 team fired", "13 lead fired.step1", "18 board fired.step2"],
        ),
        // Whoever was told hears the rest at once; whoever was not, hears nothing of the end.
        (
            &[(0, Fires), (6, Escalates), (8, Resolves)],
            &[
                "0 team fired",
                "5 lead fired.step1",
                "6 team escalated",
                "6 lead escalated.step1",
                "8 team resolved",
                "8 lead resolved.step1",
            ],
        ),
        (&[(0, Fires), (2, Resolves), (2, Restart)], &["0 team fired", "2 team resolved"]),
    ];
    for (turns, wanted) in rows {
        assert_eq!(play(turns), wanted, "{turns:?}");
    }
}

#[test]
fn a_step_that_is_not_due_says_so() {
    let subject = subject(Transition::Fired);
    let notice = |receiver| Notice { id: "x", receiver, at: EventTime(0), subject: &subject };
    let mut book = Book::new([], Grouping::default());
    book.take(&[notice("team"), notice("lead"), notice("board")], &Orders::default());
    let case = book.case("a").expect("a case");
    assert_eq!(case.told_at(), Some(EventTime(0)));
    for (receiver, step) in [("lead", "1"), ("board", "2")] {
        let why = case.seats[receiver].reasons.last();
        assert_eq!(why, Some(&Hold::Escalation(step.to_owned())));
    }
}
