//! Where in the file does a part of a text stand?

/// Where byte `offset` in line `line` of a text's content stands in the file; the start of the value
/// when escapes make that hard to tell.
pub(crate) fn content_place(text: &str, value: usize, line: usize, offset: usize) -> usize {
    let raw = text.get(value..).unwrap_or_default();
    let quotes = ["'''", "\"\"\"", "'", "\""].into_iter().find(|quotes| raw.starts_with(quotes));
    let Some(quotes) = quotes else { return value };
    let inside = raw.get(quotes.len()..).unwrap_or_default();
    // The first line break of a text over several lines is not part of it.
    let skipped = if quotes.len() == 3 && inside.starts_with('\n') { 1 } else { 0 };
    let inside = inside.get(skipped..).unwrap_or_default();
    let read = inside.split_inclusive('\n').take(line).map(str::len).sum();
    let read = inside.get(..read).unwrap_or_default();
    let escaped = quotes.starts_with('"') && read.contains('\\');
    if escaped { value } else { value + quotes.len() + skipped + offset }
}
