//! What happened, in one sentence? For every kind of rule, in the reader's language.

use super::bulletin;
use super::clean::clean;
use super::goal::goal;
use super::notice::Notice;
use super::voice::{Voice, whole};
use crate::time::EventTime;

/// The sentence that a message begins with; what is not an alert says what it says.
pub(super) fn sentence(notice: &Notice, voice: Voice<'_>) -> String {
    if let Some(goal) = goal(notice, voice) {
        return goal;
    }
    Telling::of(notice, voice).map_or_else(|| state(notice, voice), |telling| telling.whole())
}

fn capitalized(text: &str) -> String {
    let mut rest = text.chars();
    let first = rest.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    first + rest.as_str()
}

/// How resonanz itself is, or a receiver of another.
fn state(notice: &Notice, voice: Voice<'_>) -> String {
    let begin = match notice.kind.as_str() {
        "operations.failing" => {
            voice.either("resonanz cannot work", "resonanz kann nicht arbeiten").to_owned()
        }
        "operations.recovered" => {
            voice.either("resonanz works again", "resonanz arbeitet wieder").to_owned()
        }
        "operations.stopped" => {
            voice.either("resonanz has stopped", "resonanz läuft nicht mehr").to_owned()
        }
        "source.lost" | "source.back" | "token.ends" => {
            let name = clean(notice.text("source"));
            match notice.kind.as_str() {
                "source.lost" => voice.either(
                    format!("Nothing is heard from {name} any more"),
                    format!("Von {name} kommt nichts mehr"),
                ),
                "source.back" => voice.either(
                    format!("{name} is heard again"),
                    format!("Von {name} kommt wieder etwas"),
                ),
                _ => voice.either(
                    format!("{name} needs a new token"),
                    format!("{name} braucht ein neues Token"),
                ),
            }
        }
        "receiver.disabled" => {
            let name = clean(notice.text("receiver"));
            voice.either(
                format!("You get the messages for {name}, where nothing arrives any more"),
                format!("Sie erhalten die Meldungen für {name}, weil dort nichts mehr ankommt"),
            )
        }
        bulletin::KIND => bulletin::title(notice, voice),
        kind => clean(kind),
    };
    let why = clean(notice.text("why"));
    if why.is_empty() { begin } else { format!("{begin}: {why}") }
}

/// What an alert's sentence rests on.
struct Telling<'n> {
    voice: Voice<'n>,
    rule_type: &'n str,
    transition: &'n str,
    measure: &'n str,
    observed: u64,
    /// Of how many the observed ones are a part.
    whole: u64,
    /// Whether the whole leaves copies out.
    distinct: bool,
    /// Whether some negative mentions were too unsure to count.
    sure: bool,
    expected: Option<f64>,
    dispersion: f64,
    window_s: u64,
    /// Of what, with the preposition before it and a space before that.
    about: String,
    started_at: EventTime,
    at: EventTime,
}

impl<'n> Telling<'n> {
    fn of(notice: &'n Notice, voice: Voice<'n>) -> Option<Self> {
        let number = |name: &str| notice.data.get(name)?.as_u64();
        let float = |name: &str| notice.data.get(name)?.as_f64();
        let at = EventTime::parse(&notice.timestamp).ok()?;
        let measure = notice.text("measure");
        let observed = number("observed")?;
        let (mentions, copies) = (number("mentions")?, number("copies").unwrap_or(0));
        let is_sentiment = matches!(measure, "negative" | "positive");
        let whole = if is_sentiment { mentions.saturating_sub(copies) } else { mentions };
        Some(Self {
            voice,
            rule_type: notice.text("rule_type"),
            transition: notice.text("transition"),
            measure,
            observed,
            whole,
            distinct: is_sentiment && copies > 0,
            sure: measure == "negative"
                && copies == 0
                && number("negative").is_some_and(|negative| negative > observed),
            expected: float("expected").filter(|expected| expected.is_finite()),
            dispersion: float("dispersion").filter(|d| d.is_finite()).unwrap_or(1.0),
            window_s: number("window_s").unwrap_or(0),
            about: about(notice, voice),
            started_at: EventTime::parse(notice.text("started_at")).unwrap_or(at),
            at,
        })
    }

    fn whole(&self) -> String {
        let begin = match self.transition {
            "escalated" => self.voice.either("Growing: ", "Es werden mehr: "),
            "resolved" => self.voice.either("Over: ", "Vorbei: "),
            _ => "",
        };
        let said = match (self.rule_type, self.kind()) {
            ("unanswered", _) => self.waiting(),
            (_, Some(kind)) => self.part(kind),
            (_, None) => self.volume(),
        };
        // After a colon, English goes on small, and German too unless it is a whole sentence.
        let is_whole = self.rule_type == "unanswered" || self.kind().is_some();
        let small = !begin.is_empty() && !self.voice.either(false, is_whole);
        let said = if small { said } else { capitalized(&said) };
        format!("{begin}{said}{} ({})", self.comparison(), self.when())
    }

    fn is_over(&self) -> bool {
        self.transition == "resolved"
    }

    /// What the counted ones are: one and many. `None` where all count.
    fn kind(&self) -> Option<[&'static str; 2]> {
        let either = |english, german| self.voice.either(english, german);
        match self.measure {
            "negative" if self.sure => {
                Some(either(["clearly negative"; 2], ["eindeutig negativ"; 2]))
            }
            "negative" => Some(either(["negative"; 2], ["negativ"; 2])),
            "positive" => Some(either(["positive"; 2], ["positiv"; 2])),
            "copies" => Some(either(["a copy", "copies"], ["eine Kopie", "Kopien"])),
            _ => None,
        }
    }

    /// "only " where few are the news.
    fn only(&self) -> &'static str {
        let few = self.rule_type == "silence" && !self.is_over();
        if few { self.voice.either("only ", "nur ") } else { "" }
    }

    /// "40 posts on apex in 10 minutes"
    fn volume(&self) -> String {
        let (count, only) = (self.voice.count(self.observed), self.only());
        let about = format!("{} in {}", self.about, self.voice.span(self.window_s));
        match self.observed {
            0 => self.voice.either(format!("no posts{about}"), format!("keine Beiträge{about}")),
            1 => {
                self.voice.either(format!("{only}1 post{about}"), format!("{only}1 Beitrag{about}"))
            }
            _ => self.voice.either(
                format!("{only}{count} posts{about}"),
                format!("{only}{count} Beiträge{about}"),
            ),
        }
    }

    /// "10 of 21 posts on apex in 10 minutes are negative"
    fn part(&self, [one, many]: [&str; 2]) -> String {
        let voice = self.voice;
        let about = format!("{} in {}", self.about, voice.span(self.window_s));
        let (only, whole) = (self.only(), voice.count(self.whole));
        let count = voice.count(self.observed);
        let [distinct, distinct_de, distinct_den] =
            if self.distinct { ["distinct ", "verschiedene ", "verschiedenen "] } else { [""; 3] };
        match (self.observed, self.whole) {
            (_, 0) => voice.either(
                format!("no {distinct}posts{about}"),
                format!("keine {distinct_den}Beiträge{about}"),
            ),
            (0, 1) => voice.either(
                format!("the only post{about} is not {one}"),
                format!("der einzige Beitrag{about} ist nicht {one}"),
            ),
            (0, _) => voice.either(
                format!("none of {whole} {distinct}posts{about} is {one}"),
                format!("keiner von {whole} {distinct_den}Beiträgen{about} ist {one}"),
            ),
            (1, 1) => voice.either(
                format!("the only post{about} is {one}"),
                format!("der einzige Beitrag{about} ist {one}"),
            ),
            (observed, all) if observed == all => voice.either(
                format!("all {whole} {distinct}posts{about} are {many}"),
                format!("alle {whole} {distinct_den}Beiträge{about} sind {many}"),
            ),
            // A source's own count can lack what it is a part of.
            (observed, all) if observed > all => voice.either(
                format!("{count} {distinct}posts{about} are {many}"),
                format!("{count} {distinct_de}Beiträge{about} sind {many}"),
            ),
            (1, _) => voice.either(
                format!("{only}1 of {whole} {distinct}posts{about} is {one}"),
                format!("{only}1 von {whole} {distinct_den}Beiträgen{about} ist {one}"),
            ),
            _ => voice.either(
                format!("{only}{count} of {whole} {distinct}posts{about} are {many}"),
                format!("{only}{count} von {whole} {distinct_den}Beiträgen{about} sind {many}"),
            ),
        }
    }

    /// "3 negative posts on apex of the last 24 hours have waited too long for a reply"
    fn waiting(&self) -> String {
        let (voice, about) = (self.voice, &self.about);
        let (count, last) = (voice.count(self.observed), voice.span_last(self.window_s));
        match self.observed {
            0 => voice.either(
                format!("no negative post{about} of {last} waits too long for a reply"),
                format!("kein negativer Beitrag{about} aus {last} wartet zu lange auf Antwort"),
            ),
            1 => voice.either(
                format!("1 negative post{about} of {last} has waited too long for a reply"),
                format!("1 negativer Beitrag{about} aus {last} wartet zu lange auf Antwort"),
            ),
            _ => voice.either(
                format!("{count} negative posts{about} of {last} have waited too long for a reply"),
                format!("{count} negative Beiträge{about} aus {last} warten zu lange auf Antwort"),
            ),
        }
    }

    /// ", usually 0 to 1"
    fn comparison(&self) -> String {
        let voice = self.voice;
        match (self.rule_type, self.expected) {
            ("spike" | "silence", Some(expected)) => {
                let (usual, many) = voice.usual(expected, self.dispersion);
                let are = if many { "sind" } else { "ist" };
                voice.either(format!(", usually {usual}"), format!(", üblich {are} {usual}"))
            }
            ("change", Some(before)) => {
                let window = voice.span_before(self.window_s);
                // At least one is assumed there.
                let before = match before {
                    one if one <= 1.0 => voice.either("at most 1", "höchstens 1").to_owned(),
                    many => voice.count(whole(many)),
                };
                voice.either(
                    format!(", after {before} in {window}"),
                    format!(", nach {before} in {window}"),
                )
            }
            ("share", _) if self.whole > 0 && self.kind().is_some() => {
                let percent = (self.observed.saturating_mul(100) + self.whole / 2) / self.whole;
                voice.either(
                    format!(", a share of {percent}%"),
                    format!(", ein Anteil von {percent} %"),
                )
            }
            _ => String::new(),
        }
    }

    fn when(&self) -> String {
        let voice = self.voice;
        if self.is_over() {
            return voice.stretch(self.started_at, self.at);
        }
        let started = voice.moment(self.started_at, self.at);
        match self.rule_type {
            // It was quiet before that.
            "silence" => {
                voice.either(format!("noticed at {started}"), format!("bemerkt um {started}"))
            }
            _ => voice.either(format!("since {started}"), format!("seit {started}")),
        }
    }
}

/// Of what: a topic, a source, or a topic at a source.
fn about(notice: &Notice, voice: Voice<'_>) -> String {
    let source = notice.data.get("evidence").and_then(|evidence| evidence.get("source")?.as_str());
    let [topic, source] = [notice.text("topic"), source.unwrap_or_default()].map(clean);
    let mut about = String::new();
    if !topic.is_empty() {
        about.push_str(&format!(" {} {topic}", voice.either("on", "zu")));
    }
    if !source.is_empty() {
        about.push_str(&format!(" {} {source}", voice.either("from", "von")));
    }
    about
}
