//! Sets of addresses: what is in both, what is left, and that no address is ever there twice.

use fargate_updater::plan::network::ranges::{ANYWHERE, Ranges, everywhere, is_v6};
use ipnet::IpNet;
use proptest::prelude::*;

use super::support::{address, block};
use crate::generate;

fn ranges(texts: &[&str]) -> Ranges {
    texts.iter().map(|text| block(text)).collect()
}

#[test]
fn blocks_are_cut_where_they_meet() {
    type Blocks = &'static [&'static str];
    let cases: [(&str, Blocks, &str, Blocks, Blocks); 6] = [
        ("beside", &["10.0.0.0/24"], "10.0.1.0/24", &[], &["10.0.0.0/24"]),
        ("the same", &["10.0.0.0/24"], "10.0.0.0/24", &["10.0.0.0/24"], &[]),
        ("a wider one", &["10.0.0.0/24", "10.0.9.0/24"], "10.0.0.0/16", &["10.0.0.0/24", "10.0.9.0/24"], &[]),
        ("its half", &["10.0.0.0/24"], "10.0.0.128/25", &["10.0.0.128/25"], &["10.0.0.0/25"]),
        ("an address of it", &["10.0.0.0/30"], "10.0.0.2/32", &["10.0.0.2/32"], &["10.0.0.0/31", "10.0.0.3/32"]),
        ("the other kind", &["10.0.0.0/24"], "::/0", &[], &["10.0.0.0/24"]),
    ];
    for (name, own, other, within, without) in cases {
        let own = ranges(own);
        assert_eq!(own.within(&block(other)), ranges(within), "{name}");
        assert_eq!(own.without(&block(other)), ranges(without), "{name}");
        assert_eq!(own.overlaps(&block(other)), !within.is_empty(), "{name}");
    }
}

#[test]
fn the_internet_is_what_is_not_private() {
    let internet = Ranges::internet();
    for (text, expected) in [
        ("203.0.113.10", true),
        ("9.255.255.255", true),
        ("10.0.0.0", false),
        ("11.0.0.0", true),
        ("100.64.0.1", false),
        ("127.0.0.1", false),
        ("169.254.169.254", false),
        ("172.15.255.255", true),
        ("172.31.255.255", false),
        ("192.168.0.1", false),
    ] {
        assert_eq!(internet.overlaps(&IpNet::from(address(text))), expected, "{text}");
    }
}

#[test]
fn a_few_blocks_are_told_and_the_rest_is_counted() {
    let cases: [(&str, &[&str], &str); 4] = [
        ("none", &[], ""),
        ("an address goes without its length", &["203.0.113.10/32", "2001:db8::1/128"], "203.0.113.10, 2001:db8::1"),
        ("three", &["10.0.0.0/24", "10.0.2.0/24", "10.0.4.0/24"], "10.0.0.0/24, 10.0.2.0/24, 10.0.4.0/24"),
        (
            "more",
            &["10.0.0.0/24", "10.0.2.0/24", "10.0.4.0/24", "10.0.6.0/24", "10.0.8.0/24"],
            "10.0.0.0/24, 10.0.2.0/24, 10.0.4.0/24 and 2 more",
        ),
    ];
    for (name, texts, told) in cases {
        assert_eq!(ranges(texts).to_string(), told, "{name}");
    }
    assert!(is_v6(&everywhere(true)) && everywhere(false) == ANYWHERE);
}

/// Blocks that meet often: all are in 10.0.0.0/24.
fn some() -> impl Strategy<Value = Vec<IpNet>> {
    let one = (24_u8..=32, any::<u8>()).prop_map(|(length, last)| block(&format!("10.0.0.{last}/{length}")).trunc());
    prop::collection::vec(one, 0..5)
}

proptest! {
    #![proptest_config(generate::config())]

    #[test]
    fn sets_of_addresses_are_sets(own in some(), other in some()) {
        let (a, b): (Ranges, Ranges) = (own.iter().copied().collect(), other.iter().copied().collect());
        let mut sum = a.clone();
        sum.add(&b);
        for last in 0..=255_u8 {
            let it = address(&format!("10.0.0.{last}"));
            let holds = |ranges: &Ranges| ranges.blocks().iter().filter(|block| block.contains(&it)).count();
            let (in_a, in_b) = (own.iter().any(|block| block.contains(&it)), other.iter().any(|block| block.contains(&it)));
            prop_assert_eq!(holds(&a), usize::from(in_a));
            prop_assert_eq!(holds(&a.without_all(&b)), usize::from(in_a && !in_b));
            prop_assert_eq!(holds(&a.within_all(&b)), usize::from(in_a && in_b));
            prop_assert_eq!(holds(&sum), usize::from(in_a || in_b));
        }
    }
}
