//! Which members has the first object of a file, of which only the beginning is known?
//!
//! Tolerant: JSON may end anywhere, and what is behind a fault is not looked at.

/// Members that are noted.
const MEMBERS_MAX: usize = 4_096;
/// Steps of a path.
const DEPTH_MAX: usize = 8;

/// The members of the first object, each with its path; of lists the first element alone.
#[derive(Debug, Clone, Default)]
pub struct Outline {
    /// `data.0.text`, and the byte with which the value begins.
    members: Vec<(String, u8)>,
    /// Whether the object ended before the text did.
    is_whole: bool,
    /// Where it ended.
    end: usize,
}

impl Outline {
    /// Looks at the first object of a text, also within a list or behind `window.NAME = `.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut outline = Self::default();
        let Some(begin) = text.find('{') else { return outline };
        let mut scan = Scan { text: text.as_bytes(), at: begin, found: &mut outline.members };
        let whole = scan.object("", 0).is_some();
        let end = scan.at;
        (outline.is_whole, outline.end) = (whole, end);
        outline
    }

    /// Whether there is a member at a path, whatever it holds.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.members.iter().any(|(known, _)| known == path)
    }

    /// Whether the member at a path is there and not `null`.
    #[must_use]
    pub fn says(&self, path: &str) -> bool {
        self.members.iter().any(|(known, first)| known == path && *first != b'n')
    }

    /// Paths of the lists that hold objects, the outer ones first.
    #[must_use]
    pub fn lists(&self) -> Vec<&str> {
        let elements = self.members.iter().filter(|(_, first)| *first == b'{');
        let mut lists: Vec<&str> =
            elements.filter_map(|(path, _)| path.strip_suffix(".0")).collect();
        lists.retain(|path| !path.split('.').any(|step| step == "0"));
        lists.sort_by_key(|path| path.matches('.').count());
        lists
    }

    /// Paths of the members of an object that are not objects or lists themselves: of the first
    /// object, or of the first one in a list.
    #[must_use]
    pub fn columns(&self, list: Option<&str>) -> Vec<&str> {
        let prefix = list.map_or(String::new(), |list| format!("{list}.0."));
        let plain = self.members.iter().filter(|(_, first)| !matches!(first, b'{' | b'['));
        plain.filter_map(|(path, _)| path.strip_prefix(prefix.as_str())).collect()
    }

    /// Where the object ended, if it did.
    #[must_use]
    pub fn end(&self) -> Option<usize> {
        self.is_whole.then_some(self.end)
    }
}

struct Scan<'s> {
    text: &'s [u8],
    at: usize,
    found: &'s mut Vec<(String, u8)>,
}

impl Scan<'_> {
    /// The next byte that is not white.
    fn peek(&mut self) -> Option<u8> {
        while self.text.get(self.at)?.is_ascii_whitespace() {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    fn take(&mut self, want: u8) -> Option<()> {
        (self.peek()? == want).then(|| self.at += 1)
    }

    fn string(&mut self) -> Option<String> {
        self.take(b'"')?;
        let begin = self.at;
        loop {
            match self.text.get(self.at)? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        let said = String::from_utf8_lossy(self.text.get(begin..self.at)?).into_owned();
        self.at += 1;
        Some(said)
    }

    /// Passes over an object, noting its members; `None` where the text ends or is not JSON.
    fn object(&mut self, path: &str, depth: usize) -> Option<()> {
        self.take(b'{')?;
        loop {
            match self.peek()? {
                b'}' => {
                    self.at += 1;
                    return Some(());
                }
                b',' => self.at += 1,
                _ => {
                    let name = self.string()?;
                    self.take(b':')?;
                    let inner = if path.is_empty() { name } else { format!("{path}.{name}") };
                    self.value(&inner, depth + 1)?;
                }
            }
        }
    }

    fn list(&mut self, path: &str, depth: usize) -> Option<()> {
        self.take(b'[')?;
        let (mut place, noted) = (0u32, depth < DEPTH_MAX);
        loop {
            match self.peek()? {
                b']' => {
                    self.at += 1;
                    return Some(());
                }
                b',' => self.at += 1,
                _ => {
                    let depth = if place == 0 && noted { depth + 1 } else { DEPTH_MAX };
                    self.value(&format!("{path}.0"), depth)?;
                    place += 1;
                }
            }
        }
    }

    fn value(&mut self, path: &str, depth: usize) -> Option<()> {
        let first = self.peek()?;
        if depth < DEPTH_MAX && self.found.len() < MEMBERS_MAX {
            self.found.push((path.to_owned(), first));
        }
        match first {
            // What is too deep is only passed over.
            b'{' | b'[' if depth >= DEPTH_MAX => self.pass(),
            b'{' => self.object(path, depth),
            b'[' => self.list(path, depth),
            b'"' => self.string().map(drop),
            _ => {
                let ends = |byte: &u8| byte.is_ascii_whitespace() || b",]}".contains(byte);
                let rest = self.text.get(self.at..)?;
                self.at += rest.iter().position(ends).filter(|length| *length > 0)?;
                Some(())
            }
        }
    }

    /// Passes over a value with brackets.
    fn pass(&mut self) -> Option<()> {
        let mut open = 0u32;
        loop {
            match self.peek()? {
                b'{' | b'[' => (open, self.at) = (open.saturating_add(1), self.at + 1),
                b'}' | b']' => (open, self.at) = (open.saturating_sub(1), self.at + 1),
                b'"' => drop(self.string()?),
                _ => self.at += 1,
            }
            if open == 0 {
                return Some(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_however_the_text_ends() {
        let text = r#"[{"meta":{"n":1},"data":{"children":[{"kind":"t1","data":{"body":"a}\"]"}},
            {"other":2}]},"last":[1,2],"cut":"abc"#;
        let outline = Outline::of(text);
        assert!(outline.has("data.children.0.data.body") && outline.has("meta.n"));
        assert!(!outline.has("data.children.0.other"), "only the first element");
        assert_eq!((outline.lists(), outline.end()), (vec!["data.children"], None));
        let outline = Outline::of("{\"a\":null,\"b\":[[[[[[[[[{\"c\":1}]]]]]]]]]} rest");
        assert!(outline.has("a") && !outline.says("a"));
        assert!(outline.end().is_some());
        for cut in 0..text.len() {
            let members = Outline::of(text.get(..cut).unwrap_or_default()).members.len();
            assert!(members <= 12, "{cut}: {members}");
        }
    }
}
