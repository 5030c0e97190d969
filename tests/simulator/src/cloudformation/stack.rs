//! What a stack is made of, and what it holds.

use std::collections::BTreeMap;

use serde_json::Value;

use super::problem::{Path, Problem};

/// Where a stack is made, and with which values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackInput {
    /// Such as `aws`.
    pub partition: String,
    pub account: String,
    pub region: String,
    pub stack_name: String,
    pub parameters: BTreeMap<String, String>,
    /// What the account has that rules ask for: type, id, and its attributes.
    pub existing: Vec<(String, String, BTreeMap<String, String>)>,
}

impl StackInput {
    /// Returns a stack in Ireland that takes all defaults.
    pub fn new(account: &str, stack_name: &str) -> Self {
        Self {
            partition: "aws".to_owned(),
            account: account.to_owned(),
            region: "eu-west-1".to_owned(),
            stack_name: stack_name.to_owned(),
            parameters: BTreeMap::new(),
            existing: Vec::new(),
        }
    }

    /// Makes it somewhere else.
    #[must_use]
    pub fn region(mut self, partition: &str, region: &str) -> Self {
        (self.partition, self.region) = (partition.to_owned(), region.to_owned());
        self
    }

    /// Gives a parameter a value.
    #[must_use]
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        self.parameters.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Tells rules of something that the account has, such as a subnet with its `VpcId`.
    #[must_use]
    pub fn existing(mut self, kind: &str, id: &str, attributes: &[(&str, &str)]) -> Self {
        let attributes = attributes.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        self.existing.push((kind.to_owned(), id.to_owned(), attributes));
        self
    }

    /// Returns the value of `AWS::URLSuffix`.
    pub(super) fn url_suffix(&self) -> &'static str {
        if self.partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" }
    }

    /// A stack name begins with a letter, goes on with letters, digits and hyphens, and has at most 128 characters.
    /// Source: AWS CloudFormation API Reference, CreateStack, StackName.
    pub(super) fn check(&self) -> Result<(), Problem> {
        let name = self.stack_name.as_bytes();
        if !name.first().is_some_and(u8::is_ascii_alphabetic)
            || !name.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'-')
            || name.len() > 128
        {
            return Path::top("AWS::StackName").problem(format!("{:?} is no name of a stack", self.stack_name));
        }
        if self.account.len() != 12 || !self.account.bytes().all(|byte| byte.is_ascii_digit()) {
            return Path::top("AWS::AccountId").problem(format!("{:?} is no account", self.account));
        }
        if !["aws", "aws-cn", "aws-us-gov"].contains(&self.partition.as_str()) {
            return Path::top("AWS::Partition").problem(format!("the partition {:?} is not known", self.partition));
        }
        Ok(())
    }
}

/// What a stack holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stack {
    pub resources: BTreeMap<String, Resource>,
    /// Each a string.
    pub outputs: BTreeMap<String, Value>,
    /// The exported ones, by the name under which they are.
    pub exports: BTreeMap<String, Value>,
}

/// A resource of a stack.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Such as `AWS::IAM::Role`.
    pub kind: String,
    /// Without functions and without what `AWS::NoValue` takes away.
    pub properties: Value,
    pub metadata: Value,
    /// All that is made before it, sorted: what it names in DependsOn and what its properties refer to.
    pub depends_on: Vec<String>,
    /// `Delete` when the template says nothing; so is the next.
    pub deletion_policy: String,
    pub update_replace_policy: String,
    /// What a `Ref` of it gives.
    pub id: String,
    /// What `Fn::GetAtt` of it gives.
    pub attributes: BTreeMap<String, String>,
}
