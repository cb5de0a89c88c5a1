//! What happens in a simulated week? Posts of three sources in the order in which they come, with outages,
//! late posts, new versions, deletions and crises, all of it from a seed.

use resonanz::post::{AuthorKey, Event, Kind, Lang, Post, SourceId};
use resonanz::time::{DAY_US, EventTime, MINUTE_US, SECOND_US};

const BEGIN: EventTime = EventTime(1_772_323_200_000_000);
const SOURCES: [&str; 3] = ["forum", "news", "sky"];
const TEXTS: [&str; 10] = [
    "acme opens at nine",
    "acme is great, thank you",
    "acme is terrible, never again",
    "globex was a disaster today",
    "globex and acme, both fine",
    "waiting for acme since an hour",
    "die Bahn ist schon wieder zu sp\u{e4}t",
    "die Bahn kommt heute p\u{fc}nktlich",
    "nothing of interest here",
    "what a nice day",
];

/// Numbers without pattern (xorshift) from a seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end.max(1) as u64).expect("below an usize")
    }

    fn us(&mut self, end: i64) -> i64 {
        i64::try_from(self.below(usize::try_from(end).expect("positive"))).expect("below an i64")
    }
}

/// Something that a source says, with its place in what that source says.
#[derive(Clone)]
pub(crate) struct Word {
    pub(crate) source: SourceId,
    pub(crate) place: u64,
    pub(crate) event: Event,
}

/// All that is said in a week, in order of arrival.
pub(crate) struct World {
    words: Vec<Word>,
}

impl World {
    pub(crate) fn new(seed: u64, days: i64) -> Self {
        let mut dice = Dice::new(seed);
        let mut arrivals: Vec<(EventTime, usize, Event)> = Vec::new();
        for (number, name) in SOURCES.iter().enumerate() {
            let source = SourceId::new(name);
            let outages: Vec<(EventTime, EventTime)> = (0..days)
                .map(|day| {
                    let from = BEGIN.shift(day * DAY_US + dice.us(DAY_US));
                    (from, from.shift(MINUTE_US + dice.us(180 * MINUTE_US)))
                })
                .collect();
            let (mut at, mut count) = (BEGIN, 0);
            while at < BEGIN.shift(days * DAY_US) {
                at = at.shift(SECOND_US + dice.us(240 * SECOND_US));
                let crisis = dice.below(250) == 0;
                for _ in 0..if crisis { 12 + dice.below(20) } else { 1 } {
                    count += 1;
                    at = at.shift(dice.us(3 * SECOND_US));
                    let late = if dice.below(40) == 0 { dice.us(20 * MINUTE_US) } else { 0 };
                    let arrival = at.shift(late + dice.us(2 * SECOND_US));
                    // What is said while a source is away comes afterwards.
                    let away = outages.iter().find(|(from, to)| (*from..*to).contains(&arrival));
                    let arrival = away.map_or(arrival, |(_, back)| *back);
                    let post = post(&source, count, at, arrival, crisis, &mut dice);
                    further(&post, number, &mut dice, &mut arrivals);
                    arrivals.push((arrival, number, Event::Create(Box::new(post))));
                }
            }
        }
        // By arrival, and as they were made where that is the same.
        arrivals.sort_by_key(|(at, number, _)| (*at, *number));
        let mut places = [0; SOURCES.len()];
        let words = arrivals.into_iter().map(|(_, number, event)| {
            places[number] += 1;
            Word { source: SourceId::new(SOURCES[number]), place: places[number], event }
        });
        Self { words: words.collect() }
    }

    pub(crate) fn len(&self) -> usize {
        self.words.len()
    }

    /// What comes behind these places of the sources, in order of arrival.
    pub(crate) fn behind<'w>(
        &'w self,
        places: impl Fn(&SourceId) -> u64 + 'w,
    ) -> impl Iterator<Item = &'w Word> {
        self.words.iter().filter(move |word| word.place > places(&word.source))
    }
}

fn post(
    source: &SourceId,
    count: u64,
    at: EventTime,
    arrival: EventTime,
    crisis: bool,
    dice: &mut Dice,
) -> Post {
    let text = if crisis { TEXTS[2 + dice.below(2)] } else { TEXTS[dice.below(TEXTS.len())] };
    let parent = (dice.below(8) == 0 && count > 3).then(|| (count - 2).to_string().into());
    Post {
        id: count.to_string().into(),
        source: source.clone(),
        author: AuthorKey([1 + u8::try_from(dice.below(200)).expect("small"); 16]),
        posted_at: at,
        received_at: arrival,
        kind: if parent.is_some() { Kind::Reply } else { Kind::Original },
        parent,
        thread: None,
        lang: if text.starts_with("die") { Lang::DE } else { Lang::EN },
        text: format!("{text} {}", dice.below(50)).into(),
        url: None,
        reach: None,
        engagement: None,
    }
}

/// What becomes of a post later: a new version, or its end.
fn further(
    post: &Post,
    number: usize,
    dice: &mut Dice,
    arrivals: &mut Vec<(EventTime, usize, Event)>,
) {
    let at = post.received_at.shift(SECOND_US + dice.us(120 * MINUTE_US));
    match dice.below(60) {
        0 => {
            let text = format!("{} (edited)", post.text).into();
            let edited = Post { text, received_at: at, ..post.clone() };
            arrivals.push((at, number, Event::Edit(Box::new(edited))));
        }
        1 => {
            let (source, id) = (post.source.clone(), post.id.clone());
            arrivals.push((at, number, Event::Delete { source, id, by: None, received_at: at }));
        }
        _ => {}
    }
}
