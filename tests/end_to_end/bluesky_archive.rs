//! Is the archive of a Jetstream server worked through, from its segments as files and from the server
//! itself, over refusals, cut answers and segments that are rewritten meanwhile?

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::support::{Place, file, query, run, stderr};
use resonanz::time::EventTime;
use serde_json::{Value, json};

const POST: &[u8] = b"app.bsky.feed.post";
const DID: &[u8] = b"did:plc:ann";
/// When the server began its archive.
const BEGUN: &str = "2026-03-01T12:00:00Z";

/// An event: its number, kind, record key and payload.
type Row = (u64, u8, String, Vec<u8>);

fn micros(time: &str) -> i64 {
    EventTime::parse(time).expect("a time").0
}

/// A post that was written on a day of March 2024.
fn post(seq: u64, day: u32) -> Row {
    let (text, created) = (format!("acme {seq}"), format!("2024-03-{day:02}T12:00:00Z"));
    let mut record = vec![0xa2];
    for part in ["text", &text, "createdAt", &created] {
        record.extend([0x78, part.len() as u8]);
        record.extend(part.as_bytes());
    }
    (seq, 1, format!("k{seq}"), record)
}

fn block(rows: &[Row]) -> Vec<u8> {
    let texts: Vec<[&[u8]; 5]> =
        rows.iter().map(|row| [POST, DID, row.2.as_bytes(), b"rev", &row.3]).collect();
    let mut bytes = (rows.len() as u32).to_le_bytes().to_vec();
    rows.iter().for_each(|row| bytes.extend(row.0.to_le_bytes()));
    let seen = micros(BEGUN);
    rows.iter().for_each(|row| bytes.extend((seen + row.0 as i64).to_le_bytes()));
    rows.iter().for_each(|_| bytes.extend([0; 8]));
    rows.iter().for_each(|row| bytes.push(row.1));
    for (column, width) in [1, 2, 1, 1, 4].into_iter().enumerate() {
        for row in &texts {
            bytes.extend(&(row[column].len() as u32).to_le_bytes()[..width]);
        }
    }
    (0..5).for_each(|column| texts.iter().for_each(|row| bytes.extend(row[column])));
    let mut packed = zstd::Encoder::new(Vec::new(), 3).expect("zstd");
    packed.include_checksum(true).expect("zstd");
    packed.write_all(&bytes).expect("memory");
    packed.finish().expect("memory")
}

/// A sealed segment.
fn segment(checksum: u64, blocks: &[Vec<Row>]) -> Vec<u8> {
    let (mut bytes, mut index) = (vec![0; 256], Vec::new());
    for rows in blocks {
        let packed = block(rows);
        index.extend((bytes.len() as u64).to_le_bytes());
        index.extend((packed.len() as u32).to_le_bytes());
        index.extend(0u32.to_le_bytes());
        index.extend((rows.len() as u32).to_le_bytes());
        let ends = [rows.first(), rows.last()].map(|row| row.expect("a row").0);
        ends.iter().for_each(|seq| index.extend(seq.to_le_bytes()));
        index.extend([0; 16]);
        bytes.extend((packed.len() as u64).to_le_bytes());
        bytes.extend(packed);
    }
    let events: usize = blocks.iter().map(Vec::len).sum();
    let footer = bytes.len() as u64;
    bytes[..4].copy_from_slice(b"jss0");
    bytes[4..12].copy_from_slice(&checksum.to_le_bytes());
    bytes[12..14].copy_from_slice(&1u16.to_le_bytes());
    bytes[14..18].copy_from_slice(&(blocks.len() as u32).to_le_bytes());
    bytes[18..22].copy_from_slice(&(events as u32).to_le_bytes());
    bytes[58..66].copy_from_slice(&footer.to_le_bytes());
    bytes[90..98].copy_from_slice(&footer.to_le_bytes());
    bytes.extend(index);
    bytes
}

fn config(place: &Place) -> PathBuf {
    let text = format!(
        "[lake]\npath = \"{}\"\n[[topic]]\nname = \"acme\"\nquery = 'acme'\n",
        place.lake.display()
    );
    file(place.folder.path(), "reprocess.toml", text)
}

fn reprocessed(config: &Path, input: &str) -> std::process::Output {
    run(&["reprocess", "--config", config.to_str().expect("UTF-8"), input])
}

#[test]
fn a_segment_is_an_input_like_any_other() {
    let place = Place::new();
    let gone = (5, 3, "k2".to_owned(), Vec::new());
    let blocks = [vec![post(1, 20), post(2, 5)], vec![post(4, 11), gone, post(6, 1)]];
    let bytes = segment(7, &blocks);
    let path = file(place.folder.path(), "seg_1.jss", &bytes);
    let done = reprocessed(&config(&place), path.to_str().expect("UTF-8"));
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    let rows = "SELECT text, received_at = posted_at FROM mentions ORDER BY posted_at";
    assert_eq!(query(&place.lake, rows), "acme 6,true\nacme 4,true\nacme 1,true");

    let other = Place::new();
    let path = file(other.folder.path(), "cut.jss", &bytes[..bytes.len() - 150]);
    let done = reprocessed(&config(&other), path.to_str().expect("UTF-8"));
    assert_eq!(done.status.code(), Some(1), "a damaged input is told");
    assert!(stderr(&done).contains("cut.jss"), "{}", stderr(&done));
}

/// What was asked of a server, in order.
type Asked = Arc<Mutex<Vec<String>>>;

fn body_of(head: &str, stream: &mut TcpStream) -> Vec<u8> {
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.and_then(|length| length.parse().ok()).unwrap_or(0)];
    stream.read_exact(&mut body).expect("a body");
    body
}

fn answer(stream: &mut TcpStream, status: &str, body: &[u8], sent: usize) {
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(&body[..sent]);
}

/// An archive of two segments, whose second one is rewritten while it is read.
fn serve() -> (String, Asked) {
    let first = segment(0xa, &[vec![post(1, 9), post(2, 8)], vec![post(3, 7), post(5, 6)]]);
    let second = [0xb, 0xc].map(|checksum| segment(checksum, &[vec![post(8, 3), post(9, 2)]]));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let host = listener.local_addr().expect("bound").to_string();
    let asked = Asked::default();
    let log = Arc::clone(&asked);
    std::thread::spawn(move || {
        let (mut plans, mut cuts, mut state) = (0, 0, 0);
        for mut stream in listener.incoming().flatten() {
            let (mut head, mut byte) = (Vec::new(), [0]);
            while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
                head.push(byte[0]);
            }
            let head = String::from_utf8_lossy(&head).to_lowercase();
            let body = body_of(&head, &mut stream);
            let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
            log.lock().expect("a log").push(format!("{target} {}", String::from_utf8_lossy(&body)));
            if target.ends_with("plansnapshot") {
                plans += 1;
                let asked: Value = serde_json::from_slice(&body).expect("JSON");
                if plans == 1 {
                    answer(&mut stream, "503 Service Unavailable", b"", 0);
                    continue;
                }
                let page = if asked["afterSeq"].as_u64() < Some(5) {
                    json!({"plannedThroughSeq": 5, "sealedTipSeq": 9, "stats": {}, "segments": [
                        {"name": "seg_a.jss", "index": 0, "checksum": format!("{:016x}", 0xa),
                         "minSeq": 1, "maxSeq": 5, "mode": "blocks",
                         "blocks": [{"first": 0, "last": 1}]}]})
                } else {
                    json!({"plannedThroughSeq": 9, "sealedTipSeq": 9, "stats": {}, "segments": [
                        {"name": "seg_b.jss", "index": 1, "checksum": format!("{:016x}", 0xb + state),
                         "minSeq": 8, "maxSeq": 9, "mode": "segment"}]})
                };
                let page = page.to_string();
                answer(&mut stream, "200 OK", page.as_bytes(), page.len());
                continue;
            }
            let field = |name: &str| {
                head.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned()
            };
            let (name, range) = (field("if-match: "), field("range: bytes="));
            let bytes = if target.ends_with("seg_a.jss") { &first } else { &second[state] };
            if name != format!("\"{:016x}\"", bytes[4]) {
                answer(&mut stream, "412 Precondition Failed", b"", 0);
                continue;
            }
            let (from, to) = range.split_once('-').expect("a range");
            let range = from.parse().expect("a number")..to.parse::<usize>().expect("a number") + 1;
            let part = &bytes[range.clone()];
            cuts += 1;
            // A third of the answers are cut short.
            let sent = if cuts % 3 == 0 { part.len() / 2 } else { part.len() };
            answer(&mut stream, "206 Partial Content", part, sent);
            if target.ends_with("seg_b.jss") && range.start == 0 {
                state = 1;
            }
        }
    });
    (host, asked)
}

#[test]
fn the_archive_of_a_server_is_read_once_over_every_trouble() {
    let (place, (host, asked)) = (Place::new(), serve());
    let done = reprocessed(&config(&place), &format!("bluesky+http://{host}"));
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    let rows = "SELECT text FROM mentions ORDER BY posted_at";
    let wanted = [9, 8, 5, 3, 2, 1].map(|seq| format!("acme {seq}")).join("\n");
    assert_eq!(query(&place.lake, rows), wanted, "in order of when they were written");
    assert_eq!(query(&place.lake, "SELECT DISTINCT source FROM mentions"), "bluesky");
    let asked = asked.lock().expect("a log");
    let plans: Vec<Value> = asked
        .iter()
        .filter_map(|one| one.strip_prefix("/xrpc/network.bsky.jetstream.plansnapshot "))
        .map(|body| serde_json::from_str(body).expect("JSON"))
        .collect();
    let bounds = plans.iter().map(|plan| (plan["afterSeq"].as_u64(), plan["beforeSeq"].as_u64()));
    let wanted = [(Some(0), None), (Some(0), None), (Some(5), Some(9)), (Some(5), Some(9))];
    assert_eq!(bounds.collect::<Vec<_>>(), wanted, "the end of the first plan is kept");
    drop(asked);

    let some = Place::new();
    let done = reprocessed(&config(&some), &format!("bluesky+http://{host}?after=2&through=8"));
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    assert_eq!(query(&some.lake, rows), "acme 8\nacme 5\nacme 3");
    let nowhere = reprocessed(&config(&some), "bluesky://");
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(stderr(&nowhere).contains("bluesky://HOST"), "{}", stderr(&nowhere));
}
