//! Does anything that a network sends end more than itself? Sound answers of each, damaged in some
//! hundred ways; `PROPTEST_CASES` makes them as many as there is time for.

use std::borrow::Cow;

use proptest::prelude::*;
use resonanz_core::decode::mastodon::{self, Frame, Happening, Said, Statuses};
use resonanz_core::decode::{
    AuthorHasher, Decoder, FieldMap, Format, MetaDecoder, Parcel, told, x,
};
use resonanz_core::post::{Event, Post, SourceId, TEXT_BYTES_MAX};
use resonanz_core::privacy::{Personal, Redactor};
use resonanz_core::text::plain_of_html;
use resonanz_core::time::EventTime;

use crate::damage::{cases, damaged, damaged_text};

const X: &str = r#"{"data":[{"id":"1890000000000000002","text":"Acme is down again &amp; again","author_id":"7","created_at":"2026-03-01T12:00:00.000Z","lang":"en","conversation_id":"1890000000000000001","edit_history_tweet_ids":["1890000000000000001","1890000000000000002"],"referenced_tweets":[{"type":"replied_to","id":"1"}],"public_metrics":{"like_count":1,"reply_count":2,"retweet_count":3,"quote_count":4}}],"includes":{"users":[{"id":"7","username":"ada","protected":false,"public_metrics":{"followers_count":9}}]},"matching_rules":[{"id":"5","tag":"acme"}],"meta":{"newest_id":"1890000000000000002","next_token":"t"}}"#;
const FRAME: &str = r#"{"stream":["public"],"event":"update","payload":"{\"id\":\"7\",\"uri\":\"https://o.example/users/ada/7\",\"created_at\":\"2026-03-01T12:00:00.000Z\",\"visibility\":\"public\",\"content\":\"<p>Fish &amp; chips</p>\",\"language\":null,\"account\":{\"acct\":\"ada\",\"followers_count\":9}}"}"#;
const STATUS: &str = r#"{"id":"7","uri":"https://o.example/users/ada/7","created_at":"2026-03-01T12:00:00.000Z","visibility":"public","content":"<p>Fish &amp; chips <a href=\"https://o.example/@bo\">@bo</a></p>","spoiler_text":"Food","poll":{"options":[{"title":"Cod"}]},"language":"en","replies_count":1,"favourites_count":4,"quote":{"state":"accepted","quoted_status":{"id":"6"}},"account":{"acct":"ada","followers_count":9}}"#;
const NOTIFICATION: &str = r#"{"object":"page","entry":[{"id":"1","time":1772366400,"changes":[{"field":"feed","value":{"item":"comment","verb":"add","comment_id":"1_2","post_id":"1_1","parent_id":"1_1","message":"Acme is slow","created_time":1772366400,"from":{"id":"9","name":"Kim"}}},{"field":"mention","value":{"item":"post","verb":"remove","post_id":"3_4"}}]}]}"#;
const FEED: &str = r#"{"data":[{"id":"1_1","message":"Acme","created_time":"2026-03-01T12:00:00+0000","permalink_url":"https://facebook.com/1","from":{"id":"9","name":"Kim"},"comments":{"data":[{"id":"1_2","message":"slow","created_time":"2026-03-01T12:00:00+0000"}]}}],"paging":{"cursors":{"after":"a"},"next":"https://graph.facebook.com/x?after=a&access_token=t"}}"#;
const EXPORT: &str = r#"window.YTD.tweets.part0 = [{"tweet":{"id_str":"1","full_text":"Acme","created_at":"Sun Mar 01 12:00:00 +0000 2026"}}]"#;
const TABLE: &str = "id;Text;Posted At;Author\n1;\"Acme; slow\";2026-03-01 12:00;kim\n";
const TEXT: &str = "Mail max@gmx.de, max (at) web (punkt) de, +49 (0)170 1234567, 030/123456, DE89 3704 0044 0532 0130 00, 4111 1111 1111 1111, @max@o.example, https://x.com/max/status/1";

fn hasher() -> AuthorHasher {
    AuthorHasher::new([7; 32])
}

fn sound(post: &Post) -> bool {
    post.text.len() <= TEXT_BYTES_MAX
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn x_is_read_or_refused_in_words(raw in damaged(X)) {
        let source = SourceId::new("x");
        match x::Posts::read(&raw) {
            Err(reason) => prop_assert!(!reason.is_empty()),
            Ok(posts) => {
                let events = posts.events(&source, &hasher(), EventTime(1), &|_, _| false);
                prop_assert!(events.len() <= posts.len());
                for event in events {
                    if let Event::Create(post) | Event::Edit(post) = event {
                        prop_assert!(post.text.len() <= raw.len());
                    }
                }
            }
        }
    }

    #[test]
    fn mastodon_is_read_or_refused_in_words(frame in damaged(FRAME), status in damaged_text(STATUS)) {
        let statuses = Statuses {
            source: SourceId::new("m"),
            authors: hasher(),
            domain: "o.example".to_owned(),
        };
        let mut read: Vec<Cow<'_, str>> = vec![status.into()];
        if let Ok(Frame::Happened { happening: Happening::New(payload), .. }) = mastodon::frame(&frame) {
            read.push(payload);
        }
        for json in read {
            match statuses.read(&json, EventTime(1)) {
                Ok(Said::Status(status)) => prop_assert!(sound(&status.post)),
                Ok(Said::Private) => {}
                Err(reason) => prop_assert!(!reason.is_empty()),
            }
        }
    }

    #[test]
    fn meta_is_read_or_refused_in_words(notification in damaged(NOTIFICATION), feed in damaged(FEED)) {
        let source = SourceId::new("fb");
        let decoder = MetaDecoder::new(source.clone(), hasher(), EventTime(1_796_000_000_000_000));
        let mut parcel = Parcel::new(&source);
        let refused = decoder.notification(&notification, &mut parcel).err();
        let refused = refused.into_iter().chain(decoder.feed(&feed, &mut parcel).err());
        prop_assert!(refused.into_iter().all(|reason| !reason.is_empty()));
        for event in &parcel.events {
            if let Event::Create(post) | Event::Edit(post) = event {
                prop_assert!(sound(post));
            }
        }
    }

    #[test]
    fn exports_and_pages_are_told(export in damaged_text(EXPORT), table in damaged_text(TABLE), page in damaged_text(STATUS)) {
        for first in [&export, &table, &page] {
            let _ = told(first, None, &FieldMap::default());
            prop_assert!(plain_of_html(first).len() <= 4 * first.len() + 64);
        }
    }

    #[test]
    fn personal_data_in_damaged_texts_are_cut_between_characters(text in damaged_text(TEXT)) {
        let redactor = Redactor::new(Personal::ALL.map(|(_, kind)| kind), []);
        let mut end = 0;
        for piece in redactor.pieces(&text) {
            prop_assert!(piece.start >= end && text.get(piece.start..piece.end).is_some());
            end = piece.end;
        }
        let left = redactor.redacted(&text);
        prop_assert!(left.is_none_or(|left| left.len() <= text.len() + 8 * text.len()));
    }
}

#[test]
fn wide_letters_are_named_and_zeros_in_front_are_no_part_of_a_line() {
    const LINE: &str = r#"{"id":"1","text":"acme","posted_at":"2026-03-01T12:00:00Z"}"#;
    let wide = |bytes: fn(u16) -> [u8; 2]| LINE.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let (low, high) = (wide(u16::to_le_bytes), wide(u16::to_be_bytes));
    // Lines end at the first byte of a line feed.
    let rows = [
        ([&[0xff, 0xfe], &low[..]].concat(), Some("UTF-16")),
        ([&[0][..], &low].concat(), Some("UTF-16")),
        (high, Some("UTF-16")),
        (b"\xff\xfeacme".to_vec(), Some("not UTF-8")),
        (b"\0\0\0{\0}".to_vec(), Some("not JSON")),
        ([&[0; 500], LINE.as_bytes()].concat(), None),
    ];
    for (raw, wanted) in rows {
        let source = SourceId::new("s");
        let mut parcel = Parcel::new(&source);
        Decoder::new(Format::Archive, source, hasher()).decode(&raw, &mut parcel);
        let reason = parcel.refused.first().map(|refused| refused.reason.as_str());
        match wanted {
            Some(wanted) => assert!(reason.is_some_and(|said| said.contains(wanted)), "{reason:?}"),
            None => assert_eq!((reason, parcel.events.len()), (None, 1)),
        }
    }
}
