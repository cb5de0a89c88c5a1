//! Whose archive is a file, as its beginning says, and where in it do posts stand?

use super::outline::Outline;
use super::{Export, gdelt};
use crate::decode::fields::FieldMap;

/// What lists of posts are called where several would do, the likeliest first.
const LISTS: [&str; 16] = [
    "data", "items", "posts", "comments", "results", "statuses", "messages", "tweets", "entries",
    "articles", "records", "rows", "value", "hits", "list", "children",
];

/// What a beginning tells of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// Whose archive it is; `None` for any other file.
    pub export: Option<Export>,
    /// The path to the list whose elements are the objects; none where each object counts itself.
    pub list: Option<String>,
    /// Why nothing in it is a post, where the file is known not to hold any.
    pub nothing: Option<&'static str>,
    /// Whether its objects have the fields that a post needs.
    pub has_posts: bool,
}

/// What the beginning of a file tells. With `export` it is known whose it is, and a map of its own
/// says that it is nobody's.
#[must_use]
pub fn told(first: &str, export: Option<Export>, map: &FieldMap) -> Told {
    let text = first.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with('<') && export.is_none() {
        let nothing = "this is a web page or XML, of which no posts are imported: export it as CSV or JSON; an address \
                       with a feed can be a source of type feed";
        return Told { nothing: Some(nothing), ..Told::default() };
    }
    if !text.starts_with(['{', '[', 'w']) {
        let line = text.lines().next().unwrap_or_default();
        return of_table(line, export, map);
    }
    if let Some(part) = text.strip_prefix("window.YTD.") {
        let posts = ["tweet.", "tweets.", "community_tweet.", "community-tweet."];
        if !posts.iter().any(|name| part.starts_with(name)) && export.is_none() {
            let nothing =
                "this part of an archive of X holds no posts; those are in data/tweets.js";
            return Told { nothing: Some(nothing), ..Told::default() };
        }
        return Told {
            export: export.or(Some(Export::XArchive)),
            has_posts: true,
            ..Told::default()
        };
    }
    let outline = Outline::of(text);
    let lists = outline.lists();
    let prefixes = std::iter::once(None).chain(lists.iter().copied().map(Some));
    if export.is_some() || map.is_plain() {
        for list in prefixes.clone() {
            let has = |path: &str| match list {
                Some(list) => outline.has(&format!("{list}.0.{path}")),
                None => outline.has(path),
            };
            if is_post(&has, map) && export.is_none() {
                break;
            }
            let found = export_of(&has, text);
            if let Some(found) = found.filter(|found| export.is_none_or(|export| export == *found))
            {
                let list = list.map(str::to_owned);
                return Told { export: Some(found), list, nothing: None, has_posts: true };
            }
        }
    }
    let list = list_of(&outline, &lists, map);
    let has_posts = match &list {
        Some(list) => is_post(&|path: &str| outline.has(&format!("{list}.0.{path}")), map),
        None => is_post(&|path: &str| outline.has(path), map),
    };
    Told { export, list, nothing: None, has_posts }
}

/// The same for a file that is not JSON.
fn of_table(line: &str, export: Option<Export>, map: &FieldMap) -> Told {
    let is_takeout = [["Comment ID", "Comment Text"], ["Kommentar-ID", "Kommentartext"]]
        .iter()
        .any(|names| names.iter().all(|name| line.contains(name)));
    let told = if gdelt::is_table(line) {
        Some(Export::Gdelt)
    } else if is_takeout {
        Some(Export::YouTube)
    } else {
        None
    };
    let export = export.or(told.filter(|_| map.is_plain()));
    Told { export, has_posts: export.is_some(), ..Told::default() }
}

/// Where the fields stand that a post needs.
fn needed(map: &FieldMap) -> impl Iterator<Item = &str> {
    let columns = |place| match map.joined().filter(|_| place == 2) {
        Some((day, clock)) => [day, clock],
        None => [map.column(place), ""],
    };
    (0..3).flat_map(columns).filter(|column| !column.is_empty())
}

/// Whether an object has the fields that a post needs, as they are mapped.
fn is_post(has: &dyn Fn(&str) -> bool, map: &FieldMap) -> bool {
    needed(map).all(has)
}

/// The list that an object wraps, unless the object is a post itself.
fn list_of(outline: &Outline, lists: &[&str], map: &FieldMap) -> Option<String> {
    if needed(map).any(|column| outline.has(column)) {
        return None;
    }
    let whole = |list: &&&str| {
        let at = |column: &str| outline.has(&format!("{list}.0.{column}"));
        needed(map).all(at)
    };
    let named = || LISTS.iter().find_map(|name| lists.iter().find(|list| list.ends_with(name)));
    let found = lists.iter().find(whole).or_else(named).or(lists.first());
    found.map(|list| (*list).to_owned())
}

/// Whose object it is that has these members.
fn export_of(has: &dyn Fn(&str) -> bool, text: &str) -> Option<Export> {
    let all = |paths: &[&str]| paths.iter().all(|path| has(path));
    let any = |paths: &[&str]| paths.iter().any(|path| has(path));
    if has("tweet.full_text")
        || all(&["id_str", "full_text"])
        || all(&["id_str", "text", "created_at", "user"])
    {
        return Some(Export::XArchive);
    }
    let page = all(&["data.0.id", "data.0.text"])
        && any(&["meta.newest_id", "meta.result_count", "includes.users", "data.0.author_id"]);
    if page
        || any(&["data.0.edit_history_tweet_ids", "edit_history_tweet_ids"])
        || all(&["author_id", "text", "created_at", "id"])
    {
        return Some(Export::XApi);
    }
    let is_reddit = |at: &str| {
        let member = |name: &str| has(&format!("{at}{name}"));
        member("created_utc") && member("subreddit") && (member("body") || member("title"))
    };
    if is_reddit("") || is_reddit("data.") {
        return Some(Export::Reddit);
    }
    if all(&["actor", "type", "object"]) {
        return Some(Export::Outbox);
    }
    if all(&["content", "account", "created_at", "visibility"]) {
        return Some(Export::Mastodon);
    }
    if all(&["snippet.topLevelComment"]) || all(&["snippet.publishedAt", "snippet.textDisplay"]) {
        return Some(Export::YouTube);
    }
    if all(&["creationTime", "url", "author"]) && text.contains("plus.google.com") {
        return Some(Export::GooglePlus);
    }
    if all(&["seendate", "title", "url"]) {
        return Some(Export::Gdelt);
    }
    if any(&[
        "string_map_data.Comment",
        "string_map_data.Media Owner",
        "media.0.creation_timestamp",
    ]) || all(&["string_map_data", "media_list_data"])
        || all(&["timestamp", "permalink"])
        || all(&["timestamp", "caption"])
        || (all(&["timestamp", "text", "id"]) && text.contains("graph.facebook.com"))
    {
        return Some(Export::Instagram);
    }
    let facebook = all(&["timestamp"])
        && (any(&["data.0.post", "data.0.comment", "data.0.update_timestamp", "attachments"])
            || all(&["title", "data"]));
    if facebook || all(&["created_time", "message"]) || all(&["created_time", "id", "story"]) {
        return Some(Export::Facebook);
    }
    None
}
