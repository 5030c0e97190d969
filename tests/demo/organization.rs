//! The demo's organization: small, and with a case of everything.

use serde_json::{Value, json};
use simulator::scenario::network::{APP_GROUP, PRIVATE_SUBNET};
use simulator::{Account, Org, Service};

/// An image whose program does not run behind a Defender.
const LEGACY: &str = "222233334444.dkr.ecr.us-east-1.amazonaws.com/legacy:7";

/// Returns six accounts in two Regions: services to protect, one of them behind a closed security group, some that are left alone,
/// some that fail, one of them because its subnet leads nowhere and one whose roll-out fails and is taken back, one with a task whose
/// Defender does not connect, an account that refuses us, a suspended one.
pub(crate) fn example() -> Org {
    Org::new()
        .image("111122223333.dkr.ecr.us-east-1.amazonaws.com/worker:1.0", &["/entrypoint.sh"], &["serve"])
        .image_fails_behind_defender(LEGACY, 139)
        .console(|console| console.never_connects("web/import", 1))
        .account("111122223333", web_shop)
        .account("222233334444", payments)
        .account("333344445555", machines)
        .account("444455556666", Account::without_member_role)
        .account("555566667777", |account| account.state("SUSPENDED"))
}

fn web_shop(account: Account) -> Account {
    account
        .name("web-shop")
        .service("web/checkout", "httpd.json")
        .service("web/checkout-canary", "httpd.json")
        .service_with("web/search", "orders.json", |service| service.desired_count(2))
        .service_with("web/import", "unknown_fields.json", |service| {
            service.capacity_provider("FARGATE", None).capacity_provider("FARGATE_SPOT", Some(4)).desired_count(3)
        })
        .region("eu-west-1", |region| region.service("web/checkout", "httpd.json").service("web/assets", "no_entry_point.json"))
        .denied_region("ap-southeast-1")
}

fn payments(account: Account) -> Account {
    account
        .name("payments")
        .network(|vpc| {
            let vpc = vpc.group("sg-ledger", |group| group.without_egress().egress("tcp", 5432, 5432, "10.0.0.0/16"));
            let vpc = vpc.routes("rtb-isolated", |table| table);
            vpc.subnet("subnet-isolated", |subnet| subnet.cidr("10.0.32.0/24").routes("rtb-isolated"))
        })
        .service_with("pay/ledger", "two_containers.json", |service| service.network(&[PRIVATE_SUBNET], &["sg-ledger"]))
        .service_with("pay/vault", "httpd.json", |service| service.network(&["subnet-isolated"], &[APP_GROUP]))
        .service_with("pay/gateway", "port_mappings.json", Service::deploying)
        .service("pay/batch", "command_only.json")
        .service("pay/legacy", legacy())
        .service_with("pay/archive", "orders.json", |service| service.tag("fargate-updater:skip", "owner asked"))
}

fn legacy() -> Value {
    json!({
        "family": "legacy",
        "executionRoleArn": "arn:aws:iam::222233334444:role/ecsTaskExecutionRole",
        "networkMode": "awsvpc",
        "containerDefinitions": [{ "name": "legacy", "image": LEGACY, "entryPoint": ["/legacy"] }],
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "1024",
    })
}

fn machines(account: Account) -> Account {
    account
        .name("machines")
        .service_with("big/render", "httpd.json", |service| service.launch_type("EC2"))
        .service_with("big/release", "httpd.json", |service| service.deployment_controller("CODE_DEPLOY"))
        .service("big/desktop", "windows.json")
        .service("big/graviton", "arm64.json")
        .service("big/agents", "other_agent.json")
        .region("eu-west-1", |region| region.cluster("empty"))
}
