//! Is the repository as its conventions say? Names file, line and rule for each breach.

#[path = "tidy/documents.rs"]
mod documents;

use std::collections::{BTreeMap, BTreeSet};
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

/// Files that use each other in a circle. The list may only shrink.
const CIRCLES: [(&str, &str); 3] = [
    ("crates/core/src/sentiment", "overlay phrases vocabulary"),
    ("crates/core/src/text", "fold folded folding"),
    ("crates/core/src/window", "likeness observation sample wording"),
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

/// The functions of a file that have a body: first line, and lines from there to its last brace.
fn functions(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut begun: Option<(usize, &str)> = None;
    for (number, line) in (1..).zip(text.lines()) {
        let code = line.trim_start();
        let indent = line.strip_suffix(code).unwrap_or_default();
        let is_head = code.split(' ').take(4).any(|word| word == "fn") && !code.starts_with("//");
        match begun {
            None if is_head && !code.ends_with([';', '}']) => begun = Some((number, indent)),
            Some((first, outer)) if indent == outer && code.starts_with(['}', ')']) => {
                if code == "}" {
                    found.push((first, number - first));
                }
                // A signature of several lines goes on with its body, or is all there is.
                if code.starts_with('}') || code.ends_with(';') {
                    begun = None;
                }
            }
            _ => {}
        }
    }
    found
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
        for (first, lines) in functions(&text) {
            if lines > FUNCTION_LINES_MAX {
                breaches.push(format!("{at}:{first}: a function of {lines} lines"));
            }
        }
    }
    check(&breaches);
}

/// Whether a line names a module of the crate's root, alone or in a group.
fn uses(line: &str, module: &str) -> bool {
    let group = line.trim_start().strip_prefix("use crate::{");
    let grouped = group.is_some_and(|group| {
        group.split([',', '}', ' ']).any(|part| part.split("::").next() == Some(module))
    });
    grouped || line.contains(&format!("crate::{module}::"))
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
                if other > place && uses(line, name) {
                    breaches.push(format!(
                        "{}:{number}: {own} uses {name}, which comes after it",
                        path.display()
                    ));
                }
            }
            // A configuration is read by nobody but its caller, though networks configure themselves.
            if place < pure || own == "config" {
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

/// The rooms of the lake use each other one way too, in the order of its `mod` lines.
#[test]
fn rooms_of_the_lake_use_only_those_above_them() {
    let lake = root().join("src/lake");
    let index = fs::read_to_string(lake.join("mod.rs")).expect("the index can be read");
    let rooms = index.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
    let rooms: Vec<&str> = rooms.collect();
    assert!(rooms.len() > 4, "the index names rooms");
    let mut breaches = Vec::new();
    for (path, text) in sources() {
        let Ok(inside) = path.strip_prefix(&lake) else { continue };
        let own = inside.iter().next().and_then(|name| name.to_str()).unwrap_or_default();
        let own = own.trim_end_matches(".rs");
        let Some(place) = rooms.iter().position(|room| *room == own) else { continue };
        for (number, line) in (1..).zip(text.lines()) {
            for room in &rooms[place + 1..] {
                if line.contains(&format!("crate::lake::{room}::")) {
                    breaches.push(format!(
                        "{}:{number}: {own} uses {room}, which comes after it",
                        path.display()
                    ));
                }
            }
        }
    }
    check(&breaches);
}

/// The folder and the stem of a file's siblings that it uses: `super::stem`, or in a `mod.rs` `stem`
/// itself is no use, for an index names all.
fn siblings(path: &Path, text: &str) -> Vec<String> {
    if path.file_name().is_some_and(|name| name == "mod.rs") {
        return Vec::new();
    }
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let parts = lines.flat_map(|line| line.split("super::").skip(1).map(str::to_owned));
    let names = parts.flat_map(|part| {
        let group = part.strip_prefix('{').and_then(|rest| rest.split('}').next());
        let names: Vec<String> = match group {
            Some(group) => group.split(',').map(|name| name.trim().to_owned()).collect(),
            None => vec![part],
        };
        names.into_iter().map(|name| {
            name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>()
        })
    });
    names.filter(|name| name.starts_with(char::is_lowercase)).collect()
}

/// Files of one folder that use each other in a circle, by the names of their stems.
fn circles(folder: &Path, files: &[(PathBuf, String)]) -> Vec<String> {
    let own = files.iter().filter(|(path, _)| path.parent() == Some(folder));
    let uses: BTreeMap<String, Vec<String>> = own
        .map(|(path, text)| {
            let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            (stem.to_owned(), siblings(path, text))
        })
        .collect();
    let reached = |from: &String| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
        while let Some(stem) = next.pop() {
            for other in
                uses.get(stem).into_iter().flatten().filter(|stem| uses.contains_key(*stem))
            {
                if seen.insert(other.clone()) {
                    next.push(other);
                }
            }
        }
        seen
    };
    let reach: BTreeMap<&String, BTreeSet<String>> =
        uses.keys().map(|stem| (stem, reached(stem))).collect();
    let in_circle = |one: &String| {
        let both = reach[one].iter().filter(|other| reach[other].contains(one));
        let mut both: Vec<&str> = both.map(String::as_str).collect();
        both.sort_unstable();
        both.join(" ")
    };
    let found: BTreeSet<String> =
        uses.keys().map(in_circle).filter(|circle| circle.contains(' ')).collect();
    found.into_iter().collect()
}

#[test]
fn files_of_one_folder_use_each_other_one_way() {
    let all = sources();
    let folders: BTreeSet<&Path> = all.iter().filter_map(|(path, _)| path.parent()).collect();
    let known = CIRCLES.iter().map(|(folder, circle)| format!("{folder}: {circle}"));
    let known: BTreeSet<String> = known.collect();
    let found = folders.into_iter().flat_map(|folder| {
        let name = folder.strip_prefix(root()).unwrap_or(folder).display().to_string();
        circles(folder, &all).into_iter().map(move |circle| format!("{name}: {circle}"))
    });
    let found: BTreeSet<String> = found.collect();
    let new = found.difference(&known).map(|circle| format!("a new circle: {circle}"));
    let ended = known.difference(&found).map(|circle| format!("no more, strike it: {circle}"));
    check(&new.chain(ended).collect::<Vec<_>>());
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
