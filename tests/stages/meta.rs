//! Is what Meta sends read as it was captured, and whatever else comes survived?

use std::io::Write;
use std::path::PathBuf;

use resonanz_core::decode::{AuthorHasher, MetaDecoder, Parcel};
use resonanz_core::post::{Event, SourceId};
use resonanz_core::time::EventTime;
use serde_json::Value;

fn decoder() -> (MetaDecoder, Parcel) {
    let (source, now) = (SourceId::new("fb"), EventTime(1_796_000_000_000_000));
    let parcel = Parcel::new(&source);
    (MetaDecoder::new(source, AuthorHasher::new([7; 32]), now), parcel)
}

/// A captured answer, where the variable names their folder; they are not ours to pass on.
#[allow(clippy::disallowed_methods, reason = "captured answers are files")]
fn captured(name: &str) -> Option<Vec<u8>> {
    let Some(folder) = std::env::var_os("RESONANZ_FIXTURES") else {
        let note = "skipped: RESONANZ_FIXTURES names no folder of captured answers\n";
        let _ = std::io::stderr().write_all(note.as_bytes());
        return None;
    };
    let path = PathBuf::from(folder).join("facebook_instagram").join(name);
    Some(std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

#[test]
fn captured_feeds_and_comments_are_read_to_their_last_text() {
    let posts = "facebook/apidata/posts";
    for (name, follows) in [("feed_fields_p1", true), ("feed_fields_p2", false)] {
        let Some(answer) = captured(&format!("{posts}/{name}.json")) else { return };
        let (decoder, mut parcel) = decoder();
        let page = decoder.feed(&answer, &mut parcel).expect(name);
        assert_eq!((parcel.events.len(), page.after.is_some()), (5, follows), "{name}");
        let next = page.after.unwrap_or_default();
        assert!(!next.contains("access_token"), "{next}");
        assert!(parcel.events.iter().all(|event| matches!(event, Event::Create(post)
            if !post.text.is_empty() && post.posted_at.to_string().starts_with("2021-"))));
    }
    for (name, count) in [("medias/comments_p1", 2), ("comments/replies", 1)] {
        let Some(answer) = captured(&format!("instagram/apidata/{name}.json")) else { return };
        let (decoder, mut parcel) = decoder();
        decoder.comments("9", &answer, &mut parcel).expect(name);
        assert_eq!((parcel.events.len(), parcel.refused.len()), (count, 0), "{name}");
    }
}

#[test]
fn captured_mentions_are_what_a_notification_asked_for() {
    let notice = |value: &str| {
        format!(
            r#"{{"object":"instagram","entry":[{{"id":"9","time":1795999000,"changes":[{{"field":"mentions","value":{value}}}]}}]}}"#
        )
    };
    let rows = [
        (r#"{"media_id":"4","comment_id":"5"}"#, "mentioned_comment"),
        (r#"{"media_id":"4"}"#, "mentioned_media"),
    ];
    for (value, name) in rows {
        let Some(answer) = captured(&format!("instagram/apidata/users/{name}.json")) else {
            return;
        };
        let (decoder, mut parcel) = decoder();
        let wanted = decoder.notification(notice(value).as_bytes(), &mut parcel).expect("a notice");
        decoder.reread(&wanted[0], &answer, &mut parcel).expect(name);
        assert_eq!(parcel.events.len(), 1, "{name}");
    }
}

#[test]
fn values_of_any_type_at_any_place_are_survived() {
    let whole = r#"{"object":"page","entry":[{"id":"5","time":1795999000,"changes":[{"field":"feed","value":{"from":{"id":"7"},"item":"comment","verb":"add","comment_id":"8","post_id":"5_6","created_time":1795998990,"message":"acme"}}]}]}"#;
    let whole: Value = serde_json::from_str(whole).expect("JSON");
    let places = [
        "/object",
        "/entry",
        "/entry/0",
        "/entry/0/time",
        "/entry/0/changes",
        "/entry/0/changes/0",
        "/entry/0/changes/0/field",
        "/entry/0/changes/0/value",
        "/entry/0/changes/0/value/from",
        "/entry/0/changes/0/value/item",
        "/entry/0/changes/0/value/verb",
        "/entry/0/changes/0/value/comment_id",
        "/entry/0/changes/0/value/created_time",
        "/entry/0/changes/0/value/message",
    ];
    let odd = ["null", "true", "-1", "1e300", "\"\"", "\"😡\"", "[]", "[[]]", "{}", "{\"id\":1}"];
    for place in places {
        for odd in odd {
            let mut body = whole.clone();
            *body.pointer_mut(place).expect(place) = serde_json::from_str(odd).expect(odd);
            let (decoder, mut parcel) = decoder();
            let wanted = decoder.notification(body.to_string().as_bytes(), &mut parcel);
            let told = wanted.map_or(1, |wanted| wanted.len())
                + parcel.events.len()
                + parcel.refused.len();
            let ignored = usize::try_from(parcel.ignored).expect("few");
            let empty = matches!(place, "/entry" | "/entry/0/changes");
            assert!(told + ignored > 0 || empty, "{place} {odd}");
        }
    }
}
