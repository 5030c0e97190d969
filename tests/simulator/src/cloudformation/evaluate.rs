//! What values and tests are in a stack.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::declared::text;
use super::expression::Expression;
use super::parameter::ParameterKind;
use super::physical;
use super::problem::{Path, Problem};
use super::resource::Declaration;
use super::stack::{Resource, StackInput};
use super::template::Template;
use super::test::Test;

/// A stack that is being made.
#[derive(Debug)]
pub(super) struct Evaluation<'a> {
    pub(super) template: &'a Template,
    pub(super) input: &'a StackInput,
    /// A string or a list of strings each.
    pub(super) parameters: BTreeMap<String, Value>,
    pub(super) conditions: BTreeMap<String, bool>,
    /// Those that are made already.
    pub(super) resources: BTreeMap<String, Resource>,
}

impl Evaluation<'_> {
    /// Returns what is true of a test.
    pub(super) fn test(&self, test: &Test, path: &Path) -> Result<bool, Problem> {
        match test {
            // All are looked at, so that what is wrong in one is told whatever the others are.
            Test::And(members) => Ok(self.tests(members, &path.key("Fn::And"))?.into_iter().all(|is_true| is_true)),
            Test::Or(members) => Ok(self.tests(members, &path.key("Fn::Or"))?.into_iter().any(|is_true| is_true)),
            Test::Not(one) => Ok(!self.test(one, &path.key("Fn::Not").item(0))?),
            Test::Equals(one, other) => {
                let path = path.key("Fn::Equals");
                Ok(self.string(one, &path.item(0))? == self.string(other, &path.item(1))?)
            }
            Test::Condition(name) => Ok(self.conditions[name]),
            Test::Contains(list, one) => {
                let path = path.key("Fn::Contains");
                Ok(self.strings(list, &path.item(0))?.contains(&self.string(one, &path.item(1))?))
            }
            Test::EachMemberEquals(list, one) => {
                let path = path.key("Fn::EachMemberEquals");
                let one = self.string(one, &path.item(1))?;
                Ok(self.strings(list, &path.item(0))?.iter().all(|member| *member == one))
            }
            Test::EachMemberIn(list, among) => {
                let path = path.key("Fn::EachMemberIn");
                let among = self.strings(among, &path.item(1))?;
                Ok(self.strings(list, &path.item(0))?.iter().all(|member| among.contains(member)))
            }
        }
    }

    fn tests(&self, members: &[Test], path: &Path) -> Result<Vec<bool>, Problem> {
        members.iter().enumerate().map(|(at, member)| self.test(member, &path.item(at))).collect()
    }

    /// Returns a value; `None` when it is taken away.
    pub(super) fn value(&self, expression: &Expression, path: &Path) -> Result<Option<Value>, Problem> {
        let value = match expression {
            Expression::Literal(value) => value.clone(),
            Expression::NoValue => return Ok(None),
            Expression::List(items) => {
                let items = items.iter().enumerate().filter_map(|(at, item)| self.value(item, &path.item(at)).transpose());
                Value::Array(items.collect::<Result<_, _>>()?)
            }
            Expression::Map(entries) => {
                let mut map = Map::new();
                for (key, value) in entries {
                    if let Some(value) = self.value(value, &path.key(key))? {
                        map.insert(key.clone(), value);
                    }
                }
                Value::Object(map)
            }
            Expression::Pseudo(name) => self.pseudo(name).into(),
            Expression::Parameter(name) => self.parameters[name].clone(),
            Expression::Resource(name) => self.resource(name, path)?.id.clone().into(),
            Expression::Attribute { resource, attribute } => self.resource(resource, path)?.attributes[attribute].clone().into(),
            Expression::Sub(parts) => {
                let path = path.key("Fn::Sub");
                parts.iter().map(|part| self.string(part, &path)).collect::<Result<String, _>>()?.into()
            }
            Expression::Join { delimiter, list } => self.strings(list, &path.key("Fn::Join").item(1))?.join(delimiter).into(),
            Expression::Select { index, list } => self.select(index, list, &path.key("Fn::Select"))?,
            Expression::Split { delimiter, source } => {
                let source = self.string(source, &path.key("Fn::Split").item(1))?;
                source.split(delimiter.as_str()).collect::<Vec<_>>().into()
            }
            Expression::FindInMap(keys) => self.find_in_map(keys, &path.key("Fn::FindInMap"))?,
            Expression::If { condition, yes, no } => {
                let (taken, at) = if self.conditions[condition] { (yes, 1) } else { (no, 2) };
                return self.value(taken, &path.key("Fn::If").item(at));
            }
            Expression::ToJsonString(value) => {
                let value = self.value(value, &path.key("Fn::ToJsonString"))?;
                value.expect("a map or a list is not taken away").to_string().into()
            }
            Expression::RefAll(kind) => {
                let existing = self.input.existing.iter().filter(|(other, ..)| other == kind);
                existing.map(|(_, id, _)| id.as_str()).collect::<Vec<_>>().into()
            }
            Expression::ValueOf { parameter, attribute } => {
                let values = self.attributes(parameter, attribute, &path.key("Fn::ValueOf"))?;
                let is_list = self.template.declared.parameters[parameter].is_list;
                if is_list { values.into() } else { values.into_iter().next().unwrap_or_default().into() }
            }
            Expression::ValueOfAll { kind, attribute } => {
                let mut values = Vec::new();
                for (name, parameter) in &self.template.declared.parameters {
                    if matches!(&parameter.kind, ParameterKind::Aws(other) if other == kind) {
                        values.extend(self.attributes(name, attribute, &path.key("Fn::ValueOfAll"))?);
                    }
                }
                values.into()
            }
        };
        Ok(Some(value))
    }

    /// Returns a value that must be a string, a number or a Boolean.
    pub(super) fn string(&self, expression: &Expression, path: &Path) -> Result<String, Problem> {
        let value = self.value(expression, path)?;
        value.as_ref().and_then(text).map_or_else(|| path.problem("a string is wanted here, and this is none"), Ok)
    }

    /// Returns a value that must be a list of strings.
    fn strings(&self, expression: &Expression, path: &Path) -> Result<Vec<String>, Problem> {
        let items = self.list(expression, path)?;
        let strings = items
            .iter()
            .enumerate()
            .map(|(at, item)| text(item).map_or_else(|| path.item(at).problem("a string is wanted here, and this is none"), Ok));
        strings.collect()
    }

    fn list(&self, expression: &Expression, path: &Path) -> Result<Vec<Value>, Problem> {
        match self.value(expression, path)? {
            Some(Value::Array(items)) => Ok(items),
            _ => path.problem("a list is wanted here, and this is none"),
        }
    }

    fn select(&self, index: &Expression, list: &Expression, path: &Path) -> Result<Value, Problem> {
        let list = self.list(list, &path.item(1))?;
        let index = self.string(index, &path.item(0))?;
        match index.parse::<usize>().ok().and_then(|at| list.get(at)) {
            Some(item) => Ok(item.clone()),
            None => path.problem(format!("the list has {} items, and none at {index}", list.len())),
        }
    }

    fn find_in_map(&self, [mapping, first, second]: &[Expression; 3], path: &Path) -> Result<Value, Problem> {
        let keys =
            [self.string(mapping, &path.item(0))?, self.string(first, &path.item(1))?, self.string(second, &path.item(2))?];
        let found = self.template.declared.mappings.get(&keys[0]).and_then(|levels| levels.get(&keys[1])?.get(&keys[2]));
        found.map_or_else(|| path.problem(format!("no mapping leads to {}", keys.join(", "))), |value| Ok(value.clone()))
    }

    fn pseudo(&self, name: &str) -> String {
        let input = self.input;
        match name {
            "AWS::AccountId" => input.account.clone(),
            "AWS::Partition" => input.partition.clone(),
            "AWS::Region" => input.region.clone(),
            "AWS::StackId" => physical::stack_id(input),
            "AWS::StackName" => input.stack_name.clone(),
            "AWS::URLSuffix" => input.url_suffix().to_owned(),
            other => unreachable!("a template with {other} was refused"),
        }
    }

    /// Returns a resource that is there: what it needs is made before it.
    fn resource(&self, name: &str, path: &Path) -> Result<&Resource, Problem> {
        let condition = || {
            self.template.resources.iter().find(|(other, _)| other == name).and_then(|(_, declared)| declared.condition.clone())
        };
        self.resources.get(name).map_or_else(
            || path.problem(format!("{name} is not there: its condition {} is false", condition().unwrap_or_default())),
            Ok,
        )
    }

    /// Returns an attribute of each of a parameter's values.
    fn attributes(&self, parameter: &str, attribute: &str, path: &Path) -> Result<Vec<String>, Problem> {
        let values = match &self.parameters[parameter] {
            Value::Array(values) => values.iter().filter_map(text).collect(),
            value => Vec::from_iter(text(value)),
        };
        let attribute_of = |id: String| {
            let found = self
                .input
                .existing
                .iter()
                .find(|(_, other, _)| *other == id)
                .and_then(|(.., attributes)| attributes.get(attribute));
            found.map_or_else(|| path.problem(format!("nothing is told of {attribute} of {id}")), |value| Ok(value.clone()))
        };
        values.into_iter().map(attribute_of).collect()
    }

    /// Makes a resource.
    pub(super) fn make(&self, name: &str, declaration: &Declaration, path: &Path) -> Result<Resource, Problem> {
        let value = |expression, part| Ok(self.value(expression, &path.key(part))?.expect("a map is not taken away"));
        let properties = value(&declaration.properties, "Properties")?;
        let metadata = value(&declaration.metadata, "Metadata")?;
        let identified = physical::Identified { input: self.input, logical_id: name, properties: &properties };
        let (id, attributes) = physical::identify(&declaration.kind, &identified);
        // One whose condition is false is not waited for.
        // Source: AWS CloudFormation Template Reference, DependsOn attribute.
        let depends_on = declaration.needs().into_iter().filter(|other| self.resources.contains_key(other)).collect();
        Ok(Resource {
            kind: declaration.kind.clone(),
            properties,
            metadata,
            depends_on,
            deletion_policy: declaration.deletion_policy.clone(),
            update_replace_policy: declaration.update_replace_policy.clone(),
            id,
            attributes,
        })
    }
}
