//! What to do about networks, and where the Console is in them, as it is given and as it is meant.

use fargate_updater::plan::network::Mode;
use fargate_updater::settings::NetworkSettings;

use crate::settings::{names, with_secret};

fn network(arguments: &[&str]) -> NetworkSettings {
    with_secret(arguments).unwrap_or_else(|problems| panic!("{arguments:?}: {problems}")).network
}

#[test]
fn networks_are_opened_unless_somebody_says_otherwise() {
    for (arguments, expected) in [
        (&[][..], Mode::Patch),
        (&["--network="], Mode::Patch),
        (&["--network=patch"], Mode::Patch),
        (&["--network= Check "], Mode::Check),
        (&["--network=OFF"], Mode::Off),
    ] {
        assert_eq!(network(arguments).mode, expected, "{arguments:?}");
    }
    let problems = with_secret(&["--network=off", "--console-cidrs=203.0.113.7"]).expect_err("they contradict each other");
    assert_eq!(names(&problems), ["CONSOLE_CIDRS"]);
    let problems = with_secret(&["--network=open"]).expect_err("it is no mode");
    assert_eq!(problems.0[0].text, "\"open\" is not a mode; give patch, check or off");
    assert_eq!(names(&problems), ["NETWORK"]);
}

#[test]
fn the_consoles_blocks_are_blocks_or_addresses_of_either_kind() {
    let blocks = |text: &str| {
        let given = network(&[&format!("--console-cidrs={text}")]).console_blocks.expect("they are given");
        given.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(network(&[]).console_blocks, None);
    assert_eq!(blocks("10.20.0.0/16"), ["10.20.0.0/16"]);
    assert_eq!(blocks("203.0.113.7, 2001:db8::/32 ,203.0.113.7"), ["203.0.113.7/32", "2001:db8::/32"]);
    assert_eq!(blocks("203.0.113.0/25,203.0.113.128/25,203.0.113.9"), ["203.0.113.0/24"], "as few as it takes");
}

#[test]
fn what_is_no_block_is_told_with_the_way_out() {
    let cases = [
        ("a name", "console.example.test", "\"console.example.test\" is not a block of addresses, such as 203.0.113.0/24"),
        ("a range", "10.0.0.1-10.0.0.9", "\"10.0.0.1-10.0.0.9\" is not a block of addresses, such as 203.0.113.0/24"),
        ("too long a prefix", "10.0.0.0/33", "\"10.0.0.0/33\" is not a block of addresses, such as 203.0.113.0/24"),
        (
            "an address with a length",
            "10.1.2.3/8",
            "10.1.2.3/8 is an address in 10.0.0.0/8; give the block, or the address alone",
        ),
        ("this machine", "127.0.0.0/8", "127.0.0.0/8 is no place for a Console that tasks connect to"),
        (
            "everything, in two halves",
            "0.0.0.0/1,128.0.0.0/1",
            "0.0.0.0/0 is every address there is; leave CONSOLE_CIDRS out if you do not know where the Console is",
        ),
        (
            "everything, which would let answers in past any deny",
            "0.0.0.0/0",
            "0.0.0.0/0 is every address there is; leave CONSOLE_CIDRS out if you do not know where the Console is",
        ),
        (
            "everything of IPv6",
            "::/0",
            "::/0 is every address there is; leave CONSOLE_CIDRS out if you do not know where the Console is",
        ),
        ("nothing", ",", "\",\" names nothing; leave it out for all"),
    ];
    for (name, given, expected) in cases {
        let problems = with_secret(&[&format!("--console-cidrs={given}")]).expect_err(name);
        assert_eq!(names(&problems), ["CONSOLE_CIDRS"], "{name}");
        assert_eq!(problems.0[0].text, expected, "{name}");
    }
}
