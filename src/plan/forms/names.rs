//! What CloudFormation calls the members of a task definition, against what ECS calls them: `ContainerDefinitions` and
//! `containerDefinitions`.
//!
//! Source: AWS CloudFormation Template Reference, AWS::ECS::TaskDefinition; Amazon ECS API Reference, RegisterTaskDefinition (read
//! 2026-11).

/// Members whose names are more than one capital apart.
const OTHERS: [(&str, &str); 5] = [
    ("EFSVolumeConfiguration", "efsVolumeConfiguration"),
    ("FSxWindowsFileServerVolumeConfiguration", "fsxWindowsFileServerVolumeConfiguration"),
    ("FilesystemId", "fileSystemId"),
    ("IAM", "iam"),
    ("SizeInGiB", "sizeInGiB"),
];

/// Members whose own members are named by their owners.
const FREE: [&str; 4] = ["dockerLabels", "options", "driverOpts", "labels"];

/// Returns what ECS calls a member.
pub(super) fn of_ecs(name: &str) -> String {
    let other = OTHERS.iter().find(|(theirs, _)| *theirs == name);
    other.map_or_else(|| with_first(name, char::to_ascii_lowercase), |(_, ecs)| (*ecs).to_owned())
}

/// Returns what CloudFormation calls a member.
pub(super) fn of_cloudformation(name: &str) -> String {
    let other = OTHERS.iter().find(|(_, ecs)| *ecs == name);
    other.map_or_else(|| with_first(name, char::to_ascii_uppercase), |(theirs, _)| (*theirs).to_owned())
}

/// Returns whether the members of this one, in ECS's words, are named by their owners.
pub(super) fn are_free_in(member: &str) -> bool {
    FREE.contains(&member)
}

fn with_first(name: &str, change: impl Fn(&char) -> char) -> String {
    let mut characters = name.chars();
    characters.next().map_or_else(String::new, |first| std::iter::once(change(&first)).chain(characters).collect())
}
