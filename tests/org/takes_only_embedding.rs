//! The Console's answer is not trusted: what is no part of embedding refuses the definition, what was changed is put back.

use fargate_updater::exit;
use serde_json::{Value, json};
use simulator::scenario::Definition;
use simulator::{Console, Org, World};

use crate::support::{ACCOUNT, HOME, expect_defender, expect_exit, expect_told, expect_untouched, updater};

/// A Console with a habit, and one service that it is asked about.
async fn world(console: impl FnOnce(Console) -> Console) -> World {
    Org::new().console(console).account(ACCOUNT, |account| account.service("web/shop", "httpd.json")).start().await
}

#[tokio::test]
async fn an_addition_of_another_kind_refuses_the_definition_and_names_the_place() {
    let table: [(&str, Value, &str); 9] = [
        ("/taskRoleArn", json!("arn:aws:iam::444455556666:role/admin"), "/taskRoleArn"),
        ("/pidMode", json!("task"), "/pidMode"),
        ("/tags", json!([{ "key": "a", "value": "b" }]), "/tags"),
        ("/volumes/-", json!({ "name": "host", "host": { "sourcePath": "/" } }), "/volumes/0/host"),
        ("/containerDefinitions/-", json!({ "name": "agent", "image": "agent:1" }), "/containerDefinitions/2"),
        ("/containerDefinitions/httpd/privileged", json!(true), "/containerDefinitions/0/privileged"),
        ("/containerDefinitions/httpd/portMappings/-", json!({ "containerPort": 22 }), "/containerDefinitions/0/portMappings/1"),
        (
            "/containerDefinitions/httpd/linuxParameters/capabilities/add/-",
            json!("SYS_ADMIN"),
            "/containerDefinitions/0/linuxParameters",
        ),
        (
            "/containerDefinitions/httpd/secrets/-",
            json!({ "name": "TOKEN", "valueFrom": "arn:aws:ssm:us-east-1:444455556666:parameter/token" }),
            "/containerDefinitions/0/secrets",
        ),
    ];
    for (pointer, value, place) in table {
        let world = world(|console| console.adds(pointer, value)).await;
        let before = world.service(ACCOUNT, HOME, "web/shop").task_definition().clone();
        let run = updater(&world).run().await;
        expect_exit(&run, exit::NOT_ALL);
        expect_told(&run, "web/shop", "failed", "could not accept what the Console made of httpd");
        let told = format!("the Console's answer adds what is no part of embedding, at {place}");
        assert!(run.stdout.contains(&told), "{pointer}: {}", run.stdout);
        assert!(run.stdout.contains("  hint:  this version does not know what the Console added"), "{}", run.stdout);
        assert_eq!(world.calls().writes(), 0, "{pointer}");
        expect_untouched(&world, &before, ACCOUNT, HOME, "web/shop");
    }
}

#[tokio::test]
async fn a_refused_definition_does_not_stop_the_others() {
    let world = Org::new()
        .console(|console| console.adds("/containerDefinitions/httpd/privileged", json!(true)))
        .account(ACCOUNT, |account| account.service("web/shop", "httpd.json").service("web/orders", "orders.json"))
        .start()
        .await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::NOT_ALL);
    expect_told(&run, "web/shop", "failed", "/containerDefinitions/0/privileged");
    expect_defender(&world, ACCOUNT, HOME, "web/orders");
}

/// What the owner had is registered all the same, and the report says where the Console differed.
#[tokio::test]
async fn what_the_console_changes_or_drops_is_put_back_and_told() {
    let table: [(&str, Option<Value>, &str); 8] = [
        ("/cpu", Some(json!("1024")), "/cpu"),
        ("/cpu", None, "/cpu"),
        ("/executionRoleArn", None, "/executionRoleArn"),
        ("/containerDefinitions/httpd/image", Some(json!("other:1")), "/containerDefinitions/0/image"),
        ("/containerDefinitions/httpd/essential", None, "/containerDefinitions/0/essential"),
        ("/containerDefinitions/httpd/portMappings", None, "/containerDefinitions/0/portMappings"),
        ("/containerDefinitions/httpd/command", None, "/containerDefinitions/0/command"),
        (
            "/containerDefinitions/httpd/portMappings/0/containerPort",
            Some(json!(8080)),
            "/containerDefinitions/0/portMappings/0/containerPort",
        ),
    ];
    let owners = Definition::from("httpd.json").load();
    for (pointer, value, place) in table {
        let case = format!("{pointer} {value:?}");
        let world = world(|console| console.changes(pointer, value)).await;
        let run = updater(&world).run().await;
        expect_exit(&run, exit::DONE);
        expect_defender(&world, ACCOUNT, HOME, "web/shop");
        let now = world.service(ACCOUNT, HOME, "web/shop").task_definition().clone();
        let container = &now["containerDefinitions"][0];
        let theirs = &owners["containerDefinitions"][0];
        for key in ["cpu", "memory", "executionRoleArn"] {
            assert_eq!(now[key], owners[key], "{case}");
        }
        for key in ["image", "command", "essential"] {
            assert_eq!(container[key], theirs[key], "{case}");
        }
        assert_eq!(container["portMappings"], json!([{ "containerPort": 80, "hostPort": 80, "protocol": "tcp" }]), "{case}");
        let note = format!("note: the Console's answer differed at {place}; what the task definition had was kept");
        assert!(run.stdout.contains(&note), "{case}: {}", run.stdout);
    }
}

/// A Console that forgets what ECS has learnt since 2021 costs nobody a field.
#[tokio::test]
async fn a_console_that_drops_fields_it_does_not_know_loses_none() {
    let world = Org::new()
        .console(|console| console.drops_unknown_fields())
        .stores_definitions_verbatim()
        .account(ACCOUNT, |account| account.service("web/import", "unknown_fields.json"))
        .start()
        .await;
    expect_exit(&updater(&world).run().await, exit::DONE);
    expect_defender(&world, ACCOUNT, HOME, "web/import");
    let owners = Definition::from("unknown_fields.json").load();
    let now = world.service(ACCOUNT, HOME, "web/import").task_definition().clone();
    assert_eq!(now["futureTopLevelField"], owners["futureTopLevelField"]);
    assert_eq!(now["volumes"], owners["volumes"]);
    for key in ["futureContainerField", "logConfiguration", "ulimits"] {
        assert_eq!(now["containerDefinitions"][0][key], owners["containerDefinitions"][0][key], "{key}");
    }
}

#[tokio::test]
async fn an_answer_that_would_leave_a_container_without_the_defender_is_refused() {
    let table: [(&str, &str); 3] = [
        ("/containerDefinitions/httpd/volumesFrom", "the Console's answer leaves container httpd without the Defender"),
        ("/containerDefinitions/httpd/entryPoint", "the Console's answer leaves container httpd without the Defender"),
        ("/containerDefinitions/httpd", "the Console's answer leaves container httpd without the Defender"),
    ];
    for (pointer, told) in table {
        let world = world(|console| console.changes(pointer, None)).await;
        let run = updater(&world).run().await;
        expect_exit(&run, exit::NOT_ALL);
        expect_told(&run, "web/shop", "failed", told);
        assert_eq!(world.calls().writes(), 0, "{pointer}");
    }
}
