//! The files of the deployment kit: what they promise to whoever has deployed an earlier version, and that they say the same.

use std::collections::{BTreeMap, BTreeSet};

use fargate_updater::cli::command;
use fargate_updater::exit;
use serde_json::{Value, json};
use simulator::Org;
use simulator::cloudformation::Template;
use simulator::installation::{Installation, STACK_NAME, template};
use simulator::scenario::stack::Stack;

use crate::{read, readme_chapter};

/// The characters that a managed policy may have, blanks not counted.
/// Source: IAM User Guide, "IAM and AWS STS quotas" (read 2026-11).
const MANAGED_POLICY: usize = 6144;

fn installed(edit: impl FnOnce(Stack) -> Stack) -> Installation {
    Installation::new(&Org::new().stack(edit)).unwrap_or_else(|problem| panic!("the stack cannot be created: {problem}"))
}

fn with_task(stack: Stack) -> Stack {
    stack.parameter("ImageUri", "registry.example.test/updater:1").parameter("PrismaCloudSecret", "console")
}

#[test]
fn the_public_contract_of_the_template_is_kept() {
    let template = template().expect("the template can be read");
    let defaults: BTreeMap<&str, Option<&str>> =
        template.parameters().map(|(name, parameter)| (name, parameter.default.as_deref())).collect();
    for (name, default) in [
        ("MasterRoleName", "FargateDeployMaster"),
        ("MemberRoleName", "FargateDeployMember"),
        ("PrismaCloudSecret", "fargate-updater/console"),
        ("FargateDeploy", "true"),
        ("LogGroupName", "/ecs/fargate-updater"),
        ("DeploymentMode", "Organization"),
        ("OrganizationalUnitIds", ""),
        ("ReportBucket", ""),
    ] {
        assert_eq!(defaults.get(name), Some(&Some(default)), "{name}");
    }
    assert!(defaults.values().all(Option::is_some), "a stack that is there is updated without naming anything new: {defaults:?}");
    let mode = template.parameters().find(|(name, _)| *name == "DeploymentMode").and_then(|(_, it)| it.allowed_values.clone());
    assert_eq!(mode, Some(vec!["Organization".to_owned(), "Single Account".to_owned()]));

    let plain = installed(|stack| stack);
    let kinds: BTreeMap<&str, &str> = plain.resources.iter().map(|(name, it)| (name.as_str(), it.kind.as_str())).collect();
    let expected = [
        ("FargateUpdaterLogGroup", "AWS::Logs::LogGroup"),
        ("FargateUpdaterMasterPolicy", "AWS::IAM::ManagedPolicy"),
        ("FargateUpdaterMemberPolicy", "AWS::IAM::ManagedPolicy"),
        ("MasterRole", "AWS::IAM::Role"),
        ("MemberRole", "AWS::IAM::Role"),
        ("MemberRolesStackSet", "AWS::CloudFormation::StackSet"),
    ];
    assert_eq!(kinds, BTreeMap::from(expected), "nothing but roles, unless there is an image");
    assert_eq!(plain.outputs["MasterRoleArn"], "arn:aws:iam::123456789012:role/FargateDeployMaster");
    assert_eq!(plain.resources["FargateUpdaterLogGroup"].properties["RetentionInDays"], 7);
    // A resource that is there is changed in place only as long as these stay: its type, and what can be said only when it is made.
    for policy in ["FargateUpdaterMasterPolicy", "FargateUpdaterMemberPolicy"] {
        let properties = plain.resources[policy].properties.as_object().expect("properties");
        assert_eq!(properties["ManagedPolicyName"], policy);
        let size = properties["PolicyDocument"].to_string().chars().filter(|character| !character.is_whitespace()).count();
        assert!(size <= MANAGED_POLICY, "{policy} has {size} characters");
        assert!(
            properties.keys().all(|key| ["ManagedPolicyName", "PolicyDocument"].contains(&key.as_str())),
            "{policy}: {properties:?}"
        );
    }
    let set = &plain.resources["MemberRolesStackSet"].properties;
    assert_eq!(set["StackSetName"], STACK_NAME, "another StackSet would find the roles of the first in its way");
    assert_eq!((&set["PermissionModel"], &set["AutoDeployment"]["Enabled"]), (&json!("SERVICE_MANAGED"), &json!(true)));
}

#[test]
fn the_stack_sets_template_has_the_same_member_role() {
    let outer = template().expect("the template can be read").value();
    let body =
        outer["Resources"]["MemberRolesStackSet"]["Properties"]["TemplateBody"].as_str().expect("a template in the template");
    let embedded = Template::parse(body).unwrap_or_else(|problem| panic!("the StackSet's template: {problem}"));
    let inner = embedded.value();
    let names: Vec<&String> = inner["Resources"].as_object().expect("resources").keys().collect();
    assert_eq!(names, ["MemberRole", "FargateUpdaterMemberPolicy"]);
    for name in names {
        assert_eq!(inner["Resources"][name], outer["Resources"][name], "{name} differs in TemplateBody");
    }
    for (name, condition) in inner["Conditions"].as_object().expect("conditions") {
        assert_eq!(condition, &outer["Conditions"][name], "the condition {name} differs in TemplateBody");
    }
    // Whatever can be said there is said by the stack.
    let given: BTreeSet<&str> = outer["Resources"]["MemberRolesStackSet"]["Properties"]["Parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|parameter| parameter["ParameterKey"].as_str())
        .collect();
    let known: BTreeSet<&str> = embedded.parameters().map(|(name, _)| name).filter(|name| *name != "DeploymentMode").collect();
    assert_eq!(given, known);
}

/// Puts the members of objects into one order.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<&String, Value> = fields.iter().map(|(key, field)| (key, sorted(field))).collect();
            Value::Object(fields.into_iter().map(|(key, field)| (key.clone(), field)).collect())
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

#[test]
fn the_stacks_task_is_that_of_the_task_template() {
    let installation = installed(with_task);
    let [of_the_stack] = &mut installation.task_definitions()[..] else { panic!("the stack has one task definition") };
    let role = installation.outputs["MasterRoleArn"].as_str().expect("an ARN");
    let of_the_file = filled(&BTreeMap::from([
        ("IMAGE_NAME".to_owned(), "registry.example.test/updater:1".to_owned()),
        ("PCC_SECRET".to_owned(), "console".to_owned()),
        ("AWS_REGION".to_owned(), "us-east-1".to_owned()),
        ("TASK_EXECUTION_ROLE".to_owned(), role.to_owned()),
    ]));
    // By hand, everything but the secret and the Region is a default; the stack says what its parameters say.
    let of_the_stack_alone = ["ROLE_NAME", "EXTERNAL_ID", "DEPLOYMENT_MODE", "ORGANIZATIONAL_UNITS"];
    let variables = of_the_stack["containerDefinitions"][0]["environment"].as_array_mut().expect("variables");
    let names: Vec<String> = variables.iter().map(|variable| variable["name"].to_string()).collect();
    assert!(of_the_stack_alone.iter().all(|name| names.contains(&format!("\"{name}\""))), "{names:?}");
    variables.retain(|variable| !of_the_stack_alone.iter().any(|name| variable["name"] == *name));
    assert_eq!(sorted(of_the_stack), sorted(&of_the_file), "left: the stack's; right: fargateTaskTemplate.json's");
    assert_eq!(of_the_stack["family"], STACK_NAME);
}

#[test]
fn what_the_stack_tells_the_updater_are_settings() {
    let command = command();
    let settings: BTreeSet<String> =
        command.get_arguments().filter_map(|argument| Some(argument.get_env()?.to_string_lossy().into_owned())).collect();
    let installation = installed(|stack| with_task(stack).parameter("Settings", "--network=check --canary=5"));
    let container = &installation.resources["UpdaterTaskDefinition"].properties["ContainerDefinitions"][0];
    let variables: BTreeMap<&str, &str> = container["Environment"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|variable| Some((variable["Name"].as_str()?, variable["Value"].as_str()?)))
        .collect();
    for name in variables.keys().filter(|name| **name != "AWS_REGION") {
        assert!(settings.contains(*name), "{name} is no setting");
    }
    let units = "r-ab12";
    assert_eq!((variables["ORGANIZATIONAL_UNITS"], variables["DEPLOYMENT_MODE"]), (units, "ORG"), "what has a role is walked");
    assert_eq!(container["Command"], json!(["--network=check", "--canary=5"]));
    let single = installed(|stack| with_task(stack).parameter("DeploymentMode", "Single Account"));
    let container = &single.resources["UpdaterTaskDefinition"].properties["ContainerDefinitions"][0];
    assert!(
        container["Environment"]
            .as_array()
            .is_some_and(|variables| variables.contains(&json!({"Name": "DEPLOYMENT_MODE", "Value": "SINGLE"})))
    );
    assert!(container.get("Command").is_none());
}

#[test]
fn somebody_hears_of_failed_runs() {
    let stack = |stack: Stack| {
        let stack = with_task(stack).parameter("NotificationEmail", "security@example.com");
        stack.parameter("ScheduleExpression", "rate(6 hours)").parameter("SubnetIds", "subnet-0123456789abcdef0")
    };
    let installation = installed(stack);
    let resources = &installation.resources;
    // What is counted is a field of the lines that README describes; `machine_output` holds README to real runs.
    assert_eq!(resources["FailedRunsFilter"].properties["FilterPattern"], "{ $.exit_code > 0 }");
    let output = readme_chapter("Output for machines");
    for message in ["run ended", "run could not start", "settings cannot be used", "reports are missing", "run broke off"] {
        let row = output.lines().find(|line| line.starts_with(&format!("| {message}"))).unwrap_or_default();
        assert!(row.contains("`exit_code`"), "README.md does not say that the line {message:?} has an exit_code");
    }
    // Who is killed, or never starts, writes no line; whoever ends with a code of ours does.
    let silent = &resources["SilentFailures"].properties;
    let ours: Vec<u8> = vec![exit::DONE, exit::BUG, exit::BAD_SETTINGS, exit::NOT_ALL, exit::COULD_NOT_START];
    let stopped = &silent["EventPattern"]["detail"];
    assert_eq!(
        stopped["$or"],
        json!([{"stopCode": ["TaskFailedToStart"]}, {"containers": {"exitCode": [{"anything-but": ours}]}}])
    );
    assert_eq!(silent["Targets"][0]["Arn"].as_str(), Some(resources["NotificationTopic"].id.as_str()));
    let metric = &resources["FailedRunsFilter"].properties["MetricTransformations"][0];
    let alarm = &resources["FailedRunsAlarm"].properties;
    assert_eq!((&metric["MetricName"], &metric["MetricNamespace"]), (&alarm["MetricName"], &alarm["Namespace"]));
    let queue = &resources["NotStartedAlarm"].properties["Dimensions"][0]["Value"];
    assert_eq!(queue.as_str(), resources["NotStartedQueue"].attributes.get("QueueName").map(String::as_str));
    let topic = &resources["NotificationTopic"];
    assert_eq!(topic.properties["Subscription"][0]["Endpoint"], "security@example.com");
    for alarm in ["FailedRunsAlarm", "NotStartedAlarm"] {
        assert_eq!(resources[alarm].properties["AlarmActions"], json!([topic.id]), "{alarm}");
    }
    let schedule = &resources["UpdaterSchedule"].properties["Target"];
    assert_eq!(
        schedule["DeadLetterConfig"]["Arn"].as_str(),
        resources["NotStartedQueue"].attributes.get("Arn").map(String::as_str)
    );
    let task_definition = schedule["EcsParameters"]["TaskDefinitionArn"].as_str().unwrap_or_default();
    assert!(resources["UpdaterTaskDefinition"].id.starts_with(&format!("{task_definition}:")), "{task_definition}");
}

/// Splits a command as a shell does, as far as README needs it: quotes, and a backslash at the end of a line.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for character in command.replace("\\\n", " ").chars() {
        match (character, quote) {
            ('\'' | '"', None) => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (_, Some(open)) if character == open => quote = None,
            (' ', None) => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

/// Returns the parameters of every `aws cloudformation deploy` of README's chapter, in their order.
fn deployments() -> Vec<BTreeMap<String, String>> {
    let chapter = readme_chapter("Set it up").replace("\\\n", " ");
    let commands = chapter.lines().filter(|line| line.starts_with("aws cloudformation deploy "));
    let parameters = commands.map(|command| {
        let words = words(command);
        let from = words.iter().position(|word| word == "--parameter-overrides").expect("parameters") + 1;
        let given = words[from..].iter().map_while(|word| word.split_once('=').filter(|_| !word.starts_with("--")));
        given.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    });
    parameters.collect()
}

#[test]
fn readmes_deployments_create_stacks() {
    let deployments = deployments();
    assert_eq!(deployments.len(), 5, "README's commands are read wrongly: {deployments:#?}");
    // What is not named stays as it was, as `aws cloudformation deploy` does it.
    let mut parameters = BTreeMap::new();
    for deployment in deployments {
        parameters.extend(deployment);
        let unit = parameters["OrganizationalUnitIds"].clone();
        let org = Org::new().unit(&unit, simulator::scenario::ROOT, &[]);
        let edited = parameters.iter().fold(Stack::default(), |stack, (name, value)| stack.parameter(name, value));
        let created = Installation::new(&org.stack(|_| edited));
        let installation = created.unwrap_or_else(|problem| panic!("with {parameters:#?}: {problem}"));
        let scheduled = installation.resources.contains_key("UpdaterSchedule");
        assert_eq!(scheduled, parameters.get("ScheduleExpression").is_some_and(|when| !when.is_empty()));
        assert_eq!(if scheduled { installation.start_by_schedule() } else { installation.start_by_hand() }, Ok(()));
    }
}

/// Fills the task template in, as `envsubst` does.
fn filled(variables: &BTreeMap<String, String>) -> Value {
    let template = read("fargateTaskTemplate.json");
    let filled = variables.iter().fold(template, |text, (name, value)| {
        assert!(text.contains(&format!("${{{name}}}")), "fargateTaskTemplate.json has no place for {name}");
        text.replace(&format!("${{{name}}}"), value)
    });
    assert!(!filled.contains("${"), "a place is left:\n{filled}");
    serde_json::from_str(&filled).expect("what is filled in leaves JSON")
}

/// That it is registered and runs is in the simulator's own tests and in `tests/wire/follow_readme.py`.
#[test]
fn readme_fills_every_place_of_the_task_template() {
    let chapter = readme_chapter("Set it up");
    let exported = chapter.lines().filter_map(|line| line.strip_prefix("export ")).flat_map(words);
    let variables = exported.filter_map(|word| word.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())));
    let of_the_template = ["IMAGE_NAME", "PCC_SECRET", "AWS_REGION", "TASK_EXECUTION_ROLE"];
    let definition = filled(&variables.filter(|(name, _)| of_the_template.contains(&name.as_str())).collect());
    assert_eq!(definition["executionRoleArn"], "arn:aws:iam::123456789012:role/FargateDeployMaster");
}
