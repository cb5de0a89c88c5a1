//! What does the oracle find? Every term at every place by trying, every chain of hits by counting.

use std::collections::BTreeSet;

use super::query::{Defaults, Options, Query, Term};
use super::text::{Reading, Text, is_picture, is_word, part_edges, read_term, written};

/// A hit in characters of the folded text.
type Hit = (usize, usize);

#[derive(Debug, Clone)]
enum Part {
    Char(char),
    One,
    Run,
    AnyOf(Vec<String>),
}

/// One text under one topic's defaults.
pub(crate) struct Oracle<'t> {
    pub(crate) original: &'t str,
    pub(crate) text: Text,
    pub(crate) defaults: Defaults,
    pub(crate) lang: &'static str,
}

/// What can be looked for.
#[derive(Debug, Clone)]
enum Wanted {
    Parts(Vec<Part>),
    Raw(Vec<char>, String),
}

impl Oracle<'_> {
    fn reading(&self) -> Reading {
        if self.defaults.apart { Reading::Letters } else { Reading::Search }
    }

    fn folded(&self, tokens: &[usize], options: Options) -> String {
        let mut chars = read_term(tokens, self.reading()).chars;
        let goes_on = |c| is_word(c) || matches!(c, '*' | '?');
        part_edges(&mut chars, if options == Options::Raw { is_word } else { goes_on });
        chars.into_iter().collect::<String>().trim().to_owned()
    }

    /// Whether a term may stand in a query.
    fn valid(&self, term: &Term) -> bool {
        let folded = self.folded(&term.tokens, term.options);
        let wild = |c: char| matches!(c, '*' | '?');
        let words_ok =
            term.options == Options::Raw || !folded.split(' ').any(|w| w.chars().all(wild));
        !folded.is_empty() && words_ok
    }

    pub(crate) fn valid_query(&self, query: &Query) -> bool {
        match query {
            Query::Term(term) => self.valid(term),
            Query::Slop(term, _) => {
                let pieces = pieces(term);
                let raw = term.options == Options::Raw && pieces.len() > 1;
                self.valid(term)
                    && !(raw && pieces.iter().any(|p| self.folded(p, term.options).is_empty()))
            }
            Query::Near(operands, _) => operands.iter().flatten().all(|term| self.valid(term)),
            Query::And(parts) | Query::Or(parts) => parts.iter().all(|p| self.valid_query(p)),
            Query::Not(inner) => self.valid_query(inner),
            Query::Lang(_) => true,
        }
    }

    pub(crate) fn anchored(query: &Query) -> bool {
        match query {
            Query::Term(_) | Query::Slop(..) | Query::Near(..) => true,
            Query::And(parts) => parts.iter().any(Self::anchored),
            Query::Or(parts) => parts.iter().all(Self::anchored),
            Query::Not(_) | Query::Lang(_) => false,
        }
    }

    fn wanted(&self, term: &Term) -> Vec<Wanted> {
        if term.options == Options::Raw {
            let raw = written(&term.tokens).trim().to_owned();
            return vec![Wanted::Raw(
                self.folded(&term.tokens, term.options).chars().collect(),
                raw,
            )];
        }
        let folded = self.folded(&term.tokens, term.options);
        let mut wanted = vec![Wanted::Parts(self.parts(&folded, &folded, term.options))];
        let words: Vec<&str> = folded.split(' ').collect();
        wanted.extend(if words.len() > 1 { self.tag(&words) } else { None });
        wanted
    }

    fn tag(&self, words: &[&str]) -> Option<Wanted> {
        let plain = words.iter().all(|word| word.chars().all(is_word));
        let chars = format!("#{}", words.concat()).chars().map(Part::Char).collect();
        (self.defaults.hashtags && plain).then_some(Wanted::Parts(chars))
    }

    fn parts(&self, folded: &str, whole: &str, options: Options) -> Vec<Part> {
        let plain = |c: char| is_word(c) || " -'*?".contains(c);
        let signs = !whole.chars().all(plain) || whole.starts_with(['-', '\'']);
        let compound = matches!(options, Options::Compound | Options::InflectCompound)
            || (self.defaults.compounds && !signs);
        let mut parts = Vec::new();
        for (index, word) in folded.split(' ').enumerate() {
            parts.extend((index > 0).then_some(Part::Char(' ')));
            parts.extend(compound.then_some(Part::Run));
            match options {
                Options::Inflect | Options::InflectCompound => {
                    parts.push(Part::AnyOf(self.forms(word)));
                }
                _ => parts.extend(word.chars().map(|c| match c {
                    '*' => Part::Run,
                    '?' => Part::One,
                    c => Part::Char(c),
                })),
            }
            parts.extend(compound.then_some(Part::Run));
        }
        parts
    }

    fn forms(&self, word: &str) -> Vec<String> {
        let with = |stem: &str, endings: &str| -> Vec<String> {
            endings.split(',').map(|ending| format!("{stem}{ending}")).collect()
        };
        if word == "abe" {
            return with("ab", "e,en,ens,em,er,es");
        }
        let changed = if self.defaults.apart { "bäs" } else { "baes" };
        let mut forms = with("bas", ",e,en,es,er,ern,em,se,sen,ses");
        forms.extend(with(changed, "e,en,er,ern,n"));
        forms
    }

    /// All hits of a term: for each beginning the longest.
    fn hits(&self, wanted: &Wanted) -> Vec<Hit> {
        let len = self.text.chars.len();
        let begins = (0..len).map(|start| {
            let (ends, open) = match wanted {
                Wanted::Raw(chars, _) => {
                    let parts: Vec<Part> = chars.iter().copied().map(Part::Char).collect();
                    (self.ends(&parts, start), (false, false))
                }
                Wanted::Parts(parts) => {
                    let run = |part: Option<&Part>| matches!(part, Some(Part::Run));
                    (self.ends(parts, start), (run(parts.first()), run(parts.last())))
                }
            };
            let right = |end: usize| {
                if open.1 {
                    let more = self.text.chars.get(end).copied().is_some_and(is_word);
                    return (!more).then_some(end);
                }
                let tone = end > 0
                    && self.text.chars.get(end) == Some(&'🏽')
                    && is_picture(self.text.chars[end - 1])
                    && self.text.chars[end - 1] != '🏽';
                let end = end + usize::from(tone);
                (!self.text.inside(end)).then_some(end)
            };
            let left = if open.0 {
                start == 0 || !is_word(self.text.chars[start - 1])
            } else {
                !self.text.inside(start)
            };
            let end = ends.into_iter().filter_map(right).max().filter(|_| left);
            end.map(|end| (start, end))
        });
        let exact = |hit: &Hit| match wanted {
            Wanted::Parts(_) => true,
            Wanted::Raw(_, raw) => {
                let (start, end) = self.place(*hit);
                let own = self.original.get(start..end).unwrap_or_default();
                let plain = |text: &str| text.replace("&#38;", "&");
                let bare = own.trim_end_matches('™');
                plain(own) == plain(raw) || plain(bare) == plain(raw)
            }
        };
        begins.flatten().filter(exact).collect()
    }

    fn ends(&self, parts: &[Part], at: usize) -> BTreeSet<usize> {
        let mut places = BTreeSet::from([at]);
        for part in parts {
            let mut next = BTreeSet::new();
            for &at in &places {
                self.step(part, at, &mut next);
            }
            places = next;
        }
        places
    }

    fn step(&self, part: &Part, at: usize, next: &mut BTreeSet<usize>) {
        let chars = &self.text.chars;
        match part {
            Part::Char(c) => next.extend((chars.get(at) == Some(c)).then_some(at + 1)),
            Part::Run => {
                let run = chars[at..].iter().take_while(|&&c| is_word(c)).count();
                next.extend(at..=at + run);
            }
            Part::One if at < chars.len() => {
                if !self.defaults.apart && is_word(chars[at]) {
                    next.insert(at + 1);
                }
                let (start, end) = self.text.unit(at);
                if start == at && chars[start..end].iter().all(|&c| is_word(c)) {
                    next.insert(end);
                }
            }
            Part::One => {}
            Part::AnyOf(forms) => {
                for form in forms {
                    let form: Vec<char> = form.chars().collect();
                    next.extend(chars[at..].starts_with(&form).then_some(at + form.len()));
                }
            }
        }
    }

    fn place(&self, hit: Hit) -> (usize, usize) {
        (self.text.clusters[hit.0].0, self.text.clusters[hit.1 - 1].1)
    }

    fn alternatives(&self, terms: &[Term]) -> Vec<Hit> {
        terms.iter().flat_map(|term| self.wanted(term)).flat_map(|w| self.hits(&w)).collect()
    }

    /// All chains of hits, one of each operand, each near the next; words between in all.
    fn chains(&self, operands: &[Vec<Hit>], links: &[(usize, bool)]) -> Vec<(Vec<Hit>, usize)> {
        let mut chains: Vec<(Vec<Hit>, usize)> =
            operands[0].iter().map(|&hit| (vec![hit], 0)).collect();
        for (&(words, forward), hits) in links.iter().zip(&operands[1..]) {
            let mut longer = Vec::new();
            for (chain, so_far) in &chains {
                let last = chain[chain.len() - 1];
                for &hit in hits {
                    let between = if last.1 <= hit.0 {
                        self.text.words(last.1, hit.0)
                    } else if hit.1 <= last.0 && !forward {
                        self.text.words(hit.1, last.0)
                    } else {
                        continue;
                    };
                    if between <= words {
                        longer.push(([chain.as_slice(), &[hit]].concat(), so_far + between));
                    }
                }
            }
            chains = longer;
        }
        chains
    }

    /// The hits that make a query hold, or `None` if it fails; and for `held` false the reverse.
    pub(crate) fn judge(&self, query: &Query, held: bool) -> Option<Vec<(usize, usize)>> {
        let leaf = |hits: Vec<Hit>| match (hits.is_empty(), held) {
            (false, true) => Some(hits.into_iter().map(|hit| self.place(hit)).collect()),
            (true, false) => Some(Vec::new()),
            _ => None,
        };
        match query {
            Query::Term(term) => leaf(self.alternatives(std::slice::from_ref(term))),
            Query::Slop(term, words) => leaf(self.slop(term, *words)),
            Query::Near(operands, links) => {
                let hits: Vec<Vec<Hit>> = operands.iter().map(|o| self.alternatives(o)).collect();
                leaf(self.chains(&hits, links).into_iter().flat_map(|(chain, _)| chain).collect())
            }
            Query::Lang(lang) => ((*lang == self.lang) == held).then(Vec::new),
            Query::Not(inner) => self.judge(inner, !held),
            Query::And(parts) => {
                let judged = self.groups(parts).into_iter().map(|group| match group {
                    (run, Some(tag)) => self.judge_run(&run, &tag, held),
                    (run, None) => self.judge(run[0], held),
                });
                gather(judged.collect(), held)
            }
            Query::Or(parts) => {
                gather(parts.iter().map(|part| self.judge(part, held)).collect(), !held)
            }
        }
    }

    /// The parts of an AND: single words side by side belong together when hashtags count.
    fn groups<'q>(&self, parts: &'q [Query]) -> Vec<(Vec<&'q Query>, Option<Wanted>)> {
        let mut flat = Vec::new();
        flatten(parts, &mut flat);
        let mut groups: Vec<(Vec<&Query>, Option<Wanted>)> = Vec::new();
        let mut words: Vec<String> = Vec::new();
        for query in flat {
            let word = self.single_word(query);
            match (word, groups.last_mut()) {
                (Some(word), Some((run, tag))) if self.defaults.hashtags && !words.is_empty() => {
                    words.push(word);
                    run.push(query);
                    let words: Vec<&str> = words.iter().map(String::as_str).collect();
                    *tag = self.tag(&words);
                }
                (word, _) => {
                    words = word.into_iter().collect();
                    groups.push((vec![query], None));
                }
            }
        }
        groups
    }

    fn single_word(&self, query: &Query) -> Option<String> {
        let (Query::Term(term) | Query::Slop(term, _)) = query else { return None };
        let folded = self.folded(&term.tokens, term.options);
        (term.options != Options::Raw && folded.chars().all(is_word)).then_some(folded)
    }

    fn judge_run(&self, run: &[&Query], tag: &Wanted, held: bool) -> Option<Vec<(usize, usize)>> {
        let all = gather(run.iter().map(|query| self.judge(query, held)).collect(), held);
        let tags: Vec<(usize, usize)> =
            self.hits(tag).into_iter().map(|hit| self.place(hit)).collect();
        let tags = (tags.is_empty() != held).then_some(tags);
        gather(vec![all, tags], !held)
    }

    fn slop(&self, term: &Term, words_max: usize) -> Vec<Hit> {
        let raw = term.options == Options::Raw;
        let pieces = pieces(term);
        let folded = self.folded(&term.tokens, term.options);
        if !folded.contains(' ') && !raw {
            return self.alternatives(&[term.quoted()]);
        }
        if raw && pieces.len() < 2 {
            return self.alternatives(&[term.quoted()]);
        }
        let words: Vec<Vec<Hit>> = if raw {
            let word = |piece: &Vec<usize>| Term { tokens: piece.clone(), ..term.clone() };
            pieces.iter().map(|piece| self.alternatives(&[word(piece)])).collect()
        } else {
            let parts = |word| Wanted::Parts(self.parts(word, &folded, term.options));
            folded.split(' ').map(|word| self.hits(&parts(word))).collect()
        };
        let links = vec![(words_max, true); words.len() - 1];
        let chains = self.chains(&words, &links).into_iter();
        let within = chains.filter(|(_, between)| *between <= words_max);
        let mut hits: Vec<Hit> = within.flat_map(|(chain, _)| chain).collect();
        let folded: Vec<&str> = folded.split(' ').collect();
        if let Some(tag) = self.tag(&folded).filter(|_| !raw) {
            hits.extend(self.hits(&tag));
        }
        hits
    }
}

fn pieces(term: &Term) -> Vec<Vec<usize>> {
    let space = |token: &usize| written(&[*token]).chars().all(char::is_whitespace);
    let pieces = term.tokens.split(space).map(<[usize]>::to_vec);
    pieces.filter(|piece| !piece.is_empty()).collect()
}

fn flatten<'q>(parts: &'q [Query], flat: &mut Vec<&'q Query>) {
    for part in parts {
        match part {
            Query::And(inner) => flatten(inner, flat),
            other => flat.push(other),
        }
    }
}

/// Joins what was judged of parts, all or any of which must agree.
fn gather(judged: Vec<Option<Vec<(usize, usize)>>>, all: bool) -> Option<Vec<(usize, usize)>> {
    let count = judged.iter().flatten().count();
    let enough = if all { count == judged.len() } else { count > 0 };
    enough.then(|| judged.into_iter().flatten().flatten().collect())
}
