//! Do documents lead somewhere, and name what is there?

use std::fs;
use std::path::{Path, PathBuf};

use super::{check, files, module_of, modules, root, sources};

/// The lines of a Markdown file outside its code blocks, by number.
fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut in_code = false;
    let lines = (1..).zip(text.lines()).filter(|(_, line)| {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        !in_code && !fence
    });
    lines.collect()
}

/// What headings are called in addresses, by GitHub's rule.
fn anchors(text: &str) -> Vec<String> {
    let headings = prose(text).into_iter().filter_map(|(_, line)| {
        let title = line.trim_start_matches('#').strip_prefix(' ')?;
        line.starts_with('#').then(|| title.to_lowercase())
    });
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    headings
        .map(|title| title.chars().filter(kept).map(|c| if c == ' ' { '-' } else { c }).collect())
        .collect()
}

/// Where the links of a Markdown file lead inside the repository: line, file and anchor.
fn links(path: &Path, text: &str) -> Vec<(usize, PathBuf, Option<String>)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        for rest in line.split("](").skip(1) {
            let target = rest.split(')').next().unwrap_or_default();
            if target.starts_with("https://") || target.starts_with("http://") {
                continue;
            }
            let (file, anchor) = match target.split_once('#') {
                Some((file, anchor)) => (file, Some(anchor.to_owned())),
                None => (target, None),
            };
            let led = match file {
                "" => path.to_owned(),
                file => path.parent().expect("a folder").join(file),
            };
            found.push((number, led, anchor));
        }
    }
    found
}

/// What ARCHITECTURE.md names is there: `room::Type::method` in the files of that room.
#[test]
fn what_the_architecture_names_exists() {
    let text =
        fs::read_to_string(root().join("ARCHITECTURE.md")).expect("the document can be read");
    let (rooms, _) = modules();
    let all = sources();
    let mut breaches = Vec::new();
    for named in text.split('`').skip(1).step_by(2).filter(|named| named.contains("::")) {
        let mut parts = named.split("::");
        let Some(room) = parts.next().filter(|first| rooms.iter().any(|room| room == first)) else {
            continue;
        };
        let own = all.iter().filter(|(path, _)| module_of(path).as_deref() == Some(room));
        let own: Vec<_> = own.collect();
        for part in parts {
            let is_there = own.iter().any(|(path, text)| {
                path.iter().any(|name| name == part || *name == *format!("{part}.rs"))
                    || ["fn ", "struct ", "enum ", "trait ", "const ", "static ", "type "]
                        .iter()
                        .any(|kind| text.contains(&format!("{kind}{part}")))
            });
            if !is_there {
                breaches.push(format!("ARCHITECTURE.md: {named}: no {part} in {room}"));
            }
        }
    }
    check(&breaches);
}

#[test]
fn links_between_documents_lead_somewhere_and_no_document_stands_alone() {
    let mut documents = Vec::new();
    files(&root(), "md", &mut documents);
    let read = |path: &Path| fs::read_to_string(path).expect("the document can be read");
    let mut breaches = Vec::new();
    let mut linked = vec![root().join("README.md")];
    for path in &documents {
        for (number, led, anchor) in links(path, &read(path)) {
            let Ok(led) = led.canonicalize() else {
                breaches.push(format!("{}:{number}: no {}", path.display(), led.display()));
                continue;
            };
            if let Some(anchor) = anchor
                && !anchors(&read(&led)).contains(&anchor)
            {
                breaches.push(format!("{}:{number}: no #{anchor}", path.display()));
            }
            linked.push(led);
        }
    }
    let fixtures = root().join("tests");
    let linked: Vec<_> = linked.iter().filter_map(|path| path.canonicalize().ok()).collect();
    for path in documents.iter().filter(|path| !path.starts_with(&fixtures)) {
        if !path.canonicalize().is_ok_and(|path| linked.contains(&path)) {
            breaches.push(format!("{}: no document links to it", path.display()));
        }
    }
    check(&breaches);
}
