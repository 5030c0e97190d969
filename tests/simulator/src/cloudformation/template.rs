//! A template as a whole.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::declared::{Declared, check_keys, check_logical_id, object, string};
use super::expression::{Place, Reader};
use super::order::{Needs, order};
use super::output::Output;
use super::parameter::Parameter;
use super::physical;
use super::problem::{Path, Problem};
use super::resource::Declaration;
use super::rule::Rule;
use super::test::Test;
use super::yaml;

/// The most that a template may have when it is sent with the request.
/// Source: AWS CloudFormation User Guide, quotas.
pub const MAX_BODY_BYTES: usize = 51_200;

/// Source: AWS CloudFormation User Guide, quotas.
const MAX_DESCRIPTION_BYTES: usize = 1024;
const MAX_ENTRIES: [(&str, usize); 4] = [("Parameters", 200), ("Mappings", 200), ("Resources", 500), ("Outputs", 200)];

/// Source: AWS CloudFormation User Guide, Template sections (read 2026-11).
const SECTIONS: [&str; 10] = [
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Transform",
    "Resources",
    "Outputs",
];

/// A template that has been read.
#[derive(Clone, Debug)]
pub struct Template {
    value: Value,
    /// In the template's order.
    parameter_names: Vec<String>,
    pub(super) declared: Declared,
    pub(super) rules: Vec<Rule>,
    /// Each after those that it names.
    pub(super) conditions: Vec<(String, Test)>,
    /// Each after those that it needs.
    pub(super) resources: Vec<(String, Declaration)>,
    pub(super) outputs: Vec<(String, Output)>,
}

impl Template {
    /// Reads a template and finds all that is wrong whatever a stack's parameters are.
    ///
    /// # Errors
    /// The first problem.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        if text.len() > MAX_BODY_BYTES {
            return Path::default().problem(format!("the template has {} bytes; a request carries {MAX_BODY_BYTES}", text.len()));
        }
        let value = yaml::read(text)?;
        check_head(object(&value, &Path::default())?)?;
        let mut declared = Declared { has_language_extensions: has_language_extensions(&value)?, ..Declared::default() };
        let mut parameter_names = Vec::new();
        for (name, parameter, path) in entries(&value, "Parameters")? {
            declared.parameters.insert(name.clone(), Parameter::read(name, parameter, &path)?);
            parameter_names.push(name.clone());
        }
        if let Some(mappings) = value.get("Mappings") {
            declared.read_mappings(object(mappings, &Path::top("Mappings"))?, &Path::top("Mappings"))?;
        }
        for (name, _, path) in entries(&value, "Conditions")? {
            check_logical_id(name, &path)?;
            declared.conditions.insert(name.clone());
        }
        for (name, resource, path) in entries(&value, "Resources")? {
            declare_resource(&mut declared, name, resource, &path)?;
        }
        if declared.resources.is_empty() {
            return Path::top("Resources").problem("a template needs at least one resource");
        }
        let reader = |place| Reader { declared: &declared, place };
        let rules = entries(&value, "Rules")?.map(|(name, rule, path)| Rule::read(reader(Place::Rule), name, rule, &path));
        let rules = rules.collect::<Result<_, _>>()?;
        let conditions = read_conditions(reader(Place::Condition), &value)?;
        let resources = read_resources(reader(Place::Value), &value)?;
        let mut outputs = Vec::new();
        for (name, output, path) in entries(&value, "Outputs")? {
            outputs.push((name.clone(), Output::read(reader(Place::Value), name, output, &path)?));
        }
        Ok(Self { parameter_names, rules, conditions, resources, outputs, declared, value })
    }

    /// Returns the parameters, in the template's order.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &Parameter)> {
        self.parameter_names.iter().map(|name| (name.as_str(), &self.declared.parameters[name]))
    }

    /// Returns the whole document, with every function in its long form: `{"Fn::Sub": ...}`, and `Fn::GetAtt` of two strings for
    /// `!GetAtt`.
    pub fn value(&self) -> &Value {
        &self.value
    }
}

fn check_head(document: &Map<String, Value>) -> Result<(), Problem> {
    check_keys(document, &SECTIONS, &Path::default())?;
    if document.get("AWSTemplateFormatVersion").is_some_and(|version| version != "2010-09-09") {
        return Path::top("AWSTemplateFormatVersion").problem("the only version is 2010-09-09");
    }
    if let Some(description) = document.get("Description") {
        let path = Path::top("Description");
        let length = string(description, &path)?.len();
        if length > MAX_DESCRIPTION_BYTES {
            return path
                .problem(format!("a template's description has at most {MAX_DESCRIPTION_BYTES} bytes; this has {length}"));
        }
    }
    document.get("Metadata").map(|metadata| object(metadata, &Path::top("Metadata"))).transpose()?;
    for (section, most) in MAX_ENTRIES {
        let length = document.get(section).and_then(Value::as_object).map_or(0, Map::len);
        if length > most {
            return Path::top(section).problem(format!("a template has at most {most} of these; these are {length}"));
        }
    }
    Ok(())
}

fn has_language_extensions(document: &Value) -> Result<bool, Problem> {
    let transforms = match document.get("Transform") {
        None => return Ok(false),
        Some(Value::Array(transforms)) => transforms.as_slice(),
        Some(transform) => std::slice::from_ref(transform),
    };
    if transforms.iter().all(|transform| transform == "AWS::LanguageExtensions") {
        return Ok(true);
    }
    Path::top("Transform").problem("the only transform that is known is AWS::LanguageExtensions")
}

/// Returns what a section has; nothing when there is no such section.
fn entries<'a>(
    document: &'a Value,
    section: &'static str,
) -> Result<impl Iterator<Item = (&'a String, &'a Value, Path)>, Problem> {
    let path = Path::top(section);
    let map = document.get(section).map(|section| object(section, &path)).transpose()?;
    Ok(map.into_iter().flatten().map(move |(name, value)| (name, value, path.key(name))))
}

fn declare_resource(declared: &mut Declared, name: &str, resource: &Value, path: &Path) -> Result<(), Problem> {
    check_logical_id(name, path)?;
    if declared.parameters.contains_key(name) {
        return path.problem("a parameter has this name");
    }
    let Some(kind) = object(resource, path)?.get("Type") else { return path.problem("a resource needs a Type") };
    let kind = string(kind, &path.key("Type"))?;
    if !physical::is_known(kind) {
        return path.key("Type").problem(format!("the resource type {kind} is not known"));
    }
    declared.resources.insert(name.to_owned(), kind.to_owned());
    Ok(())
}

fn read_conditions(reader: Reader<'_>, document: &Value) -> Result<Vec<(String, Test)>, Problem> {
    let mut conditions = BTreeMap::new();
    let mut needs = Needs::new();
    for (name, condition, path) in entries(document, "Conditions")? {
        let test = Test::read(reader, condition, &path)?;
        let mut others = BTreeSet::new();
        test.add_conditions(&mut others);
        needs.insert(name.clone(), others);
        conditions.insert(name.clone(), test);
    }
    in_order(&needs, conditions, "Conditions")
}

fn read_resources(reader: Reader<'_>, document: &Value) -> Result<Vec<(String, Declaration)>, Problem> {
    let mut resources = BTreeMap::new();
    let mut needs = Needs::new();
    for (name, resource, path) in entries(document, "Resources")? {
        let declaration = Declaration::read(reader, &reader.declared.resources[name], resource, &path)?;
        needs.insert(name.clone(), declaration.needs());
        resources.insert(name.clone(), declaration);
    }
    in_order(&needs, resources, "Resources")
}

fn in_order<T>(needs: &Needs, mut named: BTreeMap<String, T>, section: &str) -> Result<Vec<(String, T)>, Problem> {
    let names =
        order(needs).or_else(|circle| Path::top(section).problem(format!("circular dependency: {}", circle.join(" -> "))))?;
    Ok(names.into_iter().filter_map(|name| named.remove_entry(&name)).collect())
}
