//! `--explain` of what is not there, with settings that say something else, and for machines.

use fargate_updater::exit;
use fargate_updater::plan::explain::Section;
use serde_json::{Value, json};
use simulator::Org;
use simulator::scenario::ROOT;

use super::{WORKER, arn, cluster, expect_fact, expect_looked_only, explaining, org};
use crate::support::{ACCOUNT, HOME, accounts_entered, expect_exit, one_container, updater};

#[tokio::test]
async fn what_is_not_there_is_said_with_the_way_out() {
    let cases = [
        ("web/nobody", "ECS knows no service nobody in this cluster", "check the ARN that --explain is given"),
        ("nowhere/shop", "ECS knows no such cluster, and so no such service", "check the ARN that --explain is given"),
    ];
    for (place, cause, hint) in cases {
        let world = org(|account| account).start().await;
        let run = explaining(&world, place).run().await;
        expect_exit(&run, exit::NOT_ALL);
        expect_looked_only(&world, &run);
        assert!(run.stdout.contains(&format!("cause: {cause}")), "{}", run.stdout);
        assert!(run.stdout.contains(&format!("hint:  {hint}")), "{}", run.stdout);
    }
    let elsewhere = "arn:aws:ecs:us-east-1:999999999999:service/web/shop";
    type Case = (&'static [(&'static str, &'static str)], &'static str, &'static str);
    let cases: [Case; 3] = [
        (&[], "the account is not in the organization", "check the ARN"),
        (&[("DEPLOYMENT_MODE", "SINGLE")], "walks the caller's own account only", "name a service of account 123456789012"),
        (
            &[("ORGANIZATIONAL_UNITS", "ou-ab12-11111111")],
            "not in the units in ORGANIZATIONAL_UNITS",
            "leave out ORGANIZATIONAL_UNITS",
        ),
    ];
    for (settings, cause, hint) in cases {
        let world = org(|account| account).unit("ou-ab12-11111111", ROOT, &[ACCOUNT]).start().await;
        let program = settings.iter().fold(updater(&world), |program, (name, value)| program.env(name, value));
        let run = program.arg("--explain").arg(elsewhere).run().await;
        expect_exit(&run, exit::NOT_ALL);
        assert_eq!(accounts_entered(&world), Vec::<String>::new());
        assert!(run.stdout.contains(cause) && run.stdout.contains(hint), "{settings:?}: {}", run.stdout);
    }
}

#[tokio::test]
async fn the_callers_own_account_is_explained_without_a_role_where_the_settings_say_so() {
    let org = Org::new().without_policies().management(|account| account.service("web/shop", one_container("shop")));
    let world = org.start().await;
    let own = "arn:aws:ecs:us-east-1:123456789012:service/web/shop";
    let program = updater(&world).env("DEPLOYMENT_MODE", "SINGLE").env("ASSUME_ROLE", "false");
    let run = program.arg("--explain").arg(own).run().await;
    expect_exit(&run, exit::DONE);
    assert_eq!((world.calls().writes(), accounts_entered(&world)), (0, Vec::new()));
    expect_fact(&run, "Who is asked", "asked as", "the caller's own credentials (ASSUME_ROLE is false)");
    expect_fact(&run, "Outcome", "outcome", "planned");
}

#[tokio::test]
async fn settings_that_contradict_are_told_with_both_names_before_anybody_is_called() {
    let place = arn("web/shop");
    let short = format!("arn:aws:ecs:{HOME}:{ACCOUNT}:service/shop");
    let (elsewhere, two) = (cluster("lab"), format!("{},{}", cluster("lab"), cluster("web")));
    let cases: [(&str, &str, &str, &str); 9] = [
        (&place, "ACCOUNTS", "222233334444", "the service is in account 111122223333, which ACCOUNTS leaves out"),
        (&place, "EXCLUDE_ACCOUNTS", ACCOUNT, "the service is in account 111122223333, which EXCLUDE_ACCOUNTS leaves out"),
        (&place, "REGIONS", "eu-west-1", "the service is in Region us-east-1, which REGIONS leaves out"),
        (&place, "CLUSTERS", &elsewhere, "the service is in cluster web, which CLUSTERS leaves out"),
        (&short, "CLUSTERS", &two, "this ARN does not say in which cluster the service is"),
        (&short, "NETWORK", "patch", "this ARN does not say in which cluster the service is"),
        ("web/shop", "NETWORK", "patch", "\"web/shop\" is not a service's ARN"),
        (&elsewhere, "NETWORK", "patch", "is not a service's ARN, such as"),
        ("", "NETWORK", "patch", "\"\" is not a service's ARN"),
    ];
    for (arn, name, value, text) in cases {
        let world = org(|account| account.service("web/shop", one_container("shop"))).start().await;
        let run = updater(&world).env(name, value).arg("--explain").arg(arn).run().await;
        expect_exit(&run, exit::BAD_SETTINGS);
        assert!(run.stderr.starts_with("error: 1 setting cannot be used\n  --explain: "), "{name}: {}", run.stderr);
        assert!(run.stderr.contains(text), "{name}: {}", run.stderr);
        assert_eq!((run.stdout.as_str(), world.calls().total()), ("", 0));
    }
    // What lets the service through is no contradiction, and neither is the older form of its ARN with its one cluster.
    let world = org(|account| account.service("web/shop", one_container("shop"))).start().await;
    let settings = [("ACCOUNTS", ACCOUNT), ("REGIONS", HOME), ("CLUSTERS", &cluster("web")), ("DRY_RUN", "false")];
    let program = settings.into_iter().fold(updater(&world), |program, (name, value)| program.env(name, value));
    let run = program.arg("--explain").arg(&place).run().await;
    expect_exit(&run, exit::DONE);
    expect_looked_only(&world, &run);
}

/// The lines for machines: one for each part, of the same names whatever the service is.
#[tokio::test]
async fn machines_are_told_a_line_for_each_part() {
    let world = org(|account| account.service("web/shop", "no_entry_point.json")).image(WORKER, &["/entrypoint.sh"], &[]);
    let world = world.start().await;
    let run = explaining(&world, "web/shop").env("LOG_FORMAT", "json").run().await;
    expect_exit(&run, exit::DONE);
    let lines: Vec<Value> = run.lines().into_iter().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    let parts: Vec<&Value> = lines.iter().filter(|line| line["message"] == "service explained").collect();
    let codes: Vec<&str> = parts.iter().filter_map(|line| line["part"].as_str()).collect();
    let all: Vec<&str> = Section::ALL.into_iter().map(Section::code).collect();
    assert_eq!(codes, all);
    for line in &parts {
        assert_eq!((&line["account"], &line["cluster"], &line["service"]), (&json!(ACCOUNT), &json!("web"), &json!("shop")));
        assert!(line["facts"].is_object() && line["decision"].is_string() && line["ends"].is_boolean(), "{line}");
    }
    assert_eq!(parts[1]["facts"]["status"], "ACTIVE");
    assert_eq!(parts[2]["facts"]["outdated"], Value::Null);
    assert_eq!(parts[10]["facts"]["outcome"], "planned");
    let messages: Vec<&str> = lines.iter().filter_map(|line| line["message"].as_str()).collect();
    assert_eq!(messages[messages.len() - 2..], ["service planned", "run ended"]);
    assert!(!messages.contains(&"task definition planned"), "the part says it");
}
