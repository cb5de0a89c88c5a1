//! How do windows survive a restart? Their state as plain values.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::answers::{Answers, AnswersState};
use super::copies::{Copies, First};
use super::observation::Observation;
use super::pane::{Pane, PaneCell};
use super::panes::{WindowConfig, Windows};
use super::sample::Samples;
use super::sure::{Sure, SureState};
use super::totals::{Heard, Totals, TotalsState};
use super::volumes::Volumes;
use super::wording::Words;
use crate::post::{AuthorKey, Lang, SourceId, TopicId};
use crate::privacy::Rotation;
use crate::time::{EventTime, MINUTE_US};

/// [`Windows`] in a form that can be stored.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WindowState {
    panes: Vec<PaneState>,
    waiting: Vec<Observation>,
    late: Vec<PaneState>,
    firsts: Vec<First>,
    answers: AnswersState,
    volumes: Volumes,
    words: BTreeMap<TopicId, Words>,
    frontier: Option<EventTime>,
    closed_until: Option<EventTime>,
}

/// Which pane of a source and language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaneName<'p> {
    /// Its topic.
    pub topic: TopicId,
    /// Its minute.
    pub start: EventTime,
    /// Its source.
    pub source: &'p SourceId,
    /// Its language.
    pub lang: Lang,
}

/// One retained pane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaneState {
    topic: TopicId,
    start: EventTime,
    cells: Vec<(SourceId, Lang, TotalsState, SureState)>,
    samples: Samples,
}

impl WindowState {
    /// The minutes whose panes are not handed out yet.
    #[must_use]
    pub fn open_minutes(&self) -> BTreeSet<EventTime> {
        let retained = self.panes.iter().map(|pane| pane.start);
        let open = retained.filter(|start| self.closed_until.is_none_or(|until| *start >= until));
        let waiting = self.waiting.iter().map(|mention| mention.posted_at.floor(MINUTE_US));
        open.chain(waiting).collect()
    }

    /// Everything before this instant was folded; `None` before the first tick.
    #[must_use]
    pub fn frontier(&self) -> Option<EventTime> {
        self.frontier
    }

    /// Forgets the evidence of posts, by their ids; what was counted stays.
    pub fn forget(&mut self, is_gone: impl Fn(&str) -> bool) {
        for pane in self.panes.iter_mut().chain(&mut self.late) {
            pane.samples.forget(&is_gone);
        }
        for mention in &mut self.waiting {
            mention.sample.take_if(|sample| is_gone(&sample.post_id));
        }
        self.answers.forget(&is_gone);
        self.words.values_mut().for_each(|words| words.forget(&is_gone));
    }

    /// Goes on after the key of the author hashes was rotated; `heard` gives the authors of a pane where
    /// only a sketch of them is kept.
    pub fn rotate(
        &mut self,
        rotation: &Rotation,
        heard: &mut dyn FnMut(&PaneName<'_>, Heard) -> Option<Vec<AuthorKey>>,
    ) {
        for pane in self.panes.iter_mut().chain(&mut self.late) {
            pane.samples.rotate(rotation);
            for (source, lang, totals, sure) in &mut pane.cells {
                let name = PaneName { topic: pane.topic, start: pane.start, source, lang: *lang };
                let mut known = |whose| heard(&name, whose);
                totals.rotate(rotation, &mut known);
                sure.rotate(rotation, &mut known);
            }
        }
        for mention in &mut self.waiting {
            mention.author = rotation.counted(mention.author);
            if let Some(sample) = &mut mention.sample {
                Arc::make_mut(sample).rotate(rotation);
            }
        }
        self.answers.rotate(rotation);
        self.words.values_mut().for_each(|words| words.rotate(rotation));
    }

    /// Renumbers topics after a change of configuration; what belongs to a topic without a new id
    /// is forgotten.
    #[must_use]
    pub fn renumbered(mut self, topic: impl Fn(TopicId) -> Option<TopicId>) -> Self {
        self.panes.retain_mut(|pane| assign(&mut pane.topic, &topic));
        self.waiting.retain_mut(|mention| assign(&mut mention.topic, &topic));
        self.late.retain_mut(|pane| assign(&mut pane.topic, &topic));
        self.firsts.retain_mut(|first| assign(&mut first.topic, &topic));
        self.answers.renumbered(&topic);
        let words = std::mem::take(&mut self.words).into_iter();
        self.words = words.filter_map(|(old, words)| Some((topic(old)?, words))).collect();
        self
    }
}

impl Windows {
    /// The windows as plain values, for a checkpoint. Linear in the retained panes.
    #[must_use]
    pub fn to_state(&self) -> WindowState {
        let mut panes: Vec<PaneState> = self
            .panes
            .iter()
            .map(|entry| PaneState::of(entry.key().1, entry.key().0, entry.value()))
            .collect();
        panes.sort_by_key(|pane| (pane.start, pane.topic));
        WindowState {
            panes,
            waiting: self.waiting.values().flat_map(BTreeMap::values).flatten().cloned().collect(),
            late: self
                .late
                .iter()
                .map(|(&(start, topic), pane)| PaneState::of(start, topic, pane))
                .collect(),
            firsts: self.copies.to_state(),
            answers: self.answers.to_state(),
            volumes: self.volumes.clone(),
            words: self.words.clone(),
            frontier: self.frontier,
            closed_until: self.closed_until,
        }
    }

    /// Forgets the evidence of posts, by their ids; what was counted stays. Linear in the panes.
    pub fn forget(&mut self, is_gone: impl Fn(&str) -> bool) {
        for mut pane in self.panes.iter_mut() {
            pane.samples.forget(&is_gone);
        }
        for pane in self.late.values_mut() {
            pane.samples.forget(&is_gone);
        }
        for mention in self.waiting.values_mut().flat_map(BTreeMap::values_mut).flatten() {
            mention.sample.take_if(|sample| is_gone(&sample.post_id));
        }
        self.answers.forget(&is_gone);
        self.words.values_mut().for_each(|words| words.forget(&is_gone));
    }

    /// Windows that go on from a checkpoint; `None` when a sketch in it is damaged.
    #[must_use]
    pub fn from_state(config: WindowConfig, state: WindowState) -> Option<Self> {
        let mut windows = Self::new(config);
        for pane in state.panes {
            windows.index(pane.topic, pane.start);
            windows.panes.insert((pane.topic, pane.start), pane.into_pane()?);
        }
        for pane in state.late {
            windows.late.insert((pane.start, pane.topic), pane.into_pane()?);
        }
        for mention in state.waiting {
            windows.observe(mention);
        }
        windows.copies = Copies::from_state(state.firsts);
        windows.answers = Answers::from_state(state.answers);
        windows.volumes = state.volumes;
        windows.words = state.words;
        windows.frontier = state.frontier;
        windows.closed_until = state.closed_until;
        Some(windows)
    }
}

impl PaneState {
    fn of(start: EventTime, topic: TopicId, pane: &Pane) -> Self {
        let cells = pane.cells.iter();
        let cells = cells.map(|cell| {
            let (totals, sure) = (cell.totals.to_state(), cell.sure.to_state());
            (cell.source.clone(), cell.lang, totals, sure)
        });
        Self { topic, start, cells: cells.collect(), samples: pane.samples.clone() }
    }

    fn into_pane(self) -> Option<Pane> {
        let cells = self.cells.into_iter().map(|(source, lang, totals, sure)| {
            let (totals, sure) = (Totals::from_state(&totals)?, Sure::from_state(&sure)?);
            Some(PaneCell { source, lang, totals, sure })
        });
        let mut cells = cells.collect::<Option<Vec<_>>>()?;
        cells.shrink_to_fit();
        Some(Pane { cells, samples: self.samples })
    }
}

/// Renumbers in place; whether there is a new id.
fn assign(place: &mut TopicId, topic: &impl Fn(TopicId) -> Option<TopicId>) -> bool {
    match topic(*place) {
        Some(id) => {
            *place = id;
            true
        }
        None => false,
    }
}
