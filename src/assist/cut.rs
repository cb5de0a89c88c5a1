//! How much of an answer does an assistant read? Long texts and lists are cut, and say so.

use serde_json::Value;

use crate::post::cut_text;

/// Longest text of a list, in bytes: enough to see what a post says.
const TEXT_BYTES_MAX: usize = 600;
/// Most entries of any list.
const ENTRIES_MAX: usize = 400;

/// Cuts texts and lists, however deep.
pub(super) fn cut(value: &mut Value) {
    match value {
        Value::String(text) => {
            let kept = cut_text(text, TEXT_BYTES_MAX).len();
            if kept < text.len() {
                text.truncate(kept);
                text.push_str(" […]");
            }
        }
        Value::Array(list) => {
            let more = list.len().saturating_sub(ENTRIES_MAX);
            list.truncate(ENTRIES_MAX);
            list.iter_mut().for_each(cut);
            if more > 0 {
                list.push(format!("and {more} more").into());
            }
        }
        Value::Object(parts) => parts.values_mut().for_each(cut),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
