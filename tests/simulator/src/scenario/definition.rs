//! Where a scenario's task definitions come from.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A task definition in the shape `RegisterTaskDefinition` takes, `tags` included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Definition {
    /// The name of a file under `tests/fixtures/task_definitions`.
    Fixture(String),
    /// The task definition itself.
    Inline(Value),
}

impl Default for Definition {
    fn default() -> Self {
        Self::Fixture("httpd.json".to_owned())
    }
}

impl From<&str> for Definition {
    fn from(file: &str) -> Self {
        Self::Fixture(file.to_owned())
    }
}

impl From<Value> for Definition {
    fn from(definition: Value) -> Self {
        Self::Inline(definition)
    }
}

impl Definition {
    /// Returns the task definition.
    ///
    /// # Panics
    ///
    /// When the file is not there or is no JSON: a scenario is written by a developer, who should see which one it is at once.
    pub fn load(&self) -> Value {
        match self {
            Self::Inline(definition) => definition.clone(),
            Self::Fixture(file) => {
                let path = folder().join(file);
                let text = std::fs::read_to_string(&path)
                    .unwrap_or_else(|error| panic!("could not read the task definition {}: {error}", path.display()));
                serde_json::from_str(&text)
                    .unwrap_or_else(|error| panic!("the task definition {} is no JSON: {error}", path.display()))
            }
        }
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/task_definitions")
}
