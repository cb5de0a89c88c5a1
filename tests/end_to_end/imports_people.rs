//! Do exports come in as people have them: surveys, shops, help desks, downloads in German?

use std::path::Path;

use crate::support::{Place, file, query, resonanz, run, stderr, stdout};

/// A look at a file, with a zone of its own: what is said.
pub(crate) fn look(path: &Path) -> String {
    let mut command = resonanz();
    command.args(["import", "--preview"]).arg(path).env("TZ", "Europe/Berlin");
    let seen = command.output().expect("it runs");
    let said = stdout(&seen);
    assert!(seen.status.success(), "{said}{}", stderr(&seen));
    said
}

/// Imports by the last line that a look says, as a person copies it; the rows of `posts`.
pub(crate) fn by_the_command(place: &Place, said: &str, path: &Path) -> String {
    let command = said.lines().last().expect("a command").trim().to_owned();
    let binary = env!("CARGO_BIN_EXE_resonanz");
    let line = command.replacen("resonanz", &format!("'{binary}'"), 1);
    let lake = place.lake.to_str().expect("UTF-8");
    let config = place.config.to_str().expect("UTF-8");
    let line = format!("{line} --lake '{lake}' --config '{config}'");
    let done = std::process::Command::new("sh").args(["-c", &line]).output().expect("sh runs");
    assert!(done.status.success(), "{}: {line}: {}", path.display(), stderr(&done));
    query(&place.lake, "SELECT posted_at, text FROM posts ORDER BY posted_at, text")
}

#[test]
fn surveys_shops_and_help_desks_are_read_by_the_command_that_a_look_proposes() {
    let rows: [(&str, &str, &str); 8] = [
        (
            "antworten.csv",
            "Zeitstempel,Wie zufrieden sind Sie?,\"Was können wir besser machen\"\n\
             28.11.2026 14:05:33,3,Die Hotline von acme ist nie erreichbar\n27.11.2026 08:05:01,5,acme ist toll\n",
            "2026-11-27T07:05:01Z,acme ist toll\n2026-11-28T13:05:33Z,Die Hotline von acme ist nie erreichbar",
        ),
        (
            "formular.csv",
            "\"Zeitstempel\",\"Note\",\"Was fehlt Ihnen bei acme?\"\n\
             \"2026/11/28 2:05:33 PM MEZ\",\"3\",\"acme antwortet leider nie\"\n",
            "2026-11-28T13:05:33Z,acme antwortet leider nie",
        ),
        (
            "responses.csv",
            "Timestamp,How satisfied are you?,What could acme do better?\n\
             11/28/2026 14:05:33,3,acme support never answers\n3/4/2026 9:15:02,5,nothing about acme\n",
            "2026-03-04T08:15:02Z,nothing about acme\n2026-11-28T13:05:33Z,acme support never answers",
        ),
        (
            "survey.csv",
            "Date,Name,Comment,Followers\n3/4/2026 2:05 PM,Kim,acme is late,\"68,870\"\n",
            "2026-03-04T13:05:00Z,acme is late",
        ),
        (
            "trustpilot.csv",
            "Review Id,Review Created (UTC),Review Title,Review Content,Review Stars,Review Username,Review Language\n\
             6747a1,2026-11-27 22:48:11,Never again,acme did not deliver,1,Kim,en\n",
            "2026-11-27T22:48:11Z,acme did not deliver",
        ),
        (
            "tickets.csv",
            "ID;Betreff;Beschreibung;Antragsteller;Erstellt am;Status\n\
             1042;Lieferung;\"acme liefert nicht\nseit drei Wochen\";kim@example.org;28.11.2026 10:00;Offen\n",
            "2026-11-28T09:00:00Z,\"acme liefert nicht\nseit drei Wochen\"",
        ),
        (
            "reviews_com.acme_202611.csv",
            "Package Name,Reviewer Language,Review Submit Date and Time,Star Rating,Review Title,Review Text,Review Link\n\
             com.acme,de,2026-11-02T10:00:00Z,1,,,http://play.google.com/1\n\
             com.acme,de,2026-11-03T10:00:00Z,5,Gut,acme ist super,http://play.google.com/2\n",
            "2026-11-03T10:00:00Z,acme ist super",
        ),
        (
            "Kommentare.csv",
            "Kommentar-ID,Kanal-ID,Zeitstempel der Erstellung des Kommentars,Video-ID,Kommentartext\n\
             Ugy1,UCa,2026-11-27T10:03:33.123Z,vid1,\"{\"\"text\"\":\"\"acme ist zu teuer\"\"}\"\n",
            "2026-11-27T10:03:33.123Z,acme ist zu teuer",
        ),
    ];
    for (name, text, wanted) in rows {
        let place = Place::new();
        let path = file(place.folder.path(), name, text);
        let said = look(&path);
        assert_eq!(by_the_command(&place, &said, &path), wanted, "{name}: {said}");
    }
}

#[test]
fn days_and_months_that_cannot_be_told_apart_are_not_guessed() {
    let place = Place::new();
    let text = "Date,Name,Comment\n03/04/2026 14:05,Kim,acme is late\n";
    let path = file(place.folder.path(), "unsure.csv", text);
    let seen = resonanz().args(["import", "--preview"]).arg(&path).output().expect("it runs");
    let said = stdout(&seen);
    assert!(!seen.status.success() && said.contains("which number is the day"), "{said}");
    assert!(!said.contains("guessed: --time-format"), "{said}");
}

#[test]
fn what_holds_no_posts_in_an_unpacked_download_is_left_out_and_not_refused() {
    let place = Place::new();
    let folder = place.folder.path().join("facebook-maja");
    let write = |name: &str, text: &str| {
        let (inside, name) = name.rsplit_once('/').expect("a folder");
        let inside = folder.join(inside);
        std::fs::create_dir_all(&inside).expect("made");
        file(&inside, name, text);
    };
    write(
        "your_facebook_activity/posts/your_posts_1.json",
        r#"[{"timestamp":1795773813,"data":[{"post":"acme ist zu sp\u00c3\u00a4t"}],"title":"Maja"}]"#,
    );
    write(
        "your_facebook_activity/messages/inbox/kim/message_1.json",
        r#"{"participants":[{"name":"Kim"}],"messages":[{"sender_name":"Kim","timestamp_ms":1,"content":"acme?"}]}"#,
    );
    write("preferences/language.json", r#"{"language_and_locale_v2":[{"name":"x"}]}"#);
    let said = look(&folder);
    assert!(said.contains("skipped: 2 files that hold no posts"), "{said}");
    assert!(!said.contains("refused"), "{said}");
    let rows = by_the_command(&place, &said, &folder);
    assert!(rows.ends_with("acme ist zu spät"), "{rows}");
}

#[test]
fn tables_of_offices_are_read_with_day_and_time_apart() {
    let rows = [
        (
            "excel.csv",
            "sep=;\nDatum;Uhrzeit;Autor;Text\n03.03.2026;14:05;Kim;acme ist kaputt\n",
            "2026-03-03T13:05:00Z,acme ist kaputt",
            "guessed: --map id=,text=Text,posted_at=Datum+Uhrzeit",
        ),
        (
            "export.json",
            "Date,Time,Comment\n2026-03-03,14:05,acme is late\n",
            "2026-03-03T13:05:00Z,acme is late",
            "a table with commas",
        ),
        (
            "kurz.csv",
            "Datum;Text\n03.03.26 14:05;acme kommt nie\n",
            "2026-03-03T13:05:00Z,acme kommt nie",
            "guessed: --time-format '%d.%m.%y %H:%M'",
        ),
        (
            "lines.jsonl",
            "{\"Datum\":\"03.03.2026\",\"Uhrzeit\":\"14:05\",\"Text\":\"acme fehlt\"}\n",
            "2026-03-03T13:05:00Z,acme fehlt",
            "posted_at=Datum+Uhrzeit",
        ),
    ];
    for (name, text, wanted, guess) in rows {
        let place = Place::new();
        let path = file(place.folder.path(), name, text);
        let said = look(&path);
        assert!(said.contains(guess), "{name}: {said}");
        assert_eq!(by_the_command(&place, &said, &path), wanted, "{name}: {said}");
    }
}

#[test]
fn a_look_says_how_many_rows_it_saw_and_when_there_is_none() {
    let place = Place::new();
    let head = "id,text,posted_at\n";
    let path = file(
        place.folder.path(),
        "one-bad.csv",
        format!("{head}1,acme is fine,2026-03-03T14:05:00Z\n2,acme is bad,gestern\n"),
    );
    let said = look(&path);
    assert!(said.contains("among the first 2: 1 refused"), "{said}");
    assert!(said.contains("--time-format"), "{said}");
    let path = file(place.folder.path(), "none.csv", head);
    let seen = resonanz().args(["import", "--preview"]).arg(&path).output().expect("it runs");
    let said = stdout(&seen);
    assert!(seen.status.code() == Some(1) && said.contains("nothing to import"), "{said}");
    assert!(!said.contains("could be read"), "{said}");
}

#[test]
fn titles_above_a_table_and_totals_below_it_are_no_posts() {
    let rows = [
        (
            "excel.csv",
            "Erwähnungen acme;;;\r\nZeitraum: 01.11.26 - 28.11.26;;;\r\n;;;\r\nDatum;Autor;Text;Reichweite\r\n\
             28.11.26 14:05;Kim;\"acme liefert nicht;\r\nnie\";68.870\r\n;;;\r\nSumme;;;68.870\r\n",
            "2026-11-28T13:05:00Z,\"acme liefert nicht;\r\nnie\"",
            "3 lines above the names of the columns are passed over",
        ),
        (
            "listening.csv",
            "Report:,acme mentions\nLabel:,\n\nQuery Id,Query Name,Date,Title,Snippet,Url,Author\n\
             1,acme,2026-11-28 14:05:33.0,acme again,\"acme is down, again\",https://x.example/1,kim\n",
            "2026-11-28T13:05:33Z,\"acme is down, again\"",
            "id=,text=Snippet,posted_at=Date,author=Author,url=Url",
        ),
        (
            "seite.csv",
            "Beitrags-ID,Seitenname,Titel,Beschreibung,Veröffentlichungszeit,Permalink,Aufrufe,Kommentare\n\
             1,acme,,acme hat heute geschlossen,11/28/2026 14:05,https://f.example/1,68,3\n",
            "2026-11-28T13:05:00Z,acme hat heute geschlossen",
            "text=Beschreibung,posted_at=Veröffentlichungszeit,url=Permalink,reach=Aufrufe",
        ),
        (
            "company.csv",
            "\"All dates are in UTC, and rates are of impressions.\",,,,\n\
             Post title,Post link,Post type,Created date,Impressions\n\
             acme opens,https://l.example/1,Organic,11/28/2026,\"1,234\"\n",
            "2026-11-28T00:00:00Z,acme opens",
            "--zone UTC --thousands ,",
        ),
        (
            "umfrage.csv",
            "Umfrage acme;;\n;;\nZeitstempel;Note;Was fehlt?\n28.11.2026 14:05;2;Bei acme fehlt mir die Hotline\n",
            "2026-11-28T13:05:00Z,Bei acme fehlt mir die Hotline",
            "2 lines above",
        ),
    ];
    for (name, text, wanted, guess) in rows {
        let place = Place::new();
        let path = file(place.folder.path(), name, text);
        let said = look(&path);
        assert!(said.contains(guess), "{name}: {said}");
        assert_eq!(by_the_command(&place, &said, &path), wanted, "{name}: {said}");
    }
}

#[test]
fn a_row_that_is_refused_below_a_title_is_named_by_its_line() {
    let place = Place::new();
    let text = "Bericht;;\r\n\r\nid;text;posted_at\r\n1;\"acme\r\nis late\";2026-03-03T14:05:00Z\r\n2;acme;gestern\r\n";
    let path = file(place.folder.path(), "title.csv", text);
    let path = path.to_str().expect("UTF-8");
    let (lake, config) = (place.lake.to_str(), place.config.to_str());
    let (lake, config) = (lake.expect("UTF-8"), config.expect("UTF-8"));
    let done = run(&["import", path, "--lake", lake, "--config", config]);
    assert_eq!(done.status.code(), Some(1), "{}", stderr(&done));
    assert!(stdout(&done).contains("line 6"), "{}", stdout(&done));
    assert_eq!(query(&place.lake, "SELECT count(*) FROM posts"), "1");
}

#[test]
fn one_odd_time_among_good_ones_is_named_and_nothing_is_guessed_from_it() {
    let place = Place::new();
    let good = (1..=9).map(|day| format!("2026-11-0{day} 14:05,Kim,acme is late {day}\n"));
    let good = good.collect::<String>();
    for odd in ["28.11.26", "11/28/26 14:05", "28/11/2026 14:05"] {
        let text = format!("Date,Name,Comment\n{good}{odd},Kim,acme is odd\n");
        let path = file(place.folder.path(), "odd.csv", text);
        let said = look(&path);
        assert!(!said.contains("--time-format '%"), "{said}");
        assert!(said.contains("refused: ") && said.contains("line 11"), "{said}");
    }
    let months = (1..=9).map(|month| format!("{month}/28/2026 14:05,Kim,acme is late {month}\n"));
    let text = format!(
        "Date,Name,Comment\n{}28/11/2026 14:05,Kim,acme is odd\n",
        months.collect::<String>()
    );
    let path = file(place.folder.path(), "months.csv", text);
    let said = look(&path);
    assert!(said.contains("guessed: --time-format '%m/%d/%Y %H:%M'"), "{said}");
    assert!(said.contains("line 11") && said.contains("28/11/2026 14:05"), "{said}");
}

/// A file's name, its text, the one post that is in it, and what a look has to guess.
type Export = (&'static str, &'static str, &'static str, &'static str);

const EXPORTS: [Export; 14] = [
    (
        "hootsuite.csv",
        "Date (GMT),Post message,Social network,Profile name,Post ID,Post permalink,Post type,Engagements\n\
             2026-11-28 14:05:33,acme opens today,Facebook,acme,123_456,https://f.example/1,Photo,12\n",
        "2026-11-28T14:05:33Z,acme opens today",
        "id=Post ID,text=Post message,posted_at=Date (GMT),source=Social network,url=Post permalink,engagement=Engagements",
    ),
    (
        "sprout.csv",
        "Date,Post ID,Network,Post Type,Sent by,Link,Post,Impressions,Likes,Comments\n\
             11/28/2026 2:05 pm,123,X,Post,Maja,https://x.example/1,acme opens today,340,3,1\n",
        "2026-11-28T13:05:00Z,acme opens today",
        "text=Post,",
    ),
    (
        "inbox.csv",
        "Timestamp (ET),Message ID,Network,Message Type,Customer,Message,Permalink\n\
             11/28/2026 14:05:33,55,Facebook,Comment,Kim K,acme never answers,https://f.example/1\n",
        "2026-11-28T19:05:33Z,acme never answers",
        "--zone America/New_York",
    ),
    (
        "facebook.csv",
        "Post ID,Page name,Title,Description,Publish time,Permalink,Post type,Data comment,Date,Reach\n\
             1223,acme,acme opens today,,11/28/2026 06:05,https://f.example/1,Photos,,Lifetime,300\n",
        "2026-11-28T05:05:00Z,acme opens today",
        "text=Title,",
    ),
    (
        "instagram.csv",
        "Beitrags-ID,Kontoname,Beschreibung,Veröffentlichungszeit,Permalink,Beitragsart,Datum,Aufrufe\n\
             17999,acme,acme hat heute offen,11/28/2026 06:05,https://i.example/1,Instagram-Bild,Gesamt,340\n",
        "2026-11-28T05:05:00Z,acme hat heute offen",
        "posted_at=Veröffentlichungszeit",
    ),
    (
        "linkedin.csv",
        "Titel des Beitrags;Link zum Beitrag;Beitragstyp;Erstellungsdatum;Impressions;Likes;Kommentare\n\
             acme öffnet;https://l.example/1;Organisch;28.11.2026;340;9;2\n",
        "2026-11-27T23:00:00Z,acme öffnet",
        "text=Titel des Beitrags,",
    ),
    (
        "shares.csv",
        "Date,ShareLink,ShareCommentary,SharedUrl,Visibility\n\
             2026-11-28 14:05:33,https://l.example/1,acme opens today,,MEMBER_NETWORK\n",
        "2026-11-28T13:05:33Z,acme opens today",
        "text=ShareCommentary",
    ),
    (
        "anzeigen.csv",
        "Datum,Anzeige,Kommentare\n28.11.2026 14:05,acme öffnet heute,2\n27.11.2026 14:05,acme schließt,1\n",
        "2026-11-27T13:05:00Z,acme schließt\n2026-11-28T13:05:00Z,acme öffnet heute",
        "text=Anzeige,",
    ),
    (
        "bewertungen.csv",
        "Bewertungs-ID;Erstellt am (UTC);Titel der Bewertung;Inhalt der Bewertung;Sterne;Benutzername\n\
             6747a1;2026-11-27 22:48:11;Nie wieder;acme hat nicht geliefert;1;Kim\n",
        "2026-11-27T22:48:11Z,acme hat nicht geliefert",
        "author=Benutzername",
    ),
    (
        "typeform.csv",
        "#,Wie zufrieden sind Sie?,Was fehlt Ihnen?,Startdatum (UTC),Absendedatum (UTC)\n\
             a1,3,acme sollte schneller antworten,2026-11-28 14:04:33,2026-11-28 14:05:33\n",
        "2026-11-28T14:05:33Z,acme sollte schneller antworten",
        "posted_at=Absendedatum (UTC)",
    ),
    (
        "forms.csv",
        "ID,Start time,Completion time,Email,Name,What is missing?\n\
             1,11/28/26 14:04:33,11/28/26 14:05:33,anonymous,,The acme hotline never answers\n",
        "2026-11-28T13:05:33Z,The acme hotline never answers",
        "--time-format '%m/%d/%y %H:%M:%S'",
    ),
    (
        "emplifi.csv",
        "Datum (Europe/London);Plattform;Autor;Nachricht;Permalink\n\
             2026-11-28 14:05:33;Facebook;Kim;acme liefert nicht;https://f.example/1\n",
        "2026-11-28T14:05:33Z,acme liefert nicht",
        "--zone Europe/London",
    ),
    (
        "reviews.json",
        "{\"reviews\":[{\"reviewer\":{\"displayName\":\"Kim\"},\"starRating\":\"ONE\",\"comment\":\"acme was closed\",\
             \"createTime\":\"2026-11-28T14:05:33Z\",\"name\":\"accounts/1/locations/2/reviews/AbFv\"}]}",
        "2026-11-28T14:05:33Z,acme was closed",
        "author=reviewer.displayName",
    ),
    (
        "app.csv",
        "Created At,Body,Type\n\"2026-11-28, 14:05:33\",acme is late,Question\n",
        "2026-11-28T13:05:33Z,acme is late",
        "text=Body,posted_at=Created At'",
    ),
];

#[test]
fn exports_of_suites_and_forms_are_read_by_the_command_that_a_look_proposes() {
    for (name, text, wanted, guess) in EXPORTS {
        let place = Place::new();
        let path = file(place.folder.path(), name, text);
        let said = look(&path);
        assert!(said.contains(guess), "{name}: {said}");
        assert!(!said.contains("could not be read"), "{name}: {said}");
        assert_eq!(by_the_command(&place, &said, &path), wanted, "{name}: {said}");
    }
}
