//! Errors: the simulator says where each of its own is from, and what the program tells apart by name is what the simulator answers.

use simulator::aws::{Source, table};
use simulator::console::errors::{self, Origin};

use crate::{code_lines, read};

/// Codes that the program knows and the simulator answers only as a scenario's fault: AWS gives them under load, on slow lines, or in
/// accounts and Regions of kinds that are not simulated.
const ONLY_AS_A_FAULT: [&str; 7] = [
    "AWSOrganizationsNotInUseException",
    "TooManyRequestsException",
    "RequestThrottled",
    "RequestThrottledException",
    "OptInRequired",
    "AuthorizationError",
    "RequestTimeout",
];

#[test]
fn every_error_of_the_simulated_aws_has_a_source() {
    let rows = table();
    assert!(rows.len() > 40, "the table is not whole");
    for row in rows {
        let (Source::Reported(text) | Source::Remembered(text) | Source::OurSentence(text) | Source::OursOnPurpose(text)) =
            row.source;
        assert!(text.len() > 10, "{} has no source; name one in tests/simulator/src/aws/errors.rs", row.name);
    }
}

#[test]
fn every_error_of_the_simulated_console_has_a_source() {
    let source = read("tests/simulator/src/console/errors.rs");
    let declared = source.lines().filter(|line| line.starts_with("pub const ") && line.contains(": ConsoleError")).count();
    let rows = errors::TABLE;
    assert_eq!(rows.len(), declared, "errors::TABLE in tests/simulator/src/console/errors.rs leaves errors out");
    for row in rows {
        let (Origin::Status(text) | Origin::Ours(text)) = row.origin;
        assert!(
            text.len() > 10,
            "{} ({}) has no source; name one in tests/simulator/src/console/errors.rs",
            row.text,
            row.status
        );
    }
}

/// Returns the texts between quotes in a file's code.
fn literals(path: &str) -> Vec<String> {
    let source = read(path);
    let lines = code_lines(&source).map(|(_, line)| line);
    lines.flat_map(|line| line.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[test]
fn every_code_that_the_program_knows_is_one_that_the_simulator_can_answer() {
    let rows = table();
    let looks_like_a_code = |text: &String| {
        let upper = text.chars().filter(char::is_ascii_uppercase).count();
        let ours = text.starts_with("FargateUpdater");
        !ours
            && text.starts_with(|first: char| first.is_ascii_uppercase())
            && text.len() > 6
            && upper >= 1
            && text.chars().all(char::is_alphanumeric)
    };
    // The beginnings of codes, such as AccessDenied, count when a code begins so.
    let codes: Vec<String> = literals("src/aws/error.rs").into_iter().filter(looks_like_a_code).collect();
    assert!(codes.len() >= 10, "src/aws/error.rs is read wrongly: {codes:?}");
    for code in codes {
        let answered = rows.iter().any(|row| row.code.starts_with(&code) || row.code.contains(&code));
        let as_a_fault = ONLY_AS_A_FAULT.contains(&code.as_str());
        assert!(
            answered || as_a_fault,
            "src/aws/error.rs knows {code}, and the simulator never answers it: add it to tests/simulator/src/aws/errors.rs, or to \
             ONLY_AS_A_FAULT here"
        );
    }
    for code in ONLY_AS_A_FAULT {
        assert!(
            rows.iter().all(|row| row.code != code),
            "the simulator answers {code} by itself: take it out of ONLY_AS_A_FAULT"
        );
    }
}

#[test]
fn every_sentence_that_the_program_knows_is_one_that_the_simulator_says() {
    let rows = table();
    // The program tells these apart by AWS's words, since their codes mean many things.
    for sentence in
        ["Too many concurrent attempts to create a new revision", "service control policy", "Unable to describe task definition"]
    {
        let known = literals("src/aws/error.rs").iter().any(|text| text == sentence);
        assert!(known, "src/aws/error.rs does not look for {sentence:?} any more: take it out here");
        assert!(rows.iter().any(|row| row.message.contains(sentence)), "the simulator never says {sentence:?}");
    }
}
