//! In which words is the record of processing written? English and German.

use crate::config::LegalBasis;

/// The words of the record.
pub(super) struct Words {
    pub(super) title: &'static str,
    pub(super) made: &'static str,
    pub(super) check: &'static str,
    pub(super) missing: &'static str,
    pub(super) controller_title: &'static str,
    pub(super) controller: &'static str,
    pub(super) contact: &'static str,
    pub(super) officer: &'static str,
    pub(super) purposes_title: &'static str,
    pub(super) topic: &'static str,
    pub(super) purpose: &'static str,
    pub(super) basis: &'static str,
    pub(super) review: &'static str,
    pub(super) article: &'static str,
    /// The grounds of article 6(1), in the order of their letters.
    pub(super) bases: [&'static str; 6],
    pub(super) balance: &'static str,
    pub(super) people_title: &'static str,
    pub(super) people: &'static str,
    pub(super) data_title: &'static str,
    pub(super) data: &'static str,
    pub(super) hashed: &'static str,
    pub(super) kept: &'static str,
    pub(super) sources: &'static str,
    pub(super) recipients_title: &'static str,
    pub(super) inside: &'static str,
    pub(super) full: &'static str,
    pub(super) ids: &'static str,
    pub(super) secret: &'static str,
    pub(super) storage: &'static str,
    pub(super) transfers_title: &'static str,
    pub(super) transfers: &'static str,
    pub(super) limits_title: &'static str,
    pub(super) texts: &'static str,
    pub(super) mentions: &'static str,
    pub(super) panes: &'static str,
    pub(super) letters: &'static str,
    pub(super) deletes: &'static str,
    pub(super) erasure: &'static str,
    pub(super) forever: &'static str,
    pub(super) days: &'static str,
    pub(super) measures_title: &'static str,
    pub(super) measures: &'static str,
    pub(super) local: &'static str,
    pub(super) network: &'static str,
    pub(super) closed: &'static str,
    pub(super) token: &'static str,
    pub(super) no_token: &'static str,
    pub(super) group: &'static str,
    pub(super) workers_title: &'static str,
    pub(super) workers: &'static str,
}

impl Words {
    /// What a ground is called.
    pub(super) fn basis_of(&self, basis: LegalBasis) -> &'static str {
        let place = u32::from(basis.letter()).saturating_sub(u32::from('a'));
        let place = usize::try_from(place).unwrap_or(0);
        self.bases.get(place).copied().unwrap_or_default()
    }
}

pub(super) const EN: Words = Words {
    title: "Record of processing: monitoring of public posts",
    made: "Made from the configuration on",
    check: "Regulation (EU) 2016/679 (GDPR), article 30(1). What stands in bold is missing. The controller answers \
         for what is written here; have it read by whoever advises you on the law.",
    missing: "missing",
    controller_title: "a) Controller",
    controller: "Controller",
    contact: "Contact",
    officer: "Data protection officer",
    purposes_title: "b) Purposes and legal grounds",
    topic: "Topic",
    purpose: "Purpose",
    basis: "Ground",
    review: "Review",
    article: "article",
    bases: [
        "consent",
        "contract",
        "legal obligation",
        "vital interests",
        "public task",
        "legitimate interests",
    ],
    balance: "Whoever relies on legitimate interests (article 6(1)(f)) keeps the weighing of interests beside this record, \
         and informs the people concerned (article 14), for instance on the own website.",
    people_title: "c) Categories of people",
    people: "People who post in public and mention one of the topics. Special categories of data (article 9) are not looked \
         for; they can stand in a text.",
    data_title: "c) Categories of personal data",
    data: "Texts of public posts, their time, language, address and source, followers or views, likes and replies; for each \
         text a computed sentiment. No profiles of persons are made, and no decision about a person rests on them (article 22).",
    hashed: "Names of authors are replaced by keyed hashes when a post is received (pseudonymization, article 4(5)).",
    kept: "Column `author` is a keyed hash; names stay in ids and addresses of posts, so that links work.",
    sources: "Sources",
    recipients_title: "d) Recipients",
    inside: "The team that answers, on this installation's own pages",
    full: "alerts with texts and addresses of posts",
    ids: "alerts with numbers and ids, without texts",
    secret: "address kept as a secret",
    storage: "Storage",
    transfers_title: "e) Third countries",
    transfers: "resonanz itself sends nothing to its makers. For each recipient above outside the EU write down the country \
         and the safeguard (articles 45 to 47).",
    limits_title: "f) Time limits for erasure",
    texts: "Texts, addresses, evidence of alerts",
    mentions: "Mentions without text",
    panes: "Counts and alerts",
    letters: "What could not be understood",
    deletes: "What authors delete or edit is erased within",
    erasure: "On request (article 17) an author is erased from all tables and the queue of messages: `resonanz lake \
         erase`; on request (article 15) exported: `resonanz lake export`",
    forever: "no limit",
    days: "days",
    measures_title: "g) Technical and organizational measures (article 32)",
    measures: "- Keyed hashes in the place of names; the key is a file that its owner alone can read.\n- Signed messages to recipients; public \
         addresses only over HTTPS.\n- Erasure with receipts; tombstones keep what was erased away.",
    local: "Pages and API are reached from this machine alone.",
    network: "Pages and API are reached over the network: write down who may, and by what that is enforced.",
    closed: "No pages and no API are served.",
    token: "Changes need a token.",
    no_token: "Changes are taken from this machine alone.",
    group: "Breakdowns by source or language name no group with fewer authors than",
    workers_title: "Employees",
    workers: "Posts of employees are not singled out, and no figure names or ranks staff: figures of answers are those of the \
         team. In Germany a technical device that could watch employees needs the works council's agreement (BetrVG, \
         section 87(1) no. 6) whatever the purpose; give the council this record before the first run.",
};

pub(super) const DE: Words = Words {
    title: "Verzeichnis von Verarbeitungstätigkeiten: Beobachtung öffentlicher Beiträge",
    made: "Erstellt aus der Konfiguration am",
    check: "Verordnung (EU) 2016/679 (DSGVO), Artikel 30 Absatz 1. Fett Gesetztes fehlt noch. Für den Inhalt steht der \
         Verantwortliche ein; lassen Sie ihn von Ihrer Rechtsberatung lesen.",
    missing: "fehlt",
    controller_title: "a) Verantwortlicher",
    controller: "Verantwortlicher",
    contact: "Kontakt",
    officer: "Datenschutzbeauftragte oder Datenschutzbeauftragter",
    purposes_title: "b) Zwecke und Rechtsgrundlagen",
    topic: "Thema",
    purpose: "Zweck",
    basis: "Rechtsgrundlage",
    review: "Überprüfung",
    article: "Artikel",
    bases: [
        "Einwilligung",
        "Vertrag",
        "rechtliche Verpflichtung",
        "lebenswichtige Interessen",
        "Aufgabe im öffentlichen Interesse",
        "berechtigte Interessen",
    ],
    balance: "Wer sich auf berechtigte Interessen stützt (Artikel 6 Absatz 1 Buchstabe f), bewahrt die Abwägung bei diesem \
         Verzeichnis auf und informiert die Betroffenen (Artikel 14), etwa auf der eigenen Website.",
    people_title: "c) Kategorien betroffener Personen",
    people: "Menschen, die öffentlich schreiben und eines der Themen erwähnen. Nach besonderen Kategorien von Daten (Artikel 9) \
         wird nicht gesucht; sie können in einem Text stehen.",
    data_title: "c) Kategorien personenbezogener Daten",
    data: "Texte öffentlicher Beiträge, deren Zeit, Sprache, Adresse und Quelle, Follower oder Aufrufe, Reaktionen; zu jedem Text \
         eine berechnete Stimmung. Es entstehen keine Persönlichkeitsprofile, und keine Entscheidung über einen Menschen beruht \
         darauf (Artikel 22).",
    hashed: "Namen von Verfassern werden beim Empfang durch Hashes unter einem geheimen Schlüssel ersetzt (Pseudonymisierung, \
         Artikel 4 Nummer 5).",
    kept: "Die Spalte `author` ist ein Hash unter einem geheimen Schlüssel; in Kennungen und Adressen von Beiträgen bleiben \
         Namen stehen, damit Links funktionieren.",
    sources: "Quellen",
    recipients_title: "d) Empfänger",
    inside: "Das Team, das antwortet, auf den eigenen Seiten dieser Installation",
    full: "Alarme mit Texten und Adressen von Beiträgen",
    ids: "Alarme mit Zahlen und Kennungen, ohne Texte",
    secret: "Adresse als Geheimnis verwahrt",
    storage: "Speicherort",
    transfers_title: "e) Drittländer",
    transfers: "resonanz selbst sendet nichts an seine Hersteller. Tragen Sie für jeden Empfänger außerhalb der EU das Land und \
         die Garantie ein (Artikel 45 bis 47).",
    limits_title: "f) Fristen für die Löschung",
    texts: "Texte, Adressen, Belege von Alarmen",
    mentions: "Erwähnungen ohne Text",
    panes: "Zahlen und Alarme",
    letters: "Unverständliches",
    deletes: "Was Verfasser löschen oder ändern, wird gelöscht binnen",
    erasure: "Auf Verlangen (Artikel 17) wird eine Person aus allen Tabellen und aus der Warteschlange der Meldungen gelöscht: \
         `resonanz lake erase`; auf Verlangen (Artikel 15) wird Auskunft erteilt: `resonanz lake export`",
    forever: "ohne Frist",
    days: "Tage",
    measures_title: "g) Technische und organisatorische Maßnahmen (Artikel 32)",
    measures: "- Hashes unter einem geheimen Schlüssel statt Namen; den Schlüssel kann nur sein Besitzer lesen.\n- Signierte \
         Meldungen an Empfänger; öffentliche Adressen nur über HTTPS.\n- Löschung mit Nachweis; Gelöschtes kommt nicht wieder.",
    local: "Seiten und Schnittstelle sind nur von dieser Maschine aus erreichbar.",
    network: "Seiten und Schnittstelle sind über das Netz erreichbar: Tragen Sie ein, wer darf und wodurch das gesichert ist.",
    closed: "Es gibt weder Seiten noch eine Schnittstelle.",
    token: "Änderungen brauchen ein Token.",
    no_token: "Änderungen sind nur von dieser Maschine aus möglich.",
    group: "Aufstellungen nach Quelle oder Sprache nennen keine Gruppe mit weniger Verfassern als",
    workers_title: "Beschäftigte",
    workers: "Beiträge von Beschäftigten werden nicht herausgesucht, und keine Zahl nennt Beschäftigte oder bringt sie in eine \
         Rangfolge: Zahlen zu Antworten sind solche des Teams. Eine technische Einrichtung, die Beschäftigte überwachen könnte, \
         braucht unabhängig vom Zweck die Zustimmung des Betriebsrats (BetrVG § 87 Absatz 1 Nummer 6); geben Sie ihm dieses \
         Verzeichnis vor dem ersten Lauf.",
};
