//! How does another process know by when answers are due? The service hours of a configuration as plain
//! values, which go to it with the question.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::alert::ActiveHours;
use crate::config::{ServiceConfig, Services};
use crate::intent::Intent;
use crate::promise::{Closed, Region, Service};
use crate::state::verdict;

/// What is promised, for all topics and for single ones.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Pledges {
    usual: Pledge,
    topics: BTreeMap<String, Pledge>,
}

/// What is promised for mentions of a topic.
#[derive(Debug, Serialize, Deserialize)]
struct Pledge {
    promise_us: i64,
    /// First minute, the one past the last, and weekdays, Monday first.
    hours: Vec<(u16, u16, [bool; 7])>,
    /// By its IANA name.
    zone: String,
    holidays: Option<String>,
    /// Year, month and day.
    closed: Vec<(Option<i16>, i8, i8)>,
    /// Verdicts and intents that want an answer, by their names.
    wants: Vec<String>,
    horizon_us: i64,
}

impl Pledges {
    /// What a configuration promises; `None` for a zone without a name.
    pub(super) fn of(services: &Services) -> Option<Self> {
        let own = services.apart().map(|(topic, own)| Some((topic.to_owned(), Pledge::of(own)?)));
        Some(Self { usual: Pledge::of(services.usual())?, topics: own.collect::<Option<_>>()? })
    }

    /// The same again; `None` where a zone or a region is not known.
    pub(super) fn services(&self) -> Option<Services> {
        let own = self.topics.iter().map(|(topic, own)| Some((topic.clone(), own.service()?)));
        Some(Services::with(self.usual.service()?, own.collect::<Option<_>>()?))
    }
}

impl Pledge {
    fn of(config: &ServiceConfig) -> Option<Self> {
        let Service { promise_us, hours, zone, holidays, closed } = &config.service;
        let hours = hours.iter().map(|hours| (hours.from_minute, hours.to_minute, hours.weekdays));
        let closed = closed.iter().map(|day| (day.year, day.month, day.day));
        let verdicts = config.wants.iter().map(|one| one.as_str().to_owned());
        let intents = config.intents.iter().map(|one| one.as_str().to_owned());
        Some(Self {
            promise_us: *promise_us,
            hours: hours.collect(),
            zone: zone.iana_name()?.to_owned(),
            holidays: holidays.map(|region| region.to_string()),
            closed: closed.collect(),
            wants: verdicts.chain(intents).collect(),
            horizon_us: config.horizon_us,
        })
    }

    fn service(&self) -> Option<ServiceConfig> {
        let hours = self.hours.iter().map(|&(from_minute, to_minute, weekdays)| ActiveHours {
            from_minute,
            to_minute,
            weekdays,
        });
        let closed = self.closed.iter().map(|&(year, month, day)| Closed { year, month, day });
        let holidays = match &self.holidays {
            Some(code) => Some(Region::parse(code)?),
            None => None,
        };
        let service = Service {
            promise_us: self.promise_us,
            hours: hours.collect(),
            zone: TimeZone::get(&self.zone).ok()?,
            holidays,
            closed: closed.collect(),
        };
        Some(ServiceConfig {
            service,
            wants: self.wants.iter().filter_map(|name| verdict(name)).collect(),
            intents: self.wants.iter().filter_map(|name| Intent::parse(name)).collect(),
            horizon_us: self.horizon_us,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_promised_is_the_same_in_another_process() {
        let office = Service {
            promise_us: 4 * 3_600_000_000,
            hours: vec![ActiveHours { from_minute: 540, to_minute: 1_080, weekdays: [true; 7] }],
            zone: TimeZone::get("Europe/Berlin").expect("a zone"),
            holidays: Region::parse("DE-BY"),
            closed: Closed::parse("2026-12-24").into_iter().chain(Closed::parse("12-31")).collect(),
        };
        let own = ServiceConfig {
            service: office,
            wants: Vec::new(),
            intents: vec![Intent::Purchase, Intent::Question],
            horizon_us: 7,
        };
        let topics = BTreeMap::from([("acme".to_owned(), own)]);
        let services = Services::with(ServiceConfig::default(), topics);
        let sent = serde_json::to_vec(&Pledges::of(&services).expect("names")).expect("JSON");
        let told: Pledges = serde_json::from_slice(&sent).expect("what was sent");
        assert_eq!(told.services(), Some(services));
    }
}
