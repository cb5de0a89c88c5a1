//! Is every block of a segment, and every repository of an account, read to its end or refused?
#![no_main]

use libfuzzer_sys::fuzz_target;
use resonanz_core::decode::{
    AuthorHasher, BlockEntry, Decoder, Format, Parcel, Repository, SegmentBlock, SegmentHeader,
};
use resonanz_core::post::SourceId;

fuzz_target!(|bytes: &[u8]| {
    let _ = (SegmentHeader::parse(bytes), BlockEntry::parse(bytes));
    if let Ok(repository) = Repository::parse(bytes.to_vec()) {
        let block = repository.block(0, 4_096).expect("as large as the file");
        assert_eq!(block.len(), repository.len().min(4_096));
    }
    let Ok(block) = SegmentBlock::parse(bytes.to_vec()) else { return };
    let source = SourceId::new("s");
    let mut decoder = Decoder::new(Format::Archive, source.clone(), AuthorHasher::new([7; 32]));
    let mut parcel = Parcel::new(&source);
    for row in (0..block.len()).filter_map(|row| block.row(row)) {
        decoder.decode_row(&row, &mut parcel);
    }
    let told = parcel.events.len() + parcel.refused.len();
    assert_eq!(told as u64 + parcel.ignored, block.len() as u64);
});
