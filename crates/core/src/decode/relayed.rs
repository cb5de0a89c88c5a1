//! How do events travel from one process of ours to another? As JSON objects that say all that the
//! engine asks: what happened, when it reached us, and authors as keys, never as names.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::AuthorHasher;
use crate::post::{AuthorKey, Event, Kind, Lang, Post, SourceId};
use crate::time::EventTime;

/// What a message of a relay says.
#[derive(Debug, Clone, PartialEq)]
pub enum Relayed {
    /// Something happened to a post or an account.
    Event(Event),
    /// The relay is alive.
    Beat(Beat),
}

/// A sign of life of a relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beat {
    /// Which relay.
    pub relay: Box<str>,
    /// Its sources that cannot be heard at present, and will be asked for what is missed.
    pub lost: Vec<Box<str>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Op {
    Create,
    Edit,
    Delete,
    Purge,
    Renew,
    Beat,
}

/// A message; the members of a post are those of our archives.
#[derive(Debug, Serialize, Deserialize)]
struct Line<'a> {
    op: Op,
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    id: Cow<'a, str>,
    /// The author's key in hexadecimal digits.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    author: Cow<'a, str>,
    /// Which rotation of the key it stands under, as the hasher's stamp; before the first none.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    stamp: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    posted_at: Option<i64>,
    #[serde(default)]
    received_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<Kind>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    parent: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    thread: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    lang: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    text: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    url: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reach: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    engagement: Option<u64>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    lost: Vec<Cow<'a, str>>,
}

impl<'a> Line<'a> {
    fn new(op: Op, source: &'a str, received_at: EventTime) -> Self {
        Self {
            op,
            source: source.into(),
            id: Cow::default(),
            author: Cow::default(),
            stamp: Cow::default(),
            posted_at: None,
            received_at: received_at.0,
            kind: None,
            parent: None,
            thread: None,
            lang: Cow::default(),
            text: Cow::default(),
            url: None,
            reach: None,
            engagement: None,
            lost: Vec::new(),
        }
    }

    fn of_post(op: Op, post: &'a Post) -> Self {
        let is_known = post.author != AuthorKey::default();
        Self {
            id: (&*post.id).into(),
            author: if is_known { post.author.to_string().into() } else { Cow::default() },
            posted_at: Some(post.posted_at.0),
            kind: Some(post.kind),
            parent: post.parent.as_deref().map(Cow::from),
            thread: post.thread.as_deref().map(Cow::from),
            lang: post.lang.as_str().into(),
            text: (&*post.text).into(),
            url: post.url.as_deref().map(Cow::from),
            reach: post.reach,
            engagement: post.engagement,
            ..Self::new(op, post.source.as_str(), post.received_at)
        }
    }

    fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// The message of an event whose author was hashed under the keys of this stamp; nothing of a post that
/// was sifted out before.
#[must_use]
pub fn relayed_event(event: &Event, stamp: &str) -> Option<Vec<u8>> {
    let line = match event {
        Event::Pass(_) => return None,
        Event::Create(post) => Line::of_post(Op::Create, post),
        Event::Found(found) => Line::of_post(Op::Create, &found.post),
        Event::Edit(post) => Line::of_post(Op::Edit, post),
        Event::Delete { source, id, by, received_at } => Line {
            id: (&**id).into(),
            author: by.map(|author| author.to_string()).unwrap_or_default().into(),
            ..Line::new(Op::Delete, source.as_str(), *received_at)
        },
        Event::Purge { source, author, received_at } => Line {
            author: author.to_string().into(),
            ..Line::new(Op::Purge, source.as_str(), *received_at)
        },
        Event::Renew { source, author, received_at } => Line {
            author: author.to_string().into(),
            ..Line::new(Op::Renew, source.as_str(), *received_at)
        },
    };
    Some(Line { stamp: stamp.into(), ..line }.bytes())
}

/// The message of a sign of life.
#[must_use]
pub fn relayed_beat(beat: &Beat, now: EventTime) -> Vec<u8> {
    let lost = beat.lost.iter().map(|name| Cow::from(&**name)).collect();
    Line { lost, ..Line::new(Op::Beat, &beat.relay, now) }.bytes()
}

/// What is the same whenever the same is sent again: source and id of a post, with the times of what
/// happened to it later. A broker drops what comes twice under one.
#[must_use]
pub fn message_id(event: &Event) -> Option<String> {
    let key = |key: AuthorKey| key.to_string();
    Some(match event {
        Event::Pass(_) => return None,
        Event::Create(post) => format!("{}/{}", post.source, post.id),
        Event::Found(found) => format!("{}/{}", found.post.source, found.post.id),
        Event::Edit(post) => format!("{}/{}/edit/{}", post.source, post.id, post.received_at.0),
        Event::Delete { source, id, by: None, received_at } => {
            format!("{source}/{id}/delete/{}", received_at.0)
        }
        Event::Delete { source, id, by: Some(author), received_at } => {
            format!("{source}/{id}/delete/{}/{}", received_at.0, key(*author))
        }
        Event::Purge { source, author, received_at } => {
            format!("{source}/{}/purge/{}", key(*author), received_at.0)
        }
        Event::Renew { source, author, received_at } => {
            format!("{source}/{}/renew/{}", key(*author), received_at.0)
        }
    })
}

/// What a message says, its authors under the keys of a hasher; `named` gives the source of a name.
pub(super) fn read(
    raw: &[u8],
    authors: &AuthorHasher,
    named: &mut dyn FnMut(&str) -> SourceId,
) -> Result<Relayed, String> {
    let mut line: Line<'_> =
        serde_json::from_slice(raw).map_err(|error| super::reason(&error, raw))?;
    let time = |name: &str, us: i64| {
        let time = EventTime(us);
        if time.is_supported() {
            Ok(time)
        } else {
            Err(format!("{name} {us} is not a supported time"))
        }
    };
    if line.op == Op::Beat {
        let lost = line.lost.iter().map(|name| (&**name).into()).collect();
        return Ok(Relayed::Beat(Beat { relay: (&*line.source).into(), lost }));
    }
    if line.source.is_empty() {
        return Err("the source is empty".to_owned());
    }
    let received_at = time("received_at", line.received_at)?;
    let source = named(&line.source);
    let mut author = match &*line.author {
        "" => AuthorKey::default(),
        key => AuthorKey::parse(key)
            .ok_or("the author is not a key: our own relays never send names")?,
    };
    if line.stamp != authors.stamp() {
        let rotation = authors.rotation_from(&line.stamp).ok_or_else(|| {
            format!("the author is hashed under keys that are not known here, {:?}", line.stamp)
        })?;
        author = rotation.author(author);
        line.id = rotation.id(line.id);
        line.parent = line.parent.map(|id| rotation.id(id));
        line.thread = line.thread.map(|id| rotation.id(id));
    }
    let needs_id = matches!(line.op, Op::Create | Op::Edit | Op::Delete);
    if needs_id && line.id.is_empty() {
        return Err("the id is empty".to_owned());
    }
    Ok(Relayed::Event(match line.op {
        Op::Delete => {
            let by = Some(author).filter(|author| *author != AuthorKey::default());
            Event::Delete { source, id: boxed(line.id), by, received_at }
        }
        Op::Purge => Event::Purge { source, author, received_at },
        Op::Renew => Event::Renew { source, author, received_at },
        Op::Create | Op::Edit | Op::Beat => {
            let posted_at = line.posted_at.ok_or("the field \"posted_at\" is missing")?;
            let post = Box::new(Post {
                author,
                posted_at: time("posted_at", posted_at)?,
                id: boxed(line.id),
                source,
                received_at,
                kind: line.kind.unwrap_or_default(),
                parent: line.parent.map(boxed),
                thread: line.thread.map(boxed),
                lang: Lang::parse(&line.lang),
                text: boxed(line.text),
                url: line.url.map(boxed),
                reach: line.reach,
                engagement: line.engagement,
            });
            if line.op == Op::Edit { Event::Edit(post) } else { Event::Create(post) }
        }
    }))
}

fn boxed(text: Cow<'_, str>) -> Box<str> {
    text.into_owned().into_boxed_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::privacy::Keyring;

    #[test]
    fn what_is_sent_is_what_is_read() {
        let source = SourceId::new("sky");
        let (received_at, author) = (EventTime(1_772_366_400_000_001), AuthorKey([9; 16]));
        let post = Post {
            id: "at://x/\"1\"".into(),
            source: source.clone(),
            author,
            posted_at: EventTime(1_772_366_399_999_999),
            received_at,
            kind: Kind::Reply,
            parent: Some("p".into()),
            thread: None,
            lang: Lang::DE,
            text: "Größe\n😀".into(),
            url: Some("https://h/1".into()),
            reach: Some(0),
            engagement: None,
        };
        let nobody = Post { author: AuthorKey::default(), lang: Lang::UND, ..post.clone() };
        let events = [
            Event::Create(Box::new(post.clone())),
            Event::Create(Box::new(nobody)),
            Event::Edit(Box::new(post)),
            Event::Delete { source: source.clone(), id: "7".into(), by: None, received_at },
            Event::Delete { source: source.clone(), id: "7".into(), by: Some(author), received_at },
            Event::Purge { source: source.clone(), author, received_at },
            Event::Renew { source, author, received_at },
        ];
        let authors = AuthorHasher::new([1; 32]);
        for event in events {
            let raw = relayed_event(&event, &authors.stamp()).expect("a message");
            let read = read(&raw, &authors, &mut |name| SourceId::new(name));
            assert_eq!(read, Ok(Relayed::Event(event)));
        }
        let beat = Beat { relay: "a".into(), lost: vec!["sky".into()] };
        let raw = relayed_beat(&beat, received_at);
        assert_eq!(read(&raw, &authors, &mut SourceId::new), Ok(Relayed::Beat(beat)));
    }

    #[test]
    fn who_stands_under_other_keys_of_the_ring_reads_the_same_author() {
        let ring = Keyring::from([1; 32]).rotated([2; 32]);
        let purge = |authors: &AuthorHasher| Event::Purge {
            source: SourceId::new("sky"),
            author: authors.hash("kim"),
            received_at: EventTime(1_772_366_400_000_001),
        };
        let both = [0, 1].map(|used| AuthorHasher::new(ring.clone().at(used)));
        for relay in &both {
            let raw = relayed_event(&purge(relay), &relay.stamp()).expect("a message");
            for shard in &both {
                let read = read(&raw, shard, &mut SourceId::new);
                assert_eq!(read, Ok(Relayed::Event(purge(shard))));
            }
        }
        let raw = relayed_event(&purge(&both[1]), &both[1].stamp()).expect("a message");
        let old = AuthorHasher::new([1; 32]);
        let error = read(&raw, &old, &mut SourceId::new).expect_err("a key that it lacks");
        assert!(error.contains("keys that are not known here"), "{error}");
    }

    #[test]
    fn what_is_none_of_ours_is_named() {
        let rows = [
            ("{", "JSON"),
            (r#"{"text":"a"}"#, "op"),
            (
                r#"{"op":"create","source":"s","id":"1","text":"a","received_at":1772366400000000}"#,
                "posted_at",
            ),
            (
                r#"{"op":"create","source":"s","id":"1","author":"kim","posted_at":1772366400000000,"received_at":1772366400000000}"#,
                "not a key",
            ),
            (r#"{"op":"delete","source":"s","received_at":1772366400000000}"#, "id is empty"),
            (
                r#"{"op":"delete","source":"s","id":"1","received_at":9223372036854775807}"#,
                "received_at 9223372036854775807 is not a supported time",
            ),
        ];
        for (raw, wanted) in rows {
            let authors = AuthorHasher::new([1; 32]);
            let error = read(raw.as_bytes(), &authors, &mut SourceId::new).expect_err(raw);
            assert!(error.contains(wanted), "{raw}: {error}");
        }
    }
}
