//! Tags: what owners say in theirs, and what is written in ours.

use fargate_updater::plan::TaskDefinition;
use fargate_updater::plan::memory::{
    Item, LeftAlone, Memory, ON_TOP_OF_TAG, Origin, Record, counted_anew, gone_back, has_room_for_pins, left_alone, note,
    opts_out, protected_again, remember, skipped_containers, times_protected, upgraded_unseen, was_not_seen,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::generate;
use crate::support::{container, definition_of, origin, revision, source};

#[test]
fn an_owner_opts_out_with_any_value_but_no() {
    let cases = [
        ("yes", true),
        ("true", true),
        ("1", true),
        ("", true),
        ("because it breaks", true),
        ("off", true),
        ("false", false),
        ("False", false),
        (" NO ", false),
        ("0", false),
    ];
    for (value, expected) in cases {
        assert_eq!(opts_out([("team", "payments"), ("fargate-updater:skip", value)]), expected, "{value:?}");
    }
    assert!(!opts_out([]));
    assert!(!opts_out([("Fargate-Updater:Skip", "yes"), ("skip", "yes"), ("fargate-updater:skipped", "yes")]));
}

#[test]
fn a_service_is_left_alone_for_the_revision_and_the_defender_its_tag_names() {
    let cases = [
        ("both are the same", "rolled-back checkout:7 34.03.138", Some("34.03.138"), Some(LeftAlone::RolledBack)),
        ("it was undone", "undone checkout:7 34.03.138", Some("34.03.138"), Some(LeftAlone::Undone)),
        ("the version is not known, then and now", "undone checkout:7 unknown", None, Some(LeftAlone::Undone)),
        ("a newer Defender", "undone checkout:7 34.03.138", Some("34.04.145"), None),
        ("a revision whose number begins alike", "undone checkout:70 34.03.138", Some("34.03.138"), None),
        ("another word", "skipped checkout:7 34.03.138", Some("34.03.138"), None),
        ("undone for every Defender", "undone checkout:7", Some("34.03.138"), Some(LeftAlone::Undone)),
        ("no version", "rolled-back checkout:7", Some("34.03.138"), None),
        ("nothing", "", Some("34.03.138"), None),
    ];
    for (name, value, version, expected) in cases {
        assert_eq!(left_alone([("fargate-updater:left-alone", value)], &source(), version), expected, "{name}");
    }
    assert_eq!(left_alone([("team", "undone checkout:7 34.03.138")], &source(), Some("34.03.138")), None);
}

/// A definition with these tags; none at all for an empty list.
fn tagged(tags: &[Value]) -> TaskDefinition<fargate_updater::plan::task_definition::Registrable> {
    let mut definition = definition_of(&[container("web")]).json().clone();
    if !tags.is_empty() {
        definition["tags"] = json!(tags);
    }
    TaskDefinition::from_json(definition)
}

fn tag(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": value })
}

#[test]
fn our_tags_are_added_and_replaced_and_the_owners_are_kept() {
    let ours = [
        tag("fargate-updater:source", "checkout:7"),
        tag("fargate-updater:defender-version", "34.03.138"),
        tag("fargate-updater:run-id", "0123456789abcdef"),
    ];
    let [source, version, run] = ours.clone();
    let (team, old) = (json!({ "key": "team", "value": "", "future": 1 }), tag("fargate-updater:run-id", "fedcba9876543210"));
    let cases = [
        ("no tags", vec![], ours.to_vec()),
        ("an owner's tag", vec![team.clone()], [vec![team.clone()], ours.to_vec()].concat()),
        ("one of ours in its place", vec![old, team.clone()], vec![run, team, source, version]),
        ("all of ours", ours.to_vec(), ours.to_vec()),
    ];
    for (name, before, after) in cases {
        let definition = tagged(&before);
        assert_eq!(
            revision(&definition, &remember(&definition, &origin(), &Record::default()).change)["tags"],
            json!(after),
            "{name}"
        );
    }
    let family = "f".repeat(255);
    let longest = crate::support::id(&format!("arn:aws:ecs:eu-west-1:111122223333:task-definition/{family}:7"));
    let definition = tagged(&[]);
    let long = revision(&definition, &remember(&definition, &Origin { source: longest, ..origin() }, &Record::default()).change);
    assert_eq!(long["tags"][0]["value"], "7", "the longest family leaves room for the number alone");
    let unknown = Origin { version: None, ..origin() };
    assert_eq!(revision(&definition, &remember(&definition, &unknown, &Record::default()).change)["tags"][1]["value"], "unknown");
}

#[test]
fn the_owners_tags_matter_more_than_ours() {
    let owners = |count: usize| (0..count).map(|index| tag(&format!("owner-{index}"), "x")).collect::<Vec<_>>();
    let with_ours = |count: usize| [owners(count), vec![tag("fargate-updater:run-id", "old")]].concat();
    let cases = [
        ("47 leave room for three", owners(47), 50),
        ("48 do not, and none is added", owners(48), 48),
        ("50 are all", owners(50), 50),
        ("47 and one of ours make room for two", with_ours(47), 50),
        ("48 and one of ours do not", with_ours(48), 49),
    ];
    for (name, before, after) in cases {
        let definition = tagged(&before);
        let Memory { change, left_out } = remember(&definition, &origin(), &Record::default());
        let tags = revision(&definition, &change)["tags"].as_array().map(Vec::len);
        assert_eq!(tags, Some(after), "{name}");
        assert_eq!((change.is_empty(), left_out), (before.len() == after, before.len() == after), "{name}");
    }
}

proptest! {
    #![proptest_config(generate::config())]

    #[test]
    fn tag_values_use_only_what_ecs_allows(
        family in "[A-Za-z0-9_-]{1,255}",
        number in any::<u64>(),
        version in "[0-9]{2}\\.[0-9]{2}\\.[0-9]{3}",
        record in record(),
    ) {
        let arn = format!("arn:aws:ecs:eu-west-1:111122223333:task-definition/{family}:{number}");
        let origin = Origin { source: crate::support::id(&arn), version: Some(version), ..origin() };
        let definition = tagged(&[]);
        let revision = revision(&definition, &remember(&definition, &origin, &record).change);
        for tag in revision["tags"].as_array().expect("there are tags") {
            let (key, value) = (tag["key"].as_str().expect("a text"), tag["value"].as_str().expect("a text"));
            let allowed = |character: char| character.is_ascii_alphanumeric() || " +-=._:/@".contains(character);
            prop_assert!(key.chars().all(allowed) && value.chars().all(allowed), "{}: {}", key, value);
            // Source: Amazon ECS Developer Guide, "Tag restrictions": 128 characters for a key, 256 for a value.
            prop_assert!(key.len() <= 128, "{}", key);
            prop_assert!(value.len() <= 256, "{} characters", value.len());
        }
    }

    #[test]
    fn what_is_written_down_is_read_again(record in record()) {
        let definition = tagged(&[]);
        let revision = TaskDefinition::from_json(revision(&definition, &remember(&definition, &origin(), &record).change));
        prop_assert_eq!(Record::read(revision.tags()), record);
    }
}

/// What may be written down of up to ten containers with names of any length.
fn record() -> impl Strategy<Value = Record> {
    let names = prop::collection::vec("[A-Za-z0-9_-]{1,255}", 0..10);
    (names, prop::option::of(1_u16..), prop::collection::btree_set("[A-Za-z0-9_-]{1,255}", 0..3)).prop_map(
        |(names, port, volumes)| {
            let mut record = Record::default();
            record.volumes = volumes;
            for (index, name) in names.iter().enumerate() {
                record.fill(name, "entryPoint", &["/bin/run", "a"]);
                record.pin(name, "web:1@sha256:00ff");
                if index % 2 == 0 {
                    record.fill(name, "command", &["b"]);
                    record.theirs.insert(Item::new(name, "SYS_PTRACE"));
                }
            }
            record.variables = names.iter().map(|name| Item::new(name, "TW_NEW")).collect();
            record.waas_port = names.first().zip(port).map(|(name, port)| Item::new(name, &port.to_string()));
            record
        },
    )
}

#[test]
fn what_was_filled_in_is_known_by_its_words() {
    let mut record = Record::default();
    record.fill("web", "entryPoint", &["/bin/run", "a"]);
    let cases = [
        ("the same", "web", "entryPoint", vec!["/bin/run", "a"], true),
        ("other words", "web", "entryPoint", vec!["/bin/run", "b"], false),
        ("the same letters in other words", "web", "entryPoint", vec!["/bin/runa"], false),
        ("fewer words", "web", "entryPoint", vec!["/bin/run"], false),
        ("another container", "web2", "entryPoint", vec!["/bin/run", "a"], false),
        ("the command", "web", "command", vec!["/bin/run", "a"], false),
    ];
    for (name, container, what, words, expected) in cases {
        assert_eq!(record.has_filled(container, what, &words), expected, "{name}");
    }
}

#[test]
fn an_owner_leaves_containers_out_by_their_names() {
    let cases = [
        ("one", "router", vec!["router"]),
        ("several", "router  proxy-2 log_router", vec!["log_router", "proxy-2", "router"]),
        ("separated in another way", "router, proxy;x:y/z", vec!["proxy", "router", "x", "y", "z"]),
        ("nothing", " ", vec![]),
    ];
    for (name, value, expected) in cases {
        let skipped = skipped_containers([("team", "payments"), ("fargate-updater:skip-containers", value)]);
        assert_eq!(skipped.iter().map(String::as_str).collect::<Vec<_>>(), expected, "{name}");
    }
    assert!(skipped_containers([("fargate-updater:skip", "web")]).is_empty());
}

/// Where there is no room for all, what strip needs comes before what people like to know.
#[test]
fn what_cannot_be_seen_is_written_down_before_where_it_comes_from() {
    let mut record = Record::default();
    record.fill("web", "entryPoint", &["/run"]);
    let owners = |count: usize| (0..count).map(|index| tag(&format!("owner-{index}"), "x")).collect::<Vec<_>>();
    for (count, expected, left_out) in [(46, 4, false), (47, 1, true), (49, 1, true), (50, 0, true)] {
        let definition = tagged(&owners(count));
        let memory = remember(&definition, &origin(), &record);
        let tags = revision(&definition, &memory.change)["tags"].as_array().map_or(0, Vec::len);
        assert_eq!((tags - count, memory.left_out), (expected, left_out), "{count} tags of the owner's");
    }
}

#[test]
fn a_familys_newest_code_is_told_by_numbers_and_by_what_ours_were_made_from() {
    use fargate_updater::plan::newest::Code;
    let revision = |number| source().sibling(number);
    let code = |(number, made_from, beneath): (u64, Option<u64>, Option<u64>)| Code {
        arn: revision(number),
        made_from: made_from.map(revision),
        beneath: beneath.map(revision),
    };
    let theirs = |number| (number, None, None);
    let cases = [
        ("the services run the newest", theirs(7), theirs(7), None),
        ("newer code", theirs(9), theirs(7), Some(9)),
        ("ours, made from what runs", (9, Some(7), None), theirs(7), None),
        ("ours, made from older code", (9, Some(5), None), theirs(7), None),
        ("ours, made from newer code", (9, Some(8), None), theirs(7), Some(9)),
        ("both ours, the newest newer", (9, Some(6), None), (8, Some(5), None), Some(9)),
        ("both ours, the newest older", (9, Some(5), None), (8, Some(6), None), None),
        ("ours, made from ours that runs", (9, Some(8), None), (8, Some(7), None), None),
        ("ours, and newer code is missing on top", (9, Some(5), Some(8)), theirs(5), Some(8)),
        ("ours, and what is missing on top is what runs", (9, Some(5), Some(8)), theirs(8), None),
    ];
    for (name, newest, source, above) in cases {
        assert_eq!(code(newest).above(&code(source)).cloned(), above.map(revision), "{name}");
    }
}

/// A pin that nobody knows of would stay for good, so that it is written down before everything else.
#[test]
fn a_move_whose_end_nobody_saw_is_noted_beside_the_count() {
    let (source, ours) = (source(), source().sibling(8));
    let tags = |value: &'static str| [("fargate-updater:protected", value)];
    assert_eq!(protected_again([], &source, true), "checkout:7 1");
    assert_eq!(protected_again(tags("checkout:7 1 checkout:7"), &source, true), "checkout:7 2");
    assert_eq!(protected_again(tags("checkout:6 4"), &source, false), "checkout:7 1 checkout:7");
    assert_eq!(upgraded_unseen(tags("checkout:7 2"), &ours), "checkout:7 2 checkout:8");
    assert_eq!(upgraded_unseen([], &ours), "checkout:8 0 checkout:8");
    let upgraded = tags("checkout:7 2 checkout:8");
    assert_eq!(
        (times_protected(upgraded, &source), was_not_seen(upgraded, &source), was_not_seen(upgraded, &ours)),
        (2, false, true)
    );
    assert!(!was_not_seen(tags("checkout:7 2"), &source));
    // Once it is known to be back it is asked of no more, and a protection that came to nothing does not count.
    assert_eq!(gone_back(upgraded, &ours), "checkout:7 2");
    assert_eq!(gone_back(tags("checkout:7 1 checkout:7"), &source), "checkout:7 0");
    // What is undone on purpose is put back by no owner.
    assert_eq!(counted_anew(tags("checkout:7 2"), &source).as_deref(), Some("checkout:7 0"));
    assert_eq!(counted_anew(upgraded, &source).as_deref(), Some("checkout:7 0 checkout:8"));
    for nothing in ["checkout:7 0", "checkout:6 2"] {
        assert_eq!(counted_anew(tags(nothing), &source), None, "{nothing}");
    }
    assert_eq!(counted_anew([], &source), None);
}

#[test]
fn a_note_on_a_revision_takes_the_place_of_an_older_one() {
    let other = source().sibling(9);
    let noted = |tags: &[Value]| {
        let revision = tagged(tags);
        let noted = revision.changed_by(&note(&revision, ON_TOP_OF_TAG, &other)).expect("a change that fits");
        noted.json()["tags"].clone()
    };
    let (new, team) = (tag(ON_TOP_OF_TAG, "checkout:9"), tag("team", "payments"));
    assert_eq!(noted(&[]), json!([new]));
    assert_eq!(noted(std::slice::from_ref(&team)), json!([team, new]));
    assert_eq!(noted(&[tag(ON_TOP_OF_TAG, "checkout:3"), team.clone()]), json!([new, team]), "a copy of a revision of ours");
    let full: Vec<Value> = (0..50).map(|n| tag(&format!("owner-{n}"), "x")).collect();
    assert_eq!(noted(&full), json!(full), "the owner's tags leave no room");
}

#[test]
fn what_was_pinned_is_written_down_first_and_only_done_where_it_can_be() {
    let mut record = Record::default();
    record.fill("web", "entryPoint", &["/run"]);
    record.pin("web", "web:1@sha256:00ff");
    let owners = |count: usize| (0..count).map(|index| tag(&format!("owner-{index}"), "x")).collect::<Vec<_>>();
    for (count, expected) in [(45, 5), (46, 2), (48, 2), (49, 1), (50, 0)] {
        let definition = tagged(&owners(count));
        let tags = revision(&definition, &remember(&definition, &origin(), &record).change)["tags"].clone();
        let tags = tags.as_array().expect("tags");
        assert_eq!(tags.len() - count, expected, "{count} tags of the owner's");
        let is_there = tags.iter().any(|tag| tag["key"] == "fargate-updater:pinned");
        assert_eq!((is_there, has_room_for_pins(&definition, &record)), (count < 50, count < 50), "{count}");
    }
}
