//! Rules: what the values of parameters must be, together.

use serde_json::Value;

use super::declared::{array, check_keys, check_logical_id, object, string};
use super::expression::Reader;
use super::problem::{Path, Problem};
use super::test::Test;

/// A rule.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) name: String,
    /// When the rule applies; always without one.
    pub(super) condition: Option<Test>,
    pub(super) assertions: Vec<Assertion>,
}

/// What must be true.
#[derive(Clone, Debug)]
pub(super) struct Assertion {
    pub(super) assert: Test,
    pub(super) description: Option<String>,
}

impl Rule {
    /// Reads a rule.
    /// Source: AWS CloudFormation Template Reference, Rules.
    pub(super) fn read(reader: Reader<'_>, name: &str, value: &Value, path: &Path) -> Result<Self, Problem> {
        check_logical_id(name, path)?;
        let map = object(value, path)?;
        check_keys(map, &["RuleCondition", "Assertions"], path)?;
        let condition = map.get("RuleCondition").map(|test| Test::read(reader, test, &path.key("RuleCondition"))).transpose()?;
        let path = path.key("Assertions");
        let Some(assertions) = map.get("Assertions") else { return path.problem("a rule needs assertions") };
        let assertions = array(assertions, &path)?;
        if assertions.is_empty() {
            return path.problem("a rule needs assertions");
        }
        let assertions = assertions.iter().enumerate().map(|(at, one)| Assertion::read(reader, one, &path.item(at)));
        Ok(Self { name: name.to_owned(), condition, assertions: assertions.collect::<Result<_, _>>()? })
    }
}

impl Assertion {
    fn read(reader: Reader<'_>, value: &Value, path: &Path) -> Result<Self, Problem> {
        let map = object(value, path)?;
        check_keys(map, &["Assert", "AssertDescription"], path)?;
        let Some(assert) = map.get("Assert") else { return path.problem("an assertion needs an Assert") };
        let description = map.get("AssertDescription").map(|text| string(text, &path.key("AssertDescription"))).transpose()?;
        Ok(Self { assert: Test::read(reader, assert, &path.key("Assert"))?, description: description.map(str::to_owned) })
    }
}
