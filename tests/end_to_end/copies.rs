//! Is a lake that is copied while it is written a whole one? Each copy, as of one commit, and with all
//! that `run` needs to go on.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::reprocess::{MENTIONS, archive};
use crate::support::{
    append, file, live, query, repository, resonanz, run, stderr, stdout, wait_for_answer,
};

const POSTS: &str = "SELECT * FROM posts ORDER BY received_at, source, post_id";
const COUNT: &str = "SELECT count(*) FROM posts";
/// Copies at most while the archive comes in.
const COPIES_MAX: usize = 12;

fn config(folder: &Path, lake: &str) -> PathBuf {
    let demo = fs::read_to_string(repository("data/demo.toml")).expect("a file");
    let text = format!(
        "[lake]\npath = \"{lake}\"\narchive = \"all\"\ncommit_interval = \"5ms\"\nupkeep_interval = \"1s\"\nvacuum_after = \"1s\"\n\
         [privacy]\nauthor_key_file = \"author.key\"\n\
         [[source]]\nname = \"f\"\ntype = \"file\"\npath = \"posts.jsonl\"\nfollow = true\n{demo}"
    );
    file(folder, &format!("{lake}.toml"), text)
}

fn copied(from: &Path, to: &Path) -> String {
    let [from, to] = [from, to].map(|path| path.to_str().expect("UTF-8"));
    let output = run(&["lake", "copy", "--lake", from, to]);
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output)
}

#[test]
fn a_copy_taken_while_the_lake_is_written_is_one_commit_and_run_goes_on_from_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let all = archive();
    let lines: Vec<&[u8]> = all.split_inclusive(|byte| *byte == b'\n').collect();
    let input = file(root, "posts.jsonl", "");
    let lake = root.join("lake");
    let running = live(&config(root, "lake"));
    append(&input, lines[..100].concat());
    wait_for_answer(&lake, COUNT, "100");
    let rest: Vec<Vec<u8>> = lines[100..].chunks(200).map(|part| part.concat()).collect();
    let feeder = std::thread::spawn(move || {
        for part in rest {
            append(&input, part);
            std::thread::park_timeout(Duration::from_millis(20));
        }
    });
    let mut counts = Vec::new();
    while counts.len() < COPIES_MAX && !(feeder.is_finished() && counts.len() >= 6) {
        let copy = root.join(format!("copy-{}", counts.len()));
        let said = copied(&lake, &copy);
        assert!(said.contains("messages on their way are not in the copy"), "{said}");
        let verified = run(&["lake", "verify", "--lake", copy.to_str().expect("UTF-8")]);
        assert!(verified.status.success(), "{}{}", stdout(&verified), stderr(&verified));
        // What posts say of their mentions is what there is of them: both are of one commit.
        let mentions = query(&copy, "SELECT count(*) FROM mentions");
        assert_eq!(mentions, query(&copy, "SELECT sum(topics) FROM posts"), "{said}");
        counts.push(query(&copy, COUNT).parse::<usize>().expect("a number"));
    }
    feeder.join().expect("all is appended");
    assert!(counts.is_sorted(), "{counts:?}");
    wait_for_answer(&lake, COUNT, "23703");
    assert_eq!(running.terminate(), Some(0));
    let early = counts.iter().position(|&count| count < 23_703).expect("a copy of a part");
    for number in [early, counts.len() - 1] {
        let name = format!("copy-{number}");
        let running = live(&config(root, &name));
        let copy = root.join(&name);
        wait_for_answer(&copy, COUNT, "23703");
        assert_eq!(running.terminate(), Some(0));
        for sql in [POSTS, MENTIONS] {
            assert!(query(&lake, sql) == query(&copy, sql), "{sql} of {name}");
        }
    }
}

#[test]
fn a_copy_replaces_nothing_and_says_what_it_leaves_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let text = "[lake]\npath = \"lake\"\n[[topic]]\nname = \"acme\"\nquery = 'acme'\n";
    let config = file(root, "resonanz.toml", text);
    let posts =
        file(root, "posts.jsonl", crate::support::line("1", "2026-03-01T11:00:00Z", "acme"));
    let lake = root.join("lake");
    let [config, posts, lake] = [&config, &posts, &lake].map(|path| path.to_str().expect("UTF-8"));
    let made = run(&["reprocess", posts, "--config", config]);
    assert!(made.status.success(), "{}", stderr(&made));
    let copy = root.join("copy");
    let session = "_resonanz/sessions/one.json";
    std::fs::create_dir_all(root.join("lake/_resonanz/sessions")).expect("a folder");
    file(&root.join("lake"), session, "{}");
    let mut broken_off = resonanz();
    broken_off.args(["lake", "copy", "--lake", lake]).arg(&copy);
    let status = broken_off.env("RESONANZ_CRASH_AT", "copy.audit").status();
    assert!(!status.expect("the binary runs").success(), "it breaks off");
    let said = copied(Path::new(lake), &copy);
    assert!(!copy.join(session).exists(), "logins stay where they are");
    assert!(
        said.contains("author.key as ") && !copy.join("_resonanz/author.key").exists(),
        "{said}"
    );
    assert_eq!(query(&copy, COUNT), "1");
    let inside = root.join("lake/copies/monday");
    for (arguments, words) in [
        (["lake", "copy", "--lake", lake, copy.to_str().expect("UTF-8")], "is a lake already"),
        (["lake", "copy", "--lake", lake, lake], "lies in the lake that is to be copied"),
        (["lake", "copy", "--lake", lake, inside.to_str().expect("UTF-8")], "lies in the lake"),
        (["lake", "copy", "--lake", lake, "s3://bucket/lake"], "--to-state"),
        (["lake", "copy", "--lake", root.to_str().expect("UTF-8"), "elsewhere"], "is not a lake"),
    ] {
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
    }
}
