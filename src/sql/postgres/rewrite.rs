//! What do clients of PostgreSQL write that DataFusion reads otherwise, or not at all? Rewritten in the
//! tree of the statement, before it is planned.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentList, FunctionArguments, Ident, ObjectName, ObjectNamePart, Query, SelectItem,
    SetExpr, Statement, TableAlias, TableFactor, TableWithJoins, Value, VisitMut, VisitorMut,
};

use super::information::SCHEMA as INFORMATION;
use super::names::{is, procedure, text};
use super::{absent, empty, to_char};

/// What a parameter is read as where nothing says what it is.
pub(super) type Guess = Option<DataType>;

/// Rewrites a statement; says what cannot be said here, if anything.
pub(super) fn rewrite(statement: &mut Statement, guess: Guess) -> Result<(), String> {
    match statement.visit(&mut Rewriter { guess }) {
        ControlFlow::Break(message) => Err(message),
        ControlFlow::Continue(()) => Ok(()),
    }
}

struct Rewriter {
    guess: Guess,
}

impl VisitorMut for Rewriter {
    type Break = String;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<String> {
        if let SetExpr::Select(select) = &mut *query.body {
            select.projection.iter_mut().for_each(spread);
            name_nulls(&mut select.projection);
        }
        ControlFlow::Continue(())
    }

    /// `information_schema` as PostgreSQL has it.
    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<String> {
        if let TableFactor::Table { name, alias, args: None, .. } = factor
            && let Some(table) = name.0.last().and_then(ObjectNamePart::as_ident).cloned()
            && let Some(schema) = schema_of(name, &table.value)
        {
            let lower = Ident { value: table.value.to_lowercase(), ..table.clone() };
            *name = ObjectName::from(vec![Ident::new(schema), lower]);
            alias.get_or_insert(TableAlias {
                explicit: true,
                name: table,
                columns: Vec::new(),
                at: None,
            });
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<String> {
        if let Expr::Subquery(query) = expression {
            if is_nothing(query) {
                *expression = Expr::value(Value::Null);
            } else {
                single(query);
            }
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<String> {
        match expression {
            Expr::Function(function) => {
                if let [schema, _] = function.name.0.as_slice()
                    && is(schema, "pg_catalog")
                {
                    function.name.0.remove(0);
                }
                // What answers null does so whatever it is asked.
                let last = function.name.0.last().and_then(ObjectNamePart::as_ident);
                if last.is_some_and(|name| absent::is_text(&name.value)) {
                    function.args = FunctionArguments::List(FunctionArgumentList {
                        duplicate_treatment: None,
                        args: Vec::new(),
                        clauses: Vec::new(),
                    });
                }
                if let Err(message) = pattern(function) {
                    return ControlFlow::Break(message);
                }
            }
            Expr::Like { pattern, escape_char, .. } | Expr::ILike { pattern, escape_char, .. } => {
                if let Some(escape) = escape_char.take() {
                    unescape(pattern, &escape.value);
                }
            }
            Expr::BinaryOp { left, right, op: BinaryOperator::Eq | BinaryOperator::NotEq } => {
                procedure(left, right);
                procedure(right, left);
            }
            Expr::Cast { expr, data_type: DataType::Bytea, .. } => match hexadecimal(expr) {
                Some(Ok(digits)) => *expression = Expr::value(Value::HexStringLiteral(digits)),
                Some(Err(message)) => return ControlFlow::Break(message),
                None => {}
            },
            Expr::Value(value) => {
                if let (Value::Placeholder(_), Some(kind)) = (&value.value, &self.guess) {
                    *expression = cast(expression.clone(), kind.clone());
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// Where a table is kept that clients know under another schema, or under none.
fn schema_of(name: &ObjectName, table: &str) -> Option<&'static str> {
    match name.0.as_slice() {
        [schema, _] if is(schema, "information_schema") => Some(INFORMATION),
        [schema, _] if is(schema, "pg_catalog") => {
            empty::is_of_catalog(table).then_some(INFORMATION)
        }
        [_] if empty::is_of_catalog(table) => Some(INFORMATION),
        [_] => table.to_lowercase().starts_with("pg_").then_some("pg_catalog"),
        _ => None,
    }
}

fn cast(expression: Expr, data_type: DataType) -> Expr {
    Expr::Cast {
        kind: CastKind::DoubleColon,
        expr: Box::new(expression),
        data_type,
        array: false,
        format: None,
    }
}

fn call(name: &str, arguments: Vec<Expr>) -> Expr {
    let args = arguments.into_iter();
    let args = args.map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg))).collect();
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args,
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

/// The digits of bytes that are written as PostgreSQL writes them, `\x0aff`.
fn hexadecimal(literal: &Expr) -> Option<Result<String, String>> {
    let Expr::Value(value) = literal else { return None };
    let (Value::SingleQuotedString(text) | Value::EscapedStringLiteral(text)) = &value.value else {
        return None;
    };
    let digits: String = text.strip_prefix("\\x")?.split_whitespace().collect();
    let is_whole = digits.len().is_multiple_of(2);
    if is_whole && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Some(Ok(digits));
    }
    Some(Err(format!("\"{text}\" is not bytes in hexadecimal digits")))
}

/// Whether a subquery asks the catalog for what no lake has: sequences, defaults, collations.
fn is_nothing(query: &Query) -> bool {
    let SetExpr::Select(select) = &*query.body else { return false };
    let of_table = select.from.first().is_some_and(|from| match &from.relation {
        TableFactor::Table { name, .. } => {
            let nothing = ["pg_sequence", "pg_attrdef", "pg_collation"];
            name.0.last().is_some_and(|name| nothing.iter().any(|other| is(name, other)))
        }
        _ => false,
    });
    let of_column = match select.projection.as_slice() {
        [SelectItem::UnnamedExpr(Expr::CompoundIdentifier(names))] => {
            names.last().is_some_and(|name| name.value == "typcollation")
        }
        _ => false,
    };
    of_table || of_column
}

/// What a subquery looks up in the catalog by an id is one row, which only an aggregate shows.
fn single(query: &mut Query) {
    let SetExpr::Select(select) = &mut *query.body else { return };
    let of_catalog = match select.from.as_slice() {
        [TableWithJoins { relation: TableFactor::Table { name, .. }, joins }] => {
            let last = name.0.last().and_then(ObjectNamePart::as_ident);
            joins.is_empty() && last.is_some_and(|name| name.value.starts_with("pg_"))
        }
        _ => false,
    };
    if let [SelectItem::UnnamedExpr(found)] = select.projection.as_mut_slice()
        && of_catalog
        && select.selection.is_some()
        && query.limit_clause.is_none()
        && query.order_by.is_none()
        && is_looked_up(found)
    {
        *found = call("first_value", vec![found.clone()]);
    }
}

fn is_looked_up(found: &Expr) -> bool {
    matches!(
        found,
        Expr::Identifier(_)
            | Expr::CompoundIdentifier(_)
            | Expr::BinaryOp { .. }
            | Expr::Case { .. }
    )
}

/// Several columns that are null and have no name, as pgjdbc asks for, get one each.
fn name_nulls(items: &mut [SelectItem]) {
    let is_null = |item: &SelectItem| match item {
        SelectItem::UnnamedExpr(Expr::Value(value)) => value.value == Value::Null,
        _ => false,
    };
    let nulls = items.iter_mut().filter(|item| is_null(item)).skip(1);
    for (number, item) in (1..).zip(nulls) {
        let alias = Ident::with_quote('"', format!("?column?_{number}"));
        *item = SelectItem::ExprWithAlias { expr: Expr::value(Value::Null), alias };
    }
}

/// A series as a column is many rows.
fn spread(item: &mut SelectItem) {
    let is_series = |expression: &Expr| match expression {
        Expr::Function(function) => {
            matches!(function.name.0.as_slice(), [.., name] if is(name, "generate_series"))
        }
        _ => false,
    };
    match item {
        SelectItem::UnnamedExpr(expression) if is_series(expression) => {
            *item = SelectItem::ExprWithAlias {
                expr: call("unnest", vec![expression.clone()]),
                alias: Ident::new("generate_series"),
            };
        }
        SelectItem::ExprWithAlias { expr, .. } if is_series(expr) => {
            *expr = call("unnest", vec![expr.clone()]);
        }
        _ => {}
    }
}

/// The pattern of `to_char`, in the form that is understood.
fn pattern(function: &mut Function) -> Result<(), String> {
    let FunctionArguments::List(list) = &mut function.args else { return Ok(()) };
    let is_to_char = matches!(function.name.0.as_slice(), [name] if is(name, "to_char"));
    if let [_, FunctionArg::Unnamed(FunctionArgExpr::Expr(pattern))] = list.args.as_mut_slice()
        && is_to_char
        && let Expr::Value(value) = pattern
        && let Value::SingleQuotedString(found) = &value.value
    {
        *pattern = text(to_char::translated(found)?);
    }
    Ok(())
}

/// A pattern of `LIKE` with another escape than the backslash.
fn unescape(pattern: &mut Expr, escape: &Value) {
    let Value::SingleQuotedString(escape) = escape else { return };
    if escape == "\\" {
        return;
    }
    let doubled = |pattern: Expr| call("replace", vec![pattern, text("\\"), text("\\\\")]);
    if let Expr::Value(value) = &*pattern
        && let Value::SingleQuotedString(found) = &value.value
    {
        let (mut written, mut letters) = (String::new(), found.chars());
        while let Some(letter) = letters.next() {
            match letter {
                '\\' => written.push_str("\\\\"),
                letter if escape.starts_with(letter) => {
                    written.push('\\');
                    written.extend(letters.next());
                }
                letter => written.push(letter),
            }
        }
        *pattern = text(written);
        return;
    }
    let plain = doubled(pattern.clone());
    if escape.is_empty() {
        *pattern = plain;
        return;
    }
    // The escape before itself is the letter; everywhere else it is what the backslash is here.
    let kept = "\u{1}";
    let plain = call("replace", vec![plain, text(escape.repeat(2)), text(kept)]);
    let plain = call("replace", vec![plain, text(escape.clone()), text("\\")]);
    *pattern = call("replace", vec![plain, text(kept), text(escape.clone())]);
}
