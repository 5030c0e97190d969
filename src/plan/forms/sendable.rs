//! What of a definition with placeholders for functions can be sent to the Console: those that stand for texts.

use serde_json::Value;

use super::intrinsic::is_placeholder;

/// Members that are texts: names, addresses and values. A placeholder is as good there as any other text.
const TEXTS: [&str; 19] = [
    "family",
    "name",
    "image",
    "value",
    "valueFrom",
    "containerName",
    "sourceContainer",
    "sourceVolume",
    "containerPath",
    "sourcePath",
    "credentialsParameter",
    "executionRoleArn",
    "taskRoleArn",
    "logDriver",
    "user",
    "workingDirectory",
    "hostname",
    "key",
    "fileSystemId",
];

/// Members that hold texts: lists, and objects whose members their owners name.
const HOLD_TEXTS: [&str; 8] = ["entryPoint", "command", "add", "drop", "options", "dockerLabels", "driverOpts", "labels"];

/// Returns whether a value stands for a function of a template.
pub fn is_function(value: &Value) -> bool {
    value.as_str().is_some_and(is_placeholder)
}

/// Leaves the functions out that stand for something else than a text: the Console could make nothing of them.
pub fn leave_out_functions(definition: &mut Value) {
    leave_out(definition, "");
}

fn leave_out(value: &mut Value, key: &str) {
    let holds_texts = HOLD_TEXTS.contains(&key);
    match value {
        Value::Object(members) => {
            members.retain(|name, value| holds_texts || TEXTS.contains(&name.as_str()) || !is_function(value));
            members.iter_mut().for_each(|(name, value)| leave_out(value, name));
        }
        Value::Array(elements) => {
            elements.retain(|element| holds_texts || !is_function(element));
            elements.iter_mut().for_each(|element| leave_out(element, key));
        }
        _ => {}
    }
}
