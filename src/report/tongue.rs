//! In which language is a report read? English and German, word by word.

use crate::chart::{ENGLISH, GERMAN, Locale};

/// A language.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tongue {
    /// English.
    #[default]
    En,
    /// German.
    De,
}

/// The words of a report.
#[derive(Debug)]
#[allow(missing_docs, reason = "each is its English text")]
pub(super) struct Words {
    pub(super) report: &'static str,
    pub(super) to: &'static str,
    pub(super) compared: &'static str,
    pub(super) nothing_heard: &'static str,
    pub(super) part_heard: &'static str,
    pub(super) glance: &'static str,
    pub(super) topic: &'static str,
    pub(super) mentions: &'static str,
    pub(super) change: &'static str,
    pub(super) net: &'static str,
    pub(super) interval: &'static str,
    pub(super) negative: &'static str,
    pub(super) neutral: &'static str,
    pub(super) positive: &'static str,
    pub(super) share_of_voice: &'static str,
    pub(super) brand: &'static str,
    pub(super) share: &'static str,
    pub(super) before: &'static str,
    pub(super) usual: &'static str,
    pub(super) from: &'static str,
    pub(super) by_chance: &'static str,
    pub(super) not_by_chance: &'static str,
    pub(super) negative_words: &'static str,
    pub(super) positive_words: &'static str,
    pub(super) posts: &'static str,
    pub(super) worst: &'static str,
    pub(super) farthest: &'static str,
    pub(super) reach: &'static str,
    pub(super) alerts: &'static str,
    pub(super) no_alerts: &'static str,
    pub(super) fired: &'static str,
    pub(super) rule: &'static str,
    pub(super) state: &'static str,
    pub(super) firing: &'static str,
    pub(super) resolved: &'static str,
    pub(super) observed: &'static str,
    pub(super) taken_by: &'static str,
    pub(super) answers: &'static str,
    pub(super) source: &'static str,
    pub(super) language: &'static str,
    pub(super) method: &'static str,
    pub(super) method_text: &'static str,
    pub(super) scorers: &'static str,
    pub(super) unknown: &'static str,
    pub(super) median_wait: &'static str,
    pub(super) minutes: &'static str,
    pub(super) other: &'static str,
    pub(super) goals: &'static str,
    pub(super) goal: &'static str,
    pub(super) measure: &'static str,
    pub(super) target: &'static str,
    pub(super) measured: &'static str,
    pub(super) goals_method: &'static str,
}

const EN: Words = Words {
    report: "Report",
    to: "to",
    compared: "compared with",
    nothing_heard: "Nothing was heard in this span: its numbers are missing, and not zero.",
    part_heard: "Not all of this span was heard: there may have been more mentions than counted.",
    glance: "At a glance",
    topic: "Topic",
    mentions: "Mentions",
    change: "Change",
    net: "Net sentiment",
    interval: "95 % interval",
    negative: "Negative",
    neutral: "Neutral",
    positive: "Positive",
    share_of_voice: "Share of voice",
    brand: "Brand",
    share: "Share",
    before: "Before",
    usual: "Usual",
    from: "From",
    by_chance: "The change of net sentiment may be chance.",
    not_by_chance: "The change of net sentiment is hardly chance.",
    negative_words: "New in negative posts",
    positive_words: "New in positive posts",
    posts: "posts",
    worst: "Most negative posts",
    farthest: "Farthest-reaching posts",
    reach: "Reach",
    alerts: "Alerts",
    no_alerts: "No alert fired.",
    fired: "Fired",
    rule: "Rule",
    state: "State",
    firing: "fires",
    resolved: "over",
    observed: "Observed",
    taken_by: "Taken by",
    answers: "Negative posts answered by us",
    source: "Source",
    language: "Language",
    method: "Method",
    method_text: "Mentions are counted by the time at which they were written, late ones included; a post that \
         mentions two topics counts for both. Net sentiment is the share of positive less the share of negative \
         mentions, from -1 to 1; its interval is that of Bonett and Price, the interval of shares that of Wilson: \
         they cover the true value in about 95 of 100 cases if mentions are independent. Usual is what eight of ten \
         comparable buckets of the past had. What was not heard is shown as –.",
    scorers: "Scored by",
    unknown: "–",
    median_wait: "half of them within",
    minutes: "minutes",
    other: "others, few authors each",
    goals: "Goals",
    goal: "Goal",
    measure: "Measure",
    target: "Target",
    measured: "Measured",
    goals_method: "A goal is ahead or behind only if its whole 95 % interval is; on track means that the \
         target lies inside. Of counts, the interval is what the whole span is expected to bring.",
};

const DE: Words = Words {
    report: "Bericht",
    to: "bis",
    compared: "verglichen mit",
    nothing_heard: "In dieser Zeit wurde nichts gehört: Zahlen fehlen, sie sind nicht null.",
    part_heard: "Nicht die ganze Zeit wurde gehört: Es kann mehr Erwähnungen gegeben haben als gezählt.",
    glance: "Auf einen Blick",
    topic: "Thema",
    mentions: "Erwähnungen",
    change: "Änderung",
    net: "Netto-Stimmung",
    interval: "95-%-Intervall",
    negative: "Negativ",
    neutral: "Neutral",
    positive: "Positiv",
    share_of_voice: "Anteil am Gespräch",
    brand: "Marke",
    share: "Anteil",
    before: "Davor",
    usual: "Üblich",
    from: "Von",
    by_chance: "Die Änderung der Netto-Stimmung kann Zufall sein.",
    not_by_chance: "Die Änderung der Netto-Stimmung ist kaum Zufall.",
    negative_words: "Neu in negativen Beiträgen",
    positive_words: "Neu in positiven Beiträgen",
    posts: "Beiträge",
    worst: "Die negativsten Beiträge",
    farthest: "Beiträge mit der größten Reichweite",
    reach: "Reichweite",
    alerts: "Alarme",
    no_alerts: "Es gab keinen Alarm.",
    fired: "Ausgelöst",
    rule: "Regel",
    state: "Stand",
    firing: "läuft",
    resolved: "vorbei",
    observed: "Beobachtet",
    taken_by: "Übernommen von",
    answers: "Von uns beantwortete negative Beiträge",
    source: "Quelle",
    language: "Sprache",
    method: "Methode",
    method_text: "Gezählt wird nach der Zeit, zu der Beiträge geschrieben wurden, verspätete eingeschlossen; ein \
         Beitrag über zwei Themen zählt für beide. Die Netto-Stimmung ist der Anteil positiver weniger der Anteil \
         negativer Erwähnungen, von -1 bis 1; ihr Intervall ist das von Bonett und Price, das von Anteilen das von \
         Wilson: Sie enthalten den wahren Wert in etwa 95 von 100 Fällen, wenn Erwähnungen unabhängig sind. Üblich \
         ist, was acht von zehn vergleichbaren Abschnitten der Vergangenheit hatten. Was nicht gehört wurde, steht \
         als –.",
    scorers: "Bewertet von",
    unknown: "–",
    median_wait: "die Hälfte innerhalb von",
    minutes: "Minuten",
    other: "übrige, mit je wenigen Verfassern",
    goals: "Ziele",
    goal: "Ziel",
    measure: "Messgröße",
    target: "Zielwert",
    measured: "Gemessen",
    goals_method: "Ein Ziel ist übertroffen oder verfehlt nur, wenn es das ganze 95-%-Intervall ist; im Plan \
         heißt, dass der Zielwert darin liegt. Bei Anzahlen sagt das Intervall, was die ganze Zeit erwarten lässt.",
};

impl Tongue {
    pub(super) fn words(self) -> &'static Words {
        match self {
            Self::En => &EN,
            Self::De => &DE,
        }
    }

    pub(super) fn locale(self) -> &'static Locale {
        match self {
            Self::En => &ENGLISH,
            Self::De => &GERMAN,
        }
    }
}
