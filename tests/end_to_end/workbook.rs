//! Does Excel's reader find numbers as numbers, times as times, and no formula that a post wrote?

use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Place, file, resonanz, skipped, stderr};

/// A topic and posts that would be formulas, links and sheets' names if they could.
const TOPIC: &str = "[[topic]]\nname = \"=1+1\"\nquery = 'acme'\nbrand = \"@Acme\"\n\
                     [[topic]]\nname = \"zeta\"\nquery = 'zeta'\n";

fn post(id: &str, posted_at: &str, text: &str, url: &str) -> String {
    format!(
        "{{\"id\":\"{id}\",\"author\":\"a{id}\",\"posted_at\":\"{posted_at}\",\"received_at\":\"{posted_at}\",\"text\":\"{text}\",\"url\":\"{url}\",\"reach\":70}}\n"
    )
}

/// The report of the lake as openpyxl reads it; nothing without openpyxl.
fn read(place: &Place, more: &[&str]) -> Option<Value> {
    let python = std::env::var_os("RESONANZ_PYTHON").unwrap_or_else(|| "python3".into());
    let has = Command::new(&python).args(["-c", "import openpyxl"]).output();
    if !has.is_ok_and(|has| has.status.success()) {
        skipped("RESONANZ_PYTHON names no Python with openpyxl");
        return None;
    }
    let book = place.folder.path().join("report.xlsx");
    let mut command = resonanz();
    command.arg("report").arg("--lake").arg(&place.lake).args(["--format", "xlsx", "--out"]);
    command.arg(&book).args(["--period", "2026-W13", "--zone", "Europe/Berlin"]).args(more);
    let made = command.output().expect("the binary runs");
    assert!(made.status.success(), "{}", stderr(&made));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/end_to_end/workbook.py");
    let seen = Command::new(&python).arg(script).arg(&book).output().expect("python runs");
    assert!(seen.status.success(), "{}", stderr(&seen));
    Some(serde_json::from_slice(&seen.stdout).expect("JSON"))
}

#[test]
fn a_workbook_holds_numbers_and_times_of_the_readers_zone_and_no_formula() {
    let place = Place::new();
    file(place.folder.path(), "topics.toml", TOPIC);
    let posts = [
        // Half past midnight in Berlin, and the hour that 29 March does not have there.
        post(
            "1",
            "2026-03-22T23:30:00Z",
            "=HYPERLINK(1) acme is terrible, I hate it",
            "javascript:x",
        ),
        post("2", "2026-03-29T01:30:00Z", "+acme is great, I love it", "https://e.example/=2"),
        post("3", "2026-03-25T12:00:00Z", "zeta opens at nine", ""),
    ];
    let archive = file(place.folder.path(), "posts.jsonl", posts.concat());
    assert!(place.reprocess(&archive).status.success());
    let Some(book) = read(&place, &[]) else { return };
    let sheets = book["sheets"].as_object().expect("sheets");
    for name in
        ["Overview", "Trend", "Share of voice", "Drivers", "Posts", "Alerts", "Charts", "Method"]
    {
        assert!(sheets.contains_key(name), "{name}: {:?}", sheets.keys());
    }
    assert!(sheets.values().all(|sheet| sheet["formulas"] == json!([])), "{book}");
    assert_eq!(book["title"], "Report: Mon, 23 Mar 2026 to Sun, 29 Mar 2026");
    let of = |sheet: &str, column: usize, wanted: &str| -> Value {
        let rows = sheets[sheet]["rows"].as_array().expect("rows");
        let row = rows.iter().find(|row| row[column] == wanted);
        row.unwrap_or_else(|| panic!("{sheet} has no {wanted}: {rows:?}")).clone()
    };
    let acme = of("Overview", 0, "=1+1");
    // Two mentions, one positive and one negative; the week before is not known.
    assert_eq!((&acme[1], &acme[2], &acme[4]), (&json!(2), &Value::Null, &json!(0)));
    let first = of("Trend", 0, "=1+1");
    let time = json!({"time": "2026-03-23T00:00:00", "format": "d mmm yyyy hh:mm"});
    assert_eq!((&first[1], &first[3], &first[4]), (&time, &json!(1), &json!(1)));
    let days = sheets["Trend"]["rows"].as_array().expect("rows");
    assert_eq!(days.len(), 1 + 2 * 7);
    // Monday before the first post was not heard as a whole, and the last day ends an hour early.
    assert_eq!(days[7][2]["time"], "2026-03-30T00:00:00");
    let love = of("Posts", 6, "+acme is great, I love it");
    assert_eq!((&love[2]["time"], &love[5]), (&json!("2026-03-29T03:30:00"), &json!(70)));
    assert_eq!(sheets["Posts"]["links"], json!(["https://e.example/=2"]));
    let hate = of("Posts", 6, "=HYPERLINK(1) acme is terrible, I hate it");
    assert_eq!((&hate[2]["time"], &hate[7]), (&json!("2026-03-23T00:30:00"), &Value::Null));
    assert_eq!(sheets["Charts"]["charts"], json!(["BarChart", "BarChart"]));
    assert_eq!(sheets["Share of voice"]["charts"], json!(["BarChart"]));
    assert_eq!(sheets["Trend"]["frozen"], "A2");

    let german = read(&place, &["--lang", "de"]).expect("openpyxl");
    let head = &german["sheets"]["Verlauf"]["rows"][0];
    assert_eq!((&head[0], &head[3]), (&json!("Thema"), &json!("Erwähnungen")));
    assert_eq!(german["sheets"]["Verlauf"]["rows"][1][1]["format"], "dd.mm.yyyy hh:mm");
}
