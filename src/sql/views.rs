//! Which questions have a ready answer? Views over the tables, each a file of SQL under `views/`
//! that says what it answers, its columns and an example.

use std::fmt;

use datafusion::catalog::view::ViewTable;
use datafusion::error::Result as QueryResult;
use datafusion::prelude::SessionContext;

/// Name and file of each view.
const FILES: [(&str, &str); 14] = [
    ("trends", include_str!("views/trends.sql")),
    ("share_of_voice", include_str!("views/share_of_voice.sql")),
    ("net_sentiment", include_str!("views/net_sentiment.sql")),
    ("top_authors", include_str!("views/top_authors.sql")),
    ("sources", include_str!("views/sources.sql")),
    ("languages", include_str!("views/languages.sql")),
    ("terms", include_str!("views/terms.sql")),
    ("reach", include_str!("views/reach.sql")),
    ("response_times", include_str!("views/response_times.sql")),
    ("alerts_now", include_str!("views/alerts_now.sql")),
    ("goal_slips", include_str!("views/goal_slips.sql")),
    ("inbox", include_str!("views/inbox.sql")),
    ("service_figures", include_str!("views/service_figures.sql")),
    ("mentions_reviewed", include_str!("views/mentions_reviewed.sql")),
];

/// A view as its file describes it. Its `Display` is for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Its name in SQL.
    pub name: &'static str,
    /// The question it answers, and what to know about the answer.
    pub about: String,
    /// Name, type and meaning of each column, one a line.
    pub columns: String,
    /// A query over it.
    pub example: String,
    /// The SQL that it stands for.
    pub sql: &'static str,
}

impl View {
    /// All views, in the order in which they are explained.
    pub fn all() -> impl Iterator<Item = Self> {
        FILES.into_iter().map(|(name, file)| Self::read(name, file))
    }

    /// Takes a file apart: about, columns, example, each ended by an empty comment; then the SQL.
    fn read(name: &'static str, file: &'static str) -> Self {
        let mut parts = file.splitn(4, "\n--\n");
        let mut comment = || {
            let lines = parts.next().unwrap_or_default().lines();
            lines.map(|line| line.trim_start_matches("-- ")).collect::<Vec<_>>().join("\n")
        };
        let (about, columns, example) = (comment(), comment(), comment());
        Self { name, about, columns, example, sql: parts.next().unwrap_or_default() }
    }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let indented =
            |text: &str| text.lines().map(|line| format!("  {line}\n")).collect::<String>();
        write!(f, "{}\n{}\n", self.name, indented(&self.about))?;
        write!(f, "{}\n{}", indented(&self.columns), indented(&self.example))
    }
}

/// Makes views known to a session that knows the tables on which they rest.
pub(super) async fn register(
    context: &SessionContext,
    wanted: impl Fn(&str) -> bool,
) -> QueryResult<()> {
    for view in View::all().filter(|view| wanted(view.name)) {
        let plan = context.state().create_logical_plan(view.sql).await?;
        let table = ViewTable::new(plan, Some(view.sql.to_owned()));
        context.register_table(view.name, std::sync::Arc::new(table))?;
    }
    Ok(())
}
