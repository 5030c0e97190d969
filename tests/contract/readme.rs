//! README.md says what the code says: settings, skip reasons, exit codes, permissions, and the two commands.

use std::collections::BTreeSet;

use fargate_updater::aws::operations::{Role, actions_of};
use fargate_updater::cli::command;
use fargate_updater::events::Stage;
use fargate_updater::plan::explain::Section;
use fargate_updater::plan::network::close::Because;
use fargate_updater::plan::{Outdated, SkipReason};
use fargate_updater::report::files::CSV_HEADER;
use fargate_updater::settings::WITHOUT_FLAG;

use crate::{in_backticks, read, readme_chapter, table_rows};

/// Compares what README.md says with what it should say, and prints the latter when they differ.
fn expect_same(what: &str, expected: &BTreeSet<String>, written: &BTreeSet<String>) {
    let missing: Vec<&String> = expected.difference(written).collect();
    let extra: Vec<&String> = written.difference(expected).collect();
    let should: Vec<&str> = expected.iter().map(String::as_str).collect();
    assert!(
        missing.is_empty() && extra.is_empty(),
        "{what} in README.md is not what the code says.\nmissing: {missing:#?}\ntoo much: {extra:#?}\nto refresh it, write:\n{}",
        should.join("\n")
    );
}

#[test]
fn both_commands_are_there_to_copy() {
    let readme = read("README.md");
    for command in ["cargo run --example demo", "cargo test"] {
        assert!(readme.lines().any(|line| line == command), "README.md has no line that is nothing but `{command}`");
    }
}

#[test]
fn the_settings_table_is_the_command_line() {
    let mut expected: BTreeSet<String> = WITHOUT_FLAG.iter().map(|name| format!("| {name} | (none) | … | - |")).collect();
    for argument in command().get_arguments() {
        let (Some(variable), Some(flag)) = (argument.get_env(), argument.get_long()) else { continue };
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        let default = help.split_once("[default: ").and_then(|(_, rest)| rest.split(']').next()).unwrap_or("-").to_owned();
        expected.insert(format!("| {} | --{flag} | … | {default} |", variable.to_string_lossy()));
    }
    let mut written = BTreeSet::new();
    for row in table_rows(&readme_chapter("Settings")) {
        let [variable, flag, meaning, default] = &row[..] else { panic!("four cells were expected: {row:?}") };
        assert!(!meaning.is_empty(), "{variable} has no meaning");
        written.insert(format!("| {variable} | {flag} | … | {default} |"));
    }
    expect_same("the settings table", &expected, &written);
}

#[test]
fn the_columns_of_the_csv_are_listed_in_their_order() {
    let chapter = readme_chapter("Reports");
    let (_, columns) = chapter.split_once("\n### Columns\n").expect("a section about columns");
    let (columns, _) = columns.split_once("\n### ").expect("the next section");
    let written: Vec<String> = table_rows(columns).iter().flat_map(|row| in_backticks(&row[0])).collect();
    assert_eq!(written, CSV_HEADER, "left: README.md's columns; right: those of src/report/files/csv.rs");
}

#[test]
fn every_setting_has_a_flag_of_its_name() {
    for argument in command().get_arguments() {
        let Some(variable) = argument.get_env() else { continue };
        let flag = variable.to_string_lossy().to_lowercase().replace('_', "-");
        assert_eq!(argument.get_long(), Some(flag.as_str()));
        assert!(argument.is_hide_env_values_set(), "--help would show the value of {}", variable.to_string_lossy());
    }
}

/// Compares a chapter's list of words and sentences with what the code says.
fn expect_listed(list: &str, chapter: &str, reasons: &[(&str, String)]) {
    let expected: BTreeSet<String> = reasons.iter().map(|(code, sentence)| format!("- `{code}`: {sentence}")).collect();
    assert_eq!(expected.len(), reasons.len(), "two of {list} have one sentence");
    let chapter = readme_chapter(chapter);
    let written = chapter.lines().filter(|line| line.starts_with("- `")).map(str::to_owned).collect();
    expect_same(list, &expected, &written);
}

#[test]
fn every_skip_reason_is_told_with_its_sentence() {
    let reasons: Vec<_> = SkipReason::examples().iter().map(|reason| (reason.code(), reason.sentence())).collect();
    expect_listed("the list of skip reasons", "Why was my service left alone?", &reasons);
}

#[test]
fn every_reason_to_replace_a_defender_is_told_with_its_sentence() {
    let reasons: Vec<_> = Outdated::examples().iter().map(|reason| (reason.code(), reason.sentence())).collect();
    expect_listed("the list of reasons to replace a Defender", "Upgrades", &reasons);
}

#[test]
fn every_reason_to_keep_something_open_is_told_with_its_sentence() {
    let reasons: Vec<_> = Because::examples().iter().map(|because| (because.code(), because.to_string())).collect();
    expect_listed("the list of what is kept open", "Network", &reasons);
}

#[test]
fn every_tag_that_is_ours_is_named() {
    let readme = read("README.md");
    let source = read("src/plan/memory.rs");
    let tags: Vec<&str> = source.split('"').filter(|text| text.starts_with("fargate-updater:")).collect();
    assert!(tags.len() >= 9, "src/plan/memory.rs is read wrongly: {tags:?}");
    let missing: Vec<&&str> = tags.iter().filter(|tag| !readme.contains(**tag)).collect();
    assert!(missing.is_empty(), "README.md does not name the tags {missing:?}");
}

#[test]
fn the_exit_codes_are_those_of_exit_rs() {
    let source = read("src/exit.rs");
    let mut expected = BTreeSet::new();
    let mut comment = String::new();
    for line in source.lines() {
        if let Some(text) = line.strip_prefix("/// ") {
            comment = format!("{comment} {text}").trim().to_owned();
        } else if let Some((_, code)) = line.strip_prefix("pub const ").and_then(|rest| rest.split_once(": u8 = ")) {
            let mut when = comment.trim_end_matches('.').to_owned();
            when[..1].make_ascii_lowercase();
            expected.insert(format!("| {} | {when} |", code.trim_end_matches(';')));
            comment.clear();
        } else {
            comment.clear();
        }
    }
    assert_eq!(expected.len(), 5, "src/exit.rs is read wrongly: {expected:?}");
    let rows = table_rows(&readme_chapter("Exit codes"));
    let written = rows.iter().map(|row| format!("| {} |", row.join(" | "))).collect();
    expect_same("the table of exit codes", &expected, &written);
}

#[test]
fn the_permissions_are_those_of_the_operations() {
    let chapter = readme_chapter("Required permissions");
    let (master, member) = chapter.split_once("The member role").expect("the member role's permissions follow the caller's");
    let (master, reports) = master.split_once("into a bucket").expect("the permission for reports follows the caller's");
    let (member, secrets) = member.split_once("with a secret").expect("the permission for registries' secrets follows");
    let (secrets, undo) = secrets.split_once("closed again").expect("the permissions for closing networks follow");
    for (name, role, text) in [
        ("the caller's list of permissions", Role::Master, master),
        ("the list for reports", Role::Reports, reports),
        ("the member role's", Role::Member, member),
        ("the list for registries' secrets", Role::RegistrySecrets, secrets),
        ("the list for closing networks", Role::Undo, undo),
    ] {
        let expected = actions_of(role).into_iter().map(|action| format!("- `{action}`")).collect();
        let written = text.lines().filter(|line| line.starts_with("- ")).map(str::to_owned).collect();
        expect_same(name, &expected, &written);
    }
}

#[test]
fn files_that_readme_names_are_there() {
    let readme = read("README.md");
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let paths =
        in_backticks(&readme).into_iter().filter(|text| ["src/", "tests/", ".ci/"].iter().any(|start| text.starts_with(start)));
    let missing: Vec<String> = paths.filter(|path| !root.join(path).exists()).collect();
    assert!(missing.is_empty(), "README.md names files that are not there: {missing:?}");
}

#[test]
fn the_parts_of_an_explanation_are_those_of_explain_rs() {
    let readme = read("README.md");
    let paragraph = readme.split("\n\n").find(|paragraph| paragraph.starts_with("Parts: ")).expect("README names the parts");
    let codes: Vec<&str> = Section::ALL.into_iter().map(Section::code).collect();
    assert_eq!(in_backticks(paragraph), codes, "left: README.md's paragraph \"Parts:\"; right: Section::ALL, in their order");
}

#[test]
fn the_stages_are_those_of_events_rs() {
    let readme = read("README.md");
    let paragraph = readme.split("\n\n").find(|paragraph| paragraph.starts_with("Stages: ")).expect("README names the stages");
    let named: Vec<&str> = paragraph.split('`').skip(1).step_by(2).collect();
    let codes: Vec<&str> = Stage::ALL.into_iter().map(Stage::code).collect();
    assert_eq!(named, codes, "left: README.md's paragraph \"Stages:\"; right: Stage::ALL, in their order");
}
