//! Do analysts count the mentions that people see?

use serde_json::Value;

use super::team::{Team, text};
use super::two_days;
use crate::support::{file, query, resonanz, stderr, stdout};

#[test]
fn the_list_and_sql_count_the_same_mentions() {
    let mut team = Team::of(&two_days());
    let plain = "SELECT count(*), count(wanted) FROM inbox";
    assert_eq!(query(&team.place.lake, plain), "7,0", "without a configuration nobody knows");
    for (service, wanted) in [
        ("", 6),
        ("wants = [\"negative\", \"positive\"]", 7),
        ("wants = []", 0),
        // From the afternoon of the first day on: of an archive, now is its end.
        ("horizon = \"1d\"", 4),
    ] {
        let config = format!(
            "[service]\n{service}\n[[topic]]\nname = \"acme\"\nquery = 'acme'\naccounts = [\"@acme_help\"]\n"
        );
        team.config = file(team.place.folder.path(), "wants.toml", config);
        let counts = &team.list(&[])["counts"];
        let states = ["open", "assigned", "answered", "ignored"];
        let listed: u64 = states.iter().filter_map(|state| counts[*state].as_u64()).sum();
        assert_eq!(listed, wanted, "{service}: {counts}");
        let mut asked = resonanz();
        asked.args(["query", "SELECT state, sum(wanted) AS n FROM inbox GROUP BY state"]);
        asked.args(["--format", "json", "--config"]).arg(&team.config);
        let asked = asked.arg("--lake").arg(&team.place.lake).output().expect("runs");
        let rows: Vec<Value> = serde_json::from_str(&stdout(&asked))
            .unwrap_or_else(|error| panic!("{error}: {}", stderr(&asked)));
        for row in rows {
            assert_eq!(row["n"], counts[text(&row, "state")], "{service}: {row}");
        }
    }
}
