//! The task definitions of a CloudFormation template.

use serde_json::Value;

use super::cloudformation::Reading;
use super::{Form, Spot, Unusable, Wanted, check_names, names};
use crate::plan::document::{Document, Kind, Node};
use crate::plan::edit::JsonPath;
use crate::plan::task_definition::TaskDefinition;

/// The type of the resources that are task definitions.
const TYPE: &str = "AWS::ECS::TaskDefinition";

/// What a resource is called that stands for several.
/// Source: AWS CloudFormation User Guide, `Fn::ForEach` (read 2026-11).
const LOOP: &str = "Fn::ForEach";

fn holds_one(node: &Node) -> bool {
    is_task_definition(node) || node.members().iter().map(|member| &member.value).chain(node.elements()).any(holds_one)
}

/// Returns whether a document is a template, or one resource of one.
pub(super) fn is_template(root: &Node) -> bool {
    let has_resources = root.member("Resources").is_some_and(|resources| matches!(resources.kind, Kind::Object(_)));
    has_resources || is_task_definition(root)
}

fn is_task_definition(node: &Node) -> bool {
    node.member("Type").is_some_and(|it| it.value() == TYPE)
}

/// Returns the task definitions that are asked for.
pub(super) fn spots(document: &Document, wanted: &Wanted) -> Result<Vec<Spot>, Unusable> {
    let root = document.root();
    if is_task_definition(root) {
        return spot(document, "TaskDefinition", root, JsonPath::root()).map(|spot| vec![spot]);
    }
    let resources = JsonPath::root().key("Resources");
    let Some(Kind::Object(members)) = document.find(&resources).map(|node| &node.kind) else {
        return Err(Unusable::NoTemplate);
    };
    let all: Vec<_> = members.iter().filter(|member| is_task_definition(&member.value)).collect();
    let known = || all.iter().map(|member| member.key.as_str()).collect::<Vec<_>>().join(", ");
    if let Some(name) = wanted.resources.iter().find(|name| !all.iter().any(|member| member.key == **name)) {
        return Err(Unusable::NoSuchResource(name.clone(), known()));
    }
    let is_wanted = |id: &String| wanted.resources.is_empty() || wanted.resources.contains(id);
    // Those in it are nobody's that could be named, so that only what is named goes on without them.
    if wanted.resources.is_empty()
        && let Some(made) = members.iter().find(|member| member.key.starts_with(LOOP) && holds_one(&member.value))
    {
        return Err(Unusable::Loop(document.position(&made.value)));
    }
    if all.is_empty() {
        return Err(Unusable::NoResources);
    }
    let asked = all.iter().filter(|member| is_wanted(&member.key));
    asked.map(|member| spot(document, &member.key, &member.value, resources.key(&member.key))).collect()
}

fn spot(document: &Document, id: &str, resource: &Node, at: JsonPath) -> Result<Spot, Unusable> {
    let position = document.position(resource);
    let properties = resource.member("Properties").ok_or(Unusable::NoContainers(position))?;
    let Reading { mut members, obstacles, guesses, substitutes } = Reading::of(document, properties);
    let containers = members.get("containerDefinitions").and_then(Value::as_array);
    if containers.is_none_or(Vec::is_empty) && obstacles.is_empty() {
        return Err(Unusable::NoContainers(position));
    }
    // Without one CloudFormation makes up a name for the family, which begins with the stack's.
    let family_made_up = properties.member(&names::of_cloudformation("family")).is_none();
    if family_made_up {
        members.insert("family".to_owned(), id.into());
    }
    let definition = TaskDefinition::from_json(members.into());
    // One without a name is an obstacle, and told as such.
    if obstacles.is_empty() {
        check_names(&definition, document, properties, &substitutes)?;
    }
    let (form, label, at) = (Form::CloudFormation, id.to_owned(), at.key("Properties"));
    Ok(Spot { form, label, position, definition, obstacles, guesses, family_made_up, at, substitutes })
}
