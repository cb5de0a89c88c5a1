//! Which name is a request for? The host of its head, if that is one clear name.

use axum::http::{HeaderMap, Uri, header};

/// The name in a `Host`, without port and brackets; `None` if it is not a name or an address with at
/// most a port.
pub(super) fn host_name(host: &str) -> Option<&str> {
    let (name, rest) = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let in_brackets = host.starts_with('[');
    let is_sign = |byte: u8| match byte {
        b':' => in_brackets,
        other => other.is_ascii_alphanumeric() || matches!(other, b'-' | b'_' | b'.'),
    };
    let port = match rest.strip_prefix(':') {
        Some(port) => port,
        None if rest.is_empty() => "",
        None => return None,
    };
    let is_clear = !name.is_empty()
        && name.bytes().all(is_sign)
        && port.bytes().all(|byte| byte.is_ascii_digit());
    is_clear.then_some(name)
}

/// The name that a request is for: that of its one `Host`, and of its target, if that names one,
/// too. `None` inside if it names none; outside if it names several, or what is not a name.
pub(super) fn asked_name<'r>(headers: &'r HeaderMap, uri: &'r Uri) -> Option<Option<&'r str>> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = match hosts.next() {
        Some(host) => Some(host_name(host.to_str().ok()?)?),
        None => None,
    };
    if hosts.next().is_some() {
        return None;
    }
    let Some(authority) = uri.authority() else { return Some(host) };
    let target = host_name(authority.as_str())?;
    match host {
        Some(host) if !host.eq_ignore_ascii_case(target) => None,
        _ => Some(Some(target)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_clear_name_is_a_name() {
        for (host, name) in [
            ("localhost:8600", Some("localhost")),
            ("127.0.0.1", Some("127.0.0.1")),
            ("[::1]:8600", Some("::1")),
            ("localhost:9921@evil.com", None),
            ("localhost@evil.com", None),
            ("[::1]evil.com", None),
            ("local host", None),
            ("", None),
            (":8600", None),
        ] {
            assert_eq!(host_name(host), name, "{host}");
        }
    }

    #[test]
    fn a_target_and_a_host_must_not_differ() {
        let mut headers = HeaderMap::new();
        headers.append(header::HOST, "localhost:1".parse().expect("a header"));
        let (path, same): (Uri, Uri) =
            ("/x".parse().expect("a path"), "http://localhost:1/x".parse().expect("an address"));
        let other: Uri = "http://evil.com/x".parse().expect("an address");
        assert_eq!(asked_name(&headers, &path), Some(Some("localhost")));
        assert_eq!(asked_name(&headers, &same), Some(Some("localhost")));
        assert_eq!(asked_name(&headers, &other), None);
        headers.append(header::HOST, "evil.com".parse().expect("a header"));
        assert_eq!(asked_name(&headers, &path), None);
        assert_eq!(asked_name(&HeaderMap::new(), &path), Some(None));
    }
}
