//! The tag on an ACL that says which of its entries are ours, since entries carry no tags.

use fargate_updater::plan::network::facts::{Entry, NetworkAcl};
use fargate_updater::plan::network::patch::{Noted, noted, port_range, tag_of, tag_with};
use proptest::prelude::*;

use super::support::{entries, entry};
use crate::generate;

/// The run that writes.
const NOW: &str = "20261121T130806Z-glaq";

/// Earlier ones.
const FIRST: &str = "20260101T000000Z-aaaa";
const SECOND: &str = "20260202T000000Z-bbbb";

fn acl(texts: &[&str], ours: Option<&str>) -> NetworkAcl {
    NetworkAcl { entries: entries(texts), ours: ours.map(str::to_owned), ..NetworkAcl::default() }
}

#[test]
fn the_tag_says_which_entries_are_ours() {
    let there = [
        "90 out allow all 0.0.0.0/0",
        "100 out allow 8084 10.0.0.0/8",
        "110 in allow 1024-65535 0.0.0.0/0",
        "120 in deny 3389 0.0.0.0/0",
    ];
    let new = ["89 out allow 8084 0.0.0.0/0"];
    let cases: [(&str, Option<&str>, &[&str], &str); 17] = [
        ("the first", None, &new, "out:89 run:NOW"),
        (
            "both directions, what goes out first",
            None,
            &["10 in allow all 0.0.0.0/0", "89 out allow 8084 0.0.0.0/0"],
            "out:89 in:10 run:NOW",
        ),
        ("what was ours stays, of a run that is not known", Some("out:100 in:110"), &new, "out:89 run:NOW out:100 in:110"),
        ("what was ours stays, and its run", Some("out:100 in:110 run:FIRST"), &new, "out:100 in:110 run:FIRST out:89 run:NOW"),
        ("several runs", Some("in:110 run:SECOND out:100 run:FIRST"), &new, "out:100 run:FIRST in:110 run:SECOND out:89 run:NOW"),
        ("the same run again", Some("out:100 run:NOW"), &new, "out:89.100 run:NOW"),
        ("the number of a run that was cut off", Some("out:89 run:FIRST"), &new, "out:89 run:NOW"),
        ("sorted by number", Some("in:110 run:NOW"), &["9 in allow all 0.0.0.0/0"], "in:9.110 run:NOW"),
        ("again", Some("out:89"), &new, "out:89 run:NOW"),
        (
            "one whose number somebody gave to an entry that we would not make",
            Some("out:90 in:110 run:FIRST"),
            &new,
            "in:110 run:FIRST out:89 run:NOW",
        ),
        ("an entry that is gone", Some("out:77 run:FIRST"), &new, "out:89 run:NOW"),
        ("one that is in the other direction", Some("in:100 out:110"), &new, "out:89 run:NOW"),
        ("one whose number somebody gave to a deny", Some("in:120"), &new, "out:89 run:NOW"),
        ("one that EC2 shows for what is left", Some("out:32767"), &new, "out:89 run:NOW"),
        (
            "what somebody else wrote there",
            Some("hello out: in:x up:100 out:100 out:99999 in:110, run:"),
            &new,
            "out:89 run:NOW out:100",
        ),
        ("nothing new", Some("out:100 run:FIRST"), &[], "out:100 run:FIRST"),
        ("nothing at all", None, &[], ""),
    ];
    let with_runs = |text: &str| text.replace("NOW", NOW).replace("FIRST", FIRST).replace("SECOND", SECOND);
    for (name, ours, new, expected) in cases {
        let new: Vec<Entry> = new.iter().map(|text| entry(text)).collect();
        let ours = ours.map(with_runs);
        assert_eq!(tag_with(&acl(&there, ours.as_deref()), &new, NOW), with_runs(expected), "{name}");
    }
}

#[test]
fn the_tag_is_read_back() {
    type Read = &'static [(bool, u16, Option<&'static str>)];
    let cases: [(&str, &str, Read); 8] = [
        ("what earlier releases wrote", "out:89 in:10.20", &[(false, 10, None), (false, 20, None), (true, 89, None)]),
        ("a run", "out:89 in:10 run:a", &[(false, 10, Some("a")), (true, 89, Some("a"))]),
        (
            "two runs, and what no run is told of",
            "out:89 run:a in:10 run:b out:7",
            &[(false, 10, Some("b")), (true, 7, None), (true, 89, Some("a"))],
        ),
        ("a run of nothing", "run:a out:89 run: in:10 run:b", &[(false, 10, Some("b")), (true, 89, Some("b"))]),
        ("nothing", "", &[]),
        ("blanks", " out:89  in:10 ", &[(false, 10, None), (true, 89, None)]),
        ("another word", "hello out:89", &[(true, 89, None)]),
        ("no number", "out:x in: out:65536 in:-1", &[]),
    ];
    for (name, tag, expected) in cases {
        let expected = expected.iter().map(|(egress, number, run)| ((*egress, *number), run.map(str::to_owned)));
        assert_eq!(noted(tag), expected.collect::<Noted>(), "{name}");
    }
}

#[test]
fn where_there_is_no_room_runs_are_left_out_before_numbers_and_the_oldest_first() {
    let of_run = |from: u16, count: u16, run: &str| {
        (0..count).map(move |at| ((true, from + at), Some(run.to_owned()))).collect::<Vec<_>>()
    };
    let some: Noted =
        [of_run(20_000, 14, FIRST), of_run(10_000, 10, SECOND), of_run(30_000, 5, NOW)].concat().into_iter().collect();
    let tag = tag_of(some.clone());
    assert!(tag.len() <= 256, "{tag}");
    let forgotten = |run: &String| if run == FIRST { None } else { Some(run.clone()) };
    let expected: Noted = some.iter().map(|(entry, run)| (*entry, run.as_ref().and_then(forgotten))).collect();
    assert_eq!(noted(&tag), expected);

    let many: Noted = of_run(20_000, 60, NOW).into_iter().collect();
    let tag = tag_of(many);
    let left: Vec<_> = noted(&tag).into_iter().collect();
    assert!(tag.len() <= 256 && left.len() > 40, "{tag}");
    assert!(left.iter().all(|(_, run)| run.is_none()), "{tag}");
}

#[test]
fn ports_are_told_as_people_write_them() {
    assert_eq!(port_range((443, 443)), "443");
    assert_eq!(port_range((1024, 65_535)), "1024-65535");
}

proptest! {
    #![proptest_config(generate::config())]

    #[test]
    fn what_is_written_down_is_read_back(
        numbers in prop::collection::btree_set((any::<bool>(), 1_u16..32_767), 0..8),
        kept in prop::collection::vec(any::<bool>(), 8),
    ) {
        let new: Vec<Entry> = numbers
            .iter()
            .map(|(egress, number)| Entry { number: *number, egress: *egress, ..entry("1 in allow 8084 0.0.0.0/0") })
            .collect();
        let mut acl = acl(&[], None);
        acl.ours = Some(tag_with(&acl, &new, NOW));
        let tag = acl.ours.clone().unwrap_or_default();
        prop_assert_eq!(noted(&tag), numbers.iter().map(|entry| (*entry, Some(NOW.to_owned()))).collect::<Noted>());

        // The entries are there now; then somebody takes some away.
        let left: Vec<Entry> = new.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(entry, _)| entry.clone()).collect();
        acl.entries.extend(new);
        prop_assert_eq!(tag_with(&acl, &[], SECOND), tag, "writing it again changes nothing");
        acl.entries = left.clone();
        let tag = tag_with(&acl, &[], SECOND);
        prop_assert_eq!(noted(&tag).into_keys().collect::<Vec<_>>(), left.iter().map(|entry| (entry.egress, entry.number)).collect::<Vec<_>>());
    }
}
