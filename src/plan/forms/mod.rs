//! The forms in which files hold task definitions: found in a document, read as what `RegisterTaskDefinition` takes, and written back
//! where they stand.
//!
//! | form | who writes it |
//! |---|---|
//! | [`Form::Registration`] | `aws ecs register-task-definition --cli-input-json`, as JSON or YAML |
//! | [`Form::Described`] | `aws ecs describe-task-definition`, with or without the `taskDefinition` around it |
//! | [`Form::Containers`] | Terraform's `container_definitions`: the list alone |
//! | [`Form::CloudFormation`] | templates in JSON or YAML, each `AWS::ECS::TaskDefinition` in them |

mod cloudformation;
mod intrinsic;
mod names;
mod sendable;
mod template;
mod written;

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value};

use super::compare::without_nulls;
use super::defender;
use super::document::{Document, Kind, Node, Position, Substitutes};
use super::edit::JsonPath;
use super::entrypoint::Selection;
use super::task_definition::{Container, READ_ONLY_KEYS, Registrable, TaskDefinition, containers_of};

pub use sendable::{is_function, leave_out_functions};
pub use written::NotWritten;

/// A form that a task definition has in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Registration,
    /// `wrapped`: as the answer has it, with the tags beside the definition.
    Described {
        wrapped: bool,
    },
    Containers,
    CloudFormation,
}

/// What of a document is asked for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The family of a definition that does not say it.
    pub family: Option<String>,
    /// Whether the document has to be a template.
    pub template: bool,
    /// Resources of a template by their logical ids; all, if none is named.
    pub resources: Vec<String>,
}

/// A task definition in a document.
pub struct Spot {
    pub form: Form,
    /// Its family, or the logical id of a template's resource.
    pub label: String,
    /// Where it begins.
    pub position: Position,
    /// As it would be registered; functions of a template stand in it as placeholders.
    pub definition: TaskDefinition<Registrable>,
    /// Functions that stand where embedding reads or writes; of templates alone.
    obstacles: Vec<Obstacle>,
    /// What is embedded for although a function says it: told, and no obstacle.
    pub guesses: Vec<Obstacle>,
    /// Whether the file says no family, and this one stands for it.
    pub family_made_up: bool,
    at: JsonPath,
    substitutes: Substitutes,
}

/// A function of a template where embedding has to read or write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// None, where it is about all of them.
    pub container: Option<String>,
    pub text: String,
    pub position: Position,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { container, text, position } = self;
        match container {
            Some(container) => write!(f, "container {container}: {text} ({position})"),
            None => write!(f, "{text} ({position})"),
        }
    }
}

/// A document that holds no task definition that could be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    #[error(
        "it holds no task definition: neither `containerDefinitions`, nor `taskDefinition`, nor a list of containers, nor the \
         `Resources` of a CloudFormation template"
    )]
    NoDefinition,
    #[error("it is no CloudFormation template: it has no `Resources`")]
    NoTemplate,
    #[error("its `containerDefinitions` hold no containers with names ({0})")]
    NoContainers(Position),
    #[error("two of its containers are called {0} ({1}), which ECS does not take")]
    SameName(String, Position),
    #[error("it holds a null in a list ({0}), which ECS does not take")]
    NullInList(Position),
    #[error("it holds {0} ({1}), which stands for something from elsewhere in it: write that out")]
    Alias(&'static str, Position),
    #[error("its task definitions are made by Fn::ForEach ({0}), and cannot be seen until CloudFormation has made them")]
    Loop(Position),
    #[error("it holds no AWS::ECS::TaskDefinition")]
    NoResources,
    #[error("it holds no AWS::ECS::TaskDefinition called {0}; there {are} {1}", are = if .1.contains(',') { "are" } else { "is" })]
    NoSuchResource(String, String),
}

/// Returns the task definitions of a document, in their order.
///
/// # Errors
///
/// When it holds none, or one that is none.
pub fn spots(document: &Document, wanted: &Wanted) -> Result<Vec<Spot>, Unusable> {
    let root = document.root();
    if template::is_template(root) {
        return template::spots(document, wanted);
    }
    if wanted.template || !wanted.resources.is_empty() {
        return Err(Unusable::NoTemplate);
    }
    let has_containers = |node: &Node| node.member("containerDefinitions").is_some();
    let (form, at) = match &root.kind {
        Kind::Array(_) => (Form::Containers, JsonPath::root()),
        _ if root.member("taskDefinition").is_some_and(has_containers) => {
            (Form::Described { wrapped: true }, JsonPath::root().key("taskDefinition"))
        }
        // A registration has none of the keys that only an answer has.
        _ if has_containers(root) => {
            let is_described = ["taskDefinitionArn", "revision", "status"].iter().any(|key| root.member(key).is_some());
            let form = if is_described { Form::Described { wrapped: false } } else { Form::Registration };
            (form, JsonPath::root())
        }
        _ => return Err(Unusable::NoDefinition),
    };
    plain(document, form, at, wanted).map(|spot| vec![spot])
}

/// Reads a definition in one of ECS's own forms.
fn plain(document: &Document, form: Form, at: JsonPath, wanted: &Wanted) -> Result<Spot, Unusable> {
    let node = document.find(&at).ok_or(Unusable::NoDefinition)?;
    if let Some(null) = null_in_list(node) {
        return Err(Unusable::NullInList(document.position(null)));
    }
    if let Some((what, alias)) = intrinsic::alias_in(document.root()) {
        return Err(Unusable::Alias(what, document.position(alias)));
    }
    let mut members = match (form, without_nulls(&node.value())) {
        (Form::Containers, containers) => Map::from_iter([("containerDefinitions".to_owned(), containers)]),
        (_, Value::Object(members)) => members,
        _ => return Err(Unusable::NoDefinition),
    };
    for key in READ_ONLY_KEYS {
        members.shift_remove(key);
    }
    if form == (Form::Described { wrapped: true })
        && let Some(tags) = document.root().member("tags")
    {
        members.insert("tags".to_owned(), without_nulls(&tags.value()));
    }
    let says_family = members.get("family").and_then(Value::as_str).is_some_and(|family| !family.is_empty());
    let mut json = Value::Object(members);
    if containers_of(&json).next().is_none() || containers_of(&json).any(|container| container.name().is_empty()) {
        return Err(Unusable::NoContainers(document.position(node)));
    }
    let mut family_made_up = false;
    if !says_family {
        let family = wanted.family.clone().or_else(|| family_in_defender(&json));
        family_made_up = family.is_none();
        // The Console names the App ID after it, and rules are scoped by that.
        let family = family.unwrap_or_else(|| first_name(&json));
        json["family"] = family.into();
    }
    let definition = TaskDefinition::from_json(json);
    check_names(&definition, document, node, &Substitutes::default())?;
    let (label, position) = (definition.text("family").unwrap_or_default().to_owned(), document.position(node));
    let (obstacles, guesses, substitutes) = (Vec::new(), Vec::new(), Substitutes::default());
    Ok(Spot { form, label, position, definition, obstacles, guesses, family_made_up, at, substitutes })
}

/// Returns the family that the Defender of a definition was embedded for.
fn family_in_defender(json: &Value) -> Option<String> {
    let sidecar = containers_of(json).find(|container| container.name() == defender::CONTAINER_NAME)?;
    sidecar.variable(defender::FARGATE_TASK).filter(|family| !family.is_empty()).map(str::to_owned)
}

fn first_name(json: &Value) -> String {
    containers_of(json).next().as_ref().map(Container::name).unwrap_or_default().to_owned()
}

/// Makes sure that containers are told by their names.
fn check_names(
    definition: &TaskDefinition<Registrable>,
    document: &Document,
    at: &Node,
    substitutes: &Substitutes,
) -> Result<(), Unusable> {
    let mut seen = BTreeSet::new();
    let twice = definition.containers().map(|container| container.name()).find(|name| !seen.insert(*name));
    twice.map_or(Ok(()), |name| Err(Unusable::SameName(substitutes.told_in(name), document.position(at))))
}

fn null_in_list(node: &Node) -> Option<&Node> {
    match &node.kind {
        Kind::Array(elements) => {
            elements.iter().find(|element| is_null(element)).or_else(|| elements.iter().find_map(null_in_list))
        }
        Kind::Object(members) => members.iter().find_map(|member| null_in_list(&member.value)),
        Kind::Scalar(_) => None,
    }
}

fn is_null(node: &Node) -> bool {
    matches!(node.kind, Kind::Scalar(Value::Null)) && node.tag.is_none()
}

impl Spot {
    /// Returns what keeps a Defender from being put into the containers that are to have one.
    pub fn obstacles(&self) -> Vec<&Obstacle> {
        let selection = Selection::of(&self.definition, &BTreeSet::new());
        let matters = |obstacle: &&Obstacle| obstacle.container.as_deref().is_none_or(|container| selection.wraps(container));
        self.obstacles.iter().filter(matters).collect()
    }

    /// Returns what of it cannot be seen, so that nobody can tell whether all of it is protected.
    pub fn unseen(&self) -> Option<&Obstacle> {
        self.obstacles.iter().find(|obstacle| obstacle.container.is_none())
    }

    /// Returns whether the file holds all that ECS registers: a list of containers has neither a role nor a size.
    pub fn is_whole(&self) -> bool {
        self.form != Form::Containers
    }

    /// Returns a text with each placeholder in it as the function that it stands for.
    pub fn readable(&self, text: &str) -> String {
        self.substitutes.told_in(text)
    }
}
