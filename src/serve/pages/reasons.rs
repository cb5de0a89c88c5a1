//! What do sources say of themselves, in their reader's language and zone? Why one is not well, what to
//! do, what was missed. What servers of others say stays as it is.

use std::sync::LazyLock;

use jiff::tz::TimeZone;

use super::words::Table;
use crate::chart::{GERMAN, Locale, zoned};
use crate::time::EventTime;

/// What sources say.
static GERMAN_REASONS: LazyLock<Table> =
    LazyLock::new(|| Table::read(include_str!("german-sources.tsv")));

/// A reason or hint of a source, with the times in it, as its reader writes them.
pub(super) fn reason(text: &str, locale: &Locale, zone: &TimeZone) -> String {
    let text = if *locale == GERMAN { german(text) } else { text.to_owned() };
    let word = |word: &str| {
        let at = EventTime::parse(word).ok().filter(|_| word.ends_with('Z'))?;
        Some(locale.instant(&zoned(at, zone)))
    };
    let words = text.split(' ').map(|part| word(part).unwrap_or_else(|| part.to_owned()));
    words.collect::<Vec<_>>().join(" ")
}

/// Several are parted by semicolons; what is not known of them stays English.
fn german(text: &str) -> String {
    let parts = text.split("; ").map(|part| known(part).unwrap_or_else(|| part.to_owned()));
    parts.collect::<Vec<_>>().join("; ")
}

/// One of them in German: as a list, if all of it is known, else as a whole, else behind what it is about,
/// such as an address.
fn known(part: &str) -> Option<String> {
    let behind = |(at, colon): (usize, &str)| {
        let (about, said) = (part.get(..at)?, part.get(at + colon.len()..)?);
        Some(format!("{about}{colon}{}", GERMAN_REASONS.german(said)?))
    };
    let list: Option<Vec<String>> =
        part.split(", ").map(|one| GERMAN_REASONS.german(one)).collect();
    let list = list.map(|list| list.join(", "));
    list.or_else(|| GERMAN_REASONS.german(part))
        .or_else(|| part.match_indices(": ").find_map(behind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::ENGLISH;

    #[test]
    fn what_sources_say_is_told_in_german_with_the_times_of_its_reader() {
        let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
        for (english, wanted) in [
            ("the server answers 401 Unauthorized", "der Server antwortet 401 Unauthorized"),
            (
                "give a valid token: the server does not know this one",
                "geben Sie ein gültiges Token an: Der Server kennt dieses nicht",
            ),
            (
                "https://a.example/feed: the server answers 404 Not Found: no such page; https://b.example/: it is a web page, not a feed",
                "https://a.example/feed: der Server antwortet 404 Not Found: no such page; https://b.example/: das ist eine Webseite, kein Feed",
            ),
            (
                "the platform's limit is reached; asked again at 2026-03-04T14:06:30Z",
                "die Grenze der Plattform ist erreicht; nächste Anfrage: 4. März 2026, 15:06",
            ),
            (
                "failed to lookup address information: Name or service not known",
                "der Name des Servers lässt sich nicht auflösen (Name or service not known)",
            ),
            (
                "Connection refused (os error 111)",
                "dort nimmt niemand Verbindungen an (Connection refused)",
            ),
            (
                "invalid peer certificate: UnknownIssuer",
                "das Zertifikat des Servers gilt nicht: die ausstellende Stelle ist unbekannt",
            ),
            ("nothing came for 60s", "es kam nichts seit 60s"),
            ("/data/posts.jsonl: no such file", "/data/posts.jsonl: diese Datei gibt es nicht"),
            (
                "the server answers 301 Moved Permanently, which leads to https://c.example/",
                "der Server antwortet 301 Moved Permanently, und verweist auf https://c.example/",
            ),
            (
                "12 of 100 requests left for 33 s, 5 of 10 units left today",
                "noch 12 von 100 Anfragen erlaubt, für 33 s, heute noch 5 von 10 Einheiten",
            ),
            (
                "wss://r.example: 20 subscriptions, members only",
                "wss://r.example: 20 Abonnements, nur für Mitglieder",
            ),
            (
                "the renewal is refused: invalid_grant",
                "die Erneuerung wird abgelehnt: invalid_grant",
            ),
            ("2026-03-04T14:06:30Z", "4. März 2026, 15:06"),
            ("words of another server", "words of another server"),
            ("", ""),
        ] {
            assert_eq!(reason(english, &GERMAN, &berlin), wanted);
        }
        let limit = "the platform's limit is reached; asked again at 2026-03-04T14:06:30Z";
        assert_eq!(
            reason(limit, &ENGLISH, &berlin),
            "the platform's limit is reached; asked again at 4 Mar 2026, 15:06"
        );
    }

    /// The first text behind each call, with a hole for each name in it.
    fn texts(code: &str, call: &str) -> Vec<String> {
        let calls = code.split(call).skip(1).filter_map(|rest| {
            let rest = rest.trim_start().trim_start_matches("format!(").trim_start();
            let rest = rest.strip_prefix('"')?.replace("\\\"", "\u{1}");
            let text = rest.split_once('"')?.0.replace('\u{1}', "\"");
            let mut parts = text.split('{');
            let first = parts.next()?.to_owned();
            let rest = parts.filter_map(|part| Some(format!("…{}", part.split_once('}')?.1)));
            Some(first + &rest.collect::<String>())
        });
        calls.collect()
    }

    #[test]
    fn faults_of_sources_are_known_in_german() {
        let mut folders = vec![concat!(env!("CARGO_MANIFEST_DIR"), "/src/connect").into()];
        let mut found = 0;
        while let Some(folder) = folders.pop() {
            let folder: std::path::PathBuf = folder;
            for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let Ok(code) = std::fs::read_to_string(&path) else { continue };
                for call in ["Fault::external(", "Fault::user("] {
                    for text in texts(&code, call).into_iter().filter(|text| text != "…: …") {
                        assert!(known(&text).is_some(), "{}: {text}", path.display());
                        found += 1;
                    }
                }
            }
        }
        assert!(found > 50, "{found}");
    }
}
