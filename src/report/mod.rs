//! What do people ask every day, and what is the answer? The standard questions, with typed answers
//! that the HTTP API, the dashboard and `resonanz report` share.
//!
//! All counts are of table `mentions` by posting time, late mentions included, so that every number
//! is as long as the list behind it. Times are instants in UTC; days and weeks are those of a
//! [`Span`]'s zone. What was not heard is missing, and never zero.
#![doc = include_str!("goals.md")]

mod error;
mod interval;
mod step;
mod span;
mod heard;
mod counts;
mod ask;
mod choice;
mod topics;
mod trend;
mod voice;
mod mentions;
mod reviewed;
mod mention;
mod changes;
mod waits;
mod goal_state;
mod goal_time;
mod goals;
mod stand;
mod inbox;
mod files;
mod history;
mod service;
mod alarms;
mod overview;
mod document;
mod tongue;
mod trial;
mod writer;
mod goal_table;
mod answered;
mod gist;
mod compose;
mod render;
mod tables;
mod pledges;
mod sheet;
mod bulletin;

pub(crate) use ask::within;
pub use ask::{Ask, Known};
pub use changes::{Changes, Part, PartChange, TERMS_MAX, TermChange};
pub use choice::standing;
pub(crate) use choice::{intent, none_of};
pub use counts::{Sentiment, Volume};
pub use document::{Report, Sentiments, TopicReport};
pub use error::ReportError;
pub use goal_state::{GoalState, TooLittle};
pub use goals::GoalStanding;
pub use heard::{Coverage, Gap, Heard};
pub use history::HistoryStep;
pub use inbox::{Counts, Inbox, InboxSearch, Points, Waiting};
pub use interval::Estimate;
pub(crate) use mention::places;
pub use mention::{Explained, Influence, Passage, Want, Weight};
pub use mentions::{Mention, MentionPage, Order, Reviewed, Search, mention_id};
pub use overview::{Overview, TopicOverview};
pub use service::{Answers, Dialogue, HourAnswers, Kept, NamedAnswers, ServiceFigures};
pub use span::{BUCKETS_MAX, Span, zone};
pub use stand::{Turn, named_mention, short_name};
pub use step::Step;
pub use tongue::Tongue;
pub use topics::TopicInfo;
pub use trend::{Bucket, Trend, Usual};
pub use trial::{Cost, Found, Remark, Trial, TrialDay};
pub use voice::{Share, Voice};
pub use waits::Waits;
