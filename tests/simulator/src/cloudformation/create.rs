//! A stack of a template, as `CreateStack` would make it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::evaluate::Evaluation;
use super::problem::{Path, Problem};
use super::stack::{Stack, StackInput};
use super::template::Template;

impl Template {
    /// Returns what a stack would hold.
    ///
    /// # Errors
    /// Parameters that are missing, not known, or not as they must be; a failed assertion of a rule; and what is wrong with this
    /// stack only, such as a reference to a resource whose condition is false.
    pub fn create(&self, input: &StackInput) -> Result<Stack, Problem> {
        input.check()?;
        let mut evaluation = Evaluation {
            template: self,
            input,
            parameters: self.parameter_values(input)?,
            conditions: BTreeMap::new(),
            resources: BTreeMap::new(),
        };
        self.check_rules(&evaluation)?;
        for (name, condition) in &self.conditions {
            let is_true = evaluation.test(condition, &Path::top("Conditions").key(name))?;
            evaluation.conditions.insert(name.clone(), is_true);
        }
        for (name, declaration) in &self.resources {
            if declaration.condition.as_ref().is_none_or(|condition| evaluation.conditions[condition]) {
                let resource = evaluation.make(name, declaration, &Path::top("Resources").key(name))?;
                evaluation.resources.insert(name.clone(), resource);
            }
        }
        let mut stack = Stack::default();
        self.add_outputs(&evaluation, &mut stack)?;
        Ok(Stack { resources: evaluation.resources, ..stack })
    }

    fn parameter_values(&self, input: &StackInput) -> Result<BTreeMap<String, Value>, Problem> {
        let top = Path::top("Parameters");
        if let Some(name) = input.parameters.keys().find(|name| !self.declared.parameters.contains_key(*name)) {
            return top.key(name).problem("the template has no such parameter");
        }
        let values = self.declared.parameters.iter().map(|(name, parameter)| {
            let path = top.key(name);
            match input.parameters.get(name).or(parameter.default.as_ref()) {
                Some(given) => Ok((name.clone(), parameter.value(given, &path)?)),
                None => path.problem("this has no default, so it needs a value"),
            }
        });
        values.collect()
    }

    fn check_rules(&self, evaluation: &Evaluation<'_>) -> Result<(), Problem> {
        for rule in &self.rules {
            let path = Path::top("Rules").key(&rule.name);
            let applies = |condition| evaluation.test(condition, &path.key("RuleCondition"));
            if !rule.condition.as_ref().map_or(Ok(true), applies)? {
                continue;
            }
            for (at, assertion) in rule.assertions.iter().enumerate() {
                let path = path.key("Assertions").item(at);
                if !evaluation.test(&assertion.assert, &path.key("Assert"))? {
                    return path.problem(assertion.description.as_deref().unwrap_or("this is not so"));
                }
            }
        }
        Ok(())
    }

    fn add_outputs(&self, evaluation: &Evaluation<'_>, stack: &mut Stack) -> Result<(), Problem> {
        for (name, output) in &self.outputs {
            if output.condition.as_ref().is_some_and(|condition| !evaluation.conditions[condition]) {
                continue;
            }
            let path = Path::top("Outputs").key(name);
            let value = Value::String(evaluation.string(&output.value, &path.key("Value"))?);
            if let Some(export) = &output.export {
                let path = path.key("Export").key("Name");
                let export = evaluation.string(export, &path)?;
                if stack.exports.insert(export.clone(), value.clone()).is_some() {
                    return path.problem(format!("another output is exported as {export}"));
                }
            }
            stack.outputs.insert(name.clone(), value);
        }
        Ok(())
    }
}
