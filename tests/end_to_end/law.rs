//! Is what the law wants written down, reminded of, and kept from telling people apart?

use serde_json::Value;

use crate::sql_http::Served;
use crate::support::{file, free_port, get, line, live, resonanz, run, stderr, stdout, wait_for};

const CONFIG: &str = "[law]\ncontroller = \"Acme | GmbH, Berlin\"\nlegal_basis = \"legitimate-interests\"\n\
    [lake]\nretain_text = \"90d\"\nretain_mentions = \"never\"\n\
    [[topic]]\nname = \"acme\"\nquery = 'acme'\npurpose = \"Answer complaints\"\nreview = \"2020-05-01\"\n\
    [[topic]]\nname = \"zeta\"\nquery = 'zeta'\nlegal_basis = \"consent\"\n\
    [[receiver]]\nname = \"team\"\nurl = \"https://hooks.example.com/secret-part\"\nevidence = \"ids\"\n\
    [[receiver]]\nname = \"post\"\nkind = \"mail\"\nserver = \"smtp.example.com\"\nfrom = \"r@acme.example\"\nto = [\"mara@acme.example\", \"jo@acme.example\"]\n";

#[test]
fn a_record_of_processing_says_what_follows_and_marks_what_is_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = file(folder.path(), "resonanz.toml", CONFIG);
    let config = path.to_str().expect("UTF-8");
    let english = run(&["privacy", "record", "--config", config]);
    assert!(english.status.success(), "{}", stderr(&english));
    let text = stdout(&english);
    for wanted in [
        "# Record of processing",
        "- Controller: Acme \\| GmbH, Berlin\n",
        "- Data protection officer: **missing** (`[law] officer`)",
        "| acme | Answer complaints | article 6(1)(f): legitimate interests | 2020-05-01 |",
        "| zeta | **missing** (`purpose`) | article 6(1)(a): consent | **missing** (`review`) |",
        "- team (hooks.example.com): alerts with numbers and ids, without texts",
        "Texts, addresses, evidence of alerts: 90 days",
        "Mentions without text: no limit",
        "- post (mail by smtp.example.com, 2 @ acme.example): alerts with texts",
        "- Mail leaves for its server encrypted (TLS).\n",
        "- No pages and no API are served.\n",
    ] {
        assert!(text.contains(wanted), "{wanted}\nnot in\n{text}");
    }
    assert!(
        !text.contains("secret-part") && stderr(&english).contains("count=4"),
        "{}",
        stderr(&english)
    );
    let german = folder.path().join("verzeichnis.md");
    let out = german.to_str().expect("UTF-8");
    assert!(
        run(&["privacy", "record", "--config", config, "--lang", "de", "--out", out])
            .status
            .success()
    );
    let text = std::fs::read_to_string(german).expect("the file");
    for wanted in [
        "# Verzeichnis von Verarbeitungstätigkeiten",
        "Artikel 6(1)(f): berechtigte Interessen",
        "BetrVG § 87",
    ] {
        assert!(text.contains(wanted), "{wanted}\nnot in\n{text}");
    }
}

#[test]
fn a_review_that_is_due_is_reminded_of_wherever_somebody_looks() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    file(folder.path(), "posts.jsonl", "");
    let text = format!(
        "{CONFIG}[serve]\nlisten = \"127.0.0.1:{port}\"\n\
         [[source]]\nname = \"f\"\ntype = \"file\"\npath = \"posts.jsonl\"\nfollow = true\n"
    );
    let path = file(folder.path(), "resonanz.toml", text);
    let checked = run(&["check", "--config", path.to_str().expect("UTF-8")]);
    assert!(
        checked.status.success() && stdout(&checked).contains("1 warning"),
        "{}",
        stdout(&checked)
    );
    assert!(
        stderr(&checked).contains("topic \"acme\": its review was due on 2020-05-01"),
        "{}",
        stderr(&checked)
    );
    let wrong = CONFIG.replace("2020-05-01", "1 May").replace("\"consent\"", "\"because\"");
    let wrong = file(folder.path(), "wrong.toml", wrong);
    let refused = run(&["check", "--config", wrong.to_str().expect("UTF-8")]);
    assert_eq!(refused.status.code(), Some(2));
    for wanted in
        ["wrong.toml:11:10: \"1 May\" is not a day", "wrong.toml:15:15: legal_basis is \"because\""]
    {
        assert!(stderr(&refused).contains(wanted), "{wanted}\nnot in\n{}", stderr(&refused));
    }
    let _running = live(&path);
    let health = wait_for("health", || get(port, "/healthz"));
    let health: Value = serde_json::from_str(&health).expect("JSON");
    assert_eq!(health["reviews_due"], serde_json::json!([{"topic": "acme", "due": "2020-05-01"}]));
    assert!(get(port, "/metrics").expect("metrics").contains("resonanz_reviews_due 1"));
}

#[test]
fn a_language_or_source_of_few_authors_is_not_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = |more: &str| format!("{more}[[topic]]\nname = \"acme\"\nquery = 'acme'\n");
    let mut posts = String::new();
    for number in 0..12 {
        let (author, lang) =
            if number < 9 { (number, "en") } else { (100, ["fr", "it", "es"][number - 9]) };
        let said = line(&format!("p{number}"), "2026-03-01T12:00:00Z", "acme opens");
        let author = format!("\"author\":\"a{author}\",\"lang\":\"{lang}\"");
        posts += &said.replace("\"author\":\"somebody\"", &author);
    }
    let archive = file(folder.path(), "posts.jsonl", posts);
    let lake = folder.path().join("lake");
    let usual = file(folder.path(), "usual.toml", config(""));
    let mut command = resonanz();
    command.arg("reprocess").arg(&archive).arg("--config").arg(&usual).arg("--lake").arg(&lake);
    assert!(command.output().expect("the binary runs").status.success());
    let parts = |config: &std::path::Path| -> Vec<(String, u64)> {
        let mut command = resonanz();
        command.arg("serve").arg("--lake").arg(&lake).arg("--config").arg(config);
        let served = Served::start(command);
        let (_, _, body) = served.ask("GET /api/v1/changes?topic=acme&period=2026-03-01", "", "");
        let changes: Value = serde_json::from_slice(&body.expect("a body")).expect("JSON");
        let by_lang = changes["parts"].as_array().expect("parts").iter();
        let by_lang = by_lang
            .filter(|part| part["by"] == "lang")
            .flat_map(|part| part["values"].as_array().expect("values").clone());
        let mut found: Vec<(String, u64)> = by_lang
            .map(|one| {
                let name = one["name"].as_str().expect("a name").to_owned();
                (name, one["now"]["mentions"].as_u64().expect("a count"))
            })
            .collect();
        found.sort();
        found
    };
    assert_eq!(parts(&usual), [("en".to_owned(), 9), ("other".to_owned(), 3)]);
    let open = file(folder.path(), "open.toml", config("[law]\nmin_group = 1\n"));
    assert_eq!(parts(&open).len(), 4);
}
