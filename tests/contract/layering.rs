//! Who may use whom: decisions touch nothing, the world decides nothing, and each foreign crate has one place.

use crate::{code_lines, rust_files};

/// What makes a decision depend on when, where or under which circumstances it is made.
const NOT_IN_PLAN: [&str; 12] = [
    "async ",
    ".await",
    "aws_",
    "reqwest",
    "oci_client",
    "tokio",
    "tracing",
    "std::env",
    "std::fs",
    "SystemTime::now",
    "Instant::now",
    "Timestamp::now",
];

/// What may be named in one folder only.
const ONLY_IN: [(&str, &str); 8] = [
    ("aws_", "src/aws/"),
    ("reqwest", "src/console/ src/aws/metadata.rs"),
    ("oci_client", "src/registry/"),
    ("indicatif", "src/report/live.rs"),
    ("jsonc_parser", "src/plan/document/json.rs"),
    ("saphyr_parser", "src/plan/document/yaml.rs"),
    ("clap::", "src/cli src/settings.rs src/lib.rs"),
    ("std::env", "src/lib.rs src/main.rs"),
];

#[test]
fn decisions_are_pure() {
    let files = rust_files("src/plan");
    assert!(files.len() > 10, "src/plan is not where it was");
    let mut found = Vec::new();
    for (name, text) in &files {
        for (number, line) in code_lines(text) {
            let words = NOT_IN_PLAN.iter().filter(|word| line.contains(*word));
            found.extend(words.map(|word| format!("{name}:{number} names {}: {}", word.trim(), line.trim())));
        }
    }
    assert!(
        found.is_empty(),
        "src/plan decides over plain data; do the touching in src/aws, src/console or src/journey.rs, and hand the result in:\n{}",
        found.join("\n")
    );
}

#[test]
fn each_foreign_crate_has_one_place() {
    let mut found = Vec::new();
    for (name, text) in rust_files("src") {
        for (word, places) in ONLY_IN {
            let allowed = places.split(' ').any(|place| name.starts_with(place));
            for (number, line) in code_lines(&text).filter(|(_, line)| !allowed && names(line, word)) {
                found.push(format!("{name}:{number} names {word}, which only {places} may: {}", line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Returns whether a line names a crate: a word of its own, or the beginning of one.
fn names(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_'))
}

#[test]
fn decisions_use_nothing_of_ours_but_ids() {
    let mut found = Vec::new();
    for (name, text) in rust_files("src/plan") {
        for (number, line) in code_lines(&text) {
            let others = line.match_indices("crate::").map(|(at, found)| &line[at + found.len()..]);
            let others = others.filter(|rest| !rest.starts_with("plan") && !rest.starts_with("ids"));
            found.extend(others.map(|_| format!("{name}:{number}: {}", line.trim())));
        }
    }
    assert!(found.is_empty(), "src/plan may use src/plan and src/ids.rs only:\n{}", found.join("\n"));
}

#[test]
fn reports_ask_nobody() {
    let mut found = Vec::new();
    for (name, text) in rust_files("src/report") {
        for (number, line) in code_lines(&text) {
            if ["crate::aws", "crate::console", "crate::registry", "crate::journey", "crate::walk"]
                .iter()
                .any(|word| line.contains(word))
            {
                found.push(format!("{name}:{number}: {}", line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "src/report tells events and asks nobody:\n{}", found.join("\n"));
}
