//! What is promised? Goals, pages that say what to do, and what the law wants written down.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use toml::de::DeTable;

use super::ReceiverConfig;
use super::goal::{Goal, goals};
use crate::alert::Rule;
use crate::mention::Topic;
use crate::settings::{Problems, Section};

/// Fewest authors of a group whose numbers are shown.
const MIN_GROUP: u64 = 5;

/// What is promised beside listening.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Charter {
    /// Folder of the pages that say what to do.
    pub policies: PathBuf,
    /// What is to be reached, by name.
    pub goals: Vec<Goal>,
    /// Who is responsible, and what holds for topics that say nothing else.
    pub law: Law,
    /// Why each topic is listened for, by its name and in the order of the file.
    pub duties: Vec<(String, Duty)>,
    /// The pages of rules and goals, by the name of either.
    pub pages: BTreeMap<String, String>,
    /// What alerts can be called: the names of all rules and goals.
    pub rules: Vec<String>,
}

/// Who is responsible for the processing, and how groups of people are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Law {
    /// The controller, with its address.
    pub controller: Option<String>,
    /// How to reach the controller.
    pub contact: Option<String>,
    /// The data protection officer, and how to reach them.
    pub officer: Option<String>,
    /// Fewest authors of a source or language whose numbers are shown apart.
    pub min_group: u64,
    /// What holds for topics that say nothing else.
    pub usual: Duty,
}

impl Default for Law {
    fn default() -> Self {
        Self {
            controller: None,
            contact: None,
            officer: None,
            min_group: MIN_GROUP,
            usual: Duty::default(),
        }
    }
}

/// Why a topic may be listened for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Duty {
    /// What for.
    pub purpose: Option<String>,
    /// On which ground of GDPR article 6(1).
    pub legal_basis: Option<LegalBasis>,
    /// When that is looked at again.
    pub review: Option<Date>,
}

/// The grounds of GDPR article 6(1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LegalBasis {
    /// Letter a.
    Consent,
    /// Letter b.
    Contract,
    /// Letter c.
    LegalObligation,
    /// Letter d.
    VitalInterests,
    /// Letter e.
    PublicTask,
    /// Letter f.
    LegitimateInterests,
}

const BASES: [(&str, LegalBasis); 6] = [
    ("consent", LegalBasis::Consent),
    ("contract", LegalBasis::Contract),
    ("legal-obligation", LegalBasis::LegalObligation),
    ("vital-interests", LegalBasis::VitalInterests),
    ("public-task", LegalBasis::PublicTask),
    ("legitimate-interests", LegalBasis::LegitimateInterests),
];

impl LegalBasis {
    /// Its letter in article 6(1).
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Consent => 'a',
            Self::Contract => 'b',
            Self::LegalObligation => 'c',
            Self::VitalInterests => 'd',
            Self::PublicTask => 'e',
            Self::LegitimateInterests => 'f',
        }
    }
}

impl Duty {
    /// Of a topic, with what usually holds in the place of what it does not say.
    #[must_use]
    pub fn or(&self, usual: &Self) -> Self {
        Self {
            purpose: self.purpose.clone().or_else(|| usual.purpose.clone()),
            legal_basis: self.legal_basis.or(usual.legal_basis),
            review: self.review.or(usual.review),
        }
    }
}

impl Charter {
    /// Topics whose grounds must be looked at by `day`, with the day on which that was due, earliest
    /// first.
    #[must_use]
    pub fn reviews_due(&self, day: Date) -> Vec<(&str, Date)> {
        let due = self.duties.iter().filter_map(|(topic, duty)| {
            let review = duty.or(&self.law.usual).review?;
            (review <= day).then_some((topic.as_str(), review))
        });
        let mut due: Vec<(&str, Date)> = due.collect();
        due.sort_by_key(|(_, review)| *review);
        due
    }
}

pub(super) fn charter<'i>(
    root: &DeTable<'i>,
    base: &Path,
    (topics, duties): (&[Topic], Vec<Duty>),
    rules: &[Rule],
    receivers: &[ReceiverConfig],
    problems: &mut Problems<'i>,
) -> Charter {
    let mut section = Section::open("[policy]", root.get("policy"), problems);
    let folder = section.text("folder").unwrap_or_else(|| "policy".to_owned());
    section.finish();
    let law = law(root, problems);
    let goals = goals(root, topics, rules, receivers, problems);
    let page = |(name, page): (&String, &Option<String>)| Some((name.clone(), page.clone()?));
    let of_rules = rules.iter().map(|rule| (&rule.name, &rule.policy));
    let of_goals = goals.iter().map(|goal| (&goal.name, &goal.policy));
    let pages = of_rules.chain(of_goals).filter_map(page).collect();
    let names = topics.iter().map(|topic| topic.name.clone());
    let duties = names.zip(duties).collect();
    let named = rules.iter().map(|rule| &rule.name);
    let rules = named.chain(goals.iter().map(|goal| &goal.name)).cloned().collect();
    Charter { policies: base.join(folder), goals, law, duties, pages, rules }
}

fn law<'i>(root: &DeTable<'i>, problems: &mut Problems<'i>) -> Law {
    let mut section = Section::open("[law]", root.get("law"), problems);
    let law = Law {
        controller: section.text("controller"),
        contact: section.text("contact"),
        officer: section.text("officer"),
        min_group: section.count("min_group").unwrap_or(MIN_GROUP),
        usual: duty(&mut section),
    };
    section.finish();
    law
}

/// Purpose, ground and date of review that stand in a section.
pub(super) fn duty(section: &mut Section<'_, '_>) -> Duty {
    let purpose = section.text("purpose").filter(|purpose| !purpose.trim().is_empty());
    let legal_basis = section.choice("legal_basis", &BASES);
    let written = section.text("review");
    let review = written.as_ref().and_then(|text| text.parse::<Date>().ok());
    if let Some(text) = written.filter(|_| review.is_none()) {
        let at = section.place("review");
        let message = format!("\"{text}\" is not a day");
        section.problems.add(at, message, "write it as \"2027-05-01\"");
    }
    Duty { purpose, legal_basis, review }
}
