//! Who is calling: tokens handed out, how long they last, and Basic authorization.
//!
//! A token looks like a JSON Web Token and proves nothing: it is good because it was issued here. Its first part is the same for
//! all of them and says where it comes from, so that a token in an output is found whoever printed it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

use super::definition::Console;
use super::errors::{ConsoleError, EXPIRED_TOKEN, UNAUTHORIZED};

/// Returns what every bearer token begins with.
pub(super) fn token_prefix() -> String {
    URL_SAFE_NO_PAD.encode(json!({ "alg": "HS256", "kid": "simulated-console", "typ": "JWT" }).to_string())
}

/// Every token handed out, oldest first.
#[derive(Debug, Default)]
pub(super) struct Sessions(Vec<Session>);

#[derive(Debug)]
struct Session {
    token: String,
    calls: u32,
}

impl Sessions {
    pub(super) fn issue(&mut self, user: &str) -> String {
        let number = self.0.len() + 1;
        let claims = URL_SAFE_NO_PAD.encode(json!({ "iss": "twistlock", "user": user, "number": number }).to_string());
        let signature = URL_SAFE_NO_PAD.encode(format!("synthetic signature of token {number:05}"));
        let token = format!("{}.{claims}.{signature}", token_prefix());
        self.0.push(Session { token: token.clone(), calls: 0 });
        token
    }

    pub(super) fn issued(&self) -> Vec<String> {
        self.0.iter().map(|session| session.token.clone()).collect()
    }

    /// Makes every token issued so far an expired one.
    pub(super) fn expire_all(&mut self) {
        for session in &mut self.0 {
            session.calls = u32::MAX;
        }
    }

    /// Lets a call in by its `Authorization` header, and counts it against the token's calls.
    ///
    /// Source of Basic authorization: pan.dev, products/compute/api/access-api-self-hosted.md.
    pub(super) fn authorize(&mut self, console: &Console, authorization: Option<&str>) -> Result<(), ConsoleError> {
        let (scheme, credentials) = authorization.and_then(|header| header.split_once(' ')).ok_or(UNAUTHORIZED)?;
        if scheme.eq_ignore_ascii_case("basic") {
            let expected = STANDARD.encode(format!("{}:{}", console.user, console.password));
            return if credentials.trim() == expected { Ok(()) } else { Err(UNAUTHORIZED) };
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(UNAUTHORIZED);
        }
        let session = self.0.iter_mut().find(|session| session.token == credentials.trim()).ok_or(UNAUTHORIZED)?;
        if session.calls >= console.token_calls.unwrap_or(u32::MAX) {
            return Err(ConsoleError { status: console.expired_status, ..EXPIRED_TOKEN });
        }
        session.calls += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_lasts_for_its_calls_and_is_replaced_by_another() {
        let console = Console::new().token_lasts_for(1).expired_tokens_answer(500);
        let mut sessions = Sessions::default();
        let first = format!("Bearer {}", sessions.issue("user"));
        assert_eq!(sessions.authorize(&console, Some(&first)), Ok(()));
        assert_eq!(sessions.authorize(&console, Some(&first)).map_err(|error| error.status), Err(500));
        let second = format!("Bearer {}", sessions.issue("user"));
        assert_eq!(sessions.authorize(&console, Some(&second)), Ok(()));
        assert!(first.contains(&token_prefix()) && second.contains(&token_prefix()) && first != second);
    }

    #[test]
    fn strangers_stay_outside() {
        let console = Console::new().credentials("user", "password");
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        let cases = [
            (None, false),
            (Some("Bearer eyJ.invented".to_owned()), false),
            (Some(basic("user:wrong")), false),
            (Some(basic("user:password")), true),
        ];
        for (header, expected) in cases {
            assert_eq!(Sessions::default().authorize(&console, header.as_deref()).is_ok(), expected, "{header:?}");
        }
    }
}
