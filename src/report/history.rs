//! What happened with a mention that wanted an answer? Changes by people and answers of ours, in the
//! order of time.

use serde::{Deserialize, Serialize};

use super::ask::Ask;
use super::error::{ReportError, unknown_mention};
use super::mentions::of_id;
use crate::lake::quoted;
use crate::post::cut_text;

/// Most steps of a mention's way.
const STEPS_MAX: usize = 500;
/// Longest text of an answer, in bytes.
const TEXT_BYTES_MAX: usize = 4_000;

/// One step of a mention's way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryStep {
    /// When: by the clock of the machine, or when the answer was written.
    pub at: String,
    /// `open`, `assigned`, `answered` or `ignored` by a person, `noted` where that stayed as it was, or
    /// `reply` of an account.
    pub what: String,
    /// Who changed it, as they named themselves; null for a reply.
    pub changed_by: Option<String>,
    /// Who took care from then on.
    pub owner: Option<String>,
    /// What was noted, or what the reply says.
    pub text: Option<String>,
    /// Where a person can read the reply.
    pub url: Option<String>,
}

impl Ask<'_> {
    /// What happened with a mention, by its id.
    ///
    /// # Errors
    /// For an id of nothing; when a limit is reached, or the lake cannot be read.
    pub async fn history(&self, id: &str) -> Result<Vec<HistoryStep>, ReportError> {
        let unknown = || unknown_mention(id);
        let [topic, source, post] = of_id(id).ok_or_else(unknown)?.map(|key| quoted(&key));
        let own =
            format!("strpos(concat(' | ', posts.own, ' | '), concat(' | ', {topic}, ' | ')) > 0");
        let sql = format!(
            "WITH call AS (SELECT post_id, thread, min(posted_at) AS posted_at FROM mentions \
             WHERE topic = {topic} AND source = {source} AND post_id = {post} GROUP BY post_id, thread) \
             SELECT at, CASE WHEN note IS NOT NULL \
             AND coalesce(owner, '') = coalesce(lag(owner) OVER steps, '') \
             AND CASE WHEN replies > coalesce(lag(replies) OVER steps, 0) THEN state = 'answered' \
             ELSE state = coalesce(lag(state) OVER steps, 'open') END \
             THEN 'noted' ELSE state END AS what, \
             changed_by, owner, note AS text, NULL AS url FROM triage \
             WHERE topic = {topic} AND source = {source} AND post_id = {post} \
             WINDOW steps AS (ORDER BY revision, at) \
             UNION ALL SELECT DISTINCT posts.posted_at, 'reply', NULL, NULL, posts.text, posts.url FROM posts, call \
             WHERE posts.source = {source} AND posts.own IS NOT NULL AND {own} \
             AND posts.kind IN ('reply', 'comment') AND posts.posted_at >= call.posted_at \
             AND (posts.parent = call.post_id OR posts.thread = call.post_id \
             OR (posts.parent IS NULL AND posts.thread = call.thread)) \
             ORDER BY at, what LIMIT {STEPS_MAX}"
        );
        let mut steps: Vec<HistoryStep> = self.rows(&sql).await?;
        for text in steps.iter_mut().filter_map(|step| step.text.as_mut()) {
            let short = cut_text(text, TEXT_BYTES_MAX).len();
            text.truncate(short);
        }
        Ok(steps)
    }
}
