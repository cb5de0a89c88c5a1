//! Is what is personal taken out of texts, and nothing else? Lines as people write them, in German and
//! English, with what must be left of each.

use proptest::prelude::*;
use resonanz_core::post::Span;
use resonanz_core::privacy::{Personal, Piece, Redactor};

/// What must be found, and what is left.
const PERSONAL: &str = "
Schreib mir an max.mustermann@gmx.de, danke => Schreib mir an •@•, danke
mail: Max@Müller-Söhne.de! => mail: •@•!
erreichbar unter max(at)web(punkt)de => erreichbar unter •@•
write to jane [at] example [dot] co.uk please => write to •@• please
jane &#64; example.org => •@•
Fragen? info+spam@sub.example.co.uk. => Fragen? •@•.
Ruf mich an: 0170/1234567 => Ruf mich an: •☎•
Tel. 0170 1234567 => Tel. •☎•
Tel.0170-1234567 => Tel.•☎•
Mobil: 0151 23456789 => Mobil: •☎•
Meine Nummer ist 01701234567 => Meine Nummer ist •☎•
+49 170 1234567 meldet euch => •☎• meldet euch
+49 (0) 30 123456-78 => •☎•
0049 30 1234567 => •☎•
(030) 123 456 78 => •☎•
030 123456 => •☎•
Tel: 089/1234-0 => Tel: •☎•
06221 123456 => •☎•
+43 660 123 45 67 => •☎•
0660 1234567 => •☎•
+41 44 668 18 00 => •☎•
079 123 45 67 => •☎•
+33 1 23 45 67 89 => •☎•
call me (555) 123-4567 => call me •☎•
call 555-123-4567 now => call •☎• now
+1 555 123 4567 => •☎•
+1 (555) 123-4567 => •☎•
1-555-123-4567 => •☎•
UK: 07700 900123 or 020 7946 0958 => UK: •☎• or •☎•
phone 07700900123 => phone •☎•
+44 20 7946 0958 => •☎•
WhatsApp 0301234567 => WhatsApp •☎•
(+49) 170 1234567 => •☎•
ruft (030 123456) an => ruft (•☎•) an
am 08.03.26 0170/1234567 => am 08.03.26 •☎•
030 123456 / 040 987654 => •☎• / •☎•
Handy:0176 123 456 78 => Handy:•☎•
IBAN DE89 3704 0044 0532 0130 00 => IBAN •€•
de89370400440532013000 => •€•
Konto AT61 1904 3002 3457 3201 bitte => Konto •€• bitte
CH93 0076 2011 6238 5295 7 => •€•
GB29 NWBK 6016 1331 9268 19 => •€•
NL91ABNA0417164300 => •€•
Karte 4111 1111 1111 1111 => Karte •#•
5555555555554444 => •#•
3782 822463 10005 => •#•
4111-1111-1111-1111 gültig 12/27 => •#• gültig 12/27
@maxmuster das stimmt => @• das stimmt
Danke, @max_muster! und (@Eva.K) => Danke, @•! und (@•)
@max@social.example ist weg => @• ist weg
RT @abc: hallo => RT @•: hallo
https://x.com/maxmuster/status/1234567890 => https://x.com/•/status/1234567890
siehe instagram.com/max.muster und t.me/maxm => siehe instagram.com/• und t.me/•
https://mastodon.social/@max/112233445566778899 => https://mastodon.social/@•/112233445566778899
Meine Nr: 0151-23456789, ruft an! => Meine Nr: •☎•, ruft an!
Fon 0711 / 123 45 67 => Fon •☎•
0049(0)30/1234567 => •☎•
0170 1234567, 0171 7654321 => •☎•, •☎•
tel:+491701234567 => tel:•☎•
E-Mail an: info@acme.de oder service@acme.de => E-Mail an: •@• oder •@•
Grüße an @Jörg_Müller! => Grüße an @•!
https://www.reddit.com/user/max_m/comments/1 => https://www.reddit.com/user/•/comments/1
";

/// Prices, dates, numbers of things, hours, hotlines: what nobody's privacy needs.
const HARMLESS: &str = "
Das kostet 1.299,00 € statt 12 345 678 €
Preis: 0,99 € oder 19.99
am 01.02.2026 um 12:30 Uhr
am 2026-03-01 12:00:00
vom 01.02.2026-03.02.2026
01.02.2026 12.30 Uhr
Bestellnummer 0301234567
Bestellung 302-1234567-1234567
Order 123-4567890-1234567 never arrived
Rechnung 2026-001234
Kundennummer 01701234567
Ticket #01701234567
ISBN 978-3-16-148410-0
ISBN 0-306-40615-2
EAN 4006381333931
Sendungsnummer 00340434161094000000
DHL 0034 0434 1610 9400 0000
Lotto: 03 12 17 25 33 41
Eurojackpot 03 12 17 25 33
geöffnet 0800 - 1600
0730-1600 Uhr
Hotline 0800 3301000 ist tot
0180 5 123456
call 1-800-555-1234
1.000.000 Views, 12.345.678 Follower
+1.000.000 neue Nutzer
+12 345 678 new users
3,141592653589
0.123456789
192.168.100.200
10.000 Leute in 2025/2026
Windows 10.0.19045.3803
§ 305 BGB, Az. 12 O 345/26
Az. 05 123 456/26
https://example.com/video/1234567890123456
https://shop.de/p/4111111111111111
www.bahn.de/0170/1234567
youtube.com/watch?v=01701234567
A320-200 und B737-800
1234567890
100000000
4000000000000000
Artikel 4111111111111112
PLZ 01067 Dresden
10115 Berlin, 20095 Hamburg
2024 2025 2026 2027
1 2 3 4 5 6 7 8 9
12:00:00 bis 13:00:00
5G 3500 MHz 700 MHz
um 8 @ 5 pm, @ 100 %
@100
price@home
a@b
user@host
DE00 3704 0044 0532 0130 00
DE12 Mark 3000 0000
Mac 00:1B:44:11:3A:B7
UUID 123e4567-e89b-12d3-a456-426614174000
GPS 52.520008, 13.404954
0 170 Tage
https://x.com/search?q=acme
https://x.com/i/status/123456789
https://github.com
https://www.linkedin.com/company/acme
https://news.example/in/berlin/2026
Die 007 12345678 Leute
17.03.2026-18.03.2026
2-3 Wochen, 10-12 Tage
9 von 10, 30/40, 24/7
am 24.12.2025-06.01.2026, 09.03.2026 10:15-11:45
Zug ICE 0123 um 08:15, RE 4567
Nr. 01701234567
Kto 532013000 BLZ 37040044, HRB 12345 B, USt-IdNr. DE123456789
10 000 000 000 Dollar, 4.111.111.111 Euro
0180-5-123456, 116 117, 0800/330 1000
05.06. 07.08. 09.10.
Ausgabe 05-06 / 2013, am 07.05 . 2013, 06.04 . 2013
BBL 06 (203 615-0) fuhr als Lz
Strnr.0123 456 78901
user@localhost
Flug LH 0400 FRA-JFK 26-03-01
";

fn redactor() -> Redactor {
    Redactor::new(Personal::ALL.map(|(_, kind)| kind), ["@AcmeDE"])
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty())
}

#[test]
fn what_is_personal_is_taken_out_and_nothing_else() {
    let redactor = redactor();
    let mut wrong = Vec::new();
    for (text, left) in lines(PERSONAL).filter_map(|line| line.split_once(" => ")) {
        let found = redactor.redacted(text).unwrap_or_else(|| text.to_owned());
        if found != left {
            wrong.push(format!("{text}: {found}, not {left}"));
        }
        assert_eq!(redactor.redacted(&found), None, "twice is as good as once");
    }
    for text in lines(HARMLESS) {
        wrong.extend(redactor.redacted(text).map(|found| format!("{text}: {found}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Real posts hold numbers of every kind; each that is taken out here was read by a person.
#[test]
#[allow(clippy::disallowed_methods, reason = "the archive is a file")]
fn real_posts_lose_no_more_than_what_is_personal() {
    let archive = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/archive.jsonl.zst");
    let packed = std::fs::read(archive).expect("the archive");
    let lines = zstd::decode_all(packed.as_slice()).expect("zstd");
    let kinds = [Personal::Email, Personal::Phone, Personal::Iban, Personal::Card];
    let redactor = Redactor::new(kinds, []);
    let mut found = Vec::new();
    for line in String::from_utf8(lines).expect("UTF-8").lines() {
        let post: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let text = post["text"].as_str().expect("a text");
        let piece = |piece: &Piece| text.get(piece.start..piece.end).unwrap_or_default().to_owned();
        found.extend(redactor.pieces(text).iter().map(piece));
    }
    found.sort();
    let known =
        ["(212) 566-8082", "423 521 0367", "916-923-5646", "customerservice@apexdigital.com"];
    assert_eq!(found, known);
}

#[test]
fn only_what_is_asked_for_is_taken_out_and_own_accounts_stay() {
    let text = "@AcmeDE @acmede@social.de @max: max@gmx.de, 0170 1234567, DE89370400440532013000";
    let rows = [
        (vec![], None),
        (vec![Personal::Email], Some(text.replace("max@gmx.de", "•@•"))),
        (vec![Personal::Phone], Some(text.replace("0170 1234567", "•☎•"))),
        (vec![Personal::Handle], Some(text.replace("@max:", "@•:"))),
        (vec![Personal::Iban], Some(text.replace("DE89370400440532013000", "•€•"))),
        (vec![Personal::Card], None),
    ];
    for (kinds, left) in rows {
        let redactor = Redactor::new(kinds.iter().copied(), ["acmede"]);
        assert_eq!(redactor.redacted(text), left, "{kinds:?}");
    }
}

#[test]
fn what_was_listened_for_stays_and_spans_move_along() {
    let redactor = redactor();
    let text = "max@gmx.de an @bahn_info und @eva: Bahn kaputt, 030 123456";
    let span = |part: &str| {
        let start = text.find(part).expect("a part");
        let place = |at: usize| u32::try_from(at).expect("short");
        Span { start: place(start), end: place(start + part.len()) }
    };
    let mut spans = [span("gmx"), span("bahn"), span("Bahn"), span("030 123456")];
    let left = redactor.redacted_around(text, &mut spans).expect("something is taken out");
    assert_eq!(left, "•@• an @bahn_info und @•: Bahn kaputt, 030 123456");
    let parts =
        spans.map(|span| left.get(span.start as usize..span.end as usize).unwrap_or_default());
    assert_eq!(parts, ["•@•", "bahn", "Bahn", "030 123456"]);
}

proptest! {
    #[test]
    fn any_text_is_cut_between_characters_and_only_once(
        parts in prop::collection::vec(
            prop_oneof![
                prop::sample::select(vec!["@", "max", ".de", "+49", "0170", " ", "-", "/", "(", ")", "DE89",
                    "4111", "1111", "https://x.com/", "(at)", "&#64;", "ä", "＠", "•", "12345678", "\u{a0}"])
                    .prop_map(str::to_owned),
                any::<String>(),
            ],
            0..24,
        ),
        start in 0usize..40,
        length in 0usize..20,
    ) {
        let (redactor, text) = (redactor(), parts.concat());
        let edge = |at: usize| text.floor_char_boundary(at.min(text.len()));
        let place = |at: usize| u32::try_from(at).unwrap_or(0);
        let mut spans = [Span { start: place(edge(start)), end: place(edge(start + length)) }];
        if let Some(left) = redactor.redacted_around(&text, &mut spans) {
            prop_assert!(left.get(spans[0].start as usize..spans[0].end as usize).is_some(), "{left:?} {spans:?}");
        }
        if let Some(left) = redactor.redacted(&text) {
            for piece in redactor.pieces(&left) {
                prop_assert!(piece.end <= left.len());
            }
        }
    }
}
