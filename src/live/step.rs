//! How much does the engine step through at once? So much that a commit can come soon.

use crate::post::Event;

/// Text that is stepped through at once, in bytes; a row repeats it for each topic.
const STEP_BYTES: usize = 1 << 20;

/// How many of these events are stepped through at once.
pub(super) fn step_len(events: &[Event]) -> usize {
    let mut bytes = 0;
    let fits = |event: &&Event| {
        let text = match event {
            Event::Create(post) | Event::Edit(post) => post.text.len(),
            Event::Found(found) => found.post.text.len(),
            Event::Pass(_) | Event::Delete { .. } | Event::Purge { .. } | Event::Renew { .. } => 0,
        };
        let before = bytes;
        bytes += text;
        before < STEP_BYTES
    };
    events.iter().take_while(fits).count()
}
