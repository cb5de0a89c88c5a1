//! Which alerts speak for others? The section `[notify]` and the topics' parents.

use std::collections::HashMap;

use toml::de::DeTable;

use crate::alert::Rule;
use crate::desk::Grouping;
use crate::mention::Topic;
use crate::settings::{Problems, Section};
use crate::time::{MINUTE_US, SECOND_US};

/// Labels that alerts have without any rule's help.
const GIVEN: [&str; 4] = ["brand", "group", "rule_type", "severity"];

pub(super) fn grouping<'i>(
    root: &DeTable<'i>,
    rules: &[Rule],
    problems: &mut Problems<'i>,
) -> Grouping {
    let mut section = Section::open("[notify]", root.get("notify"), problems);
    let by = section.texts("group_by").unwrap_or_default();
    let labels = || rules.iter().flat_map(|rule| &rule.labels);
    for (name, at) in &by {
        let known = GIVEN.contains(&name.as_str()) || labels().any(|(label, _)| label == name);
        if !known {
            let message = format!("no alert has a label \"{name}\"");
            let hint = format!("write a rule's label, or one of {}", GIVEN.join(", "));
            section.problems.add(*at, message, hint);
        }
    }
    let grouping = Grouping {
        by: by.into_iter().map(|(name, _)| name).collect(),
        span_us: section.span("group_span", SECOND_US).unwrap_or(10 * MINUTE_US),
    };
    section.finish();
    grouping
}

/// Reports parents that are not topics, or a topic below itself.
pub(super) fn check_parents<'i>(root: &DeTable<'i>, topics: &[Topic], problems: &mut Problems<'i>) {
    let known: HashMap<&str, &Topic> =
        topics.iter().map(|topic| (topic.name.as_str(), topic)).collect();
    let written = root.get("topic").and_then(|value| value.get_ref().as_array());
    for (topic, value) in topics.iter().zip(written.into_iter().flatten()) {
        let Some(parent) = &topic.parent else { continue };
        let at = value.get_ref().as_table().and_then(|table| table.get("parent"));
        let at = at.map_or(value.span().start, |value| value.span().start);
        let above = |name: &&str| known.get(name)?.parent.as_deref();
        let mut chain = std::iter::successors(Some(parent.as_str()), above).take(topics.len());
        if !known.contains_key(parent.as_str()) {
            problems.add(at, format!("no topic is called \"{parent}\""), "give a topic's name");
        } else if chain.any(|name| name == topic.name) {
            let message = format!("topic \"{}\" is its own parent", topic.name);
            problems.add(
                at,
                message,
                "topics cannot be each other's parents: remove one of the parents",
            );
        }
    }
}
