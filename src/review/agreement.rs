//! How often were people of another opinion? Counted over posts, never by person.

use serde::{Deserialize, Serialize};

use crate::report::{Ask, Estimate, ReportError};

/// Fewest reviews that are broken down: fewer could point at a person.
const PART_MIN: u64 = 5;

/// How often reviews found the scorer right.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Agreement {
    /// Mentions of which somebody judged the verdict; who spoke of intents alone did not.
    pub reviewed: u64,
    /// Those whose verdict stood.
    pub agreed: u64,
    /// Their share with its interval; null without reviews. Who looks at the least certain ones finds
    /// more to correct than there is on average.
    pub share: Option<Estimate>,
    /// Those found not to be about their topic.
    pub irrelevant: u64,
    /// Mentions of which somebody said what their writers want.
    pub intents_reviewed: u64,
    /// Those in which the scorer had seen just that.
    pub intents_agreed: u64,
    /// Their share with its interval; null where nobody looked.
    pub intents_share: Option<Estimate>,
    /// By language and verdict of the scorer; those with fewer than five reviews are left out.
    pub parts: Vec<AgreementPart>,
}

/// The same of one language and verdict.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AgreementPart {
    /// ISO 639.
    pub lang: String,
    /// The scorer's verdict.
    pub scored: String,
    /// Mentions of which somebody judged the verdict.
    pub reviewed: u64,
    /// Those whose verdict stood.
    pub agreed: u64,
}

#[derive(Deserialize)]
struct Row {
    lang: String,
    scored: String,
    reviewed: u64,
    agreed: u64,
    irrelevant: u64,
    intents_reviewed: u64,
    intents_agreed: u64,
}

impl Ask<'_> {
    /// How often reviews found the scorer right.
    ///
    /// # Errors
    /// When a limit is reached, or the lake cannot be read.
    pub async fn agreement(&self) -> Result<Agreement, ReportError> {
        let rows: Vec<Row> = self
            .rows(
                "SELECT lang, scored_polarity AS scored, \
                 count(*) FILTER (WHERE judged = 1 OR relevant = 0) AS reviewed, \
                 count(*) FILTER (WHERE judged = 1 AND relevant = 1 AND polarity = scored_polarity) AS agreed, \
                 count(*) FILTER (WHERE relevant = 0) AS irrelevant, \
                 count(*) FILTER (WHERE intents_reviewed = 1) AS intents_reviewed, \
                 count(*) FILTER (WHERE intents_reviewed = 1 \
                 AND coalesce(intents, '') = coalesce(scored_intents, '')) AS intents_agreed \
                 FROM mentions_reviewed WHERE reviewed = 1 GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2",
            )
            .await?;
        let sum = |of: fn(&Row) -> u64| rows.iter().map(of).sum();
        let (reviewed, agreed) = (sum(|row| row.reviewed), sum(|row| row.agreed));
        let irrelevant = sum(|row| row.irrelevant);
        let (wanted, seen) = (sum(|row| row.intents_reviewed), sum(|row| row.intents_agreed));
        let parts = rows.into_iter().filter(|row| row.reviewed >= PART_MIN).map(|row| {
            let Row { lang, scored, reviewed, agreed, .. } = row;
            AgreementPart { lang, scored, reviewed, agreed }
        });
        Ok(Agreement {
            reviewed,
            agreed,
            share: Estimate::share(agreed, reviewed),
            irrelevant,
            intents_reviewed: wanted,
            intents_agreed: seen,
            intents_share: Estimate::share(seen, wanted),
            parts: parts.collect(),
        })
    }
}
