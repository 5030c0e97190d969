//! The fields of a task definition that ECS had in 2021, for a Console that drops the others.
//!
//! Whether the real one does is not public. It would lose `restartPolicy`, `versionConsistency`, `enableFaultInjection` and
//! whatever ECS invents next, so a client must not take the answer for the customer's definition.

use serde_json::{Map, Value};

use super::embed::Spelling;

/// Source: Amazon ECS API Reference, RegisterTaskDefinition, as of API model 2014-11-13 in late 2021.
const TASK_DEFINITION: [&str; 17] = [
    "family",
    "taskRoleArn",
    "executionRoleArn",
    "networkMode",
    "containerDefinitions",
    "volumes",
    "placementConstraints",
    "requiresCompatibilities",
    "cpu",
    "memory",
    "tags",
    "pidMode",
    "ipcMode",
    "proxyConfiguration",
    "inferenceAccelerators",
    "ephemeralStorage",
    "runtimePlatform",
];

/// Source: Amazon ECS API Reference, ContainerDefinition, as of late 2021.
const CONTAINER_DEFINITION: [&str; 39] = [
    "name",
    "image",
    "repositoryCredentials",
    "cpu",
    "memory",
    "memoryReservation",
    "links",
    "portMappings",
    "essential",
    "entryPoint",
    "command",
    "environment",
    "environmentFiles",
    "mountPoints",
    "volumesFrom",
    "linuxParameters",
    "secrets",
    "dependsOn",
    "startTimeout",
    "stopTimeout",
    "hostname",
    "user",
    "workingDirectory",
    "disableNetworking",
    "privileged",
    "readonlyRootFilesystem",
    "dnsServers",
    "dnsSearchDomains",
    "extraHosts",
    "dockerSecurityOptions",
    "interactive",
    "pseudoTerminal",
    "dockerLabels",
    "ulimits",
    "logConfiguration",
    "healthCheck",
    "systemControls",
    "resourceRequirements",
    "firelensConfiguration",
];

/// Removes what ECS did not have in 2021 from a definition and its containers.
pub(super) fn drop_unknown(definition: &mut Map<String, Value>, spelling: Spelling) {
    retain(definition, &TASK_DEFINITION, spelling);
    let containers = definition.get_mut(&spelling.key("containerDefinitions")).and_then(Value::as_array_mut);
    for container in containers.into_iter().flatten().filter_map(Value::as_object_mut) {
        retain(container, &CONTAINER_DEFINITION, spelling);
    }
}

fn retain(object: &mut Map<String, Value>, known: &[&str], spelling: Spelling) {
    object.retain(|key, _| known.iter().any(|name| spelling.key(name) == *key));
}
