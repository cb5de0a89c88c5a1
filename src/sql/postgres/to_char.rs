//! How does PostgreSQL write a time? The patterns of its `to_char`, as `chrono` has them.

/// Longest first, so that `HH24` is not read as `HH`.
const SIGNS: [(&str, &str); 34] = [
    ("FMMonth", "%B"),
    ("FMmonth", "%B"),
    ("FMDay", "%A"),
    ("FMHH24", "%-H"),
    ("FMHH12", "%-I"),
    ("FMMM", "%-m"),
    ("FMDD", "%-d"),
    ("FMHH", "%-I"),
    ("Month", "%B"),
    ("HH24", "%H"),
    ("HH12", "%I"),
    ("YYYY", "%Y"),
    ("IYYY", "%G"),
    ("Mon", "%b"),
    ("Day", "%A"),
    ("DDD", "%j"),
    ("IW", "%V"),
    ("ID", "%u"),
    ("YY", "%y"),
    ("MM", "%m"),
    ("DD", "%d"),
    ("HH", "%I"),
    ("MI", "%M"),
    ("SS", "%S"),
    ("MS", "%3f"),
    ("US", "%6f"),
    ("AM", "%p"),
    ("PM", "%p"),
    ("am", "%P"),
    ("pm", "%P"),
    ("Dy", "%a"),
    ("TZ", "%Z"),
    ("OF", "%z"),
    ("FM", ""),
];

/// The pattern for `chrono`; one that holds its percent signs is left as it is.
///
/// What is not known here is an error and not written as it stands.
pub(super) fn translated(pattern: &str) -> Result<String, String> {
    if pattern.contains('%') {
        return Ok(pattern.to_owned());
    }
    let (mut rest, mut written) = (pattern, String::new());
    while let Some(letter) = rest.chars().next() {
        if let Some(inside) = rest.strip_prefix('"') {
            let (literal, behind) = inside.split_once('"').unwrap_or((inside, ""));
            written.push_str(literal);
            rest = behind;
            continue;
        }
        let known = SIGNS.iter().find_map(|(sign, own)| Some((own, rest.strip_prefix(sign)?)));
        let small = || {
            let lower = |sign: &str| sign.to_lowercase();
            SIGNS.iter().find_map(|(sign, own)| {
                let numeric = sign.chars().all(|c| c.is_uppercase() || c.is_ascii_digit());
                let head = rest.get(..sign.len())?;
                (numeric && head == lower(sign)).then(|| (own, rest.get(sign.len()..)))
            })
        };
        if let Some((own, behind)) = known {
            written.push_str(own);
            rest = behind;
        } else if let Some((own, Some(behind))) = small() {
            written.push_str(own);
            rest = behind;
        } else if letter.is_alphabetic() {
            return Err(format!("to_char does not support \"{rest}\""));
        } else {
            written.push(letter);
            rest = rest.get(letter.len_utf8()..).unwrap_or_default();
        }
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::translated;

    #[test]
    fn patterns_mean_what_they_mean_to_postgresql() {
        for (pattern, wanted) in [
            ("YYYY-MM-DD HH24:MI:SS.MS", Ok("%Y-%m-%d %H:%M:%S.%3f")),
            ("yyyy-mm-dd\"T\"hh24:mi", Ok("%Y-%m-%dT%H:%M")),
            ("FMDD. FMMonth YYYY", Ok("%-d. %B %Y")),
            ("Dy, HH12 AM", Ok("%a, %I %p")),
            ("IYYY-\"W\"IW", Ok("%G-W%V")),
            ("%Y", Ok("%Y")),
            ("", Ok("")),
        ] {
            assert_eq!(translated(pattern).as_deref(), wanted.as_deref(), "{pattern}");
        }
        assert!(translated("YYYY Q").is_err());
    }
}
