//! Tests are built with more features than the program: a dependency's features are those that any part of a build asks for.

use crate::{code_lines, read};

/// A regular expression that does not compile hides every text it is to clean, and only outside the tests: there, other crates
/// ask for all of regex.
#[test]
fn the_program_asks_for_the_features_that_its_regular_expressions_need() {
    let manifest = read("Cargo.toml");
    let declared = manifest.lines().find(|line| line.starts_with("regex = ")).expect("regex is a dependency");
    let source = read("src/plan/redact.rs");
    let code: Vec<&str> = code_lines(&source).map(|(_, line)| line).collect();
    // Source: the regex crate's documentation, "Unicode features".
    for (pattern, feature) in [
        ("(?i)", "unicode-case"),
        (r"\s", "unicode-perl"),
        (r"\w", "unicode-perl"),
        (r"\d", "unicode-perl"),
        (r"\b", "unicode-perl"),
    ] {
        let used = code.iter().any(|line| line.contains("r\"") && line.contains(pattern));
        let asked = declared.contains(feature) || declared.contains("\"unicode\"");
        assert!(
            !used || asked,
            "src/plan/redact.rs uses {pattern}, which needs regex's feature {feature}: add it to regex in Cargo.toml, or write the \
             pattern without"
        );
    }
}

/// Two stacks would mean two sets of certificates, two pools, and two places for a security fix.
#[test]
fn there_is_one_tls_stack_and_one_http_stack() {
    let lock = read("Cargo.lock");
    for name in ["rustls", "hyper", "h2", "reqwest", "tokio-rustls", "hyper-rustls"] {
        let copies = lock.matches(&format!("name = \"{name}\"\n")).count();
        assert_eq!(copies, 1, "Cargo.lock holds {copies} versions of {name}: see which dependency brings which (cargo tree -i)");
    }
    for name in ["native-tls", "openssl", "openssl-sys"] {
        assert!(!lock.contains(&format!("name = \"{name}\"\n")), "{name} is a second TLS stack");
    }
}
