//! How the task of the stack is started, with the roles that AWS's services use for it.

use super::Installation;
use crate::iam::{Context, Principal, Request, Role, Verdict};

/// Somebody who may not do what is needed to start the task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The service of AWS that acts.
    pub service: &'static str,
    /// What it is refused, such as `ecs:RunTask`.
    pub action: String,
}

/// What ECS asks of a registry before it has an image.
/// Source: Amazon ECR User Guide, "Using Amazon ECR images with Amazon ECS", required IAM permissions (from memory).
const PULL: [&str; 3] = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];

const ECS: &str = "ecs-tasks.amazonaws.com";
const SCHEDULER: &str = "scheduler.amazonaws.com";

impl Installation {
    /// Does what EventBridge Scheduler does when the time has come, and then what ECS does until the program runs.
    ///
    /// # Errors
    ///
    /// When one of them may not do its part; a stack without a schedule has nobody who could.
    /// Source: EventBridge Scheduler User Guide, "Setting up EventBridge Scheduler", execution role (read 2026-11).
    pub fn start_by_schedule(&self) -> Result<(), Refused> {
        let refused = |action: &str| Refused { service: SCHEDULER, action: action.to_owned() };
        let schedule = self.resources.get("UpdaterSchedule").ok_or(refused("no schedule"))?;
        let target = &schedule.properties["Target"];
        let role = self.role_by_arn(target["RoleArn"].as_str().unwrap_or_default()).ok_or(refused("no role"))?;
        let own = Context::default().with("aws:SourceAccount", self.account.as_str());
        if !role.trusts(&Principal::Service(SCHEDULER.to_owned()), &own) {
            return Err(refused("sts:AssumeRole"));
        }
        let may = |action: &str, resource: &str, context: Context| may(role, SCHEDULER, action, resource, &context);
        let cluster = Context::default().with("ecs:cluster", target["Arn"].as_str().unwrap_or_default());
        may("ecs:RunTask", target["EcsParameters"]["TaskDefinitionArn"].as_str().unwrap_or_default(), cluster)?;
        for named in ["TaskRoleArn", "ExecutionRoleArn"] {
            may("iam:PassRole", self.of_the_task(named).unwrap_or_default(), to_tasks())?;
        }
        if let Some(queue) = target["DeadLetterConfig"]["Arn"].as_str() {
            may("sqs:SendMessage", queue, Context::default())?;
        }
        self.start_by_hand()
    }

    /// Does what ECS does between `RunTask` and the program's first line: it takes on the task's two roles, pulls the image and opens
    /// the log.
    ///
    /// # Errors
    ///
    /// When one of the roles does not let it.
    /// Source: Amazon ECS Developer Guide, "Amazon ECS task execution IAM role" (read 2026-11).
    pub fn start_by_hand(&self) -> Result<(), Refused> {
        let refused = |action: &str| Refused { service: ECS, action: action.to_owned() };
        let own = Context::default().with("aws:SourceAccount", self.account.as_str());
        for named in ["TaskRoleArn", "ExecutionRoleArn"] {
            let role = self.of_the_task(named).and_then(|arn| self.role_by_arn(arn)).ok_or(refused(named))?;
            if !role.trusts(&Principal::Service(ECS.to_owned()), &own) {
                return Err(refused("sts:AssumeRole"));
            }
        }
        let role = self.of_the_task("ExecutionRoleArn").and_then(|arn| self.role_by_arn(arn)).ok_or(refused("no role"))?;
        let may = |action: &str, resource: &str| may(role, ECS, action, resource, &Context::default());
        let container =
            &self.resources.get("UpdaterTaskDefinition").ok_or(refused("no task"))?.properties["ContainerDefinitions"][0];
        if let Some(repository) = self.repository(container["Image"].as_str().unwrap_or_default()) {
            may("ecr:GetAuthorizationToken", "*")?;
            PULL.iter().try_for_each(|action| may(action, &repository))?;
        }
        let group = container["LogConfiguration"]["Options"]["awslogs-group"].as_str().unwrap_or_default();
        let stream = format!(
            "arn:{}:logs:{}:{}:log-group:{group}:log-stream:fargate-updater/1",
            self.partition, self.region, self.account
        );
        may("logs:CreateLogStream", &stream)?;
        may("logs:PutLogEvents", &stream)
    }

    fn of_the_task(&self, property: &str) -> Option<&str> {
        self.resources.get("UpdaterTaskDefinition")?.properties[property].as_str()
    }

    fn role_by_arn(&self, arn: &str) -> Option<&Role> {
        self.roles.values().find(|role| role.arn == arn).map(|role| &**role)
    }

    /// Returns the ARN of an image's repository in ECR; images elsewhere have none.
    fn repository(&self, image: &str) -> Option<String> {
        let (host, name) = image.split_once('/')?;
        let registry = crate::aws::EcrRegistry::parse(host)?;
        let name = name.split(['@', ':']).next().unwrap_or_default();
        Some(format!("arn:{}:ecr:{}:{}:repository/{name}", self.partition, registry.region, registry.account))
    }
}

fn may(role: &Role, service: &'static str, action: &str, resource: &str, context: &Context) -> Result<(), Refused> {
    match role.judge(Request { action, resource, context }) {
        Verdict::Allowed => Ok(()),
        Verdict::NotAllowed | Verdict::Denied => Err(Refused { service, action: action.to_owned() }),
    }
}

fn to_tasks() -> Context {
    Context::default().with("iam:PassedToService", ECS)
}
