//! How much does the engine step through at once? So much that a commit can come soon.

use crate::post::Event;

/// Text that is stepped through at once, in bytes.
const STEP_BYTES: usize = 1 << 20;
/// What rows of a step may come to: a row repeats the text for each topic that it mentions.
const ROWS_BYTES: usize = 64 << 20;
/// No text mentions more topics than one for so many of its bytes, by and large.
const MENTION_BYTES: usize = 4;

/// How many of these events are stepped through at once, where there are so many topics.
pub(super) fn step_len(events: &[Event], topics: usize) -> usize {
    let (mut texts, mut rows) = (0, 0);
    let fits = |event: &&Event| {
        let text = event.text_bytes();
        let is_room = texts < STEP_BYTES && rows < ROWS_BYTES;
        texts += text;
        rows += text * topics.min(1 + text / MENTION_BYTES);
        is_room
    };
    events.iter().take_while(fits).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{AuthorHasher, Decoder, Format, Parcel};
    use crate::post::SourceId;

    #[test]
    fn long_texts_are_few_and_fewer_where_they_can_mention_much() {
        let events = |bytes: usize| {
            let source = SourceId::new("s");
            let mut parcel = Parcel::new(&source);
            let mut decoder = Decoder::new(Format::Archive, source, AuthorHasher::new([1; 32]));
            let text = "x".repeat(bytes);
            let line =
                format!(r#"{{"id":"1","text":"{text}","posted_at":"2026-03-01T12:00:00Z"}}"#);
            (0..4_096).for_each(|_| decoder.decode(line.as_bytes(), &mut parcel));
            parcel.events
        };
        let (short, long) = (events(200), events(1 << 16));
        let steps = [(&short, 1), (&short, 10), (&long, 1), (&long, 10), (&long, 2_000)]
            .map(|(events, topics)| step_len(events, topics));
        assert_eq!(steps, [4_096, 4_096, 16, 16, 1]);
    }
}
