//! What is learned from posts that nobody labelled, and who can tell whether it is better?

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};

use super::eval::report_json;
use super::output::one_line;
use super::places::{ConfigAt, LakePlace};
use super::reviews::mentioned;
use super::{Failure, eval_rows};
use crate::post::{Lang, Polarity};
use crate::sentiment::Scorer;
use crate::sentiment::fit::{Fate, Posts, Sample, Taught, ViewTaught, teach};

/// Characters of an example that are shown.
const SHOWN_CHARS: usize = 120;

/// What came of posts without labels.
pub(super) struct Lesson {
    pub(super) taught: Taught,
    /// Lines of a file that were no posts.
    pub(super) refused: u64,
    /// Posts that did not fit.
    left_out: u64,
}

impl Lesson {
    /// Learns from a file of JSON lines, or from the mentions of a lake.
    pub(super) fn take(
        from: &Path,
        (config, lang): (&ConfigAt, Lang),
        scorer: &Scorer,
        labeled: &[Sample],
        even_if_worse: bool,
    ) -> Result<Self, Failure> {
        let (mut posts, mut refused) = (Posts::default(), 0);
        if from.is_dir() || from.to_str().is_some_and(|place| place.starts_with("s3://")) {
            let lake = Some(from.to_path_buf());
            let place = LakePlace { lake, state: None, config: config.clone() };
            mentioned(&place)?.into_iter().for_each(|post| posts.push(post));
        } else {
            refused = eval_rows::each_unlabelled(from, lang, |post| posts.push(post))?;
        }
        let left_out = posts.left_out();
        let taught = teach(scorer, &posts, labeled, even_if_worse);
        let taught = taught.map_err(|error| {
            Failure::usage(format!("{}: {error}", from.display()), "give more posts")
        })?;
        Ok(Self { taught, refused, left_out })
    }

    /// For people.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        for view in &self.taught.views {
            told(view, out)?;
        }
        if self.left_out > 0 {
            writeln!(out, "{} further posts were not needed", self.left_out)?;
        }
        let Taught { compared, changed, examples, .. } = &self.taught;
        if *compared == 0 {
            return Ok(());
        }
        let such_as = if examples.is_empty() { "" } else { ", such as" };
        writeln!(out, "{changed} of {compared} verdicts change{such_as}")?;
        for example in examples {
            let text: String = one_line(&example.text).chars().take(SHOWN_CHARS).collect();
            let [before, after] = [example.before, example.after].map(Polarity::as_str);
            writeln!(out, "  {before} to {after}: {text}")?;
        }
        Ok(())
    }

    /// For programs.
    pub(super) fn as_json(&self) -> Value {
        let Taught { views, compared, changed, examples, .. } = &self.taught;
        let views = views.iter().map(|view| {
            let labeled = view.labelled.as_ref().map(|[before, after]| {
                let [righted, wronged] = view.turned;
                json!({"before": report_json(before), "after": report_json(after), "righted": righted, "wronged": wronged})
            });
            json!({"view": view.view, "posts": view.posts, "sure": view.sure, "learned": view.fate != Fate::Worse,
                "labeled": labeled})
        });
        let examples = examples.iter().map(|one| {
            json!({"text": one.text, "before": one.before.as_str(), "after": one.after.as_str()})
        });
        json!({"views": views.collect::<Vec<_>>(), "left_out": self.left_out, "compared": compared,
            "changed": changed, "examples": examples.collect::<Vec<_>>()})
    }
}

/// What became of a view.
fn told(view: &ViewTaught, out: &mut impl Write) -> io::Result<()> {
    let ViewTaught { view: name, posts, sure, turned: [righted, wronged], .. } = view;
    write!(
        out,
        "{name}: the surest {sure} verdicts on {posts} posts without labels taken for labels"
    )?;
    let Some([before, after]) = &view.labelled else {
        return writeln!(
            out,
            "; nobody can tell whether that is better: label some of the posts below, and give 30 of this view as FILE"
        );
    };
    writeln!(
        out,
        "; on {} labeled posts macro-F1 {:.3} before, {:.3} after, {righted} righted, {wronged} wronged",
        after.rows, before.macro_f1, after.macro_f1
    )?;
    match view.fate {
        Fate::Worse => {
            writeln!(out, "{name}: worse, so kept as it was; --even-if-worse takes it all the same")
        }
        Fate::Forced => writeln!(out, "{name}: worse, and taken all the same"),
        Fate::Proven | Fate::Untold => Ok(()),
    }
}
