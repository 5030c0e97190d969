//! The names, ids and ARNs that AWS would give to resources: what `Ref` and `Fn::GetAtt` return.
//!
//! Source for each type: its page in the AWS CloudFormation Template Reference, Return values. Ids that AWS draws
//! are made of the stack and the logical name here, so that a stack is the same each time.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::declared::text;
use super::stack::StackInput;

/// A resource type that is known.
struct ResourceType {
    kind: &'static str,
    /// What `Fn::GetAtt` can ask for.
    attributes: &'static [&'static str],
    /// What `Ref` gives, then each attribute.
    identify: fn(&Identified<'_>) -> (String, Vec<String>),
}

/// A resource that is to have a name.
pub(super) struct Identified<'a> {
    pub(super) input: &'a StackInput,
    pub(super) logical_id: &'a str,
    pub(super) properties: &'a Value,
}

#[rustfmt::skip]
const TYPES: [ResourceType; 19] = [
    // Ref is the name. An ARN has the role's path.
    ResourceType { kind: "AWS::IAM::Role", attributes: &["Arn", "RoleId"], identify: |it| {
        let name = it.name("RoleName", 64);
        (name.clone(), vec![it.global_arn("iam", &format!("role{}{name}", it.path())), format!("AROA{}", it.letters(16))])
    } },
    // Ref is a name that CloudFormation makes, whatever the policy's is.
    ResourceType { kind: "AWS::IAM::Policy", attributes: &[], identify: |it| (it.name("", 128), vec![]) },
    // Ref is the ARN.
    ResourceType { kind: "AWS::IAM::ManagedPolicy", attributes: &["PolicyArn"], identify: |it| {
        let arn = it.global_arn("iam", &format!("policy{}{}", it.path(), it.name("ManagedPolicyName", 128)));
        (arn.clone(), vec![arn])
    } },
    // Ref is the name. The ARN ends with what stands for all streams.
    ResourceType { kind: "AWS::Logs::LogGroup", attributes: &["Arn"], identify: |it| {
        let name = it.name("LogGroupName", 512);
        (name.clone(), vec![it.arn("logs", &format!("log-group:{name}:*"))])
    } },
    // Ref is the name.
    ResourceType { kind: "AWS::Logs::MetricFilter", attributes: &[], identify: |it| (it.name("FilterName", 512), vec![]) },
    // Ref is the name.
    ResourceType { kind: "AWS::ECS::Cluster", attributes: &["Arn"], identify: |it| {
        let name = it.name("ClusterName", 255);
        (name.clone(), vec![it.arn("ecs", &format!("cluster/{name}"))])
    } },
    // Ref is the ARN with the revision; a new stack's is taken for the first of its family.
    ResourceType { kind: "AWS::ECS::TaskDefinition", attributes: &["TaskDefinitionArn"], identify: |it| {
        let arn = it.arn("ecs", &format!("task-definition/{}:1", it.name("Family", 255)));
        (arn.clone(), vec![arn])
    } },
    // Ref is the name.
    ResourceType { kind: "AWS::Scheduler::Schedule", attributes: &["Arn"], identify: |it| {
        let name = it.name("Name", 64);
        (name.clone(), vec![it.arn("scheduler", &format!("schedule/{}/{name}", it.property("GroupName").unwrap_or("default".to_owned())))])
    } },
    // Ref is the name.
    ResourceType { kind: "AWS::Scheduler::ScheduleGroup", attributes: &["Arn"], identify: |it| {
        let name = it.name("Name", 64);
        (name.clone(), vec![it.arn("scheduler", &format!("schedule-group/{name}"))])
    } },
    // Ref is the ARN.
    ResourceType { kind: "AWS::SNS::Topic", attributes: &["TopicArn", "TopicName"], identify: |it| {
        let name = it.queue_name("TopicName", "FifoTopic", 256);
        (it.arn("sns", &name), vec![it.arn("sns", &name), name])
    } },
    // Ref is the ARN.
    ResourceType { kind: "AWS::SNS::Subscription", attributes: &["Arn"], identify: |it| {
        let arn = format!("{}:{}", it.property("TopicArn").unwrap_or_default(), it.uuid());
        (arn.clone(), vec![arn])
    } },
    // Ref is a name that CloudFormation makes.
    ResourceType { kind: "AWS::SNS::TopicPolicy", attributes: &["Id"], identify: |it| {
        let name = it.name("", 255);
        (name.clone(), vec![name])
    } },
    // Ref is the URL.
    ResourceType { kind: "AWS::SQS::Queue", attributes: &["Arn", "QueueName", "QueueUrl"], identify: |it| {
        let name = it.queue_name("QueueName", "FifoQueue", 80);
        let url = format!("https://sqs.{}.{}/{}/{name}", it.input.region, it.input.url_suffix(), it.input.account);
        (url.clone(), vec![it.arn("sqs", &name), name, url])
    } },
    // Ref is a name that CloudFormation makes.
    ResourceType { kind: "AWS::SQS::QueuePolicy", attributes: &["Id"], identify: |it| {
        let name = it.name("", 255);
        (name.clone(), vec![name])
    } },
    // Ref is the name.
    ResourceType { kind: "AWS::CloudWatch::Alarm", attributes: &["Arn"], identify: |it| {
        let name = it.name("AlarmName", 255);
        (name.clone(), vec![it.arn("cloudwatch", &format!("alarm:{name}"))])
    } },
    // Ref is the id.
    ResourceType { kind: "AWS::CloudFormation::StackSet", attributes: &["StackSetId"], identify: |it| {
        let id = format!("{}:{}", it.name("StackSetName", 128), it.uuid());
        (id.clone(), vec![id])
    } },
    // Ref is the name, which has no capital letters.
    ResourceType { kind: "AWS::S3::Bucket", attributes: &["Arn", "DomainName", "RegionalDomainName"], identify: |it| {
        let name = it.property("BucketName").unwrap_or_else(|| it.name("", 63).to_lowercase());
        let (region, suffix) = (&it.input.region, it.input.url_suffix());
        let (domain, regional) = (format!("{name}.s3.{suffix}"), format!("{name}.s3.{region}.{suffix}"));
        (name.clone(), vec![format!("arn:{}:s3:::{name}", it.input.partition), domain, regional])
    } },
    // Ref is the id.
    ResourceType { kind: "AWS::EC2::SecurityGroup", attributes: &["GroupId"], identify: |it| {
        let id = format!("sg-0{}", it.hexadecimal(16));
        (id.clone(), vec![id])
    } },
    // Ref is the name, after that of the event bus when the rule is not on the default one.
    ResourceType { kind: "AWS::Events::Rule", attributes: &["Arn"], identify: |it| {
        let name = it.name("Name", 64);
        match it.property("EventBusName").filter(|bus| bus != "default") {
            Some(bus) => (format!("{bus}|{name}"), vec![it.arn("events", &format!("rule/{bus}/{name}"))]),
            None => (name.clone(), vec![it.arn("events", &format!("rule/{name}"))]),
        }
    } },
];

fn find(kind: &str) -> Option<&'static ResourceType> {
    TYPES.iter().find(|known| known.kind == kind)
}

/// Returns whether a resource type is known.
pub(super) fn is_known(kind: &str) -> bool {
    find(kind).is_some()
}

/// Returns what `Fn::GetAtt` knows of a type.
pub(super) fn attributes(kind: &str) -> &'static [&'static str] {
    find(kind).map_or(&[], |known| known.attributes)
}

/// Returns what `Ref` and `Fn::GetAtt` of a resource give.
pub(super) fn identify(kind: &str, it: &Identified<'_>) -> (String, BTreeMap<String, String>) {
    let known = find(kind).expect("a template with other types was refused");
    let (id, values) = (known.identify)(it);
    (id, known.attributes.iter().map(|&name| name.to_owned()).zip(values).collect())
}

/// Returns the value of `AWS::StackId`.
pub(super) fn stack_id(input: &StackInput) -> String {
    let it = Identified { input, logical_id: "", properties: &Value::Null };
    it.arn("cloudformation", &format!("stack/{}/{}", input.stack_name, it.uuid()))
}

impl Identified<'_> {
    fn property(&self, name: &str) -> Option<String> {
        self.properties.get(name).and_then(text)
    }

    /// Returns the name that a property gives, or one that CloudFormation makes of the stack's, the logical one and an ending of
    /// its own. When that is longer than names are, the first two are cut to what fits.
    fn name(&self, property: &str, most: usize) -> String {
        if let Some(name) = self.property(property) {
            return name;
        }
        let ending = self.letters(12);
        let room = most - ending.len() - 2;
        let (mut stack, mut logical_id) = (self.input.stack_name.as_str(), self.logical_id);
        if stack.len() + logical_id.len() > room {
            stack = &stack[..stack.len().min(room / 2)];
            logical_id = &logical_id[..logical_id.len().min(room / 2)];
        }
        format!("{stack}-{logical_id}-{ending}")
    }

    /// Returns the name of a queue or topic; those that keep the order have an ending that says so.
    fn queue_name(&self, property: &str, ordered: &str, most: usize) -> String {
        let ending = ".fifo";
        let is_ordered = self.properties.get(ordered).is_some_and(|ordered| *ordered == true || *ordered == "true");
        match self.property(property) {
            None if is_ordered => format!("{}{ending}", self.name("", most - ending.len())),
            _ => self.name(property, most),
        }
    }

    fn path(&self) -> String {
        self.property("Path").unwrap_or("/".to_owned())
    }

    fn arn(&self, service: &str, resource: &str) -> String {
        let StackInput { partition, region, account, .. } = self.input;
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }

    fn global_arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}::{}:{resource}", self.input.partition, self.input.account)
    }

    fn digest(&self) -> Vec<u8> {
        let StackInput { partition, region, account, stack_name, .. } = self.input;
        Sha256::digest(format!("{partition} {region} {account} {stack_name} {}", self.logical_id)).to_vec()
    }

    fn letters(&self, length: usize) -> String {
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
        self.digest().iter().take(length).map(|&byte| char::from(letters[usize::from(byte) % letters.len()])).collect()
    }

    fn hexadecimal(&self, length: usize) -> String {
        let digits: String = self.digest().iter().map(|byte| format!("{byte:02x}")).collect();
        digits[..length].to_owned()
    }

    fn uuid(&self) -> String {
        let digits = self.hexadecimal(32);
        [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
    }
}
