//! What does a query say, as a tree? Its parts, its canonical text and its indented form.

use std::fmt;

use super::cursor::Parser;
use super::field::Field;
use super::signs::single_close;

/// A parsed query.
///
/// Its [`Display`](fmt::Display) form is the canonical text: parsing it gives the same tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// A word or an exact phrase.
    Term(Term),
    /// The words of a phrase in this order, with at most so many other words between them in all.
    Slop {
        /// The words, separated by spaces.
        phrase: Term,
        /// How many words may stand between.
        words_max: u32,
    },
    /// Operands near each other, each to the next.
    Near {
        /// The alternatives of each operand.
        operands: Vec<Vec<Term>>,
        /// How each operand is joined to the next: one fewer than the operands.
        links: Vec<Link>,
    },
    /// All of them.
    And(Vec<Expr>),
    /// Any of them.
    Or(Vec<Expr>),
    /// Not this.
    Not(Box<Expr>),
    /// Something asked of the post besides its text.
    Field(Field),
}

/// A word or phrase to look for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Term {
    /// The text: as written for a raw term, otherwise folded, with umlauts as they are and with
    /// `*` and `?` as wildcards.
    pub text: String,
    /// Whether the text must stand in the post character by character.
    pub raw: bool,
    /// Whether German endings and umlaut plurals count.
    pub inflect: bool,
    /// Whether the words may be parts of longer ones.
    pub compound: bool,
}

impl Term {
    /// Whether the text is read as it stands without quotes.
    fn is_bare(&self) -> bool {
        // A single quote may find another behind the terms that follow.
        if self.text.chars().next().is_some_and(|c| single_close(c).is_some()) {
            return false;
        }
        let text = if self.raw { format!("raw:{}", self.text) } else { self.text.clone() };
        let mut parser = Parser::new(&text);
        let read = parser.any();
        let plain = Self { inflect: false, compound: false, ..self.clone() };
        parser.at == text.len() && parser.remarks.is_empty() && read == Ok(Expr::Term(plain))
    }
}

/// How two operands must stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// How many words may stand between them.
    pub words_max: u32,
    /// Whether the left one must come first.
    pub order: Order,
}

/// Whether the order of two operands counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Either may come first.
    Any,
    /// The left one comes first.
    Forward,
}

impl Expr {
    /// Whether a post can match only if it holds at least one of the query's terms.
    ///
    /// Only such queries can be found through an index of terms.
    #[must_use]
    pub fn is_anchored(&self) -> bool {
        match self {
            Self::Term(_) | Self::Slop { .. } | Self::Near { .. } => true,
            Self::And(parts) => parts.iter().any(Self::is_anchored),
            Self::Or(parts) => parts.iter().all(Self::is_anchored),
            Self::Not(_) | Self::Field(_) => false,
        }
    }

    /// The query as an indented tree, one node a line, for people who ask what it means.
    ///
    /// # Example
    /// ```
    /// let expr = resonanz_core::mention::parse("acme -(job OR \"we hire\"~2)")?;
    /// assert_eq!(expr.tree(), "AND\n  acme\n  NOT\n    OR\n      job\n      \"we hire\"~2\n");
    /// # Ok::<(), resonanz_core::mention::QueryError>(())
    /// ```
    #[must_use]
    pub fn tree(&self) -> String {
        let mut tree = String::new();
        self.push_tree(0, &mut tree);
        tree
    }

    fn push_tree(&self, depth: usize, tree: &mut String) {
        tree.push_str(&"  ".repeat(depth));
        tree.push_str(&self.label());
        tree.push('\n');
        if let Self::Near { operands, links } = self {
            for (index, operand) in operands.iter().enumerate() {
                let indent = "  ".repeat(depth + 1);
                if let Some(link) = index.checked_sub(1).and_then(|left| links.get(left)) {
                    tree.push_str(&format!("{indent}{link}\n"));
                }
                tree.push_str(&format!("{indent}{}\n", Alternatives(operand)));
            }
        }
        for part in self.parts() {
            part.push_tree(depth + 1, tree);
        }
    }

    /// The node without its parts: an operator, or all of a node that has none.
    pub(super) fn label(&self) -> String {
        match self {
            Self::And(_) => "AND".to_owned(),
            Self::Or(_) => "OR".to_owned(),
            Self::Not(_) => "NOT".to_owned(),
            Self::Near { .. } => "NEAR".to_owned(),
            Self::Term(_) | Self::Slop { .. } | Self::Field(_) => self.to_string(),
        }
    }

    /// The queries that this one is made of.
    pub(super) fn parts(&self) -> &[Self] {
        match self {
            Self::And(parts) | Self::Or(parts) => parts,
            Self::Not(inner) => std::slice::from_ref(inner),
            Self::Term(_) | Self::Slop { .. } | Self::Near { .. } | Self::Field(_) => &[],
        }
    }

    /// How tightly the node binds, to know where parentheses are due.
    fn tightness(&self) -> u8 {
        match self {
            Self::Or(_) => 0,
            Self::And(_) => 1,
            Self::Near { .. } => 2,
            Self::Not(_) | Self::Term(_) | Self::Slop { .. } | Self::Field(_) => 3,
        }
    }

    fn write_inside(&self, outer: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.tightness() < outer { write!(f, "({self})") } else { write!(f, "{self}") }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Term(term) => write!(f, "{term}"),
            Self::Slop { phrase, words_max } => write!(f, "{phrase}~{words_max}"),
            Self::Near { operands, links } => {
                for (index, operand) in operands.iter().enumerate() {
                    if let Some(link) = index.checked_sub(1).and_then(|left| links.get(left)) {
                        write!(f, " {link} ")?;
                    }
                    write!(f, "{}", Alternatives(operand))?;
                }
                Ok(())
            }
            Self::And(parts) => write_list(parts, " AND ", 2, f),
            Self::Or(parts) => write_list(parts, " OR ", 1, f),
            Self::Not(inner) => {
                f.write_str("NOT ")?;
                inner.write_inside(3, f)
            }
            Self::Field(field) => write!(f, "{field}"),
        }
    }
}

fn write_list(parts: &[Expr], join: &str, inside: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(join)?;
        }
        part.write_inside(inside, f)?;
    }
    Ok(())
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options =
            [(self.raw, "raw:"), (self.inflect, "inflect:"), (self.compound, "compound:")];
        for (_, option) in options.iter().filter(|(set, _)| *set) {
            f.write_str(option)?;
        }
        if self.is_bare() { f.write_str(&self.text) } else { write!(f, "\"{}\"", self.text) }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = if self.order == Order::Forward { "f" } else { "" };
        write!(f, "NEAR/{}{order}", self.words_max)
    }
}

/// One operand of NEAR as text.
struct Alternatives<'e>(&'e [Term]);

impl fmt::Display for Alternatives<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [only] = self.0 {
            return write!(f, "{only}");
        }
        let words: Vec<String> = self.0.iter().map(Term::to_string).collect();
        write!(f, "({})", words.join(" OR "))
    }
}
