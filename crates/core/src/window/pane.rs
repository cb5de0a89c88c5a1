//! What is kept of one topic's minute?

use super::observation::Observation;
use super::sample::Samples;
use super::sure::Sure;
use super::totals::Totals;
use crate::post::{Lang, SourceId, TopicId};
use crate::time::EventTime;

/// Identity of a pane's totals.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PaneKey {
    /// First instant; the pane is one minute wide.
    pub start: EventTime,
    /// Which topic.
    pub topic: TopicId,
    /// From where.
    pub source: SourceId,
    /// In which language.
    pub lang: Lang,
}

/// Totals of one source and language within a pane.
#[derive(Debug, Clone, PartialEq)]
pub struct PaneCell {
    /// From where.
    pub source: SourceId,
    /// In which language.
    pub lang: Lang,
    /// What was counted.
    pub totals: Totals,
    /// Negative mentions that are as sure as rules demand.
    pub(super) sure: Sure,
}

/// A pane that no post in time can change any more.
#[derive(Debug, Clone, PartialEq)]
pub struct ClosedPane {
    /// Which pane.
    pub key: PaneKey,
    /// What was counted.
    pub totals: Totals,
}

/// Cells up to which each has its room made for it alone.
const FEW_CELLS: usize = 4;

#[derive(Debug, Default, Clone)]
pub(super) struct Pane {
    pub(super) cells: Vec<PaneCell>,
    pub(super) samples: Samples,
}

impl Pane {
    /// Counts a mention; any order of mentions gives the same but for the order of cells. Those as
    /// sure as `demanded`, in percent, are counted apart.
    pub(super) fn observe(&mut self, mention: &Observation, demanded: &[u8]) {
        let same = |cell: &PaneCell| cell.source == mention.source && cell.lang == mention.lang;
        if let Some(cell) = self.cells.iter_mut().find(|cell| same(cell)) {
            cell.totals.observe(mention);
            cell.sure.observe(mention, demanded);
        } else {
            let (mut totals, mut sure) = (Totals::default(), Sure::default());
            totals.observe(mention);
            sure.observe(mention, demanded);
            let (source, lang) = (mention.source.clone(), mention.lang);
            // Nearly all panes have one cell or two, and a vector makes room for four.
            if self.cells.len() < FEW_CELLS {
                self.cells.reserve_exact(1);
            }
            self.cells.push(PaneCell { source, lang, totals, sure });
        }
        self.samples.observe(mention);
    }

    pub(super) fn cells_of(&self, source: Option<&SourceId>) -> impl Iterator<Item = &PaneCell> {
        self.cells.iter().filter(move |cell| source.is_none_or(|source| cell.source == *source))
    }
}
