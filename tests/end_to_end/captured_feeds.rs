//! Do captured feeds say what another reader found in them? Of a folder that `RESONANZ_FIXTURES`
//! names, with the other reader's answer beside each; skipped without it.

use crate::support::skipped;
use std::path::{Path, PathBuf};

use resonanz::decode::feed::{Document, Memory, alternates, text_of};
use resonanz::time::EventTime;
use serde_json::Value;

fn captured() -> Option<PathBuf> {
    std::env::var_os("RESONANZ_FIXTURES").map(|folder| Path::new(&folder).join("feeds"))
}

/// How many entries are new.
fn look(memory: &mut Memory, document: &Document) -> usize {
    memory.look(document, "f", None, &|id, _| id.to_owned()).len()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
    let mut found: Vec<PathBuf> =
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect();
    found.sort();
    found
}

/// How entries differ from what another reader found in them.
fn differences(name: &str, document: &Document, wanted: &Value) -> Vec<String> {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut found = Vec::new();
    let wanted = wanted["entries"].as_array().expect("entries");
    if document.entries.len() + document.beyond != wanted.len() {
        found.push(format!("{name}: {} entries, not {}", document.entries.len(), wanted.len()));
    }
    for (own, other) in document.entries.iter().zip(wanted) {
        // The other reader makes ids up for RSS 1.0, whose `rdf:about` it does not read.
        let id = words(other["id"].as_str().unwrap_or_default());
        if !name.contains("rss1") && !own.guid.is_empty() && words(&own.guid) != id {
            found.push(format!("{name}: id {} {id}", own.guid));
        }
        let title = other["title"]["content"].as_str().unwrap_or_default();
        if words(&own.title.text) != words(title) {
            found.push(format!("{name}: title {} {title}", own.title.text));
        }
        let times = [&other["published"], &other["updated"]];
        let time = times.into_iter().find_map(|time| time.as_str());
        let time = time.map(|time| EventTime::parse(time).expect("a time").0 / 1_000_000);
        if time.is_some() && own.posted_at.map(|own| own.0 / 1_000_000) != time {
            found.push(format!("{name}: time {:?} {time:?}", own.posted_at));
        }
        let links = other["links"].as_array().expect("links");
        if !links.is_empty() && own.link.is_empty() {
            found.push(format!("{name}: no link {links:?}"));
        }
    }
    found
}

#[test]
fn captured_feeds_say_what_another_reader_found_in_them() {
    let Some(folder) = captured() else {
        skipped("RESONANZ_FIXTURES is not set");
        return;
    };
    let (mut feeds, mut found) = (0, Vec::new());
    for path in files(&folder) {
        let name = path.display().to_string();
        let expected = path.with_extension("serde.json");
        if name.ends_with(".serde.json") || !expected.exists() {
            continue;
        }
        let bytes = std::fs::read(&path).expect("a file");
        let document = match Document::parse(&text_of(&bytes, None)) {
            Ok(document) => document,
            Err(error) => {
                found.push(format!("{name}: {error}"));
                continue;
            }
        };
        found.extend(document.broken.as_ref().map(|broken| format!("{name}: {broken}")));
        let expected = std::fs::read(expected).expect("a file");
        found.extend(differences(
            &name,
            &document,
            &serde_json::from_slice(&expected).expect("JSON"),
        ));
        let mut memory = Memory::default();
        look(&mut memory, &document);
        if look(&mut memory, &document) > 0 {
            found.push(format!("{name}: something is new twice"));
        }
        feeds += 1;
    }
    assert!(feeds > 50, "{feeds}");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn captured_pages_and_broken_feeds_are_named() {
    let Some(folder) = captured() else {
        skipped("RESONANZ_FIXTURES is not set");
        return;
    };
    let invalid = std::fs::read(folder.join("rss2/rss_2.0_invalid_1.xml")).expect("a file");
    let _ = Document::parse(&text_of(&invalid, None));
    for path in
        files(&folder).into_iter().filter(|path| path.extension().is_some_and(|own| own == "xml"))
    {
        let bytes = std::fs::read(path).expect("a file");
        for end in (0..bytes.len()).step_by(bytes.len() / 50 + 1) {
            let cut = &bytes[..end];
            let _ = Document::parse(&text_of(cut, None));
            let _ = alternates(&text_of(cut, None));
        }
    }
}
