//! How does a secret go with an address, and stay out of everything else?

use url::Url;

use crate::secret::Secret;

/// Parts of a secret shorter than this are not looked for: they could be anything.
const PART_BYTES_MIN: usize = 4;
const HIDDEN: &str = "...";

/// The secret of a source's addresses: what is added to their query, or a header.
#[derive(Debug, Clone)]
pub(super) struct Token(Secret);

impl Token {
    pub(super) fn new(secret: Secret) -> Self {
        Self(secret)
    }

    /// The header `Authorization`, for a secret that begins with `Bearer` or `Basic`.
    pub(super) fn header(&self) -> Option<&str> {
        let text = self.0.expose().trim();
        ["Bearer ", "Basic "].iter().any(|kind| text.starts_with(kind)).then_some(text)
    }

    /// Adds the secret to the query of an address, if it goes there.
    pub(super) fn add_to(&self, url: &mut Url) {
        if self.header().is_some() {
            return;
        }
        let own = self.0.expose().trim().trim_start_matches(['?', '&']);
        let query = match url.query().filter(|query| !query.is_empty()) {
            Some(query) => format!("{query}&{own}"),
            None => own.to_owned(),
        };
        url.set_query(Some(&query));
    }

    /// A text without the secret and its parts.
    pub(super) fn hide(&self, text: String) -> String {
        let secret = self.0.expose().trim();
        let values =
            secret.split('&').filter_map(|pair| pair.split_once('=')).map(|(_, value)| value);
        let header = secret.split_once(' ').map(|(_, value)| value);
        let parts = [secret].into_iter().chain(values).chain(header);
        let parts = parts.filter(|part| part.len() >= PART_BYTES_MIN && text.contains(part));
        let parts: Vec<&str> = parts.collect();
        parts.into_iter().fold(text, |text, part| text.replace(part, HIDDEN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SecretPlace;

    fn of(text: &str) -> Token {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        std::fs::File::create(&path)
            .and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()))
            .expect("a file");
        Token::new(SecretPlace::File(path).fetch().expect("a secret"))
    }

    #[test]
    fn a_secret_goes_with_the_address_and_nowhere_else() {
        let token = of("feed=0123456789abcdef&user=kim_roe\n");
        let mut url = Url::parse("https://r.example/r/a/.rss?limit=9").expect("an address");
        token.add_to(&mut url);
        assert_eq!(url.query(), Some("limit=9&feed=0123456789abcdef&user=kim_roe"));
        let said = token.hide(format!("no answer from {url}, kim_roe"));
        assert_eq!(said, "no answer from https://r.example/r/a/.rss?limit=9&..., ...");
        let bearer = of("Bearer abcdefgh");
        assert_eq!(bearer.header(), Some("Bearer abcdefgh"));
        assert_eq!(bearer.hide("401: abcdefgh".to_owned()), "401: ...");
    }
}
