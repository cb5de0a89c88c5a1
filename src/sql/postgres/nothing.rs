//! What do clients ask the catalog that no lake can answer? Questions about keys, indexes, procedures and
//! privileges, in forms that cannot be planned: they have no rows.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, ObjectNamePart, Select, SelectItem, SetExpr, Statement, visit_relations,
};

/// Tables of the catalog of which a lake has no rows that a client could mean.
const TABLES: [&str; 8] = [
    "pg_index",
    "pg_constraint",
    "pg_proc",
    "pg_trigger",
    "pg_policy",
    "pg_inherits",
    "pg_depend",
    "pg_description",
];
/// Columns of privileges, which are not kept by role.
const PRIVILEGES: [&str; 2] = [".relacl", ".attacl"];
/// Types of users, of which a lake has none.
const OWN_TYPES: [&str; 1] = ["typtype in ('c'"];

/// A statement with the columns of one that asks for nothing that is here, and no rows; `None` for any
/// other.
pub(super) fn of(statement: &Statement) -> Option<String> {
    let Statement::Query(query) = statement else { return None };
    let text = query.to_string().to_lowercase();
    let asks = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let is_of_nothing = visit_relations(statement, |relation| {
        let last = relation.0.last().and_then(ObjectNamePart::as_ident);
        let is_nothing =
            last.is_some_and(|name| TABLES.contains(&name.value.to_lowercase().as_str()));
        if is_nothing { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .is_break();
    if text.contains('$') || !(is_of_nothing || asks(&PRIVILEGES) || asks(&OWN_TYPES)) {
        return None;
    }
    let select = first(&query.body)?;
    let mut names: Vec<String> = Vec::new();
    for item in &select.projection {
        let name = name(item)?;
        let number = names.iter().filter(|known| **known == name).count();
        names.push(if number > 0 { format!("{name}_{number}") } else { name });
    }
    let column = |name: &String| format!("CAST(NULL AS text) AS \"{}\"", name.replace('"', "\"\""));
    let columns: Vec<String> = names.iter().map(column).collect();
    Some(format!("SELECT {} WHERE false", columns.join(", ")))
}

/// What PostgreSQL calls a column of an answer.
fn name(item: &SelectItem) -> Option<String> {
    let plain = |ident: &datafusion::sql::sqlparser::ast::Ident| match ident.quote_style {
        Some(_) => ident.value.clone(),
        None => ident.value.to_lowercase(),
    };
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(plain(alias)),
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(plain(name)),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(names)) => names.last().map(plain),
        SelectItem::UnnamedExpr(Expr::Function(function)) => {
            function.name.0.last()?.as_ident().map(plain)
        }
        SelectItem::UnnamedExpr(Expr::Case { .. }) => Some("case".to_owned()),
        SelectItem::UnnamedExpr(_) => Some("?column?".to_owned()),
        _ => None,
    }
}

/// The part of a union that names its columns.
fn first(body: &SetExpr) -> Option<&Select> {
    match body {
        SetExpr::Select(select) => Some(select),
        SetExpr::Query(query) => first(&query.body),
        SetExpr::SetOperation { left, .. } => first(left),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
    use datafusion::sql::sqlparser::parser::Parser;

    use super::*;

    #[test]
    fn only_questions_for_what_no_lake_has_have_no_rows() {
        let asked = |sql: &str| {
            let statements = Parser::parse_sql(&PostgreSqlDialect {}, sql).expect("SQL");
            statements.first().and_then(of)
        };
        let keys = "SELECT r.NAME, (r.K).n AS Seq, NULL, NULL FROM (SELECT i.indkey AS K FROM pg_catalog.pg_class c \
                    JOIN pg_catalog.pg_index i ON c.oid = i.indrelid) AS r WHERE r.a = (r.K).x";
        let want = "SELECT CAST(NULL AS text) AS \"name\", CAST(NULL AS text) AS \"seq\", CAST(NULL AS text) AS \"?column?\", \
                    CAST(NULL AS text) AS \"?column?_1\" WHERE false";
        assert_eq!(asked(keys).as_deref(), Some(want));
        for sql in [
            "SELECT c.relacl FROM pg_class c",
            "SELECT proname FROM pg_proc",
            "SELECT a.n FROM ((pg_class a JOIN (SELECT 1 FROM pg_constraint) b ON true))",
            "SELECT conname FROM pg_constraint UNION SELECT relname FROM pg_class",
        ] {
            assert!(asked(sql).is_some(), "{sql}");
        }
        for sql in [
            "SELECT nosuch FROM mentions",
            "SELECT relname FROM pg_class",
            "SELECT * FROM pg_index",
        ] {
            assert_eq!(asked(sql), None, "{sql}");
        }
    }
}
