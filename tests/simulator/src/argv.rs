//! What a container executes, so that tests can compare what ran before with what runs behind the Defender.

use serde_json::Value;

/// What the Defender's program is told in front of the customer's own words.
/// Source: tests/fixtures/console, the worked examples.
const PREFIX: [&str; 2] = ["fargate", "entrypoint"];

/// Returns the words a container executes: its `entryPoint`, or else the image's ENTRYPOINT, and behind that its command.
///
/// The command is the override of whoever runs the task, or else the container's `command`, or else the image's CMD; the latter
/// only where the container has no `entryPoint` of its own, because Docker then clears it. A list without words is none.
/// `image` is ENTRYPOINT and CMD; without it, the image brings nothing.
///
/// Sources: Docker, docker container run, `--entrypoint` (it clears out any default command of the image); Amazon ECS API
/// Reference, ContainerDefinition, `entryPoint` and `command` (they map to `--entrypoint` and to the command of docker run), and
/// ContainerOverride, `command`.
pub fn argv(container: &Value, image: Option<(&[&str], &[&str])>, command_override: Option<&[&str]>) -> Vec<String> {
    let own = |key: &str| -> Vec<String> {
        let words = container.get(key).and_then(Value::as_array).into_iter().flatten();
        words.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let owned = |words: &[&str]| -> Vec<String> { words.iter().map(|word| (*word).to_owned()).collect() };
    let (image_entrypoint, image_command) = image.unwrap_or_default();
    let entry_point = own("entryPoint");
    let image_command = if entry_point.is_empty() { owned(image_command) } else { Vec::new() };
    let first = first_with_words([entry_point, owned(image_entrypoint)]);
    let rest = first_with_words([owned(command_override.unwrap_or_default()), own("command"), image_command]);
    [first, rest].concat()
}

fn first_with_words<const N: usize>(lists: [Vec<String>; N]) -> Vec<String> {
    lists.into_iter().find(|list| !list.is_empty()).unwrap_or_default()
}

/// Returns the words the Defender's program starts: those behind `fargate entrypoint`, or all of them where no Defender is.
pub fn unwrapped(argv: &[String]) -> Vec<String> {
    let at = argv.windows(PREFIX.len()).position(|words| words == PREFIX);
    at.map_or_else(|| argv.to_vec(), |at| argv[at + PREFIX.len()..].to_vec())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_container_executes() {
        type Words = &'static [&'static str];
        let image: Option<(Words, Words)> = Some((&["/init"], &["serve", "--all"]));
        type Case = (&'static str, Value, Option<(Words, Words)>, Option<Words>, Words);
        let cases: [Case; 13] = [
            ("the image's own", json!({}), image, None, &["/init", "serve", "--all"]),
            ("an image without ENTRYPOINT", json!({}), Some((&[], &["serve"])), None, &["serve"]),
            ("an image without CMD", json!({}), Some((&["/init"], &[])), None, &["/init"]),
            ("a command replaces CMD", json!({ "command": ["x"] }), image, None, &["/init", "x"]),
            ("an entry point clears CMD", json!({ "entryPoint": ["/own"] }), image, None, &["/own"]),
            ("both of its own", json!({ "entryPoint": ["/own", "-a"], "command": ["x"] }), image, None, &["/own", "-a", "x"]),
            ("an override replaces CMD", json!({}), image, Some(&["y"]), &["/init", "y"]),
            ("an override replaces the command", json!({ "command": ["x"] }), image, Some(&["y", "z"]), &["/init", "y", "z"]),
            ("an override and an entry point", json!({ "entryPoint": ["/own"] }), image, Some(&["y"]), &["/own", "y"]),
            ("empty lists are none", json!({ "entryPoint": [], "command": [] }), image, Some(&[]), &["/init", "serve", "--all"]),
            ("nulls are none", json!({ "entryPoint": null, "command": null }), image, None, &["/init", "serve", "--all"]),
            ("an image nobody knows", json!({ "command": ["x"] }), None, None, &["x"]),
            ("nothing at all", json!({}), None, None, &[]),
        ];
        for (name, container, image, command_override, expected) in cases {
            assert_eq!(argv(&container, image, command_override), expected, "{name}");
        }
    }

    #[test]
    fn what_the_defender_starts() {
        let cases: [(&str, &[&str], &[&str]); 6] = [
            ("no Defender", &["/init", "x"], &["/init", "x"]),
            ("a Defender", &["/var/lib/twistlock/fargate/defender", "fargate", "entrypoint", "/init", "x"], &["/init", "x"]),
            ("behind an interpreter", &["/busybox/sh", "/defender.sh", "fargate", "entrypoint", "/init"], &["/init"]),
            ("a Defender and nothing else", &["/defender", "fargate", "entrypoint"], &[]),
            ("the words apart", &["/defender", "fargate", "x", "entrypoint"], &["/defender", "fargate", "x", "entrypoint"]),
            (
                "twice",
                &["/defender", "fargate", "entrypoint", "/defender", "fargate", "entrypoint", "x"],
                &["/defender", "fargate", "entrypoint", "x"],
            ),
        ];
        for (name, argv, expected) in cases {
            let argv: Vec<String> = argv.iter().map(|word| (*word).to_owned()).collect();
            assert_eq!(unwrapped(&argv), expected, "{name}");
        }
    }
}
