//! Do manuals and shells say what the commands take? The reference is kept, and must be of today.

use std::fs::File;
use std::io::Write;

use crate::support::{repository, run, stderr, stdout};

#[test]
fn the_reference_is_what_the_program_says() {
    let said = run(&["reference"]);
    assert!(said.status.success(), "{}", stderr(&said));
    let said = stdout(&said);
    let path = repository("docs/cli.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(repository("docs")).expect("a folder");
        let file = File::create(&path);
        file.and_then(|mut file| file.write_all(said.as_bytes())).expect("written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = kept.lines().zip(said.lines()).find(|(kept, said)| kept != said);
    assert!(
        kept == said,
        "docs/cli.md is of another day, from {differs:?} on; write it anew with BLESS=1"
    );
}

#[test]
fn every_option_has_a_readable_value() {
    let said = stdout(&run(&["reference"]));
    assert!(!said.contains("_US>") && !said.contains("[default: ]"), "{said}");
    for command in ["run", "query", "lake vacuum", "topics test", "alerts silence"] {
        assert!(said.contains(&format!("\n## resonanz {command}\n")), "{command}");
    }
}

#[test]
fn shells_complete_commands_and_options() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&["completions", shell]);
        assert!(script.status.success(), "{}", stderr(&script));
        let script = stdout(&script);
        assert!(script.contains("reprocess") && script.contains("from-lake"), "{shell}");
    }
}

#[test]
fn there_is_a_page_for_each_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let pages = folder.path().join("man");
    let written = run(&["man", pages.to_str().expect("UTF-8")]);
    assert!(written.status.success(), "{}", stderr(&written));
    for page in ["resonanz.1", "resonanz-run.1", "resonanz-lake-erase.1"] {
        let text = std::fs::read_to_string(pages.join(page)).expect("a page");
        assert!(text.contains(".TH ") && text.contains(".SH NAME"), "{page}: {text}");
    }
    assert!(!pages.join("resonanz-reference.1").exists());
}

#[test]
fn the_version_says_what_was_built() {
    let version = stdout(&run(&["--version"]));
    let begin = concat!("resonanz ", env!("CARGO_PKG_VERSION"), " (");
    assert!(version.starts_with(begin), "{version}");
    let has_postgres = version.contains("postgres");
    assert_eq!(has_postgres, cfg!(feature = "postgres"), "{version}");
}
