//! Are the inputs in order of time? A look at parts of each, up to a gibibyte in all, at the
//! beginning of each, and at the end of plain files.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::feed::Feed;
use crate::connect::{Input, Layout};
use crate::decode::Parcel;
use crate::engine::EngineConfig;
use crate::post::Event;
use crate::window::{Watermark, WatermarkState};

/// Inputs that are looked at, evenly spread.
const INPUTS_MAX: usize = 64;
/// Unpacked bytes that are read for a look, in all.
const LOOK_BYTES_MAX: u64 = 1 << 30;
/// Bytes that are looked at where a plain file ends.
const TAIL_BYTES: u64 = 64 << 10;
/// Late posts among those that are looked at, and their share in percent, from which on the inputs
/// are not in order: many at a small share, or a few at a large one.
const LATE: [(u64, u64); 2] = [(10, 5), (3, 20)];

/// Whether inputs are sorted before they are worked through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sorting {
    /// If a look at them says that too many posts would come late.
    #[default]
    Auto,
    /// In any case.
    Always,
    /// In no case.
    Never,
}

/// Whether so many posts of these inputs would be late that they must be sorted.
pub(super) fn is_disordered(feed: &Feed, inputs: &[Input], config: &EngineConfig) -> bool {
    let mut mark =
        Watermark::new(config.lateness_us, config.idle_us, WatermarkState::default()).checking();
    let (mut posts, mut late) = (0u64, 0u64);
    let mut note = |parcel: &Parcel| {
        for event in &parcel.events {
            let (source, posted_at, received_at) = match event {
                Event::Create(post) if post.is_ahead() => continue,
                Event::Create(post) | Event::Edit(post) => {
                    (&post.source, post.posted_at, post.received_at)
                }
                Event::Pass(post) => (&post.source, post.posted_at, post.received_at),
                Event::Found(found) => {
                    (&found.post.source, found.post.posted_at, found.post.received_at)
                }
                Event::Delete { .. } | Event::Purge { .. } | Event::Renew { .. } => continue,
            };
            posts += 1;
            late += u64::from(mark.mark().is_some_and(|mark| posted_at < mark));
            mark.observe(source, posted_at, received_at);
        }
    };
    let mut room = LOOK_BYTES_MAX;
    let step = inputs.len().div_ceil(INPUTS_MAX).max(1);
    for input in inputs.iter().step_by(step) {
        if input.is_disordered() {
            return true;
        }
        // What cannot be looked at twice is taken as it comes.
        if input.bytes.is_none() {
            return false;
        }
        if feed.samples_of(input, &mut room, &mut note) {
            continue;
        }
        let tail = feed.layout_of(input) == Layout::Lines && input.is_at_hand();
        if let Some(lines) = tail.then(|| tail_of(Path::new(&input.name)).ok()).flatten() {
            note(&feed.decoded_lines(input, &lines));
        }
    }
    let share = |percent: u64| late.saturating_mul(100) >= posts.saturating_mul(percent);
    LATE.into_iter().any(|(least, percent)| late >= least && share(percent))
}

/// The last lines of a file that is longer; of a packed one, bytes that are no lines.
fn tail_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    // A shorter file was looked at as its first chunks.
    if length < 2 * (1 << 20) {
        return Ok(Vec::new());
    }
    file.seek(SeekFrom::Start(length - TAIL_BYTES))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let first = memchr::memchr(b'\n', &bytes).map_or(bytes.len(), |end| end + 1);
    Ok(bytes.split_off(first))
}
