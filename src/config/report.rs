//! Which reports come by themselves, when and to whom? The tables `[report.NAME]`.

use serde::{Deserialize, Serialize};
use toml::de::DeTable;

use super::receiver::ReceiverConfig;
use super::rules::{resolve, zone};
use super::timetable::Timetable;
use crate::mention::Topic;
use crate::settings::{Problems, Section};

/// A report that comes by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportConfig {
    /// Its name.
    pub name: String,
    /// Which days it is about.
    pub period: Period,
    /// When it is made.
    pub at: Timetable,
    /// Name of the zone of its days, as `Europe/Berlin`.
    pub zone: String,
    /// Names of the receivers who get it.
    pub to: Vec<String>,
    /// Names of its topics; none means all.
    pub topics: Vec<String>,
    /// How the file that goes along with mail is written.
    pub format: ReportForm,
}

/// Which days a report is about: the last whole ones before it is made, or its own so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Period {
    /// The day before.
    Day,
    /// The week before, from Monday.
    #[default]
    Week,
    /// The month before.
    Month,
    /// The day itself, from midnight on.
    Today,
}

impl Period {
    /// As spans are written.
    #[must_use]
    pub fn span(self) -> &'static str {
        match self {
            Self::Day => "yesterday",
            Self::Week => "week",
            Self::Month => "month",
            Self::Today => "today",
        }
    }

    /// When it is made if nothing is said: in the morning after, or in the evening.
    fn usual(self) -> &'static str {
        match self {
            Self::Day => "07:00",
            Self::Week => "Mon 07:00",
            Self::Month => "1 07:00",
            Self::Today => "18:00",
        }
    }
}

/// How a report is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReportForm {
    /// One page that needs no other file.
    #[default]
    Html,
    /// A workbook for Excel.
    Xlsx,
    /// Markdown.
    Md,
    /// All numbers.
    Json,
}

pub(super) fn reports<'i>(
    root: &DeTable<'i>,
    topics: &[Topic],
    receivers: &[ReceiverConfig],
    problems: &mut Problems<'i>,
) -> Vec<ReportConfig> {
    let Some(value) = root.get("report") else { return Vec::new() };
    let Some(table) = value.get_ref().as_table() else {
        let hint = "write [report.weekly], one table for each report";
        problems.add(value.span().start, "report must be a table of reports", hint);
        return Vec::new();
    };
    let reports = table.iter().map(|(name, value)| {
        let mut section = Section::open("[report]", Some(value), problems);
        let periods = [
            ("day", Period::Day),
            ("week", Period::Week),
            ("month", Period::Month),
            ("today", Period::Today),
        ];
        let period = section.choice("period", &periods).unwrap_or_default();
        let zone = zone(&mut section);
        let written = section.text("at").unwrap_or_else(|| period.usual().to_owned());
        let at = Timetable::parse(&written, zone.clone());
        if at.is_none() {
            let place = section.place("at");
            let hint = "write \"07:00\" for every day, \"Mon 07:00\", or \"1 07:00\" for the first of each month";
            section.problems.add(place, format!("\"{written}\" is not a time of a schedule"), hint);
        }
        let forms = [
            ("html", ReportForm::Html),
            ("xlsx", ReportForm::Xlsx),
            ("md", ReportForm::Md),
            ("json", ReportForm::Json),
        ];
        let format = section.choice("format", &forms).unwrap_or_default();
        let about = section.texts("topics").unwrap_or_default();
        let known = topics.iter().map(|topic| topic.name.as_str());
        resolve(&about, known, "topic", section.problems);
        let to = section.texts("to").unwrap_or_default();
        if to.is_empty() {
            let place = section.place("to");
            let hint = "add: to = [\"NAME\"], the name of a [[receiver]]";
            section.problems.add(place, format!("report \"{}\" goes to nobody", name.get_ref()), hint);
        }
        let known = receivers.iter().map(|receiver| receiver.name.as_str());
        resolve(&to, known, "receiver", section.problems);
        section.finish();
        let names = |named: Vec<(String, usize)>| named.into_iter().map(|(name, _)| name).collect();
        Some(ReportConfig {
            name: name.get_ref().to_string(),
            period,
            at: at?,
            zone: zone.iana_name().unwrap_or("UTC").to_owned(),
            to: names(to),
            topics: names(about),
            format,
        })
    });
    reports.collect::<Vec<_>>().into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn problems_of_reports_have_their_place() {
        let errors = |keys: &str| {
            let text = format!(
                "[[receiver]]\nname = \"a\"\nurl = \"https://h/\"\n[[topic]]\nname = \"t\"\n\
                 query = 'x'\n[report.weekly]\n{keys}"
            );
            let errors = Config::parse(&text, "".as_ref()).err().unwrap_or_default();
            errors.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        for (keys, wanted) in [
            ("", "7:1: report \"weekly\" goes to nobody"),
            ("to = [\"b\"]", "8:7: no receiver is called \"b\""),
            ("to = [\"a\"]\ntopics = [\"u\"]", "9:11: no topic is called \"u\""),
            ("to = [\"a\"]\nat = \"Mo 25:00\"", "9:6: \"Mo 25:00\" is not a time of a schedule"),
            ("to = [\"a\"]\nperiod = \"year\"", "9:10: period is \"year\""),
            ("to = [\"a\"]\nzone = \"Berlin\"", "9:8: \"Berlin\" is not a time zone"),
            ("to = [\"a\"]\nhour = 7", "9:1: unknown key \"hour\" in [report]"),
        ] {
            let found = errors(keys);
            assert!(found.len() == 1 && found[0].starts_with(wanted), "{keys}: {found:?}");
        }
        assert!(errors("to = [\"a\"]\nat = \"Mo 07:00\"\nformat = \"xlsx\"").is_empty());
        assert!(errors("to = [\"a\"]\nperiod = \"today\"").is_empty());
    }
}
