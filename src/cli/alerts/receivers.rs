//! Who knows of an alert, who waits, and who takes care? In words, for people.

use super::zone::Zone;
use crate::desk::Hold;
use crate::notify::{Delivery, Known, Progress};
use crate::time::EventTime;

/// Each receiver once, and whoever takes care.
pub(super) fn receivers(known: &Known, zone: &Zone) -> Vec<String> {
    let listed = known.waiting.iter().chain(&known.given_up);
    let told = known.told.iter().filter(|name| !listed.clone().any(|one| one.receiver == **name));
    let mut said: Vec<String> = told.map(|name| format!("{name} told")).collect();
    said.extend(listed.map(|one| format!("{} {}", one.receiver, progress(one, zone))));
    for held in &known.held {
        let why = held.why.as_ref().map(because).unwrap_or_default();
        said.push(format!("{} held ({why})", held.receiver));
    }
    if let Some(ack) = &known.ack {
        said.push(format!("acknowledged by {} at {}", ack.author, zone.time(ack.at)));
    }
    said
}

/// What became of a message.
pub(super) fn progress(delivery: &Delivery, zone: &Zone) -> String {
    match &delivery.progress {
        Progress::Delivered => "delivered".to_owned(),
        Progress::Failed { why } => format!("given up ({why})"),
        Progress::Pending { attempts: 0, .. } => "waiting (not tried yet)".to_owned(),
        Progress::Pending { attempts, due_unix_ms: 0 } => {
            format!("waiting (attempt {} now)", attempts + 1)
        }
        Progress::Pending { attempts, due_unix_ms } => {
            let due = EventTime(due_unix_ms.saturating_mul(1_000));
            format!("waiting (attempt {} at {})", attempts + 1, zone.time(due))
        }
    }
}

/// Why something is held back.
pub(super) fn because(hold: &Hold) -> String {
    match hold {
        Hold::Silenced(id) => format!("silenced by {id}"),
        Hold::Acknowledged(author) => format!("acknowledged by {author}"),
        Hold::Muted(alert) => format!("muted by {alert}"),
        Hold::Grouped(alert) => format!("grouped by {alert}"),
        Hold::Escalation(step) => format!("until step {step} of the escalation"),
    }
}
