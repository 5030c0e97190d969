//! What `RegisterTaskDefinition` refuses.
//!
//! Where ECS is not known to refuse something that must never be sent, the table of errors says that we are strict on purpose.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::super::errors::{AwsError, ErrorKind};
use super::tags::MOST_TAGS;

/// Fields `DescribeTaskDefinition` adds and `RegisterTaskDefinition` has no room for.
/// Source: Amazon ECS API Reference, TaskDefinition against RegisterTaskDefinition's request (read 2026-11).
const READ_ONLY: [&str; 9] = [
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

/// Source: Amazon ECS Developer Guide, Service quotas (read 2026-11).
const MOST_CONTAINERS: usize = 10;

/// Source: Amazon ECS Developer Guide, Service quotas, Task definition size limit (read 2026-11).
const MOST_BYTES: usize = 64 * 1024;

pub(super) fn check(registration: &Value) -> Result<(), AwsError> {
    if let Some(path) = null_at(registration, "") {
        return Err(AwsError::new(ErrorKind::NullValue, &[&path]));
    }
    let Value::Object(definition) = registration else {
        return Err(ErrorKind::JsonUnreadable.into());
    };
    if let Some(key) = READ_ONLY.iter().find(|key| definition.contains_key(**key)) {
        return Err(AwsError::new(ErrorKind::ReadOnlyField, &[key]));
    }
    let bytes = registration.to_string().len();
    if bytes > MOST_BYTES {
        return Err(AwsError::new(ErrorKind::TooLarge, &[&bytes.to_string()]));
    }
    check_family(definition)?;
    check_tags(definition)?;
    let containers = containers(definition);
    if containers.is_empty() {
        return Err(ErrorKind::ContainersMissing.into());
    }
    if containers.len() > MOST_CONTAINERS {
        return Err(ErrorKind::TooManyContainers.into());
    }
    check_names(&containers)?;
    check_references(definition, &containers)?;
    check_cycles(&containers)?;
    if is_fargate(definition) {
        check_fargate(definition, &containers)?;
    }
    Ok(())
}

pub(super) fn is_fargate(definition: &Map<String, Value>) -> bool {
    list(definition.get("requiresCompatibilities")).any(|kind| kind == "FARGATE")
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn containers(definition: &Map<String, Value>) -> Vec<&Value> {
    list(definition.get("containerDefinitions")).collect()
}

/// Returns the path of the first null at any depth.
fn null_at(value: &Value, path: &str) -> Option<String> {
    match value {
        Value::Null => Some(path.to_owned()),
        Value::Array(items) => items.iter().enumerate().find_map(|(at, item)| null_at(item, &format!("{path}[{at}]"))),
        Value::Object(fields) => fields.iter().find_map(|(key, field)| null_at(field, &format!("{path}.{key}"))),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// Source: Amazon ECS API Reference, RegisterTaskDefinition, `family`: up to 255 letters, digits, underscores and hyphens (read 2026-11).
fn check_family(definition: &Map<String, Value>) -> Result<(), AwsError> {
    let family = definition.get("family").and_then(Value::as_str).unwrap_or_default();
    if family.is_empty() {
        return Err(ErrorKind::FamilyMissing.into());
    }
    let allowed = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
    if family.len() > 255 || !family.chars().all(allowed) {
        return Err(AwsError::new(ErrorKind::FamilyInvalid, &[family]));
    }
    Ok(())
}

fn check_tags(definition: &Map<String, Value>) -> Result<(), AwsError> {
    let Some(tags) = definition.get("tags") else {
        return Ok(());
    };
    match list(Some(tags)).count() {
        0 => Err(ErrorKind::TagsEmpty.into()),
        count if count > MOST_TAGS => Err(ErrorKind::TooManyTags.into()),
        _ => Ok(()),
    }
}

fn check_names(containers: &[&Value]) -> Result<(), AwsError> {
    let mut names = BTreeSet::new();
    for container in containers {
        let name = text(container, "name");
        if name.is_empty() {
            return Err(ErrorKind::ContainerNameMissing.into());
        }
        if text(container, "image").is_empty() {
            return Err(ErrorKind::ContainerImageMissing.into());
        }
        if !names.insert(name) {
            return Err(AwsError::new(ErrorKind::DuplicateContainer, &[name]));
        }
    }
    Ok(())
}

fn check_references(definition: &Map<String, Value>, containers: &[&Value]) -> Result<(), AwsError> {
    let named = |name: &str| containers.iter().any(|container| text(container, "name") == name);
    for container in containers {
        for name in dependencies(container) {
            if !named(name) {
                return Err(AwsError::new(ErrorKind::DependencyMissing, &[name]));
            }
        }
        for source in list(container.get("volumesFrom")).map(|from| text(from, "sourceContainer")) {
            if !named(source) {
                return Err(AwsError::new(ErrorKind::VolumesFromMissing, &[text(container, "name"), source]));
            }
        }
        for volume in list(container.get("mountPoints")).map(|mount| text(mount, "sourceVolume")) {
            if !list(definition.get("volumes")).any(|known| text(known, "name") == volume) {
                return Err(AwsError::new(ErrorKind::VolumeMissing, &[volume]));
            }
        }
    }
    Ok(())
}

fn dependencies(container: &Value) -> impl Iterator<Item = &str> {
    list(container.get("dependsOn")).map(|dependency| text(dependency, "containerName"))
}

/// Takes away containers that depend on nothing that is left, until none can be: what stays then depends on itself.
fn check_cycles(containers: &[&Value]) -> Result<(), AwsError> {
    let mut left: BTreeMap<&str, Vec<&str>> =
        containers.iter().map(|container| (text(container, "name"), dependencies(container).collect())).collect();
    loop {
        let free = left.iter().find(|(_, needs)| !needs.iter().any(|name| left.contains_key(name)));
        match free.map(|(name, _)| *name) {
            Some(name) => left.remove(name),
            None if left.is_empty() => return Ok(()),
            None => return Err(ErrorKind::DependencyCycle.into()),
        };
    }
}

/// Sources: Amazon ECS API Reference, ContainerDefinition and KernelCapabilities (read 2026-11); the issues in the table of errors.
fn check_fargate(definition: &Map<String, Value>, containers: &[&Value]) -> Result<(), AwsError> {
    if definition.get("networkMode").and_then(Value::as_str) != Some("awsvpc") {
        return Err(ErrorKind::FargateNetworkMode.into());
    }
    if amount(definition.get("cpu")).is_none() {
        return Err(ErrorKind::FargateCpuMissing.into());
    }
    let Some(task_memory) = amount(definition.get("memory")) else {
        return Err(ErrorKind::FargateMemoryMissing.into());
    };
    check_execution_role(definition, containers)?;
    for container in containers {
        let name = text(container, "name");
        if container.get("privileged") == Some(&Value::Bool(true)) {
            return Err(AwsError::new(ErrorKind::FargatePrivileged, &[name]));
        }
        let added = container.pointer("/linuxParameters/capabilities/add");
        if let Some(other) = list(added).find(|capability| *capability != "SYS_PTRACE") {
            return Err(AwsError::new(ErrorKind::FargateCapability, &[other.as_str().unwrap_or_default()]));
        }
        if amount(container.get("memory")).is_some_and(|memory| memory > task_memory) {
            return Err(AwsError::new(ErrorKind::ContainerMemoryTooLarge, &[name]));
        }
    }
    check_reserved(definition, containers)
}

/// Of memory a container reserves its reservation, and its limit if it has none.
/// Source: Amazon ECS API Reference, ContainerDefinition, `cpu`, `memory` and `memoryReservation` (read 2026-11).
fn check_reserved(definition: &Map<String, Value>, containers: &[&Value]) -> Result<(), AwsError> {
    for (task, keys) in [("cpu", ["cpu", "cpu"]), ("memory", ["memoryReservation", "memory"])] {
        let reserved = |container: &&Value| keys.iter().find_map(|key| amount(container.get(*key)).filter(|it| *it > 0.0));
        let sum: f64 = containers.iter().filter_map(reserved).sum();
        if amount(definition.get(task)).is_some_and(|whole| sum > whole) {
            return Err(AwsError::new(ErrorKind::ReservedTooMuch, &[task]));
        }
    }
    Ok(())
}

/// Sources: the issues in the table of errors.
fn check_execution_role(definition: &Map<String, Value>, containers: &[&Value]) -> Result<(), AwsError> {
    if definition.get("executionRoleArn").and_then(Value::as_str).is_some_and(|role| !role.is_empty()) {
        return Ok(());
    }
    if containers.iter().any(|container| text(container, "image").contains(".dkr.ecr.")) {
        return Err(ErrorKind::EcrNeedsExecutionRole.into());
    }
    let driver =
        |container: &&&Value| container.pointer("/logConfiguration/logDriver").and_then(Value::as_str) == Some("awslogs");
    match containers.iter().find(driver) {
        Some(_) => Err(ErrorKind::LogsNeedExecutionRole.into()),
        None => Ok(()),
    }
}

/// Reads an amount: MiB or CPU units as a number or a string, or with the unit `GB` or `vCPU`, of which one is 1,024.
/// Source: Amazon ECS API Reference, RegisterTaskDefinition, `cpu` and `memory` (read 2026-11).
fn amount(value: Option<&Value>) -> Option<f64> {
    let value = value?;
    let Some(text) = value.as_str() else {
        return value.as_f64();
    };
    let text = text.trim().to_ascii_lowercase();
    let large = text.strip_suffix("gb").or_else(|| text.strip_suffix("vcpu"));
    let (number, unit) = large.map_or((text.as_str(), 1.0), |number| (number, 1024.0));
    Some(number.trim().parse::<f64>().ok()? * unit)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenario::Definition;

    /// Returns a definition whose second container has everything that can refer to another one.
    fn good() -> Value {
        Definition::from("other_agent.json").load()
    }

    #[test]
    fn every_fixture_can_be_registered() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/task_definitions");
        let files: Vec<_> = std::fs::read_dir(folder).expect("fixtures").flatten().collect();
        assert!(files.len() >= 8);
        for file in files {
            let name = file.file_name().into_string().expect("a plain name");
            assert_eq!(check(&Definition::from(name.as_str()).load()), Ok(()), "{name}");
        }
    }

    #[test]
    fn what_must_not_be_registered_is_refused() {
        let container = |n: usize| json!({ "name": format!("c{n}"), "image": "app:1.0" });
        let tags = |n: usize| (0..n).map(|n| json!({ "key": n.to_string() })).collect::<Value>();
        let table: Vec<(&str, Value, ErrorKind)> = vec![
            ("/revision", json!(7), ErrorKind::ReadOnlyField),
            ("/deleteRequestedAt", json!(1.5), ErrorKind::ReadOnlyField),
            ("/family", json!(""), ErrorKind::FamilyMissing),
            ("/family", json!("a/b"), ErrorKind::FamilyInvalid),
            ("/containerDefinitions", json!([]), ErrorKind::ContainersMissing),
            ("/containerDefinitions", (0..11).map(container).collect(), ErrorKind::TooManyContainers),
            ("/containerDefinitions", json!([container(1), container(1)]), ErrorKind::DuplicateContainer),
            ("/containerDefinitions/0/image", json!("x".repeat(65 * 1024)), ErrorKind::TooLarge),
            ("/containerDefinitions/0/user", Value::Null, ErrorKind::NullValue),
            ("/tags", json!([]), ErrorKind::TagsEmpty),
            ("/tags", tags(51), ErrorKind::TooManyTags),
            ("/containerDefinitions/0/dependsOn", json!([{ "containerName": "none" }]), ErrorKind::DependencyMissing),
            ("/containerDefinitions/0/dependsOn", json!([{ "containerName": "app" }]), ErrorKind::DependencyCycle),
            ("/containerDefinitions/0/volumesFrom", json!([{ "sourceContainer": "none" }]), ErrorKind::VolumesFromMissing),
            ("/containerDefinitions/0/mountPoints", json!([{ "sourceVolume": "none" }]), ErrorKind::VolumeMissing),
            ("/containerDefinitions/0/privileged", json!(true), ErrorKind::FargatePrivileged),
            ("/containerDefinitions/0/memory", json!(513), ErrorKind::ContainerMemoryTooLarge),
            ("/containerDefinitions/0/cpu", json!(257), ErrorKind::ReservedTooMuch),
            ("/executionRoleArn", json!(""), ErrorKind::EcrNeedsExecutionRole),
            ("/containerDefinitions/0/linuxParameters/capabilities/add", json!(["SYS_ADMIN"]), ErrorKind::FargateCapability),
            ("/networkMode", json!("bridge"), ErrorKind::FargateNetworkMode),
            ("/cpu", json!(""), ErrorKind::FargateCpuMissing),
            ("/memory", json!(""), ErrorKind::FargateMemoryMissing),
        ];
        for (pointer, value, expected) in table {
            let mut definition = good();
            let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
            definition.pointer_mut(parent).expect("its parent is there")[key] = value;
            assert_eq!(check(&definition).map_err(|error| error.kind), Err(expected), "{pointer}");
        }
        let mut logs = good();
        logs["executionRoleArn"] = json!("");
        logs["containerDefinitions"][0]["image"] = json!("app:1");
        logs["containerDefinitions"][1]["image"] = json!("public.ecr.aws/app:1");
        assert_eq!(check(&logs), Ok(()));
        logs["containerDefinitions"][1]["logConfiguration"] = json!({ "logDriver": "awslogs" });
        assert_eq!(check(&logs).map_err(|error| error.kind), Err(ErrorKind::LogsNeedExecutionRole));
        let mut reserved = good();
        reserved["containerDefinitions"][0]["memory"] = json!(512);
        reserved["containerDefinitions"][0]["memoryReservation"] = json!(256);
        assert_eq!(check(&reserved), Ok(()));
        reserved["containerDefinitions"][1]["memory"] = json!(257);
        assert_eq!(check(&reserved).map_err(|error| error.kind), Err(ErrorKind::ReservedTooMuch));
        let mut on_ec2 = good();
        on_ec2["requiresCompatibilities"] = json!(["EC2"]);
        on_ec2["networkMode"] = json!("bridge");
        assert_eq!(check(&on_ec2), Ok(()), "Fargate's rules are Fargate's");
    }
}
