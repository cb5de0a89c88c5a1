//! Which known word did the user mean by another one, and how is a word of theirs shown?

/// The known word that is meant, if one is close: it is written otherwise, or begins with what was written.
pub(crate) fn nearest<'w>(
    written: &str,
    known: impl IntoIterator<Item = &'w str> + Clone,
) -> Option<&'w str> {
    let written = written.trim().to_lowercase();
    if written.is_empty() {
        return None;
    }
    let begins = |word: &&str| written.len() > 2 && word.starts_with(&written);
    let close = |word: &&str| distance(&word.to_lowercase(), &written);
    let most = (written.chars().count() / 3).clamp(1, 3);
    let nearest = known.clone().into_iter().min_by_key(close).filter(|word| close(word) <= most);
    nearest.or_else(|| known.into_iter().find(begins))
}

/// Edit distance (Levenshtein) of two short words.
pub(crate) fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, r) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(l != *r);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

/// Characters that a terminal would obey, as their escapes: names come from the file.
pub(super) fn visible(text: String) -> String {
    if !text.contains(char::is_control) {
        return text;
    }
    let shown = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.into() };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_close_is_taken_for_a_word() {
        let known = ["bluesky", "feed", "x", "youtube-comments", "youtube-search", "flickr"];
        let rows = [
            ("feeds", Some("feed")),
            ("Blue Sky", Some("bluesky")),
            ("BLUESKY", Some("bluesky")),
            ("youtube", Some("youtube-comments")),
            ("youtube-serach", Some("youtube-search")),
            ("flicker", Some("flickr")),
            ("carrier pigeon", None),
            ("ab", None),
            (" ", None),
        ];
        for (written, meant) in rows {
            assert_eq!(nearest(written, known), meant, "{written}");
        }
    }
}
