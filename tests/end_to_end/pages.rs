//! What does a browser get? Pages in the reader's language and zone, with hostile texts as texts, and
//! forms that only a page of ours can send. What it looks like is tested in `.ci/browse.mjs`.

mod files;
mod filters;
mod second;

use std::process::{Command, Stdio};

use crate::sql_http::Served;
use crate::support::{Killed, Place, file, free_port, get, line, resonanz, run, stderr, wait_for};

/// All paths, with what the demo's lake has there.
const PATHS: [(&str, &str); 9] = [
    ("/", "Overview"),
    ("/topics/apex", "player"),
    ("/topics?q=dvd", "dvd"),
    ("/mentions?topic=apex", "apex"),
    ("/review?topic=apex", "Review verdicts"),
    ("/alerts", "negative-spike"),
    ("/sources", "Sources"),
    ("/sql?q=SELECT+topic,+count(*)+AS+n+FROM+mentions+GROUP+BY+topic", "congress"),
    ("/settings", "Settings"),
];

fn page(served: &Served, path: &str, headers: &str) -> (u16, String, String) {
    let (status, head, body) = served.ask(&format!("GET {path}"), headers, "");
    (status, head, String::from_utf8(body.expect("whole")).expect("UTF-8"))
}

/// The value of a form's hidden proof, and the cookie that belongs to it.
fn form(served: &Served, path: &str) -> (String, String) {
    let (_, head, html) = page(served, path, "");
    let proof = html.split("name=\"proof\" value=\"").nth(1).expect("a form");
    let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: resonanz_visitor="));
    let cookie = cookie.expect("a cookie").split(';').next().expect("a value");
    (proof.split('"').next().expect("a value").to_owned(), format!("resonanz_visitor={cookie}"))
}

#[test]
fn every_page_answers_under_a_policy_that_runs_nothing_foreign() {
    let served = Served::new(&[]);
    for (path, holds) in PATHS {
        let (status, head, html) = page(&served, path, "");
        assert_eq!(status, 200, "{path}: {html}");
        assert!(html.contains(holds), "{path}");
        assert!(head.contains("content-security-policy: default-src 'none';"), "{path}");
        assert!(
            !html.contains(" style=\"") && !html.contains("<style") && !html.contains(" onclick")
        );
        assert!(!html.contains("http://") || path != "/", "nothing from elsewhere");
        let script = html.split("<script").nth(1).expect("the one script");
        let source = script.split('"').nth(1).expect("its address");
        let (status, head, _) = page(&served, source, "");
        assert!(status == 200 && head.contains("immutable"), "{source}");
    }
    let (status, _, html) = page(&served, "/topics/nobody", "");
    assert!(status == 404 && html.contains("nobody"));
    let (status, _, html) = page(&served, "/?period=sometime", "");
    assert!(status == 400 && html.contains("2026-W10"), "it says how periods are written");
}

#[test]
fn pages_speak_the_readers_language_and_keep_their_zone() {
    let served = Served::new(&[]);
    let (_, _, html) = page(&served, "/", "accept-language: fr, de-AT;q=0.8, en;q=0.5\r\n");
    assert!(html.contains("<html lang=\"de\">") && html.contains("Netto-Stimmung"));
    let (_, head, html) = page(&served, "/alerts?zone=Europe/Berlin&lang=de", "");
    assert!(html.contains("4. März 2026, 15:06"), "{html}");
    assert!(head.contains("set-cookie: resonanz_zone=europe%2fberlin;"));
    // A zone that there is not is said to be none, and nothing is kept of it.
    let (status, head, html) = page(&served, "/settings?zone=Berlin&lang=de", "");
    assert!(status == 400 && html.contains("ist keine Zeitzone"), "{html}");
    assert!(!head.contains("resonanz_zone"), "{head}");
    let (_, _, html) = page(&served, "/alerts", "cookie: resonanz_zone=Europe%2FBerlin\r\n");
    assert!(html.contains("4 Mar 2026, 15:06") && html.contains("<html lang=\"en\">"));
}

#[test]
fn a_reader_chooses_days_and_takes_them_home_as_a_workbook() {
    let served = Served::new(&[]);
    let (status, _, html) = page(&served, "/topics/apex?from=2026-03-03&to=2026-03-04", "");
    assert!(status == 200 && html.contains("name=\"to\" value=\"2026-03-04\""), "{html}");
    let html = html.replace("&#x2f;", "/");
    let last_week = "href=\"/topics/apex?period=week\"";
    assert!(html.contains(last_week), "another period takes the place of these days");
    let link = between(&html, "xlsx\" href=\"", "\"").replace("&amp;", "&");
    assert!(link.contains("&topic=apex"), "{link}");
    let (status, head, book) = served.ask(&format!("GET {link}"), "", "");
    assert!(status == 200 && head.contains("spreadsheetml.sheet"), "{head}");
    assert!(book.expect("whole").starts_with(b"PK"), "a workbook is a zip");
    // One day alone begins a span up to the last day of an archive, and a list takes days as pages do.
    let (_, _, html) = page(&served, "/topics/apex?from=2026-03-03", "");
    let last = between(&html, "name=\"to\" value=\"", "\"");
    let (_, _, usual) = page(&served, "/topics/apex?period=7d", "");
    assert_eq!(last, between(&usual, "name=\"to\" value=\"", "\""));
    let none = "/mentions?from=2025-01-01&to=2025-01-02";
    let (_, _, html) = page(&served, none, "");
    assert!(html.contains("No mention fits"), "{html}");
    assert_eq!(between(&html, "name=\"period\" value=\"", "\""), "2025-01-01..2025-01-02");
    for (asked, told) in [
        ("from=2026-03-04&to=2026-03-02", "liegt nicht nach 2026-03-04"),
        ("from=gestern&to=heute", "ist nicht zu verstehen"),
        ("to=2026-03-04", "fehlt der Tag"),
    ] {
        let (status, _, html) = page(&served, &format!("/?{asked}"), "accept-language: de\r\n");
        assert!(status == 400 && html.contains(told), "{asked}: {html}");
    }
}

#[test]
fn what_a_post_says_stays_a_text() {
    let place = Place::new();
    let hostile = "acme <script>alert(1)</script><img src=x onerror=alert(2)> is \\u202e terrible";
    let url = "\"url\":\"javascript:alert(3)\",\"text\"";
    let posts = line("1", "2026-03-01T12:00:00Z", hostile).replace("\"text\"", url);
    place.reprocess(&file(place.folder.path(), "posts.jsonl", posts));
    let mut command: Command = resonanz();
    command.arg("serve").arg("--lake").arg(&place.lake);
    let served = Served::start(command);
    for path in ["/mentions", "/topics/acme", "/", "/sql?q=SELECT+*+FROM+mentions"] {
        let (status, _, html) = page(&served, path, "");
        assert_eq!(status, 200, "{path}: {html}");
        assert!(!html.contains("<script>alert") && !html.contains("<img"), "{path}");
        assert!(!html.contains("href=\"javascript:"), "{path}");
    }
    let (_, _, html) = page(&served, "/topics/acme", "");
    let why = html.split("href=\"/mentions/").nth(1).expect("a link").split('"').next();
    let (status, _, html) = page(&served, &format!("/mentions/{}", why.expect("an id")), "");
    assert!(status == 200 && html.contains("<mark class=\"negative\">terrible</mark>"), "{html}");
}

#[test]
fn only_a_page_of_ours_sends_forms() {
    let place = Place::new();
    place.reprocess(&file(
        place.folder.path(),
        "posts.jsonl",
        line("1", "2026-03-01T12:00:00Z", "acme is bad"),
    ));
    let mut command = resonanz();
    command.arg("serve").arg("--lake").arg(&place.lake);
    let served = Served::start(command);
    let (proof, cookie) = form(&served, "/alerts");
    let (_, stranger) = form(&served, "/alerts");
    let fields =
        |proof: &str| format!("proof={proof}&topic=acme&for=1h&author=Mara&comment=launch");
    let ours = format!("cookie: {cookie}\r\norigin: http://{}\r\n", served.address);
    for (headers, proof, status) in [
        (format!("cookie: {cookie}\r\norigin: http://evil.example\r\n"), proof.as_str(), 403),
        (format!("cookie: {cookie}\r\norigin: null\r\n"), proof.as_str(), 403),
        (String::new(), proof.as_str(), 403),
        (format!("cookie: {stranger}\r\n"), proof.as_str(), 403),
        (ours.clone(), "0", 403),
        (ours.clone(), proof.as_str(), 303),
    ] {
        let (found, _, body) = served.ask("POST /silences", &headers, &fields(proof));
        let body = String::from_utf8(body.unwrap_or_default()).expect("UTF-8");
        assert_eq!(found, status, "{headers} {body}");
    }
    let (_, _, html) = page(&served, "/alerts", &format!("cookie: {cookie}\r\n"));
    assert!(html.contains("Mara: launch"), "{html}");
    let id =
        html.split("action=\"/silences/").nth(1).expect("a form").split('/').next().expect("an id");
    let end = format!("POST /silences/{id}/end");
    assert_eq!(served.ask(&end, &ours, &format!("proof={proof}")).0, 303);
    let (status, _, _) =
        served.ask("POST /alerts/alt_0/ack", &ours, &format!("proof={proof}&author=Mara"));
    assert_eq!(status, 404);
}

/// The part of a page between two of its parts.
fn between<'h>(html: &'h str, before: &str, after: &str) -> &'h str {
    let rest = html.split_once(before).map(|(_, rest)| rest);
    rest.and_then(|rest| rest.split(after).next()).expect("what stands between")
}

#[test]
fn a_page_shows_at_once_what_people_did_and_what_came() {
    let place = Place::new();
    let post = |id: &str, day: u32| {
        let line = line(id, "2026-03-01T12:00:00Z", "acme is terrible");
        let line = line.replace("03-01T", &format!("03-0{day}T"));
        file(place.folder.path(), &format!("{id}.jsonl"), line)
    };
    assert!(place.reprocess(&post("first", 1)).status.success());
    let mut command = resonanz();
    command.arg("serve").arg("--lake").arg(&place.lake);
    let served = Served::start(command);
    let shown = |path: &str| page(&served, path, "").2;
    let lake = place.lake.to_str().expect("UTF-8");
    let counted = |path: &str, text: &str| shown(path).matches(text).count();
    for _ in 0..2 {
        assert_eq!(counted("/inbox", "acme is terrible"), 1, "the same page again");
        shown("/");
    }
    // Neither how a page of somebody else looks nor what is in an address comes into another.
    shown("/inbox?theme=dark&owner=%1Fsource%1E");
    assert_eq!(counted("/inbox?owner=&source=", "acme is terrible"), 1);
    shown("/?theme=dark");
    assert!(!shown("/").contains("theme=dark&amp;"), "the choice of another reader");
    let html = shown("/inbox");
    let handle = between(&html, "Take care<span class=\"hidden\"> ", "<");
    let done = run(&["inbox", "answer", &format!("{handle}@0"), "--by", "Mara", "--lake", lake]);
    assert!(done.status.success(), "{}", stderr(&done));
    assert!(shown("/inbox").contains("Nobody waits for an answer."));
    assert!(shown("/inbox?owner=Kim").contains("Take a filter away."), "a filter hides what waits");
    assert_eq!(counted("/", "0 overdue"), 1);
    assert!(place.reprocess(&post("second", 3)).status.success());
    assert_eq!(counted("/inbox", "acme is terrible"), 1, "what came meanwhile");
}

#[test]
fn a_form_that_did_nothing_leads_back_to_it() {
    let place = Place::new();
    let posts = line("1", "2026-03-01T12:00:00Z", "acme is terrible");
    place.reprocess(&file(place.folder.path(), "posts.jsonl", posts));
    let mut command = resonanz();
    command.arg("serve").arg("--lake").arg(&place.lake);
    let served = Served::start(command);
    let (_, _, list) = page(&served, "/inbox", "");
    let path = format!("/inbox/{}", between(&list, "href=\"/inbox/", "\""));
    let (proof, cookie) = form(&served, &path);
    let ours = format!("cookie: {cookie}\r\norigin: http://{}\r\n", served.address);
    let fields = format!("proof={proof}&changed_by=Mara&revision=0&step=note&back=state%3Dopen");
    let (status, _, body) = served.ask(&format!("POST {path}"), &ours, &fields);
    let html = String::from_utf8(body.expect("whole")).expect("UTF-8").replace("&#x2f;", "/");
    assert!(status == 400 && html.contains("the note is missing"), "{html}");
    let back = between(&html, "<a href=\"/inbox/", "\"");
    let (status, _, html) = page(&served, &format!("/inbox/{back}"), "");
    assert!(status == 200 && html.contains("href=\"/inbox?state=open\""), "{back}: {html}");
}

/// Three mentions that wait, in a lake that is served.
fn three_waiting() -> (Place, Served) {
    let place = Place::new();
    let texts = ["acme is terrible", "acme is horrible", "acme is <b>awful</b>"];
    let posts: String = texts
        .iter()
        .zip(["1", "2", "3"])
        .map(|(text, id)| line(id, &format!("2026-03-01T12:00:0{id}Z"), text))
        .collect();
    place.reprocess(&file(place.folder.path(), "posts.jsonl", posts));
    let mut command = resonanz();
    command.arg("serve").arg("--lake").arg(&place.lake);
    let served = Served::start(command);
    (place, served)
}

#[test]
fn who_waits_is_taken_answered_and_ignored_on_the_list_itself() {
    let (_place, served) = three_waiting();
    let (proof, cookie) = form(&served, "/inbox");
    let ours = format!("cookie: {cookie}\r\norigin: http://{}\r\n", served.address);
    let shown = |path: &str| page(&served, path, &format!("cookie: {cookie}\r\n")).2;
    // What a button of the list sends, with the name that stands above it.
    let press = |button: &str, step: &str, who: &str| {
        let to = button.replace("&amp;", "&");
        let fields =
            format!("proof={proof}&changed_by={who}&back=order%3Ddue%26evil%3D1&step={step}");
        let (status, head, body) = served.ask(&format!("POST {to}"), &ours, &fields);
        let found = head.lines().find_map(|line| line.strip_prefix("location: "));
        let body = String::from_utf8(body.unwrap_or_default()).expect("UTF-8");
        (status, found.unwrap_or_default().to_owned(), body.replace("&#x2f;", "/"))
    };
    let list = shown("/inbox?order=due");
    let rows: Vec<&str> = list
        .split("class=\"line deeds\"")
        .skip(1)
        .map(|row| row.split("</li>").next().unwrap_or_default())
        .collect();
    assert_eq!(rows.len(), 3, "{list}");
    let buttons: Vec<&str> = rows.iter().map(|row| between(row, "formaction=\"", "\"")).collect();
    let handles = rows.iter().map(|row| between(row, "class=\"hidden\"> ", "<"));
    let handles: Vec<&str> = handles.collect();

    // Where a decision leads; heads are read in lower case here.
    let led = |at: usize, then: &str| {
        format!("/inbox?order=due&changed={}&then={then}", between(buttons[at], "/inbox/", "?"))
    };

    // Without a name nothing happens, and the way back leads to the list.
    let (status, _, html) = press(buttons[0], "answer", "");
    assert!(status == 400 && html.contains("the name of who changes it is missing"), "{html}");
    assert!(html.contains("href=\"/inbox?order=due\""), "{html}");

    let (status, to, _) = press(buttons[0], "assign", "J%C3%B6");
    let told = led(0, handles[1]);
    assert!(status == 303 && to == format!("{told}#changed").to_lowercase(), "{to}");
    // It stays on the list as taken by who did it, and is not offered to them again.
    let html = shown(&told);
    let told = between(&html, "role=\"status\">", "</p>");
    assert!(told.contains("assigned") && told.contains("Jö"), "{told}");
    let next = html.split(&format!("Take care<span class=\"hidden\"> {}", handles[1])).next();
    assert!(next.is_some_and(|before| before.contains("id=\"changed\"")), "before the next one");

    // Who answers for another is named, and not who had taken it.
    let taken = buttons[0].replace("revision=0", "revision=1");
    assert_eq!(press(&taken, "answer", "Kim").0, 303);
    let html = shown(&led(0, handles[1]));
    let told = between(&html, "role=\"status\">", "</p>");
    assert!(told.contains("answered") && told.contains("Kim") && !told.contains("Jö"), "{told}");

    // Who saw the list before is told who was quicker.
    let (status, _, html) = press(buttons[0], "ignore", "Kim");
    assert!(status == 409 && html.contains("changed by <b dir=\"auto\">Kim</b>"), "{html}");
    // So is who saw a state that there never was.
    let (status, _, html) = press(&buttons[1].replace("revision=0", "revision=7"), "ignore", "Kim");
    assert!(status == 409 && html.contains("Somebody was quicker"), "{html}");

    // The last one of the page, whose text is shown as a text; and back again from there.
    assert_eq!(press(buttons[2], "ignore", "Kim").0, 303);
    let html = shown(&led(2, "end"));
    let told = between(&html, "id=\"changed\"", "</li>");
    assert!(told.contains("ignored") && !told.contains("<b>awful"), "{told}");
    let (status, ..) = press(between(told, "formaction=\"", "\""), "reopen", "Kim");
    assert_eq!(status, 303);
    let open = shown("/inbox?state=open");
    assert!(open.contains("acme is horrible") && open.contains("&lt;b&gt;awful"), "{open}");
    assert!(!open.contains("acme is terrible"), "it is assigned");
}

#[test]
fn an_alert_leads_to_the_mentions_that_it_rests_on() {
    let served = Served::new(&[]);
    let (_, _, list) = page(&served, "/alerts", "");
    let alert = between(&list, "href=\"/alerts/", "\"");
    let (_, _, html) = page(&served, &format!("/alerts/{alert}"), "");
    // The 15 minutes in which it began, from a whole minute on.
    let period = between(&html, "polarity=negative&amp;period=", "\"").replace("%3A", ":");
    assert!(period.starts_with("2026-03-04T13:51:00Z.."), "{period}");
    for list in ["mentions", "inbox"] {
        let link = between(&html, &format!("href=\"/{list}/"), "\"");
        assert_eq!(page(&served, &format!("/{list}/{link}"), "").0, 200, "{list}: {link}");
    }
}

#[test]
fn serve_listens_where_its_configuration_says() {
    let place = Place::new();
    let post = line("1", "2026-03-01T12:00:00Z", "acme is bad");
    place.reprocess(&file(place.folder.path(), "posts.jsonl", post));
    let port = free_port();
    let text = format!("[lake]\npath = \"lake\"\n[serve]\nlisten = \"127.0.0.1:{port}\"\n");
    let config = file(place.folder.path(), "served.toml", text);
    let mut command = resonanz();
    command.args(["serve", "--config"]).arg(config).stdout(Stdio::null());
    let _served = Killed(command.spawn().expect("it starts"));
    wait_for("the page", || get(port, "/"));
}
