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
    assert!(said.contains("an old file of Office") && said.contains("save it as .xlsx"), "{said}");
}

/// Posts on the fourth tab: behind a chart, an empty sheet and a cover; and some of another network.
const REPORT: &str = "sheet.title = 'Leer'
cover = book.create_sheet('Deckblatt')
cover.append(['Bericht acme']); cover.append(['Stand', '28.11.2026']); cover.append(['Kontakt', 'Maja'])
for name, text in [('Beiträge', 'acme ist toll'), ('Foren', 'acme im Forum')]:
    sheet = book.create_sheet(name)
    sheet.append(['Datum', 'Autor', 'Text'])
    sheet.append([datetime.datetime(2026, 11, 28, 14, 5), 'Kim', text])
book.create_chartsheet('Diagramm', 0)";

#[test]
fn the_sheet_with_posts_is_read_whatever_stands_before_it_and_the_others_are_named() {
    let place = Place::new();
    let Some(path) = workbook(place.folder.path(), "bericht.xlsx", REPORT) else { return };
    let said = look(&path);
    assert!(said.contains("a workbook of Excel, sheet \"Beiträge\""), "{said}");
    let left = "not read: \"Diagramm\" (a chart), \"Leer\" (empty), \"Deckblatt\" (3 rows), \"Foren\" (1 row of posts: --sheet Foren)";
    assert!(said.contains(left), "{said}");
    assert!(said.contains("--sheet Beiträge"), "{said}");
    assert_eq!(
        by_the_command(&place, &said, &path),
        "2026-11-28T13:05:00Z,acme ist toll",
        "{said}"
    );
    for sheet in ["Foren", "foren", "5"] {
        let place = Place::new();
        let mut command = resonanz();
        command.arg("import").arg(&path).args(["--sheet", sheet, "--zone", "Europe/Berlin"]);
        command.args(["--map", "id=,text=Text,posted_at=Datum", "--config"]).arg(&place.config);
        let done = command.arg("--lake").arg(&place.lake).output().expect("it runs");
        let said = stdout(&done);
        assert!(done.status.success(), "{said}{}", stderr(&done));
        assert!(said.contains("read: sheet \"Foren\" of "), "{said}");
        assert_eq!(query(&place.lake, "SELECT text FROM posts"), "acme im Forum");
    }
}

#[test]
fn a_sheet_that_is_not_there_or_has_nothing_is_answered_with_those_that_are() {
    let place = Place::new();
    let Some(path) = workbook(place.folder.path(), "bericht.xlsx", REPORT) else { return };
    let import = |sheet: &str, path: &Path| {
        let mut command = resonanz();
        command.arg("import").arg(path).args(["--sheet", sheet, "--config"]).arg(&place.config);
        command.arg("--lake").arg(&place.lake).output().expect("it runs")
    };
    let rows = [
        (
            "Posts",
            "the sheet \"Posts\" is not there; its sheets are \"Diagramm\" (a chart), \"Leer\"",
        ),
        ("9", "the sheet \"9\" is not there"),
        ("Diagramm", "the sheet \"Diagramm\" has no cells"),
        ("Leer", "its sheet \"Leer\" is empty; the others are"),
    ];
    for (sheet, why) in rows {
        let done = import(sheet, &path);
        assert!(!done.status.success() && stderr(&done).contains(why), "{}", stderr(&done));
    }
    let table = file(place.folder.path(), "table.csv", TABLE);
    let done = import("1", &table);
    assert_eq!(done.status.code(), Some(2), "{}", stderr(&done));
    assert!(stderr(&done).contains("--sheet is for workbooks"), "{}", stderr(&done));
    let Some(empty) = workbook(place.folder.path(), "leer.xlsx", "") else { return };
    let mut command = resonanz();
    command.arg("import").arg(&empty).arg("--config").arg(&place.config);
    let done = command.arg("--lake").arg(&place.lake).output().expect("it runs");
    assert!(!done.status.success() && stderr(&done).contains("is empty"), "{}", stderr(&done));
}

#[test]
fn files_that_are_no_tables_say_what_they_are_and_pour_no_bytes() {
    let place = Place::new();
    let noise: Vec<u8> = (0..=u8::MAX).cycle().take(4_096).collect();
    let wide = |name: &str| name.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let compound = |stream: &str| {
        let magic = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".as_slice();
        [magic, &noise, &wide(stream), &noise].concat()
    };
    let rows: [(&str, Vec<u8>, &str); 7] = [
        (
            "alt.xls",
            compound("Workbook"),
            "an old workbook of Excel (.xls); open it there, and save it as .xlsx",
        ),
        ("geheim.xlsx", compound("EncryptedPackage"), "has a password"),
        ("brief.csv", compound("WordDocument"), "a document, not a table"),
        ("bericht.pdf", [b"%PDF-1.7\n".as_slice(), &noise].concat(), "a PDF"),
        (
            "export.xls",
            b"<html><body><table><tr><td>Datum</td></tr></table>".to_vec(),
            "a web page with a table",
        ),
        ("rauschen.csv", noise.clone(), "is not text"),
        ("rauschen.jsonl", noise.clone(), "is not text"),
    ];
    for (name, bytes, why) in rows {
        let path = file(place.folder.path(), name, bytes);
        let mut command = resonanz();
        command.arg("import").arg(&path).arg("--config").arg(&place.config);
        let done = command.arg("--lake").arg(&place.lake).output().expect("it runs");
        let said = stdout(&done) + &stderr(&done);
        assert!(!done.status.success() && said.contains(why), "{name}: {said}");
        let is_plain = |char: char| char.is_ascii() || "äöüß…".contains(char);
        assert!(said.chars().all(is_plain) && said.len() < 2_000, "{name}: {said}");
        let seen = resonanz().args(["import", "--preview"]).arg(&path).output().expect("it runs");
        assert!(stdout(&seen).contains(why), "{name}: {}", stdout(&seen));
    }
}

#[test]
fn a_table_under_the_name_of_a_workbook_is_read_as_what_it_is() {
    let tabs: Vec<u8> = "\u{feff}Datum\tText\r\n28.11.2026 14:05\tacme fehlt\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let rows = [
        ("export.xls", tabs, "a table with tabs"),
        (
            "export.xlsx",
            b"Datum;Text\n28.11.2026 14:05;acme fehlt\n".to_vec(),
            "a table with semicolons",
        ),
    ];
    for (name, bytes, what) in rows {
        let place = Place::new();
        let path = file(place.folder.path(), name, bytes);
        let said = look(&path);
        assert!(said.contains(what), "{name}: {said}");
        let found = by_the_command(&place, &said, &path);
        assert_eq!(found, "2026-11-28T13:05:00Z,acme fehlt", "{name}: {said}");
    }
}

#[test]
fn ids_that_excel_rounded_merge_no_posts() {
    let place = Place::new();
    let head = "id,text,posted_at\n";
    let short = format!(
        "{head}1.86E+18,acme one,2026-11-28T14:05:00Z\n1.86E+18,acme two,2026-11-28T14:05:00Z\n"
    );
    let zeros = format!(
        "{head}1860000000000000000,acme one,2026-11-28T14:05:00Z\n1860000000000000000,acme two,2026-11-28T14:05:00Z\n\
         1861234567890123456,acme three,2026-11-28T14:05:00Z\n"
    );
    for (name, text, kept) in [("short.csv", short, "0"), ("zeros.csv", zeros, "1")] {
        let lake = place.folder.path().join(name.trim_end_matches(".csv"));
        let path = file(place.folder.path(), name, text);
        let mut command = resonanz();
        command.arg("import").arg(&path).arg("--config").arg(&place.config);
        let done = command.arg("--lake").arg(&lake).output().expect("it runs");
        let said = stdout(&done);
        assert_eq!(done.status.code(), Some(1), "{name}: {said}");
        assert!(said.contains("was rounded, as spreadsheets do"), "{name}: {said}");
        assert_eq!(query(&lake, "SELECT count(*) FROM posts"), kept, "{name}: {said}");
    }
    let lines = "sheet.append(['Post ID', 'Date', 'Message'])
for text in ['acme one', 'acme two']:
    sheet.append([1.86e18, datetime.datetime(2026, 11, 28, 14, 5), text])";
    let Some(path) = workbook(place.folder.path(), "posts.xlsx", lines) else { return };
    let said = look(&path);
    assert!(said.contains("warning: ids were rounded"), "{said}");
    assert!(said.contains("guessed: --map id=,text=Message,posted_at=Date"), "{said}");
    let rows = by_the_command(&place, &said, &path);
    assert_eq!(rows, "2026-11-28T13:05:00Z,acme one\n2026-11-28T13:05:00Z,acme two", "{said}");
}

#[test]
fn a_row_that_is_refused_is_named_by_its_number_in_excel() {
    let place = Place::new();
    let lines = "sheet.append(['id', 'text', 'posted_at'])
sheet.append([1, 'acme\\nist\\nda', '2026-11-28T14:05:00Z'])
sheet.append([])
sheet.append([2, 'acme', 'gestern'])";
    let Some(path) = workbook(place.folder.path(), "rows.xlsx", lines) else { return };
    let worked = place.reprocess(&path);
    let said = stdout(&worked);
    assert!(said.contains("rows.xlsx, row 4: ") && said.contains("gestern"), "{said}");
}

#[test]
fn one_id_that_ends_in_zeros_among_others_is_an_id() {
    let place = Place::new();
    let row = |id: &str| format!("{id},acme,2026-11-28T14:05:00Z\n");
    let ids = ["1861234567890120000", "1861234567890123456", "1861234567890123457"];
    let text = format!("id,text,posted_at\n{}", ids.map(row).concat());
    let path = file(place.folder.path(), "whole.csv", text);
    let worked = place.reprocess(&path);
    assert!(worked.status.success(), "{}{}", stdout(&worked), stderr(&worked));
    assert_eq!(query(&place.lake, "SELECT count(*) FROM posts"), "3");
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
