//! What does a message say, and does a relay of ours still live? Payloads to events.

use std::collections::BTreeMap;

use crate::connect::ingest::mapping;
use crate::connect::network::SourceSpec;
use crate::connect::source::Outlet;
use crate::decode::{Beat, Decoder, EntryStyle, Format, Parcel, Reading};
use crate::settings::Section;
use crate::system::wall_clock;
use crate::time::{EventTime, MINUTE_US, SECOND_US};

/// After which silence a relay counts as lost, in microseconds.
const SILENCE_US: i64 = 20 * SECOND_US;
/// After which silence nobody waits for a relay any more, in microseconds.
const FORGOTTEN_US: i64 = 60 * MINUTE_US;
/// Most relays that are told apart.
const RELAYS_MAX: usize = 1_024;

/// What messages are.
#[derive(Debug, Clone)]
pub(in crate::connect) enum Wire {
    /// Posts as programs write them: ours, or mapped.
    Entries(Box<(Reading, EntryStyle)>),
    /// Events of a relay of ours.
    Relayed,
}

impl Wire {
    /// Reads the keys `map` and `html`.
    pub(in crate::connect) fn of(section: &mut Section<'_, '_>) -> Self {
        Self::Entries(Box::new(mapping(section)))
    }
}

/// Reads the messages of one broker.
#[derive(Debug)]
pub(in crate::connect) struct Hearing {
    decoder: Decoder,
    /// `None` for events of a relay.
    style: Option<EntryStyle>,
    relays: Relays,
    /// When it began: until a relay can have been heard, nothing is said of its silence.
    begun: EventTime,
}

/// The relays that were heard.
#[derive(Debug, Default)]
struct Relays(BTreeMap<Box<str>, Life>);

/// When a relay was heard last, by the broker's clock, and which of its sources it cannot hear.
#[derive(Debug)]
struct Life {
    at: EventTime,
    lost: Vec<Box<str>>,
}

impl Hearing {
    pub(in crate::connect) fn new(wire: &Wire, spec: &SourceSpec) -> Self {
        let decoder = spec.decoder(Format::Archive);
        let (decoder, style) = match wire {
            Wire::Entries(entries) => {
                (decoder.with_reading(entries.0.clone()), Some(entries.1.clone()))
            }
            Wire::Relayed => (decoder, None),
        };
        Self { decoder, style, relays: Relays::default(), begun: wall_clock() }
    }

    /// An empty parcel.
    pub(in crate::connect) fn parcel(&self) -> Parcel {
        Parcel::new(self.decoder.source())
    }

    /// Adds what a message says that the broker got at `at`.
    pub(in crate::connect) fn take(&mut self, raw: &[u8], at: EventTime, parcel: &mut Parcel) {
        match &self.style {
            Some(style) => {
                // The broker's time is the same whenever the message is read again.
                self.decoder.set_now(at.min(wall_clock()));
                self.decoder.decode_entry(raw, style, parcel);
            }
            None => {
                if let Some(beat) = self.decoder.decode_relayed(raw, parcel) {
                    self.relays.hear(beat, at);
                }
            }
        }
    }

    /// Says how it is. While relays are silent, or cannot hear their sources, nobody knows whether
    /// anything is said: time waits for what they will send.
    pub(in crate::connect) fn tell(&self, outlet: &Outlet) {
        let now = wall_clock();
        match self.style.is_none().then(|| self.relays.lost(now)).flatten() {
            Some(reason) if now.since(self.begun) > SILENCE_US => outlet.lost(&reason),
            Some(_) => {}
            None => outlet.up(),
        }
    }
}

impl Relays {
    fn hear(&mut self, Beat { relay, lost }: Beat, at: EventTime) {
        self.0.retain(|_, life| at.since(life.at) < FORGOTTEN_US);
        if self.0.len() < RELAYS_MAX || self.0.contains_key(&relay) {
            self.0.insert(relay, Life { at, lost });
        }
    }

    /// Why time must wait, if it must.
    fn lost(&self, now: EventTime) -> Option<String> {
        let mut lives = self.0.iter().filter(|(_, life)| now.since(life.at) < FORGOTTEN_US);
        if lives.clone().next().is_none() {
            return Some("no relay is sending: start resonanz relay".to_owned());
        }
        lives.find_map(|(relay, life)| {
            if now.since(life.at) > SILENCE_US {
                return Some(format!("relay \"{relay}\" has stopped sending"));
            }
            let source = life.lost.first()?;
            Some(format!("relay \"{relay}\" cannot read its source \"{source}\""))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_waits_for_relays_that_are_silent_or_deaf() {
        let now = EventTime(1_800_000_000_000_000);
        let beat = |relay: &str, lost: &[&str]| Beat {
            relay: relay.into(),
            lost: lost.iter().map(|&name| name.into()).collect(),
        };
        let mut relays = Relays::default();
        let said = |relays: &Relays| relays.lost(now).unwrap_or_default();
        assert!(said(&relays).contains("no relay is sending"), "{}", said(&relays));
        relays.hear(beat("a", &[]), now);
        assert_eq!(said(&relays), "");
        relays.hear(beat("b", &[]), now.shift(-SILENCE_US - 1));
        assert!(said(&relays).contains("\"b\" has stopped sending"), "{}", said(&relays));
        relays.hear(beat("b", &["sky"]), now);
        assert!(said(&relays).contains("\"b\" cannot read its source \"sky\""));
        relays.hear(beat("b", &[]), now.shift(-FORGOTTEN_US - 1));
        assert_eq!(said(&relays), "", "it was taken away for good");
    }
}
