//! Are workbooks of Excel read as people keep them: titles above the table, days as Excel counts them, sheets that are
//! hidden?

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::imports_people::{by_the_command, look};
use crate::support::{Place, file, python_with, query, resonanz, run, stderr, stdout};

/// A workbook that these lines of Python fill, where openpyxl is there.
fn workbook(folder: &Path, name: &str, lines: &str) -> Option<PathBuf> {
    let python = python_with(&["openpyxl"])?;
    let path = folder.join(name);
    let script = format!(
        "import datetime, sys\nfrom openpyxl import Workbook\nbook = Workbook()\nsheet = book.active\n{lines}\nbook.save(sys.argv[1])\n"
    );
    let made = Command::new(python).args(["-c", &script]).arg(&path).output().expect("it runs");
    assert!(made.status.success(), "{}", stderr(&made));
    Some(path)
}

#[test]
fn the_table_of_a_workbook_is_read_below_its_title_with_days_and_ids_as_they_are() {
    let place = Place::new();
    let lines = "sheet.title = 'Notizen'; sheet.sheet_state = 'hidden'; sheet.append(['Datum', 'Text'])
sheet = book.create_sheet('Beiträge')
sheet.append(['Erwähnungen acme', None, None, None])
sheet.append([])
sheet.append(['Nr', 'Datum', 'Text', 'Reichweite'])
sheet.append([1, datetime.datetime(2026, 11, 28, 14, 5, 33), 'acme \"liefert\" nicht; \\nnie & nimmer', 68870])
sheet.append(['A-2', datetime.datetime(2026, 11, 27, 0, 0), 'acme ist toll', None])
sheet.append(['Summe', None, None, 68870])";
    let Some(path) = workbook(place.folder.path(), "export.xlsx", lines) else { return };
    let said = look(&path);
    assert!(said.contains("2 lines above the names of the columns"), "{said}");
    assert!(
        said.contains("guessed: --map id=Nr,text=Text,posted_at=Datum,reach=Reichweite"),
        "{said}"
    );
    let rows = by_the_command(&place, &said, &path);
    let wanted = "2026-11-26T23:00:00Z,acme ist toll\n2026-11-28T13:05:33Z,\"acme \"\"liefert\"\" nicht; \nnie & nimmer\"";
    assert_eq!(rows, wanted, "{said}");
}

#[test]
fn a_workbook_may_have_the_time_of_day_in_a_column_of_its_own() {
    let place = Place::new();
    let lines = "sheet.append(['Datum', 'Uhrzeit', 'Kommentar'])
sheet.append([datetime.date(2026, 11, 28), datetime.time(14, 5), 'acme fehlt'])";
    let Some(path) = workbook(place.folder.path(), "uhr.xlsx", lines) else { return };
    let said = look(&path);
    assert_eq!(by_the_command(&place, &said, &path), "2026-11-28T13:05:00Z,acme fehlt", "{said}");
}

#[test]
fn what_only_looks_like_a_workbook_is_said() {
    let place = Place::new();
    let lines = "sheet.append(['Produkt', 'Preis'])\nsheet.append(['Lampe', 3])";
    let Some(path) = workbook(place.folder.path(), "preise.xlsx", lines) else { return };
    let preview = |path: &Path| {
        let mut command = resonanz();
        command.args(["import", "--preview"]).arg(path).output().expect("it runs")
    };
    let seen = preview(&path);
    let said = stdout(&seen);
    assert!(seen.status.code() == Some(1) && said.contains("only Produkt, Preis"), "{said}");
    let whole = std::fs::read(&path).expect("a file");
    let cut = file(place.folder.path(), "cut.xlsx", &whole[..whole.len() / 2]);
    let seen = run(&["import", "--preview", cut.to_str().expect("UTF-8")]);
    assert!(!seen.status.success(), "{}", stdout(&seen));
    assert!(
        stderr(&seen).contains("cut.xlsx") && stderr(&seen).contains("hint:"),
        "{}",
        stderr(&seen)
    );
    let old = file(place.folder.path(), "old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0");
    let said = stdout(&preview(&old));
    assert!(said.contains("save a workbook as"), "{said}");
}

const TABLE: &str = "id;posted_at;text\n1;2026-03-01T10:00:00Z;acme ist toll\n";

#[test]
fn one_damaged_workbook_of_a_folder_is_told_and_the_others_are_read() {
    let place = Place::new();
    let folder = place.folder.path().join("exports");
    std::fs::create_dir(&folder).expect("a folder");
    file(&folder, "good.csv", TABLE);
    file(&folder, "cut.xlsx", b"PK\x03\x04cut");
    file(&folder, "~$good.xlsx", b"\x05Maja");
    let worked = place.reprocess(&folder);
    let said = stdout(&worked);
    assert!(said.contains("damaged: ") && said.contains("cut.xlsx"), "{said}{}", stderr(&worked));
    assert!(!said.contains("~$"), "{said}");
    assert_eq!(query(&place.lake, "SELECT count(*) FROM posts"), "1");
}

#[test]
fn a_row_without_words_is_passed_over_only_where_it_has_no_time() {
    let place = Place::new();
    let path = file(place.folder.path(), "stars.csv", format!("{TABLE}2;soon;\nSumme;;\n"));
    let worked = place.reprocess(&path);
    let letters = std::fs::read_to_string(place.lake.join("_resonanz/dead-letter.jsonl"));
    let letters = letters.expect("letters");
    assert!(letters.lines().count() == 1 && letters.contains("soon"), "{}", stdout(&worked));
}

#[test]
fn a_title_that_is_no_utf_8_moves_no_names_of_columns() {
    let place = Place::new();
    let bytes = [b"Gr\xfc\xdfe;;\n", TABLE.as_bytes()].concat();
    let path = file(place.folder.path(), "title.csv", bytes);
    let mut command = resonanz();
    command.arg("reprocess").arg(&path).args(["--encoding", "utf-8", "--config"]);
    let worked = command.arg(&place.config).arg("--lake").arg(&place.lake).output();
    let worked = worked.expect("it runs");
    assert!(worked.status.success(), "{}{}", stdout(&worked), stderr(&worked));
    assert_eq!(query(&place.lake, "SELECT count(*) FROM posts"), "1");
}
