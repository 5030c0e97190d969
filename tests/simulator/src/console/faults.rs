//! Ready-made faults for the gate, each something a load balancer, a proxy or the Console itself was seen to do.
//!
//! There is no slow answer here: the gate's faults have no clock. [`super::Console::takes`] delays one route, and
//! [`crate::Gate::hold`] stops a call until the test lets it go.

use crate::gate::Fault;

/// Returns 429, with `Retry-After` in seconds when there is one. The Console documents the status, not the header.
/// Source: pan.dev, openapi-specs/compute/desc/registry/get.md.
pub fn too_many_requests(retry_after: Option<u64>) -> Fault {
    let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    headers.extend(retry_after.map(|seconds| ("retry-after".to_owned(), seconds.to_string())));
    Fault::Raw { status: 429, headers, body: r#"{"err":"rate limit exceeded"}"#.to_owned() }
}

/// Returns a load balancer's page, such as 502 or 503: HTML where JSON was asked for.
pub fn html(status: u16) -> Fault {
    let body = format!("<html><head><title>{status}</title></head><body><center><h1>{status}</h1></center></body></html>\n");
    Fault::raw(status, "text/html", &body)
}

/// Returns a login page with status 200, what a wrong tenant path ends in once redirects are followed.
pub fn login_page() -> Fault {
    Fault::raw(200, "text/html; charset=utf-8", super::answer::LOGIN_PAGE)
}

/// Returns the Console's own error of this status and text.
pub fn error(status: u16, text: &str) -> Fault {
    Fault::error(status, "", text)
}

/// Returns an answer of which only the first half arrives.
pub fn truncated() -> Fault {
    Fault::HalfAnswer
}

/// Returns 200 with `null`, the Console's empty list, where something was expected.
pub fn null_body() -> Fault {
    Fault::raw(200, "application/json", "null")
}

/// Returns 200 with nothing at all.
pub fn empty_body() -> Fault {
    Fault::raw(200, "application/json", "")
}

/// Returns 200 with JSON of another shape.
pub fn other_json(body: &str) -> Fault {
    Fault::raw(200, "application/json", body)
}

/// Returns a cut connection.
pub fn no_answer() -> Fault {
    Fault::NoAnswer
}
