//! Does the PostgreSQL wire hold against hostile bytes, and fetch in parts? A client of our own that
//! logs in as drivers do and can then send anything.

use std::io::{Read, Write};
use std::net::TcpStream;

use base64::prelude::{BASE64_STANDARD, Engine};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::ask::lake;
use crate::postgres::{PASSWORD, Served};

/// Sends anything.
pub(crate) struct Client(TcpStream);

type Answer = (u8, Vec<u8>);

fn mac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

fn xor(left: [u8; 32], right: [u8; 32]) -> [u8; 32] {
    std::array::from_fn(|place| left[place] ^ right[place])
}

/// The password as SCRAM salts it.
fn salted(password: &str, salt: &[u8], iterations: u32) -> [u8; 32] {
    let mut last = mac(password.as_bytes(), &[salt, &[0, 0, 0, 1]].concat());
    let mut all = last;
    for _ in 1..iterations {
        last = mac(password.as_bytes(), &last);
        all = xor(all, last);
    }
    all
}

fn text(text: &str) -> Vec<u8> {
    [text.as_bytes(), &[0]].concat()
}

fn sized(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).expect("short").to_be_bytes()[..], bytes].concat()
}

/// A message with its type and length.
pub(crate) fn framed(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("short").to_be_bytes();
    [&[kind][..], &length, body].concat()
}

/// The message that opens a connection.
pub(crate) fn startup(user: &str) -> Vec<u8> {
    let body: Vec<u8> = [
        196_608_u32.to_be_bytes().to_vec(),
        text("user"),
        text(user),
        text("database"),
        text("resonanz"),
        vec![0],
    ]
    .concat();
    framed(0, &body)[1..].to_vec()
}

/// The first word of SCRAM, and its part that is signed.
pub(crate) fn first() -> (Vec<u8>, String) {
    let bare = "n=,r=abcdefgh".to_owned();
    let body = [text("SCRAM-SHA-256"), sized(format!("n,,{bare}").as_bytes())].concat();
    (framed(b'p', &body), bare)
}

/// The last word of SCRAM, with a proof by this password.
pub(crate) fn last(bare: &str, server: &str, password: &str) -> Vec<u8> {
    let part = |name: &str| {
        let found = server.split(',').find_map(|part| part.strip_prefix(name));
        found.expect("a part of SCRAM").to_owned()
    };
    let salt = BASE64_STANDARD.decode(part("s=")).expect("base64");
    let salted = salted(password, &salt, part("i=").parse().expect("a number"));
    let unsigned = format!("c=biws,r={}", part("r="));
    let key = mac(&salted, b"Client Key");
    let stored: [u8; 32] = Sha256::digest(key).into();
    let signature = mac(&stored, format!("{bare},{server},{unsigned}").as_bytes());
    let proof = BASE64_STANDARD.encode(xor(key, signature));
    framed(b'p', format!("{unsigned},p={proof}").as_bytes())
}

impl Client {
    pub(crate) fn connect(served: &Served) -> Self {
        Self(TcpStream::connect(("127.0.0.1", served.port)).expect("it listens"))
    }

    pub(crate) fn login(served: &Served) -> Self {
        let mut client = Self::connect(served);
        client.send(&startup("resonanz"));
        assert_eq!(client.read().expect("an answer").0, b'R');
        let (message, bare) = first();
        client.send(&message);
        let (_, server) = client.read().expect("an answer");
        let server = String::from_utf8(server[4..].to_vec()).expect("UTF-8");
        client.send(&last(&bare, &server, PASSWORD));
        let answers = client.until_ready();
        assert!(answers.iter().any(|(kind, _)| *kind == b'K'), "{answers:?}");
        client
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        // The server may have closed already; that shows in what it answered.
        let _ = self.0.write_all(bytes);
    }

    /// The next message; `None` at the end.
    pub(crate) fn read(&mut self) -> Option<Answer> {
        let mut head = [0; 5];
        self.0.read_exact(&mut head).ok()?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        let mut body = vec![0; usize::try_from(length).expect("short").checked_sub(4)?];
        self.0.read_exact(&mut body).ok()?;
        Some((head[0], body))
    }

    /// All up to the server's being ready, or gone.
    fn until_ready(&mut self) -> Vec<Answer> {
        let mut answers = Vec::new();
        while let Some(answer) = self.read() {
            let ready = answer.0 == b'Z';
            answers.push(answer);
            if ready {
                break;
            }
        }
        answers
    }

    /// Sends messages and gives the kinds of the answers.
    fn ask(&mut self, messages: &[Vec<u8>]) -> String {
        self.send(&messages.concat());
        kinds(&self.until_ready())
    }
}

pub(crate) fn kinds(answers: &[Answer]) -> String {
    answers.iter().map(|(kind, _)| char::from(*kind)).collect()
}

fn parse(sql: &str) -> Vec<u8> {
    framed(b'P', &[text(""), text(sql), vec![0, 0]].concat())
}

/// Parameters as they stand, with formats for the answer.
fn bind(parameters: &[u8], formats: &[i16]) -> Vec<u8> {
    let count = i16::try_from(formats.len()).expect("few").to_be_bytes();
    let formats = formats.iter().flat_map(|format| format.to_be_bytes());
    let formats: Vec<u8> = count.into_iter().chain(formats).collect();
    framed(b'B', &[text(""), text(""), vec![0, 0], parameters.to_vec(), formats].concat())
}

fn execute(rows: i32) -> Vec<u8> {
    framed(b'E', &[text(""), rows.to_be_bytes().to_vec()].concat())
}

fn query(sql: &str) -> Vec<u8> {
    framed(b'Q', &text(sql))
}

fn sync() -> Vec<u8> {
    framed(b'S', &[])
}

const NO_PARAMETERS: [u8; 2] = [0, 0];

#[test]
fn rows_are_fetched_in_parts() {
    let served = Served::new(lake(), &[]);
    let mut client = Client::login(&served);
    let sql = "SELECT value FROM generate_series(1, 10)";
    let portal = framed(b'D', b"P\0");
    let all = client.ask(&[parse(sql), bind(&NO_PARAMETERS, &[]), portal, execute(0), sync()]);
    assert_eq!(all, format!("12T{}CZ", "D".repeat(10)));
    // Within a transaction a portal outlives the sync, as drivers with a fetch size need it.
    assert_eq!(client.ask(&[query("BEGIN")]), "CZ");
    let part = client.ask(&[parse(sql), bind(&NO_PARAMETERS, &[1]), execute(4), sync()]);
    assert_eq!(part, "12DDDDsZ");
    assert_eq!(client.ask(&[execute(4), sync()]), "DDDDsZ");
    assert_eq!(client.ask(&[execute(4), sync()]), "DDCZ");
    assert_eq!(client.ask(&[query("COMMIT")]), "CZ");
    assert_eq!(client.ask(&[execute(4), sync()]), "EZ", "the portal went with the transaction");
    // Outside of one it ends at the sync.
    assert_eq!(client.ask(&[parse(sql), bind(&NO_PARAMETERS, &[]), execute(1), sync()]), "12DsZ");
    assert_eq!(client.ask(&[execute(1), sync()]), "EZ");
    assert_eq!(client.ask(&[query("SELECT 1")]), "TDCZ");
    assert_eq!(client.ask(&[query(" ; ")]), "IZ");
}

#[test]
fn a_failure_leaves_out_what_was_sent_with_it() {
    let served = Served::new(lake(), &[]);
    let mut client = Client::login(&served);
    let bound = bind(&NO_PARAMETERS, &[]);
    let skipped = [parse("SELECT topc FROM mentions"), bound.clone(), execute(0), sync()];
    assert_eq!(client.ask(&skipped), "EZ");
    for (what, messages) in [
        ("formats for other columns", vec![parse("SELECT 1"), bind(&NO_PARAMETERS, &[0, 1])]),
        ("no parameter", vec![parse("SELECT $1::int"), bound.clone()]),
        ("too many", vec![parse("SELECT 1"), bind(&[0, 1, 0, 0, 0, 1, b'7'], &[])]),
        (
            "no number",
            vec![parse("SELECT $1::int"), bind(&[0, 1, 0, 0, 0, 1, b'x'], &[]), execute(0)],
        ),
        ("a far parameter", vec![parse("SELECT $4000000000::int")]),
        ("no such portal", vec![framed(b'E', b"p\0\0\0\0\0")]),
        ("no such statement", vec![framed(b'D', b"Ss\0")]),
        ("a write", vec![parse("DROP TABLE mentions")]),
    ] {
        let answers = client.ask(&[messages.concat(), sync()]);
        assert!(answers.ends_with("EZ"), "{what}: {answers}");
    }
    let number = bind(&[0, 1, 0, 0, 0, 1, b'7'], &[]);
    // Fewer than no rows are all rows.
    assert_eq!(client.ask(&[parse("SELECT $1::int"), number, execute(-1), sync()]), "12DCZ");
    assert_eq!(client.ask(&[execute(i32::MAX), sync()]), "EZ");
    let many = [parse("SELECT 1"), bound, execute(i32::MAX), sync()];
    assert_eq!(client.ask(&many), "12DCZ");
    assert_eq!(client.ask(&[framed(b'd', b"x"), framed(b'c', &[]), query("SELECT 1")]), "TDCZ");
}

#[test]
fn nothing_is_answered_before_the_login() {
    let served = Served::new(lake(), &[]);
    let asked = query("SELECT count(*) FROM mentions");
    let (word, bare) = first();
    let unproven = framed(b'p', b"c=biws,r=abcdefgh,p=AAAA");
    let channel = [text("SCRAM-SHA-256-PLUS"), sized(b"p=tls-server-end-point,,n=,r=x")].concat();
    for (what, messages, wanted) in [
        ("no word", vec![asked.clone()], "RE"),
        ("the bare password", vec![framed(b'p', &text(PASSWORD)), asked.clone()], "RE"),
        ("another method", vec![framed(b'p', &channel), asked.clone()], "RE"),
        ("a statement in between", vec![word.clone(), asked.clone()], "RRE"),
        ("no proof", vec![word.clone(), unproven.clone(), asked.clone()], "RRE"),
        ("two first words", vec![word.clone(), word.clone(), asked.clone()], "RRE"),
        ("a prepared statement", vec![parse("SELECT 1"), sync()], "RE"),
    ] {
        let mut client = Client::connect(&served);
        client.send(&[vec![startup("resonanz")], messages].concat().concat());
        let answers = client.until_ready();
        assert_eq!(kinds(&answers), wanted, "{what}");
        let (_, said) = answers.last().expect("an answer");
        assert!(String::from_utf8_lossy(said).contains("FATAL"), "{what}");
    }
    // A wrong password, and another user's, are refused alike.
    for (user, password) in
        [("resonanz", "correct horse batters"), ("postgres", PASSWORD), ("", "")]
    {
        let mut client = Client::connect(&served);
        client.send(&startup(user));
        if !user.is_empty() {
            assert_eq!(client.read().expect("an answer").0, b'R');
            client.send(&word);
            let (_, server) = client.read().expect("an answer");
            let server = String::from_utf8(server[4..].to_vec()).expect("UTF-8");
            client.send(&[last(&bare, &server, password), asked.clone()].concat());
        }
        assert_eq!(kinds(&client.until_ready()), "E", "{user}");
    }
    let log = std::fs::read_to_string(served.log.path()).expect("a log");
    assert!(log.contains("wrong user or password"), "{log}");
    assert!(!log.contains(PASSWORD), "the password is in the log");
}

#[test]
fn garbage_ends_only_its_own_connection() {
    let served = Served::new(lake(), &[]);
    let mut other = Client::login(&served);
    let huge = [0x7f, 0xff, 0xff, 0xff];
    for bytes in [
        b"GET / HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        huge.to_vec(),
        vec![0, 0, 0, 0],
        vec![0, 0, 0, 4],
        vec![0, 0, 0, 8, 0, 3, 0, 0],
        [&[0, 0, 0, 9, 0, 3, 0, 0][..], b"u"].concat(),
        vec![0, 0, 0, 8, 0, 2, 0, 0],
        vec![0xff; 20_000],
    ] {
        let mut client = Client::connect(&served);
        client.send(&bytes);
        let _ = client.0.shutdown(std::net::Shutdown::Write);
        assert!(!kinds(&client.until_ready()).contains('Z'), "{bytes:?}");
    }
    for bytes in [
        [&[b'Q'][..], &huge].concat(),
        vec![b'Q', 0, 0, 0, 0],
        framed(b'Q', b"no end"),
        framed(b'Q', b"\xff\xfe\0"),
        framed(b'Q', b"SELECT 1\0SELECT 2\0"),
        framed(b'B', b"\0\0\xff\xff"),
        framed(b'B', b"\0\0\0\0\0\x01\x7f\xff\xff\xff"),
        framed(b'P', b"\0SELECT 1\0\xff\xff"),
        framed(b'D', b"?\0"),
        framed(b'E', b"\0"),
        framed(b'?', b""),
        framed(b'p', &text(PASSWORD)),
    ] {
        let mut client = Client::login(&served);
        client.send(&bytes);
        assert_eq!(kinds(&client.until_ready()), "E", "{bytes:?}");
    }
    assert_eq!(other.ask(&[query("SELECT 1")]), "TDCZ");
    let log = std::fs::read_to_string(served.log.path()).expect("a log");
    assert!(!log.contains("panicked"), "{log}");
}

#[test]
fn a_full_house_turns_late_comers_away_unless_somebody_is_idle() {
    let served = Served::new(lake(), &["--concurrent", "1"]);
    let mut clients: Vec<Client> = (0..64).map(|_| Client::login(&served)).collect();
    // Who is in a transaction is not idle.
    clients.iter_mut().for_each(|client| assert_eq!(client.ask(&[query("BEGIN")]), "CZ"));
    let mut late = Client::connect(&served);
    late.send(&startup("resonanz"));
    assert_eq!(late.read().expect("an answer").0, b'R');
    let (word, bare) = first();
    late.send(&word);
    let (_, server) = late.read().expect("an answer");
    let server = String::from_utf8(server[4..].to_vec()).expect("UTF-8");
    late.send(&last(&bare, &server, PASSWORD));
    let answers = late.until_ready();
    assert!(kinds(&answers).ends_with('E'), "{answers:?}");
    let said = String::from_utf8_lossy(&answers[answers.len() - 1].1).into_owned();
    assert!(said.contains("53300") && said.contains("none of them is idle"), "{said}");
    for client in [0, 1, 63] {
        clients[client].ask(&[query("COMMIT")]);
    }
    crate::support::wait_for("a place", || {
        let mut client = Client::connect(&served);
        client.send(&startup("resonanz"));
        client.read()?;
        client.send(&word);
        let (_, server) = client.read()?;
        let server = String::from_utf8(server[4..].to_vec()).ok()?;
        client.send(&last(&bare, &server, PASSWORD));
        kinds(&client.until_ready()).ends_with('Z').then_some(())
    });
    // The one that was idle for longest made room.
    let (kind, said) = clients.remove(0).read().expect("a word before it is closed");
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(kind == b'E' && said.contains("57P05"), "{said}");
    clients[1].ask(&[query("COMMIT")]);
    // A place among the queries at once is waited for.
    let [first, second, ..] = &mut clients[..] else { panic!("clients") };
    let endless = "SELECT * FROM generate_series(1, 100000000000)";
    first.send(&query(endless));
    assert_eq!(first.read().expect("an answer").0, b'T');
    second.send(&query("SET statement_timeout = '1s'"));
    second.until_ready();
    second.send(&query("SELECT 1"));
    let answers = second.until_ready();
    assert!(String::from_utf8_lossy(&answers[0].1).contains("53300"), "{answers:?}");
    drop(clients.remove(0));
    let second = &mut clients[0];
    crate::support::wait_for("a place", || {
        (second.ask(&[query("SELECT 1")]) == "TDCZ").then_some(())
    });
}
