//! Do queries say what the manual says? Parsing, printing, errors, and single texts.

use resonanz_core::mention::{Context, Matcher, MentionScratch, Topic, Umlauts, parse, read};
use resonanz_core::post::{AuthorKey, Kind, Lang, TopicId};

#[test]
fn queries_have_one_canonical_text() {
    let rows = [
        ("Acme", "acme"),
        ("a b OR c", "a AND b OR c"),
        ("a AND NOT b OR c", "a AND NOT b OR c"),
        ("a -b", "a AND NOT b"),
        ("a (b OR \"c  D\") lang:de", "a AND (b OR \"c d\") AND lang:de"),
        ("a (b (c d))", "a AND b AND c AND d"),
        ("Größe* or", "größe* AND or"),
        ("https://acme.example/x", "https://acme.example/x"),
        ("\"a b\"~3", "\"a b\"~3"),
        ("a b NEAR/5 c", "a AND b NEAR/5 c"),
        ("a ONEAR/5 (b OR \"c d\")", "a NEAR/5f (b OR \"c d\")"),
        ("a NEAR/5 b NEAR/3f c", "a NEAR/5 b NEAR/3f c"),
        ("a NOT (b NEAR/5 c)", "a AND NOT (b NEAR/5 c)"),
        ("raw:\"AT&T\" raw:ACME*", "raw:AT&T AND raw:\"ACME*\""),
        ("compound:inflect:Bahn", "inflect:compound:bahn"),
        ("\"lang:de\" \"-x\" \"raw:y\"", "\"lang:de\" AND \"-x\" AND \"raw:y\""),
        ("a source:\"my blog\" author:@Me", "a AND source:\"my blog\" AND author:Me"),
        ("a followers:>1000 engagement:5..9", "a AND followers:>=1001 AND engagement:5..9"),
        ("a in-reply-to:x thread:y site:B.de", "a AND in-reply-to:x AND thread:y AND site:b.de"),
        ("*a?b*c**", "*a?b*c**"),
        ("near onear and not", "near AND onear AND and AND not"),
    ];
    for (query, want) in rows {
        let expr = parse(query).expect(query);
        assert_eq!(expr.to_string(), want, "{query}");
        assert_eq!(parse(want), Ok(expr), "{query}");
    }
}

#[test]
fn errors_name_the_place() {
    let deep = format!("{}a", "(".repeat(100));
    let long = "a ".repeat(40_000);
    let rows = [
        ("", 0),
        ("a AND", 5),
        ("a OR NOT", 8),
        ("OR", 2),
        ("AND a", 0),
        ("(a", 0),
        ("a )", 2),
        ("a \"b", 2),
        ("NOT a", 0),
        ("a OR lang:de", 5),
        ("a OR (b NOT c) OR -d e:f OR NOT g", 28),
        ("a kind:tweet", 2),
        ("a lang:", 2),
        ("a \"\"", 2),
        ("a *", 2),
        ("a \"b * c\"", 2),
        ("a ??", 2),
        ("\"a b\"~x", 6),
        ("\"a b\"~101", 6),
        ("a ~3", 2),
        ("a NEAR", 2),
        ("a && ", 5),
        ("&& a", 0),
        ("a “b", 2),
        ("a b”", 3),
        ("a from:b", 2),
        ("a language:de", 2),
        ("(a OR NOT b)~5", 0),
        ("a NEAR/ b", 2),
        ("a NEAR/5x b", 2),
        ("NEAR/5 a", 0),
        ("a NEAR/5", 8),
        ("a NEAR/5 NOT b", 9),
        ("a NEAR/5 (b AND c)", 9),
        ("a NEAR/5 (b OR (c NEAR/2 d))", 9),
        ("a NEAR/5 \"b c\"~2", 9),
        ("a raw:", 2),
        ("raw:inflect:a", 0),
        ("inflect:a*", 0),
        ("inflect:lang:de", 0),
        ("a followers:many", 2),
        ("a site:x/y", 2),
        ("a author:@", 2),
        (&deep, 64),
        (&long, 65_536),
    ];
    for (query, at) in rows {
        let short: String = query.chars().take(40).collect();
        assert_eq!(parse(query).map_err(|error| error.at), Err(at), "{short}");
    }
}

#[test]
fn signs_of_other_tools_are_read_and_remarked_on() {
    let rows: [(&str, &str, &[usize]); 49] = [
        ("“big bank”", "\"big bank\"", &[]),
        ("„big bank“ «b c» »d e«", "\"big bank\" AND \"b c\" AND \"d e\"", &[]),
        ("‘big bank’ ‹b c›", "\"big bank\" AND \"b c\"", &[]),
        ("a NOT “b c”~2", "a AND NOT \"b c\"~2", &[]),
        ("source:„my blog“ a", "source:\"my blog\" AND a", &[]),
        ("a –b —c −d", "a AND NOT b AND NOT c AND NOT d", &[]),
        ("（a OR b） -(c)", "(a OR b) AND NOT c", &[]),
        ("'big bank'", "\"big bank\"", &[0]),
        ("'tis o'clock", "\"'tis\" AND o'clock", &[]),
        ("‘tis", "\"'tis\"", &[0]),
        ("a | b || c|d", "a OR b OR c OR d", &[2, 6, 10]),
        ("a & b && c&&d", "a AND b AND c AND d", &[2, 6, 10]),
        ("AT&T -B&B", "at&t AND NOT b&b", &[]),
        ("+a +\"b\" +49", "a AND b AND +49", &[0, 3]),
        ("a !b ANDNOT c", "a AND NOT b AND NOT c", &[2]),
        ("a NEAR b", "a NEAR/5 b", &[2]),
        ("a NEAR8 b near/3 c", "a NEAR/8 b NEAR/3 c", &[2, 10]),
        ("a W/4 b PRE/4 c", "a NEAR/4 b NEAR/4f c", &[2, 8]),
        ("a /4 b ~3 c", "a NEAR/4 b NEAR/3 c", &[2, 7]),
        ("a AROUND(3) b", "a NEAR/3 b", &[2]),
        ("near5 w/4", "near5 AND w/4", &[]),
        ("(a b)~4", "a NEAR/4 b", &[5]),
        ("(a (b OR c))~4", "a NEAR/4 (b OR c)", &[12]),
        ("a, b;c", "a AND b AND c", &[1, 4]),
        ("1,5 a", "1,5 AND a", &[]),
        ("[a OR b] {c}", "(a OR b) AND c", &[0, 9]),
        ("a OR", "a", &[2]),
        ("OR a OR OR b", "a OR b", &[0, 8]),
        ("(a OR) b", "a AND b", &[3]),
        ("a. b: U.S.", "a AND b AND u.s.", &[1, 4]),
        ("title:a text:(b OR c)", "a AND (b OR c)", &[0, 8]),
        ("mass:effect", "\"mass:effect\"", &[0]),
        ("12:30 https://a.example", "12:30 AND https://a.example", &[]),
        ("a or b near c", "a AND or AND b AND near AND c", &[2, 7]),
        ("a UND b ODER c", "a AND und AND b AND oder AND c", &[2, 8]),
        ("or a", "or AND a", &[]),
        ("a \"or\" b", "a AND or AND b", &[]),
        ("a nicht b NICHT c", "a AND nicht AND b AND nicht AND c", &[2, 10]),
        ("a - b", "a AND \"-\" AND b", &[2]),
        ("\"!!\" a", "\"!!\" AND a", &[0]),
        ("support~ a~2", "support AND a", &[7, 10]),
        ("a^2 \"b c\"^1.5 d", "a AND \"b c\" AND d", &[1, 9]),
        ("toys\"R\"us", "toys AND r AND us", &[4, 7]),
        ("a AND-b OR#c", "a AND NOT b OR #c", &[2, 8]),
        ("a NOT-b NOT -c --d", "a AND NOT b AND NOT c AND NOT d", &[2, 12, 16]),
        ("a lang:xx lang:fra Lang:deu", "a AND lang:xx AND lang:fr AND lang:de", &[2, 10]),
        ("acme@ C# yahoo!", "\"acme@\" AND c# AND \"yahoo!\"", &[4, 14]),
        ("a WITHIN b min_faves:5", "a AND within AND b AND \"min_faves:5\"", &[2, 11]),
        ("a SAME b XOR c", "a AND same AND b AND xor AND c", &[2, 9]),
    ];
    for (query, want, places) in rows {
        let reading = read(query).expect(query);
        let at: Vec<usize> = reading.remarks.iter().map(|remark| remark.at).collect();
        assert_eq!((reading.expr.to_string().as_str(), at.as_slice()), (want, places), "{query}");
        assert_eq!(parse(&reading.expr.to_string()), Ok(reading.expr), "{query}");
    }
}

/// The key that the tests give to a handle.
fn author(handle: &str) -> Vec<AuthorKey> {
    let first = handle.bytes().next().unwrap_or(0);
    vec![AuthorKey([first; 16])]
}

/// The spans of a topic in a text, written as the text between `[` and `]`; "-" without a match.
fn found(topic: Topic, text: &str, context: Context<'_>) -> String {
    let matcher = Matcher::compile(&[topic], &author).expect("the query is correct");
    let (mut mentions, mut spans) = (Vec::new(), Vec::new());
    let mut scratch = MentionScratch::default();
    matcher.find(text, context, &mut scratch, &mut mentions, &mut spans);
    let explained = matcher.explain(text, context, TopicId(0)).expect("the topic exists");
    assert_eq!(explained.held, !mentions.is_empty(), "{text}");
    spans.truncate(mentions.first().map_or(0, |mention| mention.spans_end as usize));
    assert_eq!(explained.spans, spans, "{text}");
    assert_eq!(matcher.finds_any(text, context, &mut scratch), explained.held, "{text}");
    if mentions.is_empty() {
        return "-".to_owned();
    }
    let mut shown = String::new();
    let mut at = 0;
    for span in spans {
        let (start, end) = (span.start as usize, span.end as usize);
        let part = |start, end| text.get(start..end).expect("spans lie on char boundaries");
        shown.push_str(&format!("{}[{}]", part(at, start), part(start, end)));
        at = end;
    }
    shown + text.get(at..).unwrap_or_default()
}

fn topic(query: &str) -> Topic {
    Topic { query: query.to_owned(), ..Topic::default() }
}

#[test]
fn terms_stand_where_readers_see_them() {
    let rows = [
        (
            "acme",
            "Acme's ACME-shop: #acme @acme acmeX",
            "[Acme]'s [ACME]-shop: #[acme] @[acme] acmeX",
        ),
        ("support*", "Supporting supports", "[Supporting] [supports]"),
        ("*bahn", "Autobahn, bahn, bahnen", "[Autobahn], [bahn], bahnen"),
        ("m?ller", "Müller Miller Mueller mller", "[Müller] [Miller] Mueller mller"),
        ("m??ller", "Müller Mueller", "[Müller] [Mueller]"),
        ("*a*", "banana xyz", "[banana] xyz"),
        ("\"new* bahn\"", "newer bahn; new bahn", "[newer bahn]; [new bahn]"),
        ("raw:ACME", "Acme ACME acme", "Acme [ACME] acme"),
        ("raw:\"AT&T\"", "at&t AT&T AT&TX", "at&t [AT&T] AT&TX"),
        ("mueller", "Müller MUELLER Mu\u{308}ller", "[Müller] [MUELLER] [Mu\u{308}ller]"),
        ("acme", "ac\u{200B}me ａｃｍｅ", "[ac\u{200B}me] [ａｃｍｅ]"),
        ("👍", "👍🏽 👍", "[👍🏽] [👍]"),
        ("👍🏽", "👍🏽 👍 👍🏿", "[👍🏽] 👍 👍🏿"),
        ("👨", "👨‍👩‍👧 👨", "👨‍👩‍👧 [👨]"),
        ("👨‍👩‍👧", "x👨‍👩‍👧y 👨", "x[👨‍👩‍👧]y 👨"),
        ("🇪🇫", "🇩🇪🇫🇷", "-"),
        ("🇫🇷", "🇩🇪🇫🇷", "🇩🇪[🇫🇷]"),
        ("❤", "❤\u{FE0F}!", "[❤\u{FE0F}]!"),
        ("東京", "私は東京に", "私は[東京]に"),
        (
            "compound:bahn",
            "Bahnchaos an der S-Bahn, Autobahnen",
            "[Bahnchaos] an der S-[Bahn], [Autobahnen]",
        ),
        ("inflect:kunde", "Kunden, Kunde, Kundin", "[Kunden], [Kunde], Kundin"),
        ("inflect:haus", "Häuser HAEUSERN Hauses Hausen", "[Häuser] [HAEUSERN] [Hauses] [Hausen]"),
        ("inflect:\"deutsche Bahn\"", "der deutschen Bahnen", "der [deutschen Bahnen]"),
        ("inflect:compound:kunde", "Großkunden Kundendienst", "[Großkunden] [Kundendienst]"),
        ("\"a b\"~1", "a x b; a x y b", "[a] x [b]; a x y b"),
        ("\"b a\"~9", "a b", "-"),
        ("a NEAR/1 b", "b x a . . a b", "[b] x [a] . . [a] [b]"),
        ("a NEAR/0f b", "b a, b", "b [a], [b]"),
        ("a NEAR/3 a", "a x", "-"),
        ("(a OR c) NEAR/1 b NEAR/1 d", "c b x d", "[c] [b] x [d]"),
        ("acme NEAR/0 service", "acme's service", "[acme]'s [service]"),
        ("(a b) OR c", "a c", "a [c]"),
        ("z NOT (x NOT y)", "z x y", "[z] x [y]"),
    ];
    for (query, text, want) in rows {
        assert_eq!(found(topic(query), text, Context::default()), want, "{query}");
    }
}

#[test]
fn brands_are_found_however_they_are_set() {
    let rows = [
        ("globex", "Globex™ Globex® Globex© GlobexSM", "[Globex™] [Globex]® [Globex]© GlobexSM"),
        ("globex", "Globex℠, Globex³ and Globexª.", "[Globex℠], [Globex]³ and [Globex]ª."),
        ("globextm", "Globex™", "-"),
        ("\"globex one\"", "Globex™ One, Globex® One", "[Globex™ One], [Globex® One]"),
        ("globex*", "Globex™, Globexes²", "[Globex™], [Globexes²]"),
        ("raw:Globex", "Globex™ globex", "[Globex™] globex"),
        ("raw:\"B&Q\"", "B&amp;Q b&amp;q", "[B&amp;Q] b&amp;q"),
        ("co2", "CO₂ und CO2, CO₂-frei", "[CO₂] und [CO2], [CO₂]-frei"),
        ("globex", "③globex ㏄globex №globex", "③[globex] ㏄[globex] №[globex]"),
        ("B&Q", "B&amp;Q, B&#38;Q, B&amp;amp;Q, B&Q", "[B&amp;Q], [B&#38;Q], [B&amp;amp;Q], [B&Q]"),
        ("amp", "B&amp;Q &quot;amp&quot;", "B&amp;Q &quot;[amp]&quot;"),
        (
            "Wendy's",
            "Wendy&#39;s Wendy´s Wendy`s Wendy′s",
            "[Wendy&#39;s] [Wendy´s] [Wendy`s] [Wendy′s]",
        ),
        ("wendy", "Wendyʼs Wendy＇s Wendy‛s", "[Wendy]ʼs [Wendy]＇s [Wendy]‛s"),
        (
            "U-Bahn",
            "U‐Bahn U‑Bahn U‒Bahn U–Bahn U−Bahn",
            "[U‐Bahn] [U‑Bahn] [U‒Bahn] [U–Bahn] [U−Bahn]",
        ),
        ("U–Bahn", "U-Bahn", "[U-Bahn]"),
        ("izmir", "İzmir İZMİR IZMIR ızmır", "[İzmir] [İZMİR] [IZMIR] [ızmır]"),
        ("_globex_", "_Globex_ x_globex_y", "[_Globex_] x_globex_y"),
        (
            "globex",
            "_Globex_ __globex__ *globex* globex_x x_globex",
            "_[Globex]_ __[globex]__ *[globex]* globex_x x_globex",
        ),
        ("@globex", "@globex_help @globex_ @globex", "@globex_help [@globex]_ [@globex]"),
        ("globex_*", "globex_help globex_", "[globex_help] globex_"),
        ("현대", "현대가 현대자동차 신현대", "[현대]가 [현대]자동차 신현대"),
        ("한", "\u{1112}\u{1161}\u{11AB}국", "[\u{1112}\u{1161}\u{11AB}]국"),
        ("LG", "LG는 LGX", "[LG]는 LGX"),
        ("ガス", "ｶﾞｽ", "[ｶﾞｽ]"),
    ];
    for (query, text, want) in rows {
        assert_eq!(found(topic(query), text, Context::default()), want, "{query}");
    }
}

#[test]
fn addresses_hold_no_words() {
    let rows = [
        ("globex", "https://globex.example/x www.globex.example shop.globex.example", "-"),
        (
            "globex",
            "globex https://x.example/globex globex",
            "[globex] https://x.example/globex [globex]",
        ),
        ("globex", "Globex:https://x.example/globex", "[Globex]:https://x.example/globex"),
        (
            "globex",
            "Globex.com is slow, globex.com/help too",
            "[Globex].com is slow, globex.com/help too",
        ),
        ("globex.com", "Globex.com is slow", "[Globex.com] is slow"),
        (
            "@globex",
            "jo@globex.example @globex.bsky.social",
            "jo@globex.example [@globex].bsky.social",
        ),
        ("#globex", "https://x.example/y#globex #globex", "https://x.example/y#globex [#globex]"),
        ("raw:X9", "https://t.example/X9-a X9", "https://t.example/X9-a [X9]"),
        (".NET", "www.dotnet.net .NET", "www.dotnet.net [.NET]"),
        ("globex NOT spam", "globex https://x.example/spam", "[globex] https://x.example/spam"),
        ("https://x.example/y", "see https://x.example/y", "see [https://x.example/y]"),
        ("shop.globex.example", "at shop.globex.example!", "at [shop.globex.example]!"),
        ("jo@globex.example", "mail jo@globex.example", "mail [jo@globex.example]"),
        ("*.globex.example", "at shop.globex.example", "at [shop.globex.example]"),
    ];
    for (query, text, want) in rows {
        assert_eq!(found(topic(query), text, Context::default()), want, "{query}");
    }
    let links = Topic { links: true, ..topic("globex") };
    let want = "https://[globex].example/x";
    assert_eq!(found(links, "https://globex.example/x", Context::default()), want);
}

#[test]
fn defaults_change_what_terms_mean() {
    let base = topic("\"deutsche bahn\" OR (größe xl)");
    let tags = Topic { hashtags: true, ..base.clone() };
    let apart = Topic { umlauts: Umlauts::Apart, ..base.clone() };
    let both = Topic { inflect: true, compounds: true, ..topic("kunde") };
    let rows = [
        (&base, "#DeutscheBahn", "-"),
        (&tags, "#DeutscheBahn", "[#DeutscheBahn]"),
        (&tags, "#groessexl", "[#groessexl]"),
        (&base, "XL Groesse", "[XL] [Groesse]"),
        (&apart, "XL Groesse", "-"),
        (&apart, "XL Gro\u{308}ße", "[XL] [Gro\u{308}ße]"),
        (&apart, "XL Grösse", "-"),
        (&both, "Stammkunden", "[Stammkunden]"),
    ];
    for (topic, text, want) in rows {
        assert_eq!(found(topic.clone(), text, Context::default()), want, "{text}");
    }
}

#[test]
fn fields_are_asked_of_the_post() {
    let context = Context {
        lang: Lang::DE,
        source: "my blog",
        kind: Kind::Reply,
        author: AuthorKey([b'n'; 16]),
        url: Some("https://www.example.org/a/b"),
        parent: Some("p1"),
        thread: Some("t1"),
        reach: Some(1500),
        engagement: None,
    };
    let rows = [
        ("lang:de", true),
        ("lang:en", false),
        ("source:\"my blog\"", true),
        ("kind:reply", true),
        ("author:@nasa", true),
        ("author:esa", false),
        ("site:example.org", true),
        ("url:/A/", true),
        ("in-reply-to:p1", true),
        ("thread:t2", false),
        ("followers:>1000", true),
        ("engagement:>=0", false),
    ];
    for (field, want) in rows {
        let query = format!("acme {field}");
        assert_eq!(found(topic(&query), "acme", context) != "-", want, "{field}");
    }
}

#[test]
fn the_first_part_of_a_query_names_its_subject() {
    let rows = [
        ("acme refund", "a refund from Acme", "Acme"),
        ("lang:en acme NOT job", "Acme", "Acme"),
        ("bahn NEAR/4 verspätung*", "Bahn mit Verspätungen", "Bahn"),
        ("(acme OR \"acme inc\") (refund OR broken)", "Acme inc is broken", "Acme inc"),
        ("acme OR refund", "a refund from acme", "refund acme"),
        ("\"acme battery\"~2", "acme X battery", "acme battery"),
    ];
    for (query, text, want) in rows {
        let topic = Topic { query: query.to_owned(), ..Topic::default() };
        let matcher = Matcher::compile(&[topic], &author).expect(query);
        let (mut mentions, mut spans) = (Vec::new(), Vec::new());
        let context = Context { lang: Lang::EN, ..Context::default() };
        matcher.find(text, context, &mut MentionScratch::default(), &mut mentions, &mut spans);
        let mention = mentions.first().expect(query);
        let subject = &spans[mention.spans_end as usize..mention.subject_end as usize];
        let words: Option<Vec<&str>> =
            subject.iter().map(|span| text.get(span.start as usize..span.end as usize)).collect();
        assert_eq!(words.expect("char boundaries").join(" "), want, "{query}");
    }
}
