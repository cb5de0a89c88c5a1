//! How are tables, procedures and types of the catalog named by texts? PostgreSQL has ids for them, which only
//! some of ours are.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectNamePart,
    Query, Statement, Value, VisitMut, VisitorMut,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;

/// Makes texts of the names of procedures, which the catalog has as texts, and casts of the names of
/// tables; nothing else.
pub(super) fn by_text(statement: &mut Statement) {
    let _ = statement.visit(&mut Procedures);
}

struct Procedures;

impl VisitorMut for Procedures {
    type Break = ();

    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        if let Expr::BinaryOp { left, right, op: BinaryOperator::Eq | BinaryOperator::NotEq } =
            expression
        {
            procedure(left, right);
            procedure(right, left);
        }
        if let Some(query) = looked_up(expression) {
            *expression = Expr::Subquery(Box::new(query));
        }
        if let Some(id) = id_of_catalog(expression) {
            *expression = Expr::value(Value::Number(id.to_owned(), false));
        }
        ControlFlow::Continue(())
    }
}

/// The id of a table of the catalog itself, as its own rows name it; looked up, it would be another one, and a
/// join on it loses rows.
fn id_of_catalog(expression: &Expr) -> Option<&'static str> {
    const IDS: [(&str, &str); 12] = [
        ("pg_class", "1259"),
        ("pg_namespace", "2615"),
        ("pg_constraint", "2606"),
        ("pg_proc", "1255"),
        ("pg_type", "1247"),
        ("pg_attrdef", "2604"),
        ("pg_database", "1262"),
        ("pg_trigger", "2620"),
        ("pg_rewrite", "2618"),
        ("pg_authid", "1260"),
        ("pg_tablespace", "1213"),
        ("pg_extension", "3079"),
    ];
    let Expr::Cast { expr, data_type, .. } = expression else { return None };
    let kind = data_type.to_string().to_lowercase();
    let Expr::Value(value) = &**expr else { return None };
    let Value::SingleQuotedString(name) = &value.value else { return None };
    let name = name.strip_prefix("pg_catalog.").unwrap_or(name);
    let known = IDS.iter().find(|(known, _)| *known == name);
    known.filter(|_| kind.ends_with("regclass")).map(|(_, id)| *id)
}

/// The id of the table that `to_regclass` names, or null.
fn looked_up(expression: &Expr) -> Option<Query> {
    let Expr::Function(function) = expression else { return None };
    let FunctionArguments::List(list) = &function.args else { return None };
    let [FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value)))] = list.args.as_slice()
    else {
        return None;
    };
    let Value::SingleQuotedString(name) = &value.value else { return None };
    if !function.name.0.last().is_some_and(|name| is(name, "to_regclass")) {
        return None;
    }
    let table = text(name.rsplit('.').next().unwrap_or_default().trim_matches('"'));
    let sql = format!("SELECT max(oid) FROM pg_catalog.pg_class WHERE relname = {table}");
    Parser::new(&PostgreSqlDialect {})
        .try_with_sql(&sql)
        .ok()?
        .parse_query()
        .ok()
        .map(|query| *query)
}

/// Columns of `pg_type` that name a procedure are texts here, and none is a dash. Npgsql joins them with its id.
pub(super) fn procedure(column: &Expr, other: &mut Expr) {
    const PROCEDURES: [&str; 7] =
        ["typinput", "typoutput", "typreceive", "typsend", "typmodin", "typmodout", "typanalyze"];
    let name = match column {
        Expr::Identifier(name) => Some(name),
        Expr::CompoundIdentifier(names) => names.last(),
        _ => None,
    };
    if !name.is_some_and(|name| PROCEDURES.contains(&name.value.to_lowercase().as_str())) {
        return;
    }
    match other {
        Expr::CompoundIdentifier(names) => {
            if let Some(id) = names.last_mut().filter(|name| name.value == "oid") {
                *id = Ident::new("proname");
            }
        }
        Expr::Value(value) if matches!(&value.value, Value::Number(zero, _) if zero == "0") => {
            *other = text("-");
        }
        Expr::Cast { expr, data_type, .. }
            if data_type.to_string().eq_ignore_ascii_case("regproc") =>
        {
            if let Expr::Value(value) = &**expr
                && let Value::SingleQuotedString(name) = &value.value
            {
                *other = text(name.rsplit('.').next().unwrap_or_default());
            }
        }
        _ => {}
    }
}

pub(super) fn is(part: &ObjectNamePart, name: &str) -> bool {
    part.as_ident().is_some_and(|ident| ident.value.eq_ignore_ascii_case(name))
}

pub(super) fn text(value: impl Into<String>) -> Expr {
    Expr::value(Value::SingleQuotedString(value.into()))
}
