//! What do the tests of stages share? Posts of a stream, and its cut into batches.

use resonanz_core::post::{AuthorKey, Event, Kind, Lang, Post, SourceId};
use resonanz_core::time::EventTime;

/// A post of source `a` so many milliseconds after the start, received `delay_ms` later.
pub(crate) fn post(number: usize, at_ms: i64, delay_ms: i64, text: &str) -> Post {
    let posted_at = EventTime(1_772_366_400_000_000 + at_ms * 1_000);
    Post {
        id: number.to_string().into(),
        source: SourceId::new("a"),
        author: AuthorKey([7; 16]),
        posted_at,
        received_at: posted_at.shift(delay_ms * 1_000),
        kind: Kind::Original,
        parent: None,
        thread: None,
        lang: Lang::EN,
        text: text.into(),
        url: None,
        reach: None,
        engagement: None,
    }
}

/// Posts in batches of these sizes, again and again.
pub(crate) fn batches(posts: &[Post], sizes: &[usize]) -> Vec<Vec<Event>> {
    let (mut batches, mut rest) = (Vec::new(), posts);
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (batch, others) = rest.split_at((*size).min(rest.len()));
        rest = others;
        batches.push(batch.iter().cloned().map(|post| Event::Create(Box::new(post))).collect());
    }
    batches
}
