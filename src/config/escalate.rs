//! Who is told when nobody takes care? The key `escalate` of rules, goals and receivers.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::ReceiverConfig;
use crate::alert::EscalationStep;
use crate::settings::{Problems, Section};
use crate::time::{SECOND_US, format_span};

/// The chain that stands in a section; `None` where the key is absent.
pub(super) fn chain(section: &mut Section<'_, '_>) -> Option<Vec<EscalationStep>> {
    let is_there = section.has("escalate");
    let list = section.list("escalate");
    let mut steps: Vec<EscalationStep> = Vec::new();
    for value in list {
        let mut one = Section::open("escalate", Some(value), &mut *section.problems);
        let after = one.span("after", SECOND_US);
        if !one.has("after") {
            let (at, hint) = (one.at(), "add: after = \"15m\"");
            one.problems.add(at, "a step of escalate needs an \"after\"", hint);
        }
        let step = EscalationStep { to: one.required_text("to"), after_us: after.unwrap_or(0) };
        let before = steps.last().map_or(0, |step| step.after_us);
        if after.is_some_and(|after| after <= before) {
            let at = one.place("after");
            let hint = format!(
                "all times count from the first message: write more than \"{}\"",
                format_span(before)
            );
            one.problems.add(at, "a step of escalate is not later than the one before", hint);
        }
        if !step.to.is_empty() && steps.iter().any(|known| known.to == step.to) {
            let (at, message) = (one.place("to"), format!("escalate names \"{}\" twice", step.to));
            one.problems.add(
                at,
                message,
                "each receiver is notified once: remove one of the steps",
            );
        }
        one.finish();
        steps.push(step);
    }
    is_there.then_some(steps)
}

/// The chain of a rule or goal with these first receivers: its own, else those of its receivers in
/// order of time.
pub(super) fn steps(
    told: &[(String, usize)],
    receivers: &[ReceiverConfig],
    section: &mut Section<'_, '_>,
) -> Vec<EscalationStep> {
    let own = chain(section);
    let is_told = |step: &EscalationStep| told.iter().any(|(name, _)| *name == step.to);
    let Some(own) = own else {
        let named = receivers.iter().filter(|one| told.iter().any(|(name, _)| *name == one.name));
        let mut steps: Vec<EscalationStep> =
            named.flat_map(|one| &one.escalate).filter(|step| !is_told(step)).cloned().collect();
        steps.sort_by_key(|step| step.after_us);
        let mut known: Vec<String> = Vec::new();
        steps.retain(|step| {
            let is_new = !known.contains(&step.to);
            known.push(step.to.clone());
            is_new
        });
        return steps;
    };
    let at = section.place("escalate");
    if told.is_empty() && !own.is_empty() {
        let hint = "add: receivers = [\"...\"], who are notified first";
        section.problems.add(at, "escalate has nobody to start from", hint);
    }
    if let Some(step) = own.iter().find(|step| is_told(step)) {
        let hint = "it is among the receivers, who are notified at once: name another one";
        section.problems.add(
            at,
            format!("escalate names \"{}\", who is already notified first", step.to),
            hint,
        );
    }
    unknown(&own, receivers, at, section.problems);
    own
}

/// Reports steps of receivers that lead to nobody, or to themselves.
pub(super) fn check<'i>(
    root: &DeTable<'i>,
    receivers: &[ReceiverConfig],
    problems: &mut Problems<'i>,
) {
    let written = root.get("receiver").and_then(|value| value.get_ref().as_array());
    for (receiver, value) in receivers.iter().zip(written.into_iter().flatten()) {
        let at = place(value);
        unknown(&receiver.escalate, receivers, at, problems);
        if receiver.escalate.iter().any(|step| step.to == receiver.name) {
            let message = format!("receiver \"{}\" escalates to itself", receiver.name);
            problems.add(at, message, "name another receiver");
        }
    }
}

fn place(value: &Spanned<DeValue<'_>>) -> usize {
    let key = value.get_ref().as_table().and_then(|table| table.get("escalate"));
    key.map_or(value.span().start, |key| key.span().start)
}

fn unknown(
    steps: &[EscalationStep],
    receivers: &[ReceiverConfig],
    at: usize,
    problems: &mut Problems<'_>,
) {
    let known = |step: &&EscalationStep| receivers.iter().any(|one| one.name == step.to);
    for step in steps.iter().filter(|step| !step.to.is_empty() && !known(step)) {
        let names: Vec<&str> = receivers.iter().map(|one| one.name.as_str()).collect();
        let hint = format!("the receivers are {}", names.join(", "));
        problems.add(at, format!("no receiver is called \"{}\"", step.to), hint);
    }
}
