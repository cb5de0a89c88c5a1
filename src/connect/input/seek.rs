//! Where in a document does the list begin that holds its posts? Byte by byte, in flat memory.

/// Longest name that is compared.
const NAME_BYTES_MAX: usize = 256;

/// Looks for a list at a path of names.
#[derive(Debug)]
pub(super) struct Seek {
    path: Vec<Vec<u8>>,
    /// How many names of the path lead to where the next byte is.
    matched: usize,
    /// How many brackets are open.
    depth: usize,
    text: Text,
    name: Vec<u8>,
    /// Whether the next text is the name of a member.
    awaits_name: bool,
    /// Whether the value that follows is the next one of the path.
    is_next: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Text {
    Outside,
    Inside,
    /// Behind a backslash.
    Escaped,
}

impl Seek {
    /// One for a path of names that dots join.
    pub(super) fn new(path: &str) -> Self {
        Self {
            path: path.split('.').map(|name| name.as_bytes().to_vec()).collect(),
            matched: 0,
            depth: 0,
            text: Text::Outside,
            name: Vec::new(),
            awaits_name: false,
            is_next: false,
        }
    }

    /// Takes a byte; whether it opens the list. What follows its end is taken next.
    pub(super) fn finds(&mut self, byte: u8) -> bool {
        if self.text != Text::Outside {
            self.within_text(byte);
            return false;
        }
        let is_on_path = self.depth == self.matched + 1;
        match byte {
            b'"' => {
                self.text = Text::Inside;
                self.name.clear();
            }
            b':' if is_on_path && self.awaits_name => {
                self.awaits_name = false;
                self.is_next = self.path.get(self.matched) == Some(&self.name);
            }
            b',' if is_on_path => (self.awaits_name, self.is_next) = (true, false),
            b'[' if is_on_path && self.is_next && self.matched + 1 == self.path.len() => {
                self.is_next = false;
                return true;
            }
            b'{' => self.open_object(is_on_path),
            // Objects that each wrap a list can be in one themselves.
            b'[' if self.depth > 0 => self.depth += 1,
            b'}' | b']' if self.depth > 0 => {
                self.depth -= 1;
                if self.matched > 0 && self.depth == self.matched {
                    self.matched -= 1;
                    (self.awaits_name, self.is_next) = (false, false);
                }
            }
            _ => {}
        }
        false
    }

    fn open_object(&mut self, is_on_path: bool) {
        if self.depth == 0 {
            (self.matched, self.awaits_name, self.is_next) = (0, true, false);
        } else if is_on_path && self.is_next && self.matched + 1 < self.path.len() {
            self.matched += 1;
            (self.awaits_name, self.is_next) = (true, false);
        }
        self.depth += 1;
    }

    fn within_text(&mut self, byte: u8) {
        self.text = match (self.text, byte) {
            (Text::Escaped, _) => Text::Inside,
            (_, b'\\') => Text::Escaped,
            (_, b'"') => Text::Outside,
            _ => Text::Inside,
        };
        if self.text != Text::Outside && self.awaits_name && self.name.len() < NAME_BYTES_MAX {
            self.name.push(byte);
        }
    }
}
