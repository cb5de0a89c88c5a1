//! What if the lake's files are not what was written, or the machine is not as it should be? It is
//! said where and how to mend it, with the right exit code, and nothing is lost.

use std::fs::{self, File, FileTimes};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

use crate::support::{Place, copy, file, live, query, resonanz, run, stderr, stdout, wait_for};

const COUNTS: &str = "SELECT count(*), count(DISTINCT post_id) FROM mentions";

/// A lake that reads one growing file, a commit a run.
struct Grown {
    place: Place,
    posts: PathBuf,
    config: PathBuf,
}

impl Grown {
    /// A lake of so many commits, one post each.
    fn new(commits: u32) -> Self {
        let place = Place::new();
        let posts = file(place.folder.path(), "posts.jsonl", "");
        let text = format!(
            "[lake]\npath = \"lake\"\n[[source]]\nname = \"f\"\ntype = \"file\"\npath = \"posts.jsonl\"\n{}",
            fs::read_to_string(&place.config).expect("a file")
        );
        let config = file(place.folder.path(), "run.toml", text);
        let grown = Self { place, posts, config };
        for number in 1..=commits {
            let ended = grown.more(&post(&number.to_string(), "2026-03-01T12:00:00Z"));
            assert!(ended.status.success(), "{}", stderr(&ended));
        }
        grown
    }

    /// Runs over what more the file holds.
    fn more(&self, lines: &str) -> Output {
        let mut posts = File::options().append(true).open(&self.posts).expect("a file");
        posts.write_all(lines.as_bytes()).expect("written");
        resonanz().arg("run").arg("--config").arg(&self.config).output().expect("it runs")
    }

    fn ask(&self, sql: &str) -> Output {
        run(&["query", "--lake", self.place.lake.to_str().expect("UTF-8"), sql])
    }

    fn entry(&self, version: u32) -> PathBuf {
        self.place.lake.join(format!("mentions/_delta_log/{version:020}.json"))
    }

    /// The files of the mentions, in order.
    fn parquet(&self) -> Vec<PathBuf> {
        let days = fs::read_dir(self.place.lake.join("mentions")).expect("a folder").flatten();
        let days = days.filter(|day| day.file_name().to_string_lossy().starts_with("day="));
        let files = days.flat_map(|day| fs::read_dir(day.path()).expect("a folder").flatten());
        let mut files: Vec<PathBuf> = files.map(|file| file.path()).collect();
        files.sort();
        files
    }
}

fn post(id: &str, received_at: &str) -> String {
    format!(
        "{{\"id\":\"{id}\",\"text\":\"acme is great\",\"posted_at\":\"2026-03-01T11:59:59Z\",\"received_at\":\"{received_at}\"}}\n"
    )
}

/// Damage: exit code 3, with words that name the place, and a hint.
fn says(ended: &Output, words: &str) {
    let said = stderr(ended);
    assert_eq!(ended.status.code(), Some(3), "{said}");
    assert!(said.contains(words) && said.contains("hint: "), "{words}: {said}");
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn a_parquet_file_that_is_cut_overwritten_or_gone_is_named_and_the_other_days_are_read() {
    let grown = Grown::new(1);
    assert!(grown.more(&post("2", "2026-03-02T12:00:00Z")).status.success());
    let files = grown.parquet();
    let [first, _] = files.as_slice() else { panic!("{files:?}") };
    let name = first.file_name().and_then(|name| name.to_str()).expect("UTF-8");
    let whole = fs::read(first).expect("a file");
    let put = |bytes: &[u8]| file(first.parent().expect("a day"), name, bytes);
    let ask = || grown.ask("SELECT count(text) FROM mentions WHERE text <> ''");
    for damage in [&[][..], &whole[..whole.len() / 2], &[b'x'; 4_096]] {
        put(damage);
        says(&ask(), name);
    }
    put(&whole[4..]);
    says(&ask(), "Parquet");
    fs::remove_file(first).expect("removed");
    says(&ask(), "the table's log names it, and it is not there");
    // Writing needs no old rows.
    assert!(grown.more(&post("3", "2026-03-02T12:00:01Z")).status.success());
    put(&whole);
    assert_eq!(query(&grown.place.lake, COUNTS), "3,3");
}

#[test]
fn a_log_with_a_gap_or_noise_is_damage_and_nothing_is_written_over_it() {
    let grown = Grown::new(3);
    let entry = grown.entry(2);
    let whole = fs::read(&entry).expect("a file");
    let before = grown.parquet();
    fs::remove_file(&entry).expect("removed");
    says(&grown.ask(COUNTS), "mentions/_delta_log");
    says(&grown.more(&post("4", "2026-03-01T12:00:00Z")), "mentions/_delta_log");
    for noise in [&b"{\"add\":"[..], b"\xff\xfe\x00", &whole[..whole.len() / 2]] {
        fs::File::create(&entry).and_then(|mut file| file.write_all(noise)).expect("written");
        says(&grown.ask(COUNTS), "mentions/_delta_log");
        says(&grown.more(""), "mentions/_delta_log");
    }
    assert_eq!(grown.parquet(), before, "no file came or went");
    fs::File::create(&entry).and_then(|mut file| file.write_all(&whole)).expect("written");
    assert!(grown.more("").status.success());
    assert_eq!(query(&grown.place.lake, COUNTS), "4,4");
}

#[test]
fn a_table_that_is_gone_or_anothers_is_damage() {
    let grown = Grown::new(2);
    let table = |name: &str| grown.place.lake.join(name);
    let moved = table("aside");
    fs::rename(table("mentions"), &moved).expect("moved");
    says(&grown.more(""), "the table's log is gone");
    assert!(!table("mentions").exists(), "no empty table takes its place");
    copy(&table("alerts"), &table("mentions"));
    says(&grown.more(""), "it is another table: it has no column");
    says(&grown.ask(COUNTS), "it is another table: it has no column");
    fs::remove_dir_all(table("mentions")).expect("removed");
    fs::rename(&moved, table("mentions")).expect("moved back");
    assert!(grown.more(&post("3", "2026-03-01T12:00:00Z")).status.success());
    assert_eq!(query(&grown.place.lake, COUNTS), "3,3");
    // One that lakes of older versions lack is missed where it was.
    fs::rename(table("triage"), &moved).expect("moved");
    says(&grown.more(""), "the table's log is gone");
    assert!(!grown.ask("SELECT count(*) FROM triage").status.success());
    fs::rename(&moved, table("triage")).expect("moved back");
    assert_eq!(query(&grown.place.lake, "SELECT count(*) FROM triage"), "0");
}

#[test]
fn strangers_in_the_folder_are_left_alone_and_not_read() {
    let grown = Grown::new(1);
    let lake = &grown.place.lake;
    copy(&lake.join("mentions"), &lake.join("guest"));
    let day = lake.join("mentions/day=2026-03-01");
    let guest = file(&day, "guest.parquet", "no Parquet at all");
    file(&lake.join("mentions"), "notes.txt", "by hand");
    fs::create_dir(lake.join("mentions/day=never")).expect("a folder");
    assert!(grown.more(&post("2", "2026-03-01T12:00:00Z")).status.success());
    assert_eq!(query(lake, COUNTS), "2,2");
    assert!(guest.exists() && lake.join("guest/_delta_log").exists());
}

#[test]
fn there_is_one_writer_and_any_number_of_readers() {
    let grown = Grown::new(1);
    let text = fs::read_to_string(&grown.config).expect("a file");
    let follow = text.replace("type = \"file\"", "type = \"file\"\nfollow = true");
    let follow = file(grown.place.folder.path(), "follow.toml", follow);
    let process = live(&follow);
    let lock = grown.place.lake.join("_resonanz/lock");
    let held = || File::open(&lock).is_ok_and(|lock| lock.try_lock().is_err());
    wait_for("the lock", || held().then_some(()));
    let second = grown.more(&post("2", "2026-03-01T12:00:00Z"));
    assert_eq!(second.status.code(), Some(2), "{}", stderr(&second));
    assert!(stderr(&second).contains("is being written by another process"));
    assert!(stderr(&second).contains("hint: stop the other process"));
    wait_for("the post", || (query(&grown.place.lake, COUNTS) == "2,2").then_some(()));
    drop(process);
    assert!(grown.more("").status.success(), "a killed writer leaves no lock behind");
}

#[test]
fn a_clock_that_steps_back_costs_nothing() {
    let grown = Grown::new(1);
    // As if the clock had been far ahead when this was written.
    let ahead = SystemTime::now() + Duration::from_secs(50 * 365 * 86_400);
    let log = grown.place.lake.join("mentions/_delta_log");
    let entries = fs::read_dir(log).expect("a folder").flatten().map(|entry| entry.path());
    for path in entries.chain(grown.parquet()) {
        let opened = File::options().write(true).open(&path).expect("a file");
        opened.set_times(FileTimes::new().set_modified(ahead)).expect("set");
    }
    let back = ["2026-03-03T00:00:01Z", "2026-03-02T23:59:59Z", "2026-03-01T12:00:00Z"];
    let back: String =
        (2..).zip(back).map(|(id, received_at)| post(&format!("{id}"), received_at)).collect();
    assert!(grown.more(&back).status.success());
    assert!(grown.more(&post("5", "2026-03-01T11:59:59Z")).status.success());
    assert_eq!(query(&grown.place.lake, COUNTS), "5,5");
    let days = "SELECT day, count(*) FROM mentions GROUP BY day ORDER BY day";
    assert_eq!(query(&grown.place.lake, days), "2026-03-01,3\n2026-03-02,1\n2026-03-03,1");
}

#[test]
fn a_clock_from_before_the_lake_was_made_is_told_and_nothing_is_refused_by_it() {
    let grown = Grown::new(1);
    let made = File::options().write(true).open(grown.place.lake.join("_resonanz/lake.json"));
    let made = made.expect("a file");
    let set = |days: u64| {
        let ahead = SystemTime::now() + Duration::from_secs(days * 86_400);
        made.set_times(FileTimes::new().set_modified(ahead)).expect("set");
    };
    set(30);
    let ended = grown.more(&post("2", "2026-03-01T12:00:00Z"));
    let said = stderr(&ended);
    assert_eq!(ended.status.code(), Some(1), "a supervisor tries again: {said}");
    assert!(said.contains("the clock of this machine says") && said.contains("set the clock"));
    assert_eq!(query(&grown.place.lake, COUNTS), "1,1", "reading needs no clock");
    set(0);
    assert!(grown.more("").status.success());
    assert_eq!(query(&grown.place.lake, COUNTS), "2,2");
}

#[test]
fn an_environment_that_makes_no_sense_stops_nothing() {
    let grown = Grown::new(1);
    let odd = [
        ("TOKIO_WORKER_THREADS", "0"),
        ("TOKIO_WORKER_THREADS", "many"),
        ("RAYON_NUM_THREADS", "many"),
        ("TZ", "nowhere///"),
        ("LC_ALL", "xx"),
        ("RUST_LOG", "=,=="),
        ("COLUMNS", "-5"),
        ("HOME", "/nowhere"),
    ];
    for (name, value) in odd {
        let mut command = resonanz();
        command.args(["query", "--lake"]).arg(&grown.place.lake).arg(COUNTS).env(name, value);
        let asked = command.output().expect("it runs");
        assert!(asked.status.success(), "{name}={value}: {}", stderr(&asked));
        assert_eq!(stderr(&asked), "", "{name}={value}");
    }
}

#[test]
fn a_lake_that_is_being_made_is_empty() {
    let grown = Grown::new(1);
    let lake = &grown.place.lake;
    // As between its beginning and its first table.
    for table in ["posts", "mentions", "panes", "alerts", "triage"] {
        fs::remove_dir_all(lake.join(table)).expect("a table");
    }
    let commits = fs::read_dir(lake.join("_resonanz/commits")).expect("a folder").flatten();
    commits.for_each(|file| fs::remove_file(file.path()).expect("a file"));
    assert_eq!(query(lake, COUNTS), "0,0");
    let verified = run(&["lake", "verify", "--lake", lake.to_str().expect("UTF-8")]);
    assert!(verified.status.success(), "{}", stderr(&verified));
    assert!(grown.more("").status.success());
    assert_eq!(query(lake, COUNTS), "1,1");
}

#[test]
fn huge_values_are_cut_or_kept_and_nothing_grows_with_them() {
    let grown = Grown::new(0);
    let huge = "acme ".repeat(2 << 20);
    let field = |name: &str| {
        format!(
            "{{\"id\":\"{name}\",\"{name}\":\"{huge}\",\"text\":\"acme\",\"posted_at\":\"2026-03-01T12:00:00Z\"}}\n"
        )
    };
    let text =
        format!("{{\"id\":\"t\",\"text\":\"{huge}\",\"posted_at\":\"2026-03-01T12:00:00Z\"}}\n");
    let fields = ["author", "url", "thread", "parent", "source", "lang", "kind"].map(field);
    let ended = grown.more(&[fields.concat(), text].concat());
    assert!(matches!(ended.status.code(), Some(0 | 1)), "{}", stderr(&ended));
    assert!(!stderr(&ended).contains("panicked"), "{}", stderr(&ended));
    let bounds =
        "SELECT max(octet_length(text)) <= 65536, max(octet_length(terms)) <= 1024 FROM mentions";
    assert_eq!(query(&grown.place.lake, bounds), "true,true");
    let kept = "SELECT count(*) FROM mentions WHERE post_id IN ('t', 'author', 'url', 'thread')";
    assert_eq!(query(&grown.place.lake, kept), "4");
}

#[test]
fn nulls_everywhere_are_unknown_where_they_may_be_and_refused_where_not() {
    let grown = Grown::new(0);
    let all =
        ["kind", "lang", "parent", "thread", "url", "reach", "engagement", "author", "source"];
    let nulls: String = all.iter().map(|name| format!("\"{name}\":null,")).collect();
    let sound = format!(
        "{{{nulls}\"received_at\":null,\"id\":\"1\",\"text\":\"acme\",\"posted_at\":\"2026-03-01T12:00:00Z\"}}\n"
    );
    let refused = ["id", "text", "posted_at"].map(|name| {
        let whole = post("2", "2026-03-01T12:00:00Z");
        let value: serde_json::Value = serde_json::from_str(&whole).expect("JSON");
        let mut post = value.as_object().expect("an object").clone();
        post.insert(name.to_owned(), serde_json::Value::Null);
        format!("{}\n", serde_json::Value::Object(post))
    });
    let ended = grown.more(&[sound, refused.concat(), "null\n".to_owned()].concat());
    assert_eq!(ended.status.code(), Some(1), "{}", stderr(&ended));
    assert!(stdout(&ended).contains("refused: 4 malformed"), "{}", stdout(&ended));
    let nulls = "SELECT count(*), count(parent), count(thread), count(url), sum(reach), sum(engagement), count(brand) FROM mentions WHERE url IS NULL AND reach IS NULL";
    assert_eq!(query(&grown.place.lake, nulls), "1,0,0,0,,,0");
    assert_eq!(query(&grown.place.lake, "SELECT source, kind, lang FROM posts"), "f,original,und");
}

/// Needs a mount namespace, as root is stopped by no permission; without the right to one there is
/// nothing to see.
#[cfg(target_os = "linux")]
#[test]
fn a_read_only_folder_can_be_asked_and_is_not_written() {
    let grown = Grown::new(0);
    file(grown.place.folder.path(), "posts.jsonl", post("1", "2026-03-01T12:00:00Z"));
    let script = r#"
        mkdir "$1" && mount -t tmpfs none "$1" || exit 77
        "$2" run --config "$3" && mount -o remount,ro "$1" || exit 77
        "$2" query --format csv --lake "$1" "SELECT count(*) FROM mentions"
        "$2" run --config "$3"; echo "written: $?"
    "#;
    let ran = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"])
        .args([&grown.place.lake, Path::new(env!("CARGO_BIN_EXE_resonanz")), &grown.config])
        .output()
        .expect("util-linux is there");
    if ran.status.code() == Some(77) || !stdout(&ran).contains("written:") {
        return;
    }
    let (said, errors) = (stdout(&ran), stderr(&ran));
    assert!(said.contains("count(*)\n1\n") && said.ends_with("written: 1\n"), "{said}{errors}");
    assert!(errors.contains("Read-only file system") && errors.contains("hint: "), "{errors}");
}

#[test]
fn an_outbox_that_is_none_is_damage_and_left_as_it_is() {
    let grown = Grown::new(1);
    let path = file(&grown.place.lake.join("_resonanz"), "outbox.redb", [b'x'; 4_096]);
    let ended = grown.more(&post("2", "2026-03-01T12:00:00Z"));
    says(&ended, "outbox.redb: this is no outbox of resonanz, or it is damaged");
    assert!(stderr(&ended).contains("move it away"), "{}", stderr(&ended));
    assert_eq!(fs::read(&path).expect("a file"), [b'x'; 4_096]);
}
