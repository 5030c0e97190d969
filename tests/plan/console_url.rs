//! `PCC_URL`: what is taken as the address of a Console, and what is refused.

use fargate_updater::console::{ConsoleUrl, UrlProblem};

#[test]
fn an_address_is_taken_as_the_console_shows_it() {
    let saas = "https://us-east1.cloud.twistlock.com/us-9-000000001";
    let cases = [
        ("SaaS, with the tenant's path", saas, saas, "us-east1.cloud.twistlock.com"),
        ("a slash at the end", "https://us-east1.cloud.twistlock.com/us-9-000000001/", saas, "us-east1.cloud.twistlock.com"),
        ("two slashes at the end", "https://us-east1.cloud.twistlock.com/us-9-000000001//", saas, "us-east1.cloud.twistlock.com"),
        ("no scheme", "us-east1.cloud.twistlock.com/us-9-000000001", saas, "us-east1.cloud.twistlock.com"),
        ("blanks round it", "  https://us-east1.cloud.twistlock.com/us-9-000000001\n", saas, "us-east1.cloud.twistlock.com"),
        ("self-hosted", "https://console.example.test:8083", "https://console.example.test:8083", "console.example.test"),
        ("self-hosted, no scheme", "console.example.test:8083/", "https://console.example.test:8083", "console.example.test"),
        ("the port of https", "https://console.example.test:443", "https://console.example.test", "console.example.test"),
        (
            "capitals in the host",
            "https://Console.Example.Test/Tenant",
            "https://console.example.test/Tenant",
            "console.example.test",
        ),
        ("an address by number", "https://192.0.2.1:8083", "https://192.0.2.1:8083", "192.0.2.1"),
        ("http to this machine", "http://localhost:8081/t", "http://localhost:8081/t", "localhost"),
        ("http to this machine by number", "http://127.0.0.1:8081", "http://127.0.0.1:8081", "127.0.0.1"),
        ("http to this machine by IPv6", "http://[::1]:8081", "http://[::1]:8081", "[::1]"),
        (
            "a path that only begins like api",
            "https://console.example.test/api-tenant",
            "https://console.example.test/api-tenant",
            "console.example.test",
        ),
    ];
    for (name, text, printed, host) in cases {
        let url = ConsoleUrl::parse(text).expect(name);
        assert_eq!((url.to_string().as_str(), url.host()), (printed, host), "{name}");
        assert_eq!(url.route("v34.03", "version"), format!("{printed}/api/v34.03/version"), "{name}");
        assert_eq!(format!("{url:?}"), printed, "{name}");
    }
}

#[test]
fn what_cannot_be_a_console_or_would_give_a_secret_away_is_refused() {
    let cases = [
        ("nothing", "", UrlProblem::NotAUrl),
        ("a scheme alone", "https://", UrlProblem::NotAUrl),
        ("a scheme with half its slashes", "https:/console.example.test", UrlProblem::NotAUrl),
        ("a blank inside", "console example.test", UrlProblem::NotAUrl),
        ("a port that is none", "https://console.example.test:99999", UrlProblem::NotAUrl),
        ("a user and a password", "https://user:hunter2@console.example.test", UrlProblem::HoldsUser),
        ("a user and a password, no scheme", "user:hunter2@console.example.test", UrlProblem::HoldsUser),
        ("a user alone", "https://user@console.example.test", UrlProblem::HoldsUser),
        ("a password alone", "https://:hunter2@console.example.test", UrlProblem::HoldsUser),
        ("the address of a route", "https://console.example.test/api/v1/version", UrlProblem::HoldsApi),
        ("the address of the API behind the tenant", "https://x.example.test/us-9/api/v1", UrlProblem::HoldsApi),
        ("the path to api", "https://console.example.test/api", UrlProblem::HoldsApi),
        ("the path to api/", "https://console.example.test/api/", UrlProblem::HoldsApi),
        ("a query", "https://console.example.test/?token=hunter2", UrlProblem::HoldsQuery),
        ("a fragment", "https://console.example.test/#hunter2", UrlProblem::HoldsQuery),
        ("plain http", "http://console.example.test:8081", UrlProblem::PlainHttp),
        ("plain http to what only begins like this machine", "http://localhost.example.test", UrlProblem::PlainHttp),
        ("plain http to what only begins like its number", "http://127.0.0.1.example.test", UrlProblem::PlainHttp),
        ("another scheme", "ftp://console.example.test", UrlProblem::NotHttps),
        ("a web socket", "wss://console.example.test:8084", UrlProblem::NotHttps),
    ];
    for (name, text, expected) in cases {
        assert_eq!(ConsoleUrl::parse(text), Err(expected), "{name}");
        assert!(!expected.to_string().contains("hunter2"), "{name}");
    }
}
