//! The pure half of resonanz: it finds who is spoken of in public posts, and says how.
//!
//! Score a text ([`sentiment::Scorer`]), find topics in posts ([`mention::Matcher`]), or run the
//! whole [`engine::Engine`] with event-time windows and alert rules: without I/O, clock or async.
//! German and English are both first-class.
//!
//! ```
//! use resonanz_core::mention::{Context, Matcher, MentionScratch, Topic};
//! use resonanz_core::post::{Lang, Polarity};
//! use resonanz_core::sentiment::{Profile, Scorer, Scratch};
//!
//! let topic = Topic { name: "acme".into(), query: "acme -job".into(), ..Topic::default() };
//! let matcher = Matcher::compile(&[topic], &|_| Vec::new()).map_err(|errors| format!("{errors:?}"))?;
//! let scorer = Scorer::new(Profile::Resonanz);
//! let (mut scratch, mut words) = (MentionScratch::default(), Scratch::default());
//! let (mut mentions, mut spans) = (Vec::new(), Vec::new());
//!
//! let text = "@acme: seit drei Wochen keine Antwort, das ist eine Frechheit";
//! matcher.find(text, Context::default(), &mut scratch, &mut mentions, &mut spans);
//! let verdict = scorer.verdict(text, Lang::UND, &spans, &mut words);
//! assert_eq!((mentions.len(), verdict.polarity), (1, Polarity::Negative));
//! # Ok::<(), String>(())
//! ```
//!
//! # Glossary
//! - **post**: one public utterance. **topic**: a named query. **mention**: a post speaking of a topic.
//! - **verdict**: how it speaks of it; **score**: from -1 to 1; **polarity**: its sign.
//! - **intent**: what its writer wants; **priority**: who is to be answered first.
//! - **finding**: post, topic and verdict. **pane**: the totals of one minute, topic, source and
//!   language. **window**: a rolling sum of panes.
//! - **watermark**: the event time up to which the picture is complete; **lateness**: how long it
//!   waits. **tick**: an instant at which complete windows are judged; **beat**: one of reception time, at
//!   which rules are looked at before that.
//! - **rule**: what is worth an **alert**; an alert **fires**, **escalates** and **resolves**.
//!   **receiver**: who is told; **delivery**: one message to one receiver.
//!
//! The order of the modules is the order of the data and of dependence: each uses only those above
//! it.

// vocabulary
pub mod time;
pub mod post;
pub mod intent;
pub mod priority;
pub mod privacy;
// stages
pub mod text;
pub mod mention;
pub mod sentiment;
pub mod portable;
pub mod analyze;
pub mod decode;
pub mod window;
pub mod alert;
pub mod promise;
pub mod desk;
pub mod engine;
