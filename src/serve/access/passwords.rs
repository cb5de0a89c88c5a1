//! Is this the password? Argon2id, which takes time and memory on purpose.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

use crate::system::random;

/// Fewest characters of a password.
const CHARS_MIN: usize = 10;
/// Most bytes of one: what is longer costs more than it protects.
pub(super) const BYTES_MAX: usize = 1024;

/// Why a password cannot be hashed.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// Too easily guessed.
    #[error("the password has fewer than {CHARS_MIN} characters")]
    Short,
    /// Too long.
    #[error("the password has more than {BYTES_MAX} bytes")]
    Long,
    /// The operating system gives no randomness.
    #[error("no randomness: {0}")]
    Random(#[from] std::io::Error),
    /// The library refused.
    #[error("the password cannot be hashed: {0}")]
    Refused(argon2::password_hash::Error),
}

/// The Argon2id hash of a password, with 19 MiB and two passes, in PHC's notation.
///
/// # Errors
/// When it is too short or too long, or nothing random is to be had.
pub fn hash_password(password: &str) -> Result<String, HashError> {
    if password.chars().count() < CHARS_MIN {
        return Err(HashError::Short);
    }
    if password.len() > BYTES_MAX {
        return Err(HashError::Long);
    }
    let salt = random::<16>()?;
    let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(HashError::Refused)
}

/// Whether a password is the one that was hashed. Takes some hundredths of a second.
pub(super) fn is_right(password: &str, hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    let checked: Result<(), _> = Argon2::default().verify_password(password.as_bytes(), &hash);
    checked.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_itself_is_right() {
        let hash = hash_password("Grüße aus Köln").expect("a hash");
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        assert!(is_right("Grüße aus Köln", &hash));
        for wrong in ["", "Grüße aus Köl", "Grüße aus Köln "] {
            assert!(!is_right(wrong, &hash), "{wrong}");
        }
        assert!(matches!(hash_password("short"), Err(HashError::Short)));
    }
}
