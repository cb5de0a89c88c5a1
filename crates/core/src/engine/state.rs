//! What of the engine survives a restart? And what of it can no longer be believed?

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::beat::Beat;
use crate::alert::JudgeState;
use crate::post::{AuthorKey, TopicId};
use crate::privacy::Rotation;
use crate::time::{DAY_US, EventTime};
use crate::window::{Heard, PaneName, Recent, WatermarkState, WindowState};

/// How far ahead of the wall clock an engine's own time may be before it is not believed.
pub const AHEAD_US_MAX: i64 = DAY_US;

/// What an [`Engine`](super::Engine) remembers, in a form that can be stored.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EngineState {
    pub(super) watermark: WatermarkState,
    pub(super) windows: WindowState,
    pub(super) judge: JudgeState,
    pub(super) remembered: Vec<u64>,
    /// Stored apart, as part of [`Behind`].
    #[serde(skip)]
    pub(super) beat: Beat,
}

/// What a checkpoint holds behind everything else, where older ones have nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Behind {
    /// The latest posting times of sources whose reception times are not known.
    recent: Vec<Recent>,
    beat: Beat,
}

impl EngineState {
    /// The minutes whose panes are not handed out yet.
    #[must_use]
    pub fn open_minutes(&self) -> BTreeSet<EventTime> {
        self.windows.open_minutes()
    }

    /// Forgets the texts of posts, by their ids; what was counted stays.
    pub fn forget(&mut self, is_gone: impl Fn(&str) -> bool) {
        self.windows.forget(is_gone);
    }

    /// Goes on after the key of the author hashes was rotated, as [`WindowState::rotate`].
    pub fn rotate(
        &mut self,
        rotation: &Rotation,
        heard: &mut dyn FnMut(&PaneName<'_>, Heard) -> Option<Vec<AuthorKey>>,
    ) {
        self.windows.rotate(rotation, heard);
    }

    /// Begins anew where time itself went wrong: an engine that believes to be more than a day
    /// after `now` would take every post that comes for late. Returns the time it believed in, if
    /// that was so; which posts it has seen is kept.
    pub fn heal(&mut self, now: EventTime) -> Option<EventTime> {
        let latest = self.watermark.latest().max(self.windows.frontier());
        let wrong = latest.filter(|latest| latest.since(now) > AHEAD_US_MAX)?;
        *self = Self { remembered: std::mem::take(&mut self.remembered), ..Self::default() };
        Some(wrong)
    }

    /// What is stored behind the rest.
    #[must_use]
    pub fn behind(&self) -> Behind {
        Behind { recent: self.watermark.recent().to_vec(), beat: self.beat.clone() }
    }

    /// The same state with what was stored behind it.
    #[must_use]
    pub fn with_behind(self, behind: Behind) -> Self {
        let Behind { recent, beat } = behind;
        Self { watermark: self.watermark.with_recent(recent), beat, ..self }
    }

    /// Renumbers topics after a change of configuration.
    #[must_use]
    pub fn renumbered(self, topic: impl Fn(TopicId) -> Option<TopicId>) -> Self {
        let (windows, judge) = (self.windows.renumbered(&topic), self.judge.renumbered(&topic));
        Self { windows, judge, beat: self.beat.renumbered(&topic), ..self }
    }
}
