//! What `fargateDeployCFT.yaml` makes of an organization: its roles, who gets them, and what AWS does with them before a run begins.
//!
//! The template is the project's own file, read as CloudFormation reads it. In here is what a stack and its StackSet come to: the roles
//! of the account that the stack is in, the member role of every account that the StackSet reaches, and that of accounts with a stack
//! of their own. [`start`] is how EventBridge Scheduler and ECS start the task.

mod start;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use serde_json::Value;

use crate::cloudformation::{self, Resource, StackInput, Template};
use crate::iam::{Policy, Role};
use crate::scenario::stack::{Permission, Stack};
use crate::scenario::{Org, ROOT, Unit};

/// The project's own template.
const TEMPLATE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fargateDeployCFT.yaml"));

/// The name that the stack has here, and with it the cluster, the family and the schedule.
pub const STACK_NAME: &str = "fargate-updater";

/// Stands for the account where a template is worked out once for many of them.
const ANY_ACCOUNT: &str = "000000000000";

/// The template, read once.
static READ: LazyLock<Result<Template, String>> =
    LazyLock::new(|| Template::parse(TEMPLATE).map_err(|problem| problem.to_string()));

/// Returns the project's template.
///
/// # Errors
///
/// When it cannot be read, in words.
pub fn template() -> Result<&'static Template, String> {
    READ.as_ref().map_err(Clone::clone)
}

/// Where an organization keeps its accounts.
#[derive(Clone, Copy, Debug)]
struct Tree<'a> {
    management: &'a str,
    accounts: &'a [String],
    units: &'a [Unit],
}

/// A stack of the template, and what its StackSet put into other accounts.
#[derive(Clone, Debug)]
pub struct Installation {
    /// The account that the stack is in.
    pub account: String,
    pub partition: String,
    pub region: String,
    /// What is in the stack.
    pub resources: BTreeMap<String, Resource>,
    pub outputs: BTreeMap<String, Value>,
    without: BTreeSet<Permission>,
    /// The roles of the stack, by their names.
    roles: BTreeMap<String, Arc<Role>>,
    /// The accounts that the StackSet reaches.
    reached: BTreeSet<String>,
    /// What is in the StackSet's instance of [`ANY_ACCOUNT`].
    member: Option<cloudformation::Stack>,
    /// What is in a stack of its own of [`ANY_ACCOUNT`].
    alone: Option<cloudformation::Stack>,
    alone_in: Vec<String>,
}

impl Installation {
    /// Creates the stack of a scenario.
    ///
    /// # Errors
    ///
    /// When CloudFormation would refuse it, or IAM a policy in it, in their words as far as they are known.
    pub fn new(org: &Org) -> Result<Self, String> {
        let accounts: Vec<String> = org.every_account().map(|account| account.id.clone()).collect();
        let tree = Tree { management: &org.management.id, accounts: &accounts, units: &org.units };
        Self::of(&org.stack, &org.partition, &org.home_region, tree)
    }

    fn of(stack: &Stack, partition: &str, region: &str, tree: Tree<'_>) -> Result<Self, String> {
        let account = stack.account.clone().unwrap_or_else(|| tree.management.to_owned());
        let template = template()?;
        let input = |account: &str, parameters: BTreeMap<String, String>| {
            let input = StackInput::new(account, STACK_NAME).region(partition, region);
            StackInput { parameters, ..input }
        };
        let made = template.create(&input(&account, stack.parameters.clone())).map_err(|problem| problem.to_string())?;
        let set = made.resources.get("MemberRolesStackSet").map(|resource| StackSet { properties: &resource.properties });
        let reached = set.as_ref().map(|set| set.reaches(&account, region, tree)).transpose()?.unwrap_or_default();
        let member = set
            .as_ref()
            .map(|set| {
                let template = Template::parse(set.text("TemplateBody")?).map_err(|problem| problem.to_string())?;
                template.create(&input(ANY_ACCOUNT, set.parameters())).map_err(|problem| problem.to_string())
            })
            .transpose()?;
        let alone = if stack.alone_in.is_empty() {
            None
        } else {
            let mut parameters = stack.parameters.clone();
            parameters.insert("UpdaterAccountId".to_owned(), account.clone());
            Some(template.create(&input(ANY_ACCOUNT, parameters)).map_err(|problem| problem.to_string())?)
        };
        let mut installation = Self {
            account,
            partition: partition.to_owned(),
            region: region.to_owned(),
            resources: made.resources,
            outputs: made.outputs,
            without: stack.without.clone(),
            roles: BTreeMap::new(),
            reached,
            member,
            alone,
            alone_in: stack.alone_in.clone(),
        };
        if let Some(unknown) = installation.without.iter().find(|permission| !installation.permissions().contains(permission)) {
            return Err(format!("there is no {unknown:?} that could be taken out of the template"));
        }
        installation.roles = installation.roles_in(&installation.resources, &installation.account)?;
        Ok(installation)
    }

    /// Returns the updater's own role; there is none if the stack is nothing but a member role.
    pub fn master(&self) -> Option<&Arc<Role>> {
        self.role_of("MasterRole")
    }

    /// Returns a role of the stack, by its name in the template.
    pub fn role_of(&self, logical: &str) -> Option<&Arc<Role>> {
        self.roles.get(&self.resources.get(logical)?.id)
    }

    /// Returns the name of the member role.
    pub fn member_role_name(&self) -> &str {
        self.resources.get("MemberRole").map_or("", |role| &role.id)
    }

    /// Returns the member role of an account, under its own or another name.
    ///
    /// # Errors
    ///
    /// When IAM would refuse it.
    pub fn member(&self, account: &str, name: &str) -> Result<Option<Arc<Role>>, String> {
        let template = if account == self.account {
            Some(&self.resources)
        } else if self.alone_in.iter().any(|alone| alone == account) {
            self.alone.as_ref().map(|stack| &stack.resources)
        } else if self.reached.contains(account) {
            self.member.as_ref().map(|stack| &stack.resources)
        } else {
            None
        };
        let Some(resources) = template else { return Ok(None) };
        let Some(role) = resources.get("MemberRole") else { return Ok(None) };
        let mut roles = self.roles_in(resources, account)?;
        let Some(found) = roles.remove(&role.id) else { return Ok(None) };
        let arn = format!("arn:{}:iam::{account}:role/{name}", self.partition);
        Ok(Some(Arc::new(Role { arn, ..Role::clone(&found) })))
    }

    /// Returns every permission that the stack's policies give, those that were taken out included.
    pub fn permissions(&self) -> BTreeSet<Permission> {
        let mut permissions = BTreeSet::new();
        for (name, document) in self.resources.values().flat_map(policies_of) {
            for statement in document["Statement"].as_array().into_iter().flatten() {
                for action in texts(&statement["Action"]) {
                    let statement = statement["Sid"].as_str().unwrap_or_default().to_owned();
                    permissions.insert(Permission { policy: name.to_owned(), statement, action });
                }
            }
        }
        permissions
    }

    /// Returns the clusters of the stack, by their names.
    pub(crate) fn clusters(&self) -> impl Iterator<Item = &str> {
        self.resources.values().filter(|resource| resource.kind == "AWS::ECS::Cluster").map(|cluster| cluster.id.as_str())
    }

    /// Returns the task definitions of the stack, as they are registered.
    pub fn task_definitions(&self) -> Vec<Value> {
        let definitions = self.resources.values().filter(|resource| resource.kind == "AWS::ECS::TaskDefinition");
        definitions.map(|definition| as_the_api_has_it(&definition.properties, false)).collect()
    }

    /// Returns the roles among some resources, by their names, with the policies that are attached to them.
    fn roles_in(&self, resources: &BTreeMap<String, Resource>, account: &str) -> Result<BTreeMap<String, Arc<Role>>, String> {
        let mut roles = BTreeMap::new();
        for (logical, resource) in resources.iter().filter(|(_, resource)| resource.kind == "AWS::IAM::Role") {
            let document = in_account(&resource.properties["AssumeRolePolicyDocument"], account);
            let trust = Policy::parse(&document).map_err(|problem| format!("{logical}: {problem}"))?;
            let arn = resource.attributes.get("Arn").cloned().unwrap_or_default().replace(ANY_ACCOUNT, account);
            let attached = texts(&resource.properties["ManagedPolicyArns"]).into_iter().map(|arn| {
                let managed = resources.values().find(|policy| policy.kind == "AWS::IAM::ManagedPolicy" && policy.id == arn);
                managed.ok_or(format!("{logical} has the policy {arn}, which is none of its stack"))
            });
            let attached: Vec<&Resource> = attached.collect::<Result<_, String>>()?;
            let mut policies = Vec::new();
            for (name, document) in attached.into_iter().chain([resource]).flat_map(policies_of) {
                let left = self.with_what_is_left(name, in_account(document, account));
                let policy = left.map(|left| Policy::parse(&left).map_err(|problem| format!("{name}: {problem}")));
                policies.extend(policy.transpose()?);
            }
            roles.insert(resource.id.clone(), Arc::new(Role { arn, trust, policies }));
        }
        Ok(roles)
    }

    /// Takes out of a policy document what the scenario takes out; nothing may be left of it.
    fn with_what_is_left(&self, policy: &str, mut document: Value) -> Option<Value> {
        let statements = document["Statement"].as_array_mut()?;
        for statement in statements.iter_mut() {
            let sid = statement["Sid"].as_str().unwrap_or_default().to_owned();
            let is_left = |action: &String| {
                let permission = Permission { policy: policy.to_owned(), statement: sid.clone(), action: action.clone() };
                !self.without.contains(&permission)
            };
            let left: Vec<Value> = texts(&statement["Action"]).into_iter().filter(is_left).map(Value::String).collect();
            statement["Action"] = Value::Array(left);
        }
        statements.retain(|statement| statement["Action"].as_array().is_some_and(|actions| !actions.is_empty()));
        (!statements.is_empty()).then_some(document)
    }
}

/// Returns the policies that a resource holds, by their names: its own as a managed policy, those inside of a role.
fn policies_of(resource: &Resource) -> Vec<(&str, &Value)> {
    let properties = &resource.properties;
    match resource.kind.as_str() {
        "AWS::IAM::ManagedPolicy" => {
            properties["ManagedPolicyName"].as_str().map(|name| (name, &properties["PolicyDocument"])).into_iter().collect()
        }
        "AWS::IAM::Role" => {
            let inside = properties["Policies"].as_array().into_iter().flatten();
            inside.filter_map(|policy| Some((policy["PolicyName"].as_str()?, &policy["PolicyDocument"]))).collect()
        }
        _ => Vec::new(),
    }
}

/// A StackSet with permissions that Organizations manages.
struct StackSet<'a> {
    properties: &'a Value,
}

impl<'a> StackSet<'a> {
    fn text(&self, name: &str) -> Result<&'a str, String> {
        self.properties[name].as_str().ok_or(format!("the StackSet has no {name}"))
    }

    fn parameters(&self) -> BTreeMap<String, String> {
        let given = self.properties["Parameters"].as_array().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        given.map(|one| (text(&one["ParameterKey"]), text(&one["ParameterValue"]))).collect()
    }

    /// Returns the accounts that get an instance: those below its units, the management account never, and in one Region only, since
    /// the second would find its role there already.
    /// Source: AWS CloudFormation API Reference, DeploymentTargets (read 2026-11).
    fn reaches(&self, home: &str, region: &str, tree: Tree<'_>) -> Result<BTreeSet<String>, String> {
        if self.text("PermissionModel")? != "SERVICE_MANAGED" {
            return Err("the StackSet is not managed by the service".to_owned());
        }
        let expected = if home == tree.management { "SELF" } else { "DELEGATED_ADMIN" };
        if self.text("CallAs")? != expected {
            return Err(format!("CallAs must be {expected} in the account {home}"));
        }
        let [group] = self.properties["StackInstancesGroup"].as_array().map(Vec::as_slice).unwrap_or_default() else {
            return Err("the StackSet has other than one group of instances".to_owned());
        };
        if group["Regions"] != serde_json::json!([region]) {
            return Err(format!("roles are made in {}, and not in one Region", group["Regions"]));
        }
        let targets = &group["DeploymentTargets"];
        let units = texts(&targets["OrganizationalUnitIds"]);
        if let Some(unknown) = units.iter().find(|unit| *unit != ROOT && !tree.units.iter().any(|known| known.id == **unit)) {
            return Err(format!("there is no organizational unit {unknown}"));
        }
        let named = texts(&targets["Accounts"]);
        let is_named = |account: &String| named.contains(account);
        let is_below = |account: &&String| tree.path(account).iter().any(|unit| units.iter().any(|wanted| wanted == unit));
        let below = tree.accounts.iter().filter(|account| *account != tree.management).filter(is_below).cloned();
        Ok(match targets["AccountFilterType"].as_str() {
            None if named.is_empty() => below.collect(),
            Some("DIFFERENCE") => below.filter(|account| !is_named(account)).collect(),
            Some("INTERSECTION") => below.filter(is_named).collect(),
            other => return Err(format!("the filter {other:?} with the accounts {named:?} is not known here")),
        })
    }
}

impl<'a> Tree<'a> {
    /// Returns the units that an account is in, from the nearest one to the root.
    fn path(&self, account: &str) -> Vec<&'a str> {
        let of = |unit: &'a str| self.units.iter().find(|known| known.id == unit);
        let holder = self.units.iter().find(|unit| unit.accounts.iter().any(|member| member == account));
        let mut path = Vec::new();
        let mut at = holder.map(|unit| unit.id.as_str());
        while let Some(unit) = at.filter(|unit| !path.contains(unit)) {
            path.push(unit);
            at = of(unit).map(|unit| unit.parent.as_str());
        }
        if !path.contains(&ROOT) {
            path.push(ROOT);
        }
        path
    }
}

/// Puts an account where [`ANY_ACCOUNT`] stands.
fn in_account(value: &Value, account: &str) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace(ANY_ACCOUNT, account)),
        Value::Array(items) => items.iter().map(|item| in_account(item, account)).collect(),
        Value::Object(fields) => fields.iter().map(|(key, field)| (key.clone(), in_account(field, account))).collect(),
        other => other.clone(),
    }
}

/// Writes properties of CloudFormation as the API has them: names of fields begin with a small letter there, and free keys stay.
fn as_the_api_has_it(value: &Value, keys_are_free: bool) -> Value {
    let spelled = |key: &str| match key.chars().next() {
        Some(first) if !keys_are_free => format!("{}{}", first.to_ascii_lowercase(), &key[first.len_utf8()..]),
        _ => key.to_owned(),
    };
    match value {
        Value::Object(fields) => {
            fields.iter().map(|(key, field)| (spelled(key), as_the_api_has_it(field, key == "Options"))).collect()
        }
        Value::Array(items) => items.iter().map(|item| as_the_api_has_it(item, keys_are_free)).collect(),
        other => other.clone(),
    }
}

/// Returns a text that may stand alone, or a list of them.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}
