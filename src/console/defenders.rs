//! Which Defenders are connected, as the Console lists them.

use reqwest::Method;
use serde_json::Value;

use super::embed::Console;
use super::error::{ConsoleError, What};
use super::wire::Request;

const DEFENDERS: &str = "defenders";

/// `GET /defenders` gives at most 50 elements a page on SaaS.
/// Source: Prisma Cloud Compute API, `GET /defenders`, `limit` (30.03).
pub const DEFENDERS_PAGE: usize = 50;

impl Console {
    /// Returns a page of the connected Defenders of one type, from an offset on; it is the last one if it is not full.
    ///
    /// # Errors
    ///
    /// When the Console does not tell.
    pub async fn connected_defenders(&self, kind: &str, offset: usize) -> Result<Vec<Value>, ConsoleError> {
        let query = [
            ("type", kind.to_owned()),
            ("connected", true.to_string()),
            ("offset", offset.to_string()),
            ("limit", DEFENDERS_PAGE.to_string()),
        ];
        let request = Request { query: &query, ..Request::first(Method::GET, DEFENDERS) };
        match self.wire.json(&request, Some(&self.login)).await? {
            // Nothing found is `null`, not an empty list (PaloAltoNetworks/prismacloud-api-python, cwpp.py).
            Value::Null => Ok(Vec::new()),
            Value::Array(elements) => Ok(elements),
            _ => Err(self.wire.error(DEFENDERS, What::Unusable { problem: "it is not a list".to_owned() })),
        }
    }
}
