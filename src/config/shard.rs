//! Which part of the topics is this process's own? Shards of one configuration, which read the same
//! posts and keep lakes of their own.
//!
//! What is remembered is remembered by topic, so shards together find what one process finds.

use core::fmt;
use core::str::FromStr;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::Config;
use crate::alert::{Judge, Rule};
use crate::mention::Topic;
use crate::post::{PostKey, TopicId};

/// Most shards of a configuration.
const SHARDS_MAX: u32 = 1_000;

/// One shard of so many, written `2/3`: the second of three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which one, from 1.
    number: u32,
    /// Of how many.
    of: u32,
}

impl Shard {
    /// Of how many.
    #[must_use]
    pub fn of(self) -> u32 {
        self.of
    }

    /// Its folder below the lake of all.
    #[must_use]
    pub fn folder(self) -> String {
        format!("shard-{}-of-{}", self.number, self.of)
    }

    /// The shard whose folder has this name.
    #[must_use]
    pub fn of_folder(name: &str) -> Option<Self> {
        let (number, of) = name.strip_prefix("shard-")?.split_once("-of-")?;
        format!("{number}/{of}").parse().ok().filter(|shard: &Self| shard.folder() == name)
    }

    /// Whether something is this shard's. Highest random weight: when the number of shards changes, only
    /// what must move does. Thaler and Ravishankar, "Using name-based mappings to increase hit rates"
    /// (1998).
    #[must_use]
    pub fn owns(self, name: &[u8]) -> bool {
        let weight = |number: u32| {
            let mut hasher = blake3::Hasher::new();
            hasher.update(&number.to_le_bytes()).update(name);
            let hash = hasher.finalize();
            (hash.as_bytes().first_chunk().map_or(0, |first| u64::from_le_bytes(*first)), number)
        };
        (1..=self.of).max_by_key(|&number| weight(number)) == Some(self.number)
    }

    /// Whether it keeps a post that mentions none of its topics, where all posts are kept.
    #[must_use]
    pub fn keeps(self, post: PostKey) -> bool {
        self.owns(&post.0.to_le_bytes())
    }

    /// The place of this shard below that of all.
    fn below(self, place: &Path) -> PathBuf {
        match place.to_str().filter(|text| text.starts_with("s3://")) {
            Some(url) => format!("{}/{}", url.trim_end_matches('/'), self.folder()).into(),
            None => place.join(self.folder()),
        }
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/');
        let parts = parts.and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match parts {
            Some((number, of)) if (1..=of).contains(&number) && of <= SHARDS_MAX => {
                Ok(Self { number, of })
            }
            _ => Err(format!("\"{text}\" is not a shard: write 2/3 for the second of three")),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl Config {
    /// What of this configuration is a shard's own: its topics, the rules on them, and a lake below
    /// that of all.
    ///
    /// Topics that speak for each other stay together: a parent and what is below it, and with
    /// `[notify] group_by` topics of one brand or group.
    #[must_use]
    pub fn sharded(mut self, shard: Shard) -> Self {
        self.engine.retain_us = self.engine.retain_us.max(Judge::reach_us(&self.rules));
        let own: Vec<bool> = {
            let matters = Matters::of(&self);
            self.topics.iter().map(|topic| shard.owns(matters.of_topic(topic).as_bytes())).collect()
        };
        let mut places = HashMap::new();
        for (old, _) in (0u32..).zip(&own).filter(|(_, own)| **own) {
            let new = u32::try_from(places.len()).unwrap_or(u32::MAX);
            places.insert(TopicId(old), TopicId(new));
        }
        let mut is_own = own.iter().copied();
        self.topics.retain(|_| is_own.next().unwrap_or(false));
        let mut is_own = own.iter().copied();
        self.topic_lexicons.retain(|_| is_own.next().unwrap_or(false));
        self.rules.retain_mut(|rule| match rule.whole_source() {
            Some(_) => shard.owns(rule.name.as_bytes()),
            None => keep(rule, &places),
        });
        // What is measured or told over topics of several shards is nobody's: it needs all of them.
        let is_whole = |wanted: &[String]| {
            let owns = |name: &String| self.topics.iter().any(|topic| topic.name == *name);
            if wanted.is_empty() { own.iter().all(|own| *own) } else { wanted.iter().all(owns) }
        };
        self.charter.goals.retain(|goal| is_whole(&goal.topics));
        self.reports.retain(|report| is_whole(&report.topics));
        self.lake.path = shard.below(&self.lake.path);
        self.lake.state = self.lake.state.map(|state| shard.below(&state));
        self.shard = Some(shard);
        self
    }
}

/// Leaves a rule its own topics; whether it has some.
fn keep(rule: &mut Rule, places: &HashMap<TopicId, TopicId>) -> bool {
    rule.topics = rule.topics.iter().filter_map(|topic| places.get(topic).copied()).collect();
    !rule.topics.is_empty()
}

/// Which topics belong together.
struct Matters<'c> {
    by_name: HashMap<&'c str, &'c Topic>,
    by_brand: bool,
    by_group: bool,
}

impl<'c> Matters<'c> {
    fn of(config: &'c Config) -> Self {
        let by = |label: &str| config.grouping.by.iter().any(|by| by == label);
        let by_name = config.topics.iter().map(|topic| (topic.name.as_str(), topic));
        Self { by_name: by_name.collect(), by_brand: by("brand"), by_group: by("group") }
    }

    /// What is the same for topics that belong together.
    fn of_topic(&self, topic: &Topic) -> String {
        let above = |topic: &&Topic| {
            topic.parent.as_deref().and_then(|parent| self.by_name.get(parent).copied())
        };
        // A circle of parents is refused before.
        let chain = std::iter::successors(Some(topic), above).take(self.by_name.len().max(1));
        let root = chain.last().unwrap_or(topic);
        let label = |is_asked: bool, label: &Option<String>| {
            label.as_ref().filter(|_| is_asked).map(|label| format!("\0{label}"))
        };
        match (label(self.by_brand, &root.brand), label(self.by_group, &root.group)) {
            (None, None) => root.name.clone(),
            (brand, group) => {
                format!("{}\0{}", brand.unwrap_or_default(), group.unwrap_or_default())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shards(of: u32) -> Vec<Shard> {
        (1..=of).map(|number| Shard { number, of }).collect()
    }

    #[test]
    fn everything_has_one_owner_and_little_moves() {
        let owner = |of: u32, name: &str| {
            let owners: Vec<u32> = shards(of)
                .into_iter()
                .filter(|shard| shard.owns(name.as_bytes()))
                .map(|shard| shard.number)
                .collect();
            assert_eq!(owners.len(), 1, "{name} of {of}");
            owners[0]
        };
        let names: Vec<String> = (0..600).map(|topic| format!("topic {topic}")).collect();
        for of in [1, 2, 3, 5] {
            let own = names.iter().filter(|name| owner(of, name) == 1).count();
            let fair = names.len() / of as usize;
            assert!(
                (fair * 3 / 4..=fair * 5 / 4).contains(&own),
                "{own} of {} in {of}",
                names.len()
            );
        }
        let moved = names.iter().filter(|name| owner(3, name) != owner(4, name)).count();
        assert!(moved < 200, "{moved} move where 150 must");
    }

    #[test]
    fn shards_are_written_and_named() {
        for (text, folder) in [("1/1", "shard-1-of-1"), ("12/30", "shard-12-of-30")] {
            let shard: Shard = text.parse().expect(text);
            assert_eq!((shard.to_string().as_str(), shard.folder().as_str()), (text, folder));
            assert_eq!(Shard::of_folder(folder), Some(shard));
        }
        for text in ["0/3", "4/3", "1/0", "1", "a/b", "1/2000", "-1/2"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
        assert_eq!(Shard::of_folder("shard-01-of-2"), None);
    }

    #[test]
    fn a_shard_has_its_own_topics_and_rules_and_what_belongs_together_stays() {
        let topics: String = (0..20)
            .map(|topic| {
                let parent = if topic % 2 == 1 {
                    format!("parent = 't{}'\n", topic - 1)
                } else {
                    String::new()
                };
                format!("[[topic]]\nname = 't{topic}'\nquery = 'w{topic}'\n{parent}")
            })
            .collect();
        let rules = "[[rule]]\nname = 'all'\ntype = 'spike'\n[[rule]]\nname = 'one'\ntype = 'threshold'\ntopics = ['t4']\nwindow = '3d'\n\
                     [[rule]]\nname = 'mute'\ntype = 'silence'\nsource = 's'\n";
        let text = format!("[[source]]\nname = 's'\ntype = 'stdin'\n{topics}{rules}");
        let whole = Config::parse(&text, "".as_ref()).expect("a configuration");
        let parts: Vec<Config> =
            shards(3).into_iter().map(|shard| whole.clone().sharded(shard)).collect();
        let count = |of: &dyn Fn(&Config) -> usize| parts.iter().map(of).sum::<usize>();
        assert_eq!(count(&|part| part.topics.len()), 20);
        assert_eq!(count(&|part| part.topic_lexicons.len()), 20);
        let named =
            |name: &str| count(&|part| part.rules.iter().filter(|rule| rule.name == name).count());
        assert_eq!(named("one"), 1);
        let silent =
            |part: &Config| part.rules.iter().filter(|rule| rule.whole_source().is_some()).count();
        assert_eq!(
            count(&silent),
            whole.rules.iter().filter(|rule| rule.whole_source().is_some()).count()
        );
        for part in &parts {
            assert_eq!(part.engine.retain_us, Judge::reach_us(&whole.rules));
            for topic in &part.topics {
                let parent = topic.parent.as_deref();
                assert!(
                    parent.is_none_or(|parent| part.topics.iter().any(|own| own.name == parent))
                );
            }
            let known = |topic: &TopicId| (topic.0 as usize) < part.topics.len();
            assert!(part.rules.iter().all(|rule| rule.topics.iter().all(known)));
        }
        assert!(parts[1].lake.path.ends_with("resonanz-lake/shard-2-of-3"));
    }
}
