//! Which column could be which field, where columns are called as others call them?

use super::called::{CLOCKS, DAYS, NAMES};

/// Most columns of texts that are told.
const TEXTS_MAX: usize = 8;

/// For each field that a column could be, the column, as pairs of `--map`; fields whose own name is
/// there are left out. A post without any column for its id has an empty one: `id=`.
#[must_use]
pub fn guessed(columns: &[&str]) -> Vec<(&'static str, String)> {
    let plain = |name: &str| {
        let letters = name.chars().filter(|char| char.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect::<String>()
    };
    // Units and zones stand in brackets behind a name.
    let bare = |column: &&str| plain(column.split(['(', '[']).next().unwrap_or_default());
    let last = |column: &&str| plain(column.rsplit('.').next().unwrap_or_default());
    let own = |name: &&&str| NAMES.iter().any(|(field, _)| field == *name);
    let mut taken: Vec<&str> = columns.iter().filter(own).copied().collect();
    let mut pairs = Vec::new();
    for (field, names) in NAMES {
        if columns.contains(&field) {
            continue;
        }
        // What separates columns in the option cannot be named there.
        let free = |column: &&&str| !taken.contains(*column) && !column.contains([',', '=']);
        let of = |name: &&str| {
            let whole = columns.iter().filter(free).find(|column| plain(column) == **name);
            let inside = || columns.iter().filter(free).find(|column| last(column) == **name);
            let noted = || columns.iter().filter(free).find(|column| bare(column) == **name);
            whole.or_else(inside).or_else(noted)
        };
        if let Some(column) = names.iter().find_map(of) {
            // A day is no time of a post where the time of day stands beside it.
            let is_day = field == "posted_at" && DAYS.contains(&plain(column).as_str());
            let is_clock = |other: &&&str| is_day && CLOCKS.contains(&plain(other).as_str());
            let clock = columns.iter().filter(free).find(is_clock).copied();
            let joined = clock.filter(|_| !column.contains('+'));
            let joined = joined.map(|clock| format!("{column}+{clock}"));
            pairs.push((field, joined.unwrap_or_else(|| (*column).to_owned())));
            taken.push(column);
            taken.extend(clock);
        }
    }
    let has = |field| {
        columns.contains(&field) || pairs.iter().any(|(other, _): &(&str, String)| *other == field)
    };
    if !has("id") && has("text") && has("posted_at") {
        pairs.insert(0, ("id", String::new()));
    }
    pairs
}

/// Columns that are called as others call texts, the likeliest first; at most eight.
#[must_use]
pub fn text_columns<'c>(columns: &[&'c str]) -> Vec<&'c str> {
    let (mut left, mut found) = (columns.to_vec(), Vec::new());
    while found.len() < TEXTS_MAX
        && let Some((_, text)) = guessed(&left).into_iter().find(|(field, _)| *field == "text")
    {
        found.extend(left.iter().copied().filter(|column| *column == text));
        left.retain(|column| *column != text);
    }
    found
}

/// The same as the value of `--map`; empty without any.
#[must_use]
pub fn guessed_map(columns: &[&str]) -> String {
    let pairs = guessed(columns).into_iter().map(|(field, column)| format!("{field}={column}"));
    pairs.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_told_by_what_others_call_them() {
        let rows: [(&[&str], &str); 15] = [
            (&["Datum", "Uhrzeit", "Text"], "id=,text=Text,posted_at=Datum+Uhrzeit"),
            (&["Time", "Date", "Comment"], "id=,text=Comment,posted_at=Date+Time"),
            (
                &["Nr", "Datum", "Text", "Reichweite"],
                "id=Nr,text=Text,posted_at=Datum,reach=Reichweite",
            ),
            (&["id", "text", "posted_at", "lang"], ""),
            (
                &["data.id", "data.body", "data.created_at", "data.user.name"],
                "id=data.id,text=data.body,posted_at=data.created_at,author=data.user.name",
            ),
            (&["a", "b", "title,1"], ""),
            (
                &["Datum", "Autor", "Text", "Link"],
                "id=,text=Text,posted_at=Datum,author=Autor,url=Link",
            ),
            (&["posted_at", "text"], "id="),
            (
                &["Review Id", "Review Created (UTC)", "Review Title", "Review Content"],
                "id=Review Id,text=Review Content,posted_at=Review Created (UTC)",
            ),
            (
                &["Timestamp (EST)", "Network", "Message", "Likes"],
                "id=,text=Message,posted_at=Timestamp (EST),source=Network,engagement=Likes",
            ),
            (
                &["Beitrags-ID", "Titel", "Veröffentlichungszeit", "Permalink", "Kommentare"],
                "id=Beitrags-ID,text=Titel,posted_at=Veröffentlichungszeit,url=Permalink",
            ),
            (
                &["Date", "Headline", "URL", "Hit Sentence", "Influencer", "Reach"],
                "id=,text=Hit Sentence,posted_at=Date,author=Influencer,url=URL,reach=Reach",
            ),
            (
                &["Name", "Profile ID", "Date", "Likes", "Comments"],
                "id=,text=Comments,posted_at=Date,author=Name,engagement=Likes",
            ),
            (
                &["Post title", "Post link", "Created date", "Impressions"],
                "id=,text=Post title,posted_at=Created date,url=Post link,reach=Impressions",
            ),
            (
                &["ID", "Betreff", "Beschreibung", "Antragsteller", "Erstellt am"],
                "id=ID,text=Beschreibung,posted_at=Erstellt am,author=Antragsteller",
            ),
        ];
        for (columns, map) in rows {
            assert_eq!(guessed_map(columns), map);
        }
    }

    #[test]
    fn columns_of_suites_and_forms_are_known() {
        let rows: [(&[&str], &str); 5] = [
            (
                &["Date (GMT)", "Post message", "Social network", "Post ID", "Post permalink"],
                "id=Post ID,text=Post message,posted_at=Date (GMT),source=Social network,url=Post permalink",
            ),
            (
                &["Titel des Beitrags", "Link zum Beitrag", "Erstellungsdatum", "Kommentare"],
                "id=,text=Titel des Beitrags,posted_at=Erstellungsdatum,url=Link zum Beitrag",
            ),
            (
                &["Beitrags-ID", "Beschreibung", "Veröffentlichungszeit", "Datum", "Aufrufe"],
                "id=Beitrags-ID,text=Beschreibung,posted_at=Veröffentlichungszeit,reach=Aufrufe",
            ),
            (
                &["Startzeit", "Fertigstellungszeit", "Name"],
                "posted_at=Fertigstellungszeit,author=Name",
            ),
            (
                &["Date", "Post Type", "Post", "Audience", "Impressions", "Comments"],
                "id=,text=Post,posted_at=Date,kind=Post Type,reach=Impressions",
            ),
        ];
        for (columns, map) in rows {
            assert_eq!(guessed_map(columns), map);
        }
    }

    #[test]
    fn all_columns_that_could_be_texts_are_told_the_likeliest_first() {
        let columns = ["Title", "Date", "Description", "Comments"];
        assert_eq!(text_columns(&columns), ["Description", "Title", "Comments"]);
        assert_eq!(text_columns(&["Date", "text"]), Vec::<&str>::new());
    }
}
