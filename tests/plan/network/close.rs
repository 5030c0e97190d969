//! What of that which was opened is closed, and what is kept: everything is kept that somebody may need, or that is its owner's by now.
//!
//! A case starts from [`opened`], in which nothing has a Defender any more and everything is closed, and changes something.

use std::collections::BTreeSet;

use fargate_updater::ids::SubnetId;
use fargate_updater::plan::network::close::{
    Because, Carrier, Decision, GroupPlace, Opened, OpenedAcl, OpenedRule, ProtectedService, StillProtected, TagChange, decide,
};
use fargate_updater::plan::network::facts::{BlockPublicAccess, NetworkAcl, Subnet, TaskNetwork};
use fargate_updater::plan::network::patch::{noted, tag_with};
use proptest::prelude::*;

use super::support::{OTHERS, OURS, block, entries, entry, rule};
use crate::generate;
use crate::support::id;

/// The runs that opened something.
const ONE: &str = "20260101T000000Z-aaaa";
const TWO: &str = "20260202T000000Z-bbbb";

fn opened_rule(id_of: &str, group: &str, text: &str, run: &str) -> OpenedRule {
    let (group, rule) = (group.into(), Some(rule(text)));
    OpenedRule { id: id_of.to_owned(), group, owner: id(OURS), egress: true, rule, run: run.to_owned() }
}

/// One VPC with a rule of each run, an ACL with an entry of the first run and one of the second, and another VPC.
fn opened() -> Opened {
    let mut opened = Opened::default();
    let subnet = |vpc: &str| Subnet {
        free_addresses: None,
        vpc: vpc.into(),
        owner: id(OURS),
        blocks: vec![block("10.0.0.0/24")],
        ipv6_only: false,
        block_public_access: BlockPublicAccess::Off,
    };
    for (name, vpc) in [("subnet-app", "vpc-1"), ("subnet-public", "vpc-1"), ("subnet-far", "vpc-2")] {
        opened.subnets.insert(name.into(), subnet(vpc));
    }
    for (group, is_default) in [("sg-app", false), ("sg-default", true)] {
        opened.groups.insert(group.into(), GroupPlace { vpc: "vpc-1".into(), is_default });
    }
    opened.rules = vec![
        opened_rule("sgr-2", "sg-default", "8084 203.0.113.0/24", TWO),
        opened_rule("sgr-1", "sg-app", "8084 0.0.0.0/0", ONE),
    ];
    let theirs = ["100 out allow 443 0.0.0.0/0", "100 in allow all 0.0.0.0/0"];
    let ours = ["110 out allow 8084 0.0.0.0/0", "120 in allow 1024-65535 0.0.0.0/0"];
    let acl = NetworkAcl {
        subnets: BTreeSet::from(["subnet-app".into()]),
        entries: entries(&[&theirs[..], &ours].concat()),
        ours: Some(format!("out:110 run:{ONE} in:120 run:{TWO}")),
    };
    opened.acls.insert("acl-app".into(), OpenedAcl { vpc: "vpc-1".into(), owner: id(OURS), acl });
    opened
}

fn nothing() -> StillProtected {
    StillProtected { services: Vec::new(), looked_at: BTreeSet::from([id(OURS)]) }
}

/// A service that still has a Defender.
fn service(account: &str, subnets: &[&str], groups: &[&str]) -> ProtectedService {
    let network = TaskNetwork {
        subnets: subnets.iter().map(|name| SubnetId::from(*name)).collect(),
        security_groups: groups.iter().map(|name| (*name).into()).collect(),
        public_address: false,
    };
    ProtectedService { account: id(account), name: "web/checkout".to_owned(), network }
}

/// Tells a decision in lines.
fn told(decision: &Decision) -> Vec<String> {
    let rules = decision.rules.iter().map(|rule| format!("close {}", rule.opening()));
    let acls = decision.acls.iter().flat_map(|acl| {
        let entries = acl.entries.iter().map(|entry| format!("close {} {} out={}", acl.acl, entry.number, entry.egress));
        let tag = match acl.tag_change(&acl.entries) {
            TagChange::Leave => Vec::new(),
            TagChange::Write(tag) => vec![format!("tag {} {tag}", acl.acl)],
            TagChange::Delete => vec![format!("untag {}", acl.acl)],
        };
        entries.chain(tag).collect::<Vec<_>>()
    });
    let kept = decision.kept.iter().map(|kept| format!("keep {} ({})", kept.what, kept.why.code()));
    rules.chain(acls).chain(kept).collect()
}

const CLOSE_RULE_1: &str = "close sg-app: TCP 8084 out to 0.0.0.0/0 (sgr-1)";
const CLOSE_RULE_2: &str = "close sg-default: TCP 8084 out to 203.0.113.0/24 (sgr-2)";
const CLOSE_110: &str = "close acl-app 110 out=true";
const CLOSE_120: &str = "close acl-app 120 out=false";

/// A name that reads as a sentence, what a case changes, the run that is to be undone, and what is told then.
type Case<'a> = (&'a str, fn(&mut Opened, &mut StillProtected), Option<&'a str>, &'a [&'a str]);

fn check(cases: &[Case]) {
    for (name, edit, run, expected) in cases {
        let (mut opened, mut still) = (opened(), nothing());
        edit(&mut opened, &mut still);
        assert_eq!(told(&decide(&opened, &id(OURS), &still, *run)), *expected, "{name}");
    }
}

#[test]
fn what_nobody_needs_is_closed_and_what_a_service_with_a_defender_may_need_is_kept() {
    let cases: &[Case] = &[
        ("nothing needs it", |_, _| {}, None, &[CLOSE_RULE_1, CLOSE_RULE_2, CLOSE_110, CLOSE_120, "untag acl-app"]),
        ("nothing was opened", |opened, _| *opened = Opened::default(), None, &[]),
        (
            "a service carries the group and runs behind the ACL",
            |_, still| still.services.push(service(OURS, &["subnet-app"], &["sg-app"])),
            None,
            &[
                CLOSE_RULE_2,
                "keep sg-app: rule sgr-1 (group-in-use)",
                "keep acl-app: entry 110 out (acl-in-use)",
                "keep acl-app: entry 120 in (acl-in-use)",
            ],
        ),
        (
            "one without groups has the default one, and may use a NAT gateway behind any ACL of its VPC",
            |_, still| still.services.push(service(OURS, &["subnet-public"], &[])),
            None,
            &[
                CLOSE_RULE_1,
                "keep sg-default: rule sgr-2 (group-in-use)",
                "keep acl-app: entry 110 out (vpc-in-use)",
                "keep acl-app: entry 120 in (vpc-in-use)",
            ],
        ),
        (
            "one in another VPC needs nothing here, unless it carries the group",
            |_, still| {
                still.services.push(service(OURS, &["subnet-far"], &[]));
                still.services.push(service(OURS, &["subnet-far"], &["sg-app"]));
            },
            None,
            &[CLOSE_RULE_2, CLOSE_110, CLOSE_120, "untag acl-app", "keep sg-app: rule sgr-1 (group-in-use)"],
        ),
        (
            "one without groups in a subnet that nobody sees may be in this VPC",
            |_, still| still.services.push(service(OURS, &["subnet-gone"], &[])),
            None,
            &[CLOSE_RULE_1, CLOSE_110, CLOSE_120, "untag acl-app", "keep sg-default: rule sgr-2 (group-in-use)"],
        ),
        (
            "one of another account has another default group, and is behind the ACL all the same",
            |_, still| still.services.push(service(OTHERS, &["subnet-app"], &[])),
            None,
            &[CLOSE_RULE_1, CLOSE_RULE_2, "keep acl-app: entry 110 out (acl-in-use)", "keep acl-app: entry 120 in (acl-in-use)"],
        ),
        (
            "one of another account carries a group that is shared with it",
            |_, still| still.services.push(service(OTHERS, &["subnet-theirs"], &["sg-app"])),
            None,
            &[CLOSE_RULE_2, CLOSE_110, CLOSE_120, "untag acl-app", "keep sg-app: rule sgr-1 (group-in-use)"],
        ),
    ];
    check(cases);
}

#[test]
fn what_cannot_be_told_is_kept() {
    let cases: &[Case] = &[
        (
            "not every service of the account was looked at",
            |_, still| still.looked_at.clear(),
            None,
            &[
                "keep sg-app: rule sgr-1 (not-looked-at)",
                "keep sg-default: rule sgr-2 (not-looked-at)",
                "keep acl-app: entry 110 out (not-looked-at)",
                "keep acl-app: entry 120 in (not-looked-at)",
            ],
        ),
        (
            "another account has something in the VPC, and was not looked at",
            |opened, _| {
                let theirs = Carrier { owner: id(OTHERS), groups: BTreeSet::from(["sg-theirs".into()]) };
                opened.carriers.insert("vpc-1".into(), vec![theirs]);
            },
            None,
            &[
                CLOSE_RULE_1,
                CLOSE_RULE_2,
                "keep acl-app: entry 110 out (not-looked-at)",
                "keep acl-app: entry 120 in (not-looked-at)",
            ],
        ),
        (
            "something of another account carries the group",
            |opened, _| {
                let theirs = Carrier { owner: id(OTHERS), groups: BTreeSet::from(["sg-app".into()]) };
                opened.carriers.insert("vpc-1".into(), vec![theirs]);
            },
            None,
            &[
                CLOSE_RULE_2,
                "keep sg-app: rule sgr-1 (not-looked-at)",
                "keep acl-app: entry 110 out (not-looked-at)",
                "keep acl-app: entry 120 in (not-looked-at)",
            ],
        ),
        (
            "it was looked at, and has nothing with a Defender there",
            |opened, still| {
                let theirs = Carrier { owner: id(OTHERS), groups: BTreeSet::from(["sg-app".into()]) };
                opened.carriers.insert("vpc-1".into(), vec![theirs]);
                still.looked_at.insert(id(OTHERS));
            },
            None,
            &[CLOSE_RULE_1, CLOSE_RULE_2, CLOSE_110, CLOSE_120, "untag acl-app"],
        ),
        (
            "it is in another VPC",
            |opened, _| {
                let theirs = Carrier { owner: id(OTHERS), groups: BTreeSet::new() };
                opened.carriers.insert("vpc-2".into(), vec![theirs]);
            },
            None,
            &[CLOSE_RULE_1, CLOSE_RULE_2, CLOSE_110, CLOSE_120, "untag acl-app"],
        ),
    ];
    check(cases);
}

#[test]
fn what_its_owner_has_changed_is_its_owners() {
    fn change(opened: &mut Opened, text: &str) {
        opened.rules[1].rule = Some(rule(text));
    }
    fn acl(opened: &mut Opened) -> &mut NetworkAcl {
        &mut opened.acls.get_mut(&"acl-app".into()).expect("the ACL is there").acl
    }
    fn replace(opened: &mut Opened, text: &str) {
        let new = entry(text);
        let there = acl(opened).entries.iter_mut().find(|it| (it.egress, it.number) == (new.egress, new.number));
        *there.expect("it is there") = new;
    }
    const KEEP_RULE: &str = "keep sg-app: rule sgr-1 (changed)";
    const REST: [&str; 4] = [CLOSE_RULE_2, CLOSE_110, CLOSE_120, "untag acl-app"];
    let rest = [&REST[..], &[KEEP_RULE]].concat();
    let entry_changed = [CLOSE_RULE_1, CLOSE_RULE_2, CLOSE_120, "untag acl-app", "keep acl-app: entry 110 out (changed)"];
    let cases: &[Case] = &[
        ("a rule of more ports", |opened, _| change(opened, "8000-8999 0.0.0.0/0"), None, &rest),
        ("a rule of everything", |opened, _| change(opened, "all 0.0.0.0/0"), None, &rest),
        ("a rule of another protocol", |opened, _| change(opened, "udp 0.0.0.0/0"), None, &rest),
        ("a rule for a group", |opened, _| change(opened, "8084 sg-app"), None, &rest),
        ("a rule that cannot be read", |opened, _| opened.rules[1].rule = None, None, &rest),
        ("a rule that lets something in", |opened, _| opened.rules[1].egress = false, None, &rest),
        ("an entry that denies", |opened, _| replace(opened, "110 out deny 8084 0.0.0.0/0"), None, &entry_changed),
        ("an entry of everything", |opened, _| replace(opened, "110 out allow all 0.0.0.0/0"), None, &entry_changed),
        ("an entry of another protocol", |opened, _| replace(opened, "110 out allow udp 0.0.0.0/0"), None, &entry_changed),
        ("an entry of some ports", |opened, _| replace(opened, "110 out allow 8000-8999 0.0.0.0/0"), None, &entry_changed),
        (
            "even where it is needed, it is no longer noted",
            |opened, still| {
                replace(opened, "110 out deny 8084 0.0.0.0/0");
                still.services.push(service(OURS, &["subnet-app"], &["sg-app", "sg-default"]));
            },
            None,
            &[
                "tag acl-app in:120 run:20260202T000000Z-bbbb",
                "keep sg-app: rule sgr-1 (group-in-use)",
                "keep sg-default: rule sgr-2 (group-in-use)",
                "keep acl-app: entry 110 out (changed)",
                "keep acl-app: entry 120 in (acl-in-use)",
            ],
        ),
        (
            "an entry that is gone, or never was added, is forgotten",
            |opened, _| acl(opened).entries.retain(|it| it.number != 110),
            None,
            &[CLOSE_RULE_1, CLOSE_RULE_2, CLOSE_120, "untag acl-app"],
        ),
        (
            "a tag that names nothing is taken away",
            |opened, _| acl(opened).ours = Some(String::new()),
            None,
            &[CLOSE_RULE_1, CLOSE_RULE_2, "untag acl-app"],
        ),
        (
            "a group that is gone has no rules any more",
            |opened, _| opened.groups.clear(),
            None,
            &[CLOSE_110, CLOSE_120, "untag acl-app"],
        ),
        (
            "what another account owns is decided about there",
            |opened, _| {
                opened.rules[1].owner = id(OTHERS);
                opened.acls.get_mut(&"acl-app".into()).expect("the ACL is there").owner = id(OTHERS);
            },
            None,
            &[CLOSE_RULE_2],
        ),
    ];
    check(cases);
}

#[test]
fn with_a_run_only_what_that_run_opened_is_closed() {
    let cases: &[Case] = &[
        (
            "the first",
            |_, _| {},
            Some(ONE),
            &[
                CLOSE_RULE_1,
                CLOSE_110,
                "tag acl-app in:120 run:20260202T000000Z-bbbb",
                "keep sg-default: rule sgr-2 (other-run)",
                "keep acl-app: entry 120 in (other-run)",
            ],
        ),
        (
            "one that opened nothing",
            |_, _| {},
            Some("20260303T000000Z-cccc"),
            &[
                "keep sg-app: rule sgr-1 (other-run)",
                "keep sg-default: rule sgr-2 (other-run)",
                "keep acl-app: entry 110 out (other-run)",
                "keep acl-app: entry 120 in (other-run)",
            ],
        ),
        (
            "the tag of an earlier release names no run, and somebody has emptied the other",
            |opened, _| {
                opened.acls.get_mut(&"acl-app".into()).expect("the ACL is there").acl.ours =
                    Some("out:110 in:120.130".to_owned());
                opened.rules[1].run.clear();
            },
            Some(ONE),
            &[
                "keep sg-app: rule sgr-1 (other-run)",
                "keep sg-default: rule sgr-2 (other-run)",
                "keep acl-app: entry 110 out (other-run)",
                "keep acl-app: entry 120 in (other-run)",
            ],
        ),
        (
            "without a run, what earlier releases opened is closed too",
            |opened, _| {
                opened.acls.get_mut(&"acl-app".into()).expect("the ACL is there").acl.ours =
                    Some("out:110 in:120.130".to_owned());
            },
            None,
            &[CLOSE_RULE_1, CLOSE_RULE_2, CLOSE_110, CLOSE_120, "untag acl-app"],
        ),
    ];
    check(cases);
}

#[test]
fn the_tag_goes_on_naming_what_could_not_be_closed() {
    let decision = decide(&opened(), &id(OURS), &nothing(), None);
    let [acl] = decision.acls.as_slice() else { panic!("one ACL was expected: {decision:?}") };
    let (out, back) = (entry("110 out allow 8084 0.0.0.0/0"), entry("120 in allow 1024-65535 0.0.0.0/0"));
    assert_eq!(acl.tag_change(&[]), TagChange::Leave);
    assert_eq!(acl.tag_change(std::slice::from_ref(&out)), TagChange::Write(format!("in:120 run:{TWO}")));
    assert_eq!(acl.tag_change(&[out, back]), TagChange::Delete);
}

#[test]
fn every_reason_says_something_else_and_has_a_word() {
    let examples = Because::examples();
    let sentences: BTreeSet<String> = examples.iter().map(ToString::to_string).collect();
    let codes: BTreeSet<&str> = examples.iter().map(Because::code).collect();
    assert_eq!((sentences.len(), codes.len()), (6, 6));
    let unknown = Because::OtherRun { run: None }.to_string();
    assert_eq!(unknown, "its tag does not say that the run to undo opened it");
}

proptest! {
    #![proptest_config(generate::config())]

    /// What a run adds to an ACL that others have opened before, undoing that run takes away, tag and all.
    #[test]
    fn undoing_a_run_leaves_an_acl_as_it_was(
        numbers in prop::collection::btree_map((any::<bool>(), 1_u16..200), any::<bool>(), 0..12),
    ) {
        let make = |(egress, number): (bool, u16)| {
            let text = if egress { "1 out allow 8084 0.0.0.0/0" } else { "1 in allow 1024-65535 0.0.0.0/0" };
            fargate_updater::plan::network::facts::Entry { number, ..entry(text) }
        };
        let of = |second: bool| numbers.iter().filter(move |(_, it)| **it == second).map(|(key, _)| make(*key)).collect::<Vec<_>>();
        let mut before = NetworkAcl { entries: entries(&[]), ..NetworkAcl::default() };
        let first = of(false);
        if !first.is_empty() {
            before.ours = Some(tag_with(&before, &first, ONE));
            before.entries.extend(first);
        }
        let mut after = before.clone();
        let second = of(true);
        if !second.is_empty() {
            after.ours = Some(tag_with(&after, &second, TWO));
            after.entries.extend(second);
        }
        let mut opened = opened();
        opened.rules.clear();
        if after.ours.is_some() {
            opened.acls.get_mut(&"acl-app".into()).expect("the ACL is there").acl = after.clone();
        } else {
            opened.acls.clear();
        }
        for closing in &decide(&opened, &id(OURS), &nothing(), Some(TWO)).acls {
            after.entries.retain(|entry| !closing.entries.contains(entry));
            match closing.tag_change(&closing.entries) {
                TagChange::Leave => {}
                TagChange::Write(tag) => after.ours = Some(tag),
                TagChange::Delete => after.ours = None,
            }
        }
        prop_assert_eq!(&after, &before);
        prop_assert_eq!(noted(after.ours.as_deref().unwrap_or_default()).len(), of(false).len());
    }
}
