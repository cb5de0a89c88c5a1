//! Does a query that people bring from elsewhere find what they mean, or else say why not?

use resonanz_core::mention::{Context, Matcher, MentionScratch, Topic, parse, read};

/// Queries as people type or paste them, each with a text that its writer would want found.
const TYPED: [(&str, &str); 166] = [
    ("<<<our brand>>> acme", "acme is here"),
    ("title:\"acme phone\"", "the acme phone"),
    ("acm$", "acme"),
    ("++acme", "acme is"),
    ("+Acme -job", "Acme is"),
    ("acme /s globex", "acme and globex"),
    ("acme w/s globex", "acme and globex"),
    ("acme! globex", "acmes and globex"),
    ("intitle:acme", "acme"),
    ("allintitle:acme phone", "acme phone"),
    ("\"acme * phone\"", "acme big phone"),
    ("~acme", "acme"),
    ("$ACME", "buy $ACME now"),
    ("acme :(", "acme :("),
    ("acme :)", "acme :)"),
    ("acme <3", "acme <3"),
    ("acme -RT", "acme news"),
    ("/acme\\b/", "acme is"),
    ("acme.*phone", "acme big phone"),
    ("%acme%", "acme is"),
    ("=acme OR globex", "acme is"),
    ("- acme\n- globex", "acme is"),
    ("• acme\n• globex", "acme is"),
    ("1. acme\n2. globex", "acme is"),
    ("acme\nglobex", "acme is"),
    ("acme UND globex", "acme globex"),
    ("acme NICHT job", "acme is"),
    ("acme ohne job", "acme is"),
    ("acme -", "acme is"),
    ("- acme", "acme is"),
    ("acme - job", "acme is"),
    ("acme – job", "acme is"),
    ("acme \"\"", "acme is"),
    ("'acme", "acme is"),
    ("acme'", "acme is"),
    ("acme/globex", "acme is"),
    ("acme / globex", "acme and globex"),
    ("acme+globex", "acme and globex"),
    ("acme:globex", "acme globex"),
    ("acme\\globex", "acme globex"),
    ("acme > globex", "acme > globex"),
    ("#acme-phone", "see #acme-phone"),
    ("@acme-phone", "see @acme-phone"),
    ("#acme.phone", "see #acme.phone"),
    ("#acme!", "#acme!"),
    ("#a*", "#acme"),
    ("@acme@mastodon.social", "ask @acme@mastodon.social"),
    ("#1", "we are #1"),
    ("Acme®", "acme is"),
    ("acme™", "acme"),
    ("acme OR globex", "acme"),
    ("acme ＯＲ globex", "acme"),
    ("acme lang=en", "acme"),
    ("raw:*acme*", "acme"),
    ("raw:acme*", "acmes"),
    ("acme NEAR /5 x", "acme x"),
    ("acme NEAR/ 5 x", "acme x"),
    ("acme near/5 x", "acme is x"),
    ("acme Near/5 x", "acme is x"),
    ("acme N5 x", "acme is x"),
    ("acme N/5 x", "acme is x"),
    ("acme W5 x", "acme is x"),
    ("acme WITHIN/5 x", "acme is x"),
    ("acme ADJ5 x", "acme is x"),
    ("acme BEFORE/5 x", "acme is x"),
    ("acme ANDNOT job", "acme is"),
    ("acme AND-NOT job", "acme is"),
    ("acme BUT NOT job", "acme is"),
    ("acme BUTNOT job", "acme is"),
    ("acme ^job", "acme is"),
    ("acme \\-job", "acme is"),
    ("acme NOT:job", "acme is"),
    ("acme AND:job", "acme job"),
    ("acme *", "acme is"),
    ("acme**", "acmes"),
    ("acme?", "acme is"),
    ("acme_", "acme is"),
    ("_acme", "acme is"),
    ("acme%20OR%20globex", "acme"),
    ("acme+OR+globex", "acme"),
    ("&quot;acme&quot; OR globex", "acme"),
    ("acme &amp; globex", "acme globex"),
    ("\\\"acme\\\" OR x", "acme"),
    ("\"acme, inc.\"", "Acme Inc. is"),
    ("\"acme inc.\"", "Acme Inc is"),
    ("\"acme?\"", "acme is"),
    ("\"acme\" \"phone\"", "acme phone"),
    ("acme NOT acme", "acme"),
    ("acme -acme", "acme"),
    ("\"acme phone\" -phone", "acme phone"),
    ("acme lang:de lang:en", "acme"),
    ("acme NEAR/5 NOT job", "acme"),
    ("acme AND \"—\"", "acme — x"),
    ("l'oréal", "L’Oreal is"),
    ("citroen", "Citroën is"),
    ("citroën", "Citroen is"),
    ("Müller", "Mueller"),
    ("nestle", "Nestlé"),
    ("nestlé", "nestle"),
    ("Škoda", "Skoda"),
    ("skoda", "Škoda"),
    ("pokemon", "Pokémon"),
    ("C#", "C# is"),
    ("acme OR", "acme"),
    ("acme AND", "acme"),
    ("acme,", "acme is"),
    (",acme", "acme is"),
    ("(acme", "acme"),
    ("acme)", "acme"),
    ("\"acme\" OR globex\"", "acme"),
    ("acme… OR globex", "acme"),
    ("acme -\"job offer\" -\"we're hiring\"", "acme is"),
    ("acme –\"job offer\"", "acme is"),
    ("acme NOT \"job\"~", "acme is"),
    ("acme~0.8", "acme"),
    ("\"acme\"^2", "acme"),
    ("ALL(acme globex)", "acme globex"),
    ("ANY(acme, globex)", "acme"),
    ("acme || globex", "acme"),
    ("acme <NOT> job", "acme is"),
    ("acme <OR> globex", "acme"),
    ("[acme]", "acme"),
    ("{acme}", "acme"),
    ("«acme»", "acme"),
    ("acme “phone”", "acme phone"),
    ("acme″", "acme"),
    ("acme;globex;initech", "acme globex initech"),
    ("acme ＡＮＤ globex", "acme globex"),
    ("from:@acme", "hi"),
    ("to:acme", "hi"),
    ("hashtag:acme", "#acme"),
    ("mention:acme", "@acme"),
    ("user:acme", "hi"),
    ("cashtag:acme", "$acme"),
    ("word:acme", "acme"),
    ("keyword:acme", "acme"),
    ("keywords:\"acme phone\"", "acme phone"),
    ("phrase:\"acme phone\"", "acme phone"),
    ("brand:acme", "acme"),
    ("topic:acme", "acme"),
    ("exact:acme", "acme"),
    ("must:acme", "acme"),
    ("text=acme", "acme"),
    ("acme=1", "acme"),
    ("acme AND NOT", "acme"),
    ("acme NOT", "acme"),
    ("OR", "acme"),
    ("acme OR OR globex", "acme"),
    ("acme -  -job", "acme"),
    ("acme --job", "acme"),
    ("acme ----- globex", "acme globex"),
    ("acme --- globex", "acme globex"),
    ("acme … globex", "acme globex"),
    ("acme : globex", "acme globex"),
    ("acme \" globex", "acme"),
    ("acme · globex", "acme globex"),
    ("acme ⋅ globex", "acme globex"),
    ("acme ∧ globex", "acme globex"),
    ("acme ∨ globex", "acme"),
    ("acme ¬job", "acme"),
    ("acme ＋ globex", "acme"),
    ("acme 'OR' globex", "acme"),
    ("acme Or globex", "acme"),
    ("acme oR globex", "acme"),
    ("acme And globex", "acme globex"),
    ("acme Not job", "acme is"),
];

fn finds(query: &str, text: &str) -> bool {
    let topic = Topic { name: "t".to_owned(), query: query.to_owned(), ..Topic::default() };
    let matcher = Matcher::compile(&[topic], &|_| Vec::new()).expect("a query that can be read");
    let (mut mentions, mut spans) = (Vec::new(), Vec::new());
    let mut scratch = MentionScratch::default();
    matcher.find(text, Context::default(), &mut scratch, &mut mentions, &mut spans);
    !mentions.is_empty()
}

#[test]
fn no_query_fails_in_silence() {
    let silent: Vec<&str> = TYPED
        .into_iter()
        .filter(|(query, text)| {
            let reading = read(query);
            reading.is_ok_and(|reading| reading.remarks.is_empty() && !finds(query, text))
        })
        .map(|(query, _)| query)
        .collect();
    assert!(silent.is_empty(), "{silent:#?}");
}

#[test]
fn what_other_tools_write_is_read_as_it_is_meant() {
    let rows = [
        ("acme -site:(reddit.com OR x.com)", "acme AND NOT (site:reddit.com OR site:x.com)"),
        ("acme lang:(en OR de)", "acme AND (lang:en OR lang:de)"),
        ("acme lang:en,de", "acme AND (lang:en OR lang:de)"),
        ("acme site:*.de site:www.acme.de", "acme AND site:de AND site:acme.de"),
        ("acme site:(a.de|b.de)", "acme AND (site:a.de OR site:b.de)"),
        ("acme site:(a.de, b.de)", "acme AND (site:a.de OR site:b.de)"),
        ("acme lang:(en or de)", "acme AND (lang:en OR lang:de)"),
        ("acme NEAR /4 phone", "acme NEAR/4 phone"),
        ("acme NEAR /4f phone", "acme NEAR/4f phone"),
        ("acme BEFORE/4 phone", "acme NEAR/4f phone"),
        ("acme AND-NOT job", "acme AND NOT job"),
        ("++acme", "acme"),
    ];
    for (query, want) in rows {
        let expr = parse(query).expect(query);
        assert_eq!(expr.to_string(), want, "{query}");
        assert_eq!(parse(want), Ok(expr), "{query}");
    }
    let wrong = [
        "acme lang:()",
        "acme lang:(en",
        "acme lang:(en AND de)",
        "acme site:(a.de -b.de)",
        "acme site:a*b.de",
    ];
    for query in wrong {
        assert!(parse(query).is_err(), "{query}");
    }
}

#[test]
fn what_can_match_nothing_is_remarked_on() {
    let rows = [
        ("acme NOT acme", true),
        ("\"acme phone\" -phone", true),
        ("acme lang:de lang:en", true),
        ("acme kind:reply kind:quote", true),
        ("acme site:a.de site:b.de", true),
        ("acme followers:>10 followers:<5", true),
        ("job OR (acme -acme)", true),
        ("acme NOT \"acme phone\"", false),
        ("acme site:a.de site:www.a.de", false),
        ("acme (lang:de OR lang:en)", false),
        ("acme followers:>10 followers:<50", false),
        ("acme\nglobex", true),
        ("acme\nOR\nglobex", false),
        ("acme\nglobex OR initech", false),
        ("acme\n-job", false),
        ("24/7 AC/DC C++ km/h @acme.com https://a.example/b?c=d", false),
        ("acme/globex", true),
        ("raw:a*me", true),
        ("\"Acme Inc.\"", true),
    ];
    for (query, want) in rows {
        let remarks = read(query).expect(query).remarks;
        assert_eq!(!remarks.is_empty(), want, "{query}: {remarks:?}");
    }
}

#[test]
fn accents_are_typed_or_not() {
    let rows = [
        ("l'oréal", "L’Oreal is back", true),
        ("loreal OR l'oreal", "L’ORÉAL is back", true),
        ("citroen", "der neue Citroën", true),
        ("nestlé", "NESTLE recalls", true),
        ("skoda", "Škoda Octavia", true),
        ("lodz", "w Łodzi i Łódź", true),
        ("müller", "Mueller", true),
        ("müller", "Muller", false),
        ("raw:Nestlé", "Nestle", false),
        ("raw:Nestle", "Nestlé", false),
    ];
    for (query, text, want) in rows {
        assert_eq!(finds(query, text), want, "{query} in {text}");
    }
}
