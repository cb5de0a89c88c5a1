//! What does Meta tell of a Facebook page or an Instagram account? Notifications of its webhooks,
//! and objects of its Graph API.
//!
//! Notifications come in more shapes than are documented: who wrote something stands in `from` or
//! in `sender_id`, times are numbers or texts, and what is not a text is counted and passed over.

mod said;
#[cfg(test)]
mod tests;

use serde_json::Value;

use super::Parcel;
use crate::post::{Event, Kind, Lang, Post, SourceId, TEXT_BYTES_MAX, cut_text};
use crate::privacy::AuthorHasher;
use crate::time::EventTime;
use said::{after, author, created, engagement, list, text, text_at, time, written};

/// What was refused of a notification is kept up to here.
const RAW_BYTES_MAX: usize = 64 * 1024;
/// Items of a page's feed that hold what somebody wrote.
const WRITTEN: [&str; 11] = [
    "status", "post", "comment", "share", "photo", "video", "link", "note", "album", "event",
    "rating",
];

/// Reads what Meta sends.
#[derive(Debug, Clone)]
pub struct MetaDecoder {
    source: SourceId,
    authors: AuthorHasher,
    now: EventTime,
}

/// What a notification names without its text, so that it must be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What to ask for.
    pub ask: Ask,
    /// When it happened.
    at: EventTime,
    happened: Happened,
    kind: Kind,
    thread: Option<String>,
}

/// An object of the Graph API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// A post or comment of a page, by its id.
    Object(String),
    /// A comment that mentions an Instagram account: the account, the comment.
    MentionedComment(String, String),
    /// A caption that mentions an Instagram account: the account, the picture.
    MentionedMedia(String, String),
}

/// What a page of a feed says of what follows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedPage {
    /// Where the next page begins, if there is one.
    pub after: Option<String>,
    /// Posts with more comments than came: their ids, and where the next ones begin.
    pub comments: Vec<(String, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Happened {
    Created,
    Edited,
}

/// What stands in an object, wherever it came from.
struct Said<'a> {
    id: &'a str,
    text: &'a str,
    created: Option<EventTime>,
    kind: Kind,
    parent: Option<&'a str>,
    thread: Option<&'a str>,
}

impl MetaDecoder {
    /// A decoder for what comes at `now`.
    #[must_use]
    pub fn new(source: SourceId, authors: AuthorHasher, now: EventTime) -> Self {
        Self { source, authors, now }
    }

    /// Adds what a notification says to `parcel`; what it names without a text is given back.
    ///
    /// # Errors
    /// In words, for what is not a notification.
    pub fn notification(&self, body: &[u8], parcel: &mut Parcel) -> Result<Vec<Wanted>, String> {
        let body: Value = serde_json::from_slice(body)
            .map_err(|error| format!("the body is not JSON: {error}"))?;
        let object = text(&body, "object").unwrap_or_default();
        let Some(entries) = body.get("entry").and_then(Value::as_array) else {
            return Err("the notification has no \"entry\"".to_owned());
        };
        let mut wanted = Vec::new();
        let mut number = 0;
        for entry in entries {
            let at = entry.get("time").and_then(time).unwrap_or(self.now);
            let changes = entry.get("changes").and_then(Value::as_array);
            if changes.is_none() {
                parcel.ignored += 1;
            }
            for change in changes.into_iter().flatten() {
                // Two versions of one text in one notification are told apart.
                let at = EventTime(at.shift(number).0.min(self.now.0));
                number += 1;
                let field = text(change, "field").unwrap_or_default();
                let value = change.get("value").unwrap_or(&Value::Null);
                let told = match (object, field) {
                    ("page", "feed" | "mention" | "ratings") => self.of_page(value, at),
                    ("instagram", "comments" | "live_comments") => self.comment(value, at),
                    ("instagram", "mentions") => mention(entry, value, at),
                    _ => Ok(Told::Nothing),
                };
                match told {
                    Ok(Told::Nothing) => parcel.ignored += 1,
                    Ok(Told::Event(event)) => push(*event, parcel),
                    Ok(Told::Wanted(one)) => wanted.push(one),
                    Err(reason) => self.refuse(reason, change, parcel),
                }
            }
        }
        Ok(wanted)
    }

    /// Adds what the Graph API answers for something that a notification named.
    ///
    /// # Errors
    /// In words, for another answer.
    pub fn reread(
        &self,
        wanted: &Wanted,
        answer: &[u8],
        parcel: &mut Parcel,
    ) -> Result<(), String> {
        let answer: Value =
            serde_json::from_slice(answer).map_err(|error| format!("not JSON: {error}"))?;
        let object = match &wanted.ask {
            Ask::Object(_) => Some(&answer),
            Ask::MentionedComment(..) => answer.get("mentioned_comment"),
            Ask::MentionedMedia(..) => answer.get("mentioned_media"),
        };
        let object = object.ok_or("the answer does not hold what was asked for")?;
        let id = text(object, "id").ok_or("the answer has no \"id\"")?;
        let Some(said) = written(object) else {
            parcel.ignored += 1;
            return Ok(());
        };
        let parent = text_at(object, "/parent/id").or(wanted.thread.as_deref());
        let thread = text_at(object, "/media/id").or(wanted.thread.as_deref());
        let said = Said {
            id,
            text: said,
            created: created(object),
            kind: wanted.kind,
            parent: parent.filter(|_| wanted.kind == Kind::Comment),
            thread: thread.filter(|_| wanted.kind == Kind::Comment),
        };
        push(self.event(wanted.happened, said, object, wanted.at), parcel);
        Ok(())
    }

    /// Adds the posts of a page of a feed, with the comments that came with them.
    ///
    /// # Errors
    /// In words, for what is not such a page.
    pub fn feed(&self, answer: &[u8], parcel: &mut Parcel) -> Result<FeedPage, String> {
        let answer: Value =
            serde_json::from_slice(answer).map_err(|error| format!("not JSON: {error}"))?;
        let mut page = FeedPage { after: after(&answer), comments: Vec::new() };
        for post in list(&answer)? {
            let Some(id) = text(post, "id") else {
                self.refuse("a post without an id".to_owned(), post, parcel);
                continue;
            };
            self.listed(post, id, None, parcel);
            let Some(comments) = post.get("comments") else { continue };
            for comment in list(comments).unwrap_or_default() {
                self.listed(comment, text(comment, "id").unwrap_or_default(), Some(id), parcel);
            }
            page.comments.extend(after(comments).map(|after| (id.to_owned(), after)));
        }
        Ok(page)
    }

    /// Adds the comments of a page of them under one post; where the next page begins.
    ///
    /// # Errors
    /// In words, for what is not such a page.
    pub fn comments(
        &self,
        post: &str,
        answer: &[u8],
        parcel: &mut Parcel,
    ) -> Result<Option<String>, String> {
        let answer: Value =
            serde_json::from_slice(answer).map_err(|error| format!("not JSON: {error}"))?;
        for comment in list(&answer)? {
            self.listed(comment, text(comment, "id").unwrap_or_default(), Some(post), parcel);
        }
        Ok(after(&answer))
    }

    /// Refuses what could not be had or read.
    pub fn refuse(&self, reason: String, what: &Value, parcel: &mut Parcel) {
        let raw = what.to_string().into_bytes();
        let raw = self.authors.letter(raw.get(..RAW_BYTES_MAX).unwrap_or(&raw));
        parcel.refuse(reason, raw);
    }

    /// An object that stands in a list.
    fn listed(&self, object: &Value, id: &str, post: Option<&str>, parcel: &mut Parcel) {
        let Some(said) = written(object) else {
            parcel.ignored += 1;
            return;
        };
        if id.is_empty() {
            return self.refuse("a comment without an id".to_owned(), object, parcel);
        }
        let parent = text_at(object, "/parent/id").or(post);
        let kind = if post.is_some() { Kind::Comment } else { Kind::Original };
        let said = Said { id, text: said, created: created(object), kind, parent, thread: post };
        push(self.event(Happened::Created, said, object, self.now), parcel);
    }

    /// A change in the feed of a page, or a mention of it.
    fn of_page(&self, value: &Value, at: EventTime) -> Result<Told, String> {
        let item = text(value, "item").unwrap_or_default();
        if !WRITTEN.contains(&item) {
            return Ok(Told::Nothing);
        }
        let own = if item == "comment" { "comment_id" } else { "post_id" };
        let id = text(value, own).or_else(|| text(value, "open_graph_story_id"));
        let id = id.ok_or_else(|| format!("a {item} without a \"{own}\""))?;
        let happened = match text(value, "verb").unwrap_or("add") {
            "add" => Happened::Created,
            "edit" | "edited" | "update" => Happened::Edited,
            "remove" | "delete" => {
                let author = author(value).unwrap_or_default();
                let id = self.authors.id(id.into(), author).into_owned().into();
                let source = self.source.clone();
                let delete = Event::Delete { source, id, by: None, received_at: at };
                return Ok(Told::Event(Box::new(delete)));
            }
            _ => return Ok(Told::Nothing),
        };
        let kind = match item {
            "comment" => Kind::Comment,
            "rating" => Kind::Review,
            "share" => Kind::Quote,
            _ => Kind::Original,
        };
        let thread = text(value, "post_id").filter(|_| kind == Kind::Comment);
        let Some(said) = written(value) else {
            let ask = Ask::Object(id.to_owned());
            let thread = thread.map(str::to_owned);
            return Ok(Told::Wanted(Wanted { ask, at, happened, kind, thread }));
        };
        let parent = text(value, "parent_id").filter(|_| kind == Kind::Comment).or(thread);
        let said = Said { id, text: said, created: created(value), kind, parent, thread };
        Ok(Told::Event(Box::new(self.event(happened, said, value, at))))
    }

    /// A comment under a picture or video of an Instagram account.
    fn comment(&self, value: &Value, at: EventTime) -> Result<Told, String> {
        let id = text(value, "id").ok_or("a comment without an \"id\"")?;
        let Some(said) = written(value) else { return Ok(Told::Nothing) };
        let thread = text_at(value, "/media/id");
        let said = Said {
            id,
            text: said,
            created: created(value),
            kind: Kind::Comment,
            parent: text(value, "parent_id").or(thread),
            thread,
        };
        Ok(Told::Event(Box::new(self.event(Happened::Created, said, value, at))))
    }

    fn event(&self, happened: Happened, said: Said<'_>, object: &Value, at: EventTime) -> Event {
        let author = author(object).unwrap_or_default();
        let id = |id: &str| self.authors.id(id.to_owned().into(), author).into_owned().into();
        let url = text(object, "permalink_url").or_else(|| text(object, "permalink"));
        let url = url.or_else(|| text_at(object, "/post/permalink_url")).map(str::to_owned);
        let url = url.or_else(|| {
            let is_number = said.id.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
            let is_facebook = object.get("media").is_none() && said.id.contains('_') && is_number;
            is_facebook.then(|| format!("https://www.facebook.com/{}", said.id))
        });
        let post = Box::new(Post {
            id: id(said.id),
            source: self.source.clone(),
            author: self.authors.hash(author),
            posted_at: said.created.unwrap_or(at),
            received_at: at,
            kind: said.kind,
            parent: said.parent.map(id),
            thread: said.thread.map(id),
            lang: Lang::UND,
            text: cut_text(said.text, TEXT_BYTES_MAX).into(),
            url: url.and_then(|url| self.authors.url(url.into(), author)).map(|url| url.into()),
            reach: None,
            engagement: engagement(object),
        });
        match happened {
            Happened::Created => Event::Create(post),
            Happened::Edited => Event::Edit(post),
        }
    }
}

/// What a change tells.
enum Told {
    Nothing,
    Event(Box<Event>),
    Wanted(Wanted),
}

/// A mention of an Instagram account: only its place is told.
fn mention(entry: &Value, value: &Value, at: EventTime) -> Result<Told, String> {
    let user = text(entry, "id").ok_or("a mention without the account's \"id\"")?.to_owned();
    let media = text(value, "media_id").map(str::to_owned);
    let (ask, kind, thread) = match (text(value, "comment_id"), media) {
        (Some(comment), media) => {
            (Ask::MentionedComment(user, comment.to_owned()), Kind::Comment, media)
        }
        (None, Some(media)) => (Ask::MentionedMedia(user, media), Kind::Original, None),
        (None, None) => return Err("a mention without \"comment_id\" and \"media_id\"".to_owned()),
    };
    Ok(Told::Wanted(Wanted { ask, at, happened: Happened::Created, kind, thread }))
}

fn push(event: Event, parcel: &mut Parcel) {
    if let Event::Create(post) | Event::Edit(post) = &event
        && post.is_ahead()
    {
        let reason = format!(
            "created_time {} is more than a minute after its reception at {}",
            post.posted_at, post.received_at
        );
        return parcel.refuse(reason, Vec::new());
    }
    parcel.tell(event);
}
