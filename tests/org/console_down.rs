//! A Console that is away, busy, broken or not a Console at all: the run waits it out within a bound, or says what it met.
//!
//! Each way to fail is tried at each step that talks to the Console: once, which must not matter, and for ever, which must end the
//! run with exit code 4 at the start and cost one service, and no more, later.

use simulator::console::faults;
use simulator::{Fault, FaultRule, Finished, Org, World};

use crate::support::{ACCOUNT, HOME, expect_defender, updater};

const PING: &str = "GET _ping";
const AUTHENTICATE: &str = "POST authenticate";
const VERSION: &str = "GET version";
const EMBED: &str = "POST defenders/fargate.json";
const REGISTRY: &str = "GET registry";

/// Every request before the first task definition: the operation, which call of it, and what is said when it fails.
const START: [(&str, u64, &str); 4] = [
    (PING, 1, "error: could not reach the Console"),
    (AUTHENTICATE, 1, "error: could not log in to the Console"),
    (VERSION, 1, "error: could not log in to the Console"),
    (EMBED, 1, "error: could not learn today's Defender from the Console"),
];

/// The request that embeds the Defender into the one definition of [`shop`]; the first of its kind is the sample.
const DEFINITION: u64 = 2;

const TENANT_HINT: &str = "  hint:  check PCC_URL: it must be the Path to Console with the tenant";
const REACH_HINT: &str = "  hint:  check PCC_URL, and that this machine or task can reach it";
const USER_HINT: &str = "  hint:  the Console user needs Defenders Management";

fn shop() -> Org {
    Org::new().account(ACCOUNT, |account| account.service("web/checkout", "httpd.json"))
}

/// Makes calls of an operation fail from one on, for ever or once.
fn failing(operation: &str, from: u64, for_ever: bool, fault: Fault) -> FaultRule {
    FaultRule { operation: operation.to_owned(), account: None, region: None, from, to: (!for_ever).then_some(from), fault }
}

/// What may pass: each of these is tried again.
fn passing_troubles() -> Vec<(&'static str, Fault)> {
    vec![
        ("too many requests, come back at once", faults::too_many_requests(Some(0))),
        ("too many requests", faults::too_many_requests(None)),
        ("an error of its own", faults::error(500, "internal error")),
        ("a load balancer's 500", faults::html(500)),
        ("a load balancer's 502", faults::html(502)),
        ("a load balancer's 503", faults::html(503)),
        ("half an answer", faults::truncated()),
        ("no answer", faults::no_answer()),
    ]
}

/// What is told of a failure, in either stream, with the Console's address as a fixed text.
fn told(world: &World, text: &str) -> String {
    let told = text.lines().filter(|line| {
        let line = line.trim_start();
        ["error: ", "cause: ", "hint: "].iter().any(|start| line.starts_with(start))
    });
    let told: Vec<&str> = told.collect();
    told.join("\n").replace(&world.console_url(), "<console>")
}

fn all_output(run: &Finished) -> String {
    format!("{}{}", run.stdout, run.stderr)
}

#[tokio::test]
async fn trouble_that_passes_does_not_matter_at_any_step() {
    let steps = START.iter().map(|(operation, call, _)| (*operation, *call));
    for (operation, call) in steps.chain([(EMBED, DEFINITION)]) {
        for (name, fault) in passing_troubles() {
            let world = shop().fault(failing(operation, call, false, fault)).start().await;
            let run = updater(&world).run().await;
            assert_eq!(run.exit_code, Some(0), "{operation}, {name}: {}", all_output(&run));
            expect_defender(&world, ACCOUNT, HOME, "web/checkout");
            assert_eq!(world.registered().len(), 1, "{operation}, {name}");
        }
    }
}

#[tokio::test]
async fn trouble_that_stays_at_the_start_ends_the_run_before_it_touches_an_account() {
    // What is tried again, and the sentence when that did not help.
    let kinds = [
        (
            faults::too_many_requests(None),
            "too many requests (status 429)",
            "hint:  the Console limits requests; run again later",
        ),
        (faults::html(502), "with a web page instead of JSON (status 502)", ""),
        (faults::truncated(), "no usable answer from the Console at <console>", REACH_HINT),
        (faults::no_answer(), "no usable answer from the Console at <console>", REACH_HINT),
    ];
    for (operation, call, what) in START {
        for (fault, cause, hint) in &kinds {
            let world = shop().fault(failing(operation, call, true, fault.clone())).start().await;
            let run = updater(&world).run().await;
            let text = told(&world, &run.stderr);
            assert_eq!(run.exit_code, Some(4), "{operation}, {cause}: {}", all_output(&run));
            assert!(text.starts_with(what), "{operation}, {cause}: {text}");
            assert!(text.contains(cause) && text.contains(hint), "{operation}: {text}");
            let tries = world.calls().of(operation);
            assert!((2..=20).contains(&tries), "{operation}, {cause}: tried {tries} times");
            assert_eq!(world.calls().of("AssumeRole"), 0, "{operation}, {cause}");
        }
    }
}

#[tokio::test]
async fn what_trying_again_does_not_mend_is_not_tried_again() {
    let forbidden = || faults::error(403, "insufficient permissions");
    let cases = [
        (PING, faults::login_page(), "the Console answered _ping with a web page instead of JSON (status 200)", TENANT_HINT),
        (PING, forbidden(), "the Console does not allow _ping to this user: insufficient permissions", USER_HINT),
        (AUTHENTICATE, faults::login_page(), "answered authenticate with a web page instead of JSON (status 200)", TENANT_HINT),
        (AUTHENTICATE, faults::null_body(), "answer to authenticate cannot be used: it holds no token", ""),
        (AUTHENTICATE, faults::other_json(r#"{"token":""}"#), "answer to authenticate cannot be used: it holds no token", ""),
        (
            AUTHENTICATE,
            faults::error(400, "invalid credentials"),
            "the Console at <console> does not accept the credentials (status 400): invalid credentials",
            "  hint:  check PCC_USER and PCC_PASS",
        ),
        (VERSION, faults::null_body(), "answer to version cannot be used: it is not a text", ""),
        (VERSION, faults::other_json("[1, 2]"), "answer to version cannot be used: it is not a text", ""),
        (VERSION, forbidden(), "the Console does not allow version to this user: insufficient permissions", USER_HINT),
        (EMBED, forbidden(), "does not allow defenders/fargate.json to this user: insufficient permissions", USER_HINT),
        (EMBED, faults::null_body(), "the Console's answer to defenders/fargate.json cannot be used: ", ""),
        (EMBED, faults::other_json("{}"), "the Console's answer to defenders/fargate.json cannot be used: ", ""),
        (EMBED, faults::empty_body(), "answered defenders/fargate.json with an empty body instead of JSON", TENANT_HINT),
        (EMBED, faults::login_page(), "answered defenders/fargate.json with a web page instead of JSON", TENANT_HINT),
        (EMBED, faults::error(400, "no such parameter"), "refused defenders/fargate.json (status 400): no such parameter", ""),
    ];
    for (operation, fault, cause, hint) in cases {
        let world = shop().fault(failing(operation, 1, true, fault)).start().await;
        let run = updater(&world).run().await;
        let text = told(&world, &run.stderr);
        assert_eq!(run.exit_code, Some(4), "{operation}, {cause}: {}", all_output(&run));
        assert!(text.contains(cause), "{operation}: expected {cause:?} in: {text}");
        assert!(text.contains(hint), "{operation}: expected {hint:?} in: {text}");
        assert_eq!(world.calls().of(operation), 1, "{operation}, {cause}");
    }
}

#[tokio::test]
async fn a_ping_may_answer_anything_that_is_no_web_page() {
    for fault in
        [faults::null_body(), faults::empty_body(), faults::other_json("{\"ok\":true}"), Fault::raw(200, "text/plain", "pong")]
    {
        let world = shop().fault(failing(PING, 1, true, fault.clone())).start().await;
        let run = updater(&world).run().await;
        assert_eq!(run.exit_code, Some(0), "{fault:?}: {}", all_output(&run));
    }
}

#[tokio::test]
async fn a_definition_that_the_console_fails_on_costs_its_service_and_no_other() {
    let cases = [
        (faults::error(400, "invalid task definition"), "refused defenders/fargate.json (status 400): invalid task definition"),
        (faults::error(403, "insufficient permissions"), "does not allow defenders/fargate.json to this user"),
        (faults::login_page(), "answered defenders/fargate.json with a web page instead of JSON (status 200)"),
        (faults::null_body(), "could not accept what the Console made of"),
        (faults::other_json("{\"err\":\"\"}"), "could not accept what the Console made of"),
    ];
    for (fault, cause) in cases {
        let org = Org::new().account(ACCOUNT, |account| {
            let account = account.service("web/one", "httpd.json").service("web/two", "orders.json");
            account.service("web/three", "two_containers.json")
        });
        let world = org.fault(failing(EMBED, DEFINITION, false, fault)).start().await;
        let run = updater(&world).run().await;
        assert_eq!(run.exit_code, Some(3), "{cause}: {}", all_output(&run));
        let text = told(&world, &run.stdout);
        assert!(text.contains(cause), "expected {cause:?} in: {text}");
        assert!(run.stdout.contains("3 services seen, 2 accounts in scope: 2 protected, 1 failed"), "{}", run.stdout);
        assert_eq!((world.registered().len(), world.updates().len()), (2, 2), "{cause}");

        // The Console is well again, and the next run does what is left.
        let next = updater(&world).run().await;
        assert_eq!(next.exit_code, Some(0), "{cause}: {}", all_output(&next));
        for service in ["web/one", "web/two", "web/three"] {
            expect_defender(&world, ACCOUNT, HOME, service);
        }
    }
}

#[tokio::test]
async fn trouble_that_stays_later_fails_the_service_and_is_bounded() {
    for (name, fault) in passing_troubles() {
        let world = shop().fault(failing(EMBED, DEFINITION, true, fault)).start().await;
        let run = updater(&world).run().await;
        assert_eq!(run.exit_code, Some(3), "{name}: {}", all_output(&run));
        let text = told(&world, &run.stdout);
        assert!(text.contains("error: could not protect service checkout"), "{name}: {text}");
        assert!(text.contains("cause: could not embed the Defender into httpd"), "{name}: {text}");
        let tries = world.calls().of(EMBED) - 1;
        assert!((2..=20).contains(&tries), "{name}: tried {tries} times");
        assert_eq!(world.calls().writes(), 0, "{name}");
    }
}

#[tokio::test]
async fn an_address_without_the_tenant_is_said_to_be_one() {
    let world = shop().start().await;
    let console = world.console().definition();
    let url = world.console_url();
    let without_tenant = url.strip_suffix(console.path()).expect("the simulated Console has a tenant");
    let program = updater(&world).without_env("PCC_SECRET").env("PCC_URL", without_tenant);
    let run = program.env("PCC_USER", console.user()).env("PCC_PASS", console.password()).run().await;
    assert_eq!(run.exit_code, Some(4), "{}", all_output(&run));
    insta::assert_snapshot!(told(&world, &run.stderr).replace(without_tenant, "<address>"), @r"
    error: could not reach the Console
      cause: the Console at <address> redirects _ping elsewhere (status 302)
      hint:  check PCC_URL: it must be the Path to Console with the tenant, such as https://us-east1.cloud.twistlock.com/us-9-000000001
    ");
}

#[tokio::test]
async fn a_wrong_password_is_said_to_be_one_and_tried_once() {
    let secret = serde_json::json!({
        "PCC_URL": simulator::scenario::CONSOLE_URL,
        "PCC_USER": simulator::scenario::CONSOLE_USER,
        "PCC_PASS": "not the password",
    });
    let world = shop().secret(simulator::scenario::CONSOLE_SECRET, secret).start().await;
    let run = updater(&world).run().await;
    assert_eq!(run.exit_code, Some(4), "{}", all_output(&run));
    insta::assert_snapshot!(told(&world, &run.stderr), @r"
    error: could not log in to the Console
      cause: the Console at <console> does not accept the credentials (status 401): wrong user or password
      hint:  check PCC_USER and PCC_PASS: on SaaS an access key id and its secret key, which may have expired
    ");
    assert_eq!(world.calls().of(AUTHENTICATE), 1, "a wrong password must not lock the user out");
}

#[tokio::test]
async fn an_expired_token_is_renewed_once_for_each_request() {
    // Used up by the version; then by the sample; then by the certificate's names; then by the definition.
    for status in [401, 500] {
        let org = shop().console(|console| console.token_lasts_for(1).expired_tokens_answer(status));
        let world = org.start().await;
        let run = updater(&world).run().await;
        assert_eq!(run.exit_code, Some(0), "{status}: {}", all_output(&run));
        assert_eq!(world.calls().of(AUTHENTICATE), 4, "{status}");
        expect_defender(&world, ACCOUNT, HOME, "web/checkout");
    }
}

#[tokio::test]
async fn a_console_that_never_accepts_its_token_is_left_after_one_renewal() {
    let world = shop().console(|console| console.token_lasts_for(0)).start().await;
    let run = updater(&world).run().await;
    assert_eq!(run.exit_code, Some(4), "{}", all_output(&run));
    insta::assert_snapshot!(told(&world, &run.stderr), @r"
    error: could not log in to the Console
      cause: the Console does not accept its own token for version
      hint:  the Console user needs Defenders Management (view and update) and Images/Containers Vulnerabilities & Compliance Results (view)
    ");
    assert_eq!((world.calls().of(AUTHENTICATE), world.calls().of(VERSION)), (2, 2));

    // The same with the status that SaaS is suspected of: bounded as well.
    let org = shop().console(|console| console.token_lasts_for(0).expired_tokens_answer(500));
    let world = org.start().await;
    let run = updater(&world).run().await;
    assert_eq!(run.exit_code, Some(4), "{}", all_output(&run));
    assert_eq!(world.calls().of(AUTHENTICATE), 2);
    assert!(world.calls().of(VERSION) <= 10, "tried {} times", world.calls().of(VERSION));
}

#[tokio::test]
async fn a_token_that_is_refused_after_the_start_fails_the_service() {
    let world = shop().start().await;
    let listing = world.hold("ListAccounts");
    let running = updater(&world).start().await;
    listing.reached().await;
    world.console().change(|console| console.token_lasts_for(0));
    listing.release();
    let run = running.wait().await;
    assert_eq!(run.exit_code, Some(3), "{}", all_output(&run));
    let text = told(&world, &run.stdout);
    assert!(text.contains("the Console does not accept its own token for defenders/fargate.json"), "{text}");
    assert_eq!(world.calls().of(AUTHENTICATE), 2, "once at the start, once for the definition");
    assert_eq!(world.calls().writes(), 0);
}

/// Returns an account with this many services, each with a task definition of its own.
fn many_definitions(number: usize) -> Org {
    Org::new().account(ACCOUNT, |account| {
        (0..number).fold(account, |account, index| {
            let mut definition = simulator::scenario::Definition::from("httpd.json").load();
            definition["family"] = format!("httpd-{index}").into();
            account.service(&format!("web/service-{index}"), definition)
        })
    })
}

#[tokio::test]
async fn twenty_definitions_share_one_token() {
    let world = many_definitions(20).start().await;
    let run = updater(&world).run().await;
    assert_eq!(run.exit_code, Some(0), "{}", all_output(&run));
    assert_eq!(world.calls().of(EMBED), 21, "the sample, and each definition once");
    assert_eq!(world.calls().of(AUTHENTICATE), 1);
}

#[tokio::test]
async fn twenty_definitions_share_one_renewal() {
    let world = many_definitions(20).start().await;
    let listing = world.hold("ListAccounts");
    let running = updater(&world).start().await;
    listing.reached().await;
    world.console().expire_tokens();
    listing.release();
    let run = running.wait().await;
    assert_eq!(run.exit_code, Some(0), "{}", all_output(&run));
    assert_eq!(world.calls().of(AUTHENTICATE), 2);
    assert_eq!(world.registered().len(), 20);
}

#[tokio::test]
async fn a_busy_registry_route_is_waited_out() {
    let image = "111122223333.dkr.ecr.us-east-1.amazonaws.com/worker:1.0";
    let shop = || {
        let org = Org::new().console(|console| console.image(image, &["/worker"], &["--serve"]));
        org.account(ACCOUNT, |account| account.service("web/worker", "no_entry_point.json").service("web/checkout", "httpd.json"))
    };
    let busy = |to, fault| FaultRule { operation: REGISTRY.to_owned(), account: None, region: None, from: 1, to, fault };
    let world = shop().fault(busy(Some(3), faults::too_many_requests(Some(0)))).start().await;
    let run = updater(&world).run().await;
    assert_eq!(run.exit_code, Some(0), "{}", all_output(&run));
    assert_eq!(world.calls().of(REGISTRY), 4);
    expect_defender(&world, ACCOUNT, HOME, "web/worker");

    let world = shop().fault(busy(None, faults::too_many_requests(None))).start().await;
    let run = updater(&world).run().await;
    assert_eq!(run.exit_code, Some(0), "{}", all_output(&run));
    let note = "note: the entry point of container worker comes from the Console, which looked it up";
    assert!(run.stdout.contains(note), "what it does not tell it can look up still: {}", run.stdout);
    expect_defender(&world, ACCOUNT, HOME, "web/worker");
}
