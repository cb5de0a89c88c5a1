//! Do tables and documents come in however they are written, and is said how they are read?

use std::path::Path;

use crate::imports::{fixture, import, place, rows};
use crate::support::{file, query, resonanz, run, stderr, stdout};

#[test]
fn tables_say_the_same_however_they_are_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = "Nr;Datum;Autor;Text;Reichweite\r\n1;28.11.2026 14:05;maja;\"Größe von Lumenta\r\nstimmt nicht\";68.870\r\n2;28.11.2026 14:06;jo;Lumenta ist teuer;1.200\r\n";
    let units = |text: &str| text.encode_utf16().collect::<Vec<u16>>();
    let with_bom = format!("\u{feff}{table}");
    let little: Vec<u8> = units(&with_bom).into_iter().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = units(&with_bom).into_iter().flat_map(u16::to_be_bytes).collect();
    let western: Vec<u8> =
        table.chars().map(|char| u8::try_from(u32::from(char)).expect("Latin 1")).collect();
    let returns = table.replace("\r\n", "\r");
    let marked = format!("sep=;\r\n{table}");
    let tables: [(&str, &[u8]); 6] = [
        ("utf8.csv", with_bom.as_bytes()),
        ("little.csv", &little),
        ("big.txt", &big),
        ("western.csv", &western),
        ("returns.csv", returns.as_bytes()),
        ("marked.csv", marked.as_bytes()),
    ];
    let options = [
        "--map",
        "id=Nr,text=Text,posted_at=Datum,author=Autor,reach=Reichweite",
        "--zone",
        "Europe/Berlin",
        "--thousands",
        ".",
        "--source",
        "s",
    ];
    for (name, bytes) in tables {
        let path = file(folder.path(), name, bytes);
        let found = rows(
            &[&path],
            &options,
            "posted_at, reach, replace(replace(text, chr(13), ''), chr(10), ' ')",
        );
        let break_ = if name == "returns.csv" {
            "Größe von Lumentastimmt nicht"
        } else {
            "Größe von Lumenta stimmt nicht"
        };
        let want = [
            format!("s,1,original,2026-11-28T13:05:00Z,68870,{break_}"),
            "s,2,original,2026-11-28T13:06:00Z,1200,Lumenta ist teuer".to_owned(),
        ];
        assert_eq!(found, want, "{name}");
    }
}

#[test]
fn documents_say_the_same_however_they_are_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let post = |id: u32| {
        format!(
            "{{\"id\":{id},\"posted_at\":179587{id}00,\"kind\":\"tirade\",\"user\":{{\"name\":\"maja\"}},\"said\":{{\"text\":\"Lumenta {id}\"}}}}"
        )
    };
    let (one, two) = (post(11), post(22));
    let pretty = one.replace("{\"id\"", "{\n  \"id\"").replace(",\"kind\"", ",\n  \"kind\"");
    let documents = [
        ("lines.jsonl", format!("{one}\n{two}\n")),
        ("returns.jsonl", format!("{one}\r{two}\r")),
        ("joined.json", format!("{one}{two}")),
        ("list.json", format!("[{one},\n{two}]")),
        ("pretty.json", format!("{pretty}\n{two}\n")),
        (
            "wrapped.json",
            format!("{{\"ok\":true,\"more\":[1],\"result\":{{\"rows\":[{one},{two}]}}}}"),
        ),
        ("pages.jsonl", format!("{{\"rows\":[{one}],\"n\":1}}\n{{\"rows\":[{two}],\"n\":2}}\n")),
        ("no-ending", format!("[{one},{two}]")),
    ];
    for (name, text) in documents {
        let path = file(folder.path(), name, text);
        let found = rows(
            &[&path],
            &["--map", "text=said.text,author=user.name", "--source", "s"],
            "author LIKE '0000%', text",
        );
        assert_eq!(
            found,
            ["s,11,original,false,Lumenta 11", "s,22,original,false,Lumenta 22"],
            "{name}"
        );
    }
}

#[test]
fn a_look_guesses_the_mapping_and_says_the_command_that_works() {
    let place = place();
    let table = "Nr;Datum;Autor;Beitrag;Reichweite\n1;28.11.2026 14:05;maja;Lumenta stinkt;68.870\n2;27.11.2026 14:06;jo;Lumenta ist teuer;900\n";
    let path = file(place.folder.path(), "export.csv", table);
    let path = path.to_str().expect("UTF-8");
    let look = resonanz()
        .args(["import", "--preview", path])
        .env("TZ", "Europe/Berlin")
        .output()
        .expect("runs");
    let said = stdout(&look);
    assert!(look.status.success(), "{said}{}", stderr(&look));
    assert!(said.contains("a table with semicolons between columns"), "{said}");
    assert!(said.contains("author=(hashed)") && !said.contains("author=maja"), "{said}");
    assert!(said.contains("reach=68870") && said.contains("2026-11-28T13:05:00Z"), "{said}");
    let command = said.lines().last().expect("a command").trim();
    assert_eq!(
        command,
        format!(
            "resonanz import {path} --map id=Nr,text=Beitrag,posted_at=Datum,author=Autor,reach=Reichweite \
             --zone Europe/Berlin --thousands ."
        )
    );
    let words: Vec<&str> = command.split(' ').skip(3).collect();
    let done = import(&place, &[Path::new(path)], &words);
    assert!(done.status.success(), "{}", stderr(&done));
    assert_eq!(query(&place.lake, "SELECT sum(reach) FROM posts"), "69770");

    let look = run(&["import", "--preview", fixture("tweets.js").to_str().expect("UTF-8")]);
    assert!(stdout(&look).contains("tweets of X"), "{}", stdout(&look));
    let unknown = import(&place, &[Path::new(path)], &[]);
    assert!(stderr(&unknown).contains("--map id=Nr,text=Beitrag"), "{}", stderr(&unknown));
}

#[test]
fn a_table_without_ids_comes_in_by_the_proposed_command_and_only_once() {
    let place = place();
    let table = "Datum;Autor;Text;Link\n27.11.2026 14:05;maja;Lumenta stinkt;https://example.org/1\n27.11.2026 14:05;jo;Lumenta stinkt;https://example.org/1\n";
    let path = file(place.folder.path(), "excel.csv", table);
    let path = path.to_str().expect("UTF-8");
    let look = resonanz()
        .args(["import", "--preview", path])
        .env("TZ", "Europe/Berlin")
        .output()
        .expect("runs");
    let said = stdout(&look);
    let command = said.lines().last().expect("a command").trim();
    let words: Vec<&str> = command.split(' ').skip(3).collect();
    assert!(words.contains(&"id=,text=Text,posted_at=Datum,author=Autor,url=Link"), "{said}");
    // The same rows again in a longer export stand for the same posts.
    let more = format!("{table}28.11.2026 08:00;jo;Lumenta hilft;https://example.org/2\n");
    let later = file(place.folder.path(), "later.csv", &more);
    let words: Vec<&str> = words.into_iter().chain(["--source", "export"]).collect();
    for file in [Path::new(path), &later] {
        let done = import(&place, &[file], &words);
        assert!(done.status.success(), "{}", stderr(&done));
    }
    let counted = "SELECT count(*) || ' ' || count(DISTINCT post_id) FROM posts";
    assert_eq!(query(&place.lake, counted), "3 3");

    // Files that are read in several ways have a command each.
    let folder = place.folder.path().join("exports");
    std::fs::create_dir(&folder).expect("a folder");
    file(&folder, "table.csv", table);
    let list = r#"[{"date":"2026-11-27T14:05:00Z","text":"Lumenta stinkt"}]"#;
    file(&folder, "list.json", list);
    let look = run(&["import", "--preview", "--zone", "UTC", folder.to_str().expect("UTF-8")]);
    let commands = stdout(&look).matches("\n  resonanz import --zone UTC ").count();
    assert_eq!(commands, 2, "{}", stdout(&look));
}

#[test]
fn files_that_hold_no_rows_of_text_say_what_they_are() {
    let place = place();
    let cases: [(&str, &[u8], &str); 4] = [
        ("empty.csv", b"", "it is empty"),
        ("list.csv", b"[\n{\"id\":\"1\"}]", "add --input-format jsonl"),
        ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0\0\n\0\0", "an old file of Office"),
        ("noise.csv", b"\x01\x02,\x80\xff\0\n\0,\x03\n", "is not text"),
    ];
    for (name, bytes, words) in cases {
        let path = file(place.folder.path(), name, bytes);
        let look = run(&["import", "--preview", path.to_str().expect("UTF-8")]);
        assert_eq!(look.status.code(), Some(1), "{name}: {}", stdout(&look));
        assert!(stdout(&look).contains(words), "{name}: {}", stdout(&look));
    }
}

#[test]
fn ids_that_differ_in_half_a_character_stay_two() {
    let folder = tempfile::tempdir().expect("a folder");
    let line = |half: &str| {
        format!(
            "{{\"id\":\"a\\u{half}\",\"text\":\"Lumenta\",\"posted_at\":\"2026-11-01T00:00:00Z\"}}\n"
        )
    };
    let path = file(folder.path(), "halves.jsonl", line("d83d") + &line("d83e"));
    assert_eq!(rows(&[&path], &[], "text").len(), 2);
}

#[test]
fn a_large_document_is_read_in_flat_memory() {
    // Twice the longest line in one list.
    let folder = tempfile::tempdir().expect("a folder");
    let mut text = String::from("{\"more\":false,\"items\":[");
    for number in 0..40_000u32 {
        let comma = if number == 0 { "" } else { "," };
        let filler = "x".repeat(900);
        text.push_str(&format!("{comma}{{\"id\":{number},\"text\":\"lumenta {filler}\",\"posted_at\":\"2026-11-01T00:00:00Z\"}}"));
    }
    text.push_str("]}");
    let path = file(folder.path(), "large.json", text);
    let place = place();
    let done = import(&place, &[&path], &[]);
    assert!(done.status.success(), "{}{}", stdout(&done), stderr(&done));
    assert_eq!(query(&place.lake, "SELECT count(*) FROM posts"), "40000");
}

#[test]
fn an_archive_that_repeats_its_days_is_put_in_order_packed_or_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let part = |name: char| -> String {
        let post = |number: u32| {
            let (day, filler) = (1 + number / 400, "x".repeat(400));
            format!(
                "{{\"id\":\"{name}{number}\",\"text\":\"lumenta {filler}\",\
                 \"posted_at\":\"2026-11-{day:02}T00:00:00Z\"}}\n"
            )
        };
        (0..4_000).map(post).collect()
    };
    let text = part('a') + &part('b');
    let packed = zstd::bulk::compress(text.as_bytes(), 1).expect("memory");
    let plain = file(folder.path(), "plain.jsonl", &text);
    let packed = file(folder.path(), "packed.jsonl.zst", packed);
    for path in [plain, packed] {
        let place = place();
        let done = import(&place, &[&path], &[]);
        let (said, log) = (stdout(&done), stderr(&done));
        assert!(done.status.success() && log.contains("sorting the inputs"), "{said}{log}");
        assert!(said.contains(" 0 late"), "{said}");
    }
    let place = place();
    let done = import(&place, &[&file(folder.path(), "once.jsonl", part('a'))], &[]);
    assert!(
        !stderr(&done).contains("sorting the inputs"),
        "what is in order is left so: {}",
        stderr(&done)
    );
}
