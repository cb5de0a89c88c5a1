//! Do posts that a list names go in one go, and nothing else?

use crate::support::{Place, file, line, query, resonanz, stderr, stdout};

const SQL: &str = "SELECT post_id FROM mentions ORDER BY post_id";

fn erase(place: &Place, options: &[&str], list: &str) -> (Option<i32>, String) {
    let list = file(place.folder.path(), "gone", list);
    let mut command = resonanz();
    command.args(["lake", "erase", "--lake"]).arg(&place.lake).arg("--posts").arg(list);
    let output = command.args(options).output().expect("the binary runs");
    (output.status.code(), stdout(&output) + &stderr(&output))
}

#[test]
fn posts_of_a_list_and_of_a_compliance_job_are_erased_in_one_go() {
    let place = Place::new();
    let posts: String = (1..=5)
        .map(|id| line(&id.to_string(), &format!("2026-03-01T12:00:0{id}Z"), "acme is late"))
        .collect();
    let posts = file(place.folder.path(), "x.jsonl", posts);
    let mut command = resonanz();
    command.args(["reprocess", "--source", "x", "--config"]).arg(&place.config);
    let done = command.arg("--lake").arg(&place.lake).arg(posts).output().expect("it runs");
    assert!(done.status.success(), "{}", stderr(&done));
    for (list, options, wanted) in [
        ("1\n", &["--yes"][..], "gone:1: \"1\" does not say its source"),
        ("{\"id\":\"1\"}\n", &["--yes", "--source", "x"], "gone:1: no \"id\" and \"action\""),
        ("\n", &["--yes", "--source", "x"], "names no post"),
        ("1\n", &["--yes", "--source", "facebook"], "x"),
        ("facebook/1\n", &["--yes"], "facebook"),
    ] {
        let (code, said) = erase(&place, options, list);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(wanted), "{said}");
    }
    let verdict = |id: u32, action: &str| {
        format!(
            "{{\"id\":\"{id}\",\"action\":\"{action}\",\"created_at\":\"2026-03-01T12:00:00.000Z\",\"reason\":\"deleted\"}}\n"
        )
    };
    let job = verdict(1, "delete") + &verdict(2, "scrub_geo") + &verdict(4, "delete");
    let (code, said) = erase(&place, &["--source", "x", "--dry-run"], &job);
    assert!(code == Some(0) && said.contains("\"mentions\": 2"), "{said}");
    assert_eq!(query(&place.lake, SQL), "1\n2\n3\n4\n5", "a look changes nothing");
    let (code, said) = erase(&place, &["--source", "X", "--yes"], &job);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(query(&place.lake, SQL), "2\n3\n5");
    let (code, said) = erase(&place, &["--yes"], "X/5\r\n\r\nx/77\r\n");
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(query(&place.lake, SQL), "2\n3");
}
