//! Are frames and statuses of Mastodon read as they are meant?

use super::*;

fn whole(json: &str) -> Result<Said, String> {
    let statuses = Statuses {
        source: SourceId::new("fedi"),
        authors: AuthorHasher::new([7; 32]),
        domain: "social.example".to_owned(),
    };
    statuses.read(json, EventTime(1_772_366_401_000_000))
}

fn read(more: &str) -> Result<Said, String> {
    let json = format!(
        r#"{{"id":"7","uri":"https://other.example/users/ada/7","created_at":"2026-03-01T12:00:00.000Z",
            "content":"<p>Fish &amp; chips</p>","language":null,"replies_count":1,"favourites_count":4,
            "account":{{"acct":"ada","followers_count":9}}{more}}}"#
    );
    whole(&json)
}

fn post(more: &str) -> Post {
    match read(&format!(r#","visibility":"public"{more}"#)) {
        Ok(Said::Status(status)) => status.post,
        other => panic!("{other:?}"),
    }
}

#[test]
fn statuses_tell_what_posts_tell() {
    let plain = post("");
    assert_eq!((&*plain.text, plain.lang, plain.kind), ("Fish & chips", Lang::UND, Kind::Original));
    assert_eq!((plain.reach, plain.engagement), (Some(9), Some(5)));
    assert_eq!(plain.author, AuthorHasher::new([7; 32]).hash("@ada@social.example"));
    let warned = post(r#","spoiler_text":"Food","poll":{"options":[{"title":"Cod"}]}"#);
    assert_eq!(&*warned.text, "Food\nFish & chips\nCod");
    let rows = [
        (r#","in_reply_to_id":"5""#, Kind::Reply, Some("5")),
        (r#","quote":{"state":"accepted","quoted_status":{"id":"6"}}"#, Kind::Quote, Some("6")),
        (r#","quote":{"state":"pending","quoted_status":null}"#, Kind::Quote, None),
        (r#","quote":null"#, Kind::Original, None),
        (
            r#","reblog":{"id":"4","created_at":"2026-01-01T00:00:00Z","visibility":"unlisted",
                "content":"<p>Fish &amp; chips</p>","account":{"acct":"b@c.example"}}"#,
            Kind::Repost,
            Some("4"),
        ),
    ];
    for (more, kind, parent) in rows {
        let post = post(more);
        assert_eq!((post.kind, post.parent.as_deref()), (kind, parent), "{more}");
        assert_eq!(&*post.text, "Fish & chips", "{more}");
    }
}

#[test]
fn what_is_not_for_everybody_is_not_taken() {
    for visibility in ["private", "direct", "limited", "mutuals_only", ""] {
        let more = format!(r#","visibility":"{visibility}""#);
        assert_eq!(read(&more), Ok(Said::Private), "{visibility}");
    }
    let boosted = r#","visibility":"public","reblog":{"id":"4","created_at":"x","visibility":"private","account":{"acct":"b"}}"#;
    assert_eq!(read(boosted), Ok(Said::Private));
    assert!(read("").is_err());
    assert_eq!(showable(r#"{"visibility":"direct","id":"1"}"#), "");
    let public = r#"{"visibility":"public","id":"1","account":{"acct":"ada"},"content":7}"#;
    let shown = showable(public);
    assert!(shown.contains(r#""id":"1""#) && !shown.contains("ada"), "{shown}");
}

#[test]
fn frames_hold_json_in_a_string() {
    let said = |raw: &str| match frame(raw.as_bytes()) {
        Ok(Frame::Happened { happening, .. }) => format!("{happening:?}"),
        other => format!("{other:?}"),
    };
    let rows = [
        (
            r#"{"stream":["user"],"event":"update","payload":"{\"id\":\"7\"}"}"#,
            r#"New("{\"id\":\"7\"}")"#,
        ),
        (r#"{"event":"status.update","payload":{"id":"7"}}"#, r#"Edited("{\"id\":\"7\"}")"#),
        (r#"{"stream":["public"],"event":"delete","payload":"108"}"#, r#"Deleted("108")"#),
        (r#"{"event":"delete","payload":108}"#, r#"Deleted("108")"#),
        (r#"{"event":"filters_changed"}"#, "Other"),
        (r#"{"event":"notification","payload":"{\"type\":\"favourite\",\"status\":{}}"}"#, "Other"),
        (
            r#"{"event":"notification","payload":"{\"type\":\"mention\",\"status\":{\"id\":\"1\"}}"}"#,
            r#"New("{\"id\":\"1\"}")"#,
        ),
    ];
    for (raw, wanted) in rows {
        assert_eq!(said(raw), wanted, "{raw}");
    }
    assert!(
        said(r#"{"error":"Not authorized to stream list","status":401}"#).contains("Some(401)")
    );
    assert!(frame(b"{\"event\":").is_err() && frame(b"{}").is_err());
}

#[test]
fn servers_of_other_kinds_are_read_as_they_write() {
    let status = |more: &str| {
        format!(
            r#"{{"id":"01J9ZQ5V3M7T0000000000ADA1","created_at":"2026-03-01T12:00:00.000Z","visibility":"public","content":"<p>acme</p>","account":{{"acct":"ada"}}{more}}}"#
        )
    };
    let post = |json: &str| match whole(json) {
        Ok(Said::Status(status)) => status.post,
        other => panic!("{json}: {other:?}"),
    };
    // GoToSocial leaves members out, Pixelfed has numbers for ids, Akkoma the quoted status itself.
    assert_eq!(&*post(&status("")).id, "01J9ZQ5V3M7T0000000000ADA1");
    let answer = post(&status(r#","in_reply_to_id":7"#));
    assert_eq!((answer.kind, answer.parent.as_deref()), (Kind::Reply, Some("7")));
    let quote = post(&status(
        r#","quote":{"id":"9hCHaWXtvM8DFMXGGW","content":"x"},"in_reply_to_id":null"#,
    ));
    assert_eq!((quote.kind, quote.parent.as_deref()), (Kind::Quote, Some("9hCHaWXtvM8DFMXGGW")));
    let local = status("").replace("\"public\"", "\"local\"");
    assert_eq!(whole(&local), Ok(Said::Private), "for one server's members only");
    assert!(whole(&status("").replace("\"01J9ZQ5V3M7T0000000000ADA1\"", "{}")).is_err());
    assert_eq!(id_of("{\"id\":5}").as_deref(), Some("5"));
}
