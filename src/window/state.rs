//! How do windows survive a restart? Their state as plain values.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::copies::Copies;
use super::panes::{Observation, Pane, PaneCell, Sample, WindowConfig, Windows};
use super::totals::{Totals, TotalsState};
use crate::post::{Lang, SourceId, TopicId};
use crate::time::EventTime;

/// [`Windows`] in a form that can be stored.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WindowState {
    panes: Vec<PaneState>,
    waiting: Vec<Observation>,
    texts: Vec<(TopicId, u64)>,
    frontier: Option<EventTime>,
    closed_until: Option<EventTime>,
}

/// One retained pane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaneState {
    topic: TopicId,
    start: EventTime,
    cells: Vec<(SourceId, Lang, TotalsState)>,
    samples: Vec<Arc<Sample>>,
}

impl WindowState {
    /// Renumbers topics after a change of configuration; what belongs to a topic without a new id
    /// is forgotten.
    #[must_use]
    pub fn renumbered(mut self, topic: impl Fn(TopicId) -> Option<TopicId>) -> Self {
        self.panes.retain_mut(|pane| assign(&mut pane.topic, &topic));
        self.waiting.retain_mut(|mention| assign(&mut mention.topic, &topic));
        self.texts.retain_mut(|(place, _)| assign(place, &topic));
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
            .map(|entry| PaneState {
                topic: entry.key().0,
                start: entry.key().1,
                cells: entry
                    .cells
                    .iter()
                    .map(|cell| (cell.source.clone(), cell.lang, cell.totals.to_state()))
                    .collect(),
                samples: entry.samples.clone(),
            })
            .collect();
        panes.sort_by_key(|pane| (pane.start, pane.topic));
        WindowState {
            panes,
            waiting: self.waiting.values().flatten().cloned().collect(),
            texts: self.copies.to_state(),
            frontier: self.frontier,
            closed_until: self.closed_until,
        }
    }

    /// Windows that go on from a checkpoint; `None` when a sketch in it is damaged.
    #[must_use]
    pub fn from_state(config: WindowConfig, state: WindowState) -> Option<Self> {
        let mut windows = Self::new(config);
        for pane in state.panes {
            let cells = pane.cells.iter().map(|(source, lang, totals)| {
                Some(PaneCell {
                    source: source.clone(),
                    lang: *lang,
                    totals: Totals::from_state(totals)?,
                })
            });
            let cells = cells.collect::<Option<Vec<_>>>()?;
            windows.index(pane.topic, pane.start);
            windows.panes.insert((pane.topic, pane.start), Pane { cells, samples: pane.samples });
        }
        for mention in state.waiting {
            windows.observe(mention);
        }
        windows.copies = Copies::from_state(state.texts);
        windows.frontier = state.frontier;
        windows.closed_until = state.closed_until;
        Some(windows)
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
