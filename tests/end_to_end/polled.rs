//! Is a platform that has to be asked heard once and whole? A scripted server that pages, refuses,
//! breaks off, forgets and changes its mind.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::scripted::{Asked, Reply, count, serve};
use crate::support::{
    Killed, file, free_port, get, live, query, resonanz, stderr, wait_for, wait_for_answer,
};

/// A preset of one's own, as short as one can be; `list` says how it pages.
fn own_preset(folder: &Path, list: &str) -> PathBuf {
    let text = format!(
        "about = \"a test\"\ninterval = \"100ms\"\nsince = \"3650d\"\nneeds.site = \"the server\"\n\
         [list]\nurl = \"{{site}}/list\"\nitems = \"/posts\"\n{list}\n\
         [[post]]\nname = \"post\"\nkind = \"original\"\n\
         fields = {{ id = \"/id\", text = \"/text\", posted_at = \"/at\" }}\n"
    );
    file(folder, "own.toml", text)
}

pub(crate) fn config(folder: &Path, source: &str, more: &str) -> PathBuf {
    let text = format!(
        "[lake]\npath = \"lake\"\ncommit_interval = \"50ms\"\n{more}\n\
         [[topic]]\nname = \"acme\"\nquery = 'acme'\n\
         [[source]]\nname = \"s\"\ntype = \"poll\"\n{source}\n"
    );
    file(folder, "resonanz.toml", text)
}

/// Minutes ago, as WordPress writes a time.
pub(crate) fn ago(minutes: i64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = i64::try_from(now.expect("a clock").as_micros()).expect("a time");
    let time = resonanz::time::EventTime(now - minutes * 60_000_000).floor(1_000_000);
    time.to_string().trim_end_matches('Z').to_owned()
}

pub(crate) fn comment(id: usize, minutes: i64, text: &str) -> Value {
    json!({
        "id": id, "post": 1, "parent": 0, "author_name": format!("reader {id}"), "date_gmt": ago(minutes),
        "content": {"rendered": format!("<p>{text}</p>")}, "link": format!("http://h/#comment-{id}"), "status": "approved",
    })
}

/// Answers as WordPress does: pages of the comments after a time, or those that `include` names.
pub(crate) fn wordpress(comments: &[Value], asked: &Asked) -> Reply {
    let mut found: Vec<&Value> = comments.iter().collect();
    if let Some(include) = asked.parameter("include") {
        let ids: Vec<&str> = include.split(',').collect();
        found.retain(|comment| ids.contains(&comment["id"].to_string().as_str()));
        return Reply::Json(json!(found));
    }
    let after = asked.parameter("after").expect("a time");
    found.retain(|comment| comment["date_gmt"].as_str() > Some(after.trim_end_matches('Z')));
    found.sort_by_key(|comment| comment["date_gmt"].as_str());
    let (page, size) = (asked.number("page"), asked.number("per_page"));
    Reply::Json(json!(found.into_iter().skip((page - 1) * size).take(size).collect::<Vec<_>>()))
}

#[test]
fn comments_arrive_once_over_pages_broken_answers_and_kills() {
    let comments: Vec<Value> = (1..=450)
        .map(|id| comment(id, 460 - i64::try_from(id).expect("small"), "acme is late"))
        .collect();
    let comments = Arc::new(Mutex::new(comments));
    let (served, tries) = (Arc::clone(&comments), Mutex::new(0));
    let (site, log) = serve(move |asked| {
        let mut tries = tries.lock().expect("a count");
        *tries += 1;
        let whole = wordpress(&served.lock().expect("comments"), asked);
        match (*tries, whole) {
            (2, _) => Reply::Raw("500 Oops", String::new(), "oops".to_owned()),
            (4, _) => Reply::Raw("200 OK", String::new(), "<html>Maintenance</html>".to_owned()),
            (6, Reply::Json(json)) => Reply::Cut(json),
            (8, _) => Reply::Raw("200 OK", String::new(), "{}".to_owned()),
            (_, whole) => whole,
        }
    });
    let folder = tempfile::tempdir().expect("a folder");
    let keys = format!(
        "preset = \"wordpress-comments\"\ninterval = \"200ms\"\nset = {{ site = \"{site}\" }}"
    );
    let path = config(folder.path(), &keys, "");
    for kill in 1..=4 {
        let process = live(&path);
        let before = count(&log);
        wait_for("some pages to be asked for", || (count(&log) >= before + kill).then_some(()));
        drop(process);
    }
    let _process = live(&path);
    let lake = folder.path().join("lake");
    wait_for_answer(&lake, "SELECT count(*), count(DISTINCT post_id) FROM mentions", "450,450");
    comments.lock().expect("comments").push(comment(451, 0, "acme again"));
    wait_for_answer(&lake, "SELECT count(*), count(DISTINCT post_id) FROM mentions", "451,451");
    let rows = query(&lake, "SELECT kind, thread, text FROM mentions WHERE post_id = '451'");
    assert_eq!(rows, "comment,post-1,acme again");
}

/// Ends a run, and erases at once what its sources took back; the texts that are left.
pub(crate) fn settled(process: Killed, config: &Path) -> String {
    assert_eq!(process.terminate(), Some(0));
    let mut erase = resonanz();
    erase.args(["lake", "erase", "--pending", "--yes", "--config"]).arg(config);
    let output = erase.output().expect("the binary runs");
    assert!(output.status.success(), "{}", stderr(&output));
    let lake = config.with_file_name("lake");
    query(&lake, "SELECT text FROM mentions ORDER BY text")
}

#[test]
fn what_is_edited_there_is_so_here() {
    let comments = vec![comment(1, 30, "acme is fine"), comment(2, 30, "acme is mine")];
    let comments = Arc::new(Mutex::new(comments));
    let served = Arc::clone(&comments);
    let (site, _) = serve(move |asked| wordpress(&served.lock().expect("comments"), asked));
    let folder = tempfile::tempdir().expect("a folder");
    let keys = format!(
        "preset = \"wordpress-comments\"\ninterval = \"200ms\"\nset = {{ site = \"{site}\" }}"
    );
    let path = config(folder.path(), &keys, "");
    let process = live(&path);
    let lake = folder.path().join("lake");
    wait_for_answer(&lake, "SELECT count(*) FROM mentions", "2");
    comments.lock().expect("comments")[0] = comment(1, 30, "acme was fine");
    wait_for_answer(&lake, "SELECT count(*) FROM mentions WHERE text = 'acme was fine'", "1");
    assert_eq!(settled(process, &path), "acme is mine\nacme was fine");
}

#[test]
fn what_is_absent_twice_when_asked_for_again_is_deleted() {
    let lists = Mutex::new(0);
    let (site, log) = serve(move |asked| {
        let posts = [
            json!({"id": "1", "text": "acme one", "at": "2026-01-01T00:00:00Z"}),
            json!({"id": "2", "text": "acme two", "at": "2026-01-01T00:00:01Z"}),
        ];
        let mut lists = lists.lock().expect("a count");
        *lists += usize::from(asked.path.starts_with("/list"));
        Reply::Json(
            json!({"posts": posts[usize::from(*lists > 1 || asked.path.starts_with("/some"))..]}),
        )
    });
    let folder = tempfile::tempdir().expect("a folder");
    let preset = own_preset(folder.path(), "order = \"newest\"");
    let text = std::fs::read_to_string(&preset).expect("a preset")
        + "[[recheck]]\nof = \"post\"\nurl = \"{site}/some\"\nquery = { ids = \"{ids}\" }\nitems = \"/posts\"\nages = [\"1s\"]\n";
    file(folder.path(), "own.toml", text);
    let keys = format!("preset = \"own.toml\"\nset = {{ site = \"{site}\" }}");
    let path = config(folder.path(), &keys, "");
    let process = live(&path);
    wait_for_answer(&folder.path().join("lake"), "SELECT count(*) FROM mentions", "2");
    wait_for("a list after two rechecks", || {
        let asked: Vec<bool> = log
            .lock()
            .expect("a log")
            .iter()
            .map(|asked| asked.path.starts_with("/some"))
            .collect();
        let second = asked.iter().enumerate().filter(|(_, again)| **again).nth(1)?.0;
        asked.get(second + 1..)?.contains(&false).then_some(())
    });
    assert_eq!(settled(process, &path), "acme two");
}

#[test]
fn a_refusal_that_names_a_wait_is_kept_to_in_every_dialect() {
    let seconds = || {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.expect("a clock").as_secs() + 2
    };
    let dialects: [fn(u64) -> String; 4] = [
        |_| "retry-after: 2\r\n".to_owned(),
        |at| format!("x-rate-limit-remaining: 0\r\nx-rate-limit-reset: {at}\r\n"),
        |_| "x-ratelimit-remaining: 0.0\r\nx-ratelimit-reset: 2\r\n".to_owned(),
        |at| {
            let at = i64::try_from(at).expect("a time") * 1_000_000;
            format!("x-ratelimit-reset: {}\r\n", resonanz::time::EventTime(at))
        },
    ];
    for dialect in dialects {
        let refused = Mutex::new(false);
        let (site, log) = serve(move |_| {
            let before = std::mem::replace(&mut *refused.lock().expect("a flag"), true);
            if before {
                let post = json!({"id": "1", "text": "acme", "at": "2026-01-01T00:00:00Z"});
                return Reply::Json(json!({"posts": [post]}));
            }
            Reply::Raw("429 Too Many Requests", dialect(seconds()), String::new())
        });
        let folder = tempfile::tempdir().expect("a folder");
        own_preset(folder.path(), "order = \"newest\"");
        let keys = format!("preset = \"own.toml\"\nset = {{ site = \"{site}\" }}");
        let _process = live(&config(folder.path(), &keys, ""));
        let lake = folder.path().join("lake");
        wait_for_answer(&lake, "SELECT text FROM mentions", "acme");
        let asked = log.lock().expect("a log").clone();
        let waited = asked[1].at.duration_since(asked[0].at);
        assert!(waited >= Duration::from_millis(900), "asked again after {waited:?}");
    }
}

#[test]
fn a_list_that_ends_before_what_is_known_is_a_gap() {
    let turn = Mutex::new(0);
    let (site, _) = serve(move |asked| {
        let mut turn = turn.lock().expect("a count");
        *turn += 1;
        // First one post; then so many that the two pages end long before it.
        let newest = if *turn == 1 { 1 } else { 100 };
        let page = asked.number("page");
        let ids = (1..=newest).rev().skip((page - 1) * 2).take(2);
        let post = |id: usize| json!({"id": id.to_string(), "text": "acme", "at": 1_767_225_600 + 60 * id});
        Reply::Json(json!({"posts": ids.map(post).collect::<Vec<_>>()}))
    });
    let folder = tempfile::tempdir().expect("a folder");
    let paging = "order = \"newest\"\nquery = { page = \"{page}\" }\npaging = { style = \"page\", size = 2 }";
    own_preset(folder.path(), paging);
    let keys = format!("preset = \"own.toml\"\npages = 2\nset = {{ site = \"{site}\" }}");
    let port = free_port();
    let serve = format!("[serve]\nlisten = \"127.0.0.1:{port}\"");
    let _process = live(&config(folder.path(), &keys, &serve));
    let gap = wait_for("a gap", || {
        let sources: Value = serde_json::from_str(&get(port, "/api/v1/sources")?).ok()?;
        sources[0]["gaps"].as_u64().filter(|gaps| *gaps > 0).map(|_| sources[0].clone())
    });
    let text = gap.to_string();
    assert!(text.contains("2026-01-01T00:01:00Z"), "from the post that was known: {text}");
    assert!(text.contains("2026-01-01T01:37:00Z"), "to the oldest that was shown: {text}");
    assert!(text.contains("pages"), "{text}");
}

#[test]
fn an_answer_that_did_not_change_is_not_sent_again() {
    let (site, log) = serve(|asked| {
        if asked.head.contains("if-none-match: \"v1\"") {
            return Reply::Raw("304 Not Modified", String::new(), String::new());
        }
        let post = json!({"id": "1", "text": "acme", "at": "2026-01-01T00:00:00Z"});
        let body = json!({"posts": [post]}).to_string();
        Reply::Raw("200 OK", "etag: \"v1\"\r\n".to_owned(), body)
    });
    let folder = tempfile::tempdir().expect("a folder");
    own_preset(folder.path(), "order = \"newest\"\nconditional = true");
    let keys = format!("preset = \"own.toml\"\nset = {{ site = \"{site}\" }}");
    let _process = live(&config(folder.path(), &keys, ""));
    wait_for_answer(&folder.path().join("lake"), "SELECT text FROM mentions", "acme");
    wait_for("further looks", || (count(&log) >= 3).then_some(()));
    let asked = log.lock().expect("a log").clone();
    let conditional = asked.iter().filter(|asked| asked.head.contains("if-none-match")).count();
    assert_eq!(conditional, asked.len() - 1, "all but the first ask for changes only");
}

#[test]
fn a_platform_whose_feed_says_nothing_new_is_left_alone() {
    let comments = Arc::new(Mutex::new(vec![comment(1, 30, "acme is late")]));
    let served = Arc::clone(&comments);
    let (site, log) = serve(move |asked| {
        let comments = served.lock().expect("comments");
        if !asked.path.starts_with("/comments/feed") {
            return wordpress(&comments, asked);
        }
        let etag = format!("\"{}\"", comments.len());
        if asked.head.contains(&format!("if-none-match: {etag}")) {
            return Reply::Raw("304 Not Modified", String::new(), String::new());
        }
        let items: String = comments
            .iter()
            .map(|comment| format!("<item><guid>{}</guid></item>", comment["id"]))
            .collect();
        let feed = format!("<rss version=\"2.0\"><channel><title>c</title>{items}</channel></rss>");
        Reply::Raw("200 OK", format!("etag: {etag}\r\n"), feed)
    });
    let folder = tempfile::tempdir().expect("a folder");
    let keys = format!(
        "preset = \"wordpress-comments\"\ninterval = \"200ms\"\nfeed = \"{site}/comments/feed/\"\n\
         set = {{ site = \"{site}\" }}"
    );
    let _process = live(&config(folder.path(), &keys, ""));
    let lake = folder.path().join("lake");
    let of = |begin: &str| {
        log.lock().expect("a log").iter().filter(|asked| asked.path.starts_with(begin)).count()
    };
    let lists = || of("/wp-json/wp/v2/comments?after");
    wait_for_answer(&lake, "SELECT count(*) FROM mentions", "1");
    let before = lists();
    let feeds = of("/comments/feed");
    wait_for("looks at the feed", || (of("/comments/feed") >= feeds + 5).then_some(()));
    assert_eq!(lists(), before, "nothing new, nothing asked");
    // The young one is asked for again at its age all the same.
    assert!(of("/wp-json/wp/v2/comments?include=1") > 0);
    comments.lock().expect("comments").push(comment(2, 0, "acme again"));
    wait_for_answer(&lake, "SELECT count(*) FROM mentions", "2");
    assert!(lists() > before);
}
