//! A run over a protected organization changes nothing and asks the Console for nothing but its sample.

use fargate_updater::exit;
use simulator::{Account, Org, Service};

use crate::support::{ACCOUNT, HOME, expect_defender, expect_exit, expect_told, updater};

/// The image that `no_entry_point.json` runs.
const WORKER: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com/worker:1.0";

/// Two Regions, shared definitions, a looked-up entry point, an owner's deployment, and services that are left alone.
fn mixed(account: Account) -> Account {
    account
        .service("web/shop", "httpd.json")
        .service("web/shop-canary", "httpd.json")
        .service("web/worker", "no_entry_point.json")
        .service("web/import", "unknown_fields.json")
        .service_with("web/gateway", "port_mappings.json", Service::deploying)
        .service_with("web/release", "httpd.json", |service| service.deployment_controller("CODE_DEPLOY"))
        .service("web/desktop", "windows.json")
        .region("eu-west-1", |region| region.service("web/shop", "httpd.json").service("web/ledger", "two_containers.json"))
}

#[tokio::test]
async fn a_second_run_writes_nothing_and_asks_the_console_for_its_sample_only() {
    let world = Org::new()
        .console(|console| console.image(WORKER, &["/entrypoint.sh"], &["serve"]))
        .account(ACCOUNT, mixed)
        .start()
        .await;
    let first = updater(&world).env("WAAS_PORT", "9000").run().await;
    expect_exit(&first, exit::DONE);
    assert_eq!(world.registered().len(), 6, "one for each definition in each Region");

    for again in ["the second run", "the third run"] {
        let (embeds, services) = (world.console().embeds().len(), world.services());
        world.gate().forget_calls();
        let run = updater(&world).env("WAAS_PORT", "9000").run().await;
        expect_exit(&run, exit::DONE);
        assert_eq!(world.calls().writes(), 0, "{again}");
        assert_eq!(world.console().embeds().len(), embeds + 1, "{again}");
        let revisions = |services: Vec<simulator::world::ServiceView>| -> Vec<String> {
            services.iter().map(|service| service.task_definition_arn().to_owned()).collect()
        };
        assert_eq!(revisions(world.services()), revisions(services), "{again}");
        assert!(run.stdout.contains("9 services seen, 2 accounts in scope: 7 up to date, 2 skipped"), "{again}: {}", run.stdout);
    }
}

#[tokio::test]
async fn what_failed_fails_again_and_what_is_done_stays_quiet() {
    let world = Org::new()
        .account(ACCOUNT, |account| account.service("web/shop", "httpd.json").service("web/report", "command_only.json"))
        .account("444455556666", Account::without_member_role)
        .start()
        .await;
    for done in ["protected", "up to date"] {
        world.gate().forget_calls();
        let run = updater(&world).run().await;
        expect_exit(&run, exit::NOT_ALL);
        expect_told(&run, "web/shop", done, "httpd:2");
        expect_told(&run, "web/report", "failed", "could not find the entry point of container report");
        assert_eq!(world.calls().writes(), if done == "protected" { 3 } else { 0 });
    }
}

#[tokio::test]
async fn only_what_an_owner_has_deployed_since_is_protected_again() {
    let world = Org::new()
        .account(ACCOUNT, |account| account.service("web/shop", "httpd.json").service("web/orders", "orders.json"))
        .start()
        .await;
    expect_exit(&updater(&world).run().await, exit::DONE);
    world.deploy(ACCOUNT, HOME, "web/shop", "two_containers.json");

    world.gate().forget_calls();
    let run = updater(&world).run().await;
    expect_exit(&run, exit::DONE);
    expect_told(&run, "web/shop", "protected", "two-containers:1 -> two-containers:2");
    expect_told(&run, "web/orders", "up to date", "orders:2");
    assert_eq!(world.calls().writes(), 3, "one registration, one update and one tag");
    expect_defender(&world, ACCOUNT, HOME, "web/shop");
}
