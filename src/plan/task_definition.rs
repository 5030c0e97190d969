//! The task definition: JSON from ECS to ECS, with typed views for reading and a type for each stage of its way.
//!
//! Fields are never copied one by one: a list of fields forgets the ones that AWS adds tomorrow. What ECS described becomes
//! registrable by losing nine keys, and protected by a [`Change`], and only a protected one can be registered.

use std::fmt;
use std::marker::PhantomData;

use serde_json::{Map, Value};

use super::defender;
use super::edit::{Change, EditError};
use super::redact::Redactor;
use crate::ids::{Family, TaskDefinitionArn};

/// What `DescribeTaskDefinition` returns and `RegisterTaskDefinition` does not take.
///
/// Source: the Amazon ECS API model, shapes `TaskDefinition` and `RegisterTaskDefinitionRequest` (compared 2026-08).
pub const READ_ONLY_KEYS: [&str; 9] = [
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "deleteRequestedAt",
];

/// As `DescribeTaskDefinition` answered it, its tags beside it.
#[derive(Clone, Debug)]
pub struct Described;
/// In the form `RegisterTaskDefinition` takes, tags included.
#[derive(Clone, Debug)]
pub struct Registrable;
/// Registrable, and with the Defender in it.
#[derive(Clone, Debug)]
pub struct Protected;

/// A task definition at one stage of its way.
#[derive(Clone, PartialEq)]
pub struct TaskDefinition<Stage> {
    json: Value,
    stage: PhantomData<Stage>,
}

/// A task definition that nobody looks at for a while, put away as text: a document takes many times as much memory.
#[derive(Clone)]
pub struct Packed<Stage> {
    text: Box<str>,
    stage: PhantomData<Stage>,
}

impl<Stage> Packed<Stage> {
    /// Returns the definition as it was, to the last digit.
    pub fn unpacked(&self) -> TaskDefinition<Stage> {
        // It was written by us, from a document.
        TaskDefinition::at_stage(serde_json::from_str(&self.text).unwrap_or_default())
    }
}

/// An answer of ECS that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the task definition that ECS describes has no usable {missing}")]
pub struct Malformed {
    missing: &'static str,
}

impl<Stage> TaskDefinition<Stage> {
    fn at_stage(json: Value) -> Self {
        Self { json, stage: PhantomData }
    }

    /// Returns it put away as text.
    pub fn packed(&self) -> Packed<Stage> {
        Packed { text: self.json.to_string().into(), stage: PhantomData }
    }

    /// Returns the whole document.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// Returns the containers in their order.
    pub fn containers(&self) -> impl Iterator<Item = Container<'_>> {
        containers_of(&self.json)
    }

    /// Returns a text field of the top level, such as `cpu`.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.json.get(key)?.as_str()
    }

    /// Returns a member of `runtimePlatform`, such as `cpuArchitecture`.
    pub fn runtime_platform(&self, key: &str) -> Option<&str> {
        self.json.get("runtimePlatform")?.get(key)?.as_str()
    }

    /// Returns the tags as pairs, in their order.
    pub fn tags(&self) -> impl Iterator<Item = (&str, &str)> {
        pairs(self.json.get("tags"), "key")
    }

    /// Returns what hides this definition's secrets in texts from elsewhere: every environment value and every secret option.
    pub fn redactor(&self) -> Redactor {
        Redactor::hiding(self.containers().flat_map(|container| container.secret_texts()))
    }
}

/// Shows the family only: environment values are secrets.
impl<Stage> fmt::Debug for TaskDefinition<Stage> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TaskDefinition({})", self.text("family").unwrap_or("?"))
    }
}

impl TaskDefinition<Described> {
    /// Takes the body of a `DescribeTaskDefinition` answer: the definition, and its tags beside it.
    ///
    /// # Errors
    ///
    /// When there is no definition in it, or one without family or containers.
    pub fn described(body: &Value) -> Result<Self, Malformed> {
        let definition = body.get("taskDefinition").and_then(Value::as_object).ok_or(Malformed { missing: "definition" })?;
        let mut json = definition.clone();
        match body.get("tags") {
            Some(Value::Array(tags)) if !tags.is_empty() => {
                json.insert("tags".to_owned(), Value::Array(tags.clone()));
            }
            _ => {}
        }
        let described = Self::at_stage(Value::Object(json));
        if described.text("family").is_none_or(str::is_empty) {
            return Err(Malformed { missing: "family" });
        }
        if described.containers().next().is_none() || described.containers().any(|container| container.name().is_empty()) {
            return Err(Malformed { missing: "containers" });
        }
        described.arn()?;
        Ok(described)
    }

    /// Returns the ARN it was described with.
    ///
    /// # Errors
    ///
    /// When it has none; [`described`](Self::described) has made sure of that.
    pub fn arn(&self) -> Result<TaskDefinitionArn, Malformed> {
        let arn = self.text("taskDefinitionArn").and_then(|arn| arn.parse().ok());
        arn.ok_or(Malformed { missing: "taskDefinitionArn" })
    }

    /// Returns its family.
    pub fn family(&self) -> Family {
        Family::from(self.text("family").unwrap_or_default())
    }

    /// Returns who registered it, as an ARN, if ECS tells.
    pub fn registered_by(&self) -> Option<&str> {
        self.text("registeredBy")
    }

    /// Returns whether new tasks can be started from it.
    pub fn is_active(&self) -> bool {
        self.text("status") == Some("ACTIVE")
    }

    /// Returns it in the form that can be registered: without the nine read-only keys, everything else as it was.
    pub fn registrable(&self) -> TaskDefinition<Registrable> {
        let mut json = self.json.clone();
        if let Value::Object(members) = &mut json {
            for key in READ_ONLY_KEYS {
                members.shift_remove(key);
            }
            // Keys with this prefix are AWS's own to set, and a registration that holds one is refused.
            // Source: Amazon ECS Developer Guide, "Tag restrictions".
            if let Some(Value::Array(tags)) = members.get_mut("tags") {
                tags.retain(|tag| !tag.get("key").and_then(Value::as_str).is_some_and(|key| key.starts_with("aws:")));
                if tags.is_empty() {
                    members.shift_remove("tags");
                }
            }
        }
        TaskDefinition::at_stage(json)
    }
}

impl TaskDefinition<Registrable> {
    /// Takes a document that is registrable already: a file, or a test's.
    pub fn from_json(json: Value) -> Self {
        Self::at_stage(json)
    }

    /// Returns it with a change made that leaves it unprotected, such as the removal of a Defender.
    ///
    /// # Errors
    ///
    /// When the change was made for another definition.
    pub fn changed_by(&self, change: &Change) -> Result<Self, EditError> {
        change.apply(&self.json).map(Self::at_stage)
    }

    /// Returns it with a change made; that the change protects it is up to [`crate::plan::accept`], which makes such changes.
    ///
    /// # Errors
    ///
    /// When the change was made for another definition.
    pub fn protected_by(&self, change: &Change) -> Result<TaskDefinition<Protected>, EditError> {
        change.apply(&self.json).map(TaskDefinition::at_stage)
    }
}

impl TaskDefinition<Protected> {
    /// Returns it with a note of ours in its tags.
    ///
    /// # Errors
    ///
    /// When the change was made for another definition.
    pub fn noted_by(&self, change: &Change) -> Result<Self, EditError> {
        change.apply(&self.json).map(Self::at_stage)
    }
}

/// Returns the containers of a document in any form.
pub fn containers_of(json: &Value) -> impl Iterator<Item = Container<'_>> {
    json.get("containerDefinitions").and_then(Value::as_array).into_iter().flatten().map(Container)
}

/// One container of a task definition, for reading.
#[derive(Clone, Copy)]
pub struct Container<'a>(pub &'a Value);

impl<'a> Container<'a> {
    /// Returns its name; ECS does not register a container without one.
    pub fn name(&self) -> &'a str {
        self.text("name").unwrap_or_default()
    }

    pub fn image(&self) -> &'a str {
        self.text("image").unwrap_or_default()
    }

    /// Returns the container's own entry point; an empty list says as little as none.
    pub fn entry_point(&self) -> Vec<&'a str> {
        self.texts("entryPoint")
    }

    /// Returns the container's own command; an empty list says as little as none.
    pub fn command(&self) -> Vec<&'a str> {
        self.texts("command")
    }

    /// Returns the value of a variable of the container's environment.
    pub fn variable(&self, name: &str) -> Option<&'a str> {
        pairs(self.0.get("environment"), "name").find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// Returns whether a variable's value comes from Secrets Manager or Parameter Store.
    pub fn has_secret(&self, name: &str) -> bool {
        self.list("secrets").any(|secret| secret.get("name").and_then(Value::as_str) == Some(name))
    }

    /// Returns whether it starts after another container.
    pub fn waits_for(&self, name: &str) -> bool {
        self.list("dependsOn").any(|it| it.get("containerName").and_then(Value::as_str) == Some(name))
    }

    /// Returns whether it has the volumes of another container.
    pub fn takes_volumes_from(&self, name: &str) -> bool {
        self.list("volumesFrom").any(|it| it.get("sourceContainer").and_then(Value::as_str) == Some(name))
    }

    /// Returns whether it may do something that containers may not do by themselves, such as `SYS_PTRACE`.
    pub fn has_capability(&self, capability: &str) -> bool {
        let list = self.0.pointer("/linuxParameters/capabilities/add").and_then(Value::as_array);
        list.is_some_and(|list| list.iter().any(|added| added == capability))
    }

    /// Returns whether it routes other containers' logs (FireLens).
    pub fn is_log_router(&self) -> bool {
        self.0.get("firelensConfiguration").is_some_and(Value::is_object)
    }

    /// Returns whether it sends its logs to the task's log router.
    /// Source: Amazon ECS API Reference, `LogConfiguration`, `logDriver` (read 2026-11).
    pub fn logs_to_router(&self) -> bool {
        self.0.pointer("/logConfiguration/logDriver").and_then(Value::as_str) == Some("awsfirelens")
    }

    /// Returns the ARN of the secret that its image is pulled with.
    pub fn pull_secret(&self) -> Option<&'a str> {
        self.0.pointer("/repositoryCredentials/credentialsParameter").and_then(Value::as_str)
    }

    /// Returns its Docker labels as pairs.
    pub fn labels(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let labels = self.0.get("dockerLabels").and_then(Value::as_object).into_iter().flatten();
        labels.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
    }

    /// Returns the elements of one of its lists.
    pub fn list(&self, key: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
        self.0.get(key).and_then(Value::as_array).into_iter().flatten()
    }

    fn text(&self, key: &str) -> Option<&'a str> {
        self.0.get(key)?.as_str()
    }

    fn texts(&self, key: &str) -> Vec<&'a str> {
        self.list(key).filter_map(Value::as_str).collect()
    }

    /// Returns the texts that may be secrets: the values of the environment, but for those of the Defender's that repeat names, and of
    /// the options of the log driver.
    fn secret_texts(&self) -> Vec<&'a str> {
        let environment = pairs(self.0.get("environment"), "name");
        let environment = environment.filter(|(name, _)| !defender::repeats_names(name)).map(|(_, value)| value);
        let options = self.0.pointer("/logConfiguration/options").and_then(Value::as_object).into_iter();
        let sensitive = ["token", "key", "secret", "password"];
        let options = options.flatten().filter(move |(name, _)| sensitive.iter().any(|part| name.to_lowercase().contains(part)));
        environment.chain(options.filter_map(|(_, value)| value.as_str())).collect()
    }
}

/// Returns a list of `{<key>, value}` objects as pairs.
fn pairs<'a>(list: Option<&'a Value>, key: &'static str) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
    let elements = list.and_then(Value::as_array).into_iter().flatten();
    elements.filter_map(move |pair| Some((pair.get(key)?.as_str()?, pair.get("value").and_then(Value::as_str).unwrap_or(""))))
}

/// Returns a JSON object of these members.
pub(crate) fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>())
}
