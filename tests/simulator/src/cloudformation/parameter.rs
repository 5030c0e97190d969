//! The parameters of a template and the values that they take.

use regex_lite::Regex;
use serde_json::{Map, Value};

use super::declared::{array, check_keys, check_logical_id, object, string, text};
use super::problem::{Path, Problem};

/// Source: AWS CloudFormation Template Reference, Parameters (read 2026-11).
const ATTRIBUTES: [&str; 11] = [
    "Type",
    "Default",
    "Description",
    "AllowedValues",
    "AllowedPattern",
    "MinLength",
    "MaxLength",
    "MinValue",
    "MaxValue",
    "ConstraintDescription",
    "NoEcho",
];

/// A parameter's value has at most 4,096 bytes, its description 4,000 characters.
/// Source: AWS CloudFormation User Guide, quotas; Template Reference, Parameters (read 2026-11).
const MAX_VALUE_BYTES: usize = 4096;
const MAX_DESCRIPTION: usize = 4000;

/// The AWS-specific types that are known, and how their values begin. Values must exist in the account, so none is empty.
/// Source: AWS CloudFormation User Guide, Parameters, AWS-Specific Parameter Types (read 2026-11).
const AWS_TYPES: [(&str, &str); 8] = [
    ("AWS::EC2::AvailabilityZone::Name", ""),
    ("AWS::EC2::Image::Id", "ami-"),
    ("AWS::EC2::Instance::Id", "i-"),
    ("AWS::EC2::SecurityGroup::GroupName", ""),
    ("AWS::EC2::SecurityGroup::Id", "sg-"),
    ("AWS::EC2::Subnet::Id", "subnet-"),
    ("AWS::EC2::VPC::Id", "vpc-"),
    ("AWS::EC2::Volume::Id", "vol-"),
];

/// What a parameter's values are, apart from being a list of such.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    String,
    Number,
    /// An AWS-specific type such as `AWS::EC2::Subnet::Id`.
    Aws(String),
}

/// A parameter, as the template declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub kind: ParameterKind,
    /// Whether its value is a list, written with commas: `CommaDelimitedList` or `List<...>`.
    pub is_list: bool,
    pub default: Option<String>,
    pub description: Option<String>,
    pub allowed_values: Option<Vec<String>>,
    pub allowed_pattern: Option<String>,
    pub min_length: Option<usize>,
    pub max_length: Option<usize>,
    pub min_value: Option<String>,
    pub max_value: Option<String>,
    pub constraint_description: Option<String>,
    /// Whether the value is a secret that CloudFormation does not show.
    pub no_echo: bool,
}

impl Parameter {
    /// Reads a declaration.
    ///
    /// # Errors
    /// An attribute or a type that is not known, a constraint that the type does not have, and a default that breaks a
    /// constraint.
    pub(super) fn read(name: &str, value: &Value, path: &Path) -> Result<Self, Problem> {
        check_logical_id(name, path)?;
        let map = object(value, path)?;
        check_keys(map, &ATTRIBUTES, path)?;
        let (kind, is_list) = read_type(map, path)?;
        let parameter = Self {
            kind,
            is_list,
            default: attribute(map, "Default", path, scalar)?,
            description: attribute(map, "Description", path, |value, path| string(value, path).map(str::to_owned))?,
            allowed_values: attribute(map, "AllowedValues", path, scalars)?,
            allowed_pattern: attribute(map, "AllowedPattern", path, |value, path| string(value, path).map(str::to_owned))?,
            min_length: attribute(map, "MinLength", path, length)?,
            max_length: attribute(map, "MaxLength", path, length)?,
            min_value: attribute(map, "MinValue", path, bound)?,
            max_value: attribute(map, "MaxValue", path, bound)?,
            constraint_description: attribute(map, "ConstraintDescription", path, |value, path| {
                string(value, path).map(str::to_owned)
            })?,
            no_echo: attribute(map, "NoEcho", path, flag)?.unwrap_or(false),
        };
        parameter.check(path)?;
        Ok(parameter)
    }

    /// Returns what a `Ref` of it gives: a string, or a list of strings.
    ///
    /// # Errors
    /// A value that breaks a constraint.
    pub(super) fn value(&self, given: &str, path: &Path) -> Result<Value, Problem> {
        if given.len() > MAX_VALUE_BYTES {
            return path.problem(format!("a parameter's value has at most {MAX_VALUE_BYTES} bytes"));
        }
        if !self.is_list {
            self.check_one(given, path)?;
            return Ok(given.into());
        }
        // One more string than there are commas, so an empty value is one empty string; spaces around each are gone.
        let items: Vec<&str> = given.split(',').map(str::trim).collect();
        items.iter().try_for_each(|item| self.check_one(item, path))?;
        Ok(items.into())
    }

    fn check(&self, path: &Path) -> Result<(), Problem> {
        if self.description.as_ref().is_some_and(|text| text.chars().count() > MAX_DESCRIPTION) {
            return path
                .key("Description")
                .problem(format!("a parameter's description has at most {MAX_DESCRIPTION} characters"));
        }
        let is_text = self.kind == ParameterKind::String;
        let misplaced = [
            ("AllowedPattern", self.allowed_pattern.is_some() && !is_text),
            ("MinLength", self.min_length.is_some() && (!is_text || self.is_list)),
            ("MaxLength", self.max_length.is_some() && (!is_text || self.is_list)),
            ("MinValue", self.min_value.is_some() && (self.kind != ParameterKind::Number || self.is_list)),
            ("MaxValue", self.max_value.is_some() && (self.kind != ParameterKind::Number || self.is_list)),
        ];
        if let Some((attribute, _)) = misplaced.iter().find(|(_, is_misplaced)| *is_misplaced) {
            return path.key(attribute).problem("a parameter of this type has no such constraint");
        }
        if let Some(pattern) = &self.allowed_pattern {
            whole(pattern)
                .map_err(|error| Problem::new(&path.key("AllowedPattern"), format!("this pattern cannot be read: {error}")))?;
        }
        self.default.iter().try_for_each(|default| self.value(default, &path.key("Default")).map(drop))
    }

    /// Checks a value, or an item of one that is a list.
    fn check_one(&self, value: &str, path: &Path) -> Result<(), Problem> {
        let Some(broken) = self.broken(value) else { return Ok(()) };
        let shown = if self.no_echo { "****" } else { value };
        path.problem(format!("{shown:?}: {}", self.constraint_description.clone().unwrap_or(broken)))
    }

    fn broken(&self, value: &str) -> Option<String> {
        let number = value.parse::<f64>().ok().filter(|number| number.is_finite());
        match &self.kind {
            ParameterKind::Number if number.is_none() => return Some("must be a number".into()),
            ParameterKind::Aws(kind) => {
                let prefix = AWS_TYPES.iter().find(|(known, _)| known == kind).map_or("", |(_, prefix)| prefix);
                if value.len() <= prefix.len() || !value.starts_with(prefix) {
                    return Some(format!("must be an existing {kind}"));
                }
            }
            _ => {}
        }
        let length = value.chars().count();
        let limit = |bound: &Option<String>| bound.as_ref().and_then(|bound| bound.parse::<f64>().ok());
        if let Some(allowed) = self.allowed_values.as_ref().filter(|allowed| !allowed.iter().any(|one| one == value)) {
            Some(format!("must be one of {}", allowed.join(", ")))
        } else if let Some(pattern) =
            self.allowed_pattern.as_ref().filter(|pattern| !whole(pattern).is_ok_and(|it| it.is_match(value)))
        {
            Some(format!("must match pattern {pattern}"))
        } else if let Some(least) = self.min_length.filter(|&least| length < least) {
            Some(format!("must have at least {least} characters"))
        } else if let Some(most) = self.max_length.filter(|&most| length > most) {
            Some(format!("must have at most {most} characters"))
        } else if let Some(least) = limit(&self.min_value).filter(|&least| number.is_some_and(|number| number < least)) {
            Some(format!("must be at least {least}"))
        } else {
            let most = limit(&self.max_value).filter(|&most| number.is_some_and(|number| number > most));
            most.map(|most| format!("must be at most {most}"))
        }
    }
}

/// A pattern must match all of a value. Its classes are ASCII, as those of Java are.
/// Source: AWS CloudFormation Template Reference, Parameters, AllowedPattern.
fn whole(pattern: &str) -> Result<Regex, regex_lite::Error> {
    Regex::new(&format!(r"\A(?:{pattern})\z"))
}

fn read_type(map: &Map<String, Value>, path: &Path) -> Result<(ParameterKind, bool), Problem> {
    let Some(value) = map.get("Type") else { return path.problem("a parameter needs a Type") };
    let path = path.key("Type");
    let name = string(value, &path)?;
    let (one, is_list) = match name.strip_prefix("List<").and_then(|name| name.strip_suffix('>')) {
        Some(one) => (one, true),
        None => (name, false),
    };
    match one {
        "CommaDelimitedList" if !is_list => Ok((ParameterKind::String, true)),
        "String" if !is_list => Ok((ParameterKind::String, false)),
        "Number" => Ok((ParameterKind::Number, is_list)),
        one if AWS_TYPES.iter().any(|(known, _)| *known == one) => Ok((ParameterKind::Aws(one.to_owned()), is_list)),
        _ => path.problem(format!("the parameter type {name} is not known")),
    }
}

fn attribute<T>(
    map: &Map<String, Value>,
    name: &str,
    path: &Path,
    read: impl Fn(&Value, &Path) -> Result<T, Problem>,
) -> Result<Option<T>, Problem> {
    map.get(name).map(|value| read(value, &path.key(name))).transpose()
}

fn scalar(value: &Value, path: &Path) -> Result<String, Problem> {
    text(value).map_or_else(|| path.problem("this is no string; functions do not work in here"), Ok)
}

fn scalars(value: &Value, path: &Path) -> Result<Vec<String>, Problem> {
    array(value, path)?.iter().enumerate().map(|(at, value)| scalar(value, &path.item(at))).collect()
}

fn length(value: &Value, path: &Path) -> Result<usize, Problem> {
    scalar(value, path)?.parse().or_else(|_| path.problem("this is no number of characters"))
}

fn bound(value: &Value, path: &Path) -> Result<String, Problem> {
    let text = scalar(value, path)?;
    if text.parse::<f64>().is_ok_and(f64::is_finite) { Ok(text) } else { path.problem("this is no number") }
}

fn flag(value: &Value, path: &Path) -> Result<bool, Problem> {
    match scalar(value, path)?.as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => path.problem("this is neither true nor false"),
    }
}
