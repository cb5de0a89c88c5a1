//! Are notes read as their authors meant them?

use super::*;
use crate::decode::AuthorHasher;
use crate::post::{Event, Kind, Post, SourceId};
use crate::time::EventTime;

const NOW: EventTime = EventTime(1_772_366_400_000_000);
const ADA: &str = "1e489f6a4fc5c7ac475ea9041743b8531173259261ec71542641051e22a382ac";
const NPUB: &str = "npub1reyf76j0chr6c3674yzpwsac2vghxfvjv8k8z4pxgyz3ug4rs2kqh7d4pr";

fn note(kind: u32, tags: &str, content: &str) -> Note {
    let digit = |digit: &str, count| digit.repeat(count);
    let content = serde_json::to_string(content).expect("a text");
    let json = format!(
        r#"{{"id":"{}","pubkey":"{ADA}","created_at":1772366000,"kind":{kind},"tags":{tags},"content":{content},"sig":"{}"}}"#,
        digit("a", 64),
        digit("0", 128)
    );
    Note::read(&json).expect("a note")
}

fn said(note: &Note, inner: Option<&Note>) -> Said {
    let notes = Notes { source: SourceId::new("n"), authors: AuthorHasher::new([7; 32]) };
    notes.read(note, inner, "wss://relay.example/", NOW).expect("a time")
}

fn post(kind: u32, tags: &str, content: &str) -> Post {
    match said(&note(kind, tags, content), None) {
        Said::Post(post) | Said::Article(post) => *post,
        other => panic!("{other:?}"),
    }
}

#[test]
fn notes_say_what_they_answer_and_what_they_quote() {
    let (a, b, q) = ("b".repeat(64), "c".repeat(64), "d".repeat(64));
    let rows = [
        ("[]".to_owned(), Kind::Original, None, None),
        (format!(r#"[["e","{a}","","root"]]"#), Kind::Reply, Some(&a), Some(&a)),
        (
            format!(r#"[["e","{a}","wss://r","root"],["e","{b}","","reply"]]"#),
            Kind::Reply,
            Some(&b),
            Some(&a),
        ),
        (format!(r#"[["e","{a}"],["e","{b}"]]"#), Kind::Reply, Some(&b), Some(&a)),
        (format!(r#"[["e","{a}","","mention"]]"#), Kind::Original, None, None),
        (format!(r#"[["q","{q}"],["t","acme"]]"#), Kind::Quote, Some(&q), None),
        (format!(r#"[["q","{q}"],["e","{a}","","root"]]"#), Kind::Reply, Some(&a), Some(&a)),
        (r#"[["e","not an id"],["e"],[]]"#.to_owned(), Kind::Original, None, None),
    ];
    for (tags, kind, parent, thread) in rows {
        let post = post(NOTE, &tags, "acme");
        let found = (post.kind, post.parent.as_deref(), post.thread.as_deref());
        assert_eq!(found, (kind, parent.map(String::as_str), thread.map(String::as_str)), "{tags}");
    }
    let comment = post(COMMENT, &format!(r#"[["E","{a}"],["K","20"],["e","{b}"]]"#), "nice");
    assert_eq!((comment.kind, comment.parent.as_deref()), (Kind::Comment, Some(&*b)));
}

#[test]
fn articles_have_a_name_that_lasts_and_names_nobody() {
    let tags = r#"[["d","why"],["title","Why acme"],["published_at","1772000000"],["l","de","ISO-639-1"],["L","ISO-639-1"]]"#;
    let article = post(ARTICLE, tags, "Darum.");
    assert_eq!((&*article.text, article.lang.as_str()), ("Why acme\nDarum.", "de"));
    assert_eq!(article.posted_at, EventTime(1_772_000_000_000_000));
    let authors = AuthorHasher::new([7; 32]);
    assert_eq!(&*article.id, format!("30023:{}:why", authors.hash(NPUB)));
    let answer = post(COMMENT, &format!(r#"[["a","30023:{ADA}:why"]]"#), "so?");
    assert_eq!(answer.parent, Some(article.id));
}

#[test]
fn what_is_passed_on_is_told_only_as_its_author_signed_it() {
    let inner = note(NOTE, "[]", "acme is slow");
    let outer = note(REPOST, &format!(r#"[["e","{}"]]"#, "a".repeat(64)), "");
    assert_eq!(said(&outer, None), Said::Nothing);
    let Said::Post(post) = said(&outer, Some(&inner)) else { panic!("a repost") };
    assert_eq!((post.kind, &*post.text), (Kind::Repost, "acme is slow"));
}

#[test]
fn a_deletion_reaches_only_what_its_author_wrote() {
    let own = format!(r#"["a","30023:{ADA}:why"]"#);
    let other = format!(r#"["a","30023:{}:why"]"#, "9".repeat(64));
    let tags = format!(r#"[["e","{}"],["e","x"],{own},{other}]"#, "b".repeat(64));
    let Said::Withdrawn(events) = said(&note(DELETION, &tags, ""), None) else { panic!("deletes") };
    let author = AuthorHasher::new([7; 32]).hash(NPUB);
    assert_eq!(events.len(), 2, "{events:?}");
    assert!(
        events
            .iter()
            .all(|event| matches!(event, Event::Delete { by: Some(by), .. } if *by == author))
    );
    for (relay, means) in
        [("ALL_RELAYS", true), ("wss://RELAY.example", true), ("wss://other", false)]
    {
        let said = said(&note(VANISHING, &format!(r#"[["relay","{relay}"]]"#), ""), None);
        assert_eq!(matches!(said, Said::Withdrawn(_)), means, "{relay}");
    }
}

#[test]
fn what_has_expired_and_what_is_no_text_is_nothing() {
    for (kind, tags) in
        [(NOTE, r#"[["expiration","1772366399"]]"#), (0, "[]"), (REACTION, "[]"), (4, "[]")]
    {
        assert_eq!(said(&note(kind, tags, "acme"), None), Said::Nothing, "{kind}");
    }
}

#[test]
fn messages_are_told_apart_and_keys_are_read_as_people_write_them() {
    let rows = [
        (r#"["EOSE","1"]"#, Ok(Message::Stored("1".to_owned()))),
        (
            r#"["CLOSED","1","auth-required: x"]"#,
            Ok(Message::Closed("1".to_owned(), "auth-required: x".to_owned())),
        ),
        (r#"["NOTICE","hi"]"#, Ok(Message::Notice("hi".to_owned()))),
        (r#"["AUTH","abc"]"#, Ok(Message::Auth("abc".to_owned()))),
        (r#"["OK","1",true,""]"#, Ok(Message::Verdict("1".to_owned(), true, String::new()))),
        (
            r#"["OK","1",false,"restricted: no"]"#,
            Ok(Message::Verdict("1".to_owned(), false, "restricted: no".to_owned())),
        ),
        (r#"["COUNT","1",{"count":2}]"#, Ok(Message::Other)),
    ];
    for (raw, wanted) in rows {
        assert_eq!(message(raw.as_bytes()), wanted, "{raw}");
    }
    for raw in ["[]", "{", "[1]", r#"["EVENT","1"]"#, r#"["EVENT","1",{"id":"A"}]"#] {
        assert!(message(raw.as_bytes()).is_err(), "{raw}");
    }
    for text in [NPUB, ADA, &format!(" nostr:{NPUB} ")] {
        assert_eq!(account(text).map(|key| npub(&key)).as_deref(), Some(NPUB), "{text}");
    }
    let pages = ["https://njump.me/{}", "https://primal.net/p/{}/?tab=notes", "@{}", "{}"];
    for page in pages.map(|page| page.replace("{}", NPUB)) {
        assert_eq!(account_of(&page).map(|key| npub(&key)).as_deref(), Some(NPUB), "{page}");
    }
    let profiled = "nprofile1qqsrhuxx8l9ex335q7he0f09aej04zpazpl0ne2cgukyawd24mayt8gpp4mhxue69uhhytnc9e3k7mgpz4mhxue69uhkg6nzv9ejuumpv34kytnrdaksjlyr9p";
    assert!(account_of(&format!("nostr:{profiled}")).is_some());
    for other in ["acme@acme.example", "https://njump.me/", "@acme"] {
        assert_eq!(account_of(other), None, "{other}");
    }
    assert_eq!(
        account("npub1reyf76j0chr6c3674yzpwsac2vghxfvjv8k8z4pxgyz3ug4rs2kqh7d4pq"),
        None,
        "a slip"
    );
}
