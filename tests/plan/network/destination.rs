//! Where the Console and the registry are taken to be: addresses by name, `CONSOLE_CIDRS`, and names that say nothing.

use std::net::IpAddr;

use fargate_updater::plan::network::destination::{ConsoleAt, ConsoleTarget, RegistryKind, RegistryTarget, host_and_port};
use ipnet::IpNet;

use super::support::{Facts, address, block, wanted};
use crate::support::id;

#[test]
fn the_port_is_the_one_in_ws_address_or_8084() {
    let cases = [
        ("the cloud", "wss://us-east1.cloud.twistlock.com:443", "us-east1.cloud.twistlock.com", 443),
        ("self-hosted", "wss://console.example.test:8084", "console.example.test", 8084),
        ("no port", "wss://console.example.test", "console.example.test", 8084),
        ("no scheme", "console.example.test:9443", "console.example.test", 9443),
        ("a path behind the port", "wss://console.example.test:443/us-1-2", "console.example.test", 443),
        ("an address", "wss://203.0.113.10:8084", "203.0.113.10", 8084),
        ("an IPv6 address with a port", "wss://[2001:db8::10]:443", "2001:db8::10", 443),
        ("an IPv6 address without one", "wss://[2001:db8::10]", "2001:db8::10", 8084),
        ("a port that is none", "wss://console.example.test:x", "console.example.test", 8084),
    ];
    for (name, text, host, port) in cases {
        assert_eq!(host_and_port(text), (host, port), "{name}");
    }
}

#[test]
fn the_console_is_where_console_cidrs_says_else_where_its_name_says() {
    let given: Option<Vec<IpNet>> = Some(vec![block("10.20.0.0/16")]);
    let at = |texts: &[&str]| texts.iter().map(|text| address(text)).collect::<Vec<IpAddr>>();
    let cases = [
        ("its name", None, at(&["203.0.113.10"]), ConsoleAt::Resolved(at(&["203.0.113.10"]))),
        (
            "CONSOLE_CIDRS, whatever the name says",
            given.clone(),
            at(&["203.0.113.10"]),
            ConsoleAt::Given(vec![block("10.20.0.0/16")]),
        ),
        ("CONSOLE_CIDRS, when the name says nothing", given, at(&[]), ConsoleAt::Given(vec![block("10.20.0.0/16")])),
        ("a name that says nothing", None, at(&[]), ConsoleAt::Unknown),
        ("loopback", None, at(&["127.0.0.1"]), ConsoleAt::Unknown),
        ("loopback by IPv6", None, at(&["::1"]), ConsoleAt::Unknown),
        ("loopback among others", None, at(&["203.0.113.10", "127.0.0.2"]), ConsoleAt::Unknown),
        ("no address at all", None, at(&["0.0.0.0"]), ConsoleAt::Unknown),
    ];
    for (name, given, resolved, expected) in cases {
        let target = ConsoleTarget::new("wss://console.example.test:8084", given, resolved);
        assert_eq!(target.at, expected, "{name}");
        assert_eq!(target.is_narrow(), matches!(expected, ConsoleAt::Given(_)), "{name}");
    }
}

#[test]
fn what_is_judged_and_what_is_opened() {
    let target = |at| ConsoleTarget { host: "console.example.test".to_owned(), port: 8084, at };
    let both = || vec![address("203.0.113.10"), address("2001:db8::10")];
    let given = || vec![block("203.0.113.0/24"), block("2001:db8::/32")];
    let cases = [
        ("resolved", ConsoleAt::Resolved(both()), false, "203.0.113.10", "0.0.0.0/0", true),
        ("resolved, IPv6", ConsoleAt::Resolved(both()), true, "2001:db8::10", "::/0", true),
        ("given", ConsoleAt::Given(given()), false, "203.0.113.0/24", "203.0.113.0/24", true),
        ("given, IPv6", ConsoleAt::Given(given()), true, "2001:db8::/32", "2001:db8::/32", true),
        ("unknown", ConsoleAt::Unknown, false, "0.0.0.0/0", "0.0.0.0/0", false),
        ("unknown, IPv6", ConsoleAt::Unknown, true, "::/0", "::/0", false),
    ];
    for (name, at, v6, judged, opened, certain) in cases {
        let target = target(at);
        let destination = target.destination(v6);
        assert_eq!(
            (destination.addresses.to_string().as_str(), destination.certain, destination.port),
            (judged, certain, 8084),
            "{name}"
        );
        assert_eq!(target.opened_to(v6), [block(opened)], "{name}");
        assert_eq!(destination.goal().to_string(), "the Console (console.example.test, TCP 8084)", "{name}");
    }
}

#[test]
fn a_registry_is_known_by_its_images_name() {
    let ecr = || RegistryKind::Ecr { region: id("eu-west-1") };
    let cases = [
        ("the vendor's", super::support::IMAGE, "registry.twistlock.com", 443, RegistryKind::Internet),
        (
            "the vendor's other one",
            "registry-auth.twistlock.com/tw_x/twistlock/defender:1",
            "registry-auth.twistlock.com",
            443,
            RegistryKind::Internet,
        ),
        ("ECR", super::support::ECR_IMAGE, "111122223333.dkr.ecr.eu-west-1.amazonaws.com", 443, ecr()),
        ("ECR's public gallery", "public.ecr.aws/team/defender:1", "public.ecr.aws", 443, RegistryKind::Internet),
        ("Docker Hub", "team/defender:1", "docker.io", 443, RegistryKind::Internet),
        ("the customer's own", "registry.example.test/defender:1", "registry.example.test", 443, RegistryKind::Own),
        (
            "the customer's own, on its port",
            "registry.example.test:5000/defender:1",
            "registry.example.test",
            5000,
            RegistryKind::Own,
        ),
        ("a name that only ends like a public one", "nottwistlock.com/defender:1", "nottwistlock.com", 443, RegistryKind::Own),
    ];
    for (name, image, host, port, kind) in cases {
        let target = RegistryTarget::of(image);
        assert_eq!((target.host.as_str(), target.port, &target.kind), (host, port, &kind), "{name}");
        let destination = target.destination(false);
        // A customer's own registry, and endpoints for ECR, may be behind a private address.
        let anywhere = kind != RegistryKind::Internet;
        assert_eq!(destination.addresses.overlaps(&block("10.0.0.0/8")), anywhere, "{name}");
        assert!(!destination.certain && destination.addresses.overlaps(&block("203.0.113.10/32")), "{name}");
        let told = destination.goal().to_string();
        assert_eq!(told, format!("the registry of the Defender's image ({host}, TCP {port})"), "{name}");
    }
}

#[test]
fn the_servers_are_told_apart() {
    let facts = Facts::new();
    assert_eq!(wanted(facts.wanted.console.clone(), super::support::IMAGE), facts.wanted);
    let told =
        |edit: fn(&mut Facts)| -> Vec<String> { Facts::with(edit).judge().obstacles.iter().map(ToString::to_string).collect() };
    assert_eq!(
        told(|f| f.routes("rtb-main", &["10.0.0.0/16 local"])),
        [
            "rtb-main of subnet-app has no route to the Console (console.example.test, TCP 8084)",
            "rtb-main of subnet-app has no route to the registry of the Defender's image (registry.twistlock.com, TCP 443)",
        ],
    );
}
