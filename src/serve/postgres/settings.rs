//! What can a client set? The run-time parameters that clients send on their way in. None changes
//! what a query answers or may cost, except for a shorter time.

use std::collections::BTreeMap;
use std::time::Duration;

use super::failure::Failure;
use crate::sql::{SERVER_VERSION, setting_of_all};

/// Longest value of a setting that is kept.
const VALUE_CHARS_MAX: usize = 1_000;

/// Which values a setting may take.
#[derive(Clone, Copy)]
enum Rule {
    /// Any; nothing follows from it.
    Free,
    /// Only those that mean what is done anyway.
    One(fn(&str) -> bool),
    /// None: it says what is so.
    Fixed,
    /// A time after which a statement ends.
    Time,
}

/// Name, value at the beginning, rule, and whether clients are told of a change.
struct Known(&'static str, &'static str, Rule, bool);

const KNOWN: [Known; 33] = [
    Known("server_version", SERVER_VERSION, Rule::Fixed, true),
    Known("server_version_num", "160006", Rule::Fixed, false),
    Known("server_encoding", "UTF8", Rule::Fixed, true),
    Known("integer_datetimes", "on", Rule::Fixed, true),
    Known("in_hot_standby", "off", Rule::Fixed, true),
    Known("is_superuser", "off", Rule::Fixed, true),
    Known("session_authorization", "", Rule::Fixed, true),
    Known("max_identifier_length", "63", Rule::Fixed, false),
    Known("transaction_read_only", "on", Rule::Fixed, false),
    Known("transaction_isolation", "read committed", Rule::Free, false),
    Known("default_transaction_isolation", "read committed", Rule::Free, false),
    Known("default_transaction_read_only", "on", Rule::Free, true),
    Known("client_encoding", "UTF8", Rule::One(is_utf8), true),
    Known("standard_conforming_strings", "on", Rule::One(is_on), true),
    Known("datestyle", "ISO, MDY", Rule::One(is_iso), true),
    Known("intervalstyle", "postgres", Rule::One(|value| value == "postgres"), true),
    Known("timezone", "UTC", Rule::One(is_utc), true),
    Known("bytea_output", "hex", Rule::One(|value| value == "hex"), false),
    Known("statement_timeout", "0", Rule::Time, false),
    Known("lock_timeout", "0", Rule::Free, false),
    Known("idle_in_transaction_session_timeout", "0", Rule::Free, false),
    Known("idle_session_timeout", "0", Rule::Free, false),
    Known("application_name", "", Rule::Free, true),
    Known("search_path", "public", Rule::Free, false),
    Known("extra_float_digits", "1", Rule::Free, false),
    Known("client_min_messages", "notice", Rule::Free, false),
    Known("row_security", "on", Rule::Free, false),
    Known("jit", "off", Rule::Free, false),
    Known("geqo", "on", Rule::Free, false),
    Known("work_mem", "4MB", Rule::Free, false),
    Known("synchronous_commit", "on", Rule::Free, false),
    Known("ssl_renegotiation_limit", "0", Rule::Free, false),
    Known("tcp_keepalives_idle", "0", Rule::Free, false),
];

fn is_utf8(value: &str) -> bool {
    ["utf8", "utf-8", "unicode"].iter().any(|name| value.eq_ignore_ascii_case(name))
}

fn is_on(value: &str) -> bool {
    ["on", "true", "1"].iter().any(|name| value.eq_ignore_ascii_case(name))
}

fn is_iso(value: &str) -> bool {
    value.get(..3).is_some_and(|style| style.eq_ignore_ascii_case("iso"))
}

fn is_utc(value: &str) -> bool {
    ["utc", "etc/utc", "gmt", "z", "zulu", "0", "+00", "+00:00", "default"]
        .iter()
        .any(|name| value.eq_ignore_ascii_case(name))
}

/// As PostgreSQL writes the names that it tells of.
fn display(name: &'static str) -> &'static str {
    match name {
        "datestyle" => "DateStyle",
        "intervalstyle" => "IntervalStyle",
        "timezone" => "TimeZone",
        name => name,
    }
}

/// The settings of a connection.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    /// Of those that were set.
    values: BTreeMap<&'static str, String>,
    user: String,
    /// The client's own limit.
    pub(super) timeout: Option<Duration>,
    /// What holds again after the transaction.
    after: Option<Box<Settings>>,
}

/// Whether a setting ends with the transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Session,
    Transaction,
}

impl Settings {
    pub(super) fn new(user: &str) -> Self {
        Self { values: BTreeMap::new(), user: user.to_owned(), timeout: None, after: None }
    }

    /// Takes a setting of the startup message. Clients cannot take back what they send there, and
    /// are told what holds instead.
    pub(super) fn begin_with(&mut self, name: &str, value: &str) -> Result<(), Failure> {
        if name.eq_ignore_ascii_case("options") {
            return options(value).try_for_each(|(name, value)| self.set(name, Some(value)));
        }
        let name = name.to_lowercase();
        // Some clients send the quotes of SQL.
        let value = value.trim_matches('\'');
        match known(&name) {
            Some(Known(_, _, Rule::One(is_so), _)) if !is_so(value) && name == "timezone" => Ok(()),
            Some(_) => self.set(&name, Some(value)),
            None => Ok(()),
        }
    }

    /// Sets a value for the session, or the one of the beginning.
    pub(super) fn set(&mut self, name: &str, value: Option<&str>) -> Result<(), Failure> {
        let name = name.to_lowercase();
        let Some(Known(name, beginning, rule, _)) = known(&name) else {
            return Err(unknown(&name));
        };
        let value = value.filter(|value| !value.eq_ignore_ascii_case("default"));
        let wanted = value.unwrap_or(beginning);
        let allowed = match rule {
            Rule::Free => true,
            Rule::One(is_so) => is_so(wanted),
            Rule::Fixed => false,
            Rule::Time => time(wanted).is_some(),
        };
        if !allowed || wanted.chars().count() > VALUE_CHARS_MAX {
            let message = format!("{name} cannot be \"{}\" here", wanted.replace('\0', " "));
            return Err(Failure::new("22023", message).hint(hint(name)));
        }
        if matches!(rule, Rule::Time) {
            self.timeout = time(wanted).flatten();
        }
        // What means the same is told as what is done.
        let kept = if matches!(rule, Rule::One(_)) { beginning } else { wanted };
        self.values.insert(name, kept.to_owned());
        if let Some(after) = &mut self.after {
            return after.set(name, value);
        }
        Ok(())
    }

    /// Sets a value until the transaction ends.
    pub(super) fn set_local(&mut self, name: &str, value: Option<&str>) -> Result<(), Failure> {
        let after = self.after.take().unwrap_or_else(|| Box::new(self.clone()));
        let set = self.set(name, value);
        self.after = Some(after);
        set
    }

    /// Takes back what was set until now.
    pub(super) fn end_transaction(&mut self) {
        if let Some(after) = self.after.take() {
            *self = *after;
        }
    }

    /// Sets all to what it was in the beginning.
    pub(super) fn reset(&mut self) {
        *self = Self::new(&self.user);
    }

    /// The value of a setting.
    pub(super) fn show(&self, name: &str) -> Result<String, Failure> {
        let name = name.to_lowercase();
        match known(&name) {
            Some(Known(name, beginning, ..)) => Ok(self.value(name, beginning)),
            None => setting_of_all(&name).map(str::to_owned).ok_or_else(|| unknown(&name)),
        }
    }

    fn value(&self, name: &str, beginning: &str) -> String {
        match self.values.get(name) {
            Some(value) => value.clone(),
            None if name == "session_authorization" => self.user.clone(),
            None => beginning.to_owned(),
        }
    }

    /// What clients are told of, by the names they know.
    pub(super) fn reported(&self) -> impl Iterator<Item = (&'static str, String)> {
        KNOWN
            .iter()
            .filter(|known| known.3)
            .map(|Known(name, beginning, ..)| (display(name), self.value(name, beginning)))
    }

    /// The name and value that clients are told after a change, if they are.
    pub(super) fn report(&self, name: &str) -> Option<(&'static str, String)> {
        let Known(name, beginning, _, told) = known(&name.to_lowercase())?;
        told.then(|| (display(name), self.value(name, beginning)))
    }
}

fn known(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.0 == name)
}

fn unknown(name: &str) -> Failure {
    let shown: String = name.chars().take(60).collect();
    Failure::new("42704", format!("no setting is called \"{shown}\""))
        .hint("the limits of queries are set where the server is started")
}

fn hint(name: &str) -> &'static str {
    match name {
        "timezone" => "times are UTC; write posted_at AT TIME ZONE 'Europe/Berlin'",
        "client_encoding" => "texts are UTF8",
        "datestyle" => "dates are ISO",
        "statement_timeout" => "write a number of milliseconds, or '10s'",
        _ => "leave it as it is",
    }
}

/// A time in milliseconds, or with a unit; 0 is none.
fn time(text: &str) -> Option<Option<Duration>> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    let unit_ms = match unit.trim() {
        "" | "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    let ms = number.parse::<u64>().ok()?.checked_mul(unit_ms)?;
    Some((ms > 0).then(|| Duration::from_millis(ms)))
}

/// The settings in `-c name=value --name=value`.
fn options(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let words = text.split_whitespace().filter(|word| *word != "-c");
    words.filter_map(|word| word.trim_start_matches("-c").trim_start_matches('-').split_once('='))
}
