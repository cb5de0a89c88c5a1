//! Who is spoken of? Compiles two topics and finds them in texts.

#![allow(clippy::print_stdout, reason = "an example tells the person who runs it")]

use resonanz_core::mention::{Context, Matcher, MentionScratch, Topic};

fn main() -> Result<(), String> {
    let topic = |name: &str, query: &str| Topic {
        name: name.to_owned(),
        query: query.to_owned(),
        ..Topic::default()
    };
    let topics = [
        topic("acme", r#"acme ("customer service" OR support*) -job"#),
        topic("bahn", "inflect:Verspätung NEAR/8 (bahn OR ice)"),
    ];
    // The second argument gives further forms of a word; `inflect:` has its own.
    let matcher = Matcher::compile(&topics, &|_| Vec::new()).map_err(|errors| {
        let shown = errors.iter().map(|(topic, error)| error.render(&topics[*topic].query));
        shown.collect::<Vec<_>>().join("\n")
    })?;

    let mut scratch = MentionScratch::default();
    for text in [
        "@Acme your support is a joke",
        "Acme is hiring: job in customer service",
        "Schon wieder zwei Stunden Verspätung, danke Bahn",
    ] {
        let (mut mentions, mut spans) = (Vec::new(), Vec::new());
        matcher.find(text, Context::default(), &mut scratch, &mut mentions, &mut spans);
        let found = mentions.iter().map(|mention| topics[mention.topic.0 as usize].name.as_str());
        println!("{:?}  {text}", found.collect::<Vec<_>>());
    }
    Ok(())
}
