//! Does a followed file lose a line when logs are rotated? Every way of rotating, while the process
//! runs and while it does not.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::support::{Place, append, file, free_port, get, line, live, query, wait_for};

fn posts(numbers: std::ops::Range<u32>) -> String {
    let post = |number: u32| {
        line(&format!("n{number:04}"), "2026-03-01T11:59:59Z", &format!("acme {number:04}"))
    };
    numbers.map(post).collect()
}

/// One way to rotate a log: lines that nobody read yet, and lines of the new file.
struct Rotator {
    name: &'static str,
    rotate: fn(&Path, &str, &str),
    /// Whether the lines that nobody read are gone for who did not hold the file.
    deletes: bool,
}

/// The path with something behind its name.
fn beside(path: &Path, ending: &str) -> PathBuf {
    PathBuf::from(format!("{}{ending}", path.display()))
}

fn write(path: &Path, text: &str) {
    file(
        path.parent().expect("a folder"),
        path.file_name().and_then(|name| name.to_str()).expect("a name"),
        text,
    );
}

fn cut(path: &Path) {
    fs::OpenOptions::new().write(true).open(path).expect("a file").set_len(0).expect("cut");
}

const ROTATORS: [Rotator; 10] = [
    Rotator {
        name: "rename",
        rotate: |path, unread, fresh| {
            append(path, unread);
            fs::rename(path, beside(path, ".1")).expect("renamed");
            write(path, fresh);
        },
        deletes: false,
    },
    Rotator {
        name: "rename-and-a-late-writer",
        rotate: |path, unread, fresh| {
            fs::rename(path, beside(path, "-20260301")).expect("renamed");
            write(path, fresh);
            append(&beside(path, "-20260301"), unread);
        },
        deletes: false,
    },
    Rotator {
        name: "rename-twice",
        rotate: |path, unread, fresh| {
            let (first, second) = fresh.split_at(fresh.find('\n').expect("a line") + 1);
            append(path, unread);
            fs::rename(path, beside(path, ".1")).expect("renamed");
            write(path, first);
            fs::rename(beside(path, ".1"), beside(path, ".2")).expect("renamed");
            fs::rename(path, beside(path, ".1")).expect("renamed");
            write(path, second);
        },
        deletes: false,
    },
    Rotator {
        name: "copytruncate",
        rotate: |path, unread, fresh| {
            append(path, unread);
            fs::copy(path, beside(path, ".1")).expect("copied");
            cut(path);
            append(path, fresh);
        },
        deletes: false,
    },
    Rotator {
        name: "copytruncate-twice",
        rotate: |path, unread, fresh| {
            let (first, second) = fresh.split_at(fresh.find('\n').expect("a line") + 1);
            append(path, unread);
            fs::copy(path, beside(path, ".1")).expect("copied");
            cut(path);
            append(path, first);
            fs::rename(beside(path, ".1"), beside(path, ".2")).expect("renamed");
            fs::copy(path, beside(path, ".1")).expect("copied");
            cut(path);
            append(path, second);
        },
        deletes: false,
    },
    Rotator {
        name: "symlink-elsewhere",
        rotate: |path, unread, fresh| {
            append(path, unread);
            let folder = beside(path, "-new.d");
            fs::create_dir(&folder).expect("a folder");
            let link = beside(path, "-link");
            symlink(folder.join("now"), &link).expect("a link");
            write(&folder.join("now"), fresh);
            fs::rename(link, path).expect("switched");
        },
        deletes: false,
    },
    Rotator {
        name: "symlink",
        rotate: |path, unread, fresh| {
            append(path, unread);
            let fresh_file = beside(path, "-new");
            write(&fresh_file, fresh);
            let link = beside(path, "-link");
            symlink(&fresh_file, &link).expect("a link");
            fs::rename(link, path).expect("switched");
        },
        deletes: false,
    },
    Rotator {
        name: "delete-and-create",
        rotate: |path, unread, fresh| {
            append(path, unread);
            fs::remove_file(path).expect("removed");
            write(path, fresh);
        },
        deletes: true,
    },
    Rotator {
        name: "replace",
        rotate: |path, unread, fresh| {
            append(path, unread);
            write(&beside(path, "-draft"), fresh);
            fs::rename(beside(path, "-draft"), path).expect("replaced");
        },
        deletes: true,
    },
    Rotator {
        name: "overwrite",
        rotate: |path, _, fresh| {
            let mut opened = fs::OpenOptions::new().write(true).open(path).expect("a file");
            std::io::Write::write_all(&mut opened, fresh.as_bytes()).expect("written");
        },
        deletes: true,
    },
];

/// A configuration that follows a log for each rotator; the logs hold five lines each.
fn followed(place: &Place, port: u16) -> PathBuf {
    let mut text = format!(
        "[lake]\npath = \"{}\"\ncommit_interval = \"50ms\"\n[serve]\nlisten = \"127.0.0.1:{port}\"\n\
         [[topic]]\nname = \"acme\"\nquery = 'acme'\n",
        place.lake.display()
    );
    for Rotator { name, .. } in ROTATORS {
        let log = log(place, name);
        fs::create_dir(log.parent().expect("a folder")).expect("a folder");
        if name.starts_with("symlink") {
            let folder = if name == "symlink" { log.clone() } else { beside(&log, "-old.d/") };
            let target = beside(&folder, "-old");
            fs::create_dir_all(target.parent().expect("a folder")).expect("a folder");
            write(&target, &posts(0..5));
            symlink(target, &log).expect("a link");
        } else {
            write(&log, &posts(0..5));
        }
        text.push_str(&format!(
            "[[source]]\nname = \"{name}\"\ntype = \"file\"\nfollow = true\npath = \"{}\"\n",
            log.display()
        ));
    }
    file(place.folder.path(), "run.toml", text)
}

fn log(place: &Place, name: &str) -> PathBuf {
    place.folder.path().join(name).join("log.jsonl")
}

/// How many posts of each source are in the lake, by name.
fn wait_for_counts(place: &Place, wanted: &dyn Fn(&Rotator) -> u32) {
    let mut lines: Vec<String> =
        ROTATORS.iter().map(|rotator| format!("{},{}", rotator.name, wanted(rotator))).collect();
    lines.sort();
    let sql = "SELECT source, count(DISTINCT post_id) FROM mentions GROUP BY 1 ORDER BY 1";
    let mut last = String::new();
    let begun = std::time::Instant::now();
    wait_for("every line", || {
        let there = place.lake.join("alerts/_delta_log").exists();
        last = if there { query(&place.lake, sql) } else { String::new() };
        assert!(begun.elapsed().as_secs() < 50, "{last}\nwanted\n{}", lines.join("\n"));
        (last == lines.join("\n")).then_some(())
    });
}

#[test]
fn rotated_logs_lose_no_line_while_they_are_followed() {
    let (place, port) = (Place::new(), free_port());
    let config = followed(&place, port);
    let _process = live(&config);
    wait_for_counts(&place, &|_| 5);
    for Rotator { name, rotate, .. } in ROTATORS {
        // As long as what was read, and then longer.
        rotate(&log(&place, name), &posts(5..8), &posts(10..15));
    }
    let seen = |name: &str| if name == "overwrite" { 10 } else { 13 };
    wait_for_counts(&place, &|rotator| seen(rotator.name));
    for Rotator { name, .. } in ROTATORS {
        append(&log(&place, name), posts(20..40));
    }
    wait_for_counts(&place, &|rotator| seen(rotator.name) + 20);
    let metrics = get(port, "/metrics").expect("metrics");
    assert!(metrics.contains("resonanz_source_gaps_total{source=\"rename\"} 0"), "{metrics}");
    assert!(metrics.contains("resonanz_source_gaps_total{source=\"copytruncate\"} 0"), "{metrics}");
    assert!(metrics.contains("resonanz_source_gaps_total{source=\"overwrite\"} 1"), "{metrics}");
}

#[test]
fn logs_rotated_while_nobody_reads_are_read_to_their_end() {
    for length in [5, 20] {
        let (place, port) = (Place::new(), free_port());
        let config = followed(&place, port);
        let process = live(&config);
        wait_for_counts(&place, &|_| 5);
        assert_eq!(process.terminate(), Some(0));
        for Rotator { name, rotate, .. } in ROTATORS {
            rotate(&log(&place, name), &posts(5..8), &posts(10..10 + length));
        }
        let process = live(&config);
        wait_for_counts(&place, &|rotator| if rotator.deletes { 5 } else { 8 } + length);
        let metrics = get(port, "/metrics").expect("metrics");
        for Rotator { name, deletes, .. } in ROTATORS {
            let wanted =
                format!("resonanz_source_gaps_total{{source=\"{name}\"}} {}", u8::from(deletes));
            assert!(metrics.contains(&wanted), "{wanted} in {metrics}");
        }
        // What was found is not read again, and what lost its name is still known.
        assert_eq!(process.terminate(), Some(0));
        append(&beside(&log(&place, "rename"), ".1"), posts(8..10));
        let _process = live(&config);
        append(&log(&place, "rename"), posts(90..91));
        wait_for_counts(&place, &|rotator| {
            let more = if rotator.name == "rename" { 3 } else { 0 };
            if rotator.deletes { 5 + length } else { 8 + length + more }
        });
    }
}
