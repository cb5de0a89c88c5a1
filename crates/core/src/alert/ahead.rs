//! Must people be told before the watermark comes? A look at the rules over what was heard so far.
//!
//! Only what more mentions make truer is looked at, and only whether it begins: between full minutes
//! a window does nothing but grow, so what holds at a look holds at the tick that follows.

use std::collections::{BTreeMap, BTreeSet};

use super::due::Pair;
use super::judge::{Alert, Judge, alert, counted_authors, counted_before, window_start};
use super::rule::Condition;
use super::watch::Glance;
use crate::post::TopicId;
use crate::time::EventTime;
use crate::window::{Ahead, Late, Window, Windows};

/// Waiting mentions of a topic that are compared at a look: more are told at their tick.
const MENTIONS_MAX: usize = 1_024;

impl Judge {
    /// Looks at the rules of these topics at an instant that the watermark has not come to, over all
    /// that was heard of them so far; appends alerts that begin, in order of rule and topic.
    pub fn look_ahead(
        &mut self,
        at: EventTime,
        topics: &BTreeSet<TopicId>,
        windows: &Windows,
        alerts: &mut Vec<Alert>,
    ) {
        // What waits is the same for all rules of a topic.
        let mut waiting = BTreeMap::new();
        for pair in self.due.ahead(topics, &self.rules) {
            if windows.waiting_len_of(pair.1) <= MENTIONS_MAX {
                alerts.extend(self.look(pair, at, windows, &mut waiting));
            }
        }
    }

    fn look(
        &mut self,
        pair: Pair,
        at: EventTime,
        windows: &Windows,
        waiting: &mut BTreeMap<TopicId, Ahead>,
    ) -> Option<Alert> {
        let (number, topic) = (pair.0 as usize, pair.1);
        let rule = self.rules.get(number)?;
        let settled = windows.frontier().filter(|settled| at.since(*settled) <= rule.window_us);
        let is_of_now = matches!(rule.condition, Condition::Threshold { .. });
        let is_known = rule.condition.history_us().is_none()
            || self.state.watches.contains_key(&pair)
            || self.state.births.contains_key(&pair);
        // What a window is compared with must be complete.
        if !is_known || (settled.is_none() && !is_of_now) {
            return None;
        }
        let window = Window {
            topic,
            source: rule.source.as_ref(),
            from: window_start(at, rule.window_us),
            to: at,
            late: Late::LeftOut,
            ahead: None,
        };
        let most = windows.counts_at_most(&window);
        if rule.condition.measure().of(&most) < rule.condition.least() {
            return None;
        }
        let none = || 0;
        let before = || counted_before(rule, windows, &window);
        let since = self.state.births.remove(&pair).unwrap_or(EventTime::MIN);
        let watch = self.state.watches.entry(pair).or_default();
        let most = Glance {
            at,
            since,
            counts: &most,
            before: &before,
            overdue: &none,
            authors: &|| u64::MAX,
        };
        if !watch.may_begin(rule, &most, settled.unwrap_or(at)) {
            return None;
        }
        let ahead = &*waiting.entry(topic).or_insert_with(|| windows.ahead(topic, at));
        let window = Window { ahead: Some(ahead), ..window };
        let counts = windows.sure_counts(&window, rule.min_confidence);
        let authors = || counted_authors(rule, windows, &window);
        let page = watch.begin(rule, &Glance { counts: &counts, authors: &authors, ..most })?;
        self.due.note(pair, rule, true);
        let name = self.topics.get(topic.0 as usize).map_or("", String::as_str);
        let told = alert(rule, name, page, windows, &window, None);
        Some(Alert { rule: number, ..told })
    }
}
