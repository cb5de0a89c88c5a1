//! Was a body longer than it may be?

use http_body_util::LengthLimitError;

/// Whether reading a body ended at its limit.
pub(super) fn is_length(error: &axum::Error) -> bool {
    let first: &(dyn std::error::Error + 'static) = error;
    std::iter::successors(Some(first), |error| error.source())
        .any(|error| error.is::<LengthLimitError>())
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use futures_util::{FutureExt, stream};

    use super::*;

    #[test]
    fn a_body_of_unknown_length_is_known_to_be_too_long() {
        let parts = || stream::iter([Ok::<_, std::io::Error>("12"), Ok("345")]);
        let read = |most| to_bytes(Body::from_stream(parts()), most).now_or_never();
        assert!(read(5).expect("all is there").is_ok());
        let error = read(4).expect("all is there").expect_err("too long");
        assert!(is_length(&error), "{error}");
        let broken = stream::iter([Err::<&str, _>(std::io::Error::other("cut off"))]);
        let broken = to_bytes(Body::from_stream(broken), 4).now_or_never();
        assert!(!is_length(&broken.expect("all is there").expect_err("broken")));
    }
}
