//! Docker's auths: every way they are written, and that a password goes to the registry it was given for and to no other.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fargate_updater::plan::credentials::{BadAuthConfig, RegistryLogin, RegistryLogins};
use secrecy::ExposeSecret as _;
use serde_json::json;

fn shown(login: Option<&RegistryLogin>) -> Option<(String, String)> {
    login.map(|login| (login.user.clone(), login.password.expose_secret().to_owned()))
}

fn pair(user: &str, password: &str) -> Option<(String, String)> {
    Some((user.to_owned(), password.to_owned()))
}

#[test]
fn auths_are_read_in_every_way_they_are_written() {
    let auth = STANDARD.encode("robot:pass:word");
    let config = json!({ "auths": {
        "registry.example.test:5000": { "auth": auth },
        "https://index.docker.io/v1/": { "username": "hub", "password": "hub-password" },
        "https://ghcr.io": { "auth": STANDARD.encode("gh:token") },
    }, "credsStore": "desktop" })
    .to_string();
    for (name, text) in [("as JSON", config.clone()), ("in base64, a pull token", STANDARD.encode(&config))] {
        let logins = RegistryLogins::from_auth_config(&text).expect(name);
        assert_eq!(shown(logins.of("registry.example.test:5000")), pair("robot", "pass:word"), "{name}");
        assert_eq!(shown(logins.of("docker.io")), pair("hub", "hub-password"), "{name}");
        assert_eq!(shown(logins.of("ghcr.io")), pair("gh", "token"), "{name}");
        for other in ["registry.example.test", "evil.example.test", "registry.example.test:5000.evil.test", ""] {
            assert_eq!(shown(logins.of(other)), None, "{name}: {other}");
        }
        assert!(!format!("{logins:?}").contains("word"), "{logins:?}");
    }
}

#[test]
fn what_cannot_be_used_is_said_without_the_text() {
    let cases = [
        ("no JSON", "hunter2".to_owned(), BadAuthConfig::NotJson),
        ("base64 of no JSON", STANDARD.encode("hunter2"), BadAuthConfig::NotJson),
        ("no auths", json!({ "registry.example.test": { "auth": "aHVudGVyMg==" } }).to_string(), BadAuthConfig::NoAuths),
        ("a list of auths", json!({ "auths": ["hunter2"] }).to_string(), BadAuthConfig::NoAuths),
        (
            "an identity token",
            json!({ "auths": { "registry.example.test": { "identitytoken": "hunter2" } } }).to_string(),
            BadAuthConfig::NoPassword { registry: "registry.example.test".to_owned() },
        ),
        (
            "a user and a password in the key, which are not shown",
            json!({ "auths": { "https://me:hunter2@registry.example.test": {} } }).to_string(),
            BadAuthConfig::NoPassword { registry: "registry.example.test".to_owned() },
        ),
        (
            "a user without a password",
            json!({ "auths": { "registry.example.test": { "auth": STANDARD.encode("hunter2") } } }).to_string(),
            BadAuthConfig::NoPassword { registry: "registry.example.test".to_owned() },
        ),
    ];
    for (name, text, expected) in cases {
        let error = RegistryLogins::from_auth_config(&text).expect_err(name);
        assert!(!error.to_string().contains("hunter2"), "{error}");
        assert_eq!(error, expected, "{name}");
    }
}

#[test]
fn docker_user_is_for_docker_hub_alone_and_an_entry_for_it_comes_first() {
    let login = || RegistryLogin { user: "me".to_owned(), password: "mine".into() };
    let mut logins = RegistryLogins::default();
    logins.or_docker_hub(login());
    assert_eq!(shown(logins.of("docker.io")), pair("me", "mine"));
    assert_eq!(shown(logins.of("registry.example.test")), None);
    let config = json!({ "auths": { "docker.io": { "username": "hub", "password": "first" } } }).to_string();
    let mut given = RegistryLogins::from_auth_config(&config).expect("it is right");
    given.or_docker_hub(login());
    assert_eq!(shown(given.of("docker.io")), pair("hub", "first"));
}

#[test]
fn a_secret_of_repository_credentials_holds_user_name_and_password() {
    let read = |secret| RegistryLogin::from_secret(&secret);
    assert_eq!(shown(read(json!({ "username": "u", "password": "p", "more": 1 })).as_ref()), pair("u", "p"));
    for secret in [json!({ "username": "u" }), json!({ "username": "", "password": "p" }), json!("u:p"), json!(null)] {
        assert!(read(secret.clone()).is_none(), "{secret}");
    }
}
