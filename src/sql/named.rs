//! Which tables and views must be open for a statement? Those that it names, and those on which these
//! rest: to open one takes a log to be read, or a view to be planned, and most are not asked.

use std::collections::BTreeSet;

use datafusion::execution::context::SessionState;
use datafusion::prelude::SessionContext;

use super::statement::{SCHEMA, apart, statement};
use super::views::View;
use super::{drivers, guard};
use crate::lake::Table;

/// The tables and views that are opened.
#[derive(Debug)]
pub(super) struct Named {
    /// `None` for all.
    names: Option<BTreeSet<String>>,
}

impl Named {
    /// All there are.
    pub(super) fn all() -> Self {
        Self { names: None }
    }

    /// Those of one statement: none of one that cannot be read, and all if it asks what there is.
    pub(super) async fn of(context: &SessionContext, sql: &str) -> Self {
        if guard::check_text(sql).is_err() {
            return Self { names: Some(BTreeSet::new()) };
        }
        let (state, sql) = (context.state(), sql.to_owned());
        let names = apart(async move { Ok(names(&state, sql)) }).await;
        Self { names: names.unwrap_or_default() }
    }

    /// Whether a table or view is among them.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.as_ref().is_none_or(|names| names.contains(name))
    }
}

/// What a statement names; none where that is to be all.
fn names(state: &SessionState, sql: String) -> Option<BTreeSet<String>> {
    // A function is no relation where it stands behind LATERAL, or where a common table expression has
    // its name.
    let may_compare = sql.to_lowercase().contains(drivers::NAME);
    let (mut names, mut texts) = (BTreeSet::new(), vec![sql]);
    while let Some(text) = texts.pop() {
        // To resolve names visits nested queries as often as to plan them does: what is too large for
        // that is refused later, and names nothing.
        let read = statement(state, &text).ok().filter(|read| guard::check(read).is_ok());
        let named = read.and_then(|read| state.resolve_table_references(&read).ok());
        for reference in named.unwrap_or_default() {
            if reference.schema().is_some_and(|schema| schema != SCHEMA) {
                return None;
            }
            let name = reference.table();
            if names.insert(name.to_owned()) {
                texts.extend(
                    View::all().find(|view| view.name == name).map(|view| view.sql.to_owned()),
                );
            }
        }
    }
    if may_compare {
        names.insert(Table::Mentions.name().to_owned());
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::super::guard::Limits;
    use super::super::query::context;
    use super::*;

    #[tokio::test]
    async fn a_statement_opens_what_it_names_and_what_that_rests_on() {
        let context = context(Limits::default()).expect("a context");
        let rows: [(&str, &[&str]); 9] = [
            ("SELECT 1", &[]),
            ("SELECT sum(mentions) FROM panes", &["panes"]),
            ("SELECT * FROM panes JOIN public.ALERTS USING (topic)", &["alerts", "panes"]),
            ("SELECT term FROM drivers('a', '2026-03-04', '2026-03-05')", &["drivers", "mentions"]),
            ("SELECT * FROM trends", &["panes", "trends"]),
            ("WITH posts AS (SELECT * FROM triage) SELECT * FROM posts", &["triage"]),
            (
                "EXPLAIN SELECT * FROM mentions WHERE topic IN (SELECT topic FROM alerts)",
                &["alerts", "mentions"],
            ),
            ("DESCRIBE triage", &["triage"]),
            ("SELECT (", &[]),
        ];
        for (sql, wanted) in rows {
            let names = Named::of(&context, sql).await.names.expect("some");
            assert_eq!(names.into_iter().collect::<Vec<_>>(), wanted, "{sql}");
        }
        let service = Named::of(&context, "SELECT * FROM service_figures").await;
        for name in ["service_figures", "inbox", "mentions", "posts", "triage", "reviews"] {
            assert!(service.has(name), "{name}");
        }
        assert!(!service.has("panes"));
        for sql in [
            "SELECT * FROM LATERAL drivers('a', '2026-03-04', '2026-03-05')",
            "WITH drivers AS (SELECT 1 AS x) SELECT term FROM DRIVERS('a', '2026-03-04', '2026-03-05')",
        ] {
            assert!(Named::of(&context, sql).await.has("mentions"), "{sql}");
        }
        for sql in ["SHOW TABLES", "SELECT * FROM information_schema.tables"] {
            assert!(Named::of(&context, sql).await.has("alerts_now"), "{sql}");
        }
    }
}
