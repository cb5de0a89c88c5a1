//! Who sent it? Signatures by the Standard Webhooks specification, version 1.0.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Signs messages under one or more secrets: two while one is being replaced by the other.
#[derive(Clone)]
pub struct Signer {
    keys: Vec<Vec<u8>>,
}

/// A secret that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// There is none.
    #[error("the secret is empty")]
    Empty,
    /// Not as the specification writes them.
    #[error("the secret is not \"whsec_\" followed by base64")]
    Form,
    /// Too easy to guess, or longer than the specification allows.
    #[error("the secret has {found} bytes; the specification requires 24 to 64")]
    Length {
        /// How many it has.
        found: usize,
    },
}

impl Signer {
    /// Takes secrets as `whsec_` and base64, separated by white space.
    ///
    /// # Errors
    /// For a text that holds none, or one that is malformed. The error does not repeat it.
    pub fn new(secrets: &str) -> Result<Self, SecretError> {
        let keys = secrets.split_whitespace().map(|secret| {
            let encoded = secret.strip_prefix("whsec_").ok_or(SecretError::Form)?;
            let key = STANDARD.decode(encoded).map_err(|_| SecretError::Form)?;
            if (24..=64).contains(&key.len()) {
                Ok(key)
            } else {
                Err(SecretError::Length { found: key.len() })
            }
        });
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() { Err(SecretError::Empty) } else { Ok(Self { keys }) }
    }

    /// The value of the header `webhook-signature` for a message sent at `unix_s`.
    #[must_use]
    pub fn sign(&self, id: &str, unix_s: i64, body: &str) -> String {
        let signatures = self.keys.iter().filter_map(|key| {
            let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
            mac.update(format!("{id}.{unix_s}.{body}").as_bytes());
            Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
        });
        signatures.collect::<Vec<_>>().join(" ")
    }

    /// Whether a header holds a signature of this message, as a receiver must check it: in
    /// constant time, and not older or newer than five minutes by the receiver's clock `now_unix_s`.
    #[must_use]
    pub fn verify(&self, id: &str, unix_s: i64, body: &str, header: &str, now_unix_s: i64) -> bool {
        let signed = |key: &Vec<u8>, signature: &str| {
            let mac = Hmac::<Sha256>::new_from_slice(key).ok();
            let tag = signature.strip_prefix("v1,").and_then(|tag| STANDARD.decode(tag).ok());
            let (Some(mut mac), Some(tag)) = (mac, tag) else { return false };
            mac.update(format!("{id}.{unix_s}.{body}").as_bytes());
            mac.verify_slice(&tag).is_ok()
        };
        let fresh = now_unix_s.abs_diff(unix_s) <= 300;
        fresh
            && header.split(' ').any(|signature| self.keys.iter().any(|key| signed(key, signature)))
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({} secrets)", self.keys.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_checked_and_never_shown() {
        let good = format!("whsec_{}", STANDARD.encode([7; 24]));
        let short = format!("whsec_{}", STANDARD.encode([7; 8]));
        assert!(Signer::new(&good).is_ok());
        assert_eq!(Signer::new(" ").unwrap_err(), SecretError::Empty);
        assert_eq!(Signer::new("hunter2").unwrap_err(), SecretError::Form);
        assert_eq!(Signer::new(&short).unwrap_err(), SecretError::Length { found: 8 });
        let debug = format!("{:?}", Signer::new(&good));
        assert!(!debug.contains("Bwc"), "{debug}");
    }

    #[test]
    fn the_reference_implementation_accepts_both_signatures_of_a_rotation() {
        let secrets = [[1; 32], [2; 32]].map(|key| format!("whsec_{}", STANDARD.encode(key)));
        let signer = Signer::new(&secrets.join(" ")).expect("both secrets are well formed");
        let now =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
        let now_s = i64::try_from(now.as_secs()).expect("fits");
        let body = r#"{"type":"alert.fired"}"#;
        let mut headers = http::HeaderMap::new();
        for (name, value) in [
            ("webhook-id", "msg_1".to_owned()),
            ("webhook-timestamp", now_s.to_string()),
            ("webhook-signature", signer.sign("msg_1", now_s, body)),
        ] {
            headers.insert(name, value.parse().expect("a header value"));
        }
        for secret in secrets {
            let reference = standardwebhooks::Webhook::new(&secret).expect("a secret");
            assert!(reference.verify(body.as_bytes(), &headers).is_ok());
            assert!(reference.verify(b"{}", &headers).is_err());
        }
    }
}
