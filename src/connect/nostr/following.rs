//! What have people made of mentions while these are young? Reactions, reposts and answers are counted
//! at some ages, over all relays.
//!
//! What is followed is kept in memory alone.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use tokio::time::Instant;

use super::{Heard, Nostr, State};
use crate::decode::nostr::{Note, hex};
use crate::post::{Event, Post};
use crate::system::wall_clock;
use crate::time::EventTime;

/// Posts that are followed; beyond, the one that can wait longest leaves.
const FOLLOWED_MAX: usize = 10_000;
/// Posts of one question.
const BATCH: usize = 50;
/// Between two questions.
const PACE: Duration = Duration::from_secs(2);
/// How long to wait for all relays.
const PATIENCE: Duration = Duration::from_secs(30);
/// Engagement below it is no news when it grows.
const ENGAGEMENT_MIN: u64 = 5;

type Id = [u8; 32];

/// A post that is followed.
#[derive(Debug)]
struct Followed {
    post: Post,
    /// Questions that were asked.
    looks: usize,
    /// What was handed over last.
    engagement: u64,
}

/// A question to all relays.
#[derive(Debug)]
struct Question {
    /// What is about each note.
    found: HashMap<Id, HashSet<Id>>,
    /// When each of them was due.
    due: Vec<(EventTime, Id)>,
    /// Relays that have not answered.
    waiting: usize,
    until: Instant,
}

/// Counts what people made of posts that mention a topic.
#[derive(Debug)]
pub(super) struct Following {
    ages_us: Vec<i64>,
    followed: BTreeMap<(EventTime, Id), Followed>,
    question: Option<Question>,
    rested: Instant,
}

impl Following {
    /// At these ages, if something is to be counted.
    pub(super) fn new(ages_us: &[i64]) -> Option<Self> {
        ages_us.last()?;
        Some(Self {
            ages_us: ages_us.to_vec(),
            followed: BTreeMap::new(),
            question: None,
            rested: Instant::now(),
        })
    }

    /// When there is something to do.
    pub(super) fn next(&self, now: EventTime) -> Option<Instant> {
        if let Some(question) = &self.question {
            return Some(question.until);
        }
        let ((due, _), _) = self.followed.first_key_value()?;
        let wait = Duration::from_micros(u64::try_from(due.since(now)).unwrap_or(0));
        Some(self.rested.max(Instant::now() + wait))
    }

    fn follow(&mut self, id: Id, followed: Followed) {
        let Some(age_us) = self.ages_us.get(followed.looks) else { return };
        self.followed.insert((followed.post.posted_at.shift(*age_us), id), followed);
        if self.followed.len() > FOLLOWED_MAX {
            self.followed.pop_last();
        }
    }

    /// Ends the question: posts of which there is news.
    fn end(&mut self, now: EventTime) -> Vec<Post> {
        let Some(mut question) = self.question.take() else { return Vec::new() };
        self.rested = Instant::now() + PACE;
        let mut news = Vec::new();
        for key in question.due {
            let Some(mut followed) = self.followed.remove(&key) else { continue };
            let found = question.found.remove(&key.1).map_or(0, |found| found.len());
            let engagement = u64::try_from(found).unwrap_or(u64::MAX);
            if followed.is_news(engagement) {
                followed.engagement = engagement;
                let engagement = Some(engagement);
                news.push(Post { engagement, received_at: now, ..followed.post.clone() });
            }
            let age_us = now.since(followed.post.posted_at);
            let passed = self.ages_us.iter().filter(|age| **age <= age_us).count();
            followed.looks = passed.max(followed.looks + 1);
            self.follow(key.1, followed);
        }
        news
    }
}

impl Followed {
    /// Whether so much engagement is worth a new version.
    fn is_news(&self, engagement: u64) -> bool {
        if self.engagement == 0 {
            return engagement > 0;
        }
        engagement >= self.engagement.saturating_mul(2).max(ENGAGEMENT_MIN)
    }
}

impl Nostr {
    /// Follows a post if it is young and mentions a topic.
    pub(super) fn follow(&mut self, note: &Note, post: &Post) {
        let Some((following, listening)) = self.following.as_mut().zip(self.listening.as_mut())
        else {
            return;
        };
        let age_max_us = following.ages_us.last().copied().unwrap_or(0);
        if post.received_at.since(post.posted_at) > age_max_us {
            return;
        }
        if listening.hears(post) {
            let followed = Followed { post: post.clone(), looks: 0, engagement: 0 };
            following.follow(note.id, followed);
        }
    }

    /// Follows no post any more that its author took back.
    pub(super) fn forget(&mut self, events: &[Event]) {
        let Some(following) = &mut self.following else { return };
        // One note can take back thousands.
        let (mut posts, mut authors) = (HashMap::new(), HashSet::new());
        for event in events {
            match event {
                Event::Delete { id, by, .. } => drop(posts.insert(&**id, *by)),
                Event::Purge { author, .. } => drop(authors.insert(*author)),
                _ => {}
            }
        }
        following.followed.retain(|_, Followed { post, .. }| {
            let taken_back = posts.get(&*post.id);
            let is_taken_back = taken_back.is_some_and(|by| by.is_none_or(|by| by == post.author));
            !is_taken_back && !authors.contains(&post.author)
        });
    }

    /// Asks all relays about posts that are due, or ends a question that is open for too long.
    pub(super) fn ask(&mut self, relays: &[Heard]) {
        let Some(following) = &mut self.following else { return };
        let now = wall_clock();
        if following.next(now).is_none_or(|next| next > Instant::now()) {
            return;
        }
        if following.question.is_some() {
            let news = following.end(now);
            return self.tell_again(news);
        }
        let due = following.followed.keys().take_while(|(due, _)| *due <= now).take(BATCH);
        let due: Vec<(EventTime, Id)> = due.copied().collect();
        let ids: Vec<String> = due.iter().map(|(_, id)| hex(id)).collect();
        let up = relays.iter().filter(|relay| relay.state == State::Up);
        let waiting = up.filter(|relay| relay.wanted.try_send(ids.clone()).is_ok()).count();
        following.rested = Instant::now() + PACE;
        if waiting == 0 {
            return;
        }
        let until = Instant::now() + PATIENCE;
        following.question = Some(Question { found: HashMap::new(), due, waiting, until });
    }

    /// Takes what a relay answered; with the last of them the numbers are known.
    pub(super) fn answered(&mut self, answers: &[(Id, Id)]) {
        let Some(following) = &mut self.following else { return };
        let Some(question) = &mut following.question else { return };
        for (about, id) in answers {
            question.found.entry(*about).or_default().insert(*id);
        }
        question.waiting = question.waiting.saturating_sub(1);
        if question.waiting == 0 {
            let news = following.end(wall_clock());
            self.tell_again(news);
        }
    }

    fn tell_again(&mut self, posts: Vec<Post>) {
        for post in posts {
            self.admit(Event::Edit(Box::new(post)));
        }
    }
}
