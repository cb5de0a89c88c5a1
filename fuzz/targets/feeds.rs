//! Is every document a feed or refused, and found once whatever it says next time?
#![no_main]

use libfuzzer_sys::fuzz_target;
use resonanz_core::decode::feed::{
    Document, ENTRIES_MAX, Memory, alternates, feeds_of_opml, text_of,
};

fuzz_target!(|bytes: &[u8]| {
    let text = text_of(bytes, None);
    let _ = (alternates(&text).len(), feeds_of_opml(&text).is_ok());
    let Ok(document) = Document::parse(&text) else { return };
    assert!(document.entries.len() <= ENTRIES_MAX);
    let mut memory = Memory::default();
    let named = |id: &str, _: &resonanz_core::decode::feed::Entry| id.to_owned();
    let first = memory.look(&document, "f", None, &named).len();
    assert!(first <= document.entries.len());
    // The same document brings nothing new.
    assert_eq!(memory.look(&document, "f", None, &named).len(), 0);
});
