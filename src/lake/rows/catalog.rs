//! What does each column mean? The one list of all tables and columns, from which the schema and its
//! documentation are made.
//!
//! New columns are appended to their table and may be null, so that an older lake stays readable.

use super::tables::Table;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An instant in microseconds, UTC.
    Time,
    /// A whole number of 64 bits.
    Int,
    /// A floating-point number of 64 bits.
    Float,
    /// UTF-8.
    Text,
}

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// What null means; `None` for a column that always has a value.
    pub null: Option<&'static str>,
    /// What it says, with the unit.
    pub meaning: &'static str,
}

impl Column {
    const fn new(name: &'static str, kind: Kind, meaning: &'static str) -> Self {
        Self { name, kind, null: None, meaning }
    }

    const fn null(self, null: &'static str) -> Self {
        Self { null: Some(null), ..self }
    }
}

const fn time(name: &'static str, meaning: &'static str) -> Column {
    Column::new(name, Kind::Time, meaning)
}

const fn int(name: &'static str, meaning: &'static str) -> Column {
    Column::new(name, Kind::Int, meaning)
}

const fn float(name: &'static str, meaning: &'static str) -> Column {
    Column::new(name, Kind::Float, meaning)
}

const fn text(name: &'static str, meaning: &'static str) -> Column {
    Column::new(name, Kind::Text, meaning)
}

const RECEIVED_AT: Column =
    time("received_at", "when it reached us, or the source's own reception time");
const POSTED_AT: Column =
    time("posted_at", "when its author says it was written; this is event time");
const SOURCE: Column = text("source", "name of the source");
const POST_ID: Column = text("post_id", "unique within its source");
const AUTHOR: Column = text("author", "keyed 128-bit hash in hexadecimal; all zeros if unknown");
const KIND: Column =
    text("kind", "`original`, `reply`, `repost`, `quote`, `comment`, `review` or `article`");
const PARENT: Column =
    text("parent", "the post it answers, repeats or quotes").null("none, or unknown");
const THREAD: Column = text("thread", "the first post of its thread").null("none, or unknown");
const URL: Column =
    text("url", "where a person can read it; only the site if the address names its author")
        .null("unknown");
const REACH: Column = int("reach", "followers or views").null("unknown");
const ENGAGEMENT: Column = int("engagement", "likes, reposts and replies").null("unknown");
const TEXT: Column = text("text", "what it says, at most 64 KiB");
const TOPIC: Column = text("topic", "name of the topic");

const POSTS: &[Column] = &[
    RECEIVED_AT,
    POSTED_AT,
    SOURCE,
    POST_ID,
    AUTHOR,
    KIND,
    text("lang", "the language it declares, ISO 639; `und` if none"),
    PARENT,
    THREAD,
    URL,
    REACH,
    ENGAGEMENT,
    int("topics", "number of topics it mentions"),
    TEXT,
    text("own", "topics whose `accounts` wrote it, joined by ` | `")
        .null("an account of others wrote it, or a version that did not keep this"),
];

const MENTIONS: &[Column] = &[
    RECEIVED_AT,
    POSTED_AT,
    TOPIC,
    text("brand", "the topic's label of that name").null("the topic has none"),
    text("topic_group", "the topic's label `group`").null("the topic has none"),
    SOURCE,
    POST_ID,
    AUTHOR,
    KIND,
    text("lang", "the language in which it was read, ISO 639; `und` if unknown"),
    PARENT,
    THREAD,
    URL,
    REACH,
    ENGAGEMENT,
    float("score", "of the text as a whole, from -1 to 1"),
    float("target_score", "of what is said about the topic; equals `score` in profile `vader`"),
    text(
        "polarity",
        "`negative`, `neutral` or `positive`, of `target_score`; `neutral` instead of `negative` where `own` is 1",
    ),
    text("terms", "what matched, as it stands in the text, joined by ` | `"),
    text("scorer", "profile and version of the scorer; equal versions score alike"),
    TEXT,
    text("query", "version of the topic's query; equal versions match alike")
        .null("written by a version that did not keep it"),
    int(
        "similarity",
        "SimHash of the wording: texts that share most of it differ in few of the 64 bits",
    )
    .null("fewer than six words, or written by a version that did not keep it"),
    time("late_at", "up to where windows had been judged when it came, after `posted_at`")
        .null("it came in time, or was written by a version that did not keep this"),
    float(
        "confidence",
        "how sure `polarity` is: the share of such verdicts that are right, from 0 to 1",
    )
    .null("written by a version that did not keep it"),
    int("own", "1 if one of the topic's `accounts` wrote it, which is never a complaint, else 0")
        .null("written by a version that did not keep it"),
    time(
        "counted_at",
        "when it counted for windows and rules, its source being asked now and then",
    )
    .null("it counted at `posted_at`"),
    text(
        "intents",
        "what its writer wants, the most urgent first, joined by ` | `: `churn`, `complaint`, `question`, `purchase`, `recommendation`, `praise`; empty for none, and where `own` is 1",
    )
    .null("written by a version that did not keep it"),
    float("intent_confidence", "how sure the first of `intents` is, from 0.5 to 1")
        .null("it has none, or was written by a version that did not keep it"),
];

const PANES: &[Column] = &[
    time("start", "first instant of the minute, in event time"),
    TOPIC,
    SOURCE,
    text("lang", "as in `mentions`"),
    int("mentions", "mentions that came in time; later ones are in `mentions` only"),
    int("negative", "those that are negative, as `polarity` in `mentions`"),
    int("neutral", "those that are neutral"),
    int("positive", "those that are positive"),
    int("copies", "those that repeat a text"),
    int("negative_copies", "negative ones that repeat a text"),
    int("positive_copies", "positive ones that repeat a text"),
    int(
        "score_sum",
        "sum of target scores in ten-thousandths, exact; mean: `sum(score_sum) / 10000.0 / sum(mentions)`",
    ),
    int("score_square_sum", "sum of their squares, in units of 1e-8, for the variance"),
    int("reach_sum", "unknown reach counts as 0"),
    int("engagement_sum", "unknown engagement counts as 0"),
    int("authors", "distinct authors in this pane, estimated above two; not to be summed"),
    int("negative_authors", "distinct authors of negative mentions, likewise"),
];

const ALERTS: &[Column] = &[
    time("at", "the tick at which it happened, in event time"),
    text("alert_id", "the same for all transitions of an episode"),
    text("rule", "name of the rule"),
    text("rule_type", "its kind, such as `spike`"),
    text("topic", "name of the topic; empty where a rule watches a source as a whole"),
    text("transition", "`fired`, `escalated` or `resolved`"),
    text("severity", "as configured"),
    time("started_at", "when the condition began to hold"),
    int("window_s", "length of the window in seconds"),
    text("measure", "what was counted"),
    int("observed", "how many"),
    float("expected", "`spike`: what the history leads to expect; `change`: the window before")
        .null("no history, or another kind of rule"),
    float("p_value", "`spike`, `silence`: probability of so many, or so few")
        .null("no history, or another kind of rule"),
    float("novelty", "`spike`: observed over the decayed record")
        .null("no history, or another kind of rule"),
    float("dispersion", "`spike`, `silence`: variance over mean of the topic's blocks")
        .null("no history, or another kind of rule"),
    text("coordination", "`none`, `copies` or `fewauthors`"),
    text("labels", "the rule's labels as a JSON object"),
    int("mentions", "mentions in the whole window"),
    int("negative", "negative ones"),
    int("neutral", "neutral ones"),
    int("positive", "positive ones"),
    int("copies", "those that repeat a text"),
    float("mean_score", "mean target score"),
    int("authors", "distinct authors, estimated above two"),
    text("evidence", "JSON, as in webhooks"),
];

const TRIAGE: &[Column] = &[
    time("at", "when it was changed, by the clock of the machine"),
    text("id", "unique"),
    TOPIC,
    SOURCE,
    POST_ID,
    int(
        "revision",
        "number of the mention's state after it; answers of ours count as changes, too",
    ),
    int("replies", "answers of our accounts that were known then; more of them count again"),
    text("state", "`open`, `assigned`, `answered` or `ignored`"),
    text("owner", "who takes care of it").null("nobody"),
    text("note", "what else there is to say").null("nothing, or past its retention"),
    text("changed_by", "who changed it, as they named themselves"),
];

const AUDIT: &[Column] = &[
    time("at", "when; of reads that were counted together, the first"),
    text(
        "who",
        "name of the user or the token; of a failed login the one that was tried, `?` if nobody bears it",
    ),
    text("role", "what they may do").null("a failed login"),
    text(
        "action",
        "`login`, `login_failed`, `logout`, `read`, `export` (SQL, reports), `change`, `erase` or `refused`",
    ),
    text("what", "what was asked for, as its path: `mentions`, `alerts.ack`"),
    text("topic", "the topic that was asked for").null("none in particular"),
    text("detail", "which one: the id of an alert, the name of a topic").null("none in particular"),
    int("status", "the status of HTTP that was answered").null("not over HTTP"),
    text("peer", "the address that it came from").null("unknown"),
    text("door", "`http`, `postgres`, or `cli` for commands of this machine"),
    int("count", "how many alike within a minute; 1 but for reads"),
];

impl Table {
    /// Its columns after `day`, in order.
    #[must_use]
    pub fn columns(self) -> &'static [Column] {
        match self {
            Self::Posts => POSTS,
            Self::Mentions => MENTIONS,
            Self::Panes => PANES,
            Self::Alerts => ALERTS,
            Self::Triage => TRIAGE,
            Self::Audit => AUDIT,
        }
    }

    /// What a row of it is.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Posts => {
                "One row per kept post; which are kept, `[lake] archive` says. Those of our own accounts always are."
            }
            Self::Mentions => "One row per post and topic it mentions.",
            Self::Panes => {
                "One row per closed minute, topic, source and language with a mention. Every trend is a sum of panes."
            }
            Self::Alerts => "One row per transition of an alert.",
            Self::Triage => {
                "One row per change that a person made to the state of a mention. How a mention stands, view `inbox` says."
            }
            Self::Audit => {
                "One row per login, change and refusal, and per minute of alike reads, where people log in. Only admins see it. It has no text, no statement and no secret."
            }
        }
    }

    /// What `day`, the column of its partitions, is the UTC day of.
    #[must_use]
    pub fn day_of(self) -> &'static str {
        match self {
            Self::Posts | Self::Mentions => "received_at",
            Self::Panes => "start",
            Self::Alerts | Self::Triage | Self::Audit => "at",
        }
    }
}
