//! Which files do pages use? Compiled in; the name holds the content, so that browsers keep them.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

const FILES: [(&str, &str, &[u8]); 3] = [
    ("style.css", "text/css; charset=utf-8", include_bytes!("assets/style.css")),
    ("live.js", "text/javascript; charset=utf-8", include_bytes!("assets/live.js")),
    ("mark.svg", "image/svg+xml", include_bytes!("assets/mark.svg")),
];

/// A file as it is asked for: name with a hash of the content, media type, content.
type Asset = (String, &'static str, &'static [u8]);

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let named = FILES.into_iter().map(|(name, kind, content)| {
        let hash = blake3::hash(content).to_hex();
        let (stem, ending) = name.split_once('.').unwrap_or((name, ""));
        (format!("{stem}-{}.{ending}", hash.get(..12).unwrap_or_default()), kind, content)
    });
    named.collect()
});

/// Where a file is.
pub(super) fn address(name: &str) -> String {
    let place = FILES.iter().position(|(own, ..)| *own == name);
    let found = place.and_then(|place| ASSETS.get(place));
    found.map(|(name, ..)| format!("/assets/{name}")).unwrap_or_default()
}

/// A file.
pub(super) async fn give(Path(name): Path<String>) -> Response {
    let Some((_, kind, content)) = ASSETS.iter().find(|(own, ..)| *own == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kept = "public, max-age=31536000, immutable";
    let headers = [
        (header::CONTENT_TYPE, *kind),
        (header::CACHE_CONTROL, kept),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, *content).into_response()
}
