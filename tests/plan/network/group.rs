//! Security groups: what lets a task out to the Console, and what only looks like it.

use fargate_updater::plan::network::Verdict::{Blocked, Patchable, Reachable};

use super::support::{Case, check};

/// What is opened for a Console whose addresses nobody gave.
const RULE: &str = "sg-app: TCP 8084 out to 0.0.0.0/0";

#[test]
fn a_rule_lets_out_what_its_protocol_and_ports_and_block_hold() {
    let cases: &[Case] = &[
        ("everything to everywhere", |_| {}, Reachable, &[]),
        (
            "every protocol to the Console alone",
            |f| f.egress("sg-app", &["443 0.0.0.0/0", "all 203.0.113.10/32"]),
            Reachable,
            &[],
        ),
        ("the port itself", |f| f.egress("sg-app", &["443 0.0.0.0/0", "8084 0.0.0.0/0"]), Reachable, &[]),
        ("ports around it", |f| f.egress("sg-app", &["443 0.0.0.0/0", "8000-9000 0.0.0.0/0"]), Reachable, &[]),
        ("ports that end with it", |f| f.egress("sg-app", &["443 0.0.0.0/0", "8000-8084 0.0.0.0/0"]), Reachable, &[]),
        ("ports that begin with it", |f| f.egress("sg-app", &["443 0.0.0.0/0", "8084-9000 0.0.0.0/0"]), Reachable, &[]),
        ("ports that end before it", |f| f.egress("sg-app", &["443 0.0.0.0/0", "8000-8083 0.0.0.0/0"]), Patchable, &[RULE]),
        ("ports that begin after it", |f| f.egress("sg-app", &["443 0.0.0.0/0", "8085-9000 0.0.0.0/0"]), Patchable, &[RULE]),
        ("a block around the address", |f| f.egress("sg-app", &["443 0.0.0.0/0", "8084 203.0.113.0/24"]), Reachable, &[]),
        ("a block beside the address", |f| f.egress("sg-app", &["443 0.0.0.0/0", "8084 203.0.112.0/24"]), Patchable, &[RULE]),
        ("UDP does not count", |f| f.egress("sg-app", &["443 0.0.0.0/0", "udp 0.0.0.0/0"]), Patchable, &[RULE]),
        (
            "the other kind of addresses does not count",
            |f| f.egress("sg-app", &["443 0.0.0.0/0", "all ::/0"]),
            Patchable,
            &[RULE],
        ),
        ("HTTPS alone", |f| f.only_https(), Patchable, &[RULE]),
        (
            "HTTPS alone is enough for a Console in the cloud, and 8084 stays closed",
            |f| {
                f.only_https();
                f.port(443);
            },
            Reachable,
            &[],
        ),
        (
            "no rule at all closes the registry too",
            |f| f.egress("sg-app", &[]),
            Blocked,
            &["GroupsClosed { groups: [sg-app], to: Registry }", RULE],
        ),
        (
            "what a group lets in says nothing",
            |f| {
                f.only_https();
                f.ingress("sg-app", &["all 0.0.0.0/0"]);
            },
            Patchable,
            &[RULE],
        ),
        ("nothing has to be let in", |f| f.ingress("sg-app", &[]), Reachable, &[]),
    ];
    check(cases);
}

#[test]
fn the_groups_of_an_interface_add_up() {
    let cases: &[Case] = &[
        (
            "two groups, one of them open",
            |f| {
                f.group("sg-open", "open", &["8084 0.0.0.0/0"]);
                f.only_https();
                f.attach(&["sg-app", "sg-open"]);
            },
            Reachable,
            &[],
        ),
        (
            "an open group that is not attached",
            |f| {
                f.group("sg-open", "open", &["8084 0.0.0.0/0"]);
                f.only_https();
            },
            Patchable,
            &[RULE],
        ),
        (
            "the Console is let out by one group, the registry by another",
            |f| {
                f.group("sg-console", "console", &["8084 203.0.113.0/24"]);
                f.only_https();
                f.attach(&["sg-app", "sg-console"]);
            },
            Reachable,
            &[],
        ),
        (
            "each of two groups lets out one half of where the Console may be",
            |f| {
                f.console_in(&["203.0.113.0/24"]);
                f.egress("sg-app", &["443 0.0.0.0/0", "8084 203.0.113.0/25"]);
                f.group("sg-half", "half", &["8000-9000 203.0.113.128/25"]);
                f.attach(&["sg-app", "sg-half"]);
            },
            Reachable,
            &[],
        ),
        (
            "each of two rules lets out one address",
            |f| {
                f.console_at(&["203.0.113.10", "203.0.113.20"]);
                f.egress("sg-app", &["443 0.0.0.0/0", "8084 203.0.113.10/32", "8084 203.0.113.20/32"]);
            },
            Reachable,
            &[],
        ),
    ];
    check(cases);
}

#[test]
fn a_part_of_the_addresses_is_not_enough() {
    let cases: &[Case] = &[
        (
            "one of two addresses",
            |f| {
                f.console_at(&["203.0.113.10", "203.0.113.20"]);
                f.egress("sg-app", &["443 0.0.0.0/0", "8084 203.0.113.10/32"]);
            },
            Patchable,
            &[RULE],
        ),
        (
            "half of CONSOLE_CIDRS",
            |f| {
                f.console_in(&["203.0.113.0/24"]);
                f.egress("sg-app", &["443 0.0.0.0/0", "8084 203.0.113.0/25"]);
            },
            Patchable,
            &["sg-app: TCP 8084 out to 203.0.113.0/24"],
        ),
        (
            "one of two CONSOLE_CIDRS, and the rule is for the other",
            |f| {
                f.console_in(&["203.0.113.0/24", "198.51.100.0/24"]);
                f.egress("sg-app", &["443 0.0.0.0/0", "8084 203.0.113.0/24"]);
            },
            Patchable,
            &["sg-app: TCP 8084 out to 198.51.100.0/24"],
        ),
        (
            "neither of two CONSOLE_CIDRS: one rule for both",
            |f| {
                f.console_in(&["203.0.113.0/24", "198.51.100.0/24"]);
                f.only_https();
            },
            Patchable,
            &["sg-app: TCP 8084 out to 203.0.113.0/24, 198.51.100.0/24"],
        ),
        (
            "a private network, when nobody knows where the Console is",
            |f| {
                f.console_anywhere();
                f.egress("sg-app", &["443 0.0.0.0/0", "8084 10.0.0.0/8"]);
            },
            Patchable,
            &[RULE],
        ),
        (
            "everywhere, when nobody knows where the Console is",
            |f| {
                f.console_anywhere();
                f.egress("sg-app", &["443 0.0.0.0/0", "8084 0.0.0.0/0"]);
            },
            Reachable,
            &[],
        ),
        (
            "everywhere in two halves",
            |f| {
                f.console_anywhere();
                f.egress("sg-app", &["443 0.0.0.0/0", "8084 0.0.0.0/1", "8084 128.0.0.0/1"]);
            },
            Reachable,
            &[],
        ),
    ];
    check(cases);
}

#[test]
fn a_prefix_list_stands_for_what_it_holds() {
    let cases: &[Case] = &[
        (
            "a list that holds the Console",
            |f| {
                f.egress("sg-app", &["443 0.0.0.0/0", "8084 pl-console"]);
                f.prefix_list("pl-console", Some(&["198.51.100.0/24", "203.0.113.0/24"]));
            },
            Reachable,
            &[],
        ),
        (
            "a list that does not",
            |f| {
                f.egress("sg-app", &["443 0.0.0.0/0", "8084 pl-console"]);
                f.prefix_list("pl-console", Some(&["198.51.100.0/24"]));
            },
            Patchable,
            &[RULE],
        ),
        (
            "a list for another port",
            |f| {
                f.egress("sg-app", &["443 0.0.0.0/0", "8083 pl-console"]);
                f.prefix_list("pl-console", Some(&["203.0.113.0/24"]));
            },
            Patchable,
            &[RULE],
        ),
        (
            "a list that could not be read is not relied on",
            |f| {
                f.egress("sg-app", &["443 0.0.0.0/0", "8084 pl-console"]);
                f.prefix_list("pl-console", None);
            },
            Patchable,
            &[RULE],
        ),
        ("a list that nobody read", |f| f.egress("sg-app", &["443 0.0.0.0/0", "8084 pl-console"]), Patchable, &[RULE]),
    ];
    check(cases);
}

#[test]
fn a_group_stands_for_the_addresses_of_what_carries_it() {
    let cases: &[Case] = &[
        (
            "a group that the Console carries",
            |f| {
                f.console_at(&["10.0.5.10"]);
                f.egress("sg-app", &["443 0.0.0.0/0", "8084 sg-console"]);
                f.interface("sg-console", &["10.0.5.9"]);
                f.interface("sg-console", &["10.0.5.10"]);
            },
            Reachable,
            &[],
        ),
        (
            "a group that others carry",
            |f| {
                f.console_at(&["10.0.5.10"]);
                f.egress("sg-app", &["443 0.0.0.0/0", "8084 sg-console"]);
                f.interface("sg-console", &["10.0.5.9"]);
                f.interface("sg-other", &["10.0.5.10"]);
            },
            Patchable,
            &[RULE],
        ),
        (
            "a group that nothing carries",
            |f| {
                f.console_at(&["10.0.5.10"]);
                f.egress("sg-app", &["443 0.0.0.0/0", "8084 sg-console"]);
            },
            Patchable,
            &[RULE],
        ),
        (
            "a group, before anybody looked at who carries it",
            |f| {
                f.console_at(&["10.0.5.10"]);
                f.egress("sg-app", &["443 0.0.0.0/0", "8084 sg-console"]);
                f.vpc.groups.interfaces = None;
            },
            Patchable,
            &[RULE],
        ),
        (
            "a group of the Console's, for another port",
            |f| {
                f.console_at(&["10.0.5.10"]);
                f.egress("sg-app", &["443 0.0.0.0/0", "8083 sg-console"]);
                f.interface("sg-console", &["10.0.5.10"]);
            },
            Patchable,
            &[RULE],
        ),
    ];
    check(cases);
}
