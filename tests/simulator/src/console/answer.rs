//! What goes back: answers as data, and how they become HTTP.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::Response;
use serde_json::{Value, json};

use super::errors::ConsoleError;
use crate::response::response;

/// What SaaS shows whoever comes without a tenant.
pub(super) const LOGIN_PAGE: &str =
    "<!doctype html>\n<html><head><title>Log in</title></head><body><form action=\"/login\"></form></body></html>\n";

/// One answer of the Console.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn text(status: u16, content_type: &str, body: &str) -> Self {
        let headers = vec![(CONTENT_TYPE.to_string(), content_type.to_owned())];
        Self { status, headers, body: body.to_owned() }
    }

    pub(super) fn json(body: &Value) -> Self {
        Self::text(200, "application/json", &body.to_string())
    }

    pub(super) fn error(status: u16, text: &str) -> Self {
        Self::text(status, "application/json", &json!({ "err": text }).to_string())
    }

    pub(super) fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Lists one page, with the number of all elements; nothing at all is `null`, which is not `[]`.
    /// Source: PaloAltoNetworks/prismacloud-api-python, prismacloud/api/cwpp/cwpp.py (`Total-Count`, and no list when it is 0).
    pub(super) fn page(elements: &[Value], offset: usize, limit: usize) -> Self {
        let page: Vec<&Value> = elements.iter().skip(offset).take(limit).collect();
        let body = if page.is_empty() { Value::Null } else { json!(page) };
        Self::json(&body).with_header("total-count", &elements.len().to_string())
    }

    /// Forbids caching, as every answer since 30.00 does. Source: prisma-cloud-docs, compute/rn, release notes of 30.00.
    pub(super) fn uncached(self) -> Self {
        self.with_header(CACHE_CONTROL.as_str(), "no-store")
    }

    pub(super) fn into_response(self) -> Response {
        response(self.status, self.headers, self.body)
    }
}

impl From<ConsoleError> for Answer {
    fn from(error: ConsoleError) -> Self {
        Self::error(error.status, error.text)
    }
}
