//! Which stream lies between connectors and those who listen? The table `[stream]`.

use std::path::Path;

use toml::de::DeTable;

use crate::connect::{STREAMS, StreamConfig};
use crate::settings::{Problems, Section};

/// Reads `[stream]`, if there is one.
pub(super) fn stream<'i>(
    root: &DeTable<'i>,
    base: &Path,
    has_key: bool,
    problems: &mut Problems<'i>,
) -> Option<StreamConfig> {
    let table = root.get("stream")?;
    let mut section = Section::open("[stream]", Some(table), problems);
    let kinds: Vec<_> = STREAMS.iter().map(|(name, configure)| (*name, *configure)).collect();
    let configure = section.required_choice("type", &kinds);
    let state = section.text("state").unwrap_or_else(|| "resonanz-relay".to_owned());
    if !has_key {
        let at = section.at();
        let hint = "add: [privacy] author_key_file = \"author.key\", the same file for all of them";
        section.problems.add(at, "relays and shards need one key for the names of authors", hint);
    }
    let kind = configure.map(|configure| configure(&mut section, base));
    if kind.is_some() {
        section.finish();
    }
    Some(StreamConfig { kind: kind?, state: base.join(state) })
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn a_stream_is_read_with_its_problems() {
        let key = "[privacy]\nauthor_key_file = 'k'\n";
        let rows = [
            ("type = 'nats'\nurl = 'nats://h:4222'\nstream = 'POSTS'", key, None),
            (
                "type = 'nats'\nurl = 'nats://h:4222'\nstream = 'POSTS'",
                "",
                Some("1:1: relays and shards"),
            ),
            (
                "type = 'nats'\nurl = 'http://h'\nstream = 'POSTS'",
                key,
                Some("3:7: url: \"http://h\""),
            ),
            (
                "type = 'nats'\nurl = 'nats://u:p@h'\nstream = 'P'",
                key,
                Some("3:7: url: a password"),
            ),
            ("type = 'nats'\nurl = 'nats://h'\nstream = 'a.b'", key, Some("4:10: stream: \"a.b\"")),
            ("type = 'nats'\nurl = 'nats://h'\nstream = 'P'\nuser = 'u'", key, Some("5:8: a user")),
            (
                "type = 'nats'\nurl = 'nats://h'\nstream = 'P'\nmap = { id = 'x' }",
                key,
                Some("5:1: unknown key \"map\""),
            ),
            ("type = 'kafka'\nbrokers = 'h:9092, i:9092'\ntopic = 'posts'", key, None),
            ("type = 'kafka'\nbrokers = 'h'\ntopic = 'posts'", key, Some("3:11: brokers: \"h\"")),
            ("type = 'carrier pigeon'", key, Some("2:8: type is")),
            ("", key, Some("1:1: [stream] needs a \"type\"")),
        ];
        for (keys, rest, wanted) in rows {
            let text = format!("[stream]\n{keys}\n{rest}");
            let found = Config::parse(&text, "".as_ref());
            let said = found.as_ref().err().and_then(|errors| errors.first());
            let said = said.map(ToString::to_string).unwrap_or_default();
            assert_eq!(said.is_empty(), wanted.is_none(), "{text}: {said}");
            assert!(said.starts_with(wanted.unwrap_or_default()), "{text}: {said}");
            assert_eq!(found.is_ok_and(|config| config.stream.is_some()), wanted.is_none());
        }
    }
}
