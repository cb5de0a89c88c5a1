//! What does a compressed frame hold? One zstd frame each, made with a dictionary that both sides have.

use std::fmt;

use zstd::bulk::Decompressor;
use zstd::zstd_safe::get_dict_id_from_frame;

/// How begin frames that were compressed with zstd.
const MAGIC: &[u8] = b"\x28\xb5\x2f\xfd";
/// How begins a dictionary; its id follows.
const DICTIONARY_MAGIC: &[u8] = b"\x37\xa4\x30\xec";
/// The dictionary of `/subscribe`, which never changes; `dictionary.py` fetches it.
static SUBSCRIBE: &[u8] = include_bytes!("subscribe.zdict");

/// Whether a message is compressed.
pub(super) fn is_packed(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Why a frame cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It was made with a dictionary of this id, which is not ours.
    OtherDictionary(u32),
    /// In words.
    Damaged(String),
}

/// Unpacks frames that were made with one dictionary.
pub(super) struct Unpacker {
    id: u32,
    decompressor: Decompressor<'static>,
}

impl fmt::Debug for Unpacker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unpacker").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Unpacker {
    /// One for the frames of `/subscribe`.
    pub(super) fn of_subscribe() -> Result<Self, String> {
        Self::new(SUBSCRIBE)
    }

    /// One for frames that were made with a dictionary, which is copied.
    ///
    /// # Errors
    /// In words, for bytes that are not a dictionary.
    pub(super) fn new(dictionary: &[u8]) -> Result<Self, String> {
        let id = dictionary.strip_prefix(DICTIONARY_MAGIC).and_then(|rest| rest.first_chunk());
        let id = id.map(|id| u32::from_le_bytes(*id)).filter(|id| *id > 0);
        let id = id.ok_or("these bytes are not a zstd dictionary")?;
        let decompressor = Decompressor::with_dictionary(dictionary)
            .map_err(|error| format!("zstd dictionary {id}: {error}"))?;
        Ok(Self { id, decompressor })
    }

    /// The dictionary's id.
    pub(super) fn id(&self) -> u32 {
        self.id
    }

    /// Unpacks a frame into a buffer, as far as its capacity goes.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(super) fn unpack(&mut self, frame: &[u8], plain: &mut Vec<u8>) -> Result<(), Unreadable> {
        match get_dict_id_from_frame(frame).map(|id| id.get()) {
            Some(id) if id != self.id => return Err(Unreadable::OtherDictionary(id)),
            _ => {}
        }
        let unpacked = self.decompressor.decompress_to_buffer(frame, plain);
        unpacked.map(drop).map_err(|error| Unreadable::Damaged(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_unpacked_with_their_own_dictionary_alone() {
        let mut unpacker = Unpacker::of_subscribe().expect("a dictionary");
        assert_eq!(unpacker.id(), 1_612_007_021);
        let text = br#"{"did":"did:plc:abc","time_us":1772366400000000,"kind":"commit"}"#;
        let mut compressor = zstd::bulk::Compressor::with_dictionary(3, SUBSCRIBE).expect("zstd");
        let frame = compressor.compress(text).expect("memory");
        let mut plain = Vec::with_capacity(1 << 10);
        unpacker.unpack(&frame, &mut plain).expect("a frame");
        assert_eq!(plain, text);
        let cut = unpacker.unpack(&frame[..frame.len() - 3], &mut plain);
        assert!(matches!(cut, Err(Unreadable::Damaged(_))), "{cut:?}");
        let large = compressor.compress(&[b'x'; 2_000]).expect("memory");
        let large = unpacker.unpack(&large, &mut plain);
        assert!(matches!(large, Err(Unreadable::Damaged(_))), "{large:?}");
        let mut other = SUBSCRIBE.to_vec();
        other[4] ^= 1;
        let mut other = zstd::bulk::Compressor::with_dictionary(3, &other).expect("zstd");
        let other = unpacker.unpack(&other.compress(text).expect("memory"), &mut plain);
        assert_eq!(other, Err(Unreadable::OtherDictionary(1_612_007_020)));
        assert!(Unpacker::new(b"\x37\xa4\x30\xec").is_err() && Unpacker::new(text).is_err());
    }
}
