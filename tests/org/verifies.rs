//! Once roll-outs are over, the Console says how many of the tasks show a connected Defender. What nobody can tell stays unknown, and none
//! of it makes a run fail.

use std::time::Duration;

use fargate_updater::exit;
use simulator::console::{Defender, faults};
use simulator::{Account, Console, FaultRule, Finished, Org, Program, World};

use crate::support::{ACCOUNT, HOME, expect_exit, lines_about, updater};

const LIST: &str = "GET defenders";

/// Longer than anything here takes; it only ever ends a test that hangs.
const WATCHDOG: Duration = Duration::from_secs(120);

/// A run that verifies, and waits for no task to grow old.
fn verifier(world: &World) -> Program {
    patient(world, 0, 4)
}

/// A run that expects a Defender of tasks from an age on, and waits so long for that, both in milliseconds.
fn patient(world: &World, age: u32, longest_wait: u32) -> Program {
    let program = updater(world).env("VERIFY", "true");
    program.arg(format!("--connects-after-ms={age}")).arg(format!("--verify-wait-ms={longest_wait}"))
}

const HOUR: u32 = 3_600_000;

/// A service of three tasks.
fn shop(account: Account) -> Account {
    account.service_with("web/shop", "httpd.json", |service| service.desired_count(3))
}

async fn with_console(console: impl FnOnce(Console) -> Console) -> World {
    Org::new().console(console).account(ACCOUNT, shop).start().await
}

/// Runs, and expects that it ends as if nobody had looked.
async fn verified(world: &World) -> Finished {
    let run = verifier(world).run().await;
    expect_exit(&run, exit::DONE);
    run
}

/// Checks the line that tells what was found of a service: the one after its outcome.
fn expect_found(run: &Finished, service: &str, word: &str, told: &str) {
    let lines = lines_about(run, service);
    let [outcome, found] = &lines[..] else { panic!("two lines were expected: {lines:#?}\n{}", run.stdout) };
    assert!(["protected ", "upgraded ", "up to date "].iter().any(|word| outcome.starts_with(word)), "{outcome}");
    assert_eq!(found, &format!("{word:<13} {ACCOUNT} {HOME} {service}  {told}"));
}

fn expect_summed_up(run: &Finished, told: &str) {
    assert!(run.stdout.contains(&format!("\nVerified coverage\n  {told}\n")), "{told:?} is not said: {}", run.stdout);
}

#[tokio::test]
async fn every_task_shows_its_defender_and_that_takes_a_few_calls_more() {
    let without = with_console(|console| console).await;
    expect_exit(&updater(&without).run().await, exit::DONE);
    assert_eq!(without.calls().of(LIST), 0, "VERIFY=false asks nothing");

    let world = with_console(|console| console).await;
    let run = verified(&world).await;
    expect_found(&run, "web/shop", "verified", "connected 3 of 3");
    expect_summed_up(&run, "1 service: 1 verified; connected 3 of 3 tasks");
    let (calls, before) = (world.calls(), without.calls());
    let more = |operation: &str| calls.of(operation) - before.of(operation);
    assert_eq!((more(LIST), more("ListTasks"), more("DescribeTasks")), (1, 1, 1));
    assert_eq!(calls.total() - before.total(), 3);
    assert_eq!(calls.writes(), before.writes());

    // What is up to date was not rolled out, and nobody looks.
    world.gate().forget_calls();
    let again = verified(&world).await;
    assert_eq!((world.calls().of(LIST), world.calls().of("ListTasks")), (0, 0));
    assert!(!again.stdout.contains("Verified coverage"), "{}", again.stdout);

    // An upgrade is.
    world.console().set_version("34.04.145");
    expect_found(&verified(&world).await, "web/shop", "verified", "connected 3 of 3");
}

#[tokio::test]
async fn services_of_a_cluster_are_asked_about_together_and_the_console_once() {
    let many = |account: Account| (1..=5).fold(account, |it, number| it.service(&format!("web/service-{number}"), "httpd.json"));
    let org = || Org::new().account(ACCOUNT, many).account("222233334444", many);
    let without = org().start().await;
    expect_exit(&updater(&without).run().await, exit::DONE);
    let world = org().start().await;
    let run = verified(&world).await;
    expect_summed_up(&run, "10 services: 10 verified; connected 10 of 10 tasks");
    let more = |operation: &str| world.calls().of(operation) - without.calls().of(operation);
    assert_eq!((more("ListTasks"), more("DescribeTasks"), more(LIST)), (2, 2, 1));
}

#[tokio::test]
async fn a_task_without_a_defender_is_told_and_fails_nothing() {
    let world = with_console(|console| console.never_connects("web/shop", 1)).await;
    let run = verified(&world).await;
    expect_found(&run, "web/shop", "not connected", "connected 2 of 3");
    expect_summed_up(&run, "1 service: 1 not connected; connected 2 of 3 tasks");
    assert!(run.stdout.contains("  hint:  a Defender may need longer; if none appears"), "{}", run.stdout);
    let to_look_at = format!("\nTo be looked at\n  service shop (account {ACCOUNT}, {HOME}, cluster web): connected 2 of 3\n");
    assert!(run.stdout.contains(&to_look_at), "{}", run.stdout);
    assert!(run.stdout.contains("Every service in scope is protected"), "{}", run.stdout);
    assert_eq!(world.calls().of(LIST), 4, "both types, and both once more");
}

#[tokio::test]
async fn defenders_that_refuse_the_consoles_certificate_are_missed() {
    let world = with_console(|console| console.names(&["console.example.test"])).await;
    expect_found(&verified(&world).await, "web/shop", "not connected", "connected 0 of 3");
}

#[tokio::test]
async fn what_connects_late_is_found_the_second_time() {
    let world = with_console(|console| console.defenders_connect_at(2)).await;
    expect_found(&verified(&world).await, "web/shop", "verified", "connected 3 of 3");
    assert_eq!(world.calls().of(LIST), 3, "both types, and the first once more");
}

#[tokio::test]
async fn tasks_that_are_too_young_stay_unknown_unless_they_are_connected() {
    let world = with_console(|console| console.never_connects("web/shop", 2)).await;
    let young = patient(&world, HOUR, 4).run().await;
    expect_exit(&young, exit::DONE);
    let why = "tasks that started just now may be about to connect";
    expect_found(&young, "web/shop", "unverified", &format!("connected 1 of 3, unknown 2: {why}"));
    expect_summed_up(&young, "1 service: 1 unverified; connected 1 of 3 tasks");
    assert!(!young.stdout.contains("To be looked at"), "{}", young.stdout);
}

#[tokio::test]
async fn tasks_that_were_replaced_are_not_missed() {
    let world = with_console(|console| console.defenders_connect_at(2)).await;
    let listing = world.hold(LIST);
    let running = verifier(&world).start().await;
    listing.reached().await;
    // The same revision with other tasks, none of which has connected at the second look.
    let revision = world.service(ACCOUNT, HOME, "web/shop").task_definition_arn().rsplit('/').next().expect("a name").to_owned();
    world.deploy_revision(ACCOUNT, HOME, "web/shop", &revision);
    listing.release();
    let run = running.wait().await;
    expect_exit(&run, exit::DONE);
    expect_found(&run, "web/shop", "verified", "connected 3 of 3");
}

#[tokio::test]
async fn what_an_owner_has_deployed_meanwhile_is_not_judged() {
    let world = with_console(|console| console).await;
    let listing = world.hold("ListTasks");
    // The first list is of the images that run, before the roll-out.
    let second = world.hold("ListTasks");
    let running = verifier(&world).start().await;
    listing.reached().await;
    listing.release();
    second.reached().await;
    world.deploy(ACCOUNT, HOME, "web/shop", "orders.json");
    second.release();
    let run = running.wait().await;
    expect_exit(&run, exit::DONE);
    expect_found(&run, "web/shop", "unverified", "unknown: no task runs its revision");
    assert_eq!(world.calls().of(LIST), 0);
}

#[tokio::test]
async fn a_console_that_does_not_tell_leaves_it_unknown_and_that_is_said_once() {
    let two = |account: Account| shop(account).service("web/orders", "orders.json");
    let fault = |fault| FaultRule { operation: LIST.to_owned(), account: None, region: None, from: 1, to: None, fault };
    let cases = [
        ("403", Org::new().console(Console::may_not_see_defenders), "does not allow defenders to this user", 1),
        ("429", Org::new().fault(fault(faults::too_many_requests(None))), "answers defenders with too many requests", 10),
        ("404", Org::new().fault(fault(faults::error(404, "not found"))), "refused defenders (status 404): not found", 2),
        ("a page", Org::new().fault(fault(faults::login_page())), "answered defenders with a web page instead of JSON", 1),
        ("no list", Org::new().fault(fault(faults::other_json("{}"))), "it is not a list", 1),
    ];
    for (name, org, told, calls) in cases {
        let world = org.account(ACCOUNT, two).start().await;
        let run = verified(&world).await;
        let lines: Vec<&str> = run.stdout.lines().filter(|line| line.starts_with("unverified ")).collect();
        let [line] = lines[..] else { panic!("{name}: {lines:#?}\n{}", run.stdout) };
        assert!(line.starts_with("unverified    2 services: ") && line.contains(told), "{name}: {line}");
        expect_summed_up(&run, "2 services: 2 unverified; connected 0 of 0 tasks");
        assert_eq!(world.calls().of(LIST), calls, "{name}");
        for service in ["web/shop", "web/orders"] {
            assert_eq!(lines_about(&run, service).len(), 1, "{name}: {}", run.stdout);
        }
    }
}

#[tokio::test]
async fn a_console_that_is_busy_for_a_moment_is_asked_again() {
    let busy = |to| FaultRule {
        operation: LIST.to_owned(),
        account: None,
        region: None,
        from: 1,
        to: Some(to),
        fault: faults::too_many_requests(None),
    };
    let world = Org::new().fault(busy(2)).account(ACCOUNT, shop).start().await;
    expect_found(&verified(&world).await, "web/shop", "verified", "connected 3 of 3");
    assert_eq!(world.calls().of(LIST), 3);
}

#[tokio::test]
async fn where_ecs_does_not_tell_the_tasks_nothing_is_guessed() {
    let org = Org::new().account(ACCOUNT, |account| shop(account).deny("ecs:ListTasks"));
    let world = org.account("222233334444", |account| account.service("web/other", "orders.json")).start().await;
    let run = verified(&world).await;
    let lines = lines_about(&run, "web/shop");
    assert!(lines[1].starts_with("unverified    ") && lines[1].contains("unknown: its tasks are not told: "), "{lines:#?}");
    assert!(lines[1].contains("ListTasks was denied"), "{lines:#?}");
    expect_summed_up(&run, "2 services: 1 verified, 1 unverified; connected 1 of 1 task");
}

#[tokio::test]
async fn nothing_is_verified_that_was_not_rolled_out_and_watched() {
    let world = with_console(|console| console).await;
    expect_exit(&verifier(&world).env("DRY_RUN", "true").run().await, exit::DONE);
    expect_exit(&verifier(&world).env("WAIT", "false").run().await, exit::DONE);
    expect_exit(&verifier(&world).arg("undo").run().await, exit::DONE);
    assert_eq!(world.calls().of(LIST), 0);
}

#[tokio::test]
async fn what_an_earlier_run_began_is_verified_by_the_one_that_sees_its_end() {
    let slow = |account: Account| {
        let account = account.service_with("web/shop", "httpd.json", |service| service.desired_count(3).looks_to_start(40));
        account.service("web/orders", "orders.json")
    };
    let world = Org::new().account(ACCOUNT, slow).start().await;
    let first = verifier(&world).env("WAIT_TIMEOUT", "20ms").run().await;
    expect_exit(&first, exit::DONE);
    expect_found(&first, "web/orders", "verified", "connected 1 of 1");
    assert_eq!(lines_about(&first, "web/shop").len(), 1, "its end was not seen: {}", first.stdout);

    let next = verified(&world).await;
    expect_found(&next, "web/shop", "verified", "connected 3 of 3");
    assert_eq!(lines_about(&next, "web/orders").len(), 1, "it is only up to date: {}", next.stdout);
    expect_summed_up(&next, "1 service: 1 verified; connected 3 of 3 tasks");

    world.gate().forget_calls();
    verified(&world).await;
    assert_eq!(world.calls().of(LIST), 0);
}

#[tokio::test]
async fn what_an_earlier_run_began_and_is_taken_back_is_not_verified() {
    let failing = Org::new().image_fails_behind_defender("111122223333.dkr.ecr.us-east-1.amazonaws.com/httpd:2.4", 70);
    let world = failing.account(ACCOUNT, shop).start().await;
    expect_exit(&verifier(&world).env("WAIT", "false").run().await, exit::DONE);
    let next = verifier(&world).env("WAIT_TIMEOUT", "20ms").run().await;
    expect_exit(&next, exit::NOT_ALL);
    assert!(lines_about(&next, "web/shop")[0].starts_with("failed "), "{}", next.stdout);
    assert_eq!(world.calls().of(LIST), 0);
}

#[tokio::test]
async fn a_run_that_is_stopped_while_it_waits_ends_at_once() {
    let world = with_console(|console| console).await;
    let running = patient(&world, HOUR, HOUR).start().await;
    let waits = async {
        while !running.stdout_so_far().contains("the Console is asked for the Defenders of 1 service, in 3") {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(WATCHDOG, waits).await.expect("the program says that it waits");
    running.terminate().await;
    let run = running.wait().await;
    expect_exit(&run, exit::DONE);
    let told = "unverified    1 service: the run was stopped before the Console had told which Defenders are connected\n";
    assert!(run.stdout.contains(told), "{}", run.stdout);
    assert!(run.stdout.contains("  stopped by SIGTERM before the end"), "{}", run.stdout);
    assert_eq!(world.calls().of(LIST), 0);
}

#[tokio::test]
async fn a_long_list_is_read_in_pages_and_no_further_than_it_must_be() {
    let world = with_console(|console| console).await;
    let other = |number: u32| Defender {
        hostname: format!("{number:032x}"),
        account: ACCOUNT.to_owned(),
        region: HOME.to_owned(),
        cluster: "web".to_owned(),
        task: format!("{number:032x}"),
        container: "app".to_owned(),
        image: "app:1".to_owned(),
        version: "34.03.138".to_owned(),
        connected: true,
    };
    (0xf000..0xf078).for_each(|number| world.console().connect(other(number)));
    expect_found(&verified(&world).await, "web/shop", "verified", "connected 3 of 3");
    assert_eq!(world.calls().of(LIST), 3, "the tasks' own are behind 120 others");
    let asked: Vec<_> = world.console().received().into_iter().filter(|it| it.path.ends_with("/defenders")).collect();
    let of = |name: &str| -> Vec<String> {
        let pairs = asked.iter().flat_map(|it| &it.parameters);
        pairs.filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect()
    };
    assert_eq!(of("offset"), ["0", "50", "100"]);
    assert_eq!(of("limit"), ["50"; 3]);
    assert_eq!((of("type"), of("connected")), (vec!["fargate".to_owned(); 3], vec!["true".to_owned(); 3]));
}

#[tokio::test]
async fn entries_for_each_container_are_one_task() {
    let console = |console: Console| console.lists_each_container().never_connects("web/batch", 1);
    let batch = |account: Account| account.service_with("web/batch", "two_containers.json", |service| service.desired_count(2));
    let world = Org::new().console(console).account(ACCOUNT, batch).start().await;
    expect_found(&verified(&world).await, "web/batch", "not connected", "connected 1 of 2");
}

#[tokio::test]
async fn a_console_may_list_them_under_either_type() {
    let world = with_console(|console| console.lists_defenders_as("appEmbedded")).await;
    expect_found(&verified(&world).await, "web/shop", "verified", "connected 3 of 3");
    assert_eq!(world.calls().of(LIST), 2);
    let refuses = FaultRule {
        operation: LIST.to_owned(),
        account: None,
        region: None,
        from: 1,
        to: Some(1),
        fault: faults::error(400, "unknown type"),
    };
    let org = Org::new().console(|console| console.lists_defenders_as("appEmbedded")).fault(refuses);
    let world = org.account(ACCOUNT, shop).start().await;
    expect_found(&verified(&world).await, "web/shop", "verified", "connected 3 of 3");
}
