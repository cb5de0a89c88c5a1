//! How does all that a lake keeps of authors get from the keys that were leaked to others? In one
//! commit: rows, checkpoint and messages, and behind it the files beside the tables.
//!
//! A permutation turns each hash wherever it stands, so that what was equal stays equal, and an engine
//! goes on as if nothing had happened. What it cannot turn are sketches of distinct authors: they are
//! made anew of the mentions.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::datatypes::Float64Type;
use arrow::error::ArrowError;

use super::recount::{PaneId, is_late, pane_of_mention};
use super::upkeep::BARE;
use crate::decode::AuthorHasher;
use crate::lake::commit::{Checkpoint, Lake, files};
use crate::lake::error::{LakeError, io_error};
use crate::lake::rows::Table;
use crate::lake::store::{Draft, LakeFile, Origin, Place, Swap, read};
use crate::post::{AuthorKey, SourceId};
use crate::priority::percent;
use crate::privacy::Rotation;
use crate::state::{Plan, rotate as rotate_json, rotated_json, tombstone_lines, tombstones};
use crate::system::crash_point;
use crate::time::EventTime;
use crate::window::{Heard, PaneName};

/// Columns of mentions that say whom a pane counted.
const HEARD: [&str; 10] = [
    "posted_at",
    "counted_at",
    "late_at",
    "topic",
    "source",
    "post_id",
    "author",
    "lang",
    "polarity",
    "confidence",
];
/// Tables that name authors, with the columns that do.
const COLUMNS: [(Table, &[&str]); 4] = [
    (Table::Posts, &["author", "post_id", "parent", "thread"]),
    (Table::Mentions, &["author", "post_id", "parent", "thread"]),
    (Table::Alerts, &["evidence"]),
    (Table::Triage, &["post_id"]),
];

/// From which keys to which.
#[derive(Debug, Clone)]
pub struct RotatedFrom {
    /// Under which the lake stands.
    pub authors: AuthorHasher,
    /// What turns what it keeps.
    pub rotation: Rotation,
    /// The check of the keys under which it will stand.
    pub check: String,
    /// Messages on their way, as they travel.
    pub messages: Vec<u8>,
}

/// What was rotated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rotated {
    /// Rows written anew, by table.
    pub rows: BTreeMap<&'static str, u64>,
}

impl Lake {
    /// Lets everything that names authors stand under other keys, and deletes what stood under those
    /// before, older versions of the tables with it. Linear in the lake; takes memory for a day of rows.
    ///
    /// # Errors
    /// When a file is damaged or the disk refuses. The same again goes on, or begins anew where the
    /// commit was not made.
    pub async fn rotate(
        &mut self,
        from: &RotatedFrom,
        now: EventTime,
    ) -> Result<Rotated, LakeError> {
        let checkpoint = self.last_checkpoint()?;
        let (tables, sequence, job) = (self.files_by_table(), self.next_sequence(), from.clone());
        let work = tokio::task::spawn_blocking(move || {
            let checkpoint = checkpoint.map(|one| turned(one, &job, &tables)).transpose()?;
            let (swaps, rotated) = rewrite(tables, &job.rotation, sequence, now)?;
            Ok::<_, LakeError>((checkpoint, swaps, rotated))
        });
        let (checkpoint, swaps, rotated) = work.await.map_err(|error| self.broken(error))??;
        crash_point("rotate.files");
        self.put_beside(from)?;
        crash_point("rotate.beside");
        let rekeying = self.folder().rekeying();
        rekeying.plan(&self.plan_of(checkpoint.as_ref())?)?;
        crash_point("rotate.planned");
        self.reword(|message| {
            rotate_json(message, &from.rotation);
        });
        if self.has_successors() {
            let messages = rekeying.place(MESSAGES);
            self.pack(fs::read(&messages).map_err(io_error(&messages))?);
        }
        self.replace_for_good(swaps, checkpoint.as_ref()).await?;
        crash_point("rotate.done");
        rekeying.settle()?;
        Ok(rotated)
    }

    /// Goes on with a rotation that broke off; whether its commit was made, and it is done now. Otherwise
    /// nothing has changed, and what was begun is gone.
    ///
    /// # Errors
    /// As [`Lake::rotate`].
    pub async fn resume_rotation(&mut self) -> Result<bool, LakeError> {
        let rekeying = self.folder().rekeying();
        match rekeying.planned()? {
            Some(plan) if self.stands_at(&plan) => {
                // In a bucket a commit follows, and may be all that a kill leaves.
                rekeying.plan(&Plan { sequence: self.next_sequence() - 1, ..plan })?;
                self.replace_for_good(Vec::new(), None).await?;
                self.forget_older();
                rekeying.settle()?;
                Ok(true)
            }
            _ => {
                rekeying.clear()?;
                Ok(false)
            }
        }
    }

    fn files_by_table(&self) -> Tables {
        let files = |table| (table, self.folder().table(table), self.table(table).files());
        Table::ALL.into_iter().map(files).collect()
    }

    /// Writes what takes the place of the files beside the tables.
    fn put_beside(&self, from: &RotatedFrom) -> Result<(), LakeError> {
        let (folder, rekeying) = (self.folder(), self.folder().rekeying());
        let mut names = files(folder)?;
        names.push(LETTERS.to_owned());
        for name in names {
            let path = folder.own(&name);
            let lines = match fs::read_to_string(&path) {
                // Locks are empty, and a store of another program is none of ours.
                Err(_) => continue,
                Ok(text) if !text.is_empty() => text,
                Ok(_) => continue,
            };
            let turned = match name.as_str() {
                "tombstones" => {
                    let all = tombstones(folder)?.into_iter();
                    Some(tombstone_lines(all.map(|one| from.rotation.tombstone(one)).collect()))
                }
                LETTERS => Some(by_line(&lines, &|line| letter(line, &from.rotation))),
                name if name.ends_with(".jsonl") => {
                    Some(by_line(&lines, &|line| rotated_json(line, &from.rotation)))
                }
                name if name.ends_with(".json") => rotated_json(&lines, &from.rotation),
                _ => None,
            };
            if let Some(turned) = turned.filter(|turned| *turned != lines) {
                rekeying.put(&name, turned.as_bytes())?;
            }
        }
        let messages = String::from_utf8_lossy(&from.messages);
        let turned = rotated_json(&messages, &from.rotation);
        rekeying.put(MESSAGES, turned.as_deref().unwrap_or(&messages).as_bytes())?;
        Ok(rekeying.put("author.check", from.check.as_bytes())?)
    }
}

/// The files of each table, with where they are.
type Tables = Vec<(Table, Place, Vec<LakeFile>)>;

/// What could not be understood.
const LETTERS: &str = "dead-letter.jsonl";
/// Messages on their way, as they travel.
const MESSAGES: &str = "outbox.json";

/// A text of lines, of which some stay as they are.
fn by_line(text: &str, turned: &dyn Fn(&str) -> Option<String>) -> String {
    let line = |line: &str| {
        let (own, end) = line.strip_suffix('\n').map_or((line, ""), |own| (own, "\n"));
        turned(own).unwrap_or_else(|| own.to_owned()) + end
    };
    text.split_inclusive('\n').map(line).collect()
}

/// A dead letter, which holds what came as a text.
fn letter(line: &str, rotation: &Rotation) -> Option<String> {
    let mut letter: serde_json::Value = serde_json::from_str(line).ok()?;
    let raw = letter.get_mut("raw")?;
    *raw = rotation.letter(raw.as_str()?).into();
    Some(letter.to_string())
}

/// The rows of all tables that name authors, written anew.
fn rewrite(
    tables: Tables,
    rotation: &Rotation,
    sequence: i64,
    now: EventTime,
) -> Result<(Vec<(Table, Swap)>, Rotated), LakeError> {
    let (mut swaps, mut rotated) = (Vec::new(), Rotated::default());
    for (table, place, files) in tables {
        let Some((_, columns)) = COLUMNS.iter().find(|(own, _)| *own == table) else { continue };
        let mut parts: BTreeMap<(i32, bool), Vec<LakeFile>> = BTreeMap::new();
        for file in files {
            parts.entry((file.day, file.path.ends_with(BARE))).or_default().push(file);
        }
        let mut swap = Swap::default();
        for ((day, is_bare), files) in parts {
            let mut rows = Vec::with_capacity(files.len());
            for file in &files {
                rows.push(turned_rows(&file.read(&place)?, columns, rotation)?);
                swap.removes.push(file.remove(false, now));
            }
            let count: usize = rows.iter().map(RecordBatch::num_rows).sum();
            *rotated.rows.entry(table.name()).or_default() += count as u64;
            let ending = if is_bare { BARE } else { ".parquet" };
            let (place, origin) = (place.clone(), Origin::New);
            swap.adds.push(Draft { table, place, day, sequence, rows, origin, ending }.write()?);
        }
        if !swap.removes.is_empty() {
            swaps.push((table, swap));
        }
    }
    Ok((swaps, rotated))
}

fn turned_rows(
    rows: &RecordBatch,
    names: &[&str],
    rotation: &Rotation,
) -> Result<RecordBatch, ArrowError> {
    let schema = rows.schema();
    let column = |(field, column): (&Arc<arrow::datatypes::Field>, &ArrayRef)| -> ArrayRef {
        let Some(texts) = column.as_string_opt::<i32>() else { return Arc::clone(column) };
        let turned = |text: &str| match field.name().as_str() {
            "author" => AuthorKey::parse(text).map(|key| rotation.author(key).to_string()),
            "evidence" => rotated_json(text, rotation),
            _ => match rotation.id(Cow::Borrowed(text)) {
                Cow::Owned(turned) => Some(turned),
                Cow::Borrowed(_) => None,
            },
        };
        if !names.contains(&field.name().as_str()) {
            return Arc::clone(column);
        }
        let texts = texts
            .iter()
            .map(|text| text.map(|text| turned(text).map_or(Cow::Borrowed(text), Cow::Owned)));
        Arc::new(texts.collect::<StringArray>())
    };
    RecordBatch::try_new(
        schema.clone(),
        schema.fields().iter().zip(rows.columns()).map(column).collect(),
    )
}

/// Somebody whom a pane counted: who, whether negatively, and how sure that is, in percent.
type Counted = (AuthorKey, bool, u8);

/// The engine's memory after the rotation; sketches of authors are made of the mentions behind them.
fn turned(
    mut checkpoint: Checkpoint,
    from: &RotatedFrom,
    tables: &Tables,
) -> Result<Checkpoint, LakeError> {
    let topics = checkpoint.topics.clone();
    let pane = |name: &PaneName<'_>| -> Option<PaneId> {
        let topic = topics.get(usize::try_from(name.topic.0).ok()?)?.clone();
        let (source, lang) = (name.source.as_str().to_owned(), name.lang.as_str().to_owned());
        Some((name.start, topic, source, lang))
    };
    let mut panes: HashMap<PaneId, Vec<Counted>> = HashMap::new();
    // Which panes have sketches is known by asking for them.
    checkpoint.state.clone().rotate(&from.rotation, &mut |name, _| {
        panes.extend(pane(name).map(|pane| (pane, Vec::new())));
        None
    });
    if !panes.is_empty() {
        hear(&mut panes, from, tables)?;
    }
    checkpoint.state.rotate(&from.rotation, &mut |name, heard| {
        let counted = panes.get(&pane(name)?)?.iter();
        let is_heard = |(_, is_negative, sure): &&Counted| match heard {
            Heard::All => true,
            Heard::Negative => *is_negative,
            Heard::Sure(least) => *is_negative && *sure >= least,
        };
        Some(counted.filter(is_heard).map(|(author, ..)| *author).collect())
    });
    Ok(checkpoint)
}

/// Looks up whom panes counted.
fn hear(
    panes: &mut HashMap<PaneId, Vec<Counted>>,
    from: &RotatedFrom,
    tables: &Tables,
) -> Result<(), LakeError> {
    let mentions = tables.iter().find(|(table, ..)| *table == Table::Mentions);
    for (place, file) in
        mentions.iter().flat_map(|(_, place, files)| files.iter().map(move |file| (place, file)))
    {
        let rows = read::columns(place, &file.path, &HEARD)?;
        for row in (0..rows.num_rows()).filter(|&row| !is_late(&rows, row)) {
            let Some(counted) = panes.get_mut(&pane_of_mention(&rows, row)) else { continue };
            let sure = rows
                .column_by_name("confidence")
                .and_then(|column| column.as_primitive_opt::<Float64Type>())
                .filter(|sure| sure.is_valid(row))
                .map_or(0, |sure| percent(sure.value(row)));
            let is_negative = read::text(&rows, "polarity", row) == "negative";
            counted.push((counted_author(&rows, row, from), is_negative, sure));
        }
    }
    Ok(())
}

/// The author of a mention as windows count them.
fn counted_author(rows: &RecordBatch, row: usize, from: &RotatedFrom) -> AuthorKey {
    let author = read::author(rows, row);
    if author != AuthorKey::default() {
        return from.rotation.author(author);
    }
    let source = SourceId::new(read::text(rows, "source", row));
    AuthorKey::of_post(from.authors.post_key(&source, read::text(rows, "post_id", row)))
}
