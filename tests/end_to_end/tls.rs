//! Is what is sent encrypted where a certificate is given? A client that trusts one authority of its
//! own, and the real psql.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::access::{House, PASSWORD, bearer};
use crate::support::{Killed, append, free_port, run, serving, skipped, stderr, stdout, wait_for};

/// An authority, and certificates of it for `localhost`.
struct Authority(PathBuf);

impl Authority {
    fn new(folder: &Path, name: &str) -> Self {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        let this = Self(folder);
        this.openssl(&[
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
            "-subj",
            "/CN=Tests",
            "-addext",
            "basicConstraints=critical,CA:TRUE",
        ]);
        this
    }

    fn openssl(&self, arguments: &[&str]) {
        let output = Command::new("openssl").args(arguments).current_dir(&self.0).output();
        let output = output.expect("openssl runs");
        assert!(output.status.success(), "{}", stderr(&output));
    }

    /// Writes a certificate and its key to where the configuration names them.
    fn issue(&self, to: &Path) {
        self.openssl(&[
            "req",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "own.key",
            "-out",
            "own.csr",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
        ]);
        self.openssl(&[
            "x509",
            "-req",
            "-in",
            "own.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            "2",
            "-copy_extensions",
            "copy",
            "-out",
            "own.pem",
        ]);
        for name in ["own.key", "own.pem"] {
            std::fs::copy(self.0.join(name), to.join(name)).expect("a copy");
        }
    }

    /// The answer over HTTPS, if this authority vouches for who answers.
    fn get(&self, address: &str, path: &str, headers: &str) -> Option<String> {
        let mut roots = RootCertStore::empty();
        let root = CertificateDer::from_pem_file(self.0.join("ca.pem")).expect("a certificate");
        roots.add(root).expect("a root");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").expect("a name");
        let connection = ClientConnection::new(Arc::new(config), name).expect("a client");
        let socket = TcpStream::connect(address).ok()?;
        let mut stream = StreamOwned::new(connection, socket);
        let head =
            format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n");
        stream.write_all(head.as_bytes()).ok()?;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        Some(String::from_utf8_lossy(&answer).into_owned())
    }
}

#[test]
fn an_own_certificate_encrypts_is_renewed_in_place_and_a_wrong_one_changes_nothing() {
    let house =
        House::new("[serve.tls]\ncert = \"own.pem\"\nkey = \"own.key\"").user("kim", "read");
    let token = house.token("grafana", "read");
    let folder = house.place.folder.path().to_owned();
    let (first, second) = (Authority::new(&folder, "first"), Authority::new(&folder, "second"));
    first.issue(&folder);
    let (_killed, url) = serving(&mut house.command());
    let address = url.strip_prefix("https://").expect("an address").to_owned();

    let ask = |authority: &Authority| authority.get(&address, "/api/v1/topics", &bearer(&token));
    let answer = ask(&first).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("acme"), "{answer}");
    assert_eq!(ask(&second), None, "another authority does not vouch for it");
    let login = first.get(&address, "/login", "").expect("a page");
    assert!(login.contains("name=\"password\""), "{login}");

    // Who forgets the s is told so.
    let mut plain = TcpStream::connect(&address).expect("it listens");
    plain.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").expect("sent");
    let mut answer = String::new();
    plain.read_to_string(&mut answer).expect("answered");
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("https://"), "{answer}");

    // A key that is cut off changes nothing; the next pair is taken.
    std::fs::copy(folder.join("second/ca.key"), folder.join("own.key")).expect("a copy");
    second.issue(&folder);
    wait_for("the new certificate", || ask(&second).filter(|answer| answer.contains("200")));
    assert_eq!(ask(&first), None);
}

#[test]
#[cfg(feature = "postgres")]
fn users_come_to_postgres_over_encryption_and_senders_do_not() {
    let house =
        House::new("[serve.tls]\ncert = \"own.pem\"\nkey = \"own.key\"").user("kim", "read");
    let (reader, sender) = (house.token("grafana", "read"), house.token("n8n", "ingest"));
    let folder = house.place.folder.path().to_owned();
    let authority = Authority::new(&folder, "first");
    authority.issue(&folder);
    let port = free_port();
    let mut command = house.command();
    command.args(["--postgres", &format!("127.0.0.1:{port}")]);
    command.args(["--listen", "127.0.0.1:0"]).stdout(Stdio::null());
    let _killed = Killed(command.spawn().expect("it starts"));
    let psql = |user: &str, password: &str, mode: &str| {
        let target = format!(
            "host=localhost hostaddr=127.0.0.1 port={port} user={user} dbname=resonanz sslmode={mode} sslrootcert={}",
            folder.join("first/ca.pem").display()
        );
        let output = Command::new("psql")
            .args(["-At", "-c", "SELECT count(*) FROM mentions", &target])
            .env("PGPASSWORD", password)
            .output()
            .ok()?;
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Some((output.status.success(), said, stderr(&output)))
    };
    wait_for("the door", || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
    let Some(kim) = psql("kim", PASSWORD, "verify-full") else {
        return skipped("psql is not installed");
    };
    assert_eq!((kim.0, kim.1.as_str()), (true, "3"), "{}", kim.2);
    let token = psql("grafana", &reader, "verify-full").expect("psql");
    assert_eq!((token.0, token.1.as_str()), (true, "3"), "{}", token.2);
    for (user, password) in [
        ("kim", "not the password"),
        ("n8n", sender.as_str()),
        ("nobody", PASSWORD),
        ("kim", &reader),
    ] {
        let (is_in, _, said) = psql(user, password, "verify-full").expect("psql");
        assert!(!is_in && said.contains("user or password is wrong"), "{user}: {said}");
    }
    // On this machine nobody reads along.
    let near = psql("kim", PASSWORD, "disable").expect("psql");
    assert!(near.0, "{}", near.2);
}

#[test]
fn a_certificate_that_cannot_be_used_is_refused_before_anything_begins() {
    let house =
        House::new("[serve.tls]\ncert = \"own.pem\"\nkey = \"own.key\"").user("kim", "read");
    let folder = house.place.folder.path();
    let (first, second) = (Authority::new(folder, "first"), Authority::new(folder, "second"));
    let check = || {
        let mut command = crate::support::resonanz();
        let output = command.args(["check", "--config"]).arg(house.config()).output();
        let output = output.expect("it runs");
        (output.status.code(), stderr(&output))
    };
    let (code, said) = check();
    assert!(code == Some(2) && said.contains("own.pem"), "{said}");
    first.issue(folder);
    assert_eq!(check().0, Some(0), "{}", check().1);
    std::fs::copy(second.0.join("ca.key"), folder.join("own.key")).expect("a copy");
    let (code, said) = check();
    assert!(code == Some(2) && said.contains("private key of the first certificate"), "{said}");
    crate::support::file(folder, "own.key", "no key");
    let (code, said) = check();
    assert!(code == Some(2) && said.contains("own.key"), "{said}");
}

#[test]
fn a_health_check_asks_where_the_configuration_says_encrypted_or_not() {
    let encrypted = "[serve.tls]\ncert = \"own.pem\"\nkey = \"own.key\"";
    for (serve, scheme) in [("", "http"), (encrypted, "https")] {
        let house = House::new(serve).user("kim", "read");
        let folder = house.place.folder.path().to_owned();
        Authority::new(&folder, "authority").issue(&folder);
        let (process, url) = serving(&mut house.command());
        let port = url.rsplit(':').next().expect("a port");
        let config = house.config();
        let config = config.to_str().expect("UTF-8");
        let asked = || run(&["health", "--port", port, "--config", config]);
        let well = asked();
        assert_eq!(stdout(&well), "ok\n", "{}", stderr(&well));
        assert_eq!(well.status.code(), Some(0));
        // Where there is no configuration, the port says enough, unless one is named.
        if scheme == "http" {
            assert_eq!(stdout(&run(&["health", "--port", port])), "ok\n");
            let lost = run(&["health", "--port", port, "--config", "/no/such.toml"]);
            assert_eq!(lost.status.code(), Some(2), "{}", stderr(&lost));
        }
        // What was broken meanwhile says nothing against the process that runs.
        append(&house.config(), "[[topic]]\nname = 7\n");
        assert_eq!(asked().status.code(), Some(0));
        drop(process);
        let gone = asked();
        assert_eq!(gone.status.code(), Some(1));
        let said = format!("no answer from {scheme}://127.0.0.1:{port}/healthz");
        assert!(stderr(&gone).contains(&said), "{}", stderr(&gone));
    }
}
