//! The tag on an ACL that says which of its entries are ours, since entries carry no tags.

use fargate_updater::plan::network::facts::{Entry, NetworkAcl};
use fargate_updater::plan::network::patch::{noted, port_range, tag_with};
use proptest::prelude::*;

use super::support::{entries, entry};
use crate::generate;

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
    let cases: [(&str, Option<&str>, &[&str], &str); 13] = [
        ("the first", None, &new, "out:89"),
        (
            "both directions, what goes out first",
            None,
            &["10 in allow all 0.0.0.0/0", "89 out allow 8084 0.0.0.0/0"],
            "out:89 in:10",
        ),
        ("what was ours stays", Some("out:100 in:110"), &new, "out:89.100 in:110"),
        ("sorted by number", Some("in:110"), &["9 in allow all 0.0.0.0/0"], "in:9.110"),
        ("again", Some("out:89"), &new, "out:89"),
        ("one whose number somebody gave to an entry that we would not make", Some("out:90 in:110"), &new, "out:89 in:110"),
        ("an entry that is gone", Some("out:77 in:110"), &new, "out:89 in:110"),
        ("one that is in the other direction", Some("in:100 out:110"), &new, "out:89"),
        ("one whose number somebody gave to a deny", Some("in:120"), &new, "out:89"),
        ("one that EC2 shows for what is left", Some("out:32767"), &new, "out:89"),
        ("what somebody else wrote there", Some("hello out: in:x up:100 out:100 out:99999 in:110,"), &new, "out:89.100"),
        ("nothing new", Some("out:100"), &[], "out:100"),
        ("nothing at all", None, &[], ""),
    ];
    for (name, ours, new, expected) in cases {
        let new: Vec<Entry> = new.iter().map(|text| entry(text)).collect();
        assert_eq!(tag_with(&acl(&there, ours), &new), expected, "{name}");
    }
}

#[test]
fn the_tag_is_read_back() {
    type Read = &'static [(bool, u16)];
    let cases: [(&str, &str, Read); 5] = [
        ("both directions", "out:89 in:10.20", &[(true, 89), (false, 10), (false, 20)]),
        ("nothing", "", &[]),
        ("blanks", " out:89  in:10 ", &[(true, 89), (false, 10)]),
        ("another word", "hello out:89", &[(true, 89)]),
        ("no number", "out:x in: out:65536 in:-1", &[]),
    ];
    for (name, tag, expected) in cases {
        assert_eq!(noted(tag).collect::<Vec<_>>(), expected, "{name}");
    }
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
        acl.ours = Some(tag_with(&acl, &new));
        let tag = acl.ours.clone().unwrap_or_default();
        let mut read: Vec<(bool, u16)> = noted(&tag).collect();
        read.sort_unstable();
        prop_assert_eq!(&read, &numbers.iter().copied().collect::<Vec<_>>());

        // The entries are there now; then somebody takes some away.
        let left: Vec<Entry> = new.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(entry, _)| entry.clone()).collect();
        acl.entries.extend(new);
        prop_assert_eq!(tag_with(&acl, &[]), tag, "writing it again changes nothing");
        acl.entries = left.clone();
        let tag = tag_with(&acl, &[]);
        let mut read: Vec<(bool, u16)> = noted(&tag).collect();
        read.sort_unstable();
        prop_assert_eq!(read, left.iter().map(|entry| (entry.egress, entry.number)).collect::<Vec<_>>());
    }
}
