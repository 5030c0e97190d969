//! What goes back: documents, and errors in the envelope every registry has.

use axum::response::Response;
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use serde_json::{Value, json};

use super::content::Document;
use crate::response::response;

/// One answer of a registry.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        let headers = vec![(CONTENT_TYPE.to_string(), "application/json".to_owned())];
        // Source: distribution/distribution, docs/spec/api: every answer of a registry has it.
        Self { status, headers, body: body.to_string().into_bytes() }
            .with_header("docker-distribution-api-version", "registry/2.0")
    }

    /// Returns an error. Source: OCI Distribution Specification, Error Codes.
    pub(super) fn error(status: u16, code: &str, message: &str) -> Self {
        Self::json(status, &json!({ "errors": [{ "code": code, "message": message }] }))
    }

    /// Returns 401 and what would open the door.
    pub(super) fn challenge(message: &str, challenge: &str) -> Self {
        Self::error(401, "UNAUTHORIZED", message).with_header(WWW_AUTHENTICATE.as_str(), challenge)
    }

    pub(super) fn document(document: &Document, content_type: &str) -> Self {
        let headers = vec![(CONTENT_TYPE.to_string(), content_type.to_owned())];
        Self { status: 200, headers, body: document.bytes.clone() }
            .with_header("docker-distribution-api-version", "registry/2.0")
            .with_header("docker-content-digest", &document.digest)
    }

    pub(super) fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn into_response(self) -> Response {
        response(self.status, self.headers, self.body)
    }
}
