//! In which words is an exercise led? English and German.

use crate::chart::{ENGLISH, GERMAN, Locale};
use crate::policy::{STARTER_DE, STARTER_EN};

/// The words of an exercise.
pub(super) struct Words {
    pub(super) locale: &'static Locale,
    /// Pages that say what to do, by name.
    pub(super) pages: [(&'static str, &'static str); 5],
    pub(super) briefing: &'static str,
    pub(super) waits: &'static str,
    pub(super) fired: &'static str,
    pub(super) left: &'static str,
    pub(super) called: &'static str,
    pub(super) ended: &'static str,
    pub(super) title: &'static str,
    pub(super) happened: &'static str,
    pub(super) began: &'static str,
    pub(super) most: &'static str,
    pub(super) about: &'static str,
    pub(super) did: &'static str,
    pub(super) taken: &'static str,
    pub(super) after: &'static str,
    pub(super) in_time: &'static str,
    pub(super) too_late: &'static str,
    pub(super) nobody: &'static str,
    pub(super) said: &'static str,
    pub(super) nothing: &'static str,
    pub(super) named: &'static str,
    pub(super) compare: &'static str,
    pub(super) took: &'static str,
    pub(super) left_over: &'static str,
    pub(super) inbox: &'static str,
    pub(super) none_came: &'static str,
    pub(super) answered: &'static str,
    pub(super) assigned: &'static str,
    pub(super) ignored: &'static str,
    pub(super) open: &'static str,
    pub(super) overdue: &'static str,
    pub(super) urgent_taken: &'static str,
    pub(super) still_open: &'static str,
    pub(super) priority: &'static str,
    pub(super) none_fired: &'static str,
    pub(super) talk: &'static str,
    pub(super) questions: [&'static str; 6],
}

pub(super) const EN: Words = Words {
    locale: &ENGLISH,
    pages: STARTER_EN,
    briefing: "\
You are on duty for the brand Apex. Real texts of the past are played back; the names of authors are hashes. Something will
happen. When it does:

  1. open the alert and read what it rests on, and its page \"What to do now\"
  2. find out what people complain about
  3. take the alert over (\"I take care\"), and write into the comment: what it is about, and what you do first
  4. clear the inbox of topic apex, the most urgent first: answered (think of the sentence), assigned, or ignored

The clock starts with the alert. Ctrl-C ends the exercise; the debriefing comes in any case.",
    waits: "the past is played back quickly; the exercise begins in about half a minute",
    fired: "AN ALERT HAS FIRED. The clock runs",
    left: "left, and nobody has acknowledged it",
    called: "Nobody has acknowledged it: the head of communications is now notified",
    ended: "The exercise is over.",
    title: "Debriefing",
    happened: "What happened",
    began: "The alert fired at",
    most: "at its height, negative posts in 15 minutes",
    about: "What people wrote about",
    did: "What you did",
    taken: "Taken over by",
    after: "after",
    in_time: "before the next person was notified",
    too_late: "after the next person was notified",
    nobody: "Nobody took the alert over.",
    said: "You wrote",
    nothing: "You wrote nothing: whoever comes next has to start over.",
    named: "Your sentence names what people complain about",
    compare: "Do your words and those that stand out say the same? They are",
    took: "The alert is taken over. Now the inbox: who must be answered first?",
    left_over: "left",
    inbox: "The inbox",
    none_came: "Nothing came into it: the exercise ended first.",
    answered: "answered",
    assigned: "assigned",
    ignored: "ignored",
    open: "open in the inbox",
    overdue: "overdue",
    urgent_taken: "Of the most urgent, taken care of",
    still_open: "The most urgent that is still open",
    priority: "priority",
    none_fired: "No alert fired: the exercise ended first.",
    talk: "To discuss",
    questions: [
        "What did you look at first, and would you do so again?",
        "How did you know whether it was one matter or several?",
        "Who else had to know, and when? Is that on your page?",
        "What would the first public sentence be? Who may write it?",
        "What would have told you sooner? Try it: resonanz alerts backtest",
        "Which sentence of your own page is missing?",
    ],
};

pub(super) const DE: Words = Words {
    locale: &GERMAN,
    pages: STARTER_DE,
    briefing: "\
Sie haben Dienst für die Marke Apex. Abgespielt werden echte Texte der Vergangenheit; Namen von Verfassern sind Hashes. Etwas
wird geschehen. Dann:

  1. öffnen Sie den Alarm und lesen Sie, worauf er beruht, und seine Seite \"Was jetzt zu tun ist\"
  2. finden Sie heraus, worüber sich die Leute beschweren
  3. übernehmen Sie den Alarm (\"Ich kümmere mich\") und schreiben Sie in den Kommentar: worum es geht und was Sie zuerst tun
  4. leeren Sie den Posteingang des Themas apex, das Dringendste zuerst: beantwortet (der Satz genügt im Kopf), zugewiesen, ignoriert

Die Uhr beginnt mit dem Alarm. Strg-C beendet die Übung; die Nachbesprechung kommt in jedem Fall.",
    waits: "die Vergangenheit wird schnell abgespielt; die Übung beginnt in etwa einer halben Minute",
    fired: "EIN ALARM IST AUSGELÖST. Die Uhr läuft",
    left: "übrig, und niemand hat übernommen",
    called: "Niemand hat übernommen: Jetzt wird die Leitung der Kommunikation gerufen",
    ended: "Die Übung ist zu Ende.",
    title: "Nachbesprechung",
    happened: "Was geschah",
    began: "Der Alarm löste aus um",
    most: "auf dem Höhepunkt negative Beiträge in 15 Minuten",
    about: "Worüber geschrieben wurde",
    did: "Was Sie taten",
    taken: "Übernommen von",
    after: "nach",
    in_time: "bevor der Nächste gerufen wurde",
    too_late: "nachdem der Nächste gerufen wurde",
    nobody: "Niemand hat den Alarm übernommen.",
    said: "Sie schrieben",
    nothing: "Sie schrieben nichts: Wer als Nächstes kommt, muss von vorn beginnen.",
    named: "Ihr Satz nennt, worüber sich die Leute beschweren",
    compare: "Sagen Ihr Satz und die auffälligen (englischen) Wörter dasselbe? Sie lauten",
    took: "Der Alarm ist übernommen. Jetzt der Posteingang: Wem ist zuerst zu antworten?",
    left_over: "übrig",
    inbox: "Der Posteingang",
    none_came: "Es kam nichts hinein: Die Übung endete vorher.",
    answered: "beantwortet",
    assigned: "zugewiesen",
    ignored: "ignoriert",
    open: "offen im Posteingang",
    overdue: "überfällig",
    urgent_taken: "Von den dringendsten bearbeitet",
    still_open: "Am dringendsten von den offenen",
    priority: "Dringlichkeit",
    none_fired: "Es gab keinen Alarm: Die Übung endete vorher.",
    talk: "Worüber zu sprechen ist",
    questions: [
        "Was haben Sie zuerst angesehen, und würden Sie es wieder tun?",
        "Woran haben Sie erkannt, ob es eine Sache ist oder mehrere?",
        "Wer musste es noch wissen, und wann? Steht das auf Ihrer Seite?",
        "Wie hieße der erste öffentliche Satz? Wer darf ihn schreiben?",
        "Was hätte Sie früher gewarnt? Probieren Sie es: resonanz alerts backtest",
        "Welcher Satz fehlt auf Ihrer eigenen Seite?",
    ],
};
