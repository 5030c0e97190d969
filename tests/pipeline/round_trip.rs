//! What goes in comes out with a Defender, and what then goes in comes out as it was: each form of file against a file of how it has to
//! look, byte for byte in both directions.

use fargate_updater::exit;

use crate::support::{expect_exit, expect_says, fixture, folder, pipe, world};

/// Every form of file that can hold a task definition, in every way that it is commonly written.
const FILES: [&str; 16] = [
    "registration.json",
    "compact.json",
    "tabs_and_crlf.json",
    "byte_order_mark.json",
    "described.json",
    "described_alone.json",
    "containers.json",
    "containers_compact.json",
    "one_silent.json",
    "registration.yaml",
    "template.yaml",
    "template.json",
    "resource.json",
    "template_crlf.yaml",
    "functions.yaml",
    "secret_from_terraform.json",
];

#[tokio::test]
async fn a_file_gets_a_defender_and_loses_it_again() {
    let world = world().await;
    let mut wrong = Vec::new();
    for name in FILES {
        let before = fixture(name);
        let embedded = pipe(&world, &["embed", "-", "--form=same", "--family=orders"], before.clone()).await;
        expect_exit(&embedded, exit::DONE);
        let path = folder().join("protected").join(name);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &embedded.stdout).expect("the folder can be written");
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        if embedded.stdout != expected {
            wrong.push(format!("{name} is not protected/{name}:\n{}", embedded.stdout));
        }
        let stripped = pipe(&world, &["strip", "-"], embedded.stdout).await;
        expect_exit(&stripped, exit::DONE);
        if stripped.stdout != before {
            wrong.push(format!("{name} does not come out as it was:\n{}", stripped.stdout));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The long form of a function as CloudFormation's own examples write it: below its key, on a line of its own.
const LONG_FORMS: &str = "Resources:
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family:
        Fn::Sub: ${Stage}-web
      ExecutionRoleArn: arn:aws:iam::111122223333:role/execution
      ContainerDefinitions:
      - Name: web
        Image:
          Ref: Image
        EntryPoint:
        - /bin/web
        LogConfiguration:
          LogDriver: awslogs
          Options:
            awslogs-group:
              Ref: LogGroup
            awslogs-region:
              Ref: AWS::Region
      - Name: log
        Image:
          Fn::If: [Small, 'log:1', 'log:2']
        EntryPoint:
        - /bin/log
        DependsOn: []
";

#[tokio::test]
async fn functions_below_their_keys_are_repeated_in_brackets() {
    let world = world().await;
    let embedded = pipe(&world, &["embed", "-"], LONG_FORMS).await;
    expect_exit(&embedded, exit::DONE);
    assert!(embedded.stdout.contains("{Ref: Image}") && embedded.stdout.contains("{Ref: LogGroup}"), "{}", embedded.stdout);
    // What was put in does not change how things are written the next time.
    let again = pipe(&world, &["embed", "-", "--reembed"], embedded.stdout.clone()).await;
    expect_exit(&again, exit::DONE);
    assert_eq!(again.stdout, embedded.stdout);
    let stripped = pipe(&world, &["strip", "-"], embedded.stdout).await;
    expect_exit(&stripped, exit::DONE);
    assert_eq!(stripped.stdout, LONG_FORMS);
}

#[tokio::test]
async fn what_cannot_be_written_is_told_with_its_place_in_the_whole_document() {
    let world = world().await;
    let anchored = LONG_FORMS.replace("- /bin/log", "- &start /bin/log");
    let run = pipe(&world, &["embed", "-"], anchored).await;
    expect_exit(&run, exit::NOT_ALL);
    assert_eq!(run.stdout, "");
    expect_says(&run, "could not write the change of Web");
    expect_says(&run, "at /Resources/Web/Properties/ContainerDefinitions/");
}
