//! Whose archive is it, where another file of it says so?

use super::said::text;
use crate::decode::members::Members;

/// Files that say it, and where in them.
const FILES: [(&str, &[&str]); 3] = [
    ("account.js", &["account.username", "account.accountId"]),
    ("profile_information.json", &["profile_v2.name.full_name", "profile.name.full_name"]),
    ("personal_information.json", &["profile_user.0.string_map_data.Username.value"]),
];

/// Whether a file of this name says whose archive it is.
#[must_use]
pub fn names_owner(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    FILES.iter().any(|(known, _)| *known == name)
}

/// The owner of an archive, as a file of it says.
#[must_use]
pub fn owner_of(path: &str, said: &str) -> Option<String> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let (_, paths) = FILES.iter().find(|(known, _)| *known == name)?;
    let (begin, end) = (said.find('{')?, said.rfind('}')?);
    let members = Members::of(said.get(begin..=end)?).ok()?;
    let owner = text(&members, paths)?;
    Some(super::meta::mended(owner).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_name_their_owner() {
        let rows = [
            (
                "data/account.js",
                r#"window.YTD.account.part0 = [{"account":{"username":"maja_k","accountId":"7"}}]"#,
                "maja_k",
            ),
            (
                "a/profile_information.json",
                r#"{"profile_v2":{"name":{"full_name":"J\u00c3\u00b6rg"}}}"#,
                "Jörg",
            ),
            (
                "personal_information.json",
                r#"{"profile_user":[{"string_map_data":{"Username":{"value":"cafe.nord"}}}]}"#,
                "cafe.nord",
            ),
        ];
        for (path, said, owner) in rows {
            assert!(names_owner(path));
            assert_eq!(owner_of(path, said).as_deref(), Some(owner), "{path}");
        }
        assert_eq!(owner_of("friends.json", "{}"), None);
    }
}
