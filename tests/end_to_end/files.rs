//! Do files and disks behave as promised? Compressed archives, growing files, and a full disk.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use crate::support::{Place, append, file, line, live, query, stderr, wait_for_answer};

fn posts(numbers: std::ops::Range<u32>) -> String {
    let post = |number: u32| {
        line(&number.to_string(), "2026-03-01T11:59:59Z", &format!("acme is great {number}"))
    };
    numbers.map(post).collect()
}

/// A run configuration with one file source.
fn run_config(place: &Place, archive: &Path, mode: &str) -> std::path::PathBuf {
    let text = format!(
        "[lake]\npath = \"{}\"\narchive = \"all\"\ncommit_interval = \"50ms\"\n\
         [[source]]\nname = \"f\"\ntype = \"file\"\npath = \"{}\"\n{mode}\n\
         [[topic]]\nname = \"acme\"\nquery = 'acme'\n",
        place.lake.display(),
        archive.display(),
    );
    file(place.folder.path(), "run.toml", text)
}

#[test]
fn compressed_archives_say_what_plain_ones_say() {
    let plain = posts(0..5_000);
    let packed = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    };
    // Log rotation joins gzip members, and pzstd joins frames.
    let (first, second) = plain.as_bytes().split_at(plain.len() / 2);
    let gz = [packed(first), packed(second)].concat();
    let zst = [first, second].map(|part| zstd::bulk::compress(part, 3).expect("memory")).concat();
    let ask = "SELECT count(*), min(post_id), max(post_id), sum(length(text)) FROM mentions";
    let archives =
        [("a.jsonl", plain.as_bytes()), ("a.jsonl.gz", gz.as_slice()), ("a.jsonl.zst", &zst)];
    let answers = archives.map(|(name, bytes)| {
        let place = Place::new();
        let worked = place.reprocess(&file(place.folder.path(), name, bytes));
        assert!(worked.status.success(), "{name}: {}", stderr(&worked));
        query(&place.lake, ask)
    });
    assert!(answers[0].starts_with("5000,0,999,"), "{answers:?}");
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");

    let place = Place::new();
    let cut = place.reprocess(&file(place.folder.path(), "cut.jsonl.gz", &gz[..gz.len() - 20]));
    assert!(!cut.status.success() && stderr(&cut).contains("cut.jsonl.gz"), "{}", stderr(&cut));
}

#[test]
fn a_growing_file_is_followed_through_a_restart() {
    let place = Place::new();
    let log = file(place.folder.path(), "log.jsonl", posts(0..3));
    let config = run_config(&place, &log, "follow = true");
    let count = |want| wait_for_answer(&place.lake, "SELECT count(*) FROM mentions", want);
    let process = live(&config);
    count("3");
    let post = posts(3..4);
    let (half, rest) = post.split_at(40);
    append(&log, half);
    append(&log, rest);
    count("4");
    drop(process);
    append(&log, posts(4..6));
    let _process = live(&config);
    append(&log, posts(6..7));
    count("7");
    assert_eq!(query(&place.lake, "SELECT count(DISTINCT post_id) FROM posts"), "7");
}

/// A disk of its own needs a mount namespace; without the right to one there is nothing to see.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_loses_nothing() {
    let place = Place::new();
    // Text that does not compress: 256 random bytes a post.
    let noise = |number: u32| -> String {
        let hash = |part: u32| blake3::hash(&(8 * number + part).to_le_bytes()).to_hex();
        (0..8).map(|part| hash(part).to_string()).collect()
    };
    let lines: String = (0..20_000)
        .map(|number| line(&number.to_string(), "2026-03-01T11:59:59Z", &noise(number)))
        .collect();
    let archive = file(place.folder.path(), "noise.jsonl", lines);
    let config = run_config(&place, &archive, "follow = false");
    let script = r#"
        mount -t tmpfs -o size=16m none "$1" || exit 77
        head -c 11m /dev/zero > "$1/ballast"
        "$2" run --config "$3"; echo "full: $?"
        "$2" query --format csv --lake "$1/lake" "SELECT count(*) FROM posts"
        rm "$1/ballast"
        "$2" run --config "$3"; echo "free: $?"
        "$2" query --format csv --lake "$1/lake" "SELECT count(*), count(DISTINCT post_id) FROM posts"
    "#;
    let disk = place.folder.path().join("disk");
    std::fs::create_dir(&disk).expect("a folder");
    let text = std::fs::read_to_string(&config).expect("a file");
    let moved =
        text.replace(&place.lake.display().to_string(), &disk.join("lake").display().to_string());
    let config = file(place.folder.path(), "disk.toml", moved);
    let ran = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"])
        .args([&disk, Path::new(env!("CARGO_BIN_EXE_resonanz")), &config])
        .output()
        .expect("util-linux is there");
    if !ran.status.success() && !String::from_utf8_lossy(&ran.stdout).contains("full:") {
        return;
    }
    let (said, errors) = (String::from_utf8_lossy(&ran.stdout), stderr(&ran));
    assert!(said.contains("full: 1"), "{said}{errors}");
    assert!(
        errors.contains("No space left") && errors.contains("hint: free some space"),
        "{errors}"
    );
    assert!(!errors.contains("panicked"), "{errors}");
    assert!(said.contains("free: 0") && said.trim_end().ends_with("20000,20000"), "{said}{errors}");
}
