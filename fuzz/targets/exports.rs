//! Are archives and answers of platforms read, or refused with a reason? One by the first byte.
#![no_main]

use std::borrow::Cow;

use libfuzzer_sys::fuzz_target;
use resonanz_core::decode::mastodon::{Statuses, frame, happening, id_of, showable};
use resonanz_core::decode::nostr::{Message, Notes, account, answered, message};
use resonanz_core::decode::x::{Posts, time_of};
use resonanz_core::decode::{
    AuthorHasher, Decoder, Export, Format, MetaDecoder, Outline, Parcel, guessed, owner_of, quoted,
};
use resonanz_core::post::SourceId;
use resonanz_core::time::EventTime;

const NOW: EventTime = EventTime(1_772_366_400_000_000);
const EXPORTS: [Export; 10] = [
    Export::XArchive,
    Export::XApi,
    Export::Reddit,
    Export::Outbox,
    Export::Mastodon,
    Export::Facebook,
    Export::Instagram,
    Export::YouTube,
    Export::GooglePlus,
    Export::Gdelt,
];

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, raw)) = bytes.split_first() else { return };
    let (source, authors) = (SourceId::new("s"), AuthorHasher::new([7; 32]));
    let mut parcel = Parcel::new(&source);
    let text = String::from_utf8_lossy(raw);
    if let Some(export) = EXPORTS.get(usize::from(*kind)) {
        let mut decoder = Decoder::new(Format::Export(*export), source, authors);
        decoder.set_now(NOW);
        decoder.decode(raw, &mut parcel);
        let outcomes = parcel.events.len() + parcel.refused.len();
        assert!(outcomes as u64 + parcel.ignored > 0);
        return;
    }
    let meta = MetaDecoder::new(source.clone(), authors.clone(), NOW);
    match kind {
        10 => {
            if let Ok(posts) = Posts::read(raw) {
                let events = posts.events(&source, &authors, NOW, &|_, _| false);
                assert!(events.len() <= posts.len());
                let _ = (posts.latest(), posts.ids().count());
            }
        }
        11 => {
            let statuses = Statuses { source, authors, domain: "social.example".to_owned() };
            let _ = statuses.read(&text, NOW);
            let _ = (showable(&text), id_of(&text), time_of(&text));
        }
        12 => drop(frame(raw)),
        13 => {
            let (event, payload) = text.split_once('\n').unwrap_or(("update", &text));
            drop(happening(event, Cow::Borrowed(payload)));
        }
        14 => {
            for wanted in meta.notification(raw, &mut parcel).unwrap_or_default() {
                let _ = meta.reread(&wanted, raw, &mut parcel);
            }
        }
        15 => drop(meta.feed(raw, &mut parcel)),
        16 => drop(meta.comments("1", raw, &mut parcel)),
        17 => {
            let outline = Outline::of(&text);
            assert!(outline.end().is_none_or(|end| end <= text.len()));
            for list in outline.lists() {
                let columns = outline.columns(Some(list));
                drop(guessed(&columns));
                columns.iter().for_each(|name| drop(quoted(name)));
            }
        }
        19 => {
            if let Ok(Message::Note(_, note)) = message(raw) {
                let notes = Notes { source, authors };
                let (inner, _) = (note.passed_on(), answered(&note));
                let _ = notes.read(&note, inner.as_ref(), "wss://relay.example", NOW);
                assert!(!note.signed().is_empty());
            }
            let _ = account(&text);
        }
        _ => drop(owner_of("data/account.js", &text)),
    }
});
