//! A run that is killed at any write, before or after it took effect, is finished by the next one, and leaves nothing behind.

use serde_json::Value;
use simulator::{Moment, Org, World};

use crate::support::{ACCOUNT, HOME, expect_defender, kill_at_write, updater};

/// Returns how many of a family's revisions carry a Defender.
fn protected_revisions(world: &World, family: &str) -> usize {
    let revisions = world.revisions(ACCOUNT, HOME, family);
    let is_protected = |revision: &&Value| {
        let containers = revision["containerDefinitions"].as_array().into_iter().flatten();
        containers.into_iter().any(|container| container["name"] == "TwistlockDefender")
    };
    revisions.iter().filter(is_protected).count()
}

/// Kills a run at each of its writes in turn, and checks that the next one finishes the work and a third finds none.
async fn kill_at_every_write(org: impl Fn() -> Org, services: &[&str], families: &[&str]) {
    let world = org().start().await;
    let undisturbed = updater(&world).run().await;
    assert_eq!(undisturbed.exit_code, Some(0), "{}{}", undisturbed.stdout, undisturbed.stderr);
    let writes = world.calls().writes();
    assert_eq!(
        writes,
        (2 * services.len() + families.len()) as u64,
        "one registration for a definition, an update and a tag for a service"
    );

    for write in 1..=writes {
        for moment in [Moment::Before, Moment::After] {
            let case = format!("killed {moment:?} write {write} of {writes}");
            let world = org().start().await;
            kill_at_write(&world, updater(&world), write, moment).await;

            let next = updater(&world).run().await;
            assert_eq!(next.exit_code, Some(0), "{case}: {}{}", next.stdout, next.stderr);
            for service in services {
                expect_defender(&world, ACCOUNT, HOME, service);
            }
            for family in families {
                assert_eq!(protected_revisions(&world, family), 1, "{case}: protected revisions of {family}\n{}", next.stdout);
            }

            world.gate().forget_calls();
            let third = updater(&world).run().await;
            assert_eq!(third.exit_code, Some(0), "{case}: {}{}", third.stdout, third.stderr);
            assert_eq!(world.calls().writes(), 0, "{case}: the third run found something to do\n{}", third.stdout);
        }
    }
}

#[tokio::test]
async fn a_run_over_two_definitions_that_is_killed_anywhere_is_finished_by_the_next() {
    let org = || {
        Org::new().account(ACCOUNT, |account| account.service("web/checkout", "httpd.json").service("web/orders", "orders.json"))
    };
    kill_at_every_write(org, &["web/checkout", "web/orders"], &["httpd", "orders"]).await;
}

#[tokio::test]
async fn a_run_over_two_services_on_one_definition_that_is_killed_anywhere_is_finished_by_the_next() {
    let org = || {
        Org::new().account(ACCOUNT, |account| account.service("web/checkout", "httpd.json").service("api/checkout", "httpd.json"))
    };
    kill_at_every_write(org, &["web/checkout", "api/checkout"], &["httpd"]).await;
}

#[tokio::test]
async fn a_revision_left_by_a_killed_run_is_not_used_for_newer_code() {
    let org = Org::new().account(ACCOUNT, |account| account.service("web/checkout", "httpd.json"));
    let world = org.start().await;
    kill_at_write(&world, updater(&world), 1, Moment::After).await;
    assert_eq!(world.registered().len(), 1);

    // Before the next run the owner deploys something else.
    let mut newer = simulator::scenario::Definition::from("httpd.json").load();
    newer["containerDefinitions"][0]["image"] = "111122223333.dkr.ecr.us-east-1.amazonaws.com/httpd:2.5".into();
    world.deploy(ACCOUNT, HOME, "web/checkout", newer);
    let next = updater(&world).run().await;
    assert_eq!(next.exit_code, Some(0), "{}{}", next.stdout, next.stderr);
    expect_defender(&world, ACCOUNT, HOME, "web/checkout");
    let view = world.service(ACCOUNT, HOME, "web/checkout");
    let containers = view.task_definition()["containerDefinitions"].as_array().expect("containers");
    let images: Vec<&str> = containers.iter().filter_map(|container| container["image"].as_str()).collect();
    assert!(images.contains(&"111122223333.dkr.ecr.us-east-1.amazonaws.com/httpd:2.5"), "{images:?}");
    assert_eq!(world.registered().len(), 2, "the left one is the older code's");
}
