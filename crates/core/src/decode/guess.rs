//! Which column could be which field, where columns are called as others call them?

/// What others call the column of a day, in letters and digits alone.
const DAYS: [&str; 10] = [
    "date",
    "day",
    "datum",
    "tag",
    "reviewdate",
    "submitdate",
    "posteddate",
    "publishdate",
    "publicationdate",
    "pubdate",
];
/// What others call the column of the time of day beside it.
const CLOCKS: [&str; 6] = ["time", "timeofday", "uhrzeit", "zeit", "posttime", "publishtime"];

/// What others call the fields of a post, the likeliest first: in letters and digits alone.
const NAMES: [(&str, &[&str]); 13] = [
    (
        "id",
        &[
            "id",
            "idstr",
            "postid",
            "tweetid",
            "commentid",
            "messageid",
            "statusid",
            "reviewid",
            "uuid",
            "uid",
            "guid",
            "uri",
            "nr",
            "nummer",
            "resourceid",
            "beitragsid",
            "kommentarid",
            "ticketid",
            "ticketnr",
            "ticketnummer",
            "vorgangsnummer",
            "key",
        ],
    ),
    (
        "text",
        &[
            "text",
            "fulltext",
            "body",
            "content",
            "message",
            "comment",
            "commenttext",
            "posttext",
            "posttitle",
            "tweettext",
            "hitsentence",
            "tweet",
            "caption",
            "snippet",
            "reviewcontent",
            "reviewtext",
            "reviewbody",
            "review",
            "feedback",
            "selftext",
            "description",
            "title",
            "beitrag",
            "inhalt",
            "nachricht",
            "kommentar",
            "kommentartext",
            "beitragstext",
            "bewertungstext",
            "rezension",
            "bewertung",
            "beschreibung",
            "freitext",
            "anmerkung",
            "anliegen",
            "rückmeldung",
            "volltext",
            "titel",
            "headline",
            "openingtext",
            "mention",
            // Where nothing else is text: most tables count them.
            "comments",
            "kommentare",
        ],
    ),
    (
        "posted_at",
        &[
            "postedat",
            "createdat",
            "createdate",
            "createtime",
            "createddate",
            "datecreated",
            "publishedat",
            "createdutc",
            "created",
            "published",
            "createdtime",
            "creationtime",
            "timestamp",
            "datetime",
            "reviewcreatedutc",
            "reviewsubmitdateandtime",
            "reviewdate",
            "submittedat",
            "submitdate",
            "posteddate",
            "publishdate",
            "submitdateutc",
            "publishtime",
            "publicationdate",
            "pubdate",
            "date",
            "dateutc",
            "time",
            "timestampgmt",
            "timestamputc",
            "datumuhrzeit",
            "datum",
            "zeitpunkt",
            "zeitstempel",
            "uhrzeit",
            "zeit",
            "erstelltam",
            "erstellt",
            "erstellungsdatum",
            "veroffentlichtam",
            "veröffentlichtam",
            "veröffentlichungszeit",
            "veröffentlichungsdatum",
        ],
    ),
    (
        "received_at",
        &["receivedat", "retrievedat", "retrievedon", "collectedat", "crawledat", "abgerufenam"],
    ),
    (
        "source",
        &["source", "platform", "network", "channel", "plattform", "netzwerk", "quelle", "kanal"],
    ),
    (
        "author",
        &[
            "author",
            "authorid",
            "authorname",
            "username",
            "user",
            "screenname",
            "handle",
            "userid",
            "authordisplayname",
            "from",
            "name",
            "autor",
            "verfasser",
            "reviewusername",
            "reviewername",
            "reviewer",
            "requester",
            "customer",
            "benutzer",
            "nutzer",
            "influencer",
            "profilname",
            "antragsteller",
            "absender",
            "kunde",
            "kundin",
        ],
    ),
    ("kind", &["kind", "posttype", "type", "messagetype", "art", "typ"]),
    (
        "parent",
        &[
            "parent",
            "parentid",
            "inreplyto",
            "inreplytoid",
            "inreplytostatusid",
            "replyto",
            "antwortauf",
        ],
    ),
    ("thread", &["thread", "threadid", "conversationid", "linkid", "rootid", "videoid"]),
    ("lang", &["lang", "language", "locale", "reviewlanguage", "reviewerlanguage", "sprache"]),
    (
        "url",
        &[
            "url",
            "link",
            "permalink",
            "permalinkurl",
            "posturl",
            "postlink",
            "weburl",
            "reviewlink",
            "adresse",
        ],
    ),
    (
        "reach",
        &[
            "reach",
            "followers",
            "followerscount",
            "followercount",
            "authorfollowers",
            "audience",
            "impressions",
            "views",
            "reichweite",
            "follower",
            "abonnenten",
            "aufrufe",
            "impressionen",
        ],
    ),
    (
        "engagement",
        &[
            "engagement",
            "engagements",
            "interactions",
            "likes",
            "likecount",
            "favoritecount",
            "score",
            "reactions",
            "interaktionen",
            "likesgesamt",
            "gefälltmir",
        ],
    ),
];

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
}
