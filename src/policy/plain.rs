//! How does Markdown read in a message? As plain text: links keep their address, marks go.

/// The text without marks.
pub(super) fn plain(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("```"));
    let lines = lines.map(|line| inline(line.trim_end()));
    let mut out = String::new();
    let mut blank = true;
    for line in lines {
        let is_blank = line.trim().is_empty();
        if is_blank && blank {
            continue;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&line);
        blank = is_blank;
    }
    out
}

fn inline(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['*', '`', '[', '\\']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let mut chars = from.chars();
        let sign = chars.next().unwrap_or_default();
        rest = chars.as_str();
        match sign {
            // A list may begin with it.
            '*' if out.trim().is_empty() && rest.starts_with(' ') => out.push('-'),
            '\\' => {
                out.extend(chars.next());
                rest = chars.as_str();
            }
            '[' => match link(from) {
                Some((label, url, behind)) => {
                    out.push_str(&inline(label));
                    out.push_str(&format!(" ({url})"));
                    rest = behind;
                }
                None => out.push('['),
            },
            _ => {}
        }
    }
    out + rest
}

/// The label and the address of a link that begins here, and what stands behind it.
pub(super) fn link(text: &str) -> Option<(&str, &str, &str)> {
    let (label, rest) = text.strip_prefix('[')?.split_once("](")?;
    let (url, behind) = rest.split_once(')')?;
    let is_plain = !label.contains(['[', ']', '\n']) && !url.contains(char::is_whitespace);
    is_plain.then_some((label, url, behind))
}

/// The level and the text of a heading.
pub(super) fn heading(line: &str) -> Option<(usize, &str)> {
    let rest = line.trim_start_matches('#');
    let level = line.len() - rest.len();
    let text = rest.strip_prefix([' ', '\t'])?;
    (1..=6).contains(&level).then(|| (level, text.trim().trim_end_matches('#').trim_end()))
}
