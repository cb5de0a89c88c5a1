//! Does the order of an archive matter? Newest first, shuffled, and split over files.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::reprocess::{archive, arguments, config, reprocess, rows_of};
use crate::support::{file, resonanz, stderr, stdout, wait_for};

/// The lines of the bundled archive, in order of reception.
fn lines() -> Vec<String> {
    let text = String::from_utf8(archive()).expect("UTF-8");
    text.lines().map(str::to_owned).collect()
}

fn written(root: &Path, name: &str, lines: &[String]) -> String {
    file(root, name, lines.join("\n")).display().to_string()
}

#[test]
fn archives_in_another_order_bring_the_same_rows() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let config = config(root, "");
    let lines = lines();
    let lake = |name: &str| root.join(name);
    let straight = reprocess(&[&written(root, "a.jsonl", &lines)], &config, &lake("straight"));
    assert!(straight.status.success() && !stderr(&straight).contains("sorting the inputs"));
    let wanted = rows_of(&lake("straight"));

    let mut newest: Vec<String> = lines.clone();
    newest.reverse();
    let mut shuffled = lines.clone();
    shuffled.sort_by_key(|line| blake3::hash(line.as_bytes()).to_hex().to_string());
    let part = |which: usize| lines.iter().skip(which).step_by(2).cloned().collect::<Vec<String>>();
    let ways = [
        ("newest", vec![written(root, "newest.jsonl", &newest)]),
        ("shuffled", vec![written(root, "shuffled.jsonl", &shuffled)]),
        ("split", vec![written(root, "b.jsonl", &part(0)), written(root, "c.jsonl", &part(1))]),
    ];
    for (way, inputs) in ways {
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let worked = reprocess(&inputs, &config, &lake(way));
        assert!(worked.status.success(), "{way}: {}", stderr(&worked));
        assert!(stderr(&worked).contains("sorting the inputs"), "{way}: {}", stderr(&worked));
        let found = rows_of(&lake(way));
        for (found, wanted) in found.iter().zip(&wanted) {
            assert!(found == wanted, "{way} differs");
        }
    }
    let newest = root.join("newest.jsonl").display().to_string();
    let unsorted = reprocess(&[&newest, "--sort", "never"], &config, &lake("unsorted"));
    let said = stdout(&unsorted);
    assert!(said.contains("% of the mentions came too late"), "{said}");
}

#[test]
fn a_short_export_is_put_in_order_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let mut lines: Vec<String> = lines().into_iter().step_by(2_000).collect();
    lines.reverse();
    let newest = written(root, "newest.jsonl", &lines);
    let worked = reprocess(&[&newest], &config(root, ""), &root.join("lake"));
    assert!(stdout(&worked).contains(" 0 late"), "{}{}", stdout(&worked), stderr(&worked));
    assert!(stderr(&worked).contains("sorting the inputs"), "{}", stderr(&worked));
}

#[test]
fn a_killed_sort_ends_as_an_undisturbed_one_and_leaves_no_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let config = config(root, "");
    let mut lines = lines();
    lines.reverse();
    let newest = written(root, "newest.jsonl", &lines);
    let whole = reprocess(&[&newest], &config, &root.join("whole"));
    assert!(whole.status.success(), "{}", stderr(&whole));
    let lake = root.join("killed");
    let last_commit = || {
        let entries = fs::read_dir(lake.join("_resonanz/commits")).into_iter().flatten().flatten();
        let number = |path: &Path| path.file_stem()?.to_str()?.parse::<u64>().ok();
        entries.filter_map(|entry| number(&entry.path())).max()
    };
    for _ in 0..6 {
        let before = last_commit();
        let mut command = resonanz();
        command.arg("reprocess").arg(&newest).args(arguments(&config, &lake));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the process starts");
        wait_for("a commit", || {
            let ended = child.try_wait().expect("a process").is_some();
            (ended || last_commit() > before).then_some(())
        });
        let _ = child.kill();
        let _ = child.wait();
    }
    let ended = reprocess(&[&newest], &config, &lake);
    assert!(ended.status.success(), "{}", stderr(&ended));
    assert!(rows_of(&lake) == rows_of(&root.join("whole")), "a killed job differs");
    let left = fs::read_dir(lake.join("_resonanz")).expect("a folder").flatten();
    let left = left.filter(|entry| entry.file_name().to_string_lossy().starts_with("sort-"));
    assert_eq!(left.count(), 0);
}
