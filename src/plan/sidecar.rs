//! The Defender's own container: checked, as it is registered, and with what its owner tuned on the one it replaces.

use serde_json::{Map, Value, json};

use super::accept::Embedding;
use super::compare::{Comparison, without_nulls};
use super::defender;
use super::edit::JsonPath;
use super::task_definition::{Container, Registrable, TaskDefinition};

/// Checks that the sidecar can work, and that it takes nothing of the customer's: no port, no privilege, no volume of theirs.
/// Returns what it lacks.
pub(super) fn check(
    sidecar: Container<'_>,
    at: &JsonPath,
    is_scratch: impl Fn(&Value) -> bool,
    comparison: &mut Comparison,
) -> Result<(), &'static str> {
    if sidecar.image().is_empty() {
        return Err("image");
    }
    for variable in [defender::INSTALL_BUNDLE, defender::WS_ADDRESS] {
        if sidecar.variable(variable).is_none_or(str::is_empty) {
            return Err(variable);
        }
    }
    for key in ["portMappings", "dependsOn", "volumesFrom"] {
        if sidecar.list(key).next().is_some() {
            comparison.refuse(at.key(key));
        }
    }
    if sidecar.0.get("privileged") == Some(&Value::Bool(true)) {
        comparison.refuse(at.key("privileged"));
    }
    for (index, mount) in sidecar.list("mountPoints").enumerate() {
        if !is_scratch(mount) {
            comparison.refuse(at.key("mountPoints").index(index));
        }
    }
    let capabilities = sidecar.0.pointer("/linuxParameters/capabilities/add").and_then(Value::as_array);
    for (index, capability) in capabilities.into_iter().flatten().enumerate() {
        if capability != defender::CAPABILITY {
            comparison.refuse(at.key("linuxParameters").key("capabilities").key("add").index(index));
        }
    }
    Ok(())
}

/// Returns the sidecar as it is registered: without nulls, which ECS refuses, in the FIPS mode that the settings ask for, and with
/// what its owner tuned on the one it replaces.
///
/// The embed call has no parameter for FIPS, so that the variable is edited here; a Console too old to know the variable gets it
/// only when FIPS is wanted.
pub(super) fn sidecar(answered: Container<'_>, embedding: &Embedding<'_>) -> Value {
    let mut sidecar = without_nulls(answered.0);
    let Value::Object(members) = &mut sidecar else { return sidecar };
    set_fips(members, embedding.policy.fips);
    if Container(answered.0).logs_to_router() {
        log_like_the_router(members, embedding.definition);
    }
    if let Some(replaced) = &embedding.stripped.sidecar {
        keep_tuning(members, Container(replaced), embedding.definition);
    }
    sidecar
}

fn set_fips(sidecar: &mut Map<String, Value>, fips: bool) {
    let Some(Value::Array(environment)) = sidecar.get_mut("environment") else { return };
    let wanted = json!({"name": defender::FIPS_ENABLED, "value": fips.to_string()});
    let name = |variable: &Value| variable.get("name").and_then(Value::as_str) == Some(defender::FIPS_ENABLED);
    match environment.iter_mut().find(|variable| name(variable)) {
        Some(variable) => *variable = wanted,
        None if fips => environment.push(wanted),
        None => {}
    }
}

/// Gives the sidecar the log router's own log configuration, or none: what logs through the router starts after it, and nothing
/// that the application's containers wait for may wait for one of them.
pub(super) fn log_like_the_router(sidecar: &mut Map<String, Value>, definition: &TaskDefinition<Registrable>) {
    let router = definition.containers().find(|container| container.is_log_router() && !container.logs_to_router());
    match router.and_then(|router| router.0.get("logConfiguration")).filter(|configuration| configuration.is_object()) {
        Some(configuration) => sidecar.insert("logConfiguration".to_owned(), configuration.clone()),
        None => sidecar.shift_remove("logConfiguration"),
    };
}

/// Keeps what the owner of a Defender put on it: what owners tune, members that the Console does not write, variables of their own.
///
/// What its image is pulled with stays only as long as the image comes from the same registry: the credentials of one are none of
/// another's, and ECS would try them there. A way of logging through the router that is an application's own is the Console's copy
/// of it and nobody's tuning.
fn keep_tuning(sidecar: &mut Map<String, Value>, replaced: Container<'_>, definition: &TaskDefinition<Registrable>) {
    let registry = |image: &str| super::image::registry_of(image).to_owned();
    let image = sidecar.get("image").and_then(Value::as_str).unwrap_or_default().to_owned();
    let same_registry = registry(&image) == registry(replaced.image());
    for (key, value) in replaced.0.as_object().into_iter().flatten() {
        let stays = match key.as_str() {
            "repositoryCredentials" => same_registry && !sidecar.contains_key(key),
            "logConfiguration" if replaced.logs_to_router() => {
                !definition.containers().any(|container| container.0.get("logConfiguration") == Some(value))
            }
            key => defender::is_tuning(key, sidecar.contains_key(key)),
        };
        if stays {
            sidecar.insert(key.clone(), value.clone());
        }
    }
    let name = |variable: &Value| variable.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let Some(Value::Array(environment)) = sidecar.get_mut("environment") else { return };
    let theirs = replaced.list("environment").filter(|variable| {
        let name_of = name(variable);
        !defender::is_sidecar_variable(&name_of) && !environment.iter().any(|written| name(written) == name_of)
    });
    let theirs: Vec<Value> = theirs.cloned().collect();
    environment.extend(theirs);
}
