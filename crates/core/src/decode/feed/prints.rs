//! Are two texts the same story? Hashes of texts and addresses, and a print that changes little
//! when a text does.

/// Words that a text must have for its print to say something.
const WORDS_MIN: usize = 24;
/// Bits in which prints of one story differ at most.
const BITS_MAX: u32 = 10;
/// Parts of an address that tell only where a reader came from.
const TRACKING: [&str; 6] = ["utm_", "fbclid=", "gclid=", "at_", "cmp=", "ref="];

/// 64 bits of BLAKE3.
pub(super) fn hash(text: &str) -> u64 {
    let hash = blake3::hash(text.as_bytes());
    hash.as_bytes().first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
}

/// The hash of an address without its scheme, `www.`, a slash at its end, and what tells where a
/// reader came from; 0 for none, or for a site as a whole, which says nothing of an entry.
pub(super) fn link_hash(link: &str) -> u64 {
    let link = link.trim();
    let bare = link.split_once("://").map_or(link, |(_, rest)| rest);
    let bare = bare.strip_prefix("www.").unwrap_or(bare);
    if bare.is_empty() {
        return 0;
    }
    let (rest, fragment) = bare.split_once('#').unwrap_or((bare, ""));
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let is_own = |part: &&str| {
        !part.is_empty() && !TRACKING.iter().any(|sign| part.to_ascii_lowercase().starts_with(sign))
    };
    if !path.trim_end_matches('/').contains('/') && query.is_empty() && fragment.is_empty() {
        return 0;
    }
    let query: Vec<&str> = query.split('&').filter(is_own).collect();
    hash(&format!("{}?{}#{fragment}", path.trim_end_matches('/'), query.join("&")))
}

/// A print of a text by the hashes of its words (Charikar's simhash, 2002); 0 for a text that is too
/// short for one. A changed word in a text of forty moves three bits, seldom more than five; pairs of
/// words move twice as many.
pub(super) fn print(text: &str) -> u64 {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    if words.len() < WORDS_MIN {
        return 0;
    }
    let mut votes = [0i32; 64];
    for word in &words {
        let hash = hash(word);
        for (bit, vote) in votes.iter_mut().enumerate() {
            *vote += if hash >> bit & 1 == 1 { 1 } else { -1 };
        }
    }
    let bits = votes.iter().enumerate().filter(|(_, vote)| **vote > 0);
    bits.fold(0, |print, (bit, _)| print | 1 << bit)
}

/// Whether two prints are those of one story.
pub(super) fn is_near(left: u64, right: u64) -> bool {
    left != 0 && right != 0 && (left ^ right).count_ones() <= BITS_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_page_are_alike_and_stories_keep_their_print() {
        let one = link_hash("http://www.example.org/a/?id=1&utm_source=rss");
        assert_eq!(one, link_hash("https://example.org/a?id=1"));
        assert_ne!(one, link_hash("https://example.org/a?id=2"));
        assert_ne!(link_hash("https://h/a#comment-1"), link_hash("https://h/a#comment-2"));
        let story = "The harbour board said on Monday that the new crane will not be ready before \
                     the summer, after two of its bearings failed in a first test, and that the old \
                     one has to carry on until then although its licence ends in May and repairs \
                     would cost more than a third of the price of another machine from abroad.";
        let edited = story.replace("Monday", "Tuesday");
        let other = "Three teams of the second league will play on the old ground this spring since \
                     nobody wants to pay for the grass of the new one, which the town had bought from \
                     a firm that went out of business, as its mayor told the paper at some length.";
        assert!(is_near(print(story), print(&edited)));
        assert!(!is_near(print(story), print(other)));
        assert_eq!(print("too short"), 0);
        assert_eq!(link_hash("https://www.example.org/"), 0);
    }
}
