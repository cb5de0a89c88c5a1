//! Does a service manager hear how the process is? As systemd listens, on a datagram socket.

use std::collections::HashSet;
use std::fs::{self, File};
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{Killed, Place, file, line, repository, resonanz, run, stderr, wait_for};

/// Adds what the manager heard by now.
fn hear(socket: &UnixDatagram, heard: &mut HashSet<String>) {
    let mut buffer = [0; 4_096];
    while let Ok(length) = socket.recv(&mut buffer) {
        let said = String::from_utf8_lossy(&buffer[..length]).into_owned();
        heard.extend(said.lines().map(str::to_owned));
    }
}

fn signal(process: &Killed, name: &str) {
    let asked = Command::new("kill").args([name, &process.0.id().to_string()]).status();
    assert!(asked.expect("kill runs").success());
}

#[test]
fn a_service_manager_is_told_of_start_progress_reload_and_end() {
    let place = Place::new();
    let posts = file(place.folder.path(), "a.jsonl", line("1", "2026-03-01T11:59:59Z", "acme"));
    let config = format!(
        "[lake]\npath = \"lake\"\n[[topic]]\nname = \"acme\"\nquery = 'acme'\n\
         [[source]]\nname = \"log\"\ntype = \"file\"\npath = \"{}\"\nfollow = true\n",
        posts.display()
    );
    let config = file(place.folder.path(), "resonanz.toml", config);
    let path = place.folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(Duration::from_millis(50))).expect("a time limit");
    let mut command = resonanz();
    command.args(["run", "--config"]).arg(&config).stdout(Stdio::null());
    command
        .stdin(Stdio::null())
        .stderr(File::create(place.folder.path().join("log")).expect("a file"));
    // Watched over every 900 ms: told three times as often.
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "900000");
    let process = Killed(command.spawn().expect("the process starts"));

    let mut heard = HashSet::new();
    let wait = |what: &str, heard: &mut HashSet<String>| {
        wait_for(what, || {
            hear(&socket, heard);
            heard.iter().any(|said| said.contains(what)).then_some(())
        });
    };
    wait("READY=1", &mut heard);
    wait("STATUS=1 posts, 1 mentions", &mut heard);
    heard.clear();
    // With nothing to read it still gets on.
    wait("WATCHDOG=1", &mut heard);
    heard.clear();
    wait("WATCHDOG=1", &mut heard);
    heard.clear();
    signal(&process, "-HUP");
    wait("MONOTONIC_USEC=", &mut heard);
    assert!(heard.contains("RELOADING=1"), "{heard:?}");
    wait("READY=1", &mut heard);
    assert!(!heard.contains("STOPPING=1"), "{heard:?}");
    signal(&process, "-TERM");
    wait("STOPPING=1", &mut heard);
}

/// What the Debian package brings, besides the command, and what its unit runs with.
#[test]
fn the_package_brings_what_is_there_and_a_configuration_that_is_right() {
    let manifest = fs::read_to_string(repository("Cargo.toml")).expect("a file");
    let manifest: toml::Table = manifest.parse().expect("TOML");
    let deb = &manifest["package"]["metadata"]["deb"];
    let assets = deb["assets"].as_array().expect("a list");
    let brought = assets.iter().map(|asset| asset[0].as_str().expect("a path"));
    for path in brought.filter(|path| !path.starts_with("target/")) {
        assert!(repository(path).is_file(), "{path}");
    }
    let scripts = deb["maintainer-scripts"].as_str().expect("without it no unit is brought");
    assert!(repository(scripts).join("resonanz.service").is_file());
    let config = repository("packaging/resonanz.toml");
    let checked = run(&["check", "--config", config.to_str().expect("UTF-8")]);
    assert!(checked.status.success(), "{}", stderr(&checked));
}
