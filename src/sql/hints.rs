//! How is an error of DataFusion said so that it helps? Words for what people of other databases write,
//! and for values that are not what they are compared with.

/// What other databases call it, and how it is written here.
const ELSEWHERE: [(&[&str], &str); 9] = [
    (
        &["year", "month", "day", "hour", "minute", "quarter", "week", "dayofweek"],
        "write extract(NAME FROM posted_at), or date_trunc('NAME', posted_at)",
    ),
    (&["datediff", "timestampdiff", "dateadd"], "write posted_at - INTERVAL '1 day', or subtract"),
    (&["getdate", "sysdate", "curdate"], "write now()"),
    (
        &["json_extract", "json_extract_path_text", "jsonb_extract_path_text"],
        "write json_value(evidence, '$.terms[0].term'), or evidence->'terms'",
    ),
    (&["json_array_elements", "json_each"], "write unnest(json_elements(evidence, '$.terms'))"),
    (&["isnull", "ifnull", "nvl2"], "write coalesce(a, b)"),
    (&["len", "charindex", "instr"], "write length(text), or strpos(text, 'word')"),
    (&["group_concat", "listagg"], "write string_agg(topic, ', ')"),
    (&["regexp_split_to_array", "split"], "write string_to_array(text, ' ')"),
];

/// The message and the hint of an error in better words, if there are any.
pub(super) fn reworded(text: &str) -> Option<(String, String)> {
    unknown_function(text)
        .or_else(|| wrong_arguments(text))
        .or_else(|| wrong_value(text))
        .or_else(|| wrong_number(text))
}

/// Of one statement that is asked for there are none or several.
fn wrong_number(text: &str) -> Option<(String, String)> {
    let is_empty = text.contains("No SQL statements were provided");
    let is_several = text.contains("only supports a single SQL statement");
    let (message, hint) = match (is_empty, is_several) {
        (true, _) => ("the statement is empty", "write one SELECT, EXPLAIN, DESCRIBE or SHOW"),
        (_, true) => ("there is more than one statement", "ask in several statements"),
        _ => return None,
    };
    Some((message.to_owned(), hint.to_owned()))
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}

fn unknown_function(text: &str) -> Option<(String, String)> {
    let name = between(text, "Invalid function '", "'")?;
    let message = format!("no function is called {name}");
    let known = ELSEWHERE.iter().find(|(names, _)| names.contains(&name));
    if let Some((_, hint)) = known {
        return Some((message, hint.replace("NAME", name)));
    }
    // Far words help nobody.
    let near = between(text, "Did you mean '", "'").filter(|near| {
        let common = near.chars().zip(name.chars()).take_while(|(one, other)| one == other);
        common.count() * 2 >= name.chars().count()
    });
    let general = "list functions with SHOW FUNCTIONS";
    Some((message, near.map_or(general.to_owned(), |near| format!("did you mean {near}?"))))
}

/// A function that does not take such arguments.
fn wrong_arguments(text: &str) -> Option<(String, String)> {
    let call = between(text, "No function matches the given name and argument types '", "'.")
        .or_else(|| {
            between(text, "No function matches the given name and argument types '", "'")
        })?;
    let (name, types) = call.split_once('(')?;
    let types = kinds(types.trim_end_matches(')'));
    let numbers = ["avg", "sum", "stddev", "var", "median"].contains(&name);
    let hint = if numbers && types == "text" {
        "take a column of numbers: avg(target_score), or count(*) FILTER (WHERE polarity = 'negative')"
    } else {
        "cast what is given, as in CAST(x AS DOUBLE), or look at the columns: DESCRIBE mentions"
    };
    Some((format!("{name} does not take ({types})"), hint.to_owned()))
}

/// A text that is not what it is compared with.
fn wrong_value(text: &str) -> Option<(String, String)> {
    let value = between(text, "Cannot cast string '", "' to value of ")?;
    let kind = between(text, "' to value of ", " type")?;
    let (what, hint) = match kind {
        "Date32" | "Date64" => ("a date", "write it as '2026-03-04'"),
        kind if kind.starts_with("Timestamp") => ("a time", "write it as '2026-03-04T14:00:00Z'"),
        "Boolean" => ("true or false", "write true or false"),
        _ => ("a number", "compare it with a number, or look at the columns: DESCRIBE mentions"),
    };
    let shown: String = value.chars().take(60).collect();
    Some((format!("'{shown}' is not {what}"), hint.to_owned()))
}

/// Arrow's names of types in plain words.
pub(super) fn kinds(text: &str) -> String {
    const KINDS: [(&str, &str); 9] = [
        ("Timestamp(µs, \"UTC\")", "time"),
        ("Timestamp(ns)", "time"),
        ("LargeUtf8", "text"),
        ("Utf8View", "text"),
        ("Utf8", "text"),
        ("Int64", "integer"),
        ("Float64", "float"),
        ("Date32", "date"),
        ("Boolean", "boolean"),
    ];
    KINDS.iter().fold(text.to_owned(), |text, (own, plain)| text.replace(own, plain))
}

#[cfg(test)]
mod tests {
    use super::reworded;

    #[test]
    fn errors_say_what_helps() {
        for (text, message, hint) in [
            (
                "Invalid function 'year'.\nDid you mean 'mean'?",
                "no function is called year",
                "extract(year FROM",
            ),
            (
                "Invalid function 'strps'.\nDid you mean 'strpos'?",
                "no function is called strps",
                "did you mean strpos?",
            ),
            (
                "This feature is not implemented: The context currently only supports a single SQL statement",
                "there is more than one statement",
                "several",
            ),
            (
                "Invalid function 'foo'.\nDid you mean 'cot'?",
                "no function is called foo",
                "SHOW FUNCTIONS",
            ),
            (
                "x No function matches the given name and argument types 'avg(Utf8View)'. You",
                "avg does not take (text)",
                "avg(target_score)",
            ),
            (
                "Cast error: Cannot cast string '28.11.2026' to value of Date32 type",
                "'28.11.2026' is not a date",
                "'2026-03-04'",
            ),
            (
                "Cast error: Cannot cast string 'a' to value of Float64 type",
                "'a' is not a number",
                "number",
            ),
        ] {
            let (found, help) = reworded(text).expect("better words");
            assert_eq!(found, message);
            assert!(help.contains(hint), "{help}");
        }
        assert_eq!(reworded("table 'x' not found"), None);
    }
}
