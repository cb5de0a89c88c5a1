//! What does a query ask of a post besides its text? The values of fields, one or several of each.

use super::cursor::Parser;
use super::error::QueryError;
use super::expr::Expr;
use super::field::{Field, field};
use super::signs::{is_operator, is_quote, operator_meant};

impl<'q> Parser<'q> {
    /// The value of a field, or one of several: `lang:(en OR de)`, `lang:en,de`.
    pub(super) fn field_values(&mut self, name: &str, start: usize) -> Result<Expr, QueryError> {
        if !self.rest().starts_with('(') {
            let value = self.take_value()?;
            let fields = listed(name, value).map(|value| self.one_field(name, value, start));
            let fields: Result<Vec<Field>, _> = fields.collect();
            return self.any_field(fields, start);
        }
        self.at += 1;
        let mut fields = Vec::new();
        loop {
            self.skip_space();
            if self.rest().starts_with(')') {
                self.at += 1;
                return self.any_field(fields.into_iter().collect(), start);
            }
            if self.rest().starts_with([',', ';']) {
                self.at += 1;
                continue;
            }
            if self.take_or() {
                continue;
            }
            let word = self.next_word();
            if operator_meant(word) == Some("OR") {
                self.at += word.len();
                continue;
            }
            let quoted = self.rest().starts_with(is_quote);
            let is_sign = !quoted && self.rest().starts_with(['-', '!', '+']);
            if self.rest().is_empty() || is_sign || is_operator(word) {
                return Err(self.error(
                    "between the values of a field stands OR, and a parenthesis closes them",
                    "write it as lang:(en OR de), or with a field for each value",
                ));
            }
            let value = self.take_value()?;
            if value.is_empty() {
                return Err(self.error("a group within the values of a field", "remove it"));
            }
            let values = if quoted { vec![value] } else { listed(name, value).collect() };
            fields.extend(values.into_iter().map(|value| self.one_field(name, value, start)));
        }
    }

    /// Several values of a field as alternatives.
    fn any_field(
        &mut self,
        fields: Result<Vec<Field>, QueryError>,
        start: usize,
    ) -> Result<Expr, QueryError> {
        let mut fields: Vec<Expr> = fields?.into_iter().map(Expr::Field).collect();
        match fields.len() {
            0 => Err(QueryError {
                at: start,
                message: "a field without a value".to_owned(),
                hint: "write it as lang:de",
            }),
            1 => Ok(fields.remove(0)),
            _ => Ok(Expr::Or(fields)),
        }
    }

    /// A field with one value, remarked on if no post can have it.
    fn one_field(&mut self, name: &str, value: &str, start: usize) -> Result<Field, QueryError> {
        let field = field(name, value, start)?;
        match &field {
            Field::Lang(lang) if !lang.is_known() => {
                let oddity = format!("no language has the code {lang}");
                self.remark(start, oddity, "write an ISO 639-1 code, as lang:en or lang:ja");
            }
            Field::Site(site) if !site.contains('.') && site.len() > 3 => {
                let oddity = format!("site: asks for hosts that end in .{site}");
                self.remark(start, oddity, "write the whole name, as site:spiegel.de");
            }
            _ => {}
        }
        Ok(field)
    }

    /// Takes the value of a field, to the next white space or quote.
    fn take_value(&mut self) -> Result<&'q str, QueryError> {
        let rest = self.rest();
        if let Some(open) = rest.chars().next().filter(|&c| is_quote(c)) {
            return self.take_quoted(open);
        }
        let ends =
            |c: char| c.is_whitespace() || is_quote(c) || matches!(c, '(' | ')' | '（' | '）');
        let value = rest.get(..rest.find(ends).unwrap_or(rest.len())).unwrap_or_default();
        self.at += value.len();
        Ok(value)
    }
}

/// The values of a field that can be listed: what is no name has no such signs in it.
fn listed<'q>(name: &str, value: &'q str) -> impl Iterator<Item = &'q str> {
    let is_list = matches!(name, "lang" | "site" | "kind") && value.contains([',', '|', ';']);
    value
        .split(move |c| is_list && matches!(c, ',' | '|' | ';'))
        .filter(move |part| !is_list || !part.is_empty())
}
