//! A policy document and what it says of a request.

use serde_json::Value;

use super::Request;
use super::condition::{self, Condition};
use super::pattern::{arn_matches, matches};
use super::role::Principal;

/// A policy, ready to be asked.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    statements: Vec<Statement>,
}

/// What policies say of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allowed,
    /// Nothing allows it.
    NotAllowed,
    /// Something denies it, whatever else allows it.
    Denied,
}

#[derive(Clone, Debug)]
struct Statement {
    allows: bool,
    actions: Texts,
    /// There are none in a trust policy: the resource is the role.
    resources: Option<Texts>,
    /// There are none in a policy of an identity.
    principals: Option<Vec<(String, String)>>,
    conditions: Vec<Condition>,
}

/// A list, or everything but a list.
#[derive(Clone, Debug)]
struct Texts {
    texts: Vec<String>,
    but: bool,
}

impl Policy {
    /// Reads a policy document.
    ///
    /// # Errors
    ///
    /// When it is none, or holds something that is not understood here.
    pub fn parse(document: &Value) -> Result<Self, String> {
        let fields = document.as_object().ok_or("a policy is an object")?;
        if let Some(other) = fields.keys().find(|key| !["Version", "Id", "Statement"].contains(&key.as_str())) {
            return Err(format!("a policy has no {other}"));
        }
        // Without it, IAM takes the version of 2008, in which there are no variables.
        if fields.get("Version").and_then(Value::as_str) != Some("2012-10-17") {
            return Err("the Version is not 2012-10-17".to_owned());
        }
        let statements = match fields.get("Statement") {
            Some(Value::Array(statements)) if !statements.is_empty() => statements.iter().map(Statement::parse).collect(),
            Some(statement @ Value::Object(_)) => Statement::parse(statement).map(|one| vec![one]),
            _ => Err("there is no Statement".to_owned()),
        };
        Ok(Self { statements: statements? })
    }

    /// Returns what these policies say together: a denial wins over all.
    pub fn judge<'a>(policies: impl IntoIterator<Item = &'a Self>, request: Request<'_>) -> Verdict {
        Self::verdict(policies, |statement| statement.is_about(request))
    }

    /// Returns what a trust policy says of somebody who wants to assume its role.
    pub fn judge_trust(&self, principal: &Principal, request: Request<'_>) -> Verdict {
        Self::verdict([self], |statement| statement.is_for(principal) && statement.is_about(request))
    }

    fn verdict<'a>(policies: impl IntoIterator<Item = &'a Self>, is_about: impl Fn(&Statement) -> bool) -> Verdict {
        let mut verdict = Verdict::NotAllowed;
        for statement in policies.into_iter().flat_map(|policy| &policy.statements).filter(|statement| is_about(statement)) {
            if !statement.allows {
                return Verdict::Denied;
            }
            verdict = Verdict::Allowed;
        }
        verdict
    }

    /// Returns the actions that its statements allow, as they are written.
    pub fn allowed_actions(&self) -> impl Iterator<Item = &str> {
        let allowing = self.statements.iter().filter(|statement| statement.allows && !statement.actions.but);
        allowing.flat_map(|statement| statement.actions.texts.iter().map(String::as_str))
    }
}

impl Statement {
    fn parse(statement: &Value) -> Result<Self, String> {
        let fields = statement.as_object().ok_or("a statement is an object")?;
        let known = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "Condition"];
        if let Some(other) = fields.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(format!("{other} is not known in a statement"));
        }
        let allows = match fields.get("Effect").and_then(Value::as_str) {
            Some("Allow") => true,
            Some("Deny") => false,
            _ => return Err("the Effect is neither Allow nor Deny".to_owned()),
        };
        let list = |name: &str, not: &str| match (fields.get(name), fields.get(not)) {
            (Some(_), Some(_)) => Err(format!("{name} and {not} exclude each other")),
            (Some(value), None) => listed(name, value).map(|texts| Some(Texts { texts, but: false })),
            (None, Some(value)) => listed(not, value).map(|texts| Some(Texts { texts, but: true })),
            (None, None) => Ok(None),
        };
        let actions = list("Action", "NotAction")?.ok_or("a statement names no Action")?;
        let resources = list("Resource", "NotResource")?;
        let principals = fields.get("Principal").map(principals).transpose()?;
        if resources.is_none() && principals.is_none() {
            return Err("a statement names neither a Resource nor a Principal".to_owned());
        }
        let conditions = fields.get("Condition").map(condition::parse).transpose()?.unwrap_or_default();
        Ok(Self { allows, actions, resources, principals, conditions })
    }

    fn is_about(&self, request: Request<'_>) -> bool {
        self.actions.contains(|pattern| action_matches(pattern, request.action))
            && self
                .resources
                .as_ref()
                .is_none_or(|resources| resources.contains(|pattern| arn_matches(pattern, request.resource)))
            && self.conditions.iter().all(|condition| condition.holds(request.context))
    }

    fn is_for(&self, principal: &Principal) -> bool {
        self.principals.iter().flatten().any(|(kind, name)| principal.is_named(kind, name))
    }
}

impl Texts {
    fn contains(&self, is_it: impl Fn(&str) -> bool) -> bool {
        self.texts.iter().any(|text| is_it(text)) != self.but
    }
}

/// Returns whether an action is as a pattern says; IAM does not tell case apart in actions.
pub(crate) fn action_matches(pattern: &str, action: &str) -> bool {
    matches(&pattern.to_ascii_lowercase(), &action.to_ascii_lowercase())
}

fn listed(name: &str, value: &Value) -> Result<Vec<String>, String> {
    texts(value).filter(|texts| !texts.is_empty()).ok_or(format!("{name} is neither a text nor a list of texts"))
}

/// Returns a text that may stand alone, or a list of them.
pub(super) fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

fn principals(value: &Value) -> Result<Vec<(String, String)>, String> {
    if value == "*" {
        return Ok(vec![("AWS".to_owned(), "*".to_owned())]);
    }
    let kinds = value.as_object().ok_or("Principal is neither * nor an object")?;
    let mut principals = Vec::new();
    for (kind, names) in kinds {
        if !["AWS", "Service"].contains(&kind.as_str()) {
            return Err(format!("principals of the kind {kind} are not known here"));
        }
        principals.extend(listed(kind, names)?.into_iter().map(|name| (kind.clone(), name)));
    }
    Ok(principals)
}
