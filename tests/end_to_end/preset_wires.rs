//! How does each platform of a preset answer? Its list, page by page, with as many posts as there are then.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::scripted::{Asked, Reply};

/// Posts of each platform in the end.
pub(crate) const POSTS: usize = 130;
/// How a platform pages, and which end of its list comes first.
#[derive(Clone, Copy)]
enum Pages {
    /// By the number of a page, the newest first.
    Page(&'static str),
    /// The same, the oldest first, from a time on.
    Oldest(fn(&Asked) -> i64),
    /// By where the page before said that the next one begins.
    Token(&'static str),
    /// The page stands in the path.
    Path,
    /// Everything before a time.
    Until,
}

/// A platform: what a source needs, how many posts a page holds, a post by its number and when it was written, and
/// a page of them with the place of the next one.
pub(crate) struct Wire {
    pub(crate) preset: &'static str,
    keys: &'static str,
    size: usize,
    pages: Pages,
    item: fn(usize, i64) -> Value,
    page: fn(Vec<Value>, Option<String>) -> Value,
}

fn iso(at: i64) -> String {
    Timestamp::from_second(at).expect("a time").to_string()
}

pub(crate) fn now() -> i64 {
    Timestamp::now().as_second()
}

fn seconds(text: &str) -> i64 {
    text.parse::<Timestamp>().expect("a time").as_second()
}

/// The time behind a sign in a parameter.
fn after(asked: &Asked, name: &str) -> i64 {
    seconds(&asked.parameter(name).expect("a time"))
}

pub(crate) const WIRES: &[Wire] = &[
    Wire {
        preset: "wordpress-comments",
        keys: "site = \"{site}\"",
        size: 100,
        pages: Pages::Oldest(|asked| after(asked, "after")),
        item: |n, at| json!({"id": n, "post": 1, "parent": 0, "author_name": "ann", "date_gmt": iso(at).trim_end_matches('Z'), "content": {"rendered": format!("<p>acme {n}</p>")}, "status": "approved"}),
        page: |items, _| json!(items),
    },
    Wire {
        preset: "wordpress-posts",
        keys: "site = \"{site}\"",
        size: 50,
        pages: Pages::Oldest(|asked| after(asked, "after")),
        item: |n, at| json!({"id": n, "date_gmt": iso(at).trim_end_matches('Z'), "title": {"rendered": "acme"}, "content": {"rendered": n.to_string()}, "author": 1, "status": "publish"}),
        page: |items, _| json!(items),
    },
    Wire {
        preset: "hackernews",
        keys: "api = \"{site}\", items = \"{site}\"",
        size: 1_000,
        pages: Pages::Until,
        item: |n, at| json!({"objectID": n.to_string(), "title": format!("acme {n}"), "created_at_i": at, "author": "ann", "story_id": n}),
        page: |items, _| json!({"hits": items}),
    },
    Wire {
        preset: "youtube-comments",
        keys: "api = \"{site}\", video = \"v\"",
        size: 100,
        pages: Pages::Token("pageToken"),
        item: |n, at| json!({"id": format!("Ug{n}"), "snippet": {"videoId": "v", "totalReplyCount": 0, "topLevelComment": {"id": format!("Ug{n}"), "snippet": {"textDisplay": format!("acme {n}"), "publishedAt": iso(at), "likeCount": 0}}}}),
        page: |items, next| json!({"items": items, "nextPageToken": next}),
    },
    Wire {
        preset: "youtube-search",
        keys: "api = \"{site}\", query = \"acme\"",
        size: 50,
        pages: Pages::Token("pageToken"),
        item: |n, at| json!({"kind": "youtube#searchResult", "id": {"kind": "youtube#video", "videoId": format!("v{n}")}, "snippet": {"publishedAt": iso(at), "channelId": "UCann", "channelTitle": "Ann", "title": format!("acme {n}"), "description": "", "liveBroadcastContent": "none"}}),
        page: |items, next| json!({"items": items, "nextPageToken": next}),
    },
    Wire {
        preset: "appstore-reviews",
        keys: "api = \"{site}\", app = \"1\"",
        size: 50,
        pages: Pages::Path,
        item: |n, at| json!({"id": {"label": n.to_string()}, "author": {"name": {"label": "Ann"}}, "updated": {"label": iso(at)}, "title": {"label": "acme"}, "content": {"label": n.to_string()}}),
        page: |items, _| json!({"feed": {"entry": items}}),
    },
    Wire {
        preset: "lemmy-posts",
        keys: "site = \"{site}\"",
        size: 50,
        pages: Pages::Page("page"),
        item: |n, at| json!({"post": {"id": n, "name": format!("acme {n}"), "published": iso(at), "deleted": false, "removed": false}, "creator": {"name": "ann"}, "counts": {"upvotes": 1, "comments": 0}}),
        page: |items, _| json!({"posts": items}),
    },
    Wire {
        preset: "lemmy-comments",
        keys: "site = \"{site}\"",
        size: 50,
        pages: Pages::Page("page"),
        item: |n, at| json!({"comment": {"id": n, "post_id": 1, "content": format!("acme {n}"), "published": iso(at), "deleted": false, "removed": false}, "creator": {"name": "ann"}, "counts": {"upvotes": 1, "child_count": 0}}),
        page: |items, _| json!({"comments": items}),
    },
    Wire {
        preset: "github-issues",
        keys: "api = \"{site}\", query = \"acme\"",
        size: 100,
        pages: Pages::Oldest(|asked| {
            let query = asked.parameter("q").expect("a query");
            seconds(query.split("created:>=").nth(1).expect("a time"))
        }),
        item: |n, at| json!({"id": n, "title": format!("acme {n}"), "body": null, "created_at": iso(at), "user": {"login": "ann"}, "comments": 0, "reactions": {"total_count": 0}}),
        page: |items, _| json!({"items": items}),
    },
    Wire {
        preset: "stackoverflow",
        keys: "api = \"{site}\", query = \"acme\"",
        size: 100,
        pages: Pages::Oldest(|asked| {
            asked.parameter("fromdate").expect("a time").parse().expect("seconds")
        }),
        item: |n, at| json!({"question_id": n, "title": "acme", "body": n.to_string(), "creation_date": at, "owner": {"user_id": 3}, "view_count": 1, "score": 1, "answer_count": 0}),
        page: |items, _| json!({"items": items}),
    },
    Wire {
        preset: "flickr",
        keys: "api = \"{site}\", query = \"acme\"",
        size: 250,
        pages: Pages::Page("page"),
        item: |n, at| json!({"id": n.to_string(), "owner": "1@N04", "title": format!("acme {n}"), "description": {"_content": ""}, "tags": "", "dateupload": at.to_string(), "views": "8", "count_faves": "1", "count_comments": 0}),
        page: |items, _| json!({"stat": "ok", "photos": {"photo": items}}),
    },
    Wire {
        preset: "reddit-search",
        keys: "api = \"{site}\", login = \"{site}\", client = \"c\", account = \"ann\", query = \"acme\"",
        size: 100,
        pages: Pages::Token("after"),
        item: |n, at| json!({"kind": "t3", "data": {"id": n.to_string(), "name": format!("t3_{n}"), "title": format!("acme {n}"), "selftext": "", "created_utc": at, "author": "ann", "permalink": "/r/x/1/", "score": 1, "num_comments": 0}}),
        page: |items, next| json!({"kind": "Listing", "data": {"after": next, "before": null, "dist": items.len(), "children": items}}),
    },
    Wire {
        preset: "reddit-posts",
        keys: "api = \"{site}\", login = \"{site}\", client = \"c\", account = \"ann\", subreddit = \"x\"",
        size: 100,
        pages: Pages::Token("after"),
        item: |n, at| json!({"kind": "t3", "data": {"id": n.to_string(), "name": format!("t3_{n}"), "title": format!("acme {n}"), "selftext": "", "created_utc": at, "author": "ann", "permalink": "/r/x/1/", "score": 1, "num_comments": 0}}),
        page: |items, next| json!({"kind": "Listing", "data": {"after": next, "before": null, "dist": items.len(), "children": items}}),
    },
    Wire {
        preset: "reddit-comments",
        keys: "api = \"{site}\", login = \"{site}\", client = \"c\", account = \"ann\", subreddit = \"x\"",
        size: 100,
        pages: Pages::Token("after"),
        item: |n, at| json!({"kind": "t1", "data": {"id": n.to_string(), "name": format!("t1_{n}"), "body": format!("acme {n}"), "created_utc": at, "author": "ann", "parent_id": "t3_1", "link_id": "t3_1", "permalink": "/r/x/1/", "score": 1}}),
        page: |items, next| json!({"kind": "Listing", "data": {"after": next, "before": null, "dist": items.len(), "children": items}}),
    },
    Wire {
        preset: "threads",
        keys: "api = \"{site}\", query = \"acme\"",
        size: 100,
        pages: Pages::Token("after"),
        item: |n, at| json!({"id": n.to_string(), "text": format!("acme {n}"), "timestamp": iso(at).replace('Z', "+0000"), "username": "ann", "is_reply": false}),
        page: |items, next| json!({"data": items, "paging": {"cursors": {"after": next}}}),
    },
    Wire {
        preset: "googleplay-reviews",
        keys: "api = \"{site}\", package = \"com.acme\"",
        size: 100,
        pages: Pages::Token("token"),
        item: |n, at| json!({"reviewId": n.to_string(), "authorName": "Ann", "comments": [{"userComment": {"text": format!("acme {n}"), "lastModified": {"seconds": at.to_string(), "nanos": 0}, "starRating": 2, "reviewerLanguage": "en"}}]}),
        page: |items, next| json!({"reviews": items, "tokenPagination": {"nextPageToken": next}}),
    },
    Wire {
        preset: "google-reviews",
        keys: "api = \"{site}\", login = \"{site}\", client = \"c\", account = \"1\", location = \"2\"",
        size: 50,
        pages: Pages::Token("pageToken"),
        item: |n, at| json!({"reviewId": n.to_string(), "comment": format!("acme {n}"), "createTime": iso(at), "reviewer": {"displayName": "Ann"}}),
        page: |items, next| json!({"reviews": items, "nextPageToken": next}),
    },
    Wire {
        preset: "trustpilot-reviews",
        keys: "api = \"{site}\", unit = \"46d6a890000064000500e0c3\"",
        size: 100,
        pages: Pages::Page("page"),
        item: |n, at| json!({"id": n.to_string(), "consumer": {"id": "c9"}, "stars": 1, "title": "acme", "text": n.to_string(), "language": "en", "createdAt": iso(at), "numberOfLikes": 0}),
        page: |items, _| json!({"reviews": items}),
    },
];

impl Wire {
    /// A page of the first `there` posts, of which one was written every two seconds.
    pub(crate) fn answer(&self, asked: &Asked, begun: i64, there: usize) -> Value {
        let at = |n: usize| begun - 260 + 2 * i64::try_from(n).expect("small");
        let mut numbers: Vec<usize> = (1..=there).collect();
        let number = |name: &str| asked.parameter(name).and_then(|text| text.parse().ok());
        let page = match self.pages {
            Pages::Page(name) => number(name).unwrap_or(1) - 1,
            Pages::Path => {
                let page =
                    asked.path.split("/page=").nth(1).and_then(|rest| rest.split('/').next());
                page.and_then(|page| page.parse::<usize>().ok()).expect("a page") - 1
            }
            Pages::Token(name) => number(name).unwrap_or(0),
            Pages::Oldest(since) => {
                let since = since(asked);
                numbers.retain(|n| at(*n) >= since);
                number("page").unwrap_or(1) - 1
            }
            Pages::Until => {
                let filter = asked.parameter("numericFilters").expect("a filter");
                let until = filter.split("created_at_i<").nth(1).expect("a time");
                let until: i64 = until.parse().expect("seconds");
                numbers.retain(|n| at(*n) < until);
                0
            }
        };
        if !matches!(self.pages, Pages::Oldest(_)) {
            numbers.reverse();
        }
        let left = numbers.get(page * self.size..).unwrap_or_default();
        let next = (left.len() > self.size).then(|| (page + 1).to_string());
        let items = left.iter().take(self.size).map(|n| (self.item)(*n, at(*n)));
        (self.page)(items.collect(), next)
    }

    /// How its source is written.
    pub(crate) fn source(&self, site: &str) -> String {
        let keys = self.keys.replace("{site}", &format!("{site}/{}", self.preset));
        let secrets = match self.preset {
            "reddit-search" | "reddit-posts" | "reddit-comments" => "token_file = \"token\"\n",
            "google-reviews" => "token_file = \"token\"\nsecret_file = \"token\"\n",
            "wordpress-comments" | "wordpress-posts" | "hackernews" | "appstore-reviews" => "",
            _ => "token_file = \"token\"\n",
        };
        let budget = match self.preset {
            "stackoverflow" | "threads" | "youtube-comments" | "youtube-search" => {
                "budget = 100000000\n"
            }
            _ => "",
        };
        format!(
            "[[source]]\nname = \"{0}\"\ntype = \"poll\"\npreset = \"{0}\"\ninterval = \"200ms\"\n{secrets}{budget}set = {{ {keys} }}\n",
            self.preset
        )
    }
}

/// The platform that a request is for, in the first part of its path; `None` for a login.
pub(crate) fn asked_of(asked: &Asked) -> Option<&'static Wire> {
    if asked.path.contains("/access_token") || asked.path.ends_with("/token") {
        return None;
    }
    let is_for = |wire: &&Wire| asked.path.starts_with(&format!("/{}/", wire.preset));
    Some(WIRES.iter().find(is_for).expect("a platform"))
}

/// What a login is answered.
pub(crate) fn logged_in() -> Reply {
    Reply::Json(
        json!({"access_token": "a", "token_type": "bearer", "expires_in": 3_600, "scope": "*"}),
    )
}
