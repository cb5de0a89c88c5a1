//! Where does a source go on? Bytes that only the source itself can read.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where a source can be asked to go on: a small JSON text that means something to it alone.
///
/// Checkpoints and manifests keep it as it is; those of older versions are read.
///
/// # Example
/// ```
/// use resonanz_core::decode::Cursor;
/// let page = Cursor::of(&("page", 7));
/// assert_eq!(page.read::<(String, u32)>(), Some(("page".to_owned(), 7)));
/// assert_eq!(page.read::<u32>(), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    /// A cursor that holds `place`.
    #[must_use]
    pub fn of(place: &impl Serialize) -> Self {
        Self(serde_json::to_string(place).unwrap_or_else(|_| "null".to_owned()))
    }

    /// The place, if it is one of this kind.
    #[must_use]
    pub fn read<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_str(&self.0).ok()
    }
}

/// How checkpoints hold it; the first three stand in those of version 0.1.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kept {
    TimeUs(i64),
    Offset(u64),
    Input(u64, u64),
    Text(String),
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return Kept::Text(self.0.clone()).serialize(serializer);
        }
        let value: serde_json::Value =
            serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        value.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return serde_json::Value::deserialize(deserializer).map(|value| Self::of(&value));
        }
        Ok(match Kept::deserialize(deserializer)? {
            Kept::Text(text) => Self(text),
            // As manifests spell them.
            older => Self::of(&older),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_of_older_checkpoints_and_manifests_are_read() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Place {
            offset: u64,
        }
        let old = postcard::to_stdvec(&Kept::Offset(7)).expect("memory");
        let from_checkpoint: Cursor = postcard::from_bytes(&old).expect("a cursor");
        let from_manifest: Cursor = serde_json::from_str("{\"offset\":7}").expect("a cursor");
        assert_eq!(from_checkpoint, from_manifest);
        assert_eq!(from_manifest.read(), Some(Place { offset: 7 }));
        let now = postcard::to_stdvec(&from_manifest).expect("memory");
        assert_eq!(postcard::from_bytes::<Cursor>(&now).expect("a cursor"), from_manifest);
    }
}
