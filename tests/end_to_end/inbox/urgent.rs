//! What is urgent? Priorities with their parts, verdicts that people corrected, and rules on replies that
//! know what people decided.

use serde_json::{Value, json};

use super::team::{Team, post, text};
use super::three;
use crate::support::{query, resonanz, stderr, wait_for};

/// The posts of a list, in its order.
fn posts(list: &Value) -> Vec<&str> {
    let entries = list["entries"].as_array().expect("a list").iter();
    entries.map(|entry| text(&entry["mention"], "post_id")).collect()
}

#[test]
fn the_most_urgent_come_first_with_the_parts_of_their_priority() {
    let (team, _) = three();
    let (_, list) = team.http("GET", "/api/v1/inbox", "");
    // Who leaves and is read by many comes before who only complains, or whom nobody reads.
    assert_eq!(posts(&list)[0], "b", "{list}");
    let points: Vec<u64> = list["entries"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| {
            let part = |name: &str| entry["priority"][name].as_u64().expect(name);
            let product = part("wants") * part("certainty") * (50 + part("reach") + part("wait"));
            assert_eq!(part("points"), (product + 5_000) / 10_000, "{entry}");
            part("points")
        })
        .collect();
    assert!(points.is_sorted_by(|one, next| one >= next), "{points:?}");
    assert_eq!(list["entries"][0]["priority"]["reach"], 15, "a thousand readers");
    assert_eq!(posts(&team.list(&["--order", "due"])), ["a", "b", "c"]);
    // A page goes on where the one before it ended, in its order only.
    let (_, first) = team.http("GET", "/api/v1/inbox?limit=1", "");
    let after = text(&first, "next");
    let (_, rest) = team.http("GET", &format!("/api/v1/inbox?after={after}"), "");
    assert_eq!([posts(&first), posts(&rest)].concat(), posts(&list));
    assert_eq!(team.http("GET", &format!("/api/v1/inbox?order=due&after={after}"), "").0, 400);
    let (_, _, page) = team.ask("GET", "/inbox?lang=de", "", "");
    assert!(page.contains("Dringlichkeit"), "{page}");
}

#[test]
fn a_corrected_verdict_counts_in_the_inbox_and_wherever_it_is_shown() {
    let (team, [_, b, _]) = three();
    let correct = |id: &str, how: &[&str]| {
        let mut command = resonanz();
        command.args(["reviews", "correct", id, "--author", "Mara"]).args(how);
        let output = command.arg("--lake").arg(&team.place.lake).output().expect("runs");
        assert!(output.status.success(), "{}", stderr(&output));
    };
    let id = |post: &str| text(&team.entry(post, |_| true)["mention"], "id").to_owned();
    let [a, c] = ["a", "c"].map(id);
    correct(&a, &["--polarity", "neutral"]);
    correct(&c, &["--irrelevant"]);
    let (_, list) = team.http("GET", "/api/v1/inbox", "");
    assert_eq!((posts(&list), &list["counts"]["open"]), (vec!["b"], &json!(1)), "{list}");
    let (_, shown) = team.http("GET", &format!("/api/v1/mentions/{a}"), "");
    let reviewed = json!({"polarity": "neutral", "relevant": true, "intents": null});
    assert_eq!(shown["mention"]["reviewed"], reviewed, "{shown}");
    let stands = "SELECT post_id, polarity, scored_polarity, relevant, confidence FROM inbox WHERE post_id <> 'b' AND post_id <> 'n' ORDER BY post_id";
    assert_eq!(
        query(&team.place.lake, stands),
        "a,neutral,negative,1,1.0\nc,negative,negative,0,0.79"
    );
    assert_eq!(query(&team.place.lake, "SELECT sum(asked) FROM service_figures"), "1");
    // Whom somebody takes care of stays; who finds it negative after all brings it back.
    assert_eq!(team.change(&b, 0, "Jo", "assigned").0, 200);
    let b = id("b");
    correct(&b, &["--polarity", "positive"]);
    correct(&a, &["--polarity", "negative", "--revision", "1"]);
    let (_, list) = team.http("GET", "/api/v1/inbox?order=due", "");
    assert_eq!(posts(&list), ["a", "b"], "{list}");
    let (_, _, page) = team.ask("GET", "/inbox", "", "");
    assert!(page.contains("reviewed"), "{page}");
}

const CARE: &str = "[[rule]]\nname = \"care\"\ntype = \"unanswered\"\nwithin = \"10m\"\nkeep_firing_for = \"0s\"\ncooldown = \"0s\"\n";

#[test]
fn what_people_decided_is_not_unanswered_and_a_rule_that_is_gone_fires_no_longer() {
    let mut team = Team::live_with(CARE);
    team.say(&post("a", "ann", 0, "acme is horrible", ""));
    team.say(&post("b", "bob", 60, "acme is terrible", ""));
    team.say(&post("d", "dan", 65, "acme terrible horrible polar lights", ""));
    team.say(&post("n", "dan", 70, "nothing", ""));
    let handle = |team: &Team, post: &str| text(&team.entry(post, |_| true), "handle").to_owned();
    let (a, b) = (handle(&team, "a"), handle(&team, "b"));
    let id = text(&team.entry("d", |_| true)["mention"], "id").to_owned();
    let body = json!({"relevant": false, "author": "Mara"}).to_string();
    assert_eq!(team.http("POST", &format!("/api/v1/mentions/{id}/correction"), &body).0, 201);
    assert_eq!(team.change(&a, 0, "Mara", "ignored").0, 200);
    let moved = |team: &Team, rows: &str| {
        let count = "SELECT count(*) FROM triage";
        wait_for("the change in the table", || {
            (query(&team.place.lake, count) == rows).then_some(())
        });
    };
    moved(&team, "1");
    team.say(&post("late", "eve", 3_600, "nothing", ""));
    let told = |team: &Team, wanted: &str| {
        let alerts = "SELECT rule, transition, observed FROM alerts ORDER BY at";
        wait_for(wanted, || (query(&team.place.lake, alerts) == wanted).then_some(()));
    };
    // Of three that waited too long, one wants no answer, and one is not about the topic.
    told(&team, "care,fired,1");

    // Answered by telephone, while nothing runs: the next start knows.
    team.kill();
    let (code, _, error) = team.inbox(&["answer", &format!("{b}@0"), "--by", "Jo"]);
    assert_eq!(code, Some(0), "{error}");
    team.start();
    team.say(&post("later", "eve", 3_800, "nothing", ""));
    told(&team, "care,fired,1\ncare,resolved,0");

    // It did not help after all: whoever reopens it waits again.
    assert_eq!(team.change(&b, 1, "Jo", "open").0, 200);
    moved(&team, "3");
    team.say(&post("again", "eve", 4_000, "nothing", ""));
    told(&team, "care,fired,1\ncare,resolved,0\ncare,fired,1");
    // Nothing can end the alert of a rule that is called otherwise now.
    team.kill();
    let text = std::fs::read_to_string(&team.config).expect("a configuration");
    crate::support::file(
        team.place.folder.path(),
        "live.toml",
        text.replace("name = \"care\"", "name = \"replies\""),
    );
    team.start();
    let firing = "SELECT rule FROM alerts_now";
    wait_for("its end", || (query(&team.place.lake, firing) != "care").then_some(()));
}
