//! Whatever goes wrong, and in whatever order: is every post there once, or its loss told? Schedules of
//! faults drawn from seeds; a seed that fails draws the same schedule again.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use resonanz::time::EventTime;
use serde_json::{Value, json};

use crate::bluesky::{BASE_US, EVENTS, Server, frame, post, time};
use crate::scripted::{self, Reply, serve};
use crate::support::{Dice, Place, file, free_port, get, live, query, wait_for};

const FAULTS: usize = 8;

/// What goes wrong with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    /// It breaks off in the middle of a frame.
    Cut,
    /// Bytes that mean nothing come between posts.
    Garbage,
    /// Everything comes twice.
    Again,
    /// The latest comes first.
    Reversed,
    /// The server is ill.
    Ill,
    /// The server is asked too often.
    Limited,
    /// The server finds the reader too slow.
    TooSlow,
    /// The server says goodbye.
    Goodbye,
    /// Nothing comes, and then the end.
    Mute,
    /// The server has forgotten what came last.
    Forgets,
}

const ALL: [Wrong; 10] = [
    Wrong::Cut,
    Wrong::Garbage,
    Wrong::Again,
    Wrong::Reversed,
    Wrong::Ill,
    Wrong::Limited,
    Wrong::TooSlow,
    Wrong::Goodbye,
    Wrong::Mute,
    Wrong::Forgets,
];

fn schedule(seed: u64) -> Vec<Wrong> {
    let mut dice = Dice::of(seed);
    (0..FAULTS).map(|_| ALL[dice.below(ALL.len() as u64) as usize]).collect()
}

/// Serves posts from the cursor on, one fault a connection, and the rest once there are none left.
fn serve_by(server: Server, schedule: Vec<Wrong>, posts: i64) {
    std::thread::spawn(move || {
        let (mut faults, mut floor, mut kept) = (schedule.into_iter(), 0, Vec::new());
        while let Ok(mut asked) = server.asked.recv() {
            let cursor = asked.cursor();
            let from = cursor.map_or(0, |cursor| (cursor - BASE_US).max(0) / 1_000_000);
            let is_oldest = cursor == Some(1_000_000_000_000_000);
            let wrong = if is_oldest { None } else { faults.next() };
            if wrong == Some(Wrong::Forgets) && cursor.is_some() {
                floor = floor.max((from + 10).min(posts - 1));
            }
            if cursor.is_some() && !is_oldest && from < floor {
                let why = br#"{"error":"CursorTooOld","message":"the floor has moved"}"#;
                asked.answer("400 Bad Request", why);
                continue;
            }
            match wrong {
                Some(Wrong::Ill) => {
                    asked.answer("503 Service Unavailable", b"");
                    continue;
                }
                Some(Wrong::Limited) => {
                    asked.answer("429 Too Many Requests\r\nretry-after: 1", b"");
                    continue;
                }
                _ => asked.open(),
            }
            let from = from.max(floor);
            // Five of them are asked for again.
            let end = if wrong.is_some() { (from + 13).min(posts) } else { posts };
            let one = |at: i64| post(at, "did:plc:abc", &format!("k{at}"));
            match wrong {
                Some(Wrong::Mute) => {
                    let patience = Some(std::time::Duration::from_millis(300));
                    let _ = asked.stream.set_read_timeout(patience);
                    let _ = asked.stream.read(&mut [0]);
                }
                Some(Wrong::Reversed) => (from..end).rev().for_each(|at| asked.say(&one(at))),
                Some(Wrong::Again) => (from..end).for_each(|at| {
                    asked.say(&one(at));
                    asked.say(&one(at));
                }),
                Some(Wrong::Garbage) => (from..end).for_each(|at| {
                    asked.say(&one(at));
                    asked.send(&[0xff; 40]);
                    asked.send(b"{\"half\": ");
                }),
                _ => (from..end).for_each(|at| asked.say(&one(at))),
            }
            match wrong {
                None => kept.push(asked),
                Some(Wrong::Cut) => {
                    let whole = frame(0x81, one(end).to_string().as_bytes());
                    let _ = asked.stream.write_all(&whole[..whole.len() / 2]);
                }
                Some(Wrong::TooSlow) => {
                    asked.say(&json!({"$type": "error", "error": "ConsumerTooSlow"}));
                }
                Some(Wrong::Goodbye) => {
                    let _ = asked.stream.write_all(&frame(0x88, b"\x03\xf0bye"));
                }
                Some(_) => {}
            }
        }
    });
}

/// The texts of all mentions, if there is a lake; none may be there twice.
fn texts(lake: &Path, about: &str) -> Option<HashSet<String>> {
    lake.join("alerts/_delta_log").exists().then_some(())?;
    let rows = query(lake, "SELECT text FROM mentions");
    let texts: Vec<String> = rows.lines().map(str::to_owned).collect();
    let distinct: HashSet<String> = texts.iter().cloned().collect();
    assert_eq!(texts.len(), distinct.len(), "twice: {about}: {texts:?}");
    Some(distinct)
}

fn run_stream(seed: u64) {
    const POSTS: i64 = 120;
    let schedule = schedule(seed);
    let about = format!("seed {seed}: {schedule:?}");
    let (place, port, server) = (Place::new(), free_port(), Server::new());
    let text = format!(
        "[lake]\npath = \"{}\"\ncommit_interval = \"100ms\"\n[serve]\nlisten = \"127.0.0.1:{port}\"\n\
         [[topic]]\nname = \"acme\"\nquery = 'acme'\n\
         [[source]]\nname = \"sky\"\ntype = \"bluesky\"\nurl = \"ws://{}{EVENTS}\"\n",
        place.lake.display(),
        server.host,
    );
    let config = file(place.folder.path(), "run.toml", text);
    let forgets = schedule.contains(&Wrong::Forgets);
    serve_by(server, schedule, POSTS);
    let mut process = live(&config);
    // Gaps are told by the process that met them; without any, a kill must not matter either.
    if !forgets {
        wait_for(&about, || texts(&place.lake, &about).filter(|texts| texts.len() >= 5));
        drop(process);
        process = live(&config);
    }
    wait_for(&about, || {
        let heard = texts(&place.lake, &about)?;
        let said: Value = serde_json::from_str(&get(port, "/api/v1/sources")?).ok()?;
        let gaps = said[0]["latest_gaps"].as_array()?.clone();
        let is_told = |at: i64| {
            let at = EventTime::parse(&time(at)).ok();
            let end = |gap: &Value, name: &str| EventTime::parse(gap[name].as_str()?).ok();
            gaps.iter().any(|gap| end(gap, "from") <= at && at <= end(gap, "to"))
        };
        let is_heard = |at: i64| heard.contains(&format!("acme again k{at}"));
        assert!(forgets || gaps.is_empty(), "{about}: {gaps:?}");
        let is_over = is_heard(POSTS - 1) && (0..POSTS).all(|at| is_heard(at) || is_told(at));
        is_over.then_some(())
    });
    drop(process);
}

#[test]
fn each_post_of_a_stream_is_there_once_or_in_a_gap_after_any_schedule_of_faults() {
    std::thread::scope(|scope| {
        for seeds in [1..4, 4..7] {
            scope.spawn(move || seeds.for_each(run_stream));
        }
    });
}

fn preset(folder: &Path) -> PathBuf {
    let text = "about = \"a test\"\ninterval = \"100ms\"\nsince = \"3650d\"\noverlap = \"10m\"\n\
                needs.site = \"the server\"\n\
                [list]\nurl = \"{site}/list\"\nitems = \"/posts\"\norder = \"oldest\"\n\
                query = { after = \"{since_epoch}\", page = \"{page}\" }\npaging = { style = \"page\", size = 5 }\n\
                [[post]]\nname = \"post\"\nkind = \"original\"\n\
                fields = { id = \"/id\", text = \"/text\", posted_at = \"/at\" }\n";
    file(folder, "own.toml", text)
}

fn run_polled(seed: u64) {
    const POSTS: usize = 60;
    let schedule = schedule(seed);
    let about = format!("seed {seed}: {schedule:?}");
    let state = Mutex::new((0, schedule.into_iter()));
    let (site, log) = serve(move |asked| {
        let mut state = state.lock().expect("a lock");
        // More is written all the time.
        state.0 = (state.0 + 2).min(POSTS);
        let (after, page) = (asked.number("after"), asked.number("page"));
        let at = |id: usize| 1_767_225_600 + 60 * id;
        let found = (1..=state.0).filter(|id| at(*id) >= after).skip((page - 1) * 5).take(5);
        let mut posts: Vec<Value> = found
            .map(|id| json!({"id": id.to_string(), "text": format!("acme {id}"), "at": at(id)}))
            .collect();
        let raw =
            |status, more: &str, body: &str| Reply::Raw(status, more.to_owned(), body.to_owned());
        match state.1.next() {
            Some(Wrong::Cut) => return Reply::Cut(json!({"posts": posts})),
            Some(Wrong::Garbage) => return raw("200 OK", "", "<html>"),
            Some(Wrong::TooSlow) => return raw("502 Bad Gateway", "", "<html>"),
            Some(Wrong::Ill) => return raw("503 Service Unavailable", "", ""),
            Some(Wrong::Limited) => return raw("429 Too Many Requests", "retry-after: 1\r\n", ""),
            Some(Wrong::Again) => posts = posts.iter().chain(&posts).cloned().collect(),
            Some(Wrong::Reversed) => posts.reverse(),
            // Half an answer, and none.
            Some(Wrong::Goodbye) => posts.truncate(posts.len() / 2),
            Some(Wrong::Mute | Wrong::Forgets) => posts.clear(),
            None => {}
        }
        Reply::Json(json!({"posts": posts}))
    });
    let folder = tempfile::tempdir().expect("a folder");
    preset(folder.path());
    let keys = format!("preset = \"own.toml\"\nset = {{ site = \"{site}\" }}");
    let config = crate::polled::config(folder.path(), &keys, "");
    let lake = folder.path().join("lake");
    let mut process = live(&config);
    if seed.is_multiple_of(2) {
        wait_for(&about, || texts(&lake, &about).filter(|texts| texts.len() >= 5));
        drop(process);
        process = live(&config);
    }
    wait_for(&about, || {
        let heard = texts(&lake, &about)?;
        (1..=POSTS).all(|id| heard.contains(&format!("acme {id}"))).then_some(())
    });
    assert!(scripted::count(&log) > FAULTS, "{about}");
    drop(process);
}

#[test]
fn each_post_of_a_platform_that_is_asked_is_there_once_after_any_schedule_of_faults() {
    std::thread::scope(|scope| {
        for seeds in [11..15, 15..19] {
            scope.spawn(move || seeds.for_each(run_polled));
        }
    });
}

fn run_feed(seed: u64) {
    const POSTS: usize = 40;
    let schedule = schedule(seed);
    let about = format!("seed {seed}: {schedule:?}");
    let state = Mutex::new((0, schedule.into_iter()));
    let (site, log) = serve(move |_| {
        let mut state = state.lock().expect("a lock");
        // More is written all the time.
        let is_first = state.0 == 0;
        state.0 = (state.0 + 4).min(POSTS);
        let entry =
            |id: usize| [format!("g{id}"), format!("https://h.example/{id}"), format!("acme {id}")];
        let mut entries: Vec<[String; 3]> = (1..=state.0).rev().map(entry).collect();
        let raw =
            |status, more: &str, body: &str| Reply::Raw(status, more.to_owned(), body.to_owned());
        // A page where the feed should be is the user's to mend, unless it was a feed before.
        let wrong = if is_first { None } else { state.1.next() };
        match wrong {
            Some(Wrong::Garbage) => return raw("200 OK", "", "<html><body>Soon back</html>"),
            Some(Wrong::TooSlow) => return raw("502 Bad Gateway", "", "<html>"),
            Some(Wrong::Ill) => return raw("503 Service Unavailable", "", ""),
            Some(Wrong::Limited) => return raw("429 Too Many Requests", "retry-after: 1\r\n", ""),
            Some(Wrong::Again) => entries.extend_from_within(..),
            Some(Wrong::Reversed) => entries.reverse(),
            Some(Wrong::Goodbye) => entries.truncate(entries.len() / 2),
            Some(Wrong::Mute | Wrong::Forgets) => entries.clear(),
            Some(Wrong::Cut) | None => {}
        }
        let entries: Vec<(&str, &str, &str)> =
            entries.iter().map(|[guid, link, text]| (&**guid, &**link, &**text)).collect();
        let mut text = crate::feeds::rss(&entries);
        if wrong == Some(Wrong::Cut) {
            text.truncate(text.len() / 2);
        }
        raw("200 OK", "content-type: application/rss+xml\r\n", &text)
    });
    let place = Place::new();
    let config = crate::feeds::config(&place, free_port(), &format!("url = \"{site}/feed\""));
    let mut process = live(&config);
    if seed.is_multiple_of(2) {
        wait_for(&about, || texts(&place.lake, &about).filter(|texts| texts.len() >= 5));
        drop(process);
        process = live(&config);
    }
    wait_for(&about, || {
        let heard = texts(&place.lake, &about)?;
        (1..=POSTS).all(|id| heard.contains(&format!("acme {id}"))).then_some(())
    });
    assert!(scripted::count(&log) > FAULTS, "{about}");
    drop(process);
}

#[test]
fn each_post_of_a_feed_is_there_once_after_any_schedule_of_faults() {
    std::thread::scope(|scope| {
        for seeds in [21..23, 23..25] {
            scope.spawn(move || seeds.for_each(run_feed));
        }
    });
}
