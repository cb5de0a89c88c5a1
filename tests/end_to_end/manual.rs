//! Do manuals and shells say what the commands take? The reference is kept, and must be of today;
//! what the pages on sources show must be accepted as it stands there.

use std::fs::File;
use std::io::Write;

use crate::support::{file, repository, resonanz, run, stderr, stdout};

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
fn help_fits_a_terminal_of_100_columns() {
    let said = stdout(&run(&["reference"]));
    let commands = said.lines().filter_map(|line| line.strip_prefix("## resonanz"));
    for command in commands {
        let words: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let help = run(&words);
        assert!(help.status.success(), "{command}");
        let help = stdout(&help);
        let long = help.lines().find(|line| line.chars().count() > 100);
        assert_eq!(long, None, "{command}");
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

/// The blocks of TOML on a page.
fn blocks(page: &str) -> Vec<String> {
    let inside = page.split("\n```toml\n").skip(1);
    inside.filter_map(|rest| Some(format!("{}\n", rest.split_once("\n```")?.0))).collect()
}

/// A block, and the same with each of its keys that a page shows as a comment.
fn variants(block: &str) -> Vec<String> {
    let shown = block.lines().filter_map(|line| line.strip_prefix("# "));
    let keys = shown.filter(|line| line.contains(" = "));
    let more = keys.map(|key| block.replace(&format!("# {key}"), key));
    std::iter::once(block.to_owned()).chain(more).collect()
}

/// What `check` says against a block in a configuration that has the rest, with its secrets in
/// their places.
fn refusal(page: &str, block: &str) -> Option<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut check = resonanz();
    for line in block.lines().map(|line| line.trim_start_matches("# ")) {
        let Some((key, value)) = line.split_once(" = ") else { continue };
        let value = value.split('"').nth(1).unwrap_or_default();
        if key.ends_with("_env") {
            check.env(value, "a-secret-of-some-length");
        } else if key.ends_with("_file") {
            file(folder.path(), value, "a-secret-of-some-length\n");
        } else if key == "opml" {
            let feed = r#"<outline type="rss" text="x" xmlUrl="https://example.org/feed"/>"#;
            file(
                folder.path(),
                value,
                format!(r#"<opml version="2.0"><body>{feed}</body></opml>"#),
            );
        }
    }
    let mut text = block.to_owned();
    for (section, body) in [
        ("[lake]", "path = \"lake\""),
        ("[[topic]]", "name = \"acme\"\nquery = 'acme'"),
        ("[serve]", "listen = \"127.0.0.1:8600\""),
    ] {
        // Who needs to listen is told so on the page.
        if !text.contains(section) && (section != "[serve]" || page.contains(section)) {
            text += &format!("\n{section}\n{body}\n");
        }
    }
    let path = file(folder.path(), "resonanz.toml", text);
    let checked = check.args(["check", "--config"]).arg(path).output().expect("the binary runs");
    (checked.status.code() != Some(0)).then(|| stderr(&checked) + &stdout(&checked))
}

#[test]
fn what_the_pages_on_sources_show_is_accepted_as_it_stands_there() {
    let mut count = 0;
    for page in std::fs::read_dir(repository("docs/sources")).expect("a folder").flatten() {
        let name = page.file_name();
        let page = std::fs::read_to_string(page.path()).expect("a page");
        let sources = blocks(&page).into_iter().filter(|block| block.contains("[[source]]"));
        for block in sources.flat_map(|block| variants(&block)) {
            let refused = refusal(&page, &block);
            assert_eq!(refused, None, "{name:?} shows:\n{block}");
            count += 1;
        }
    }
    assert!(count > 30, "{count} blocks were found");
}

#[test]
fn the_preset_that_the_manual_shows_is_accepted() {
    let page = std::fs::read_to_string(repository("docs/sources/own-preset.md")).expect("a page");
    let folder = tempfile::tempdir().expect("a folder");
    file(folder.path(), "forum.toml", &blocks(&page)[0]);
    let path = file(
        folder.path(),
        "resonanz.toml",
        "[lake]\npath = \"lake\"\n[[topic]]\nname = \"acme\"\nquery = 'acme'\n[[source]]\nname = \"forum\"\n\
         type = \"poll\"\npreset = \"forum.toml\"\nset = { site = \"https://forum.example.org\" }\n",
    );
    let checked = run(&["check", "--config", path.to_str().expect("UTF-8")]);
    assert_eq!(checked.status.code(), Some(0), "{}", stderr(&checked));
}
