//! Where do long numbers stand, and in which groups are they written?

/// Most digits and most groups that are looked at in one piece.
const DIGITS_MAX: usize = 24;
const GROUPS_MAX: usize = 12;
/// From so many digits on a number may be whole.
const WHOLE_DIGITS: usize = 9;
/// Longest look back for a word that says what a number is, in bytes.
const CUE_BYTES: usize = 28;

/// A group of digits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Group {
    pub(super) fn len(&self) -> usize {
        self.end - self.start
    }
}

/// Groups of digits with no more between them than signs by which people part a number.
#[derive(Debug)]
pub(super) struct Written<'t> {
    pub(super) text: &'t str,
    /// Where it begins, with a plus or a bracket.
    pub(super) start: usize,
    pub(super) groups: Vec<Group>,
}

impl<'t> Written<'t> {
    /// The end of its last group.
    pub(super) fn end(&self) -> usize {
        self.groups.last().map_or(self.start, |group| group.end)
    }

    /// Its digits alone, as values.
    pub(super) fn digits(&self) -> impl DoubleEndedIterator<Item = u8> {
        let bytes = self.text.as_bytes();
        let groups = self.groups.iter().filter_map(|group| bytes.get(group.start..group.end));
        groups.flatten().map(|byte| byte - b'0')
    }

    pub(super) fn digits_len(&self) -> usize {
        self.groups.iter().map(Group::len).sum()
    }

    /// The digits of a group.
    pub(super) fn group(&self, place: usize) -> &'t str {
        let group = self.groups.get(place).copied();
        group.and_then(|group| self.text.get(group.start..group.end)).unwrap_or_default()
    }

    /// What stands between a group and the next.
    pub(super) fn between(&self, place: usize) -> &'t str {
        let (Some(one), Some(next)) = (self.groups.get(place), self.groups.get(place + 1)) else {
            return "";
        };
        self.text.get(one.end..next.start).unwrap_or_default()
    }

    /// Whether the same stands between all groups.
    pub(super) fn is_even(&self) -> bool {
        (1..self.groups.len().saturating_sub(1)).all(|place| self.between(place) == self.between(0))
    }

    /// What stands before it.
    pub(super) fn before(&self) -> &'t str {
        let from = self.text.floor_char_boundary(self.start.saturating_sub(CUE_BYTES));
        self.text.get(from..self.start).unwrap_or_default()
    }

    /// Itself, then shorter ones: what is parted in another way than what stands before it may be
    /// another number.
    pub(super) fn beginnings(&self) -> impl Iterator<Item = Self> {
        let cuts = (1..self.groups.len()).rev().filter(|&groups| {
            let own = self.between(groups - 1);
            own.contains('/') || (groups > 1 && own != self.between(groups - 2))
        });
        std::iter::once(self.groups.len()).chain(cuts).map(|groups| {
            let kept = self.groups.get(..groups).unwrap_or_default();
            Self { text: self.text, start: self.start, groups: kept.to_vec() }
        })
    }

    /// The same without its first groups.
    pub(super) fn without(&self, groups: usize) -> Option<Self> {
        let rest = self.groups.get(groups..)?;
        let start = rest.first()?.start;
        Some(Self { text: self.text, start, groups: rest.to_vec() })
    }
}

/// The next digit, or a plus or bracket right before one.
pub(super) fn next(bytes: &[u8], from: usize) -> Option<usize> {
    let digit = from + bytes.get(from..)?.iter().position(u8::is_ascii_digit)?;
    let mut start = digit;
    while start > from && matches!(bytes.get(start - 1), Some(b'+' | b'(')) {
        start -= 1;
    }
    Some(start)
}

/// The groups from a place on.
pub(super) fn written(text: &str, mut start: usize) -> Option<Written<'_>> {
    let bytes = text.as_bytes();
    let (mut groups, mut digits) = (Vec::with_capacity(6), 0);
    let mut at = start + bytes.get(start..)?.iter().position(u8::is_ascii_digit)?;
    loop {
        let length = bytes.get(at..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
        digits += length;
        groups.push(Group { start: at, end: at + length });
        at += length;
        // A bracket around more than the first group is not part of the number.
        let is_open = groups.len() == 1 && bytes.get(start) == Some(&b'(');
        start += usize::from(is_open && bytes.get(at) != Some(&b')'));
        let gap = gap(text, at);
        // A stroke behind a whole number parts it from the next, which begins with a zero, too.
        let parts = text.get(at..at + gap).is_some_and(|gap| gap.contains('/'))
            && bytes.get(at + gap) == Some(&b'0');
        if gap == 0
            || (parts && digits >= WHOLE_DIGITS)
            || groups.len() >= GROUPS_MAX
            || digits >= DIGITS_MAX
        {
            return Some(Written { text, start, groups });
        }
        at += gap;
    }
}

/// The length of what may part two groups of one number, if digits follow.
fn gap(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let mut length = 0;
    for c in rest.chars().take(3) {
        match c {
            ' ' | '\u{a0}' | '\u{202f}' | '-' | '–' | '/' | '.' | '(' | ')' => {
                length += c.len_utf8();
            }
            '0'..='9' => return length,
            _ => return 0,
        }
    }
    let follows = rest.get(length..).and_then(|rest| rest.chars().next());
    if follows.is_some_and(|c| c.is_ascii_digit()) { length } else { 0 }
}
