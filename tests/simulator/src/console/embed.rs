//! Embedding: what the Console does to a task definition. No state, no HTTP.
//!
//! Every application container starts behind the Defender's program, learns its names from variables, takes the program from the
//! sidecar's volume, waits for the sidecar and may trace processes; then the sidecar is added. Everything else stays as it was.
//!
//! Sources, where a constant names none: davidaavilar/fargate-defender, convertTask.py (21.04); uc-cdis/hatchery,
//! hatchery/prisma.go (22.06); erickrazr/PC_AWS_FARGATE_Clouformation, Sample_Task.yaml and Sample_Protected_Task.yaml (before
//! and after).

use serde_json::{Map, Value, json};

use super::definition::{Console, Extraction, MissingEntrypoint};
use super::errors::{
    ALREADY_PROTECTED, ConsoleError, EXTRACTION_FAILED, MALFORMED_TASK_DEFINITION, MALFORMED_TEMPLATE, NO_ENTRYPOINT,
};
use super::images::Image;
use super::known_fields;
use super::parameters::EmbedParameters;
use super::tamper;

/// The sidecar's name, the same in every release.
pub(super) const SIDECAR: &str = "TwistlockDefender";

/// Registries the Console asks itself. The codes besides `aws` are those of its registry settings.
/// Source: docs.prismacloud.io, install-app-embedded-defender-fargate: ECR, Docker Registry v2 and JFrog Artifactory.
const DIRECT_REGISTRIES: [&str; 3] = ["aws", "2", "jfrog"];

/// How a document spells its keys: `entryPoint`, or CloudFormation's `EntryPoint`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    TaskDefinition,
    CloudFormation,
}

impl Spelling {
    pub(super) fn key(self, name: &str) -> String {
        let mut letters = name.chars();
        match (self, letters.next()) {
            (Self::CloudFormation, Some(first)) => first.to_ascii_uppercase().to_string() + letters.as_str(),
            _ => name.to_owned(),
        }
    }

    /// Respells every key of a value written as a task definition.
    fn value(self, value: Value) -> Value {
        match value {
            Value::Object(fields) => fields.into_iter().map(|(key, value)| (self.key(&key), self.value(value))).collect(),
            Value::Array(values) => values.into_iter().map(|value| self.value(value)).collect(),
            other => other,
        }
    }
}

/// Returns the document with a Defender in every task definition of it, and whatever the scenario makes the Console add or
/// change.
pub(super) fn embed(console: &Console, parameters: &EmbedParameters, document: &Value) -> Result<Value, ConsoleError> {
    let mut answer = document.clone();
    if parameters.cloud_formation {
        embed_template(console, parameters, &mut answer)?;
    } else {
        let definition = answer.as_object_mut().ok_or(MALFORMED_TASK_DEFINITION)?;
        Embedding { console, parameters, spelling: Spelling::TaskDefinition }.definition(definition)?;
    }
    for (pointer, value) in &console.additions {
        tamper::add(&mut answer, pointer, value.clone());
    }
    for (pointer, value) in &console.changes {
        tamper::change(&mut answer, pointer, value.clone());
    }
    Ok(answer)
}

/// Embeds into one resource, or into every task definition of a template with resources of other types.
/// Source: docs.prismacloud.io, install-app-embedded-defender-fargate; prisma-cloud-docs, release notes of 22.06 Update 2.
fn embed_template(console: &Console, parameters: &EmbedParameters, document: &mut Value) -> Result<(), ConsoleError> {
    let is_definition = |resource: &Value| resource["Type"] == "AWS::ECS::TaskDefinition";
    let resources: Vec<&mut Value> = if is_definition(document) {
        vec![document]
    } else {
        let resources = document.get_mut("Resources").and_then(Value::as_object_mut).ok_or(MALFORMED_TEMPLATE)?;
        resources.values_mut().filter(|resource| is_definition(resource)).collect()
    };
    if resources.is_empty() {
        return Err(MALFORMED_TEMPLATE);
    }
    for resource in resources {
        let properties = resource.get_mut("Properties").and_then(Value::as_object_mut).ok_or(MALFORMED_TEMPLATE)?;
        Embedding { console, parameters, spelling: Spelling::CloudFormation }.definition(properties)?;
    }
    Ok(())
}

/// One embedding under way.
struct Embedding<'a> {
    console: &'a Console,
    parameters: &'a EmbedParameters,
    spelling: Spelling,
}

impl Embedding<'_> {
    fn key(&self, name: &str) -> String {
        self.spelling.key(name)
    }

    fn definition(&self, definition: &mut Map<String, Value>) -> Result<(), ConsoleError> {
        // A definition without a family is accepted; what the real Console does with it is not public.
        let family = match definition.get(&self.key("family")) {
            None | Some(Value::Null) => String::new(),
            Some(family) => family.as_str().ok_or_else(|| self.malformed())?.to_owned(),
        };
        let containers = definition.get_mut(&self.key("containerDefinitions")).and_then(Value::as_array_mut);
        let containers = containers.filter(|containers| !containers.is_empty()).ok_or_else(|| self.malformed())?;
        if self.console.refuses_protected && containers.iter().any(|container| container[self.key("name")] == SIDECAR) {
            return Err(ALREADY_PROTECTED);
        }
        // The sidecar logs where the first container does. `null` when that one doesn't say: seen in answers of 32 and later.
        // Source: pcs-cwp-fargate-deploy, protectFargateTasks.py, which removes the null.
        let log_configuration = containers[0].get(self.key("logConfiguration")).cloned().unwrap_or(Value::Null);
        for container in containers.iter_mut() {
            self.wrap(container.as_object_mut().ok_or_else(|| self.malformed())?, &family)?;
        }
        let sidecar = self.sidecar(&family, log_configuration);
        let position = if self.console.sidecar_first { 0 } else { containers.len() };
        containers.insert(position, sidecar);
        if self.console.drops_unknown_fields {
            known_fields::drop_unknown(definition, self.spelling);
        }
        Ok(())
    }

    fn wrap(&self, container: &mut Map<String, Value>, family: &str) -> Result<(), ConsoleError> {
        let text = |name: &str| container.get(&self.key(name)).and_then(Value::as_str).map(str::to_owned);
        let name = text("name").ok_or_else(|| self.malformed())?;
        let image = text("image").ok_or_else(|| self.malformed())?;

        let traits = self.console.profile.traits();
        let entry_point = self.entry_point(container, &image)?;
        let mut wrapped: Vec<Value> = self.parameters.interpreter.iter().map(|interpreter| json!(interpreter)).collect();
        wrapped.extend([json!(traits.prefix), json!("fargate"), json!("entrypoint")]);
        wrapped.extend(entry_point);
        container.insert(self.key("entryPoint"), Value::Array(wrapped));

        for variable in traits.application_variables {
            let value = match *variable {
                "TW_IMAGE_NAME" => image.clone(),
                "TW_CONTAINER_NAME" => name.clone(),
                shared => self.shared_variable(shared, family),
            };
            self.append(container, "environment", json!({ "name": variable, "value": value }), "name")?;
        }
        let condition = self.console.dependency.as_deref().unwrap_or(traits.dependency);
        let dependency = json!({ "containerName": SIDECAR, "condition": condition });
        self.append(container, "dependsOn", dependency, "containerName")?;
        let volumes = json!({ "sourceContainer": SIDECAR, "readOnly": false });
        self.append(container, "volumesFrom", volumes, "sourceContainer")?;
        self.allow_tracing(container)
    }

    /// Decides what goes behind the prefix, and removes or sets `command` where extraction does.
    fn entry_point(&self, container: &mut Map<String, Value>, image: &str) -> Result<Vec<Value>, ConsoleError> {
        let list = |name: &str| {
            let list = container.get(&self.key(name)).and_then(Value::as_array);
            list.filter(|list| !list.is_empty()).cloned()
        };
        if let Some(entry_point) = list("entryPoint") {
            return Ok(entry_point);
        }
        // The trap: with a command of the task's own, extraction is bypassed and the image's ENTRYPOINT is lost.
        // Source: prisma-cloud-docs, compute/admin_guide/install/install_defender/install_app_embedded_defender_fargate.adoc.
        if list("command").is_some() {
            return Ok(Vec::new());
        }
        if !self.parameters.extract_entrypoint {
            return match self.console.missing_entrypoint {
                MissingEntrypoint::Refused => Err(NO_ENTRYPOINT),
                MissingEntrypoint::PrefixOnly => Ok(Vec::new()),
            };
        }
        let image = self.find_image(image).ok_or(EXTRACTION_FAILED)?;
        let (entry_point, command) = match self.console.extraction {
            Extraction::Combined => (image.combined(), Vec::new()),
            Extraction::Split => (image.entrypoint.clone(), image.command.clone()),
        };
        if command.is_empty() {
            // An order-keeping map's `remove` would move the last field into the gap.
            container.shift_remove(&self.key("command"));
        } else {
            container.insert(self.key("command"), json!(command));
        }
        Ok(entry_point.into_iter().map(Value::String).collect())
    }

    /// Looks among the scanned images first, then into the registry when it is one the Console can ask.
    fn find_image(&self, name: &str) -> Option<&Image> {
        let scanned = self.console.scanned_images.iter().find(|image| image.name == name);
        scanned.or_else(|| {
            let credential_id = self.parameters.registry_credential_id.as_ref()?;
            DIRECT_REGISTRIES.contains(&self.parameters.registry_type.as_str()).then_some(())?;
            let known = self.console.registry_images.iter().find(|known| {
                known.image.name == name && known.credential_id.as_ref().is_none_or(|needed| needed == credential_id)
            });
            known.map(|known| &known.image)
        })
    }

    fn allow_tracing(&self, container: &mut Map<String, Value>) -> Result<(), ConsoleError> {
        let mut parent = container;
        for name in ["linuxParameters", "capabilities"] {
            let child = parent.entry(self.key(name)).or_insert(Value::Null);
            if child.is_null() {
                *child = json!({});
            }
            parent = child.as_object_mut().ok_or_else(|| self.malformed())?;
        }
        let added = self.list(parent, "add")?;
        if !added.contains(&json!("SYS_PTRACE")) {
            added.push(json!("SYS_PTRACE"));
        }
        Ok(())
    }

    fn sidecar(&self, family: &str, log_configuration: Value) -> Value {
        let traits = self.console.profile.traits();
        let variables: Vec<Value> = traits
            .sidecar_variables
            .iter()
            .map(|name| json!({ "name": name, "value": self.shared_variable(name, family) }))
            .collect();
        let image = self.parameters.defender_image.clone().unwrap_or_else(|| self.console.defender_image());
        let mut sidecar = json!({
            "name": SIDECAR,
            "image": image,
            "essential": true,
            "entryPoint": ["/usr/local/bin/defender", "fargate", "sidecar"],
            "environment": variables,
        });
        if let Some(secret) = &self.parameters.defender_image_pull_secret {
            // Inferred from the parameter's description.
            sidecar["repositoryCredentials"] = json!({ "credentialsParameter": secret });
        }
        if traits.health_check {
            // Without `CMD` in front, in both public sources.
            sidecar["healthCheck"] = json!({
                "command": ["/usr/local/bin/defender", "fargate", "healthcheck"],
                "interval": 5,
                "timeout": 5,
                "retries": 3,
                "startPeriod": 1,
            });
        }
        if traits.port_mappings {
            sidecar["portMappings"] = json!([]);
        }
        let mut sidecar = self.spelling.value(sidecar);
        // Copied as it was spelt. A template has no nulls: CloudFormation refuses them.
        if !log_configuration.is_null() || self.spelling == Spelling::TaskDefinition {
            sidecar[self.key("logConfiguration")] = log_configuration;
        }
        sidecar
    }

    fn shared_variable(&self, name: &str, family: &str) -> String {
        match name {
            "INSTALL_BUNDLE" => self.console.bundle.clone(),
            // Whatever `defenderType` asked for.
            "DEFENDER_TYPE" => "fargate".to_owned(),
            "FARGATE_TASK" => family.to_owned(),
            "WS_ADDRESS" => self.console.websocket_address(&self.parameters.consoleaddr),
            "FILESYSTEM_MONITORING" => self.parameters.filesystem_monitoring.to_string(),
            // `FIPS_ENABLED`: no parameter of any published version sets it.
            _ => "false".to_owned(),
        }
    }

    /// Appends an entry to a list of the container, unless one of the same identity is there.
    fn append(&self, container: &mut Map<String, Value>, list: &str, entry: Value, identity: &str) -> Result<(), ConsoleError> {
        let entry = self.spelling.value(entry);
        let identity = self.key(identity);
        let entries = self.list(container, list)?;
        if !entries.iter().any(|existing| existing[&identity] == entry[&identity]) {
            entries.push(entry);
        }
        Ok(())
    }

    fn list<'a>(&self, parent: &'a mut Map<String, Value>, name: &str) -> Result<&'a mut Vec<Value>, ConsoleError> {
        let list = parent.entry(self.key(name)).or_insert(Value::Null);
        if list.is_null() {
            *list = json!([]);
        }
        list.as_array_mut().ok_or_else(|| self.malformed())
    }

    fn malformed(&self) -> ConsoleError {
        match self.spelling {
            Spelling::TaskDefinition => MALFORMED_TASK_DEFINITION,
            Spelling::CloudFormation => MALFORMED_TEMPLATE,
        }
    }
}

impl Console {
    /// Returns the definition as this Console protects it, for scenarios that begin with protected services; without what the
    /// scenario makes it add or change. Where an image is unknown, the prefix stands alone.
    ///
    /// # Panics
    ///
    /// When the definition has no containers, or one without a name or an image: a scenario must not begin with that by mistake.
    pub fn protect(&self, task_definition: &Value, consoleaddr: &str) -> Value {
        let mut console = self.clone().missing_entrypoint_is_prefix_only();
        console.additions.clear();
        console.changes.clear();
        console.refuses_protected = false;
        let bypassing = EmbedParameters { consoleaddr: consoleaddr.to_owned(), ..EmbedParameters::default() };
        let extracting = EmbedParameters { extract_entrypoint: true, ..bypassing.clone() };
        embed(&console, &extracting, task_definition)
            .or_else(|_| embed(&console, &bypassing, task_definition))
            .expect("only a definition of containers with names and images can be protected")
    }
}
