//! Values that functions make: read once, with all that can be checked without a stack.

use std::collections::BTreeSet;

use serde_json::Value;

use super::declared::{Declared, NO_VALUE, PSEUDO_PARAMETERS, object, string};
use super::physical;
use super::problem::{Path, Problem};
use super::sub::{self, Piece};

/// A value as a template says it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    /// A string, number or Boolean.
    Literal(Value),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
    NoValue,
    Pseudo(String),
    Parameter(String),
    Resource(String),
    Attribute {
        resource: String,
        attribute: String,
    },
    /// `Fn::Sub`: what stands one after the other.
    Sub(Vec<Self>),
    Join {
        delimiter: String,
        list: Box<Self>,
    },
    Select {
        index: Box<Self>,
        list: Box<Self>,
    },
    Split {
        delimiter: String,
        source: Box<Self>,
    },
    /// The mapping and its two keys.
    FindInMap(Box<[Self; 3]>),
    If {
        condition: String,
        yes: Box<Self>,
        no: Box<Self>,
    },
    ToJsonString(Box<Self>),
    /// In rules: all values of a type that the account has.
    RefAll(String),
    /// In rules: an attribute of the parameter's values.
    ValueOf {
        parameter: String,
        attribute: String,
    },
    /// In rules: an attribute of the values of all parameters of a type.
    ValueOfAll {
        kind: String,
        attribute: String,
    },
}

/// Where a value is, which decides what may be in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Properties and metadata of a resource, and outputs.
    Value,
    /// Nothing of a resource is known in conditions.
    /// Source: AWS CloudFormation Template Reference, Condition functions (read 2026-11).
    Condition,
    /// Source: AWS CloudFormation Template Reference, Rule functions, Supported functions (read 2026-11).
    Rule,
}

impl Place {
    fn functions(self) -> &'static [&'static str] {
        match self {
            Self::Value => &["Ref", "GetAtt", "Sub", "Join", "Select", "Split", "FindInMap", "If", "ToJsonString"],
            Self::Condition => &["Ref", "Sub", "Join", "Select", "Split", "FindInMap"],
            Self::Rule => &["Ref", "RefAll", "ValueOf", "ValueOfAll"],
        }
    }
}

/// Returns the name and the argument of a function, the name as it is written: `Ref`, `Fn::Sub`.
///
/// # Errors
/// A function that has other keys beside it.
pub(super) fn function<'a>(value: &'a Value, path: &Path) -> Result<Option<(&'a str, &'a Value)>, Problem> {
    let Some(map) = value.as_object() else { return Ok(None) };
    let Some((name, argument)) = map.iter().find(|(key, _)| *key == "Ref" || key.starts_with("Fn::")) else { return Ok(None) };
    if map.len() > 1 { path.problem(format!("{name} has other keys beside it")) } else { Ok(Some((name, argument))) }
}

/// Returns a function's arguments, which must be so many.
pub(super) fn arguments<'a, const N: usize>(value: &'a Value, path: &Path) -> Result<&'a [Value; N], Problem> {
    value
        .as_array()
        .and_then(|items| items.as_slice().try_into().ok())
        .map_or_else(|| path.problem(format!("{N} arguments are wanted here")), Ok)
}

/// Reads values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    pub(super) declared: &'a Declared,
    pub(super) place: Place,
}

impl Reader<'_> {
    /// Reads a value.
    ///
    /// # Errors
    /// A function that is not known or not allowed here, arguments that it does not take, and names that nothing has.
    pub(super) fn read(self, value: &Value, path: &Path) -> Result<Expression, Problem> {
        if let Some((name, argument)) = function(value, path)? {
            return self.function(name, argument, path);
        }
        match value {
            Value::Array(items) => {
                let items = items.iter().enumerate().map(|(at, item)| self.read(item, &path.item(at)));
                Ok(Expression::List(items.collect::<Result<_, _>>()?))
            }
            Value::Object(map) => {
                if map.len() == 1 && map.get("Condition").is_some_and(Value::is_string) {
                    return path.problem(
                        "a condition is named in Conditions, by Fn::If and as a resource's or an output's Condition only",
                    );
                }
                let entries = map.iter().map(|(key, value)| Ok((key.clone(), self.read(value, &path.key(key))?)));
                Ok(Expression::Map(entries.collect::<Result<_, _>>()?))
            }
            scalar => Ok(Expression::Literal(scalar.clone())),
        }
    }

    fn function(self, name: &str, argument: &Value, path: &Path) -> Result<Expression, Problem> {
        let short = name.strip_prefix("Fn::").unwrap_or(name);
        let is_known = (short == "Ref") == (name == "Ref") && self.place.functions().contains(&short);
        let path = &path.key(name);
        if !is_known {
            return path.problem(format!("this function is not known here; what is: {}", self.place.functions().join(", ")));
        }
        match short {
            "Ref" => self.reference(string(argument, path)?, path),
            "GetAtt" => self.get_att(argument, path),
            "Sub" => self.sub(argument, path),
            "Join" => {
                let [delimiter, list] = arguments(argument, path)?;
                let list = Box::new(self.list(list, &path.item(1))?);
                Ok(Expression::Join { delimiter: string(delimiter, &path.item(0))?.to_owned(), list })
            }
            "Select" => {
                let [index, list] = arguments(argument, path)?;
                let index = Box::new(self.key(index, &path.item(0))?);
                Ok(Expression::Select { index, list: Box::new(self.list(list, &path.item(1))?) })
            }
            "Split" => {
                let [delimiter, source] = arguments(argument, path)?;
                let delimiter = string(delimiter, &path.item(0))?.to_owned();
                if delimiter.is_empty() {
                    return path.item(0).problem("a delimiter is not empty");
                }
                Ok(Expression::Split { delimiter, source: Box::new(self.read(source, &path.item(1))?) })
            }
            "FindInMap" => self.find_in_map(argument, path),
            "If" => {
                let [condition, yes, no] = arguments(argument, path)?;
                let condition = self.condition(condition, &path.item(0))?;
                let (yes, no) = (self.read(yes, &path.item(1))?, self.read(no, &path.item(2))?);
                Ok(Expression::If { condition, yes: Box::new(yes), no: Box::new(no) })
            }
            "ToJsonString" => self.to_json_string(argument, path),
            "RefAll" => Ok(Expression::RefAll(string(argument, path)?.to_owned())),
            _ => {
                let [of, attribute] = arguments(argument, path)?;
                let (of, attribute) = (string(of, &path.item(0))?.to_owned(), string(attribute, &path.item(1))?.to_owned());
                if short == "ValueOfAll" {
                    return Ok(Expression::ValueOfAll { kind: of, attribute });
                }
                match self.reference(&of, &path.item(0))? {
                    Expression::Parameter(parameter) => Ok(Expression::ValueOf { parameter, attribute }),
                    _ => path.item(0).problem(format!("{of} is no parameter")),
                }
            }
        }
    }

    /// Returns the name of a condition, which must be declared.
    pub(super) fn condition(self, value: &Value, path: &Path) -> Result<String, Problem> {
        let name = string(value, path)?;
        if self.declared.conditions.contains(name) {
            Ok(name.to_owned())
        } else {
            path.problem(format!("there is no condition {name}"))
        }
    }

    fn reference(self, name: &str, path: &Path) -> Result<Expression, Problem> {
        let declared = self.declared;
        if name == NO_VALUE && self.place == Place::Value {
            Ok(Expression::NoValue)
        } else if PSEUDO_PARAMETERS.contains(&name) && name != NO_VALUE {
            Ok(Expression::Pseudo(name.to_owned()))
        } else if declared.parameters.contains_key(name) {
            Ok(Expression::Parameter(name.to_owned()))
        } else if declared.resources.contains_key(name) && self.place == Place::Value {
            Ok(Expression::Resource(name.to_owned()))
        } else if declared.resources.contains_key(name) {
            path.problem(format!("{name} is a resource: nothing is known of it here"))
        } else if name.starts_with("AWS::") {
            path.problem(format!("the pseudo parameter {name} is not known here"))
        } else {
            path.problem(format!("there is no parameter and no resource {name}"))
        }
    }

    fn get_att(self, argument: &Value, path: &Path) -> Result<Expression, Problem> {
        if let Some(text) = argument.as_str() {
            return match text.split_once('.') {
                Some((resource, attribute)) => self.attribute(resource, attribute, path),
                None => path.problem(format!("{text} names no attribute: Resource.Attribute is wanted")),
            };
        }
        let [resource, attribute] = arguments(argument, path)?;
        self.attribute(string(resource, &path.item(0))?, string(attribute, &path.item(1))?, path)
    }

    fn attribute(self, resource: &str, attribute: &str, path: &Path) -> Result<Expression, Problem> {
        let Some(kind) = self.declared.resources.get(resource) else {
            return path.problem(format!("there is no resource {resource}"));
        };
        if self.place != Place::Value {
            return path.problem(format!("{resource} is a resource: nothing is known of it here"));
        }
        let known = physical::attributes(kind);
        if !known.contains(&attribute) {
            return path.problem(format!("{kind} has no attribute {attribute}; what is known: {}", known.join(", ")));
        }
        Ok(Expression::Attribute { resource: resource.to_owned(), attribute: attribute.to_owned() })
    }

    fn sub(self, argument: &Value, path: &Path) -> Result<Expression, Problem> {
        let (text, variables) = match argument {
            Value::String(text) => (text.as_str(), Vec::new()),
            list => {
                let [text, variables] = arguments(list, path)?;
                let text = string(text, &path.item(0))?;
                let path = path.item(1);
                let variables =
                    object(variables, &path)?.iter().map(|(name, value)| Ok((name.as_str(), self.read(value, &path.key(name))?)));
                (text, variables.collect::<Result<_, Problem>>()?)
            }
        };
        let parts = sub::pieces(text, path)?.into_iter().map(|piece| match piece {
            Piece::Text(text) => Ok(Expression::Literal(text.into())),
            Piece::Name(name) => match (variables.iter().find(|(variable, _)| *variable == name), name.split_once('.')) {
                (Some((_, value)), _) => Ok(value.clone()),
                (None, Some((resource, attribute))) => self.attribute(resource, attribute, path),
                (None, None) if name == NO_VALUE => path.problem("AWS::NoValue is no part of a string"),
                (None, None) => self.reference(&name, path),
            },
        });
        Ok(Expression::Sub(parts.collect::<Result<_, _>>()?))
    }

    fn find_in_map(self, argument: &Value, path: &Path) -> Result<Expression, Problem> {
        let keys: &[Value; 3] = arguments(argument, path)?;
        let mut read = Vec::new();
        for (at, key) in keys.iter().enumerate() {
            read.push(self.key(key, &path.item(at))?);
        }
        if let Some(name) = keys[0].as_str() {
            let Some(mapping) = self.declared.mappings.get(name) else {
                return path.item(0).problem(format!("there is no mapping {name}"));
            };
            let (first, second) = (keys[1].as_str(), keys[2].as_str());
            if let Some(first) = first.filter(|first| !mapping.contains_key(*first)) {
                return path.item(1).problem(format!("the mapping {name} has no key {first}"));
            }
            let mut levels = mapping.iter().filter(|(key, _)| first.is_none_or(|first| first == *key));
            if let Some(second) = second.filter(|second| !levels.any(|(_, level)| level.contains_key(*second))) {
                return path.item(2).problem(format!("the mapping {name} has no key {second} there"));
            }
        }
        let [mapping, first, second] = read.try_into().expect("three keys were read");
        Ok(Expression::FindInMap(Box::new([mapping, first, second])))
    }

    fn to_json_string(self, argument: &Value, path: &Path) -> Result<Expression, Problem> {
        if !self.declared.has_language_extensions {
            return path.problem("this function needs the line `Transform: AWS::LanguageExtensions`");
        }
        let value = self.read(argument, path)?;
        let is_one = matches!(value, Expression::List(_) | Expression::Map(_));
        if is_one { Ok(Expression::ToJsonString(Box::new(value))) } else { path.problem("a map or a list is wanted here") }
    }

    /// Reads what is said with a string, a `Ref` or a `Fn::FindInMap` alone.
    fn key(self, value: &Value, path: &Path) -> Result<Expression, Problem> {
        match self.read(value, path)? {
            key @ (Expression::Literal(_) | Expression::Parameter(_) | Expression::Pseudo(_) | Expression::FindInMap(_)) => {
                Ok(key)
            }
            _ => path.problem("a string, a Ref to a parameter or Fn::FindInMap is wanted here"),
        }
    }

    /// Reads a list, or a function that can give one.
    pub(super) fn list(self, value: &Value, path: &Path) -> Result<Expression, Problem> {
        let list = self.read(value, path)?;
        let gives_none = match &list {
            Expression::Parameter(name) => !self.declared.parameters.get(name).is_some_and(|parameter| parameter.is_list),
            Expression::List(_) | Expression::Split { .. } | Expression::FindInMap(_) | Expression::If { .. } => false,
            Expression::RefAll(_) | Expression::ValueOf { .. } | Expression::ValueOfAll { .. } => false,
            _ => true,
        };
        if gives_none { path.problem("a list is wanted here") } else { Ok(list) }
    }
}

impl Expression {
    /// Adds the resources that this refers to, in branches that are not taken too.
    pub(super) fn add_resources(&self, found: &mut BTreeSet<String>) {
        match self {
            Self::Resource(name) | Self::Attribute { resource: name, .. } => {
                found.insert(name.clone());
            }
            Self::List(items) | Self::Sub(items) => items.iter().for_each(|item| item.add_resources(found)),
            Self::Map(entries) => entries.iter().for_each(|(_, value)| value.add_resources(found)),
            Self::FindInMap(keys) => keys.iter().for_each(|key| key.add_resources(found)),
            Self::Join { list: one, .. } | Self::Split { source: one, .. } | Self::ToJsonString(one) => one.add_resources(found),
            Self::Select { index: one, list: other } | Self::If { yes: one, no: other, .. } => {
                one.add_resources(found);
                other.add_resources(found);
            }
            Self::Literal(_) | Self::NoValue | Self::Pseudo(_) | Self::Parameter(_) => {}
            Self::RefAll(_) | Self::ValueOf { .. } | Self::ValueOfAll { .. } => {}
        }
    }
}
