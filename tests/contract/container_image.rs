//! The Dockerfile cannot be built everywhere, but what it says can be held to what it speaks of: files, versions, platforms.

use std::path::Path;

use crate::read;

/// The platforms that docker-image.yml builds for, and the loader that each one's programs name.
/// Source: GNU C Library wiki, "ABI list".
const PLATFORMS: [(&str, &str); 2] =
    [("linux/amd64", "/lib64/ld-linux-x86-64.so.2"), ("linux/arm64", "/lib/ld-linux-aarch64.so.1")];

/// Returns the Dockerfile's instructions with their arguments, lines that go on joined, comments left out.
fn instructions() -> Vec<(String, String)> {
    let text = read("Dockerfile");
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
    let joined = lines.join("\n").replace("\\\n", " ");
    let instructions = joined.lines().filter_map(|line| line.trim().split_once(' '));
    instructions.map(|(name, arguments)| (name.to_owned(), arguments.trim().to_owned())).collect()
}

/// Returns the arguments of each instruction of a name.
fn arguments(name: &str) -> Vec<String> {
    let found: Vec<String> =
        instructions().into_iter().filter_map(|(instruction, arguments)| (instruction == name).then_some(arguments)).collect();
    assert!(!found.is_empty(), "Dockerfile has no {name}");
    found
}

/// Returns the user and the group that the image runs as: those of the last stage, whatever the others build as.
fn user() -> String {
    let instructions = instructions();
    let mut last_stage = instructions.iter().rev().take_while(|(name, _)| name != "FROM");
    let user = last_stage.find_map(|(name, arguments)| (name == "USER").then(|| arguments.clone()));
    user.expect("Dockerfile's last stage has a USER; without one, it is its base's to say who the image runs as")
}

/// Returns what an instruction that there may be only one of says in its exec form, a JSON array.
fn exec_form(name: &str) -> Vec<String> {
    let arguments = arguments(name);
    assert_eq!(arguments.len(), 1, "Dockerfile has {} times {name}", arguments.len());
    serde_json::from_str(&arguments[0])
        .unwrap_or_else(|error| panic!("{name} {} is no JSON array of texts ({error}), and the image has no shell", arguments[0]))
}

/// Returns the sources of each COPY from the repository, without what is copied from another stage.
fn copied() -> Vec<String> {
    let copies = arguments("COPY");
    let ours = copies.iter().filter(|arguments| !arguments.contains("--from="));
    let sources = ours.flat_map(|arguments| {
        let words: Vec<&str> = arguments.split_whitespace().filter(|word| !word.starts_with("--")).collect();
        words[..words.len() - 1].iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()
    });
    sources.collect()
}

/// Returns a line's value, such as that of `version = "1.2.3"` in a manifest.
fn value(path: &str, key: &str) -> String {
    let text = read(path);
    let line = text.lines().find(|line| line.trim_start().starts_with(key));
    let value = line.and_then(|line| line.split('"').nth(1));
    value.unwrap_or_else(|| panic!("{path} has no line {key} \"...\"")).to_owned()
}

fn version(text: &str) -> Vec<u32> {
    let parts = text.split('.').map(|part| part.parse().unwrap_or_else(|_| panic!("{text} is no version")));
    parts.collect()
}

#[test]
fn what_is_copied_into_the_build_is_there() {
    let ignore = read(".dockerignore");
    let mut rules = ignore.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    assert_eq!(rules.next(), Some("*"), ".dockerignore lets nothing in but what it names");
    let let_in: Vec<&str> = rules
        .map(|rule| {
            rule.strip_prefix('!').unwrap_or_else(|| panic!(".dockerignore: {rule} does not let in, and `*` keeps out all"))
        })
        .collect();

    let copied = copied();
    for source in &copied {
        let path = Path::new(source);
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists(), "Dockerfile copies {source}, which is not there");
        let is_let_in = let_in.iter().any(|rule| path.starts_with(rule));
        assert!(is_let_in, "Dockerfile copies {source}: let it in with a line !{source} in .dockerignore");
    }
    for rule in let_in {
        assert!(copied.iter().any(|source| source == rule), ".dockerignore lets {rule} in, and Dockerfile does not copy it");
    }
}

/// Cargo reads the manifest of every member, also to build one of them.
#[test]
fn every_member_of_the_workspace_has_its_manifest_in_the_build() {
    let manifest = read("Cargo.toml");
    let line = manifest.lines().find(|line| line.starts_with("members = ")).expect("Cargo.toml lists its members");
    for member in line.split('"').skip(1).step_by(2) {
        let manifest = if member == "." { "Cargo.toml".to_owned() } else { format!("{member}/Cargo.toml") };
        assert!(copied().contains(&manifest), "Dockerfile does not copy {manifest}, without which cargo builds nothing");
    }
}

/// What is shipped is built with the Rust that the checks ran with, and with one that the manifest allows.
#[test]
fn the_image_is_built_with_the_rust_that_is_tested() {
    let bases = arguments("FROM");
    let tag =
        bases[0].strip_prefix("rust:").and_then(|tag| tag.split_once('-')).expect("the first base is rust:VERSION-DEBIAN").0;
    let least = value("Cargo.toml", "rust-version =");
    assert!(version(tag) >= version(&least), "Dockerfile builds with Rust {tag}, and Cargo.toml needs {least} at least");
    let tested = value(".github/workflows/ci.yml", "RUSTUP_TOOLCHAIN:");
    assert_eq!(tested, tag, "ci.yml tests with Rust {tested}, and Dockerfile builds with {tag}: set both to the same");
}

#[test]
fn every_base_is_named_by_its_digest() {
    for base in arguments("FROM") {
        let digest = base.split_whitespace().next().and_then(|image| image.split_once("@sha256:")).map(|(_, digest)| digest);
        let is_digest =
            digest.is_some_and(|digest| digest.len() == 64 && digest.chars().all(|character| character.is_ascii_hexdigit()));
        assert!(is_digest, "FROM {base} names no digest, so that the same Dockerfile may build another image tomorrow");
    }
}

#[test]
fn the_program_is_started_without_a_shell_and_without_root() {
    assert_eq!(exec_form("ENTRYPOINT"), ["/fargate-updater"]);
    let user = user();
    for id in user.split(':') {
        let id: u32 =
            id.parse().unwrap_or_else(|_| panic!("USER {user} is no number, so that nobody can see that it is not root"));
        assert_ne!(id, 0, "USER {user}: the image runs as root");
    }
}

/// On Fargate, a volume that is mounted belongs to root unless the image has the directory, with its owner, as a volume.
#[test]
fn reports_can_be_written_by_the_user_that_runs() {
    let user = user();
    for directory in exec_form("VOLUME") {
        let owned = format!("--chown={user} {directory} {directory}");
        assert!(
            arguments("COPY").iter().any(|copy| copy.ends_with(&owned)),
            "no COPY of Dockerfile makes {directory} with its owner: it ends with {owned}"
        );
    }
}

#[test]
fn every_platform_that_is_built_names_its_loader() {
    let dockerfile = read("Dockerfile");
    let workflow = read(".github/workflows/docker-image.yml");
    let built = workflow.lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("platform: "));
    let mut built: Vec<&str> = built.collect();
    built.sort_unstable();
    assert_eq!(
        built,
        PLATFORMS.map(|(platform, _)| platform),
        "docker-image.yml builds for other platforms than this test knows"
    );
    for (platform, loader) in PLATFORMS {
        let line = format!("# holds: {platform} {loader}");
        assert!(dockerfile.lines().any(|held| held == line), "Dockerfile has no line {line:?} below its last FROM");
    }
}

#[test]
fn the_image_says_of_itself_what_the_manifest_says() {
    let labels = arguments("LABEL").join(" ");
    for (label, text) in [("title", value("Cargo.toml", "name =")), ("description", value("Cargo.toml", "description ="))] {
        let wanted = format!("org.opencontainers.image.{label}=\"{text}\"");
        assert!(labels.contains(&wanted), "Dockerfile has no label {wanted}");
    }
}
