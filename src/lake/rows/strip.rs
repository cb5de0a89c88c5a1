//! Where in a JSON text does evidence of a post stand, and how is it taken out?

use serde_json::Value;

/// A JSON text without the objects in lists that tell of a post that is gone; texts inside that
/// are JSON themselves included. `None` when nothing of it is gone.
#[must_use]
pub fn without_posts(text: &str, is_gone: &dyn Fn(&str) -> bool) -> Option<String> {
    let mut value: Value = serde_json::from_str(text).ok()?;
    strip(&mut value, is_gone).then(|| value.to_string())
}

/// Takes them out; whether there were any.
fn strip(value: &mut Value, is_gone: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::Array(list) => {
            let before = list.len();
            list.retain(|entry| {
                let id = entry.get("post_id").and_then(Value::as_str);
                !id.is_some_and(is_gone)
            });
            let shorter = list.len() < before;
            list.iter_mut().fold(shorter, |gone, entry| strip(entry, is_gone) || gone)
        }
        Value::Object(fields) => {
            let mut gone = false;
            fields.values_mut().for_each(|field| gone |= strip(field, is_gone));
            gone
        }
        Value::String(text) if text.starts_with(['{', '[']) => {
            let Some(stripped) = without_posts(text, is_gone) else { return false };
            *text = stripped;
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_leaves_at_any_depth() {
        let is_gone = |id: &str| id == "b";
        let list = r#"[{"post_id":"a","text":"x"},{"post_id":"b","text":"secret"}]"#;
        let left = r#"[{"post_id":"a","text":"x"}]"#;
        assert_eq!(without_posts(list, &is_gone).as_deref(), Some(left));
        let deep = serde_json::json!({"message": {"body": format!("{{\"data\":{list}}}")}});
        let stripped = without_posts(&deep.to_string(), &is_gone).expect("something is gone");
        assert!(!stripped.contains("secret") && stripped.contains('x'), "{stripped}");
        for text in [left, "no JSON", "3"] {
            assert_eq!(without_posts(text, &is_gone), None);
        }
    }
}
