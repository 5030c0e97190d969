//! `inspect`: one screen for one task definition.

use fargate_updater::exit;

use crate::support::{ACCOUNT, expect_exit, expect_says, fixture, org, pipe, program, world};

/// Returns a screen with the Console's address, which is another at each start, taken out.
fn screen(text: &str, console: &str) -> String {
    text.replace(console, "https://console.example.test/us-9-000000001")
}

#[tokio::test]
async fn an_unprotected_file_is_told_with_what_embed_would_do() {
    let world = world().await;
    let run = pipe(&world, &["inspect", "-"], fixture("one_silent.json")).await;
    expect_exit(&run, exit::DONE);
    insta::assert_snapshot!(screen(&run.stdout, &world.console_url()), @"
    web (standard input, line 1, column 1)
      family       web
      containers   web, log_router
      protected    no: it carries no Defender
      today        Defender 34.03.138, connecting to wss://127.0.0.1:443 (https://console.example.test/us-9-000000001)
      embed        puts the Defender in:
                   + containerDefinitions/web/environment/TW_IMAGE_NAME
                   + containerDefinitions/web/environment/TW_CONTAINER_NAME
                   + containerDefinitions/web/environment/DEFENDER_TYPE
                   + containerDefinitions/web/environment/FARGATE_TASK
                   + containerDefinitions/web/environment/FILESYSTEM_MONITORING
                   ~ containerDefinitions/web/command
                   + containerDefinitions/web/dependsOn/TwistlockDefender
                   ~ containerDefinitions/web/linuxParameters/capabilities/add:  -> SYS_PTRACE
                   + containerDefinitions/web/entryPoint: /var/lib/twistlock/fargate/defender fargate entrypoint
                   + containerDefinitions/web/volumesFrom/TwistlockDefender
                   + containerDefinitions/TwistlockDefender (image registry-auth.twistlock.com/***/twistlock/defender:defender_34_03_138)
                   note: the entry point of container web comes from the image's configuration
    ");
}

#[tokio::test]
async fn a_protected_file_is_told_with_its_defender() {
    let world = world().await;
    let run = pipe(&world, &["inspect", "-"], fixture("protected/registration.json")).await;
    expect_exit(&run, exit::DONE);
    insta::assert_snapshot!(screen(&run.stdout, &world.console_url()), @"
    orders (standard input, line 1, column 1)
      family       orders
      containers   orders (under the Defender), metrics (under the Defender), TwistlockDefender
      protected    yes
      Defender     34.03.138
      image        registry-auth.twistlock.com/***/twistlock/defender:defender_34_03_138
      connects to  wss://127.0.0.1:443
      embedded by  no run of a fleet: a file, or another tool
      today        Defender 34.03.138, connecting to wss://127.0.0.1:443 (https://console.example.test/us-9-000000001)
      embed        changes nothing: this is today's Defender
    ");
}

#[tokio::test]
async fn a_revision_is_told_by_its_arn() {
    let org = org()
        .account(ACCOUNT, |account| account.service("web/orders", "orders.json"))
        .account("444455556666", |account| account.service("web/orders", "orders.json"));
    let world = org.start().await;
    let before = world.registered().len();
    let arn = |account: &str| world.service(account, "us-east-1", "web/orders").task_definition_arn().to_owned();
    for account in [ACCOUNT, "444455556666"] {
        let run = program(&world).arg("inspect").arg(arn(account)).run().await;
        expect_exit(&run, exit::DONE);
        assert!(run.stdout.starts_with(&arn(account)), "{}", run.stdout);
        assert!(run.stdout.contains("  protected    no: it carries no Defender\n"), "{}", run.stdout);
        assert!(run.stdout.contains("+ containerDefinitions/TwistlockDefender"), "{}", run.stdout);
    }
    assert_eq!(world.registered().len(), before, "nothing is registered");
    let run = program(&world).args(["inspect", "arn:aws:ecs:us-east-1:111122223333:task-definition/nothing:1"]).run().await;
    expect_exit(&run, exit::NOT_ALL);
    expect_says(&run, "could not read the task definition arn:aws:ecs:us-east-1:111122223333:task-definition/nothing:1");
}
