//! Are times, spans, lexicons, models and labeled rows read, or refused? One by the first byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use resonanz_core::sentiment::evaluate::Row;
use resonanz_core::sentiment::{Lexicon, Model};
use resonanz_core::time::{EventTime, TimeStyle, parse_span};

fuzz_target!(|input: (u8, &str)| {
    let (kind, text) = input;
    match kind % 5 {
        0 => {
            if let Ok(time) = EventTime::parse(text) {
                assert_eq!(EventTime::parse(&time.to_string()).ok(), Some(time));
            }
            if let Ok(time) = TimeStyle::utc().read(text) {
                assert!(time.is_supported());
            }
        }
        1 => {
            let (format, time) = text.split_once('\n').unwrap_or(("%d.%m.%Y", text));
            let style = TimeStyle { format: Some(format.to_owned()), ..TimeStyle::utc() };
            if let Ok(time) = style.read(time) {
                assert!(time.is_supported());
            }
            let _ = parse_span(text);
        }
        2 => {
            if let Err(error) = Lexicon::parse(text) {
                assert!((1..=text.lines().count()).contains(&error.line));
            }
        }
        3 => drop(Model::parse(text)),
        _ => drop(Row::parse(text)),
    }
});
