//! Who waits for an answer, and what do people decide? Parts of a working day of three people beside a
//! process that runs, service figures worked out by hand, and changes that survive a kill.

mod counted;
mod team;
mod urgent;

use std::thread;

use serde_json::{Value, json};

use crate::support::{file, query, resonanz, stderr, stdout, wait_for};
use team::{Team, at, post, reply, text};

/// Two days, of which each mention is told apart by what becomes of it.
fn two_days() -> String {
    [
        // Within the hour, and within the promise.
        post("m1", "ann", at(0, 9, 0), "acme is horrible", ""),
        reply("r1", at(0, 9, 30), "m1"),
        reply("again", at(0, 9, 40), "m1"),
        // Half an hour too late.
        post("m2", "bob", at(0, 10, 0), "my acme is terrible", ""),
        reply("r2", at(0, 12, 30), "m2"),
        // Written half an hour before the office closes: due at half past ten of the next morning.
        post("m3", "cid", at(0, 16, 30), "acme is awful", ""),
        reply("r3", at(1, 9, 0), "m3"),
        // Nobody answers; another one wants no answer.
        post("m4", "dan", at(1, 10, 0), "acme is bad, really bad", ""),
        post("m5", "eve", at(1, 11, 0), "acme acme horrible spam", ""),
        // Answered in its thread.
        post(
            "m6",
            "fay",
            at(1, 12, 0),
            "the acme is a disaster",
            r#","thread":"t","source":"forum""#,
        ),
        post(
            "r6",
            "acme_help",
            at(1, 12, 10),
            "write to us",
            r#","kind":"comment","thread":"t","source":"forum""#,
        ),
        // None of these wants an answer: praise, what we say ourselves, what is passed on.
        post("m7", "gus", at(1, 12, 15), "acme is great", ""),
        post("o1", "acme_help", at(1, 12, 20), "acme was horrible today, sorry", ""),
        post("m8", "hal", at(1, 12, 25), "acme is horrible", r#","kind":"repost","parent":"m1""#),
        // An answer by somebody else, and one that is older than what it answers.
        post("x1", "ivy", at(1, 12, 30), "so true", r#","kind":"reply","parent":"m4""#),
        post("end", "jo", at(1, 13, 30), "nothing", ""),
    ]
    .concat()
}

/// Of those that wait the longest comes first if that is wanted; one wants no answer.
fn ignores_the_spam(team: &Team) {
    let list = team.list(&["--order", "due"]);
    let waiting: Vec<&str> = list["entries"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| text(&one["mention"], "post_id"))
        .collect();
    assert_eq!(waiting, ["m4", "m5"], "those that wait longest come first");
    let dues: Vec<&str> =
        list["entries"].as_array().expect("a list").iter().map(|one| text(one, "due_at")).collect();
    assert_eq!(dues, ["2026-03-03T12:00:00Z", "2026-03-03T13:00:00Z"]);
    let sql = "SELECT due_at FROM inbox WHERE post_id IN ('m4', 'm5') ORDER BY 1";
    let mut asked = resonanz();
    asked.args(["query", sql, "--format", "csv", "--config"]).arg(&team.config);
    let asked = asked.arg("--lake").arg(&team.place.lake).output().expect("runs");
    let in_sql = stdout(&asked);
    assert_eq!(in_sql.lines().skip(1).collect::<Vec<_>>(), dues, "{}", stderr(&asked));
    let unknown = "SELECT count(*) FROM inbox WHERE due_at IS NULL AND post_id = 'm4'";
    assert_eq!(query(&team.place.lake, unknown), "1", "without a configuration nobody knows");
    let spam = format!("{}@0", text(&list["entries"][1], "handle"));
    let (code, said, error) = team.inbox(&["ignore", &spam, "--by", "Jo", "--note", "Werbung"]);
    assert_eq!((code, said.contains("is ignored")), (Some(0), true), "{error}");
}

/// What the report says.
fn figures(team: &Team) {
    let mut command = resonanz();
    command.args([
        "report",
        "--format",
        "json",
        "--period",
        "2026-03-02..2026-03-03",
        "--zone",
        "UTC",
        "--config",
    ]);
    let output =
        command.arg(&team.config).arg("--lake").arg(&team.place.lake).output().expect("runs");
    let report: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    let service = &report["service"];
    let total = &service["total"];
    for (name, want) in
        [("asked", 5), ("answered", 4), ("ignored", 1), ("waiting", 1), ("overdue", 1)]
    {
        assert_eq!(total[name], want, "{name}: {total}");
    }
    assert_eq!(
        (total["rate"]["value"].as_f64(), total["p50_s"].as_f64()),
        (Some(0.8), Some(5_400.0))
    );
    // Nine of ten: between 9,000 and 59,400 seconds, seven tenths of the way.
    assert_eq!(total["p90_s"].as_f64().map(f64::round), Some(44_280.0));
    for (name, kept, of) in [("within_1h", 2, 5), ("within_24h", 4, 4), ("within_promise", 3, 5)] {
        assert_eq!(
            (&total[name]["kept"], &total[name]["of"]),
            (&json!(kept), &json!(of)),
            "{name}"
        );
    }
    let of = |list: &Value, name: &str| -> Vec<(String, u64)> {
        let list = list.as_array().expect("a list").iter();
        list.map(|one| (one[name].to_string(), one["answers"]["asked"].as_u64().expect("a count")))
            .collect()
    };
    // At eleven there is one that wants no answer.
    let hours = of(&service["hours"], "hour");
    let want = [("9", 1), ("10", 2), ("11", 0), ("12", 1), ("16", 1)]
        .map(|(hour, count)| (hour.to_owned(), count));
    assert_eq!(hours, want);
    assert_eq!(
        of(&service["sources"], "name"),
        [("\"net\"".to_owned(), 4), ("\"forum\"".to_owned(), 1)]
    );
    let dialogue = &service["dialogue"];
    assert_eq!((&dialogue["posts"], &dialogue["replies"]), (&json!(6), &json!(5)));
}

#[test]
fn service_figures_are_those_that_were_worked_out_by_hand() {
    let team = Team::of(&two_days());
    // By default the answers of our own accounts are kept, though they name no topic.
    let kept = "SELECT post_id, own FROM posts WHERE own IS NOT NULL ORDER BY post_id";
    assert_eq!(
        query(&team.place.lake, kept),
        "again,acme\no1,acme\nr1,acme\nr2,acme\nr3,acme\nr6,acme"
    );
    let waits = "SELECT post_id, wait_s FROM response_times ORDER BY post_id";
    assert_eq!(query(&team.place.lake, waits), "m1,1800.0\nm2,9000.0\nm3,59400.0");

    ignores_the_spam(&team);
    figures(&team);
    let sums = "SELECT sum(asked), sum(answered), sum(ignored), sum(waiting), sum(within_1h), sum(within_24h) FROM service_figures";
    assert_eq!(query(&team.place.lake, sums), "5,4,1,1,2,4");
    let spread = "SELECT round(p50_s), p90_s FROM service_figures WHERE source = 'net' AND day = '2026-03-02'";
    assert_eq!(query(&team.place.lake, spread), "9000.0,49320.0");
    let noted = "SELECT post_id, state, note, changed_by, revision FROM triage";
    assert_eq!(
        query(&team.place.lake, noted),
        "m5,ignored,Werbung,Jo,1",
        "a command without a process fills the table"
    );
}

/// Three negative mentions, of which two are due in one hour.
fn three() -> (Team, [String; 3]) {
    let team = Team::live();
    team.say(&post("a", "ann", 0, "acme is horrible", ",\"reach\":10"));
    team.say(&post("b", "bob", 60, "acme ist furchtbar, nie wieder", ",\"reach\":900"));
    team.say(&post("c", "cid", 7_200, "acme is terrible", ""));
    team.say(&post("n", "dan", 7_201, "nothing", ""));
    let handles =
        ["a", "b", "c"].map(|post| text(&team.entry(post, |_| true), "handle").to_owned());
    (team, handles)
}

#[test]
fn who_was_quicker_is_told_to_whoever_saw_an_older_state() {
    let (team, [a, ..]) = three();
    let (code, said, error) = team.inbox(&["assign", &format!("{a}@0"), "--by", "Mara"]);
    assert_eq!(
        (code, said.trim()),
        (Some(0), format!("{a}@1 is assigned to Mara").as_str()),
        "{error}"
    );
    // Who has it already is told so, also who saw an older state, and nothing is written.
    let (code, said, error) = team.inbox(&["assign", &format!("{a}@0"), "--by", "mara "]);
    let has = format!("{a}@1 is assigned to Mara already");
    assert_eq!((code, said.trim()), (Some(0), has.as_str()), "{error}");
    let (status, kept) = team.change(&a, 1, "Mara", "assigned");
    assert_eq!((status, &kept["revision"]), (200, &json!(1)), "{kept}");
    let (status, problem) = team.change(&a, 0, "Jo", "ignored");
    assert_eq!(status, 409, "{problem}");
    let detail = text(&problem, "detail");
    assert!(detail.contains("changed to assigned to Mara by Mara"), "{detail}");
    assert!(text(&problem, "hint").contains("revision 1"), "{problem}");
    let (code, _, error) = team.inbox(&["answer", &format!("{a}@0"), "--by", "Kim"]);
    assert!(code == Some(2) && error.contains("by Mara"), "{error}");
    let (code, _, error) = team.inbox(&["answer", &a, "--by", "Kim"]);
    assert!(code == Some(2) && error.contains("hint: look it up"), "{error}");

    // A note leaves all else as it is.
    let body = json!({"revision": 1, "note": "Rückruf um 15 Uhr", "changed_by": "Mara"});
    let (status, noted) = team.http("POST", &format!("/api/v1/inbox/{a}"), &body.to_string());
    let stands = (status, text(&noted, "state"), &noted["revision"]);
    assert_eq!(stands, (200, "assigned", &json!(2)), "{noted}");
    let (_, told) = team.http("GET", &format!("/api/v1/inbox/{a}"), "");
    let steps = told["history"].as_array().expect("steps").iter();
    let steps: Vec<&str> = steps.map(|step| text(step, "what")).collect();
    assert_eq!(steps, ["assigned", "noted"], "{told}");
    let (_, shown, _) = team.inbox(&["show", &a]);
    assert!(shown.contains("noted by Mara: Rückruf um 15 Uhr"), "{shown}");
    let empty = json!({"revision": 2, "note": " ", "changed_by": "Mara"}).to_string();
    let (status, problem) = team.http("POST", &format!("/api/v1/inbox/{a}"), &empty);
    assert!(status == 400 && text(&problem, "detail") == "the note is missing", "{problem}");
    let (code, _, error) = team.inbox(&["note", &format!("{a}@2"), "", "--by", "Mara"]);
    assert!(code == Some(2) && error.contains("hint: write what is to be noted"), "{error}");
    let (_, list) = team.http("GET", "/api/v1/inbox?limit=1", "");
    assert_eq!((&list["total"], &list["counts"]["open"]), (&json!(3), &json!(2)), "{list}");
    let next = format!("/api/v1/inbox?limit=2&after={}", text(&list, "next"));
    let (_, rest) = team.http("GET", &next, "");
    let shown = rest["entries"].as_array().map(Vec::len);
    assert_eq!((shown, &rest["next"]), (Some(2), &Value::Null));
    let (_, mine) = team.http("GET", "/api/v1/inbox?owner=Mara", "");
    let own = (text(&mine["entries"][0], "handle"), &mine["total"]);
    assert_eq!(own, (a.as_str(), &json!(1)));
}

#[test]
fn a_form_works_without_a_script_and_keeps_what_was_typed() {
    let (team, [.., c]) = three();
    let id = text(&team.entry("c", |_| true)["mention"], "id").to_owned();
    let path = format!("/inbox/{id}");
    let (status, head, page) = team.ask("GET", &format!("{path}?lang=de"), "", "");
    assert!(status == 200 && page.contains("Zuweisen") && page.contains("acme is terrible"));
    let hidden = |name: &str| {
        let start = page.split(&format!("name=\"{name}\" value=\"")).nth(1).expect(name);
        start.split('"').next().unwrap_or_default().to_owned()
    };
    let cookie = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        let pair = value.split(';').next()?;
        let is_ours = name.eq_ignore_ascii_case("set-cookie") && pair.contains("visitor");
        is_ours.then(|| pair.to_owned())
    });
    let headers = format!(
        "cookie: {}\r\norigin: http://{}\r\ncontent-type: application/x-www-form-urlencoded\r\n",
        cookie.expect("a cookie"),
        team.address
    );
    let fields = |proof: &str, revision: &str| {
        format!(
            "proof={proof}&revision={revision}&changed_by=J%C3%B6&note=kein+%3Cb%3EKunde&step=ignore&back=state%3Dopen%26evil%3D1"
        )
    };
    let (proof, revision) = (hidden("proof"), hidden("revision"));
    let send =
        |proof: &str, revision: &str| team.ask("POST", &path, &headers, &fields(proof, revision));
    assert_eq!(send("0", &revision).0, 403, "a form of another page");
    let (status, head, _) = send(&proof, &revision);
    let head = head.to_lowercase();
    assert!(
        status == 303 && head.contains("location: /inbox?state=open") && !head.contains("evil"),
        "{head}"
    );
    assert!(head.contains("set-cookie: resonanz_name=j%c3%b6;"), "{head}");
    let (status, _, page) = send(&proof, "0");
    assert!(
        status == 409
            && page.contains("changed by <b dir=\"auto\">Jö</b>")
            && page.contains("kein &lt;b&gt;Kunde"),
        "{page}"
    );
    let (code, shown, _) = team.inbox(&["show", &format!("{c}@1")]);
    assert!(code == Some(0) && shown.contains("ignored by Jö: kein <b>Kunde"), "{shown}");
}

#[test]
fn an_answer_by_an_account_of_ours_is_noticed_by_itself() {
    let (team, [_, b, _]) = three();
    let more = ",\"kind\":\"reply\",\"parent\":\"b\"";
    team.say(&post("r", "acme_help", 7_300, "es tut uns leid", more));
    team.say(&post("n2", "dan", 7_400, "nothing", ""));
    let answered = team.entry("b", |one| one["state"] == "answered");
    let by = (text(&answered, "answered_by"), &answered["revision"]);
    assert_eq!(by, ("account", &json!(1)));
    let (status, problem) = team.change(&b, 0, "Mara", "assigned");
    let detail = text(&problem, "detail");
    assert!(status == 409 && detail.contains("answered by one of our accounts"), "{problem}");
    // It did not help: once more, and the same answer does not close it again.
    let (status, open) = team.change(&b, 1, "Mara", "open");
    let stands = (status, text(&open, "state"), &open["revision"]);
    assert_eq!(stands, (200, "open", &json!(2)), "{open}");
    let (_, told) = team.http("GET", &format!("/api/v1/inbox/{b}"), "");
    let steps = told["history"].as_array().expect("steps").iter();
    let steps: Vec<&str> = steps.map(|step| text(step, "what")).collect();
    assert_eq!(steps, ["reply", "open"]);
    assert_eq!(text(&told["history"][0], "text"), "es tut uns leid");

    // Within a second the table holds the change, and its file is gone.
    let rows = "SELECT post_id, state, revision, replies FROM triage";
    let waiting = team.place.lake.join("_resonanz/triage");
    wait_for("the change in the table", || {
        let mut left = std::fs::read_dir(&waiting).expect("a folder").flatten();
        let is_settled =
            !left.any(|entry| entry.path().extension().is_some_and(|end| end == "json"));
        (is_settled && query(&team.place.lake, rows) == "b,open,2,1").then_some(())
    });
}

#[test]
fn of_many_who_saw_the_same_state_one_succeeds_and_no_kill_takes_that_back() {
    let mut team = Team::live();
    team.say(&post("a", "ann", 0, "acme is horrible", ""));
    team.say(&post("n", "dan", 10, "nothing", ""));
    let handle = text(&team.entry("a", |_| true), "handle").to_owned();
    for round in 0..4u64 {
        let codes: Vec<u16> = thread::scope(|scope| {
            let (team, handle) = (&team, &handle);
            let all: Vec<_> = (0..6)
                .map(|who| {
                    scope.spawn(move || {
                        team.change(handle, round, &format!("p{round}{who}"), "assigned").0
                    })
                })
                .collect();
            all.into_iter().map(|one| one.join().expect("a status")).collect()
        });
        let count = |code| codes.iter().filter(|one| **one == code).count();
        assert_eq!((count(200), count(409)), (1, 5), "{codes:?}");
        // Killed as soon as one was told that it is done.
        team.kill();
        team.start();
        let stays = team.entry("a", |_| true);
        assert_eq!(stays["revision"], json!(round + 1), "{stays}");
    }
    // Without a process, too.
    team.kill();
    let (code, _, error) =
        team.inbox(&["answer", &format!("{handle}@4"), "--by", "Mara", "--note", "am Telefon"]);
    assert_eq!(code, Some(0), "{error}");
    let rows = "SELECT revision, state FROM triage ORDER BY revision";
    assert_eq!(
        query(&team.place.lake, rows),
        "1,assigned\n2,assigned\n3,assigned\n4,assigned\n5,answered"
    );
    let stands = "SELECT state, answered_by, revision, note FROM inbox WHERE post_id = 'a'";
    assert_eq!(query(&team.place.lake, stands), "answered,person,5,am Telefon");

    // What is erased takes along what people noted of it.
    let lake = team.place.lake.to_str().expect("UTF-8");
    let mut command = resonanz();
    command.args(["lake", "erase", "--lake", lake, "--post", "net/a", "--yes"]);
    let erased = command.output().expect("runs");
    assert!(erased.status.success(), "{}", stderr(&erased));
    assert_eq!(query(&team.place.lake, "SELECT count(*) FROM triage"), "0");
    let (code, _, error) = team.inbox(&["show", &handle]);
    assert!(code == Some(2) && error.contains("is unknown"), "{error}");
}

#[test]
fn what_cannot_be_promised_is_refused_with_a_hint() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "[service]\npromise = \"0h\"\nhours = \"Mo-Fr 9-18\"\nzone = \"Berlin\"\nholidays = \"DE-BX\"\nclosed = [\"24.12.\"]\nwants = \"bad\"\nhorizont = \"30d\"\n\
                [[topic]]\nname = \"a\"\nquery = 'a'\nservice = { promise = \"2h\", hours = [\"Sa 10:00-14:00\", \"x\"] }\n";
    let path = file(folder.path(), "bad.toml", text);
    let output = resonanz().args(["check", "--config"]).arg(path).output().expect("runs");
    let errors = stderr(&output);
    for wanted in [
        "bad.toml:2:11: promise is too short or too long",
        "bad.toml:3:9: \"Mo-Fr 9-18\" are not hours",
        "hint: write \"Mo-Fr 09:00-18:00\", or a list of such",
        "bad.toml:4:8: \"Berlin\" is not a time zone",
        "bad.toml:5:12: no holidays are known for \"DE-BX\"",
        "bad.toml:6:11: \"24.12.\" is not a day",
        "bad.toml:7:9: \"bad\" is neither a verdict nor an intent",
        "bad.toml:8:1: unknown key \"horizont\" in [service]",
        "bad.toml:12:56: \"x\" are not hours",
    ] {
        assert!(errors.contains(wanted), "{wanted}\nnot in\n{errors}");
    }
}
