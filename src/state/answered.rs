//! Which requests were answered? Those that gave a key, so that whoever asks again under it gets the
//! same answer, over restarts too.
//!
//! A line is written after the commit that holds what was sent, and before the answer.

use std::collections::VecDeque;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::error::{StateError, io_error};
use super::home::Home;
use super::whole::{json_bytes, write_whole};
use crate::decode::Ticket;
use crate::post::SourceId;
use crate::time::{DAY_US, EventTime};

/// For how long an answer is remembered.
const KEPT_US: i64 = DAY_US;
/// Most answers remembered; beyond, the oldest leaves.
const ANSWERS_MAX: usize = 10_000;
const FILE: &str = "answered.jsonl";

/// The requests with a key that were answered within the last day, oldest first.
#[derive(Debug)]
pub struct Answered {
    path: PathBuf,
    kept: VecDeque<Line>,
    /// Lines of the file.
    written: usize,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Line {
    source: SourceId,
    ticket: Ticket,
}

impl Answered {
    /// What a lake's writer remembers. A line that was cut off is passed over.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn open(folder: &Home) -> Result<Self, StateError> {
        let path = folder.own(FILE);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            bytes => bytes.map_err(io_error(&path))?,
        };
        let lines = bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        let written = lines.clone().count();
        let kept = lines.filter_map(|line| serde_json::from_slice(line).ok()).collect();
        Ok(Self { path, kept, written })
    }

    /// The answers of one source.
    pub fn of<'a>(&'a self, source: &'a SourceId) -> impl Iterator<Item = &'a Ticket> + 'a {
        self.kept.iter().filter(move |line| line.source == *source).map(|line| &line.ticket)
    }

    /// Adds, durably, those that have a key, and forgets what is old at `now`.
    ///
    /// # Errors
    /// When the file cannot be written; then nothing was added, or all of it.
    pub fn add(
        &mut self,
        tickets: &[(SourceId, Ticket)],
        now: EventTime,
    ) -> Result<(), StateError> {
        let keyed = tickets.iter().filter(|(_, ticket)| ticket.key.is_some());
        let fresh: Vec<Line> = keyed
            .map(|(source, ticket)| Line { source: source.clone(), ticket: ticket.clone() })
            .collect();
        if fresh.is_empty() {
            return Ok(());
        }
        let mut kept = self.kept.clone();
        kept.extend(fresh.iter().cloned());
        while kept.front().is_some_and(|line| now.since(line.ticket.at) > KEPT_US)
            || kept.len() > ANSWERS_MAX
        {
            kept.pop_front();
        }
        if self.written + fresh.len() > 2 * ANSWERS_MAX {
            write_whole(&self.path, &self.text(kept.iter())?)?;
            self.written = kept.len();
        } else {
            let text = self.text(fresh.iter())?;
            self.append(&text).map_err(io_error(&self.path))?;
            self.written += fresh.len();
        }
        self.kept = kept;
        Ok(())
    }

    fn text<'a>(&self, lines: impl Iterator<Item = &'a Line>) -> Result<Vec<u8>, StateError> {
        let mut text = Vec::new();
        for line in lines {
            text.extend(json_bytes(&self.path, line)?);
            text.push(b'\n');
        }
        Ok(text)
    }

    fn append(&self, text: &[u8]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&self.path)?;
        // What was cut off by a kill ends here.
        file.write_all(&[b"\n", text].concat())?;
        file.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Landed;

    fn ticket(key: u8, at: i64) -> (SourceId, Ticket) {
        let landed = Landed { taken: 1, ..Landed::default() };
        let key = Some([key; 16]).filter(|_| key > 0);
        (SourceId::new("in"), Ticket { number: 1, key, body: [0; 8], at: EventTime(at), landed })
    }

    #[test]
    fn answers_are_remembered_for_a_day_even_behind_a_line_that_was_cut() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = Home::write(root.path()).expect("a lake");
        let keys = |answered: &Answered| -> Vec<u8> {
            let name = SourceId::new("in");
            answered.of(&name).filter_map(|ticket| ticket.key).map(|key| key[0]).collect()
        };
        let mut answered = Answered::open(&folder).expect("none yet");
        let list = [ticket(1, 0), ticket(0, 1), ticket(2, 2)];
        answered.add(&list, EventTime(2)).expect("written");
        answered.append(b"{\"source\":\"in\",\"tick").expect("written");
        answered.add(&[ticket(3, DAY_US)], EventTime(DAY_US + 1)).expect("written");
        assert_eq!(keys(&answered), [2, 3], "one is older than a day, one has no key");
        let again = Answered::open(&folder).expect("read");
        assert_eq!(keys(&again), [1, 2, 3], "the file forgets when it is written anew");
    }
}
