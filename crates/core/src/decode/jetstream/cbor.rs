//! What does a record of DAG-CBOR say? The strict subset of CBOR that atproto stores records in.
//!
//! Values borrow from their bytes, and take some forty times as many at most: each element has at least
//! one of its own.

/// Longest value in bytes: twice what a block may have in the protocol.
const BYTES_MAX: usize = 4 << 20;
/// How deep values may be nested.
const DEPTH_MAX: usize = 64;
/// The tag of a link.
const LINK: u64 = 42;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'a> {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i128),
    /// Any other number.
    Float(f64),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A text.
    Text(&'a str),
    /// A list.
    List(Vec<Value<'a>>),
    /// Values by name, in the order of the bytes.
    Map(Vec<(&'a str, Value<'a>)>),
    /// A link to other content, as the bytes of its CID.
    Link(&'a [u8]),
}

impl<'a> Value<'a> {
    /// Reads bytes that are one value and no more.
    ///
    /// # Errors
    /// In words, for any other bytes.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, String> {
        if bytes.len() > BYTES_MAX {
            return Err(format!("a value of more than {} MiB", BYTES_MAX >> 20));
        }
        let mut reader = Reader { rest: bytes };
        let value = reader.value(0)?;
        match reader.rest.len() {
            0 => Ok(value),
            left => Err(format!("{left} bytes follow the value")),
        }
    }

    /// What stands under a name; nothing where this is not a map.
    pub(super) fn at(&self, name: &str) -> Option<&Self> {
        let Self::Map(members) = self else { return None };
        members.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// The text, if it is one.
    pub(super) fn text(&self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Result<Value<'a>, String> {
        if depth > DEPTH_MAX {
            return Err(format!("values are nested deeper than {DEPTH_MAX}"));
        }
        let first = *self.take(1)?.first().ok_or_else(cut)?;
        let (major, short) = (first >> 5, first & 0x1f);
        if major == 7 {
            return self.simple(short);
        }
        let length = self.length(short)?;
        Ok(match major {
            0 => Value::Int(i128::from(length)),
            1 => Value::Int(-1 - i128::from(length)),
            2 => Value::Bytes(self.long(length)?),
            3 => Value::Text(self.text(length)?),
            4 => {
                let mut list = Vec::new();
                for _ in 0..length {
                    list.push(self.value(depth + 1)?);
                }
                Value::List(list)
            }
            5 => {
                let mut members = Vec::new();
                for _ in 0..length {
                    let Value::Text(name) = self.value(DEPTH_MAX)? else {
                        return Err("a name in a map is not a text".to_owned());
                    };
                    members.push((name, self.value(depth + 1)?));
                }
                Value::Map(members)
            }
            _ => self.link(length, depth)?,
        })
    }

    fn link(&mut self, tag: u64, depth: usize) -> Result<Value<'a>, String> {
        match (tag, self.value(depth + 1)?) {
            // A byte of 0 says that the CID follows as bytes.
            (LINK, Value::Bytes([0, cid @ ..])) => Ok(Value::Link(cid)),
            (LINK, _) => Err("a link holds no CID".to_owned()),
            (tag, _) => Err(format!("the tag {tag} is not one of DAG-CBOR")),
        }
    }

    fn simple(&mut self, short: u8) -> Result<Value<'a>, String> {
        match short {
            20 => Ok(Value::Bool(false)),
            21 => Ok(Value::Bool(true)),
            22 => Ok(Value::Null),
            27 => Ok(Value::Float(f64::from_be_bytes(self.array()?))),
            other => Err(format!("the simple value {other} is not one of DAG-CBOR")),
        }
    }

    fn length(&mut self, short: u8) -> Result<u64, String> {
        Ok(match short {
            ..24 => u64::from(short),
            24 => u64::from(u8::from_be_bytes(self.array()?)),
            25 => u64::from(u16::from_be_bytes(self.array()?)),
            26 => u64::from(u32::from_be_bytes(self.array()?)),
            27 => u64::from_be_bytes(self.array()?),
            _ => return Err("a length is not told, which DAG-CBOR forbids".to_owned()),
        })
    }

    fn text(&mut self, length: u64) -> Result<&'a str, String> {
        let bytes = self.long(length)?;
        simdutf8::basic::from_utf8(bytes).map_err(|_| "a text is not UTF-8".to_owned())
    }

    fn long(&mut self, length: u64) -> Result<&'a [u8], String> {
        self.take(usize::try_from(length).map_err(|_| cut())?)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        self.take(N)?.first_chunk().copied().ok_or_else(cut)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(cut)?;
        self.rest = rest;
        Ok(taken)
    }
}

fn cut() -> String {
    "the value ends too early".to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The shortest bytes of a value, as DAG-CBOR has them.
    fn write(value: &Value<'_>, to: &mut Vec<u8>) {
        let head = |major: u8, length: u64, to: &mut Vec<u8>| {
            let widths = [(0xff, 1), (0xffff, 2), (0xffff_ffff, 4), (u64::MAX, 8)];
            let place = widths.iter().position(|(most, _)| length <= *most).expect("a width");
            if length < 24 {
                return to.push(major << 5 | length as u8);
            }
            to.push(major << 5 | (24 + place as u8));
            to.extend(&length.to_be_bytes()[8 - widths[place].1..]);
        };
        match value {
            Value::Null => to.push(0xf6),
            Value::Bool(yes) => to.push(0xf4 + u8::from(*yes)),
            Value::Int(int) if *int >= 0 => head(0, *int as u64, to),
            Value::Int(int) => head(1, (-1 - int) as u64, to),
            Value::Float(float) => {
                to.push(0xfb);
                to.extend(float.to_be_bytes());
            }
            Value::Bytes(bytes) => {
                head(2, bytes.len() as u64, to);
                to.extend_from_slice(bytes);
            }
            Value::Text(text) => {
                head(3, text.len() as u64, to);
                to.extend_from_slice(text.as_bytes());
            }
            Value::List(list) => {
                head(4, list.len() as u64, to);
                list.iter().for_each(|value| write(value, to));
            }
            Value::Map(members) => {
                head(5, members.len() as u64, to);
                for (name, value) in members {
                    write(&Value::Text(name), to);
                    write(value, to);
                }
            }
            Value::Link(cid) => {
                to.extend([0xd8, 0x2a]);
                head(2, cid.len() as u64 + 1, to);
                to.push(0);
                to.extend_from_slice(cid);
            }
        }
    }

    fn values() -> impl Strategy<Value = Value<'static>> {
        let text = prop::sample::select(vec!["", "text", "ä😡", "a name that is a little longer"]);
        let bytes = prop::sample::select(vec![&b""[..], b"\x00\xff", &[7; 300]]);
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(|int| Value::Int(int.into())),
            any::<u64>().prop_map(|int| Value::Int(int.into())),
            (-1e9..1e9f64).prop_map(Value::Float),
            text.clone().prop_map(Value::Text),
            bytes.clone().prop_map(Value::Bytes),
            bytes.prop_map(Value::Link),
        ];
        leaf.prop_recursive(5, 60, 8, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::List),
                prop::collection::vec((text.clone(), inner), 0..8).prop_map(Value::Map),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(value in values(), cut in any::<prop::sample::Index>()) {
            let mut bytes = Vec::new();
            write(&value, &mut bytes);
            prop_assert_eq!(Value::read(&bytes), Ok(value));
            let cut = cut.index(bytes.len());
            prop_assert!(Value::read(&bytes[..cut]).is_err());
            bytes.push(0);
            prop_assert!(Value::read(&bytes).is_err());
        }

        #[test]
        fn no_bytes_stop_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Value::read(&bytes);
        }
    }

    #[test]
    fn what_dag_cbor_forbids_is_named() {
        let deep = [vec![0x81; 200], vec![0]].concat();
        let long = vec![0; BYTES_MAX + 1];
        let rows: [(&[u8], &str); 9] = [
            (b"", "too early"),
            (b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff", "too early"),
            (b"\x7b\x7f\xff\xff\xff\xff\xff\xff\xff", "too early"),
            (b"\x9f\xff", "a length is not told"),
            (b"\xa1\x01\x02", "a name in a map"),
            (b"\xc1\x01", "the tag 1"),
            (b"\xf9\x00\x00", "the simple value 25"),
            (&deep, "nested deeper"),
            (&long, "more than 4 MiB"),
        ];
        for (bytes, wanted) in rows {
            let told = Value::read(bytes).expect_err("not DAG-CBOR");
            assert!(told.contains(wanted), "{told}");
        }
    }
}
