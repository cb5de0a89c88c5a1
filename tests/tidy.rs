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

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder can be read").flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

fn sources() -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for folder in ["src", "tests", "benches"] {
        rust_files(&root().join(folder), &mut files);
    }
    files.sort();
    files
        .into_iter()
        .map(|path| (path.clone(), fs::read_to_string(path).expect("the file can be read")))
        .collect()
}

/// The modules of lib.rs in order, and how many of them are pure.
fn modules() -> (Vec<String>, usize) {
    let lib = fs::read_to_string(root().join("src/lib.rs")).expect("lib.rs can be read");
    let (mut names, mut pure) = (Vec::new(), 0);
    for line in lib.lines() {
        if line.trim() == "// shells" {
            pure = names.len();
        }
        if let Some(name) = line.strip_prefix("pub mod ") {
            names.push(name.trim_end_matches(';').to_owned());
        }
    }
    (names, pure)
}

/// The top module that a file of src belongs to.
fn module_of(path: &Path) -> Option<String> {
    let inside = path.strip_prefix(root().join("src")).ok()?;
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
