//! Which page says what to do? The key `policy` of rules and goals.

use crate::settings::Section;

/// The name of a page under `policy`.
pub(super) fn policy(section: &mut Section<'_, '_>) -> Option<String> {
    let name = section.text("policy")?;
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    if !(1..=64).contains(&name.len()) || !name.chars().all(allowed) {
        let at = section.place("policy");
        let hint = "write the name of its file without .md, as \"crisis\"";
        section.problems.add(at, format!("\"{name}\" is not the name of a page"), hint);
    }
    Some(name)
}
