//! Is every configuration read, or are its faults placed?
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use resonanz::config::Config;

fuzz_target!(|text: &str| {
    let Err(errors) = Config::parse(text, Path::new("/")) else { return };
    assert!(!errors.is_empty());
    let lines = text.split('\n').count();
    for error in errors {
        assert!((1..=lines).contains(&error.line), "{error}\n{text}");
        assert!(error.column >= 1 && !error.message.is_empty());
    }
});
