//! The page, from inside the program: an exact name gives its file, anything else gives nothing.
use super::reply::{Reply, content, text};
use hyper::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderValue, VARY};
use hyper::{HeaderMap, StatusCode};

/// A file of the page.
struct File {
    name: &'static str,
    bytes: &'static [u8],
    brotli: Option<&'static [u8]>,
}

/// What the build found in `www/dist`; empty when the page was not built.
static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// What stands where the page would be, when it was not built.
const NO_PAGE: &str = "<!doctype html><meta charset=\"utf-8\"><title>Loadpath</title>\
    <h1>Loadpath's agent</h1>\
    <p>It runs, but this build has no page in it. Build both with one command: <code>cargo xtask play</code>, \
    or run <code>cargo xtask web</code> and then build loadgen again.</p>";

/// The answer to a GET of this path.
pub(super) fn serve(path: &str, headers: &HeaderMap) -> Reply {
    let name = path.strip_prefix('/').unwrap_or(path);
    let name = if name.is_empty() { "index.html" } else { name };
    match FILES.iter().find(|file| file.name == name) {
        Some(file) => file_reply(file, takes_brotli(headers)),
        None if FILES.is_empty() && name == "index.html" => {
            content(StatusCode::OK, "text/html; charset=utf-8", NO_PAGE)
        }
        None => text(StatusCode::NOT_FOUND, "there is nothing here\n"),
    }
}

fn file_reply(file: &File, takes_brotli: bool) -> Reply {
    let packed = file.brotli.filter(|_| takes_brotli);
    let mut reply = content(StatusCode::OK, content_type(file.name), packed.unwrap_or(file.bytes));
    reply.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
    if packed.is_some() {
        reply.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    reply
}

fn takes_brotli(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).into_iter().filter_map(|value| value.to_str().ok());
    let mut codings = values.flat_map(|value| value.split(','));
    codings.any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        parts.next() == Some("br") && parts.all(|part| !matches!(part, "q=0" | "q=0.0"))
    })
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brotli_is_sent_only_to_who_takes_it() {
        for (value, takes) in [
            ("gzip, deflate, br", true),
            ("br;q=0.5", true),
            ("br;q=0", false),
            ("gzip", false),
            ("brotli", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(value));
            assert_eq!(takes_brotli(&headers), takes, "{value}");
        }
    }

    #[test]
    fn what_is_not_a_name_of_the_page_is_not_there() {
        for path in
            ["/../Cargo.toml", "/index.html/", "//index.html", "/%2e%2e/x", "/index.html%00", "/..%5cx"]
        {
            assert_eq!(serve(path, &HeaderMap::new()).status(), StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(serve("/", &HeaderMap::new()).status(), StatusCode::OK);
    }
}
