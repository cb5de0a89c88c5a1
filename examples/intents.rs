//! How are the weights of intents fitted? Reads labelled posts and prints the model, as in `models/`.
//!
//! cargo run --release -p resonanz-core --example intents -- models/intents/*-tuned.jsonl

#![allow(clippy::print_stdout, reason = "an example tells the person who runs it")]

use std::error::Error;
use std::{env, fs};

use resonanz_core::sentiment::intents::{IntentSample, fit_intents};
use resonanz_core::sentiment::{Profile, Scorer};

/// Keeps the weights of some hundred posts small.
const PENALTY: f64 = 2e-3;

fn main() -> Result<(), Box<dyn Error>> {
    let mut samples = Vec::new();
    for path in env::args().skip(1) {
        for (line, row) in (1..).zip(fs::read_to_string(&path)?.lines()) {
            let sample = IntentSample::parse(row);
            samples.push(sample.map_err(|error| format!("{path}:{line}: {error}"))?);
        }
    }
    let model = fit_intents(&Scorer::new(Profile::Resonanz), &samples, PENALTY)?;
    print!("{}", model.to_text());
    Ok(())
}
