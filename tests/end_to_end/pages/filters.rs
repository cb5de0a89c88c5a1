//! What does a reader see who asks for what there is not?

use super::page;
use crate::sql_http::Served;

/// What no list and no page knows, and what it is answered with in English and in German.
const UNKNOWN: [(&str, u16, &str, &str); 12] = [
    (
        "/mentions?polarity=foo",
        400,
        "negative, neutral or positive",
        "Das Urteil \"foo\" gibt es nicht",
    ),
    (
        "/?from=2026-03-04&to=2026-03-02",
        400,
        "2026-03-02 is not after 2026-03-04",
        "2026-03-02 liegt nicht nach 2026-03-04",
    ),
    ("/mentions?order=foo", 400, "latest, oldest, worst", "Die Reihenfolge \"foo\" gibt es nicht"),
    ("/mentions?topic=nope", 404, "\"apex\"", "Das Thema \"nope\" ist unbekannt"),
    ("/mentions?topic=apx", 404, "did you mean \"apex\"?", "Meinten Sie \"apex\"?"),
    ("/mentions?source=nope", 404, "known are", "Die Quelle \"nope\" ist unbekannt"),
    ("/mentions?lang_of_post=deutsch", 400, "ISO 639", "Die Sprache \"deutsch\" gibt es nicht"),
    ("/mentions?after=x", 400, "cannot be read", "Beginnen Sie die Liste von vorn"),
    (
        "/inbox?state=foo",
        400,
        "open, assigned, answered or ignored",
        "Den Zustand \"foo\" gibt es nicht",
    ),
    ("/inbox?topic=nope", 404, "known are", "Das Thema \"nope\" ist unbekannt"),
    ("/inbox?order=foo", 400, "priority or due", "Die Reihenfolge \"foo\" gibt es nicht"),
    ("/review?topic=nope", 404, "known are", "Das Thema \"nope\" ist unbekannt"),
];

#[test]
fn filters_that_nothing_can_fit_are_refused_in_the_readers_language() {
    let served = Served::new(&[]);
    let plain = |html: String| html.replace("&quot;", "\"").replace("&#x27;", "'");
    for (path, status, english, german) in UNKNOWN {
        let (found, _, html) = page(&served, path, "");
        assert_eq!(found, status, "{path}: {html}");
        assert!(plain(html).contains(english), "{path}");
        let (found, _, html) = page(&served, path, "accept-language: de\r\n");
        assert_eq!(found, status, "{path}");
        let html = plain(html);
        assert!(html.contains(german) && !html.contains(" lang=\"en\">"), "{path}: {html}");
    }
    for (path, status, holds) in [
        ("mentions?polarity=foo", 400, "write negative, neutral or positive"),
        ("mentions?polarity=negative,foo", 400, "write negative, neutral or positive"),
        ("mentions?kind=foo", 400, "write original, reply"),
        ("mentions?limit=x", 400, "limit: it is not a whole number"),
        ("mentions?lang=deutsch", 400, "ISO 639"),
        ("mentions?author=foo", 400, "32 digits"),
        ("mentions?intent=foo", 400, "write churn, complaint"),
        ("mentions?topic=apex,nope", 404, "known are"),
        ("mentions?source=nope", 404, "known are"),
        ("inbox?state=open,foo", 400, "write open, assigned"),
        ("inbox?topic=nope", 404, "known are"),
        ("alerts?state=foo", 400, "write firing or resolved"),
        ("alerts?topic=nope", 404, "known are"),
        ("voices?group=nope", 404, "is unknown"),
        ("trends?topic=ape*", 404, "is unknown"),
    ] {
        let (found, _, body) = served.ask(&format!("GET /api/v1/{path}"), "", "");
        let body = String::from_utf8(body.expect("whole")).expect("UTF-8");
        assert!(found == status && body.contains(holds), "{path}: {found} {body}");
    }
    // A query that cannot be read says so in German, with its place.
    let (_, _, html) = page(&served, "/topics?q=acme+AND", "accept-language: de\r\n");
    assert!(html.contains("Der Suchausdruck endet, wo ein Begriff erwartet wird"), "{html}");
    let (_, _, html) = page(&served, "/sql?q=SELECT+foo+FROM+mentions", "accept-language: de\r\n");
    assert!(html.contains("Keine Spalte heißt foo"), "{html}");
}
