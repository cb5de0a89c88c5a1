//! Why does a look end early? A fault, or a wait that it must sit out.

use std::time::Duration;

use crate::connect::source::Fault;
use crate::system::wall_clock;
use crate::time::EventTime;

/// Why a look ends early.
#[derive(Debug)]
pub(super) enum Stop {
    /// It cannot go on.
    Fault(Fault),
    /// It may not go on yet.
    Wait { reason: String, until: EventTime },
}

impl Stop {
    /// Why and how long to wait, if that is known.
    pub(super) fn wait(&self) -> Option<(String, Duration)> {
        match self {
            Self::Wait { reason, until } => {
                let us = u64::try_from(until.since(wall_clock())).unwrap_or(0);
                Some((reason.clone(), Duration::from_micros(us)))
            }
            Self::Fault(Fault::External { reason, wait: Some(wait) }) => {
                Some((reason.clone(), *wait))
            }
            Self::Fault(_) => None,
        }
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}
