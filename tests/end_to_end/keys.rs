//! Is the key of the author hashes found wherever it lies, and are authors, however they are written?

use crate::support::{file, resonanz, stderr};
use crate::traces::Traces;

/// A lake with its key elsewhere.
struct Keyed {
    folder: tempfile::TempDir,
    lake: std::path::PathBuf,
}

impl Keyed {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let line = "{\"id\":\"1\",\"author\":\"Victim\",\"posted_at\":\"2026-03-01T12:00:00Z\",\"text\":\"acme\"}\n";
        file(folder.path(), "posts.jsonl", line);
        let text = "[lake]\npath = \"lake\"\n[[source]]\nname = \"f\"\ntype = \"file\"\npath = \"posts.jsonl\"\n[[topic]]\nname = \"acme\"\nquery = 'acme'\n";
        file(folder.path(), "run.toml", text);
        let lake = folder.path().join("lake");
        Self { folder, lake }
    }

    /// Runs with a key file in the environment, if one is given; the exit code and what was said.
    fn does(&self, arguments: &[&str], key: Option<&str>) -> (Option<i32>, String) {
        let mut command = resonanz();
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_remove("RESONANZ_AUTHOR_KEY_FILE");
        if let Some(key) = key {
            command.env("RESONANZ_AUTHOR_KEY_FILE", self.folder.path().join(key));
        }
        let output = command.output().expect("the binary runs");
        (output.status.code(), stderr(&output))
    }
}

#[test]
fn a_key_outside_of_the_lake_is_found_by_every_command_and_told_when_it_is_gone() {
    let scene = Keyed::new();
    let (code, said) = scene.does(&["run", "--config", "run.toml"], Some("far.key"));
    assert_eq!(code, Some(0), "{said}");
    let key = scene.folder.path().join("far.key");
    assert!(key.exists() && !scene.lake.join("_resonanz/author.key").exists());
    assert_eq!(
        Traces::of(&scene.lake).find(std::fs::read_to_string(&key).expect("a key").trim()),
        None
    );
    // Nothing names the key here, and the author is found.
    let export = ["lake", "export", "--lake", "lake", "--author", " @VICTIM", "--format", "csv"];
    let mut command = resonanz();
    let exported = command.args(export).current_dir(scene.folder.path()).output();
    let exported = String::from_utf8(exported.expect("the binary runs").stdout).expect("UTF-8");
    assert_eq!(exported.lines().count(), 3, "a header, a post and a mention: {exported}");

    std::fs::rename(&key, scene.folder.path().join("gone")).expect("moved");
    for arguments in [&["run", "--config", "run.toml"][..], &export] {
        let (code, said) = scene.does(arguments, None);
        assert_eq!(code, Some(3), "{said}");
        assert!(said.contains("far.key: the key of the author hashes is gone"), "{said}");
        assert!(said.contains("hint: restore it from a copy"), "{said}");
    }
    let named = ["lake", "export", "--lake", "lake", "--author", "x", "--author-key-file", "no"];
    let (code, said) = scene.does(&named, None);
    assert_eq!(code, Some(2), "a place that was given is a mistake: {said}");
    // It may come back somewhere else.
    let (code, said) = scene.does(&["run", "--config", "run.toml"], Some("gone"));
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(scene.does(&export, None).0, Some(0));
}

#[test]
fn authors_and_sources_are_found_in_any_spelling() {
    let scene = Keyed::new();
    let lines: String = [("1", "@Ada@social.example"), ("2", "J\u{f6}rg"), ("3", "bo")]
        .map(|(id, author)| {
            format!(
                "{{\"id\":\"{id}\",\"author\":\"{author}\",\"posted_at\":\"2026-03-01T12:00:00Z\",\"text\":\"acme\"}}\n"
            )
        })
        .concat();
    file(scene.folder.path(), "posts.jsonl", lines);
    assert_eq!(scene.does(&["run", "--config", "run.toml"], None).0, Some(0));
    let count = || crate::support::query(&scene.lake, "SELECT count(*) FROM mentions");
    let erase = |more: &[&str]| {
        let start = ["lake", "erase", "--yes", "--lake", "lake"];
        scene.does(&[&start, more].concat(), None)
    };
    let (code, said) = erase(&["--author", "ada", "--source", "G"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("no source is called \"G\"") && said.contains("f"), "{said}");
    for (author, left) in [
        ("somebody", "3"),
        ("https://social.example/@ADA", "2"),
        ("\u{2068}@Jo\u{308}rg\u{2069} ", "1"),
    ] {
        let (code, said) = erase(&["--author", author, "--source", " F"]);
        assert_eq!((code, count().as_str()), (Some(0), left), "{author}: {said}");
    }
    let (code, said) = erase(&["--post", "F/3"]);
    assert_eq!((code, count().as_str()), (Some(0), "0"), "{said}");
}
