//! Does an exercise lead through a crisis, and tell at the end how it went, in its reader's time?

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use crate::support::{Killed, resonanz};

#[test]
fn an_exercise_ends_with_a_debriefing_in_the_language_and_zone_of_its_reader() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = resonanz()
        .args(["demo", "--crisis", "--speed", "0", "--minutes", "1", "--lang", "de"])
        .args(["--listen", "127.0.0.1:0", "--lake", "lake"])
        .current_dir(folder.path())
        .env("TZ", "Europe/Berlin")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut running = Killed(child);
    let mut briefing = String::new();
    while !briefing.contains("EIN ALARM IST AUSGELÖST") {
        assert!(out.read_line(&mut briefing).expect("UTF-8") > 0, "{briefing}");
    }
    assert!(briefing.contains("Sie haben Dienst") && briefing.contains("/?lang=de"), "{briefing}");
    // The alert is in the lake, as everybody sees who asks it.
    let lake = folder.path().join("lake");
    crate::support::wait_for_answer(&lake, "SELECT count(*) > 0 FROM alerts", "true");
    let sent = Command::new("kill").arg("-INT").arg(running.0.id().to_string()).status();
    assert!(sent.expect("kill").success());
    let mut debriefing = String::new();
    out.read_to_string(&mut debriefing).expect("UTF-8");
    assert!(running.0.wait().expect("it ends").success(), "{debriefing}");
    for wanted in [
        "# Nachbesprechung",
        "Der Alarm löste aus um 4. März, 15:06 MEZ",
        "Niemand hat den Alarm übernommen",
        "## Der Posteingang",
        "1. Was haben Sie zuerst angesehen",
    ] {
        assert!(debriefing.contains(wanted), "{wanted}: {debriefing}");
    }
}
