//! How do people write keys and ids of Nostr? In bech32 (NIP-19): `npub1...` is an account, `note1...`
//! a note.

use bech32::{Bech32, Hrp};

/// The key of an account, as `npub1...` or in 64 hexadecimal digits.
#[must_use]
pub fn account(text: &str) -> Option<[u8; 32]> {
    let text = text.trim().trim_start_matches("nostr:").trim_start_matches('@');
    if let Some(key) = bytes(text) {
        return Some(key);
    }
    let (name, key) = bech32::decode(text).ok()?;
    (name.as_str() == "npub").then(|| key.try_into().ok()).flatten()
}

/// The same where people may also give `nprofile1...`, or the address of a page that shows the account.
#[must_use]
pub fn account_of(text: &str) -> Option<[u8; 32]> {
    let path = text.trim().split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let last = path.rsplit(['/', ':']).next().unwrap_or_default().trim_start_matches('@');
    account(text).or_else(|| account(last)).or_else(|| pointed(last))
}

/// The secret key of an account, as `nsec1...` or in 64 hexadecimal digits.
#[must_use]
pub fn secret_key(text: &str) -> Option<[u8; 32]> {
    let text = text.trim();
    if let Some(key) = bytes(text) {
        return Some(key);
    }
    let (name, key) = bech32::decode(text).ok()?;
    (name.as_str() == "nsec").then(|| key.try_into().ok()).flatten()
}

/// The key of the account that `nprofile1...` points to, with the relays where it is heard.
pub(super) fn pointed(text: &str) -> Option<[u8; 32]> {
    let (name, parts) = bech32::decode(text).ok()?;
    if name.as_str() != "nprofile" {
        return None;
    }
    let mut rest = parts.as_slice();
    while let [sort, length, after @ ..] = rest {
        let (value, next) = after.split_at_checked(usize::from(*length))?;
        if *sort == 0 {
            return value.try_into().ok();
        }
        rest = next;
    }
    None
}

/// How people write the key of an account.
#[must_use]
pub fn npub(key: &[u8; 32]) -> String {
    written("npub", key)
}

/// How people write the id of a note.
pub(super) fn note(id: &[u8; 32]) -> String {
    written("note", id)
}

fn written(name: &str, bytes: &[u8; 32]) -> String {
    let hrp = Hrp::parse(name);
    hrp.ok().and_then(|hrp| bech32::encode::<Bech32>(hrp, bytes).ok()).unwrap_or_default()
}

/// Lowercase hexadecimal digits, as the wire has keys, ids and signatures.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// What so many lowercase hexadecimal digits stand for.
pub(super) fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let nibble = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    if text.len() != 2 * N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let [high, low] = *pair else { return None };
        *byte = nibble(high)? << 4 | nibble(low)?;
    }
    Some(bytes)
}
