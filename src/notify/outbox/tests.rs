//! Does the queue keep what it took, in order and within its bounds?

use std::io::Write;

use super::*;

/// A message whose id says of which alert it tells, and what.
fn message(receiver: &str, id: &str, at_us: i64) -> Message {
    let sample = Message::sample(receiver, Transition::Fired);
    let mut subject = sample.subject.clone().expect("a sample of an alert");
    let (alert, what) = id.split_once('.').expect("an alert and a transition");
    subject.alert_id = alert.to_owned();
    if what.starts_with("resolved") {
        subject.transition = Transition::Resolved;
    }
    Message { id: id.to_owned(), at_us, subject: Some(subject), ..sample }
}

fn next(outbox: &Outbox, receiver: &str) -> Option<Message> {
    match outbox.next(receiver, 0).expect("the store reads") {
        Next::Due(entry) => Some(entry.message),
        Next::At(_) | Next::Nothing => None,
    }
}

#[test]
fn a_store_that_a_kill_left_half_made_is_made_and_a_foreign_file_stays() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("outbox.redb");
    let put = |bytes: &[u8]| {
        let file = std::fs::File::create(&path);
        file.and_then(|mut file| file.write_all(bytes)).expect("a file");
    };
    // The mark of a store is written last.
    for half in [&[][..], &[0; 4], &[0; 4_096]] {
        put(half);
        let outbox = Outbox::open(&path).expect("a store that was begun");
        let fired = message("a", "x.fired.1", 1);
        assert_eq!(outbox.insert(std::slice::from_ref(&fired)).ok(), Some(1));
        drop(outbox);
        let outbox = Outbox::open(&path).expect("a store");
        assert_eq!(next(&outbox, "a"), Some(fired));
    }
    put(&[b'x'; 4_096]);
    Outbox::open(&path).expect_err("no store");
    assert_eq!(std::fs::read(&path).expect("a file"), [b'x'; 4_096]);
}

#[test]
fn a_message_is_taken_once_and_leaves_in_order() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("outbox.redb");
    let outbox = Outbox::open(&path).expect("a new store");
    let (fired, resolved) = (message("a", "x.fired.1", 1), message("a", "x.resolved.2", 2));
    let others = message("b", "x.fired.1", 0);
    assert_eq!(outbox.insert(&[resolved.clone(), fired.clone(), others]).ok(), Some(3));
    assert_eq!(next(&outbox, "a"), Some(fired.clone()));
    outbox.delivered(&fired).expect("the store writes");
    drop(outbox);
    let outbox = Outbox::open(&path).expect("the same store");
    assert_eq!(outbox.insert(std::slice::from_ref(&fired)).ok(), Some(0), "its id is known");
    assert_eq!(outbox.firing("a").ok(), Some(Vec::new()), "its end is on the way");
    assert_eq!(next(&outbox, "a"), Some(resolved.clone()));
    outbox.delivered(&resolved).expect("the store writes");
    assert_eq!(next(&outbox, "a"), None);
    assert_eq!((outbox.pending_len().ok(), outbox.failed_len().ok()), (Some(1), Some(0)));
}

#[test]
fn what_waits_holds_up_only_its_own_alert() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let outbox = Outbox::open(&folder.path().join("outbox.redb")).expect("a new store");
    let (fired, resolved) = (message("a", "x.fired.1", 1), message("a", "x.resolved.2", 2));
    let other = message("a", "y.fired.3", 3);
    outbox.insert(&[fired.clone(), resolved, other.clone()]).expect("the store writes");
    let waits = Pending { attempts: 1, due_unix_ms: 50, ..Pending::new(&fired) };
    outbox.postpone(&waits).expect("the store writes");
    assert_eq!(next(&outbox, "a"), Some(other.clone()));
    outbox.delivered(&other).expect("the store writes");
    assert_eq!(outbox.firing("a").ok(), Some(vec![other]));
    assert_eq!(outbox.next("a", 0).ok(), Some(Next::At(50)));
    // By a clock that ran decades ahead and was set right it would wait for decades.
    let ahead = Pending { due_unix_ms: 36 * 365 * 86_400_000, ..waits };
    outbox.postpone(&ahead).expect("the store writes");
    assert_eq!(next(&outbox, "a"), Some(fired.clone()));
    outbox.wake("a").expect("the store writes");
    assert_eq!(next(&outbox, "a"), Some(fired));
}

#[test]
fn a_full_queue_gives_up_its_oldest_message() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let outbox = Outbox::open(&folder.path().join("outbox.redb")).expect("a new store");
    let fired = |number: i64| message("a", &format!("x{number}.fired.{number}"), number);
    let resolved = message("a", "x0.resolved.20000", 20_000);
    let last = i64::try_from(QUEUE_MAX).expect("fits");
    let all: Vec<Message> = (0..last).map(fired).collect();
    assert_eq!(outbox.insert(&all).ok(), Some(QUEUE_MAX));
    assert_eq!(outbox.insert(&[fired(last), message("b", "z.fired.1", 1)]).ok(), Some(2));
    assert_eq!(outbox.pending_for("a").ok(), Some(QUEUE_MAX));
    assert_eq!(outbox.failed_len().ok(), Some(1));
    assert_eq!(next(&outbox, "a"), Some(fired(1)));
    assert_eq!(outbox.was_told(&resolved).ok(), Some(false), "its beginning was given up");
    assert_eq!(outbox.was_told(&message("b", "z.resolved.2", 2)).ok(), Some(true));
}

#[test]
fn ids_are_forgotten_after_a_month() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("outbox.redb");
    let outbox = Outbox::open(&path).expect("a new store");
    let (old, new) = (message("a", "x.fired.1", 1), message("a", "y.fired.1", 1));
    outbox.insert(&[old.clone(), new.clone()]).expect("the store writes");
    outbox
        .write(|tables| {
            tables.taken.insert(("a", "x.fired.1"), unix_ms() - MEMORY_MS - 1)?;
            Ok(())
        })
        .expect("the store writes");
    drop(outbox);
    let outbox = Outbox::open(&path).expect("the same store");
    assert_eq!((outbox.insert(&[new]).ok(), outbox.insert(&[old]).ok()), (Some(0), Some(1)));
}

#[test]
fn what_is_erased_leaves_every_byte_of_the_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("outbox.redb");
    let outbox = Outbox::open(&path).expect("a new store");
    let said = |id: &str, text: &str| {
        let plain = message("a", id, 1);
        let body = format!("{{\"posts\":[{{\"post_id\":\"{text}\",\"text\":\"{text} said\"}}]}}");
        Message { body, ..plain }
    };
    let (gone, told, failed) =
        (said("x.fired.1", "zebra"), said("y.fired.1", "zebra"), said("z.fired.1", "zebra"));
    let stays = said("w.fired.1", "mango");
    outbox.insert(&[gone.clone(), told.clone(), failed.clone(), stays]).expect("taken");
    let taken = Pending::new(&gone);
    outbox.delivered(&told).expect("told, and it fires");
    outbox.give_up(&failed, "why").expect("given up");
    outbox.set_health("a", &Health::default()).expect("written");
    let tables = |outbox: &Outbox| {
        outbox.read(|transaction| Ok(transaction.list_tables()?.count())).expect("the store reads")
    };
    let before = tables(&outbox);
    let bytes = || String::from_utf8_lossy(&std::fs::read(&path).expect("a file")).into_owned();
    assert!(bytes().contains("zebra said"), "it was there");

    assert_eq!(outbox.erase(&|id| id == "zebra").ok(), Some(2), "one waits, one fires");
    assert!(!bytes().contains("zebra") && bytes().contains("mango said"));
    outbox.postpone(&taken).expect("a courier that had it tries later");
    assert!(!bytes().contains("zebra"), "what a courier had does not come back");
    assert_eq!(tables(&outbox), before);
    assert_eq!(outbox.insert(&[gone]).ok(), Some(0), "ids are still known");
    drop(outbox);
    let outbox = Outbox::open(&path).expect("the same store");
    assert_eq!((outbox.pending_len().ok(), outbox.failed_len().ok()), (Some(2), Some(1)));
}
