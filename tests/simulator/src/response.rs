//! How what a server here answers becomes HTTP, whichever server it is, and what a fault makes of it.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode};

use crate::gate::Fault;
use crate::world::connection::Connection;

/// Returns the response of this status, these headers and this body.
pub(crate) fn response(status: u16, headers: Vec<(String, String)>, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        // A scenario's header that HTTP has no room for is left out; there is nobody here to tell.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// Returns what goes back in the place of any work, if a fault says so; `error` writes an error as the server does.
pub(crate) fn instead(
    fault: Option<&Fault>,
    connection: &Connection,
    error: impl FnOnce(u16, &str, &str) -> Response,
) -> Option<Response> {
    match fault? {
        Fault::Error { status, code, message } => Some(error(*status, code, message)),
        Fault::Raw { status, headers, body } => Some(response(*status, headers.clone(), body.clone())),
        Fault::NoAnswer => Some(cut(connection)),
        Fault::LostAnswer | Fault::HalfAnswer => None,
    }
}

/// Lets the answer to work that was done, whose body has this length, get as far as a fault lets it.
pub(crate) fn spoil(fault: Option<&Fault>, connection: &Connection, length: usize) {
    match fault {
        Some(Fault::LostAnswer) => connection.cut(),
        Some(Fault::HalfAnswer) => connection.cut_after(length / 2),
        _ => {}
    }
}

/// Ends the connection; what is returned never arrives.
pub(crate) fn cut(connection: &Connection) -> Response {
    connection.cut();
    Response::new(Body::empty())
}
