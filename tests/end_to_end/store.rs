//! Which bucket do the tests keep lakes in? One of an S3 server that is not ours, behind a door.
//!
//! The server is Python's moto, if `RESONANZ_PYTHON` names a Python that has it, with boto3,
//! deltalake and duckdb; otherwise there is none.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use crate::reprocess::{ALERTS, MENTIONS, PANES};
use crate::support::{Killed, file, query, repository, resonanz, stderr, stdout, wait_for};

const POSTS: &str = "SELECT * FROM posts ORDER BY received_at, source, post_id";
/// Never to be seen in what the program says.
const SECRET: &str = "a-secret-of-the-test";
/// Makes a server with a bucket, says where, and lives as long as its input.
const SERVER: &str = "\
import sys
import boto3
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address='127.0.0.1', port=0, verbose=False)
server.start()
address = 'http://%s:%d' % server.get_host_and_port()
boto3.client('s3', endpoint_url=address, region_name='us-east-1').create_bucket(Bucket='lakes')
print('at', address, flush=True)
sys.stdin.read()
";

/// After so many kills a command is left alone.
const KILLS_MAX: u32 = 16;

/// An S3 server with an empty bucket, and a folder beside it.
pub(crate) struct Store {
    folder: tempfile::TempDir,
    pub(crate) endpoint: String,
    _server: Killed,
}

impl Store {
    /// `None` where there is no such server.
    pub(crate) fn new(settings: &[(&str, &str)]) -> Option<Self> {
        let Some(python) = std::env::var_os("RESONANZ_PYTHON") else {
            return skipped("RESONANZ_PYTHON names no Python");
        };
        let mut command = Command::new(python);
        command.args(["-c", SERVER]).envs(settings.iter().copied());
        command.envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", SECRET)]);
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = piped.spawn().expect("Python starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let said = lines
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("at ").map(str::to_owned));
        let server = Killed(child);
        let Some(endpoint) = said else { return skipped("it has no moto with boto3") };
        let folder = tempfile::tempdir().expect("a folder");
        Some(Self { folder, endpoint, _server: server })
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// A configuration over a file of posts; the lake is `s3://lakes/NAME`, or a folder.
    pub(crate) fn config(&self, name: &str, lake: &str, source: &str) -> PathBuf {
        let demo = fs::read_to_string(repository("data/demo.toml")).expect("a file");
        let text = format!(
            "[lake]\n{lake}\ncommit_interval = \"20ms\"\n\
             [privacy]\nauthor_key_file = \"author.key\"\n\
             [[source]]\nname = \"f\"\ntype = \"file\"\npath = \"{name}.jsonl\"\n{source}\n{demo}\n\
             [[topic]]\nname = \"acme\"\nquery = 'acme'\n"
        );
        file(self.root(), &format!("{name}.toml"), text)
    }

    pub(crate) fn bucket_config(&self, name: &str, source: &str) -> PathBuf {
        let lake = format!("path = \"s3://lakes/{name}\"\nstate = \"{name}-state\"");
        self.config(name, &lake, source)
    }

    pub(crate) fn state(&self, name: &str) -> PathBuf {
        self.root().join(format!("{name}-state"))
    }

    pub(crate) fn command(&self) -> Command {
        self.with_access(resonanz())
    }

    pub(crate) fn python(&self) -> Command {
        self.with_access(Command::new(std::env::var_os("RESONANZ_PYTHON").unwrap_or_default()))
    }

    fn with_access(&self, mut command: Command) -> Command {
        command.env("AWS_ENDPOINT_URL", &self.endpoint).env("AWS_ALLOW_HTTP", "true");
        command.env("AWS_REGION", "us-east-1").env("AWS_DEFAULT_REGION", "us-east-1");
        command.envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", SECRET)]);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let output = self.command().args(arguments).output().expect("the binary runs");
        assert!(!stderr(&output).contains(SECRET) && !stdout(&output).contains(SECRET));
        output
    }

    /// Runs what must succeed, and gives what it says.
    pub(crate) fn does(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        stdout(&output)
    }

    /// Runs what must fail, and gives its exit code and what it says.
    pub(crate) fn fails(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.run(arguments);
        assert!(!output.status.success(), "{arguments:?}: {}", stdout(&output));
        (output.status.code().unwrap_or_default(), stderr(&output))
    }

    pub(crate) fn query(&self, name: &str, sql: &str) -> String {
        let lake = format!("s3://lakes/{name}");
        let text = self.does(&["query", "--format", "csv", "--lake", &lake, sql]);
        text.split_once('\n').map(|(_, rows)| rows.trim_end().to_owned()).unwrap_or_default()
    }

    /// Whether both lakes hold the same rows, for us and for a reader that is not ours.
    pub(crate) fn same(&self, name: &str, local: &Path) {
        for sql in [POSTS, MENTIONS, PANES, ALERTS] {
            assert!(self.query(name, sql) == query(local, sql), "{name} differs: {sql}");
        }
        let mut command = self.python();
        command.arg(repository(".ci/same_lake.py")).arg(format!("s3://lakes/{name}")).arg(local);
        let compared = command.output().expect("Python runs");
        assert!(compared.status.success(), "{}{}", stdout(&compared), stderr(&compared));
        let said = self.does(&["lake", "verify", "--lake", &format!("s3://lakes/{name}")]);
        assert!(said.contains(" 0 damaged"), "{said}");
    }

    /// Starts a command again and again, and kills it each time, by turns some looks after its start
    /// and after another commit in one of these folders, until it ends by itself; how often it was
    /// killed.
    pub(crate) fn kill_until_done(&self, arguments: &[&str], states: &[PathBuf]) -> u32 {
        let commits = || states.iter().map(|state| last_commit(state)).sum::<u64>();
        for kills in 0..=KILLS_MAX {
            let before = commits();
            let mut command = self.command();
            command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
            let mut process = Killed(command.spawn().expect("the process starts"));
            let mut looks = 1 + 17 * (kills % 13);
            loop {
                if let Some(status) = process.0.try_wait().expect("a child") {
                    assert!(status.success(), "{status}");
                    return kills;
                }
                if kills < KILLS_MAX && (kills % 2 == 0 || commits() > before) {
                    looks -= 1;
                    if looks == 0 {
                        break;
                    }
                }
                std::thread::park_timeout(Duration::from_millis(1));
            }
        }
        KILLS_MAX
    }
}

fn skipped<T>(why: &str) -> Option<T> {
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
    None
}

/// A way to a server that can be shut.
pub(crate) struct Door {
    pub(crate) address: SocketAddr,
    is_open: Arc<AtomicBool>,
    refused: Arc<AtomicUsize>,
}

impl Door {
    pub(crate) fn before(server: &str) -> Self {
        let server = server.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("bound");
        let is_open = Arc::new(AtomicBool::new(true));
        let refused = Arc::new(AtomicUsize::new(0));
        let (open, count) = (Arc::clone(&is_open), Arc::clone(&refused));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if !open.load(Ordering::SeqCst) {
                    count.fetch_add(1, Ordering::SeqCst);
                    continue;
                }
                let Ok(server) = TcpStream::connect(&server) else { continue };
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (from, to) = (from.try_clone(), to.try_clone());
                    let (Ok(from), Ok(to)) = (from, to) else { continue };
                    let open = Arc::clone(&open);
                    std::thread::spawn(move || pass(from, to, &open));
                }
            }
        });
        Self { address, is_open, refused }
    }

    /// Shuts it for those who are inside too.
    pub(crate) fn shut(&self) {
        self.is_open.store(false, Ordering::SeqCst);
    }

    pub(crate) fn open(&self) {
        self.is_open.store(true, Ordering::SeqCst);
    }

    /// Waits until some more have knocked at the shut door.
    pub(crate) fn wait_for_knocks(&self) {
        let before = self.refused.load(Ordering::SeqCst);
        let knocked = || (self.refused.load(Ordering::SeqCst) >= before + 3).then_some(());
        wait_for("knocks at the shut door", knocked);
    }
}

/// Passes bytes on until one side has ended or the door is shut.
fn pass(mut from: TcpStream, mut to: TcpStream, is_open: &AtomicBool) {
    let mut chunk = [0; 16 * 1024];
    let _ = from.set_read_timeout(Some(Duration::from_millis(20)));
    while is_open.load(Ordering::SeqCst) {
        match from.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => {
                if !is_open.load(Ordering::SeqCst) || to.write_all(&chunk[..length]).is_err() {
                    break;
                }
            }
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                ) => {}
            Err(_) => break,
        }
    }
    let _ = from.shutdown(std::net::Shutdown::Both);
    let _ = to.shutdown(std::net::Shutdown::Both);
}

fn last_commit(state: &Path) -> u64 {
    let entries = fs::read_dir(state.join("commits")).into_iter().flatten().flatten();
    let numbers =
        entries.filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".json")?.parse().ok());
    numbers.max().unwrap_or(0)
}
