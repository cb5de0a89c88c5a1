//! What do the end-to-end tests share? The real binary, scratch folders, and a recording receiver.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// The binary under test.
pub(crate) fn resonanz() -> Command {
    Command::new(env!("CARGO_BIN_EXE_resonanz"))
}

/// Runs the binary to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    resonanz().args(arguments).output().expect("the binary runs")
}

/// Standard output as text.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// Standard error as text.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

/// Says why a test tries nothing here.
pub(crate) fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

/// Runs a query and gives its rows as CSV without the header.
pub(crate) fn query(lake: &Path, sql: &str) -> String {
    let output = run(&["query", "--format", "csv", "--lake", lake.to_str().expect("UTF-8"), sql]);
    assert!(output.status.success(), "{sql}: {}", stderr(&output));
    let text = stdout(&output);
    text.split_once('\n').map(|(_, rows)| rows.trim_end().to_owned()).unwrap_or_default()
}

/// Waits until a lake, which may not be there yet, gives this answer.
pub(crate) fn wait_for_answer(lake: &Path, sql: &str, wanted: &str) {
    let ready = || lake.join("alerts/_delta_log").exists();
    wait_for(&format!("{wanted} from {sql}"), || {
        (ready() && query(lake, sql) == wanted).then_some(())
    });
}

/// Every file below a folder with its bytes; of checkpoints what was packed, too.
pub(crate) fn every_file(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).expect("a file");
            let name = path.display().to_string();
            if path.extension().is_some_and(|ending| ending == "checkpoint") {
                let plain = zstd::bulk::decompress(&bytes[16..], 1 << 24).expect("zstd");
                found.push((format!("{name}, unpacked"), plain));
            }
            found.push((name, bytes));
        }
    }
    found
}

/// Takes out of a lake that nobody writes what its sources deleted or replaced.
pub(crate) fn erase_what_was_replaced(lake: &Path) {
    let lake = lake.to_str().expect("UTF-8");
    let erased = run(&["lake", "erase", "--pending", "--yes", "--lake", lake]);
    assert!(erased.status.success(), "{}", stderr(&erased));
}

/// Every byte of a lake and every row of its tables: where what was said can be found.
pub(crate) fn everything(lake: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = every_file(lake);
    for table in ["posts", "mentions", "panes", "alerts", "triage"] {
        let rows = query(lake, &format!("SELECT * FROM {table}"));
        found.push((table.to_owned(), rows.into_bytes()));
    }
    found
}

/// A file of the repository.
/// Python with these modules; nothing, with a word, where it lacks one.
pub(crate) fn python_with(modules: &[&str]) -> Option<OsString> {
    let python = std::env::var_os("RESONANZ_PYTHON").unwrap_or_else(|| "python3".into());
    let script = format!("import {}", modules.join(", "));
    let has = Command::new(&python).args(["-c", &script]).output();
    if has.is_ok_and(|has| has.status.success()) {
        return Some(python);
    }
    skipped(&format!("RESONANZ_PYTHON names no Python with {}", modules.join(" and ")));
    None
}

pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Waits until `ready` gives something; fails after five minutes, so that a busy machine is no reason to.
pub(crate) fn wait_for<T>(what: &str, mut ready: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(300);
    loop {
        if let Some(value) = ready() {
            return value;
        }
        assert!(Instant::now() < deadline, "waited five minutes for {what}");
        std::thread::yield_now();
    }
}

/// A process that is killed when the test ends.
pub(crate) struct Killed(pub(crate) Child);

impl Killed {
    /// Asks the process to end, and waits; its exit code.
    pub(crate) fn terminate(mut self) -> Option<i32> {
        let id = self.0.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status();
        assert!(asked.expect("kill runs").success());
        self.0.wait().expect("the process ends").code()
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a configuration until it is killed; what it says goes nowhere.
pub(crate) fn live(config: &Path) -> Killed {
    let mut command = resonanz();
    command.args(["run", "--config"]).arg(config);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Killed(command.spawn().expect("the process starts"))
}

/// A port on which nobody listens.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("bound").port()
}

/// The body of an HTTP answer, if there is one.
pub(crate) fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned())
}

/// Starts a replay server on a free port; gives its address.
pub(crate) fn replay(archive: &Path, options: &[&str]) -> (Killed, String) {
    serving(resonanz().arg("replay").arg(archive).args(options))
}

/// Starts a server on a free port; gives the address that it says.
pub(crate) fn serving(command: &mut Command) -> (Killed, String) {
    let command = command.args(["--listen", "127.0.0.1:0"]).stdout(Stdio::piped());
    let mut child = command.spawn().expect("the server starts");
    let mut line = String::new();
    let output = child.stdout.take().expect("a pipe");
    BufReader::new(output).read_line(&mut line).expect("the server says where it listens");
    let url = line.trim().rsplit(' ').next().expect("an address").to_owned();
    (Killed(child), url)
}

/// Writes a file in a folder.
pub(crate) fn file(folder: &Path, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    let made = std::fs::File::create(&path);
    made.and_then(|mut file| file.write_all(text.as_ref())).expect("a file");
    path
}

/// Adds to the end of a file.
pub(crate) fn append(path: &Path, text: impl AsRef<[u8]>) {
    let opened = std::fs::OpenOptions::new().append(true).open(path);
    opened.and_then(|mut file| file.write_all(text.as_ref())).expect("written");
}

/// Copies a folder with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// A post as an archive line.
pub(crate) fn line(id: &str, posted_at: &str, text: &str) -> String {
    format!(
        "{{\"id\":\"{id}\",\"author\":\"somebody\",\"posted_at\":\"{posted_at}\",\"received_at\":\"2026-03-01T12:00:00Z\",\"text\":\"{text}\"}}\n"
    )
}

/// A folder for a lake, with a configuration that listens for `acme`.
pub(crate) struct Place {
    /// Removed when the test ends.
    pub(crate) folder: tempfile::TempDir,
    pub(crate) config: PathBuf,
    pub(crate) lake: PathBuf,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let topic = "[[topic]]\nname = \"acme\"\nquery = 'acme'\n";
        let config = file(folder.path(), "topics.toml", topic);
        let lake = folder.path().join("lake");
        Self { folder, config, lake }
    }

    /// Reprocesses an archive into the lake.
    pub(crate) fn reprocess(&self, archive: &Path) -> Output {
        let mut command = resonanz();
        command.arg("reprocess").arg(archive).arg("--config").arg(&self.config);
        command.arg("--lake").arg(&self.lake).output().expect("the binary runs")
    }
}

/// A sequence of numbers without pattern (xorshift), the same in each run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    /// Another sequence for each seed.
    pub(crate) fn of(seed: u64) -> Self {
        Self(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed | 1).wrapping_add(seed))
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// Runs the binary on a terminal of so many columns to its end; what is seen there.
pub(crate) fn on_terminal(columns: usize, arguments: &[&str]) -> String {
    let seen = terminal(columns, "resonanz \"$@\"", arguments).output().expect("script runs");
    String::from_utf8(seen.stdout).expect("UTF-8").replace("\r\n", "\n")
}

/// A terminal of so many columns that runs a line of shell, in which `resonanz` is the binary and
/// `$@` the arguments.
pub(crate) fn terminal(columns: usize, line: &str, arguments: &[&str]) -> Command {
    let quoted: Vec<String> =
        arguments.iter().map(|text| format!("'{}'", text.replace('\'', "'\\''"))).collect();
    let binary = env!("CARGO_BIN_EXE_resonanz");
    let line = format!(
        "stty cols {columns} rows 24 -echo; resonanz() {{ '{binary}' \"$@\"; }}; set -- {}; {line}",
        quoted.join(" ")
    );
    let mut command = Command::new("script");
    command.args(["--quiet", "--flush", "--return", "--command", &line, "/dev/null"]);
    command.env("SHELL", "/bin/sh").stdin(Stdio::null());
    command
}
