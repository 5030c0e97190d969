//! What is true or false: conditions, and the conditions and assertions of rules.

use std::collections::BTreeSet;

use serde_json::Value;

use super::declared::array;
use super::expression::{Expression, Place, Reader, arguments};
use super::problem::{Path, Problem};

/// `Fn::And` and `Fn::Or` take so many.
/// Source: AWS CloudFormation Template Reference, Condition functions (read 2026-11).
const MEMBERS: std::ops::RangeInclusive<usize> = 2..=10;

/// Something that is true or false.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    Equals(Expression, Expression),
    /// In conditions: another one.
    Condition(String),
    /// In rules: the string is in the list.
    Contains(Expression, Expression),
    /// In rules: all of the list are the string.
    EachMemberEquals(Expression, Expression),
    /// In rules: all of the first list are in the second.
    EachMemberIn(Expression, Expression),
}

impl Test {
    /// Reads a test, for conditions or for rules, as the reader's place says.
    ///
    /// # Errors
    /// A function that is not known there, and arguments that it does not take.
    pub(super) fn read(reader: Reader<'_>, value: &Value, path: &Path) -> Result<Self, Problem> {
        let in_rule = reader.place == Place::Rule;
        let only = value.as_object().filter(|map| map.len() == 1).and_then(|map| map.iter().next());
        let Some((name, argument)) = only else {
            return path.problem("a function that is true or false is wanted here, such as Fn::Equals");
        };
        let path = &path.key(name);
        match name.as_str() {
            "Fn::And" => Ok(Self::And(Self::read_members(reader, argument, path)?)),
            "Fn::Or" => Ok(Self::Or(Self::read_members(reader, argument, path)?)),
            "Fn::Not" => {
                let [one] = arguments(argument, path)?;
                Ok(Self::Not(Box::new(Self::read(reader, one, &path.item(0))?)))
            }
            "Fn::Equals" => {
                let [one, other] = arguments(argument, path)?;
                Ok(Self::Equals(reader.read(one, &path.item(0))?, reader.read(other, &path.item(1))?))
            }
            "Condition" if !in_rule => Ok(Self::Condition(reader.condition(argument, path)?)),
            "Fn::Contains" | "Fn::EachMemberEquals" if in_rule => {
                let [list, one] = arguments(argument, path)?;
                let (list, one) = (reader.list(list, &path.item(0))?, reader.read(one, &path.item(1))?);
                Ok(if name == "Fn::Contains" { Self::Contains(list, one) } else { Self::EachMemberEquals(list, one) })
            }
            "Fn::EachMemberIn" if in_rule => {
                let [list, among] = arguments(argument, path)?;
                Ok(Self::EachMemberIn(reader.list(list, &path.item(0))?, reader.list(among, &path.item(1))?))
            }
            _ => path.problem("this is no function that is true or false here"),
        }
    }

    fn read_members(reader: Reader<'_>, value: &Value, path: &Path) -> Result<Vec<Self>, Problem> {
        let members = array(value, path)?;
        if !MEMBERS.contains(&members.len()) {
            return path.problem(format!("{} to {} members are wanted here", MEMBERS.start(), MEMBERS.end()));
        }
        members.iter().enumerate().map(|(at, member)| Self::read(reader, member, &path.item(at))).collect()
    }

    /// Adds the conditions that this names.
    pub(super) fn add_conditions(&self, found: &mut BTreeSet<String>) {
        match self {
            Self::And(members) | Self::Or(members) => members.iter().for_each(|member| member.add_conditions(found)),
            Self::Not(one) => one.add_conditions(found),
            Self::Condition(name) => {
                found.insert(name.clone());
            }
            Self::Equals(..) | Self::Contains(..) | Self::EachMemberEquals(..) | Self::EachMemberIn(..) => {}
        }
    }
}
