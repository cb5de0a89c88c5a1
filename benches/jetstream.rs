//! How many events a second does one thread read off Jetstream's wire, plain and compressed?
//!
//! Events are posts of the bundled archive as frames of version 1; compressed ones are made with the
//! dictionary of `/subscribe`. Each pass reads all of them and must find every post.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads files")]

use std::hint::black_box;
use std::io::Read;
use std::path::{Path, PathBuf};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use resonanz_core::decode::{ArchiveLine, AuthorHasher, Decoder, Format, Parcel, jetstream_frame};
use resonanz_core::post::SourceId;

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn frames() -> Vec<String> {
    let file = std::fs::File::open(repository("data/archive.jsonl.zst")).expect("it is bundled");
    let mut lines = String::new();
    zstd::Decoder::new(file).expect("zstd").read_to_string(&mut lines).expect("UTF-8");
    let frame = |line: &str| {
        let line = ArchiveLine::parse(line.as_bytes()).expect("a post");
        jetstream_frame(line).0
    };
    lines.lines().map(frame).collect()
}

fn read<'f>(frames: impl Iterator<Item = &'f [u8]>) -> usize {
    let source = SourceId::new("s");
    let mut decoder = Decoder::new(Format::Jetstream, source.clone(), AuthorHasher::new([7; 32]));
    let (mut parcel, mut posts) = (Parcel::new(&source), 0);
    for frame in frames {
        decoder.decode(frame, &mut parcel);
        posts += parcel.events.len();
        parcel.events.clear();
    }
    posts
}

fn wire(criterion: &mut Criterion) {
    let frames = frames();
    let dictionary = std::fs::read(repository("src/connect/jetstream/subscribe.zdict"));
    let dictionary = dictionary.expect("it is part of the repository");
    let mut compressor =
        zstd::bulk::Compressor::with_dictionary(3, &dictionary).expect("a dictionary");
    let packed: Vec<Vec<u8>> =
        frames.iter().map(|frame| compressor.compress(frame.as_bytes()).expect("memory")).collect();
    let mut group = criterion.benchmark_group("jetstream");
    group.sample_size(20).throughput(Throughput::Elements(frames.len() as u64));
    group.bench_function("plain", |bencher| {
        bencher.iter(|| {
            assert_eq!(read(black_box(&frames).iter().map(|frame| frame.as_bytes())), frames.len());
        });
    });
    group.bench_function("compressed", |bencher| {
        let mut unpacker =
            zstd::bulk::Decompressor::with_dictionary(&dictionary).expect("a dictionary");
        let source = SourceId::new("s");
        let mut decoder =
            Decoder::new(Format::Jetstream, source.clone(), AuthorHasher::new([7; 32]));
        let (mut parcel, mut plain) = (Parcel::new(&source), Vec::with_capacity(1 << 20));
        bencher.iter(|| {
            let mut posts = 0;
            for frame in black_box(&packed) {
                plain.clear();
                unpacker.decompress_to_buffer(frame, &mut plain).expect("a frame");
                decoder.decode(&plain, &mut parcel);
                posts += parcel.events.len();
                parcel.events.clear();
            }
            assert_eq!(posts, frames.len());
        });
    });
    group.finish();
}

criterion_group!(benches, wire);
criterion_main!(benches);
