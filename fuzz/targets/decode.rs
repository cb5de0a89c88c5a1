//! Is every frame an event, no post, or refused with a reason? Wire formats, one by the first byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use resonanz_core::decode::{AuthorHasher, Decoder, EntryStyle, Format, Parcel, told};
use resonanz_core::post::{Event, SourceId, TEXT_BYTES_MAX};
use resonanz_core::privacy::Names;
use resonanz_core::time::EventTime;

const NOW: EventTime = EventTime(1_772_366_400_000_000);

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, raw)) = bytes.split_first() else { return };
    let source = SourceId::new("s");
    let names = if kind & 8 == 0 { Names::Hash } else { Names::Keep };
    let authors = AuthorHasher::new([7; 32]).with_names(names);
    let mut parcel = Parcel::new(&source);
    let format = match kind & 7 {
        0 => Format::Archive,
        1 => Format::Jetstream,
        _ => Format::JetstreamEvents,
    };
    let mut decoder = Decoder::new(format, source, authors);
    if kind & 16 == 0 {
        decoder.set_now(NOW);
    }
    let mut others = 0;
    match kind & 7 {
        0..=2 => decoder.decode(raw, &mut parcel),
        3 => others = usize::from(decoder.decode_relayed(raw, &mut parcel).is_some()),
        4 => {
            let style = EntryStyle { op: Some("what".to_owned()), html: kind & 32 == 0 };
            decoder.decode_entry(raw, &style, &mut parcel);
        }
        _ => {
            let text = String::from_utf8_lossy(raw);
            let _ = told(&text, None, &decoder.reading().map);
            return;
        }
    }
    let outcomes = parcel.events.len() + parcel.refused.len() + others;
    assert_eq!(outcomes as u64 + parcel.ignored, 1);
    for event in &parcel.events {
        if let Event::Create(post) | Event::Edit(post) = event {
            assert!(!post.id.is_empty() && post.text.len() <= TEXT_BYTES_MAX);
        }
    }
    assert!(parcel.refused.iter().all(|refused| !refused.reason.is_empty()));
});
