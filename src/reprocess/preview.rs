//! How would a file be read? Its layout, which column is which field, and its first posts, without a
//! lake or a configuration.

use std::io;

use super::feed::Feed;
use crate::connect::{Beginning, Encoding, Input, Layout, Opening, Read};
use crate::decode::{AuthorHasher, Format, Parcel, Reading, guessed, guessed_map};
use crate::post::{Event, Post};
use crate::system::wall_clock;
use crate::time::Zone;

/// Signs between thousands that are tried.
const THOUSANDS: [char; 2] = ['.', ','];

/// What is said of bytes that are neither lines nor Parquet.
const NOT_TEXT: &str = "this is not text; save a workbook as CSV, and unpack archives";

/// Whether bytes could be text: only few signs of control stand in it.
fn is_text(bytes: &[u8]) -> bool {
    !bytes.iter().any(|byte| matches!(byte, 0..=8 | 14..=26 | 28..=31))
}

/// What the options say of the files.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    /// The layout of all files.
    pub layout: Option<Layout>,
    /// What lines and objects are.
    pub format: Option<Format>,
    /// The encoding of all files.
    pub encoding: Option<Encoding>,
    /// Which column is which field, and what else is known.
    pub reading: Reading,
    /// The source of posts that name none.
    pub source: Option<String>,
    /// The zone to propose for times that name none.
    pub zone: String,
}

/// How a file would be read.
#[derive(Debug)]
pub struct Preview {
    /// What its beginning tells.
    pub look: Beginning,
    /// Options that it needs beyond those given, each a guess.
    pub options: Vec<(&'static str, String)>,
    /// Posts of its beginning.
    pub posts: Vec<Post>,
    /// What was refused there, and why.
    pub refused: Vec<String>,
    /// What is not a post by nature.
    pub ignored: u64,
    /// Posts with a field that could not be read.
    pub mended: u64,
}

/// Why a table is none, as its header shows.
fn unfit(look: &Beginning) -> Option<&'static str> {
    let first = look.columns.first().filter(|_| matches!(look.layout, Layout::Csv(_)))?;
    if first.starts_with(['{', '[']) {
        return Some("its name says a table, but it begins as JSON: add --input-format jsonl");
    }
    (!look.columns.iter().all(|name| is_text(name.as_bytes()))).then_some(NOT_TEXT)
}

/// Looks at a file; must be called outside of the async runtime.
///
/// # Errors
/// When it cannot be read, or the columns of a table are not known even by a guess.
pub fn preview(input: &Input, hints: &Hints) -> io::Result<Preview> {
    if input.bytes == Some(0) {
        return Err(io::Error::other("it is empty"));
    }
    let mut hints = hints.clone();
    let (format, encoding) = (hints.format, hints.encoding);
    let look = {
        let map = &hints.reading.map;
        Beginning::at(input, &Opening { layout: hints.layout, format, map, encoding })?
    };
    if let Some(nothing) = look.told.nothing {
        return Err(io::Error::other(nothing));
    }
    if let Some(unfit) = unfit(&look) {
        return Err(io::Error::other(unfit));
    }
    let mut options = Vec::new();
    if look.told.export.is_none() && hints.reading.map.is_plain() {
        let columns: Vec<&str> = look.columns.iter().map(String::as_str).collect();
        if !guessed(&columns).is_empty() {
            let map = guessed_map(&columns);
            hints.reading.map = map.parse().map_err(io::Error::other)?;
            options.push(("--map", map));
        }
    }
    let mut parcel = feed(&hints).first_posts(input)?;
    if parcel.events.is_empty() && parcel.refused.iter().any(|letter| !is_text(&letter.raw)) {
        return Err(io::Error::other(NOT_TEXT));
    }
    let asks = |parcel: &Parcel, option: &str| {
        parcel.refused.iter().any(|letter| letter.reason.contains(option))
    };
    if asks(&parcel, "--zone") && hints.reading.times.zone.is_none() {
        let name = hints.zone.clone();
        hints.reading.times.zone = name.parse::<Zone>().ok().map(|Zone(zone)| zone);
        options.push(("--zone", name));
        parcel = feed(&hints).first_posts(input)?;
    }
    if parcel.mended > 0 && hints.reading.thousands.is_none() {
        for sign in THOUSANDS {
            let mut other = hints.clone();
            other.reading.thousands = Some(sign);
            let tried = feed(&other).first_posts(input)?;
            if tried.mended < parcel.mended {
                options.push(("--thousands", sign.to_string()));
                parcel = tried;
                break;
            }
        }
    }
    let posts = parcel.events.into_iter().filter_map(|event| match event {
        Event::Create(post) | Event::Edit(post) => Some(*post),
        _ => None,
    });
    Ok(Preview {
        look,
        options,
        posts: posts.collect(),
        refused: parcel.refused.into_iter().map(|letter| letter.reason).collect(),
        ignored: parcel.ignored,
        mended: parcel.mended,
    })
}

/// Reads as the work would, but that authors are hashed under a key that is forgotten.
fn feed(hints: &Hints) -> Feed {
    Feed {
        layout: hints.layout,
        encoding: hints.encoding,
        reading: hints.reading.clone(),
        format: hints.format,
        source: hints.source.clone(),
        authors: AuthorHasher::new([0; 32]),
        sieve: None,
        read: Read::default(),
        now: wall_clock(),
    }
}
