//! Under the roles of the template, in each of the ways in which its stack can be created, a run reaches what it should and no more.

use fargate_updater::exit;
use serde_json::Value;
use simulator::scenario::ROOT;
use simulator::scenario::stack::Stack;
use simulator::{Account, Org, Program, World};

use crate::support::{ACCOUNT, HOME, expect_defender, expect_exit, expect_told, lines_about, one_container, updater};

const MANAGEMENT: &str = "123456789012";
const DELEGATE: &str = "222233334444";
const UNIT: &str = "ou-ab12-11111111";

/// Services in the management account, in a delegated administrator's and in a third one.
fn org() -> Org {
    let service = |place: &'static str| move |account: Account| account.service(place, one_container("app"));
    Org::new().management(service("web/top")).account(DELEGATE, service("web/security")).account(ACCOUNT, service("web/shop"))
}

/// The task of the stack as ECS starts it: with its variables and its command.
fn as_the_task(world: &World, stack: impl FnOnce(Stack) -> Stack, org: Org) -> Program {
    let org = org.stack(|it| stack(it).parameter("ImageUri", "registry.example.test/updater:1"));
    let installation = simulator::installation::Installation::new(&org).unwrap_or_else(|problem| panic!("{problem}"));
    let container = &installation.resources["UpdaterTaskDefinition"].properties["ContainerDefinitions"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let variables = container["Environment"].as_array().into_iter().flatten();
    let program = variables.fold(updater(world), |program, it| program.env(text(&it["Name"]), text(&it["Value"])));
    program.args(container["Command"].as_array().into_iter().flatten().map(text))
}

#[tokio::test]
async fn from_a_delegated_administrator_every_account_with_a_role_is_reached() {
    let world = org().stack(|stack| stack.in_account(DELEGATE)).start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::NOT_ALL);
    expect_defender(&world, ACCOUNT, HOME, "web/shop");
    expect_defender(&world, DELEGATE, HOME, "web/security");
    let refused = format!("account {MANAGEMENT}: could not assume the role FargateDeployMember");
    assert!(run.stdout.contains(&refused), "a StackSet does not reach the management account: {}", run.stdout);

    // It may be left out, or have a stack of its own.
    let left_out = updater(&world).env("EXCLUDE_ACCOUNTS", MANAGEMENT).run().await;
    expect_exit(&left_out, exit::DONE);
    let world = org().stack(|stack| stack.in_account(DELEGATE).alone_in(MANAGEMENT)).start().await;
    expect_exit(&updater(&world).run().await, exit::DONE);
    expect_defender(&world, MANAGEMENT, HOME, "web/top");
}

#[tokio::test]
async fn the_task_of_the_stack_walks_what_the_stack_gave_a_role() {
    let units = || org().unit(UNIT, ROOT, &[ACCOUNT]);
    let in_unit = |stack: Stack| stack.parameter("OrganizationalUnitIds", UNIT);
    let world = units().stack(in_unit).start().await;
    let run = as_the_task(&world, in_unit, units()).run().await;
    expect_exit(&run, exit::DONE);
    expect_defender(&world, ACCOUNT, HOME, "web/shop");
    assert!(lines_about(&run, "web/security").is_empty(), "{}", run.stdout);

    // Told nothing of units, a run meets accounts that have no role, and says so.
    let everywhere = updater(&world).run().await;
    expect_exit(&everywhere, exit::NOT_ALL);
    assert!(everywhere.stdout.contains(&format!("account {DELEGATE}: could not assume the role")), "{}", everywhere.stdout);
}

#[tokio::test]
async fn settings_of_the_stack_reach_the_task_and_win() {
    let edit = |stack: Stack| stack.parameter("Settings", "--accounts=111122223333 --dry-run=true");
    let world = org().stack(edit).start().await;
    let run = as_the_task(&world, edit, org()).run().await;
    expect_exit(&run, exit::DONE);
    expect_told(&run, "web/shop", "planned", "app:1 would be replaced");
    assert!(lines_about(&run, "web/top").is_empty(), "{}", run.stdout);
    assert_eq!(world.calls().writes(), 0);
}

#[tokio::test]
async fn a_single_account_is_protected_and_nothing_else_is_asked_about() {
    let single = |stack: Stack| stack.parameter("DeploymentMode", "Single Account");
    let world = org().stack(single).start().await;
    let run = as_the_task(&world, single, org()).run().await;
    expect_exit(&run, exit::DONE);
    expect_defender(&world, MANAGEMENT, HOME, "web/top");
    assert_eq!(world.calls().of("ListAccounts"), 0);

    let organization = updater(&world).run().await;
    expect_exit(&organization, exit::COULD_NOT_START);
    assert!(organization.stderr.contains("organizations:ListAccounts"), "{}", organization.stderr);
}

#[tokio::test]
async fn an_external_id_opens_the_roles_that_ask_for_one() {
    let world = org().stack(|stack| stack.parameter("ExternalId", "two-hands")).start().await;
    for wrong in [None, Some("one-hand")] {
        let program = wrong.map_or_else(|| updater(&world), |id| updater(&world).env("EXTERNAL_ID", id));
        let run = program.run().await;
        expect_exit(&run, exit::NOT_ALL);
        assert!(run.stdout.contains("or the role may ask for an EXTERNAL_ID"), "{}", run.stdout);
        assert_eq!(world.registered().len(), 0);
    }
    let run = as_the_task(&world, |stack| stack.parameter("ExternalId", "two-hands"), org()).run().await;
    expect_exit(&run, exit::DONE);
    for (account, service) in [(MANAGEMENT, "web/top"), (DELEGATE, "web/security"), (ACCOUNT, "web/shop")] {
        expect_defender(&world, account, HOME, service);
    }
    // A dry run assumes the same roles.
    expect_exit(&updater(&world).args(["--external-id=two-hands", "--dry-run"]).run().await, exit::DONE);
}
