//! `embed` beyond the first time: what is current stays, what is older is replaced, what describes becomes what can be registered, and
//! what cannot be done says so and gives nothing out.

use std::os::unix::fs::PermissionsExt as _;

use fargate_updater::exit;
use serde_json::Value;

use crate::support::{expect_exit, expect_says, fixture, org, pipe, program, world};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[tokio::test]
async fn what_carries_todays_defender_stays_byte_for_byte() {
    let world = world().await;
    for name in ["registration.json", "containers.json", "template.yaml", "one_silent.json", "functions.yaml"] {
        let once = pipe(&world, &["embed", "-", "--form=same"], fixture(name)).await;
        expect_exit(&once, exit::DONE);
        let twice = pipe(&world, &["embed", "-", "--form=same"], once.stdout.clone()).await;
        expect_exit(&twice, exit::DONE);
        assert_eq!(twice.stdout, once.stdout, "{name}");
        expect_says(&twice, "it carries today's Defender (34.03.138), and is as it was");
    }
}

#[tokio::test]
async fn an_older_defender_is_replaced_and_still_comes_out_without_a_trace() {
    let older = org().console(|console| console.version("33.01.137")).start().await;
    let newer = world().await;
    for name in ["registration.json", "one_silent.json", "template.yaml", "described.json", "functions.yaml"] {
        let before = fixture(name);
        let first = pipe(&older, &["embed", "-", "--form=same"], before.clone()).await;
        expect_exit(&first, exit::DONE);
        assert!(first.stdout.contains("defender_33_01_137"), "{}", first.stdout);
        let second = pipe(&newer, &["embed", "-", "--form=same"], first.stdout).await;
        expect_exit(&second, exit::DONE);
        expect_says(&second, "is in it now in the place of another, since it carries Defender 33.01.137, today's is 34.03.138");
        assert!(!second.stdout.contains("33_01_137"), "{}", second.stdout);
        let fresh = pipe(&newer, &["embed", "-", "--form=same"], before.clone()).await;
        assert_eq!(second.stdout, fresh.stdout, "{name}: an upgrade gives what a first time gives");
        let stripped = pipe(&newer, &["strip", "-"], second.stdout).await;
        assert_eq!(stripped.stdout, before, "{name}");
    }
    let kept = program(&newer).env("UPGRADE", "false").args(["embed", "-"]);
    let first = pipe(&older, &["embed", "-"], fixture("registration.json")).await.stdout;
    let kept = kept.input(first.clone()).run().await;
    expect_exit(&kept, exit::DONE);
    assert_eq!(kept.stdout, first);
    expect_says(&kept, "and UPGRADE is false");
}

#[tokio::test]
async fn what_was_described_comes_out_of_a_pipe_as_it_can_be_registered() {
    let world = world().await;
    for name in ["described.json", "described_alone.json"] {
        let run = pipe(&world, &["embed", "-"], fixture(name)).await;
        expect_exit(&run, exit::DONE);
        let definition = json(&run.stdout);
        for key in ["taskDefinition", "taskDefinitionArn", "revision", "status", "registeredAt", "compatibilities"] {
            assert_eq!(definition.get(key), None, "{name}: {key} cannot be registered");
        }
        assert_eq!(definition["family"], "orders");
        assert_eq!(definition["containerDefinitions"][2]["name"], "TwistlockDefender");
        let tags = (name == "described.json").then(|| serde_json::json!([{ "key": "team", "value": "orders" }]));
        assert_eq!(definition.get("tags"), tags.as_ref(), "{name}: AWS sets its own tags itself");
    }
    // Where a file was named, and where it is asked for, the form stays.
    let by_name = program(&world).file("described.json", fixture("described.json")).args(["embed", "described.json"]).run().await;
    expect_exit(&by_name, exit::DONE);
    assert_eq!(by_name.stdout, fixture("protected/described.json"));
    let stripped = program(&world).file("it.json", by_name.stdout).args(["strip", "it.json", "--form", "register"]).run().await;
    expect_exit(&stripped, exit::DONE);
    assert_eq!(json(&stripped.stdout).get("status"), None);
}

#[tokio::test]
async fn a_file_is_replaced_whole_or_not_at_all() {
    let world = world().await;
    let run =
        program(&world).file("it.json", fixture("registration.json")).args(["embed", "it.json", "-o", "it.json"]).run().await;
    expect_exit(&run, exit::DONE);
    assert_eq!(run.stdout, "", "the file is in its place and nowhere else");
    let written = std::fs::read_to_string(run.working_directory().join("it.json")).expect("it.json is there");
    assert_eq!(written, fixture("protected/registration.json"));
    let names: Vec<_> =
        std::fs::read_dir(run.working_directory()).expect("a folder").flatten().map(|it| it.file_name()).collect();
    assert_eq!(names, ["it.json"], "nothing is left beside it");
    let run = program(&world).args(["embed", "-", "-o", "new.json"]).input(fixture("compact.json")).run().await;
    expect_exit(&run, exit::DONE);
    let mode = std::fs::metadata(run.working_directory().join("new.json")).expect("new.json is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "it holds a credential");
    let run = program(&world).args(["embed", "-", "-o", "nowhere/new.json"]).input(fixture("compact.json")).run().await;
    expect_exit(&run, exit::BAD_SETTINGS);
    expect_says(&run, "there is no folder nowhere");
    let run = program(&world).args(["embed", "-", "-o", "."]).input(fixture("compact.json")).run().await;
    expect_exit(&run, exit::BAD_SETTINGS);
    expect_says(&run, "--output: . is a folder; give the name of a file");
    // A device that is full, as Linux has one.
    let run = program(&world).args(["embed", "-", "-o", "/dev/full"]).input(fixture("compact.json")).run().await;
    expect_exit(&run, exit::NOT_ALL);
    expect_says(&run, "could not write /dev/full");
    assert!(!run.stderr.contains("is in it now"), "{}", run.stderr);

    let two = fixture("template.yaml").replace("EntryPoint: ['/worker']", "EntryPoint: !Split [' ', !Ref Start]");
    let run = program(&world).file("it.yaml", two.clone()).args(["embed", "it.yaml", "-o", "it.yaml"]).run().await;
    expect_exit(&run, exit::NOT_ALL);
    let written = std::fs::read_to_string(run.working_directory().join("it.yaml")).expect("it.yaml is there");
    assert_eq!(written, two, "one of two definitions could not be protected");
    expect_says(&run, "container worker: EntryPoint is Fn::Split, and embedding has to write into it (line 71, column 21)");
    assert!(!run.stderr.contains("is in it now"), "{}", run.stderr);
    let both = two.replace("EntryPoint: [docker-entrypoint.sh]", "EntryPoint: !Split [' ', !Ref Start]");
    assert_ne!(both, two);
    let run = pipe(&world, &["embed", "-"], both).await;
    expect_exit(&run, exit::NOT_ALL);
    for name in ["Shop", "Worker"] {
        expect_says(&run, &format!("{name} in standard input cannot get a Defender as it is written: container "));
    }
    let one = ["embed", "it.yaml", "--resource", "Shop"];
    let run = program(&world).file("it.yaml", two).args(one).run().await;
    expect_exit(&run, exit::DONE);
    expect_says(&run, "Shop: Defender 34.03.138 is in it now");
}

#[tokio::test]
async fn functions_stay_where_embedding_does_not_write_and_are_told_where_it_has_to() {
    let world = world().await;
    let template = fixture("template.yaml");
    let cases = [
        ("Environment: [{Name: QUEUE, Value: !Ref Queue}]", "Environment: !If [A, [], []]", "Environment is Fn::If"),
        ("EntryPoint: ['/worker']", "Command: [x]", "could not find the entry point of container worker"),
        (
            "Image: worker:3\n        EntryPoint: ['/worker']",
            "Image: !Sub 'w:${Tag}'",
            "Image is Fn::Sub, so that nobody can look up",
        ),
        ("- Name: worker", "- !If [A, !Ref AWS::NoValue, {Name: a}]\n      - Name: worker", "a container is Fn::If"),
    ];
    for (from, to, says) in cases {
        let text = template.replace(from, to);
        assert_ne!(text, template, "{from}");
        let run = pipe(&world, &["embed", "-", "--resource=Worker"], text).await;
        expect_exit(&run, exit::NOT_ALL);
        assert_eq!(run.stdout, "", "nothing is given out");
        expect_says(&run, says);
        assert!(says.starts_with("could not") || run.stderr.contains("(line "), "{}", run.stderr);
    }
}

/// What another resource shares with a task definition by YAML's own means would change with it, and nobody asked for that.
#[tokio::test]
async fn what_is_repeated_elsewhere_is_not_written_into() {
    let world = world().await;
    let template = "Resources:
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties: PROPERTIES
      Family: web
      ExecutionRoleArn: arn:aws:iam::111122223333:role/execution
      ContainerDefinitions: CONTAINERS
      - Name: web
        Image: web:1
        EntryPoint: ENTRYPOINT
        - /bin/web
        LogConfiguration: LOG
          LogDriver: awslogs
  Other:
    Type: AWS::Lambda::Function
    Properties:
      Thing: *x
";
    let written = |place: &str| {
        let text = ["PROPERTIES", "CONTAINERS", "ENTRYPOINT", "LOG"].iter().fold(template.to_owned(), |text, name| {
            let with = if *name == place { " &x" } else { "" };
            text.replace(&format!(" {name}"), with)
        });
        if place.is_empty() { text.replace("*x", "x") } else { text }
    };
    let cases = [
        ("PROPERTIES", "what holds its containers is repeated by a YAML alias"),
        ("CONTAINERS", "what holds its containers is repeated by a YAML alias"),
        ("ENTRYPOINT", "container web: EntryPoint is repeated by a YAML alias, which would get the Defender as well"),
    ];
    for (place, says) in cases {
        let run = pipe(&world, &["embed", "-"], written(place)).await;
        expect_exit(&run, exit::NOT_ALL);
        assert_eq!(run.stdout, "");
        expect_says(&run, says);
        expect_says(&run, "(line 17, column 14)");
    }
    // What embedding reads only may be shared.
    for place in ["", "LOG"] {
        let run = pipe(&world, &["embed", "-"], written(place)).await;
        expect_exit(&run, exit::DONE);
        let back = pipe(&world, &["strip", "-"], run.stdout).await;
        assert_eq!(back.stdout, written(place));
    }
}

#[tokio::test]
async fn what_is_no_task_definition_is_said_with_its_place() {
    let world = world().await;
    let on_hosts = fixture("registration.json").replace("\"FARGATE\"", "\"EC2\"");
    let run = pipe(&world, &["embed", "-"], on_hosts).await;
    expect_exit(&run, exit::NOT_ALL);
    expect_says(&run, "orders gets no Defender: it runs on EC2, not on Fargate");
    let cases: [(&str, &[&str], &str); 10] = [
        ("", &[], "could not make sense of standard input"),
        ("{\"family\": \"a\",}", &[], "line 1, column"),
        ("{\"family\": \"a\", \"family\": \"b\"}", &[], "line 1, column 17"),
        ("{\"Version\": \"2012-10-17\"}", &[], "it holds no task definition"),
        ("[{\"image\": \"a\"}]", &[], "hold no containers with names"),
        ("{\"containerDefinitions\": [null]}", &[], "a null in a list (line 1, column 27)"),
        ("{\"Resources\": {\"A\": {\"Type\": \"AWS::S3::Bucket\"}}}", &[], "it holds no AWS::ECS::TaskDefinition"),
        (
            "{\"family\": \"a\", \"containerDefinitions\": [{\"name\": \"a\"}]}",
            &["--cloudformation"],
            "no CloudFormation template",
        ),
        ("a: [", &[], "line "),
        ("--- 1\n--- 2\n", &[], "line 2, column 1"),
    ];
    for (text, more, says) in cases {
        let run = pipe(&world, &[&["embed", "-"], more].concat(), text).await;
        expect_exit(&run, exit::BAD_SETTINGS);
        expect_says(&run, says);
        assert_eq!(run.stdout, "");
    }
    let run = pipe(&world, &["embed", "-", "--resource=Shops"], fixture("template.yaml")).await;
    expect_exit(&run, exit::BAD_SETTINGS);
    expect_says(&run, "it holds no AWS::ECS::TaskDefinition called Shops; there are Shop, Worker");
    let run = program(&world).args(["embed", "nowhere.json"]).run().await;
    expect_exit(&run, exit::BAD_SETTINGS);
    expect_says(&run, "could not read nowhere.json");
}

#[tokio::test]
async fn without_a_console_nothing_is_tried_and_three_ways_are_told() {
    let world = world().await;
    let commands: [&[&str]; 3] = [&["embed", "-"], &["check", "-"], &["inspect", "-"]];
    for command in commands {
        let bare = program(&world).without_env("PCC_SECRET").args(command).silent_input().run().await;
        expect_exit(&bare, exit::BAD_SETTINGS);
        for way in ["PCC_SECRET", "PCC_URL, PCC_USER and PCC_PASS themselves", "--env-file"] {
            expect_says(&bare, way);
        }
    }
    // Taking out needs nobody.
    let stripped =
        program(&world).without_env("PCC_SECRET").args(["strip", "-"]).input(fixture("protected/compact.json")).run().await;
    expect_exit(&stripped, exit::DONE);
    assert_eq!(stripped.stdout, fixture("compact.json"));
}

#[tokio::test]
async fn files_need_no_aws_where_they_do_not_ask_for_it() {
    let world = world().await;
    let program = program(&world).without_env("PCC_SECRET").without_env("AWS_ACCESS_KEY_ID").without_env("AWS_SECRET_ACCESS_KEY");
    let program = program.without_env("AWS_SESSION_TOKEN").without_env("AWS_REGION").env("PCC_URL", world.console_url());
    let console = world.console().definition();
    let run = program
        .env("PCC_USER", console.user())
        .env("PCC_PASS", console.password())
        .args(["embed", "-"])
        .input(fixture("one_silent.json"))
        .run()
        .await;
    expect_exit(&run, exit::DONE);
    assert_eq!(run.stdout, fixture("protected/one_silent.json"));
    let asked: Vec<&str> = ["GetCallerIdentity", "GetSecretValue", "GetAuthorizationToken", "DescribeTaskDefinition"]
        .into_iter()
        .filter(|operation| world.calls().of(operation) > 0)
        .collect();
    assert!(asked.is_empty(), "AWS is asked for {asked:?}");
}

#[tokio::test]
async fn nothing_secret_is_said() {
    let world = world().await;
    let secret = "s3cr3t-of-the-shop";
    let text = fixture("registration.json").replace("production", secret);
    let embedded = pipe(&world, &["embed", "-"], text.clone()).await;
    let broken = pipe(&world, &["embed", "-"], text.replace("\"cpu\"", "\"cpu\" 7")).await;
    let inspected = pipe(&world, &["inspect", "-"], embedded.stdout.clone()).await;
    expect_exit(&inspected, exit::DONE);
    for run in [&embedded.stderr, &broken.stderr, &broken.stdout, &inspected.stdout, &inspected.stderr] {
        for hidden in [secret, "tw_synthetic", "eyJzZWNyZXRz"] {
            assert!(!run.contains(hidden), "{run}");
        }
    }
}

#[tokio::test]
async fn what_a_file_brings_along_unseen_is_told_and_nothing_of_it_is_lost() {
    let world = world().await;
    let template = fixture("template.yaml");
    let merged = template.replace("      - Name: worker\n", "      - <<: *base\n        Name: worker\n");
    let included = template.replace(
        "      ContainerDefinitions:\n      - Name: worker\n",
        "      Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://bucket/more.yaml}}\n      ContainerDefinitions:\n      - Name: worker\n",
    );
    for (text, says) in [(merged, "<< brings along what is not seen here"), (included, "Fn::Transform brings properties along")] {
        let run =
            pipe(&world, &["embed", "-", "--resource=Worker"], text.replace("\nParameters:", "\nBase: &base {}\nParameters:"))
                .await;
        assert_eq!(run.stdout, "");
        assert_ne!(run.exit_code, Some(0), "{}", run.stderr);
        expect_says(&run, says);
    }
    let made = template.replace(
        "  Worker:\n",
        "  Fn::ForEach::Workers: [N, [a], {'Worker${N}': {Type: AWS::ECS::TaskDefinition}}]\n  Worker:\n",
    );
    let run = pipe(&world, &["check", "-"], made.clone()).await;
    expect_exit(&run, exit::BAD_SETTINGS);
    expect_says(&run, "its task definitions are made by Fn::ForEach (line 65, column 25)");
    let run = pipe(&world, &["embed", "-", "--resource=Shop"], made).await;
    expect_exit(&run, exit::DONE);
    let alias = "family: a\nx: &secrets [{name: A, valueFrom: b}]\ncontainerDefinitions: [{name: a, image: a, entryPoint: [/a], secrets: *secrets}]\n";
    let run = pipe(&world, &["embed", "-"], alias).await;
    expect_exit(&run, exit::BAD_SETTINGS);
    expect_says(&run, "it holds a YAML alias (line 3, column ");
    let arm = template
        .replace("      Cpu: \"256\"\n      Memory: \"512\"\n", "      RuntimePlatform: {CpuArchitecture: !Ref Architecture}\n");
    assert_ne!(arm, template);
    let run = pipe(&world, &["embed", "-", "--resource=Worker"], arm).await;
    expect_exit(&run, exit::DONE);
    expect_says(&run, "warning: CpuArchitecture is Ref, and what is embedded is for Linux on X86_64");
}

#[tokio::test]
async fn what_an_owner_tuned_with_functions_stays_when_the_defender_is_replaced() {
    let older = org().console(|console| console.version("33.01.137")).start().await;
    let newer = world().await;
    let first = pipe(&older, &["embed", "-"], fixture("functions.yaml")).await;
    expect_exit(&first, exit::DONE);
    let tuned = "          Cpu: !Ref DefenderCpu\n          MemoryReservation: !Ref DefenderMemory\n";
    let at = first.stdout.find("        - Name: TwistlockDefender\n").expect("a Defender")
        + "        - Name: TwistlockDefender\n".len();
    let edited = format!("{}{tuned}{}", &first.stdout[..at], &first.stdout[at..]);
    let second = pipe(&newer, &["embed", "-"], edited).await;
    expect_exit(&second, exit::DONE);
    for kept in ["Cpu: !Ref DefenderCpu", "MemoryReservation: !Ref DefenderMemory"] {
        assert!(second.stdout.contains(kept), "{kept} is lost:\n{}", second.stdout);
    }
    assert!(!second.stderr.contains("cloudformation-"), "nobody knows what stands for a function: {}", second.stderr);
}

#[tokio::test]
async fn a_defender_that_cannot_work_is_replaced() {
    let world = world().await;
    let whole = fixture("protected/registration.json");
    let bundle = whole.lines().find(|line| line.contains("eyJzZWNyZXRz")).expect("a bundle");
    for broken in [
        whole.replace(bundle, "\"value\": \"\""),
        whole.replace("/usr/local/bin/defender\",\n        \"fargate\",\n        \"sidecar", "sleep"),
    ] {
        assert_ne!(broken, whole);
        let checked = pipe(&world, &["check", "-"], broken.clone()).await;
        expect_exit(&checked, exit::NOT_ALL);
        let mended = pipe(&world, &["embed", "-"], broken).await;
        expect_exit(&mended, exit::DONE);
        let checked = pipe(&world, &["check", "-"], mended.stdout).await;
        expect_exit(&checked, exit::DONE);
    }
}
