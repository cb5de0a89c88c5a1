//! Do all ways in which Jetstream tells of posts say the same? Both versions of the wire, and the
//! segments of its archive.

use std::io::Write;
use std::path::PathBuf;

use proptest::prelude::*;
use resonanz_core::decode::{AuthorHasher, Decoder, Format, HEADER_BYTES, Parcel};
use resonanz_core::decode::{SegmentBlock, SegmentHeader};
use resonanz_core::post::{Event, SourceId};
use resonanz_core::time::EventTime;
use serde_json::{Value, json};

const POST: &str = "app.bsky.feed.post";
const BASE_US: i64 = 1_772_366_400_000_000;

fn decoder(format: Format) -> Decoder {
    Decoder::new(format, SourceId::new("s"), AuthorHasher::new([7; 32]))
}

fn decoded(decoder: &mut Decoder, raw: &str) -> Parcel {
    let mut parcel = Parcel::new(&SourceId::new("s"));
    decoder.decode(raw.as_bytes(), &mut parcel);
    parcel
}

/// A frame of the first wire as a message of the second.
fn as_event(frame: &Value) -> Value {
    let kind = frame["kind"].as_str().expect("a kind");
    let time = EventTime(frame["time_us"].as_i64().expect("a time")).to_string();
    let mut payload = json!({"$type": format!("network.bsky.jetstream.subscribeEvents#{kind}"),
        "seq": 7, "did": frame["did"], "time": "2020-01-01T00:00:00Z", "witnessedAt": time});
    let fields = payload.as_object_mut().expect("an object");
    match &frame[kind] {
        Value::Object(commit) if kind == "commit" => fields.extend(commit.clone()),
        other => drop(fields.insert(kind.to_owned(), other.clone())),
    }
    json!({"$type": "message", "payload": payload})
}

fn frames() -> Vec<Value> {
    let commit = |number: i64, operation: &str, collection: &str, record: Option<Value>| {
        let mut commit = json!({"rev": "3l", "operation": operation, "collection": collection,
            "rkey": format!("k{number}"), "cid": "bafy"});
        if let (Some(commit), Some(record)) = (commit.as_object_mut(), record) {
            commit.insert("record".to_owned(), record);
        }
        json!({"did": "did:plc:ann", "time_us": BASE_US + number, "kind": "commit", "commit": commit})
    };
    let record = |text: &str| {
        json!({"$type": POST, "text": text, "createdAt": "2026-03-01T12:00:00.120Z", "langs": ["de"],
            "reply": {"root": {"uri": "at://did:plc:ben/p/1", "cid": "c"},
                "parent": {"uri": "at://did:plc:ben/p/2", "cid": "c"}}})
    };
    let quote = json!({"text": "look", "createdAt": "2026-03-01T12:00:00Z",
        "embed": {"$type": "app.bsky.embed.recordWithMedia"}});
    vec![
        commit(1, "create", POST, Some(record("Die Bahn ist schrecklich"))),
        commit(2, "update", POST, Some(record("Die Bahn war schrecklich"))),
        commit(3, "create", POST, Some(quote)),
        commit(
            4,
            "create",
            POST,
            Some(json!({"text": "no zone", "createdAt": "2026-03-01T12:00:00"})),
        ),
        commit(5, "delete", POST, None),
        commit(6, "create", "app.bsky.feed.like", Some(json!({"subject": {"uri": "at://x"}}))),
        commit(7, "create", POST, None),
        commit(8, "explode", POST, None),
        json!({"did": "did:plc:ann", "time_us": BASE_US + 9, "kind": "identity",
            "identity": {"handle": "ann.example"}}),
        json!({"did": "did:plc:ann", "time_us": BASE_US + 10, "kind": "account",
            "account": {"active": false, "status": "deactivated"}}),
        json!({"did": "did:plc:ann", "time_us": BASE_US + 11, "kind": "account",
            "account": {"active": false, "status": "deleted"}}),
    ]
}

fn assert_alike(frames: &[Value]) {
    let (mut first, mut second) = (decoder(Format::Jetstream), decoder(Format::JetstreamEvents));
    for frame in frames {
        let one = decoded(&mut first, &frame.to_string());
        let other = decoded(&mut second, &as_event(frame).to_string());
        assert_eq!(one.events, other.events, "{frame}");
        assert_eq!(
            (one.ignored, one.mended, one.reached_us, one.refused.len()),
            (other.ignored, other.mended, other.reached_us, other.refused.len()),
            "{frame}"
        );
    }
}

#[test]
fn both_wires_say_the_same() {
    assert_alike(&frames());
}

#[test]
fn posts_of_an_account_that_is_told_anew_take_the_place_of_what_was() {
    let mut decoder = decoder(Format::JetstreamEvents);
    let mut post = |number: i64, did: &str| {
        let frame = json!({"did": did, "time_us": BASE_US + number, "kind": "commit",
            "commit": {"operation": "create", "collection": POST, "rkey": format!("k{number}"),
                "record": {"text": "hello", "createdAt": "2026-03-01T12:00:00Z"}}});
        decoded(&mut decoder, &as_event(&frame).to_string()).events.remove(0)
    };
    assert!(matches!(post(1, "did:plc:ann"), Event::Create(_)));
    let sync = json!({"$type": "message", "payload": {"did": "did:plc:ann", "seq": 2,
        "$type": "network.bsky.jetstream.subscribeEvents#sync", "time": EventTime(BASE_US + 2).to_string()}});
    let mut decoder = self::decoder(Format::JetstreamEvents);
    let renew = decoded(&mut decoder, &sync.to_string()).events.remove(0);
    assert!(matches!(renew, Event::Renew { received_at, .. } if received_at.0 == BASE_US + 2));
    let mut post = |number: i64, did: &str| {
        let frame = json!({"did": did, "time_us": BASE_US + number, "kind": "commit",
            "commit": {"operation": "create", "collection": POST, "rkey": format!("k{number}"),
                "record": {"text": "hello", "createdAt": "2026-03-01T12:00:00Z"}}});
        decoded(&mut decoder, &as_event(&frame).to_string()).events.remove(0)
    };
    assert!(matches!(post(3, "did:plc:ann"), Event::Edit(_)), "one that is left");
    assert!(matches!(post(4, "did:plc:ben"), Event::Create(_)), "of somebody else");
    assert!(matches!(post(3_600_000_003, "did:plc:ann"), Event::Create(_)), "an hour later");
}

/// An event of a block: number, time, kind and texts.
type Row<'a> = (u64, i64, u8, [&'a [u8]; 5]);

/// Writes a block as the archive does.
fn block(rows: &[Row<'_>]) -> Vec<u8> {
    let mut bytes = (rows.len() as u32).to_le_bytes().to_vec();
    rows.iter().for_each(|row| bytes.extend(row.0.to_le_bytes()));
    rows.iter().for_each(|row| bytes.extend(row.1.to_le_bytes()));
    rows.iter().for_each(|_| bytes.extend(0i64.to_le_bytes()));
    rows.iter().for_each(|row| bytes.push(row.2));
    for (column, width) in [1, 2, 1, 1, 4].into_iter().enumerate() {
        for row in rows {
            bytes.extend(&(row.3[column].len() as u32).to_le_bytes()[..width]);
        }
    }
    for column in 0..5 {
        rows.iter().for_each(|row| bytes.extend(row.3[column]));
    }
    bytes
}

/// A record in DAG-CBOR: text and time.
fn record(text: &str, created_at: &str) -> Vec<u8> {
    let mut bytes = vec![0xa2];
    for part in ["text", text, "createdAt", created_at] {
        bytes.extend([0x78, part.len() as u8]);
        bytes.extend(part.as_bytes());
    }
    bytes
}

#[test]
fn a_block_of_the_archive_is_read_and_old_posts_count_as_received_when_they_were_written() {
    let (post, ann) = (POST.as_bytes(), &b"did:plc:ann"[..]);
    let fresh = record("acme now", "2026-03-01T11:59:59Z");
    let old = record("acme then", "2023-03-01T12:00:00Z");
    // {"status": "deleted", "active": false}
    let gone = [&b"\xa2\x66status\x67deleted\x66active"[..], b"\xf4"].concat();
    let rows: [Row<'_>; 8] = [
        (11, BASE_US, 1, [post, ann, b"k1", b"r", &fresh]),
        (12, BASE_US, 1, [post, ann, b"k2", b"r", &old]),
        (15, BASE_US, 3, [post, ann, b"k2", b"r", b""]),
        (16, BASE_US, 1, [b"app.bsky.feed.like", ann, b"k3", b"r", b"\xff"]),
        (17, BASE_US, 4, [b"", ann, b"", b"", b"\xa0"]),
        (18, BASE_US, 5, [b"", ann, b"", b"", &gone]),
        (19, BASE_US, 1, [post, ann, b"k4", b"r", b"\xa1\x64text"]),
        (20, BASE_US, 9, [post, ann, b"k5", b"r", b""]),
    ];
    let bytes = block(&rows);
    for cut in [0, 3, 100, bytes.len() - 1] {
        assert!(SegmentBlock::parse(bytes[..cut].to_vec()).is_err(), "cut to {cut} bytes");
    }
    let block = SegmentBlock::parse(bytes).expect("a block");
    let mut decoder = decoder(Format::Archive);
    let mut parcel = Parcel::new(&SourceId::new("s"));
    let seqs: Vec<u64> = (0..block.len())
        .filter_map(|row| block.row(row))
        .map(|row| {
            decoder.decode_row(&row, &mut parcel);
            row.seq
        })
        .collect();
    assert_eq!(seqs, rows.map(|row| row.0));
    let told: Vec<(String, i64)> = parcel
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Create(post) => Some((post.text.to_string(), post.received_at.0)),
            _ => None,
        })
        .collect();
    let then = EventTime::parse("2023-03-01T12:00:00Z").expect("a time");
    assert_eq!(told, [("acme now".to_owned(), BASE_US), ("acme then".to_owned(), then.0)]);
    assert!(matches!(parcel.events[2..], [Event::Delete { .. }, Event::Purge { .. }]));
    let reasons: Vec<&str> = parcel.refused.iter().map(|one| one.reason.as_str()).collect();
    assert_eq!(reasons, ["the value ends too early", "events of the kind 9 are not known"]);
    assert_eq!(parcel.ignored, 2);
    assert!(SegmentHeader::parse(&[0; HEADER_BYTES]).is_err());
}

proptest! {
    #[test]
    fn no_block_stops_the_reader(
        at in any::<prop::sample::Index>(), byte in any::<u8>(), kind in 0u8..10,
        payload in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let row = (1, BASE_US, kind, [POST.as_bytes(), &b"did:plc:ann"[..], b"k", b"r", payload.as_slice()]);
        let mut bytes = block(&[row, row]);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let Ok(block) = SegmentBlock::parse(bytes) else { return Ok(()) };
        let mut parcel = Parcel::new(&SourceId::new("s"));
        let rows = (0..block.len()).filter_map(|row| block.row(row));
        rows.for_each(|row| decoder(Format::Archive).decode_row(&row, &mut parcel));
        let told = parcel.events.len() + parcel.refused.len();
        prop_assert_eq!(told as u64 + parcel.ignored, block.len() as u64);
    }
}

/// A captured file, where the variable names their folder; they are not ours to pass on.
#[allow(clippy::disallowed_methods, reason = "captured frames are files")]
fn captured(name: &str) -> Option<Vec<u8>> {
    let Some(folder) = std::env::var_os("RESONANZ_FIXTURES") else {
        let note = "skipped: RESONANZ_FIXTURES names no folder of captured frames\n";
        let _ = std::io::stderr().write_all(note.as_bytes());
        return None;
    };
    let path = PathBuf::from(folder).join("jetstream").join(name);
    Some(std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

#[test]
fn captured_frames_are_read_on_both_wires() {
    for name in ["expected_v1.jsonl", "golden_v1.jsonl"] {
        let Some(lines) = captured(name) else { return };
        let frames: Vec<Value> = String::from_utf8(lines)
            .expect("UTF-8")
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        assert_alike(&frames);
        let mut decoder = decoder(Format::Jetstream);
        for frame in &frames {
            let parcel = decoded(&mut decoder, &frame.to_string());
            assert!(parcel.refused.is_empty(), "{frame}: {:?}", parcel.refused);
        }
    }
}

#[test]
fn captured_segments_are_read_to_their_last_event() {
    for name in ["golden_corpus_segment.jss", "legacy_fixed4096_blooms.jss"] {
        let Some(bytes) = captured(name) else { return };
        let header = SegmentHeader::parse(&bytes).expect("a header");
        let footer = usize::try_from(header.footer).expect("small");
        let (mut at, mut events, mut blocks) = (HEADER_BYTES, 0, 0);
        let mut decoder = decoder(Format::Archive);
        let mut parcel = Parcel::new(&SourceId::new("s"));
        while at < footer {
            let length = u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
            let end = at + 8 + usize::try_from(length).expect("small");
            let plain = zstd::decode_all(&bytes[at + 8..end]).expect("a block");
            let block = SegmentBlock::parse(plain).expect("columns");
            for row in (0..block.len()).filter_map(|row| block.row(row)) {
                decoder.decode_row(&row, &mut parcel);
            }
            (at, events, blocks) = (end, events + block.len(), blocks + 1);
        }
        assert_eq!((events as u32, blocks), (header.events, header.blocks), "{name}");
        let told = parcel.events.len() + parcel.refused.len();
        assert_eq!(told as u64 + parcel.ignored, u64::from(header.events), "{name}");
    }
}
