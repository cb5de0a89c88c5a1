//! What does a stretch of time hold? Sums over the panes of one topic.

use std::collections::BTreeMap;

use super::ahead::Ahead;
use super::answers::Overdue;
use super::observation::Observation;
use super::pane::Pane;
use super::panes::Windows;
use super::sample::{Exhibit, Shown, best};
use super::sure::Sure;
use super::totals::{Counts, Totals};
use super::wording::Wording;
use crate::post::{Lang, SourceId, TopicId};
use crate::time::EventTime;

/// Samples whose words count beside those of the latest negative posts.
const WORDED_SAMPLES_MAX: usize = 32;

/// A stretch of a topic's mentions. Costs one look-up for each minute with a mention of the topic.
#[derive(Debug, Clone, Copy)]
pub struct Window<'w> {
    /// Whose mentions.
    pub topic: TopicId,
    /// Mentions from this source only; `None` takes all.
    pub source: Option<&'w SourceId>,
    /// Its first pane begins here.
    pub from: EventTime,
    /// Its last pane begins before this instant.
    pub to: EventTime,
    /// What becomes of mentions that came late.
    pub late: Late,
    /// Waiting mentions that count, too, for a look before their tick is over.
    pub ahead: Option<&'w Ahead>,
}

/// Whether mentions count that came when their tick had been judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// They do not.
    LeftOut,
    /// They do, from the tick on that followed their arrival.
    Counted,
}

/// Where and in which languages mentions were made, most first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mix {
    /// Mentions by source.
    pub sources: Vec<(SourceId, u64)>,
    /// Mentions by language.
    pub langs: Vec<(Lang, u64)>,
}

impl Windows {
    /// The totals of a window.
    #[must_use]
    pub fn totals(&self, window: &Window<'_>) -> Totals {
        let mut sum = Totals::default();
        self.for_each_pane(window, |pane| {
            pane.cells_of(window.source).for_each(|cell| sum.merge(&cell.totals));
        });
        sum
    }

    /// The counts of a window: cheaper than [`Windows::totals`], which also merges the authors.
    #[must_use]
    pub fn counts(&self, window: &Window<'_>) -> Counts {
        let mut counts = Counts::default();
        self.for_each_pane(window, |pane| {
            pane.cells_of(window.source).for_each(|cell| counts.merge(&cell.totals.counts));
        });
        counts
    }

    /// The same with only those negative mentions, copies left out, that are at least so sure, in
    /// percent; the others stay among all mentions. [`Windows::demand`] must have asked for it.
    #[must_use]
    pub fn sure_counts(&self, window: &Window<'_>, confidence: Option<u8>) -> Counts {
        let counts = self.counts(window);
        let Some(least) = confidence else { return counts };
        let mut negative = 0;
        self.for_each_pane(window, |pane| {
            let sure = pane.cells_of(window.source).map(|cell| cell.sure.mentions(least));
            negative += sure.sum::<u64>();
        });
        Counts { negative, negative_copies: 0, ..counts }
    }

    /// Estimated number of distinct authors of those negative mentions.
    #[must_use]
    pub fn sure_authors(&self, window: &Window<'_>, confidence: u8) -> u64 {
        let mut sum = Sure::default();
        self.for_each_pane(window, |pane| {
            pane.cells_of(window.source).for_each(|cell| sum.merge(&cell.sure, confidence));
        });
        sum.authors(confidence)
    }

    /// The counts of a window with all that waits, as if no text of that were a copy: at least as
    /// many of each kind as [`Windows::ahead`] would add. Cheap beside it.
    #[must_use]
    pub fn counts_at_most(&self, window: &Window<'_>) -> Counts {
        let mut counts = self.counts(window);
        let inside = |mention: &&Observation| {
            (window.from..window.to).contains(&mention.posted_at)
                && window.source.is_none_or(|source| mention.source == *source)
        };
        let waiting = self.waiting_of(window.topic).filter(inside);
        waiting.for_each(|mention| counts.observe(mention));
        counts
    }

    /// Sources and languages of a window.
    #[must_use]
    pub fn mix(&self, window: &Window<'_>) -> Mix {
        let (mut sources, mut langs) = (BTreeMap::new(), BTreeMap::new());
        self.for_each_pane(window, |pane| {
            for cell in pane.cells_of(window.source) {
                let mentions = cell.totals.counts.mentions;
                *sources.entry(cell.source.clone()).or_default() += mentions;
                *langs.entry(cell.lang).or_default() += mentions;
            }
        });
        Mix { sources: most_first(sources), langs: most_first(langs) }
    }

    /// The most telling negative posts of a window, one per cluster of near-copies.
    #[must_use]
    pub fn samples(&self, window: &Window<'_>, most: usize) -> Vec<Exhibit> {
        let best = best(self.shown(window), most).into_iter();
        best.map(|Shown { sample, cluster }| {
            let known = self.copies.size(window.topic, cluster, window.to);
            let waiting = window.ahead.map_or(0, |ahead| ahead.cluster_size(cluster));
            let mentions = known.unwrap_or(0).saturating_add(waiting).max(1);
            Exhibit { sample, cluster, mentions }
        })
        .collect()
    }

    /// Negative mentions without a reply of ours whose time has run out, the farthest-reaching
    /// first.
    #[must_use]
    pub fn overdue(&self, wanted: &Overdue<'_>) -> Vec<Exhibit> {
        self.answers.overdue(wanted)
    }

    /// Posts of a source that is listened to, in the minutes that begin in `from..to`.
    #[must_use]
    pub fn heard(&self, source: &SourceId, from: EventTime, to: EventTime) -> u64 {
        self.volumes.heard(source, from, to)
    }

    /// The words of a window's latest negative posts, and what was usual before. Of late posts only
    /// those that are among its samples.
    #[must_use]
    pub fn wording(&self, window: &Window<'_>) -> Wording {
        let Some(words) = self.words.get(&window.topic) else { return Wording::default() };
        let samples = best(self.shown(window), WORDED_SAMPLES_MAX);
        words.wording(window.source, (window.from, window.to), &samples)
    }

    fn shown(&self, window: &Window<'_>) -> Vec<Shown> {
        let mut samples = Vec::new();
        let own = |shown: &&Shown| window.source.is_none_or(|one| shown.sample.source == *one);
        self.for_each_pane(window, |pane| {
            samples.extend(pane.samples.iter().filter(own).cloned());
        });
        samples
    }

    fn for_each_pane(&self, window: &Window<'_>, mut visit: impl FnMut(&Pane)) {
        let Window { topic, from, to, .. } = *window;
        if from >= to {
            return;
        }
        let minutes = self.active.get(&topic).map(|minutes| minutes.range(from..to));
        for &start in minutes.into_iter().flatten() {
            if let Some(pane) = self.panes.get(&(topic, start)) {
                visit(&pane);
            }
        }
        if window.late == Late::Counted {
            let panes = self.late.range((from, TopicId(0))..(to, TopicId(0)));
            panes.filter(|((_, own), _)| *own == topic).for_each(|(_, pane)| visit(pane));
        }
        window.ahead.into_iter().flat_map(|ahead| ahead.panes(from, to)).for_each(visit);
    }
}

fn most_first<T: Ord>(counts: BTreeMap<T, u64>) -> Vec<(T, u64)> {
    let mut counts: Vec<(T, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, mentions)| std::cmp::Reverse(*mentions));
    counts
}
