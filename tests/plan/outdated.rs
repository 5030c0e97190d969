//! When a Defender is replaced, and why: each difference alone, and no difference that the Console itself makes at each call.

use std::collections::BTreeSet;

use fargate_updater::plan::defender::{self, DefenderToday};
use fargate_updater::plan::outdated::{every_reason, outdated};
use fargate_updater::plan::service::Condition;
use fargate_updater::plan::strip::{NamedPorts, strip};
use fargate_updater::plan::task_definition::Registrable;
use fargate_updater::plan::template::Template;
use fargate_updater::plan::{Measure, Outdated, Policy, Selection, SkipReason, TaskDefinition};
use serde_json::{Value, json};
use simulator::Console;
use simulator::console::Profile;

use crate::support::{CONSOLE_NAME, Setup, container, definition_of, id, image_runs, policy, protect, revision, seen, today};

fn two() -> TaskDefinition<Registrable> {
    let mut web = container("web");
    web["portMappings"] = json!([{ "containerPort": 80 }]);
    definition_of(&[web, container("db")])
}

/// What today's Console makes of two containers, with something changed afterwards.
fn changed(policy: &Policy, change: impl FnOnce(&mut Value)) -> TaskDefinition<Registrable> {
    let (mut protected, _) = protect(&two(), &Console::default(), policy);
    change(&mut protected);
    TaskDefinition::from_json(protected)
}

fn variable<'a>(container: &'a mut Value, name: &str) -> &'a mut Value {
    let variables = container["environment"].as_array_mut().expect("variables");
    &mut variables.iter_mut().find(|variable| variable["name"] == name).expect("it is there")["value"]
}

fn without(container: &mut Value, list: &str, key: &str, name: &str) {
    container[list].as_array_mut().expect("a list").retain(|element| element[key] != name);
}

#[test]
fn each_difference_is_a_reason_of_its_own() {
    type Change = fn(&mut Value);
    let copied = |variable: &str| Outdated::Copied { container: "web".to_owned(), variable: variable.to_owned() };
    let wiring = |missing: &str| Outdated::Wiring { container: "db".to_owned(), missing: missing.to_owned() };
    let cases: Vec<(&str, Change, Option<Outdated>)> = vec![
        ("nothing", |_| {}, None),
        ("another bundle", |it| *variable(&mut it["containerDefinitions"][2], "INSTALL_BUNDLE") = json!("b3RoZXI="), None),
        (
            "an older version",
            |it| {
                let token = "registry-auth.twistlock.com/tw_synthetic0token0synthetic0token0";
                it["containerDefinitions"][2]["image"] = json!(format!("{token}/twistlock/defender:defender_33_01_137"));
            },
            Some(Outdated::Version { installed: "33.01.137".to_owned(), today: "34.03.138".to_owned() }),
        ),
        (
            "another registry token",
            |it| {
                let image = "registry-auth.twistlock.com/tw_another0token/twistlock/defender:defender_34_03_138";
                it["containerDefinitions"][2]["image"] = json!(image);
            },
            Some(Outdated::RegistryToken),
        ),
        (
            "the same version from elsewhere",
            |it| it["containerDefinitions"][2]["image"] = json!("registry.example.test/twistlock/defender:defender_34_03_138"),
            Some(Outdated::Image),
        ),
        (
            "another address",
            |it| *variable(&mut it["containerDefinitions"][2], "WS_ADDRESS") = json!("wss://old.example.test:443"),
            Some(Outdated::Address { today: format!("wss://{CONSOLE_NAME}:443") }),
        ),
        (
            "file-system monitoring on the sidecar",
            |it| *variable(&mut it["containerDefinitions"][2], "FILESYSTEM_MONITORING") = json!("true"),
            Some(Outdated::Monitoring),
        ),
        (
            "file-system monitoring in a container",
            |it| *variable(&mut it["containerDefinitions"][1], "FILESYSTEM_MONITORING") = json!("true"),
            Some(Outdated::Monitoring),
        ),
        ("FIPS", |it| *variable(&mut it["containerDefinitions"][2], "FIPS_ENABLED") = json!("true"), Some(Outdated::Fips)),
        (
            "a container that was added",
            |it| it["containerDefinitions"].as_array_mut().expect("containers").insert(0, container("new")),
            Some(Outdated::Unwrapped { container: "new".to_owned() }),
        ),
        (
            "an older script in front",
            |it| it["containerDefinitions"][0]["entryPoint"][0] = json!("/var/lib/twistlock/fargate/fargate_defender.sh"),
            Some(Outdated::Prefix { container: "web".to_owned() }),
        ),
        (
            "another image",
            |it| it["containerDefinitions"][0]["image"] = json!("registry.example.test/web:2"),
            Some(copied("TW_IMAGE_NAME")),
        ),
        ("another name", |it| it["containerDefinitions"][0]["name"] = json!("shop"), None),
        ("another family", |it| it["family"] = json!("shop"), Some(copied("FARGATE_TASK"))),
        (
            "no dependency",
            |it| without(&mut it["containerDefinitions"][1], "dependsOn", "containerName", "TwistlockDefender"),
            Some(wiring("`dependsOn` the Defender")),
        ),
        (
            "no volumes",
            |it| without(&mut it["containerDefinitions"][1], "volumesFrom", "sourceContainer", "TwistlockDefender"),
            Some(wiring("`volumesFrom` the Defender")),
        ),
        (
            "no capability",
            |it| it["containerDefinitions"][1]["linuxParameters"] = json!({}),
            Some(wiring("the capability SYS_PTRACE")),
        ),
        (
            "no variable",
            |it| without(&mut it["containerDefinitions"][1], "environment", "name", "TW_IMAGE_NAME"),
            Some(wiring("today's TW_IMAGE_NAME")),
        ),
        (
            "its owner leaves a container out",
            |it| {
                let tag = json!({ "key": "fargate-updater:skip-containers", "value": "db" });
                it["tags"].as_array_mut().expect("our tags").push(tag);
            },
            Some(Outdated::LeftOut { container: "db".to_owned() }),
        ),
        ("a tuned sidecar", |it| it["containerDefinitions"][2]["memoryReservation"] = json!(256), None),
        ("reordered variables", |it| it["containerDefinitions"][0]["environment"].as_array_mut().expect("list").reverse(), None),
    ];
    let today = today(&Console::default());
    for (name, change, expected) in cases {
        let expected = match name {
            "another name" => Some(Outdated::Copied { container: "shop".to_owned(), variable: "TW_CONTAINER_NAME".to_owned() }),
            _ => expected,
        };
        let definition = changed(&policy(), change);
        let found = seen(&definition, &today, &policy());
        assert_eq!(found, expected.clone().map_or(Condition::Current, Condition::Outdated), "{name}");
        let off = seen(&definition, &today, &Policy { upgrade: false, ..policy() });
        let left = expected.map_or(Condition::Current, |outdated| Condition::Refused(SkipReason::UpgradesAreOff { outdated }));
        assert_eq!(off, left, "{name}, with upgrades off");
    }
}

#[test]
fn every_reason_is_known_each_once_and_the_first_is_the_one_that_is_told() {
    let definition = changed(&policy(), |it| {
        it["containerDefinitions"][2]["image"] = json!("registry-auth.twistlock.com/tw_a/twistlock/defender:defender_33_01_137");
        *variable(&mut it["containerDefinitions"][2], "WS_ADDRESS") = json!("wss://other.example.com:443");
        for container in [0, 1] {
            without(&mut it["containerDefinitions"][container], "volumesFrom", "sourceContainer", "TwistlockDefender");
            without(&mut it["containerDefinitions"][container], "dependsOn", "containerName", "TwistlockDefender");
        }
        *variable(&mut it["containerDefinitions"][1], "TW_IMAGE_NAME") = json!("another:1");
    });
    let policy = Policy { waas_port: Some(8088), reembed: true, ..policy() };
    let today = today(&Console::default());
    let selection = Selection::of(&definition, &BTreeSet::new());
    let (image, named_ports) = (today.image_in(&id("111122223333"), &id("eu-west-1")), NamedPorts::new());
    let measure = Measure { today: &today, image: &image, policy: &policy, selection: &selection, named_ports: &named_ports };
    let sidecar = defender::sidecar_in(&definition).expect("there is one");
    let reasons = every_reason(&definition, sidecar, &measure);
    let codes: Vec<&str> = reasons.iter().map(Outdated::code).collect();
    assert_eq!(codes, ["version", "address", "wiring", "wiring", "copied", "wiring", "wiring", "waas-port", "reembed"]);
    assert_eq!(outdated(&definition, sidecar, &measure).as_ref(), reasons.first());
    assert_eq!(reasons.iter().collect::<BTreeSet<_>>().len(), reasons.len(), "{reasons:?}");
}

#[test]
fn a_changed_setting_is_a_reason_as_far_as_the_console_knows_it() {
    let fips = Policy { fips: true, ..policy() };
    let old = Console::default().profile(Profile::V21_04);
    let by_old = || TaskDefinition::from_json(protect(&two(), &old, &policy()).0);
    let now = || changed(&policy(), |_| {});
    assert_eq!(seen(&now(), &today(&Console::default()), &fips), Condition::Outdated(Outdated::Fips));
    // This Console's sidecars do not have the variable until it is wanted, and its sample tells nothing of monitoring.
    assert_eq!(seen(&by_old(), &today(&old), &policy()), Condition::Current);
    assert_eq!(seen(&by_old(), &today(&old), &fips), Condition::Outdated(Outdated::Fips));
    let monitoring = Policy { file_system_monitoring: true, ..policy() };
    assert_eq!(seen(&by_old(), &today(&old), &monitoring), Condition::Current, "it would never be embedded");
    let asked = Policy { reembed: true, ..policy() };
    assert_eq!(seen(&now(), &today(&Console::default()), &asked), Condition::Outdated(Outdated::Asked));
}

#[test]
fn the_waas_port_is_the_one_of_the_settings_and_only_ours_is_taken_away() {
    let wants = |port: Option<u16>| Policy { waas_port: port, ..policy() };
    let with = |port: Option<u16>| changed(&wants(port), |_| {});
    let theirs = changed(&policy(), |it| {
        it["containerDefinitions"][0]["portMappings"].as_array_mut().expect("ports").push(json!({ "containerPort": 8088 }));
    });
    let nowhere = TaskDefinition::from_json(protect(&definition_of(&[container("web")]), &Console::default(), &policy()).0);
    let named = changed(&wants(Some(8088)), |it| it["containerDefinitions"][0]["portMappings"][1]["name"] = json!("waas"));
    let outdated = || Condition::Outdated(Outdated::WaasPort);
    let cases = [
        ("wanted and not there", with(None), Some(8088), outdated()),
        ("wanted and there", with(Some(8088)), Some(8088), Condition::Current),
        ("not wanted and ours", with(Some(8088)), None, outdated()),
        ("another is wanted", with(Some(8088)), Some(9000), outdated()),
        ("not wanted and theirs", theirs.clone(), None, Condition::Current),
        ("wanted and theirs", theirs, Some(8088), Condition::Current),
        ("wanted, and nobody has ports", nowhere, Some(8088), Condition::Current),
        ("not wanted, and theirs by the name they gave it", named, None, Condition::Current),
    ];
    let today = today(&Console::default());
    for (name, definition, port, expected) in cases {
        assert_eq!(seen(&definition, &today, &wants(port)), expected, "{name}");
    }
}

/// What this Console makes of two containers, with words before the first one's Defender.
fn preceded_by(words: &[&str], profile: Profile) -> TaskDefinition<Registrable> {
    let (mut protected, _) = protect(&two(), &Console::default().profile(profile), &policy());
    let entry_point = protected["containerDefinitions"][0]["entryPoint"].as_array_mut().expect("words");
    entry_point.splice(0..0, words.iter().map(|word| json!(word)));
    TaskDefinition::from_json(protected)
}

/// The vendor has owners of images without a shell name another interpreter themselves; without it such a container could not start.
/// Other owners put a wrapper before the Defender, and what it does for the application must not be lost.
#[test]
fn what_an_owner_put_before_the_defender_is_no_difference_and_stays_where_it_is_of_use() {
    let (script, binary) = (Profile::V21_04, Profile::V34);
    let named = Policy { interpreter: Some("/bin/dash".to_owned()), ..policy() };
    let chamber = ["chamber", "exec", "prod", "--"];
    let busybox = ["/busybox/sh"];
    let both = ["/tini", "--", "/busybox/sh"];
    type Case<'a> = (&'a str, &'a [&'a str], Profile, Profile, &'a Policy, Vec<&'a str>);
    let plain = policy();
    let cases: [Case<'_>; 9] = [
        ("an interpreter of a script", &busybox, script, script, &plain, vec!["/busybox/sh"]),
        ("the Console of that time does not know the setting", &busybox, script, script, &named, vec!["/busybox/sh"]),
        ("a program that is no script needs none", &busybox, script, binary, &plain, vec![]),
        ("the Console names another", &busybox, script, binary, &named, vec!["/bin/dash"]),
        ("an earlier setting's, which is no shell", &["/custom/loader"], binary, binary, &named, vec!["/bin/dash"]),
        ("a wrapper", &chamber, script, binary, &plain, chamber.to_vec()),
        (
            "a wrapper and an interpreter that the Console names",
            &chamber,
            binary,
            binary,
            &named,
            [&chamber[..], &["/bin/dash"]].concat(),
        ),
        ("a wrapper and an interpreter", &both, script, binary, &plain, vec!["/tini", "--"]),
        ("a wrapper of one word", &["/tini"], binary, binary, &plain, vec!["/tini"]),
    ];
    for (name, words, from, to, policy, expected) in cases {
        let older = preceded_by(words, from);
        let selection = Selection::of(&older, &BTreeSet::new());
        let stripped = strip(&older, &selection, &NamedPorts::new());
        let bare = older.changed_by(&stripped.change).expect("it fits");
        let console = Console::default().profile(to);
        let setup = Setup { stripped, ..Setup::reading(&bare, policy, &image_runs()) };
        let mut answer = setup.answer(&console);
        if policy.interpreter.is_some() && to == binary {
            for container in answer["containerDefinitions"].as_array_mut().expect("containers") {
                if let Some(words) = container["entryPoint"].as_array_mut().filter(|words| words.len() > 1) {
                    words.insert(0, json!("/bin/dash"));
                }
            }
        }
        let accepted = setup.accept(&answer).expect(name);
        let containers = revision(&bare, &accepted.change)["containerDefinitions"].clone();
        let program =
            if to == script { "/var/lib/twistlock/fargate/fargate_defender.sh" } else { "/var/lib/twistlock/fargate/defender" };
        let expected = [expected, vec![program, "fargate", "entrypoint", "/bin/run"]].concat();
        assert_eq!(containers[0]["entryPoint"], json!(expected), "{name}");
    }

    let prefix = || Condition::Outdated(Outdated::Prefix { container: "web".to_owned() });
    let is = |words: &[&str], profile: Profile| {
        seen(&preceded_by(words, profile), &today(&Console::default().profile(profile)), &policy())
    };
    assert_eq!(is(&busybox, script), Condition::Current);
    assert_eq!(is(&busybox, binary), prefix(), "a shell cannot run a program that is no script");
    assert_eq!((is(&chamber, script), is(&chamber, binary)), (Condition::Current, Condition::Current));
    assert_eq!((is(&both, script), is(&both, binary)), (Condition::Current, prefix()));
}

#[test]
fn a_mirrored_image_is_compared_whole_in_each_account_and_region() {
    let template: Template = "{account}.dkr.ecr.{region}.amazonaws.com/mirror/twistlock/defender:stable".parse().expect("right");
    let mirrored = |image: &str| changed(&policy(), |it| it["containerDefinitions"][2]["image"] = json!(image));
    let today: DefenderToday = today(&Console::default()).mirrored(template, "34.03.138");
    let here = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/mirror/twistlock/defender:stable";
    assert_eq!(seen(&mirrored(here), &today, &policy()), Condition::Current, "its tag names no version");
    let elsewhere = "111122223333.dkr.ecr.us-east-1.amazonaws.com/mirror/twistlock/defender:stable";
    assert_eq!(seen(&mirrored(elsewhere), &today, &policy()), Condition::Outdated(Outdated::Image));
}

#[test]
fn a_template_is_filled_in_or_refused_by_name() {
    let fill = |text: &str| {
        let template = text.parse::<Template>().map_err(|error| error.to_string())?;
        Ok::<_, String>(template.fill(&id("111122223333"), &id("eu-west-1"), "34.03.138"))
    };
    let cases = [
        ("mirror.example.test/defender:defender_{version}", Ok("mirror.example.test/defender:defender_34_03_138")),
        ("{account}.dkr.ecr.{region}.amazonaws.com/d:1", Ok("111122223333.dkr.ecr.eu-west-1.amazonaws.com/d:1")),
        ("plain.example.test/d", Ok("plain.example.test/d")),
        ("{acount}/d", Err("{acount} is not known; {account}, {region} and {version} are filled in")),
        ("{\"user\":1}", Err("what stands in braces is not known; {account}, {region} and {version} are filled in")),
        ("{account/d", Err("a brace in it is not closed, or not opened")),
        ("account}/d", Err("a brace in it is not closed, or not opened")),
        ("a b", Err("it has blanks in it")),
    ];
    for (text, expected) in cases {
        assert_eq!(fill(text), expected.map(str::to_owned).map_err(str::to_owned), "{text}");
    }
}
