//! Is the repository as its conventions say? Names file, line and rule for each breach.

use std::fs;
use std::path::{Path, PathBuf};

const LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;
/// What pure stages must not touch.
const IMPURE: [&str; 9] = [
    "tokio",
    "std::fs",
    "std::net",
    "std::thread::sleep",
    "SystemTime",
    "Instant::now",
    "tracing::",
    "rand::",
    "std::env",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Files of this ending in a folder and all folders in it, but for build output and hidden ones.
fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder can be read").flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            if name != "target" && !name.to_string_lossy().starts_with('.') {
                files(&path, ending, found);
            }
        } else if path.extension().is_some_and(|own| own == ending) {
            found.push(path);
        }
    }
}

fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for folder in ["crates", "models", "src", "tests", "benches", "examples"] {
        files(&root().join(folder), "rs", &mut found);
    }
    found.sort();
    found
        .into_iter()
        .map(|path| (path.clone(), fs::read_to_string(path).expect("the file can be read")))
        .collect()
}

/// The crates that hold modules, in the order of dependence; all of the first are pure.
const CRATES: [&str; 2] = ["crates/core/src", "src"];

/// The modules of both lib.rs in order, and how many of them are pure.
fn modules() -> (Vec<String>, usize) {
    let (mut names, mut pure) = (Vec::new(), 0);
    for folder in CRATES {
        let lib = root().join(folder).join("lib.rs");
        for line in fs::read_to_string(lib).expect("lib.rs can be read").lines() {
            if line.trim() == "// shells" {
                pure = names.len();
            }
            if let Some(name) = line.strip_prefix("pub mod ") {
                names.push(name.trim_end_matches(';').to_owned());
            }
        }
    }
    (names, pure)
}

/// The top module that a file of either crate belongs to.
fn module_of(path: &Path) -> Option<String> {
    let inside = CRATES.iter().find_map(|folder| path.strip_prefix(root().join(folder)).ok())?;
    let first = inside.iter().next()?.to_str()?;
    Some(first.trim_end_matches(".rs").to_owned())
}

fn check(breaches: &[String]) {
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}

#[test]
fn every_file_says_which_question_it_answers_and_stays_short() {
    let mut breaches = Vec::new();
    for (path, text) in sources() {
        let at = path.display();
        if !text.starts_with("//!") {
            breaches.push(format!("{at}:1: opens without //!"));
        }
        if text.lines().count() > LINES_MAX {
            breaches.push(format!("{at}:{LINES_MAX}: longer than {LINES_MAX} lines"));
        }
        let mut begun: Option<(usize, String)> = None;
        for (number, line) in (1..).zip(text.lines()) {
            let indent = line.strip_suffix(line.trim_start()).unwrap_or_default();
            if line.trim_start().split(' ').take(4).any(|word| word == "fn") && line.ends_with('{')
            {
                begun = Some((number, indent.to_owned()));
            } else if let Some((first, outer)) = &begun
                && line.strip_prefix(outer.as_str()) == Some("}")
            {
                if number - first > FUNCTION_LINES_MAX {
                    breaches.push(format!("{at}:{first}: a function of {} lines", number - first));
                }
                begun = None;
            }
        }
    }
    check(&breaches);
}

#[test]
fn modules_use_only_those_above_them() {
    let (order, pure) = modules();
    assert!(pure > 5, "lib.rs marks where the shells begin");
    let mut breaches = Vec::new();
    for (path, text) in sources() {
        let Some(own) = module_of(&path) else { continue };
        let Some(place) = order.iter().position(|name| *name == own) else { continue };
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in (1..).zip(code.lines()) {
            if line.trim_start().starts_with("//") {
                continue;
            }
            for (other, name) in order.iter().enumerate() {
                if other > place && line.contains(&format!("crate::{name}::")) {
                    breaches.push(format!(
                        "{}:{number}: {own} uses {name}, which comes after it",
                        path.display()
                    ));
                }
            }
            if place < pure {
                for word in IMPURE.iter().filter(|word| line.contains(**word)) {
                    breaches.push(format!(
                        "{}:{number}: the pure stage {own} touches {word}",
                        path.display()
                    ));
                }
            }
        }
    }
    check(&breaches);
}

#[test]
fn nothing_is_unfinished() {
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("todo", "!("),
        concat!("#[ig", "nore"),
        concat!("thread::sl", "eep("),
    ];
    let mut breaches = Vec::new();
    for (path, text) in sources() {
        for (number, line) in (1..).zip(text.lines()) {
            for mark in marks.iter().filter(|mark| line.contains(**mark)) {
                breaches.push(format!("{}:{number}: {mark}", path.display()));
            }
        }
    }
    check(&breaches);
}

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
