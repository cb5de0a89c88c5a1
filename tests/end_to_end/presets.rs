//! Do presets keep to what their platforms want: keys, logins, replies, refusals? And are they tried
//! without a trace?

use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::polled::{ago, comment, config, settled, wordpress};
use crate::scripted::{Asked, Reply, count, serve};
use crate::support::{file, live, resonanz, stderr, stdout, wait_for, wait_for_answer};

#[test]
fn sources_are_tested_and_presets_tried_without_a_trace() {
    let posts = vec![comment(1, 5, "acme \u{1b}[31mred"), comment(2, 4, "acme two")];
    let (site, _) = serve(move |asked| wordpress(&posts, asked));
    let folder = tempfile::tempdir().expect("a folder");
    let keys = format!("preset = \"wordpress-comments\"\nset = {{ site = \"{site}\" }}");
    let path = config(folder.path(), &keys, "");
    let set = format!("site={site}");
    let config = path.to_str().expect("UTF-8");
    let runs: [&[&str]; 2] = [
        &["sources", "test", "s", "--config", config],
        &["sources", "try", "wordpress-comments", "--set", &set],
    ];
    for arguments in runs {
        let begun = Instant::now();
        let output =
            resonanz().args(arguments).current_dir(folder.path()).output().expect("it runs");
        let said = stdout(&output);
        assert_eq!(output.status.code(), Some(0), "{said}{}", stderr(&output));
        assert!(said.contains("it works") && said.contains("acme two"), "{said}");
        assert!(
            said.contains("nothing was stored") && said.contains("can never provide"),
            "{said}"
        );
        assert!(!said.contains('\u{1b}'), "nothing steers the terminal: {said}");
        assert!(begun.elapsed() < Duration::from_secs(15), "it ends by itself");
    }
    assert!(!folder.path().join("lake").exists(), "nothing is stored");
    let unknown = resonanz().args(["sources", "test", "t", "--config", config]).output();
    let unknown = unknown.expect("it runs");
    assert!(stderr(&unknown).contains("the only source is s"), "{}", stderr(&unknown));
    let wanting =
        resonanz().args(["sources", "try", "wordpress-comments"]).output().expect("it runs");
    assert!(stderr(&wanting).contains("--set site="), "{}", stderr(&wanting));
}

#[test]
fn a_key_that_is_refused_is_the_users_to_mend_and_a_spent_quota_is_not() {
    let refusal = |reason: &str| json!({"error": {"code": 403, "message": "no", "errors": [{"reason": reason, "message": "no"}]}});
    let rows = [
        ("keyInvalid", 2, "give a valid key"),
        // What Google says of a key that it does not know.
        ("badRequest", 2, "check the key"),
        ("quotaExceeded", 1, "asked again at"),
        ("commentsDisabled", 1, "nothing to hear there now"),
    ];
    for (reason, code, said) in rows {
        let body = refusal(reason).to_string();
        let (api, log) = serve(move |_| Reply::Raw("403 Forbidden", String::new(), body.clone()));
        let output = resonanz()
            .args(["sources", "try", "youtube-comments", "--wait", "2s", "--token-env", "YT_KEY"])
            .args(["--set", "video=v", "--set", &format!("api={api}")])
            .env("YT_KEY", "sesame-99")
            .output()
            .expect("it runs");
        let all = stdout(&output) + &stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{reason}: {all}");
        assert!(all.contains(said), "{reason}: {all}");
        assert!(!all.contains("sesame-99"), "the key is shown to nobody: {all}");
        let asked = log.lock().expect("a log")[0].clone();
        assert!(asked.head.contains("x-goog-api-key: sesame-99"), "{}", asked.head);
        assert!(!asked.path.contains("sesame"), "{}", asked.path);
    }
}

#[test]
fn a_key_file_in_the_place_of_a_token_is_sent_to_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    for (token, wanted) in [
        (r#"{"type":"service_account","private_key":"sesame-99"}"#, "a JSON file, not a token"),
        ("sesame-99\nsesame-98", "more than one line"),
    ] {
        file(folder.path(), "token", token);
        let (api, log) = serve(|_| Reply::Json(json!({})));
        let mut command = resonanz();
        command.args(["sources", "try", "youtube-comments", "--token-file", "token"]);
        command.args(["--set", "video=v", "--set", &format!("api={api}")]);
        let output = command.current_dir(folder.path()).output().expect("it runs");
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(wanted) && !said.contains("sesame"), "{said}");
        assert!(log.lock().expect("a log").is_empty(), "nothing is asked");
    }
}

#[test]
fn a_community_that_is_private_or_closed_or_not_there_is_named_as_such() {
    let away = "location: https://h/subreddits/search?q=acme\r\n";
    let private = r#"{"reason":"private","message":"Forbidden","error":403}"#;
    let banned = r#"{"reason":"banned","message":"Not Found","error":404}"#;
    let refused = r#"{"message":"Unauthorized","error":401}"#;
    let rows = [
        ("r/acme", ("403 Forbidden", "", private), "the community is private"),
        (
            "https://www.reddit.com/r/acme/",
            ("404 Not Found", "", banned),
            "the community was closed",
        ),
        ("acme", ("302 Found", away, ""), "there is no such community"),
        ("/r/acme", ("401 Unauthorized", "", refused), "token"),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    file(folder.path(), "token", "sesame");
    for (written, (status, head, body), wanted) in rows {
        let (site, log) =
            serve(move |asked| match asked.path.starts_with("/api/v1/access_token") {
                true => Reply::Json(json!({"access_token": "a", "expires_in": 3600})),
                false => Reply::Raw(status, head.to_owned(), body.to_owned()),
            });
        let set = [
            format!("subreddit={written}"),
            format!("api={site}"),
            format!("login={site}"),
            "client=c".to_owned(),
            "account=u/ann".to_owned(),
        ];
        let mut command = resonanz();
        command.args(["sources", "try", "reddit-posts", "--wait", "5s", "--token-file", "token"]);
        for pair in &set {
            command.args(["--set", pair]);
        }
        let output = command.current_dir(folder.path()).output().expect("it runs");
        let said = stderr(&output);
        assert!(output.status.code().is_some_and(|code| code > 0), "{written}: {said}");
        assert!(said.contains(wanted) && !said.contains("sesame"), "{written}: {said}");
        let asked = log.lock().expect("a log").clone();
        let list = asked.iter().find(|asked| asked.path.starts_with("/r/")).expect("the list");
        assert!(list.path.starts_with("/r/acme/new?"), "{}", list.path);
        assert!(list.head.contains("by /u/ann)"), "{}", list.head);
    }
}

#[test]
fn replies_that_youtube_leaves_out_are_asked_for() {
    let said = |id: &str, parent: Option<&str>| {
        json!({"id": id, "snippet": {
            "textDisplay": "acme", "publishedAt": format!("{}Z", ago(30)), "parentId": parent,
            "authorChannelId": {"value": "UCx"}, "likeCount": 0,
        }})
    };
    let (api, log) = serve(move |asked| {
        let replies: Vec<Value> = (0..12).map(|n| said(&format!("Ug1.{n}"), Some("Ug1"))).collect();
        if asked.path.starts_with("/youtube/v3/comments?") && asked.parameter("parentId").is_some()
        {
            let (items, next) = match asked.parameter("pageToken") {
                None => (&replies[..7], Some("p2")),
                Some(_) => (&replies[7..], None),
            };
            return Reply::Json(json!({"items": items, "nextPageToken": next}));
        }
        if asked.path.starts_with("/youtube/v3/comments?") {
            return Reply::Json(json!({"items": replies}));
        }
        let thread = json!({
            "id": "Ug1", "replies": {"comments": replies[..5]},
            "snippet": {"videoId": "v", "totalReplyCount": 12, "topLevelComment": said("Ug1", None)},
        });
        Reply::Json(json!({"items": [thread]}))
    });
    let folder = tempfile::tempdir().expect("a folder");
    file(folder.path(), "key", "sesame\n");
    let keys = format!(
        "preset = \"youtube-comments\"\ntoken_file = \"key\"\nset = {{ api = \"{api}\", channel = \"UCx\" }}"
    );
    let _process = live(&config(folder.path(), &keys, ""));
    let lake = folder.path().join("lake");
    let sql = "SELECT kind, count(*) FROM mentions GROUP BY kind ORDER BY kind";
    wait_for_answer(&lake, sql, "comment,1\nreply,12");
    let asked = log.lock().expect("a log").clone();
    assert_eq!(asked[0].parameter("textFormat").as_deref(), Some("plainText"));
    assert_eq!(asked[0].parameter("allThreadsRelatedToChannelId").as_deref(), Some("UCx"));
    assert_eq!(asked[0].parameter("videoId"), None, "what is not set is not sent");
}

#[test]
fn reddit_is_asked_with_a_token_that_is_renewed_and_its_deletes_are_followed() {
    let logins = Mutex::new(0);
    let (site, log) = serve(move |asked| {
        let mut logins = logins.lock().expect("a count");
        if asked.path.starts_with("/api/v1/access_token") {
            *logins += 1;
            let token = format!("t{logins}");
            return Reply::Json(json!({"access_token": token, "expires_in": 3_600}));
        }
        if *logins == 2 && !asked.head.contains("authorization: bearer t2") {
            return Reply::Raw("403 Forbidden", String::new(), "{}".to_owned());
        }
        // The first token is refused before its time, once it has been taken.
        if *logins == 1 && asked.path.starts_with("/api/info") {
            return Reply::Raw("401 Unauthorized", String::new(), "{}".to_owned());
        }
        let at = |minutes: i64| format!("{}Z", ago(minutes));
        let is_again = asked.path.starts_with("/api/info");
        let posts = [("t3_a", false), ("t3_b", is_again)].map(|(name, gone)| {
            json!({"kind": "t3", "data": {
                "name": name, "title": format!("acme {name}"), "created_utc": at(30), "permalink": "/r/x/1/",
                "selftext": if gone { "[deleted]" } else { "" }, "author": if gone { "[deleted]" } else { "ann" },
                "score": 1, "num_comments": 0,
            }})
        });
        Reply::Json(json!({"data": {"after": null, "children": posts}}))
    });
    let folder = tempfile::tempdir().expect("a folder");
    file(folder.path(), "secret", "sesame\n");
    let keys = format!(
        "preset = \"reddit-search\"\ninterval = \"200ms\"\ntoken_file = \"secret\"\n\
         set = {{ api = \"{site}\", login = \"{site}\", query = \"acme\", client = \"id9\", account = \"ann_x\" }}"
    );
    let path = config(folder.path(), &keys, "");
    let process = live(&path);
    wait_for_answer(&folder.path().join("lake"), "SELECT count(*) FROM mentions", "2");
    wait_for("a list after a recheck that was answered", || {
        let asked = log.lock().expect("a log").clone();
        let answered =
            |asked: &Asked| asked.path.starts_with("/api/info") && asked.head.contains("bearer t2");
        let place = asked.iter().position(answered)?;
        asked.get(place + 1..)?.iter().any(|asked| asked.path.starts_with("/search")).then_some(())
    });
    assert_eq!(settled(process, &path), "acme t3_a");
    let asked = log.lock().expect("a log").clone();
    // "id9:sesame"
    assert!(asked[0].head.contains("authorization: basic awq5onnlc2ftzq=="), "{}", asked[0].head);
    assert!(
        asked[1].head.contains("user-agent: linux:resonanz:0.1 (by /u/ann_x)"),
        "{}",
        asked[1].head
    );
}

/// Flickr with two photos: one with comments of which the first goes, one that gets its first later.
fn flickr(asked: &Asked, lists: &mut u32) -> Reply {
    let own = |name: &str| asked.parameter(name).unwrap_or_default();
    let ok = |mut json: Value| {
        json["stat"] = json!("ok");
        Reply::Json(json)
    };
    let seconds = |minutes: i64| {
        let at = format!("{}Z", ago(minutes)).parse::<jiff::Timestamp>();
        at.expect("a time").as_second().to_string()
    };
    let comment = |id: &str, text: &str| {
        json!({"id": format!("6065-{}-{id}", own("photo_id")), "author": "9@N00", "authorname": "ann",
            "datecreate": seconds(2000), "permalink": "https://www.flickr.com/photos/x/1/#c", "_content": text})
    };
    match own("method").as_str() {
        "flickr.photos.search" => {
            let photo = |id: &str, comments: &str| {
                json!({"id": id, "owner": "12@N01", "title": format!("acme {id}"), "description": {"_content": ""},
                    "tags": "", "dateupload": seconds(1400), "views": "7", "count_faves": "1", "count_comments": comments})
            };
            let photos = [photo("1", "2"), photo("2", "0")];
            ok(
                json!({"photos": {"page": 1, "pages": 1, "perpage": 250, "total": 2, "photo": photos}}),
            )
        }
        "flickr.photos.getInfo" => {
            ok(json!({"photo": {"id": own("photo_id"), "dateuploaded": seconds(1400),
            "title": {"_content": "acme"}, "comments": {"_content": "1"}}}))
        }
        "flickr.photos.comments.getList" => {
            *lists += u32::from(own("photo_id") == "1");
            let list = match (own("photo_id").as_str(), *lists) {
                ("1", 1) => {
                    json!([comment("1", "acme is <b>late</b>"), comment("2", "acme is mine")])
                }
                ("1", _) => json!([comment("2", "acme was mine")]),
                _ => json!([comment("3", "acme too")]),
            };
            ok(json!({"comments": {"photo_id": own("photo_id"), "comment": list}}))
        }
        other => Reply::Json(json!({"stat": "fail", "code": 112, "message": other})),
    }
}

#[test]
fn comments_below_photos_are_heard_and_go_when_they_are_gone_there() {
    let lists = Mutex::new(0);
    let (site, log) = serve(move |asked| flickr(asked, &mut lists.lock().expect("a count")));
    let folder = tempfile::tempdir().expect("a folder");
    file(folder.path(), "key", "sesame");
    let keys = format!(
        "preset = \"flickr\"\ninterval = \"200ms\"\nsince = \"2d\"\ntoken_file = \"key\"\n\
         set = {{ api = \"{site}\", query = \"acme\" }}"
    );
    let path = config(folder.path(), &keys, "");
    let process = live(&path);
    let lake = folder.path().join("lake");
    let sql =
        "SELECT kind, parent, count(*) FROM mentions WHERE text LIKE '%too%' GROUP BY kind, parent";
    wait_for_answer(&lake, sql, "comment,2,1");
    wait_for_answer(&lake, "SELECT count(*) FROM mentions WHERE text = 'acme was mine'", "1");
    wait_for("two lists without the comment", || {
        let log = log.lock().expect("a log");
        let lists = log.iter().filter(|asked| {
            asked.path.contains("comments.getList")
                && asked.parameter("photo_id").as_deref() == Some("1")
        });
        (lists.count() >= 4).then_some(())
    });
    let after = count(&log);
    wait_for("a look after them", || (count(&log) > after + 2).then_some(()));
    assert_eq!(settled(process, &path), "acme 1\nacme 2\nacme too\nacme was mine");
}
