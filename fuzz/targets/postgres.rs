//! Does the door for PostgreSQL clients outlive whatever is sent to it? Over a real socket: bytes
//! before a login if the first one is 0, else messages behind one.
#![no_main]

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use resonanz::config::AccessConfig;
use resonanz::serve::{Access, Audit, Postgres, SqlGate};
use resonanz::sql::Limits;
use resonanz::state::Site;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A door before an empty folder, open as long as the process.
static DOOR: LazyLock<(Runtime, SocketAddr)> = LazyLock::new(|| {
    let runtime = Runtime::new().expect("a runtime");
    let access = Access::fetch(&AccessConfig::default(), Some(TOKEN), true).expect("a token");
    let limits = Limits { time: Duration::from_millis(500), memory_mib: 64 };
    let (gate, lake) = (SqlGate::new(limits, 8), Site::new(&std::env::temp_dir(), None));
    let door = Postgres::new(lake, None, (access, None, Audit::default()), gate);
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
    let address = listener.local_addr().expect("an address");
    runtime.spawn(door.expect("a door").serve(listener));
    // A panic in a task is its client's alone there, and a finding here.
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        std::process::abort();
    }));
    (runtime, address)
});

/// A startup message, and the password behind it.
fn login() -> Vec<u8> {
    let startup = b"\0\x03\0\0user\0token\0database\0resonanz\0\0";
    let length = |bytes: usize| u32::try_from(bytes + 4).expect("small").to_be_bytes();
    let mut sent = [&length(startup.len())[..], startup].concat();
    sent.push(b'p');
    sent.extend([&length(TOKEN.len() + 1)[..], TOKEN.as_bytes(), b"\0"].concat());
    sent
}

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, sent)) = bytes.split_first() else { return };
    let mut socket = TcpStream::connect(DOOR.1).expect("the door is open");
    socket.set_read_timeout(Some(Duration::from_secs(5))).expect("a socket");
    if *kind != 0 {
        let _ = socket.write_all(&login());
    }
    let _ = socket.write_all(sent);
    // Terminate, for whoever still listens.
    let _ = socket.write_all(b"X\0\0\0\x04");
    let _ = socket.shutdown(Shutdown::Write);
    let mut answer = [0; 4096];
    while socket.read(&mut answer).is_ok_and(|length| length > 0) {}
});
