//! Is there a next page, and how is it asked for?

use std::collections::BTreeMap;

use serde_json::Value as Json;
use url::Url;

use super::asks::Paging;
use crate::connect::transport::links;
use crate::time::EventTime;

/// A time after every post, the year 2200, in seconds.
const FAR_S: i64 = 7_258_118_400;

/// Where among the pages a look is.
#[derive(Debug, Clone, Default)]
pub(super) struct Turn {
    /// Values of `{page}`, `{offset}`, `{next}`, `{until}`.
    pub(super) named: BTreeMap<&'static str, String>,
    /// The address, where the page before gave it.
    pub(super) url: Option<Url>,
    page: u32,
    seen: usize,
    until: Option<EventTime>,
}

/// What a page was like.
#[derive(Debug)]
pub(super) struct PageSeen<'a> {
    pub(super) answer: &'a Json,
    pub(super) items: usize,
    pub(super) oldest: Option<EventTime>,
    /// The address that the `Link` header names as the next.
    pub(super) link: Option<String>,
    /// From which address it came.
    pub(super) url: &'a Url,
}

impl Turn {
    /// The first page.
    pub(super) fn first(paging: &Paging) -> Self {
        let mut turn = Self::default();
        match paging {
            Paging::Page { first, .. } => {
                turn.page = *first;
                turn.named.insert("page", first.to_string());
            }
            Paging::Offset { .. } => {
                turn.named.insert("offset", "0".to_owned());
            }
            Paging::Until { .. } => {
                turn.named.insert("until", FAR_S.to_string());
            }
            _ => {}
        }
        turn
    }

    /// The page after one that was seen; `None` after the last.
    ///
    /// # Errors
    /// In words, for a next address that must not be followed: it would get our token.
    pub(super) fn after(
        &self,
        paging: &Paging,
        seen: &PageSeen<'_>,
    ) -> Result<Option<Self>, String> {
        let mut next = self.clone();
        next.url = None;
        next.seen = self.seen.saturating_add(seen.items);
        let is_full = |size: usize| seen.items >= size;
        let more = match paging {
            Paging::None => false,
            Paging::Page { size, .. } => {
                next.page = self.page.saturating_add(1);
                next.named.insert("page", next.page.to_string());
                is_full(*size)
            }
            Paging::Offset { size } => {
                next.named.insert("offset", next.seen.to_string());
                is_full(*size)
            }
            Paging::Token { at } => match at.text(seen.answer).filter(|token| !token.is_empty()) {
                Some(token) => next.named.insert("next", token.clone()) != Some(token),
                None => false,
            },
            Paging::Link => next.follow(seen.link.as_deref(), seen)?,
            Paging::Url { at } => next.follow(at.text(seen.answer).as_deref(), seen)?,
            Paging::Until { size } => match seen.oldest {
                Some(oldest) if self.until.is_none_or(|until| oldest < until) => {
                    next.until = Some(oldest);
                    // To the second, and inclusive: others of that second may be left.
                    let seconds = oldest.0.div_euclid(crate::time::SECOND_US).saturating_add(1);
                    next.named.insert("until", seconds.to_string());
                    is_full(*size)
                }
                _ => false,
            },
        };
        Ok(more.then_some(next))
    }

    fn follow(&mut self, link: Option<&str>, seen: &PageSeen<'_>) -> Result<bool, String> {
        let Some(link) = link.filter(|link| !link.is_empty()) else { return Ok(false) };
        let url = seen.url.join(link).map_err(|_| "the next page has no address".to_owned())?;
        if url.origin() != seen.url.origin() {
            let host = url.host_str().unwrap_or_default();
            return Err(format!("the next page lies on another server, {host}"));
        }
        let goes_on = url != *seen.url;
        self.url = Some(url);
        Ok(goes_on)
    }
}

/// The address that a `Link` header names as the next.
pub(super) fn next_link(header: &str) -> Option<String> {
    links(header).find(|(rel, _)| rel == "next").map(|(_, address)| address)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::template::Pointer;
    use super::*;

    fn seen<'a>(answer: &'a Json, items: usize, url: &'a Url) -> PageSeen<'a> {
        PageSeen { answer, items, oldest: EventTime::of_int(1_772_366_400).ok(), link: None, url }
    }

    fn pointer(path: &str) -> Pointer {
        Pointer::try_from(path.to_owned()).expect(path)
    }

    #[test]
    fn each_dialect_asks_for_the_next_page_and_ends() {
        let url = Url::parse("https://h/list?x=1").expect("an address");
        let answer = json!({"token": "t2", "next": "/list?x=2", "away": "https://evil/list"});
        let size = 10;
        let named = |paging: &Paging, items: usize| {
            let turn = Turn::first(paging).after(paging, &seen(&answer, items, &url));
            turn.expect("a turn").map(|turn| format!("{:?}", turn.named))
        };
        let rows = [
            (Paging::None, None),
            (Paging::Page { first: 1, size }, Some("{\"page\": \"2\"}")),
            (Paging::Offset { size }, Some("{\"offset\": \"10\"}")),
            (Paging::Token { at: pointer("/token") }, Some("{\"next\": \"t2\"}")),
            (Paging::Token { at: pointer("/none") }, None),
            (Paging::Until { size }, Some("{\"until\": \"1772366401\"}")),
        ];
        for (paging, want) in rows {
            assert_eq!(named(&paging, 10).as_deref(), want, "{paging:?}");
        }
        assert_eq!(named(&Paging::Page { first: 1, size }, 9), None, "a short page is the last");
        let body = Paging::Url { at: pointer("/next") };
        let next = Turn::first(&body).after(&body, &seen(&answer, 1, &url)).expect("a turn");
        assert_eq!(
            next.and_then(|turn| turn.url).map(String::from),
            Some("https://h/list?x=2".to_owned())
        );
        let away = Paging::Url { at: pointer("/away") };
        assert!(Turn::first(&away).after(&away, &seen(&answer, 1, &url)).is_err());
    }

    #[test]
    fn a_server_that_gives_the_same_page_again_comes_to_an_end() {
        let url = Url::parse("https://h/list").expect("an address");
        let answer = json!({"token": "t2", "next": "/list"});
        let token = Paging::Token { at: pointer("/token") };
        let turn = Turn::first(&token).after(&token, &seen(&answer, 1, &url)).expect("a turn");
        let again = turn.expect("a page").after(&token, &seen(&answer, 1, &url)).expect("a turn");
        assert!(again.is_none());
        let body = Paging::Url { at: pointer("/next") };
        assert!(
            Turn::first(&body).after(&body, &seen(&answer, 1, &url)).expect("a turn").is_none()
        );
    }

    #[test]
    fn links_are_found_among_others() {
        let header = "<https://h/a?page=1>; rel=\"prev\", <https://h/a?page=3>; rel=\"next\"";
        assert_eq!(next_link(header).as_deref(), Some("https://h/a?page=3"));
        assert_eq!(next_link("<https://h>; rel=\"last\""), None);
    }
}
