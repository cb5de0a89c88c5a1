//! What does a reader take home of a list? The same posts as a file, with texts that no sheet runs.

use super::{between, page};
use crate::sql_http::Served;
use crate::support::{Place, file, line, resonanz};

/// A file behind an address, and what its head says of it.
fn taken(served: &Served, address: &str) -> (String, String) {
    let (status, head, body) = served.ask(&format!("GET {address}"), "", "");
    let body = String::from_utf8(body.expect("whole")).expect("UTF-8");
    assert!(status == 200 && head.contains("content-type: text/csv"), "{address}: {head} {body}");
    (head, body)
}

#[test]
fn a_list_is_taken_home_with_its_filters_and_without_formulas() {
    let place = Place::new();
    let texts = ["=acme is terrible", "acme is horrible", "acme is great"];
    let posts = texts
        .iter()
        .zip(["1", "2", "3"])
        .map(|(text, id)| line(id, &format!("2026-03-01T12:00:0{id}Z"), text));
    place.reprocess(&file(place.folder.path(), "posts.jsonl", posts.collect::<String>()));
    let mut command = resonanz();
    command.arg("serve").arg("--lake").arg(&place.lake);
    let served = Served::start(command);
    for (path, name, rows) in [
        ("/mentions?polarity=negative&order=oldest&period=2026-03-01", "mentions", 2),
        ("/inbox?order=due", "inbox", 2),
        ("/alerts", "alerts", 0),
    ] {
        let (_, _, html) = page(&served, path, "accept-language: de\r\n");
        let html = html.replace("&#x2f;", "/").replace("&amp;", "&");
        let begin = format!("href=\"/api/v1/{name}?");
        let plain = format!("/api/v1/{name}?{}", between(&html, &begin, "\""));
        let (head, csv) = taken(&served, &plain);
        assert!(head.contains(&format!("filename=\"resonanz-{name}.csv\"")), "{head}");
        assert_eq!(csv.lines().count(), rows + 1, "{plain}: {csv}");
        let excel = plain.replace("format=csv", "format=excel&decimal=comma");
        assert!(html.contains(&excel), "{excel} is not in {html}");
        let (_, sheet) = taken(&served, &excel);
        assert!(sheet.starts_with('\u{feff}') && sheet.contains(';'), "{sheet}");
        for file in [csv, sheet].iter().filter(|_| rows > 0) {
            assert!(file.contains("'=acme is terrible") && !file.contains("great"), "{file}");
        }
    }
    // Bounded, and the rest can be had; what is no form is refused with those that there are.
    let (head, first) = taken(&served, "/api/v1/mentions?format=csv&order=oldest&limit=2");
    let next = head.lines().any(|line| line.starts_with("resonanz-next: "));
    assert!(next && first.lines().count() == 3, "{head}");
    for (asked, told) in [("format=xls", "`csv`"), ("format=csv&limit=10001", "1 to 10000")] {
        let (status, _, body) = served.ask(&format!("GET /api/v1/mentions?{asked}"), "", "");
        let body = String::from_utf8(body.expect("whole")).expect("UTF-8");
        assert!(status == 400 && body.contains(told), "{asked}: {body}");
    }
}
