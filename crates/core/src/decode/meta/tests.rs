//! Are Meta's shapes read, documented or not? Invented content in shapes as they come.

use super::*;
use crate::time::SECOND_US;

const NOW: EventTime = EventTime(1_796_000_000 * SECOND_US);

fn decoder() -> MetaDecoder {
    MetaDecoder::new(SourceId::new("fb"), AuthorHasher::new([7; 32]), NOW)
}

fn read(body: &str) -> (Parcel, Vec<Wanted>) {
    let mut parcel = Parcel::new(&SourceId::new("fb"));
    let wanted = decoder().notification(body.as_bytes(), &mut parcel).expect(body);
    (parcel, wanted)
}

fn page(value: &str) -> (Parcel, Vec<Wanted>) {
    read(&format!(
        r#"{{"object":"page","entry":[{{"id":"5","time":1795999000,"changes":[{{"field":"feed","value":{value}}}]}}]}}"#
    ))
}

fn post(event: Option<&Event>) -> &Post {
    match event {
        Some(Event::Create(post) | Event::Edit(post)) => post,
        other => panic!("{other:?}"),
    }
}

#[test]
fn comments_are_read_in_both_of_their_shapes() {
    let from = r#"{"from":{"id":"77","name":"Kim"},"item":"comment","verb":"add","comment_id":"5_6_8","post_id":"5_6","parent_id":"5_6","created_time":1795998990,"message":"acme is slow"}"#;
    let sender = r#"{"sender_id":"77","sender_name":"Kim","item":"comment","verb":"edited","comment_id":"5_6_8","post_id":"5_6","parent_id":"5_6_7","created_time":"2026-11-30T00:36:30+0000","message":"acme is slow"}"#;
    let (one, other) = (page(from).0, page(sender).0);
    let (one, other) = (post(one.events.first()), post(other.events.first()));
    assert_eq!((one.author, one.posted_at), (other.author, other.posted_at));
    assert_eq!((&*one.id, one.kind), ("5_6_8", Kind::Comment));
    assert_eq!(one.url.as_deref(), Some("https://www.facebook.com/5_6_8"));
    assert_eq!((one.thread.as_deref(), one.parent.as_deref()), (Some("5_6"), Some("5_6")));
    assert_eq!(other.parent.as_deref(), Some("5_6_7"));
    assert_eq!(one.received_at, EventTime(1_795_999_000 * SECOND_US));
}

#[test]
fn what_is_not_a_text_is_counted_and_what_is_gone_is_gone() {
    let (parcel, _) = page(r#"{"item":"reaction","verb":"add","post_id":"5_6","from":{"id":"1"}}"#);
    assert_eq!((parcel.ignored, parcel.events.len()), (1, 0));
    let (parcel, _) = page(r#"{"item":"comment","verb":"hide","comment_id":"8","post_id":"5_6"}"#);
    assert_eq!((parcel.ignored, parcel.events.len()), (1, 0));
    let (parcel, _) =
        page(r#"{"item":"comment","verb":"remove","comment_id":"8","post_id":"5_6"}"#);
    assert!(matches!(parcel.events.first(), Some(Event::Delete { id, .. }) if &**id == "8"));
    let (parcel, _) = page(r#"{"item":"comment","verb":"add","message":"acme"}"#);
    assert!(parcel.refused[0].reason.contains("without a \"comment_id\""));
    let (parcel, wanted) = page(r#"{"item":"photo","verb":"add","post_id":"5_9"}"#);
    assert_eq!((parcel.events.len(), &wanted[0].ask), (0, &Ask::Object("5_9".to_owned())));
    assert!(decoder().notification(b"{}", &mut Parcel::new(&SourceId::new("fb"))).is_err());
}

#[test]
fn what_is_named_without_its_text_is_read_again() {
    let body = r#"{"object":"instagram","entry":[{"id":"9","time":1795999000,"changes":[
        {"field":"comments","value":{"id":"31","from":{"id":"2","username":"kim"},"media":{"id":"30"},"text":"love acme"}},
        {"field":"mentions","value":{"media_id":"40","comment_id":"41"}},
        {"field":"mentions","value":{"media_id":"50"}},
        {"field":"story_insights","value":{"media_id":"50"}}]}]}"#;
    let (mut parcel, wanted) = read(body);
    assert_eq!((parcel.events.len(), parcel.ignored, wanted.len()), (1, 1, 2));
    assert_eq!(wanted[0].ask, Ask::MentionedComment("9".to_owned(), "41".to_owned()));
    let answer = r#"{"mentioned_comment":{"id":"41","text":"@acme no","timestamp":"2026-11-29T20:00:00+0000","username":"kim","like_count":2},"id":"9"}"#;
    decoder().reread(&wanted[0], answer.as_bytes(), &mut parcel).expect("a comment");
    let answer = r#"{"mentioned_media":{"id":"50","caption":"with @acme","username":"lee","permalink":"https://www.instagram.com/p/x/"},"id":"9"}"#;
    decoder().reread(&wanted[1], answer.as_bytes(), &mut parcel).expect("a caption");
    let (comment, caption) = (post(parcel.events.get(1)), post(parcel.events.get(2)));
    assert_eq!(comment.author, post(parcel.events.first()).author, "one account, one key");
    assert_eq!((comment.thread.as_deref(), comment.engagement), (Some("40"), Some(2)));
    assert_eq!((caption.kind, &*caption.id), (Kind::Original, "50"));
    assert!(decoder().reread(&wanted[1], b"{\"id\":\"9\"}", &mut parcel).is_err());
}

#[test]
fn a_feed_is_read_with_its_comments_and_says_what_follows() {
    let answer = r#"{"data":[{"id":"5_6","message":"news of acme","created_time":"2026-11-28T10:00:00+0000","from":{"id":"5"},"permalink_url":"https://www.facebook.com/5/posts/6","shares":{"count":3},"reactions":{"data":[],"summary":{"total_count":4}},
        "comments":{"data":[{"id":"6_8","message":"so slow","created_time":"2026-11-28T10:05:00+0000"},{"id":"6_9","message":""}],"paging":{"cursors":{"after":"C"},"next":"https://graph/5_6/comments?access_token=T&after=C"}}}],
        "paging":{"next":"https://graph/5/feed?access_token=T&limit=25&until=7&__paging_token=x"}}"#;
    let mut parcel = Parcel::new(&SourceId::new("fb"));
    let next = decoder().feed(answer.as_bytes(), &mut parcel).expect("a feed");
    assert_eq!(next.after.as_deref(), Some("until=7&__paging_token=x"), "no token");
    assert_eq!(next.comments, [("5_6".to_owned(), "after=C".to_owned())]);
    assert_eq!((parcel.events.len(), parcel.ignored), (2, 1));
    assert_eq!(post(parcel.events.first()).engagement, Some(7));
    assert_eq!(post(parcel.events.get(1)).thread.as_deref(), Some("5_6"));
    let more = decoder().comments("5_6", br#"{"data":[{"id":"6_10","message":"a"}]}"#, &mut parcel);
    assert_eq!((more, parcel.events.len()), (Ok(None), 3));
}
