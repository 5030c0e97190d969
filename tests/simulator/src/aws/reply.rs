//! An answer before it becomes an HTTP response, and the little XML that is needed.

use serde_json::Value;

/// A complete answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn json(status: u16, body: &Value, request_id: &str) -> Self {
        Self::new(status, "application/x-amz-json-1.1", body.to_string().into_bytes(), request_id)
    }

    pub(super) fn xml(status: u16, body: String, request_id: &str) -> Self {
        Self::new(status, "text/xml", body.into_bytes(), request_id)
    }

    /// Returns an answer of S3, which has names of its own for headers; a success has no body.
    pub(super) fn of_s3(status: u16, body: Option<String>, more: Vec<(String, String)>, request_id: &str) -> Self {
        let named = [("x-amz-request-id", request_id), ("x-amz-id-2", "simulated")];
        let content_type = body.as_ref().map(|_| ("content-type", "application/xml"));
        let headers = named.into_iter().chain(content_type).map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self { status, headers: headers.chain(more).collect(), body: body.unwrap_or_default().into_bytes() }
    }

    fn new(status: u16, content_type: &str, body: Vec<u8>, request_id: &str) -> Self {
        let headers =
            vec![("content-type".to_owned(), content_type.to_owned()), ("x-amzn-requestid".to_owned(), request_id.to_owned())];
        Self { status, headers, body }
    }
}

/// Escapes text for XML.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Returns an element with this text.
pub(super) fn element(name: &str, text: &str) -> String {
    format!("<{name}>{}</{name}>", escape(text))
}

/// Returns an element with other elements inside, which are taken as they are.
pub(super) fn wrap(name: &str, inside: &str) -> String {
    format!("<{name}>{inside}</{name}>")
}

/// Returns a list as EC2 writes it: an `item` for each, with what is inside taken as it is.
pub(super) fn items(name: &str, inside: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = inside.into_iter().map(|inside| wrap("item", &inside)).collect();
    wrap(name, &items.concat())
}
