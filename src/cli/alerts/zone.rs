//! Which time is it for whoever reads this? `--zone`, else `TZ`, else the machine's own.

use jiff::tz::TimeZone;

use crate::time::EventTime;

/// In which zone times are written for people.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Zone {
    /// Time zone of times for people, as Europe/Berlin [default: TZ, else the machine's own]
    #[arg(long, value_parser = zone)]
    zone: Option<TimeZone>,
}

impl Zone {
    /// A time of day with its date and zone.
    pub(in crate::cli) fn time(&self, at: EventTime) -> String {
        let Ok(instant) = jiff::Timestamp::from_microsecond(at.0) else { return at.to_string() };
        let zone = self.zone.clone().unwrap_or_else(local);
        instant.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
    }
}

fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| "write a name such as Europe/Berlin or UTC".to_owned())
}

/// The zone of the environment, by name or as POSIX writes it, else of the machine, else UTC.
pub(in crate::cli) fn local() -> TimeZone {
    if let Ok(name) = std::env::var("TZ") {
        let name = name.trim_start_matches(':');
        let named = TimeZone::get(name).or_else(|_| TimeZone::posix(name));
        return named.unwrap_or(TimeZone::UTC);
    }
    let link = std::fs::read_link("/etc/localtime").ok();
    let name = link.as_ref().and_then(|link| link.to_str()?.split_once("zoneinfo/"));
    name.and_then(|(_, name)| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC)
}
