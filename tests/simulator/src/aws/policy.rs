//! Who may do what: denials of a scenario, and the session policies callers hand to `AssumeRole`.
//!
//! Only actions are looked at. Resources and conditions of a session policy are taken to match, so that a policy which relies on
//! them denies less here than in AWS.

use serde_json::Value;

/// Returns whether one of the denied actions, in which `*` stands for any text, is this one.
pub(super) fn denies(denied: &[String], action: &str) -> bool {
    denied.iter().any(|pattern| matches(pattern, action))
}

/// Returns whether a session policy lets an action pass.
/// Source: AWS STS API Reference, AssumeRole, `Policy`: the permissions are the intersection (read 2026-11).
pub fn session_allows(policy: &Value, action: &str) -> bool {
    let statements = as_list(policy.get("Statement"));
    let hit = |effect: &str| {
        statements.iter().any(|statement| {
            statement.get("Effect").and_then(Value::as_str) == Some(effect)
                && match (statement.get("Action"), statement.get("NotAction")) {
                    (Some(actions), _) => any_matches(actions, action),
                    (None, Some(others)) => !any_matches(others, action),
                    (None, None) => false,
                }
        })
    };
    hit("Allow") && !hit("Deny")
}

/// A statement or an action may stand alone instead of in a list.
fn as_list(value: Option<&Value>) -> Vec<&Value> {
    match value {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(other) => vec![other],
        None => Vec::new(),
    }
}

fn any_matches(patterns: &Value, action: &str) -> bool {
    as_list(Some(patterns)).iter().filter_map(|pattern| pattern.as_str()).any(|pattern| matches(pattern, action))
}

/// Compares without case, as IAM does with actions.
fn matches(pattern: &str, action: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    let action = action.to_ascii_lowercase();
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|start| action.strip_prefix(start)) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((end, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(end)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn patterns_match_as_in_iam() {
        for (pattern, action, expected) in [
            ("ecs:ListServices", "ecs:ListServices", true),
            ("ecs:listservices", "ecs:ListServices", true),
            ("ecs:List*", "ecs:ListServices", true),
            ("*", "ecs:ListServices", true),
            ("ecs:*Task*", "ecs:RegisterTaskDefinition", true),
            ("ecs:*Task", "ecs:RegisterTaskDefinition", false),
            ("ecs:List", "ecs:ListServices", false),
            ("ec2:*", "ecs:ListServices", false),
        ] {
            assert_eq!(matches(pattern, action), expected, "{pattern} {action}");
        }
    }

    #[test]
    fn a_session_policy_only_takes_away() {
        let policy = json!({ "Statement": [
            { "Effect": "Allow", "Action": ["ecs:Describe*", "ecs:Register*"], "Resource": "*" },
            { "Effect": "Deny", "Action": "ecs:Register*", "Resource": "*" },
        ] });
        assert!(session_allows(&policy, "ecs:DescribeServices"));
        assert!(!session_allows(&policy, "ecs:RegisterTaskDefinition"));
        assert!(!session_allows(&policy, "ecs:UpdateService"));
        assert!(session_allows(&json!({ "Statement": { "Effect": "Allow", "NotAction": "iam:*" } }), "ecs:UpdateService"));
    }
}
