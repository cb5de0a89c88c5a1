//! Do the presets read what each platform sends? An invented answer of its shape for each, and the
//! captured ones of a folder that `RESONANZ_FIXTURES` names.

use std::io::Write;

use serde_json::{Value as Json, json};

use super::presets::shipped;
use super::read::{Heard, Reader, items};
use crate::decode::{AuthorHasher, Decoder, Format};
use crate::post::{Post, SourceId};
use crate::time::EventTime;

/// What a preset hears in an answer; with a mapping's name, in what that one is asked again.
fn heard(preset: &str, answer: &Json) -> Vec<Heard> {
    let (_, preset) =
        shipped().iter().find(|(name, _)| *name == preset).expect("a preset of this name");
    let authors = AuthorHasher::new([7; 32]);
    let mut decoder = Decoder::new(Format::Archive, SourceId::new("s"), authors);
    let named = |name: &str| (name == "site").then(|| "https://h".to_owned());
    let now = EventTime::parse("2026-11-29T12:00:00Z").expect("a time");
    let mut reader = Reader { preset, decoder: &mut decoder, named: &named, now };
    let mut heard = Vec::new();
    for item in items(answer, &preset.list.items, preset.list.items_optional).expect("a list") {
        reader.item(item, &mut heard);
    }
    heard
}

fn posts(preset: &str, answer: &Json) -> Vec<Post> {
    let post = |heard| match heard {
        Heard::Post { post, .. } => Some(*post),
        Heard::Gone { .. } | Heard::Refused(_) | Heard::Nothing => None,
    };
    heard(preset, answer).into_iter().filter_map(post).collect()
}

/// A post on a line: kind, id, parent, thread, time, reach, engagement, text.
fn line(post: &Post) -> String {
    let text = |id: &Option<Box<str>>| id.as_deref().unwrap_or("-").to_owned();
    let count = |count: Option<u64>| count.map_or("-".to_owned(), |count| count.to_string());
    format!(
        "{} {} {} {} {} {} {} {}",
        post.kind.as_str(),
        post.id,
        text(&post.parent),
        text(&post.thread),
        post.posted_at,
        count(post.reach),
        count(post.engagement),
        post.text.replace('\n', "/")
    )
}

#[test]
fn each_preset_reads_the_shape_of_its_platform() {
    for (preset, answer, want) in rows() {
        let lines: Vec<String> = posts(preset, &answer).iter().map(line).collect();
        assert_eq!(lines, want, "{preset}");
    }
    let mut covered: Vec<&str> = rows().iter().map(|(preset, _, _)| *preset).collect();
    covered.dedup();
    let shipped: Vec<&str> = shipped().iter().map(|(name, _)| *name).collect();
    assert_eq!(covered, shipped, "each preset has an answer here, in the order of the list");
}

type Row = (&'static str, Json, Vec<&'static str>);

fn rows() -> Vec<Row> {
    let mut rows = blogs();
    rows.extend(stores());
    rows.extend(communities());
    rows.extend(networks());
    let order = |preset: &str| shipped().iter().position(|(name, _)| *name == preset);
    rows.sort_by_key(|(preset, _, _)| order(preset));
    rows
}

fn blogs() -> Vec<Row> {
    vec![
        (
            "wordpress-comments",
            json!([
                {"id": 7, "post": 3, "parent": 0, "author_name": "Ann", "date_gmt": "2026-11-28T10:00:00", "content": {"rendered": "<p>Fish &amp; chips<br />\nare cold</p>\n"}, "link": "https://h/#comment-7", "status": "approved"},
                {"id": 8, "post": 3, "parent": 7, "author_name": "Bob", "date_gmt": "2026-11-28T10:05:00", "content": {"rendered": "<p>Mine too</p>"}, "link": "https://h/#comment-8", "status": "approved"}
            ]),
            vec![
                "comment 7 - post-3 2026-11-28T10:00:00Z - - Fish & chips/are cold",
                "reply 8 7 post-3 2026-11-28T10:05:00Z - - Mine too",
            ],
        ),
        (
            "wordpress-posts",
            json!([{"id": 3, "date_gmt": "2026-11-28T09:00:00", "title": {"rendered": "A &#8220;day&#8221;"}, "content": {"rendered": "<p>It rains.</p>"}, "author": 1, "link": "https://h/a-day/", "status": "publish"}]),
            vec!["article 3 - - 2026-11-28T09:00:00Z - - A “day”/It rains."],
        ),
        (
            "hackernews",
            json!({"hits": [
                {"objectID": "41", "title": "Acme 2", "story_text": null, "created_at_i": 1_772_366_400, "author": "ann", "points": 5, "num_comments": 2, "story_id": 41},
                {"objectID": "42", "comment_text": "I&#x27;d <i>wait</i>.<p>Really.", "created_at_i": 1_772_366_460, "author": "bob", "points": null, "story_id": 41, "parent_id": 41}
            ]}),
            vec![
                "original 41 - 41 2026-03-01T12:00:00Z - 7 Acme 2",
                "comment 42 41 41 2026-03-01T12:01:00Z - - I'd wait./Really.",
            ],
        ),
    ]
}

fn stores() -> Vec<Row> {
    vec![
        (
            "appstore-reviews",
            json!({"feed": {"entry": {"id": {"label": "11"}, "author": {"name": {"label": "Ann"}}, "updated": {"label": "2026-11-27T10:00:00-07:00"}, "im:rating": {"label": "1"}, "title": {"label": "Crash"}, "content": {"label": "It ends at once."}, "link": {"attributes": {"href": "https://itunes.apple.com/us/review?id=1"}}}}}),
            vec!["review 11 - - 2026-11-27T17:00:00Z - - Crash/It ends at once."],
        ),
        (
            "googleplay-reviews",
            json!({"reviews": [{"reviewId": "gp:1", "authorName": "Ann", "comments": [{"userComment": {"text": "Slow", "lastModified": {"seconds": "1772366400", "nanos": 0}, "starRating": 2, "reviewerLanguage": "de", "thumbsUpCount": 4}}]}]}),
            vec!["review gp:1 - - 2026-03-01T12:00:00Z - 4 Slow"],
        ),
        (
            "google-reviews",
            json!({"reviews": [
                {"name": "accounts/1/locations/2/reviews/AbF", "reviewId": "AbF", "reviewer": {"displayName": "Ann"}, "starRating": "TWO", "comment": "Nobody answers.", "createTime": "2026-11-27T10:00:00.123456Z", "updateTime": "2026-11-27T10:00:00.123456Z"},
                {"reviewId": "AbG", "reviewer": {"displayName": "Bob"}, "starRating": "FIVE", "createTime": "2026-11-27T11:00:00Z", "updateTime": "2026-11-27T11:00:00Z"}
            ], "averageRating": 3.5, "totalReviewCount": 2}),
            vec!["review AbF - - 2026-11-27T10:00:00.123456Z - - Nobody answers."],
        ),
        (
            "trustpilot-reviews",
            json!({"reviews": [{"id": "5f", "consumer": {"id": "c9", "displayName": "Ann"}, "stars": 1, "title": "Late", "text": "Ten days.", "language": "en", "createdAt": "2026-11-27T10:00:00Z", "numberOfLikes": 2}]}),
            vec!["review 5f - - 2026-11-27T10:00:00Z - 2 Late/Ten days."],
        ),
    ]
}

fn communities() -> Vec<Row> {
    let creator = json!({"name": "ann", "actor_id": "https://l.example/u/ann"});
    let reddit =
        |data: Json| json!({"data": {"after": null, "children": [{"kind": "t", "data": data}]}});
    let link = json!({"name": "t3_a1", "title": "Acme?", "selftext": "Any good?", "created_utc": 1_772_366_400.0, "author": "ann", "permalink": "/r/x/comments/a1/acme/", "score": 3, "num_comments": 1, "removed_by_category": null});
    let comment = json!({"name": "t1_b2", "body": "Yes", "created_utc": 1_772_366_460.0, "author": "bob", "parent_id": "t3_a1", "link_id": "t3_a1", "permalink": "/r/x/comments/a1/acme/b2/", "score": 1});
    let original = || vec!["original t3_a1 - - 2026-03-01T12:00:00Z - 4 Acme?/Any good?"];
    vec![
        (
            "lemmy-posts",
            json!({"posts": [{"post": {"id": 1, "name": "Acme", "body": "Hm", "published": "2026-11-27T10:00:00.123456Z", "ap_id": "https://l.example/post/1", "deleted": false, "removed": false}, "creator": creator, "counts": {"upvotes": 2, "comments": 3}}]}),
            vec!["original 1 - - 2026-11-27T10:00:00.123456Z - 5 Acme/Hm"],
        ),
        (
            "lemmy-comments",
            json!({"comments": [{"comment": {"id": 9, "post_id": 1, "content": "Right", "published": "2026-11-27T10:01:00", "ap_id": "https://l.example/comment/9", "deleted": false, "removed": false}, "creator": creator, "counts": {"upvotes": 1, "child_count": 0}}]}),
            vec!["comment 9 - post-1 2026-11-27T10:01:00Z - 1 Right"],
        ),
        (
            "github-issues",
            json!({"items": [{"id": 5, "title": "Crash", "body": null, "created_at": "2026-11-27T10:00:00Z", "user": {"login": "ann"}, "html_url": "https://github.com/a/b/issues/1", "comments": 2, "reactions": {"total_count": 1}}]}),
            vec!["original 5 - - 2026-11-27T10:00:00Z - 3 Crash"],
        ),
        (
            "stackoverflow",
            json!({"items": [{"question_id": 6, "title": "Why &quot;x&quot;?", "body": "<p>It fails.</p>", "creation_date": 1_772_366_400, "owner": {"user_id": 3, "display_name": "Ann"}, "link": "https://stackoverflow.com/q/6", "view_count": 10, "score": 1, "answer_count": 0}]}),
            vec!["original 6 - - 2026-03-01T12:00:00Z 10 1 Why \"x\"?/It fails."],
        ),
        ("reddit-search", reddit(link.clone()), original()),
        ("reddit-posts", reddit(link), original()),
        (
            "reddit-comments",
            reddit(comment),
            vec!["comment t1_b2 t3_a1 t3_a1 2026-03-01T12:01:00Z - 1 Yes"],
        ),
    ]
}

fn networks() -> Vec<Row> {
    let said = |text: &str| json!({"textDisplay": text, "publishedAt": "2026-11-27T10:00:00Z", "authorChannelId": {"value": "UCann"}, "likeCount": 2});
    let mut reply = said("No");
    if let Some(snippet) = reply.as_object_mut() {
        snippet.insert("parentId".to_owned(), "Ug1".into());
    }
    vec![
        (
            "youtube-comments",
            json!({"items": [{"id": "Ug1", "snippet": {"videoId": "v", "totalReplyCount": 1, "topLevelComment": {"id": "Ug1", "snippet": said("Good")}}, "replies": {"comments": [{"id": "Ug1.r", "snippet": reply}]}}]}),
            vec![
                "comment Ug1 - v 2026-11-27T10:00:00Z - 3 Good",
                "reply Ug1.r Ug1 - 2026-11-27T10:00:00Z - 2 No",
            ],
        ),
        (
            "youtube-search",
            json!({"items": [
                {"id": {"kind": "youtube#video", "videoId": "v1"}, "snippet": {"publishedAt": "2026-11-27T10:00:00Z", "channelId": "UCann", "title": "Acme &amp; I", "description": "A test ...", "liveBroadcastContent": "none"}},
                {"id": {"kind": "youtube#video", "videoId": "v2"}, "snippet": {"publishedAt": "2026-11-27T10:00:00Z", "channelId": "UCann", "title": "Acme, live soon", "description": "", "liveBroadcastContent": "upcoming"}}
            ]}),
            vec!["original v1 - - 2026-11-27T10:00:00Z - - Acme & I/A test ..."],
        ),
        (
            "flickr",
            json!({"photos": {"photo": [{"id": "70", "owner": "1@N04", "title": "Acme", "description": {"_content": "A <b>red</b> one"}, "tags": "car", "dateupload": "1772366400", "views": "8", "count_faves": "1", "count_comments": 2}]}}),
            vec!["original 70 - - 2026-03-01T12:00:00Z 8 3 Acme/A red one/car"],
        ),
        (
            "threads",
            json!({"data": [{"id": "1", "text": "Acme again", "timestamp": "2026-11-27T10:00:00+0000", "permalink": "https://www.threads.net/@ann/post/x", "username": "ann", "is_reply": true}]}),
            vec!["reply 1 - - 2026-11-27T10:00:00Z - - Acme again"],
        ),
    ]
}

#[test]
fn what_its_author_took_back_is_gone() {
    let removed = json!({"data": {"children": [
        {"data": {"name": "t3_a", "title": "x", "selftext": "[deleted]", "author": "[deleted]", "created_utc": 1.0}},
        {"data": {"name": "t3_b", "title": "x", "selftext": "", "author": "ann", "removed_by_category": "moderator"}}
    ]}});
    let gone = heard("reddit-posts", &removed);
    assert!(gone.iter().all(|heard| matches!(heard, Heard::Gone { .. })), "{gone:?}");
    assert_eq!(gone.len(), 2);
}

/// A file of the folder that `RESONANZ_FIXTURES` names; nothing, with a word, without it.
fn captured(path: &str) -> Option<Json> {
    let Some(folder) = std::env::var_os("RESONANZ_FIXTURES") else {
        let _ = writeln!(std::io::stderr(), "skipped: RESONANZ_FIXTURES names no folder");
        return None;
    };
    let text = std::fs::read(std::path::Path::new(&folder).join(path)).expect("the file is there");
    Some(serde_json::from_slice(&text).expect("JSON"))
}

#[test]
fn captured_answers_of_wordpress_and_youtube_are_read() {
    let rows = [
        ("wordpress-comments", "wordpress/comments_local.json", 100),
        ("wordpress-posts", "wordpress/posts_local.json", 1),
        ("youtube-comments", "youtube/apidata/comment_threads/comment_thread_single.json", 1),
        (
            "youtube-comments",
            "youtube/apidata/comment_threads/comment_threads_by_video_paged_1.json",
            5,
        ),
    ];
    for (preset, path, least) in rows {
        let Some(answer) = captured(path) else { return };
        let heard = heard(preset, &answer);
        let posts = heard.iter().filter(|heard| matches!(heard, Heard::Post { .. })).count();
        assert_eq!(posts, heard.len(), "{path}: {heard:?}");
        assert!(posts >= least, "{path}: {posts}");
    }
}

#[test]
fn captured_answers_of_flickr_and_reddit_are_read() {
    let Some(flickr) = captured("flickr/Photo_search_has_all_sizes_available.json") else { return };
    let photos = posts("flickr", flickr.pointer("/0/body").expect("a body"));
    assert!(photos.len() > 50 && photos.iter().all(|photo| photo.reach.is_some()));
    for (preset, path) in [
        ("reddit-posts", "reddit/TestDomainListing.test_new.json"),
        ("reddit-comments", "reddit/TestSubredditStreams.test_comments.json"),
        ("reddit-posts", "reddit/TestSubredditStreams.test_submissions.json"),
    ] {
        let Some(cassette) = captured(path) else { return };
        let answers = cassette.pointer("/interactions").and_then(Json::as_array).expect("answers");
        let mut found = 0;
        for answer in answers {
            let body =
                answer.pointer("/response/body/string").and_then(Json::as_str).expect("a body");
            let body: Json = serde_json::from_str(body).unwrap_or_default();
            if body.pointer("/data/children").is_none() {
                continue;
            }
            let heard = heard(preset, &body);
            assert!(
                !heard.iter().any(|heard| matches!(heard, Heard::Refused(_))),
                "{path}: {heard:?}"
            );
            found += heard.iter().filter(|heard| matches!(heard, Heard::Post { .. })).count();
        }
        assert!(found > 20, "{path}: {found}");
    }
}
