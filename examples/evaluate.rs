//! How good is a scorer? Measures both profiles on labelled posts, one JSON object a line.
//!
//! `cargo run --release -p resonanz-core --example evaluate -- tests/fixtures/posts/de.jsonl`

#![allow(clippy::disallowed_methods, reason = "the caller reads the file")]
#![allow(clippy::print_stdout, reason = "an example tells the person who runs it")]

use std::error::Error;

use resonanz_core::sentiment::evaluate::{Row, Tally};
use resonanz_core::sentiment::{Profile, Scorer, Scratch};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("which file of labelled posts?")?;
    let lines = std::fs::read_to_string(path)?;
    let rows: Vec<Row> = lines.lines().map(Row::parse).collect::<Result<_, _>>()?;
    for profile in [Profile::Vader, Profile::Resonanz] {
        let scorer = Scorer::new(profile);
        let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
        for row in &rows {
            let verdict = scorer.verdict(&row.text, row.lang, &row.spans, &mut scratch);
            tally.observe(row.gold, verdict.polarity);
        }
        let report = tally.finalize();
        println!("{profile}: {} rows, macro-F1 {:.3}", report.rows, report.macro_f1);
    }
    Ok(())
}
