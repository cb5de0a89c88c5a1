//! Did whoever knows the secret send this? `X-Hub-Signature-256`, as Meta and GitHub sign, and
//! `X-Hub-Signature` of hubs, of which the largest signs with SHA-1.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

/// Whether `signature`, as `sha256=` and hexadecimal digits, is that of a body under a secret. It
/// takes as long whatever the signature is.
pub(in crate::connect) fn is_signed(secret: &[u8], body: &[u8], signature: &str) -> bool {
    is_of::<Hmac<Sha256>>(secret, body, signature.trim().strip_prefix("sha256="))
}

/// The same for a signature that names its method, one of those that WebSub allows.
pub(in crate::connect) fn is_signed_by_hub(secret: &[u8], body: &[u8], signature: &str) -> bool {
    let Some((method, digits)) = signature.trim().split_once('=') else { return false };
    match method {
        "sha1" => is_of::<Hmac<Sha1>>(secret, body, Some(digits)),
        "sha256" => is_of::<Hmac<Sha256>>(secret, body, Some(digits)),
        "sha384" => is_of::<Hmac<Sha384>>(secret, body, Some(digits)),
        "sha512" => is_of::<Hmac<Sha512>>(secret, body, Some(digits)),
        _ => false,
    }
}

fn is_of<M: Mac + KeyInit>(secret: &[u8], body: &[u8], digits: Option<&str>) -> bool {
    let Some(given) = digits.and_then(bytes) else { return false };
    let Ok(mut mac) = <M as KeyInit>::new_from_slice(secret) else { return false };
    mac.update(body);
    mac.verify_slice(&given).is_ok()
}

/// What hexadecimal digits say.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    if !digits.is_ascii() || !digits.len().is_multiple_of(2) {
        return None;
    }
    let pairs = (0..digits.len()).step_by(2).map(|at| digits.get(at..at + 2));
    pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn githubs_own_example_is_signed_and_nothing_else() {
        let (secret, body) = (b"It's a Secret to Everybody", b"Hello, World!");
        let good = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert!(is_signed(secret, body, good));
        assert!(is_signed(secret, body, &good.to_uppercase().replace("SHA256", "sha256")));
        for wrong in [
            "",
            "sha256=",
            "sha256=75",
            &good.replace("sha256=", ""),
            &good.replace("757", "758"),
            "sha256=zz",
        ] {
            assert!(!is_signed(secret, body, wrong), "{wrong}");
        }
        // RFC 2202, test case 2.
        let (key, text) = (b"Jefe", b"what do ya want for nothing?");
        assert!(is_signed_by_hub(key, text, "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"));
        assert!(!is_signed_by_hub(key, text, "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c78"));
        assert!(is_signed_by_hub(secret, body, good) && !is_signed_by_hub(secret, body, "md5=00"));
        assert!(!is_signed(b"another", body, good) && !is_signed(secret, b"Hello", good));
    }
}
